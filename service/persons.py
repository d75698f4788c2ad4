"""Person tokens: a shop's signed word about who is asking (JSON Web Tokens, RFC 7519, signed with HS256).

The keys are a JWK set (RFC 7517) in a file. Each entry names its tenant, so no shop can speak of another's people, and
its algorithm, so none is ever taken from a token.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import GuestProtocol, OctKey
from joserfc.util import urlsafe_b64decode
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from personal import secretfiles
from personal.subject import Subject

from . import keyfiles
from .keys import KeysError

ALGORITHM = "HS256"
AUDIENCE = "hybridrank"
LONGEST_S = 86_400
"""How long a token may live: ``exp - iat``."""
SKEW_S = 60
"""How far ahead of ours the clock may go that wrote ``iat``."""
KEY_BYTES = 32
MAX_TOKEN_CHARS = 4096
MAX_SUBJECT_CHARS = 256

_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class TokenRefused(ValueError):
    """A token that cannot be right; the message is a short reason without anything of the token."""


class TokenKey(BaseModel):
    """One signing key: a symmetric JWK, with the tenant that it speaks for."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    kty: Literal["oct"] = "oct"
    kid: str = Field(min_length=1, max_length=64)
    k: str = Field(repr=False)
    alg: Literal["HS256"]
    use: Literal["sig"] = "sig"
    tenant: str = Field(min_length=1, max_length=64)
    retires: float | None = None
    """Seconds since 1970 from which its signatures no longer count; ``None`` for the key that signs."""

    @field_validator("k")
    @classmethod
    def _long_enough(cls, value: str) -> str:
        # RFC 7518, section 3.2: a key of at least the size of the hash.
        secret = urlsafe_b64decode(value.encode("ascii"))
        if len(secret) < KEY_BYTES:
            raise ValueError(f"an {ALGORITHM} key has at least {KEY_BYTES} bytes")
        if secretfiles.guessable(secret):
            raise ValueError(f"a key was made up, not drawn; take {KEY_BYTES} random bytes")
        return value


class TokenKeys(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid")

    keys: list[TokenKey] = []

    @field_validator("keys")
    @classmethod
    def _kids_differ(cls, value: list[TokenKey]) -> list[TokenKey]:
        if len({key.kid for key in value}) != len(value):
            raise ValueError("two keys have one kid")
        return value


@dataclass(frozen=True, slots=True)
class _Known:
    stamp: keyfiles.Stamp | None
    keys: dict[str, TokenKey]


class PersonTokens:
    """Checks person tokens against the keys of one file, which is read again when it has changed. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = _Known(None, {})
        self._lock = threading.Lock()

    def person(self, token: str, tenant: str) -> Subject:
        """Who a token speaks of.

        Args:
            token: the JWT.
            tenant: the shop that the caller belongs to.

        Raises:
            TokenRefused: malformed, signed by nobody we know or by another algorithm, for somebody else's service or
                shop, expired, without end or subject, or meant to live longer than a day.
            KeysError: the file of keys cannot be used.
        """
        if len(token) > MAX_TOKEN_CHARS or _FORM.fullmatch(token) is None:
            raise TokenRefused("not a JSON Web Token")
        keys = self._keys()
        now = time.time()
        signer: list[TokenKey] = []

        def choose(unverified: GuestProtocol) -> OctKey:
            kid = unverified.headers().get("kid")
            key = keys.get(kid) if isinstance(kid, str) else None
            if key is None or (key.retires is not None and key.retires <= now):
                raise TokenRefused("signed by an unknown key")
            signer.append(key)
            return _secret(key)

        try:
            claims = jwt.decode(token, choose, algorithms=[ALGORITHM]).claims
            _Registry(tenant, now).validate(claims)
        except ExpiredTokenError as error:
            raise TokenRefused("expired") from error
        except (JoseError, RecursionError, UnicodeError, OverflowError) as error:
            raise TokenRefused("its signature or a claim is not acceptable") from error
        if signer[0].tenant != tenant or claims["tenant"] != tenant:
            raise TokenRefused("signed by another tenant's key")
        if claims["exp"] > claims["iat"] + LONGEST_S:
            raise TokenRefused("lives longer than a day")
        return Subject(tenant, _subject(claims["sub"]))

    def _keys(self) -> dict[str, TokenKey]:
        try:
            stamp = keyfiles.stamp(self._path)
        except OSError as error:
            raise KeysError(
                f"{self._path}: cannot be read ({error.strerror}); give this account the right to read it"
            ) from error
        with self._lock:
            if stamp != self._known.stamp:
                found = read(self._path).keys if stamp is not None else []
                self._known = _Known(stamp, {key.kid: key for key in found})
            return self._known.keys


class _Registry(jwt.JWTClaimsRegistry):
    """The claims that a token must have."""

    def __init__(self, tenant: str, now: float) -> None:
        super().__init__(
            now=int(now),
            sub={"essential": True},
            aud={"essential": True, "value": AUDIENCE},
            tenant={"essential": True, "value": tenant},
            iat={"essential": True},
            exp={"essential": True},
        )

    def validate_iat(self, value: object) -> None:
        """Allow for clocks that differ a little; ``exp`` is judged to the second."""
        earlier = value - SKEW_S if isinstance(value, int | float) and not isinstance(value, bool) else value
        super().validate_iat(earlier)


def _secret(key: TokenKey) -> OctKey:
    return OctKey.import_key({"kty": "oct", "k": key.k})


def _subject(subject: str) -> str:
    try:
        subject.encode()
    except UnicodeEncodeError:
        raise TokenRefused("its subject is no text") from None
    if len(subject) > MAX_SUBJECT_CHARS:
        raise TokenRefused(f"its subject is longer than {MAX_SUBJECT_CHARS} characters")
    return subject


def read(path: Path) -> TokenKeys:
    """Read a file of signing keys; a missing one holds none.

    Raises:
        KeysError: it cannot be read or is not such a file.
    """
    try:
        return TokenKeys.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return TokenKeys()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise KeysError(f"{path}: {where}: {first['msg']}") from error
    except OSError as error:
        raise KeysError(f"{path}: cannot be read ({error.strerror}); give this account the right to read it") from error


def rotate(path: Path, tenant: str, *, revoke: bool = False) -> TokenKey:
    """Make the key that signs for a tenant from now on.

    Args:
        path: the file; made where there is none, with mode 0600.
        tenant: whose key.
        revoke: take the tenant's older keys away at once; without it they count until their last token has expired.

    Raises:
        KeysError: the file cannot be used.
    """
    with keyfiles.alone(path):
        return _rotate(path, read(path), tenant, revoke)


def _rotate(path: Path, stored: TokenKeys, tenant: str, revoke: bool) -> TokenKey:
    now = time.time()
    kept = [key for key in stored.keys if key.tenant != tenant or not revoke]
    retiring = [
        key.model_copy(update={"retires": now + LONGEST_S}) if key.tenant == tenant and key.retires is None else key
        for key in kept
        if key.retires is None or key.retires > now
    ]
    made = TokenKey(
        kid=secrets.token_hex(8), k=str(OctKey.generate_key(KEY_BYTES * 8).as_dict()["k"]), alg=ALGORITHM, tenant=tenant
    )
    written = TokenKeys(keys=[*retiring, made]).model_dump(exclude_none=True)
    secretfiles.replace(path, (json.dumps(written, indent=2) + "\n").encode())
    return made


def mint(path: Path, person: Subject, *, lives_s: int = 3600, make_key: bool = False) -> str:
    """Sign a token for a person, as the shop's own login would.

    Args:
        path: the file of keys.
        person: whom it speaks of.
        lives_s: seconds until it expires, at most a day.
        make_key: make a key where the tenant has none.

    Raises:
        KeysError: the file cannot be used, or holds no key that signs for the tenant.
        TokenRefused: such a token would not be acceptable.
    """
    if not 0 < lives_s <= LONGEST_S:
        raise TokenRefused(f"a token lives 1 to {LONGEST_S} seconds")
    if not person.subject:
        raise TokenRefused("a token needs a subject")
    with keyfiles.alone(path):
        stored = read(path)
        signing = [key for key in stored.keys if key.tenant == person.tenant and key.retires is None]
        if not signing and not make_key:
            raise KeysError(f"{path} holds no key of tenant {person.tenant}; make one with: hybridrank keys person-key")
        key = signing[-1] if signing else _rotate(path, stored, person.tenant, False)
    now = int(time.time())
    claims = {
        "sub": _subject(person.subject),
        "aud": AUDIENCE,
        "tenant": person.tenant,
        "iat": now,
        "exp": now + lives_s,
    }
    return jwt.encode({"alg": ALGORITHM, "kid": key.kid}, claims, _secret(key))
