"""Person tokens that somebody has tampered with: 200 of them, each wrong in one way."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, permutations
from typing import Any

from joserfc import jwt
from joserfc.jwk import OctKey

from service.persons import TokenKey


@dataclass(frozen=True)
class Signer:
    """A shop's key; it signs whatever it is told to."""

    key: TokenKey

    def sign(self, *, alg: str = "HS256", kid: str | None = None, secret: OctKey | None = None, **changes: Any) -> str:
        """A token that is right but for what was changed; ``None`` takes a claim away."""
        now = int(time.time())
        claims = {
            "sub": "ada",
            "aud": "hybridrank",
            "tenant": self.key.tenant,
            "iat": now,
            "exp": now + 3600,
            **changes,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        key = secret or OctKey.import_key({"kty": "oct", "k": self.key.k})
        header = {"alg": alg, "kid": self.key.kid if kid is None else kid}
        return jwt.encode(header, claims, key, algorithms=["HS256", "HS384", "HS512"])


def part(value: object) -> str:
    """A part of a token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def tampered(own: Signer, other: Signer) -> list[tuple[str, str]]:
    """(what is wrong, token), 200 of them: what was thought of first, then changed letters."""
    return list(islice(dict.fromkeys(_all(own, other)), 200))


def _all(own: Signer, other: Signer) -> Iterator[tuple[str, str]]:
    good = own.sign()
    head, body, signature = good.split(".")
    for alg in ("none", "None", "NONE", "nOnE", "", None, "RS256", "ES256", "HS1", ["HS256"], {"HS256": 1}, 256):
        header = part({"alg": alg, "kid": own.key.kid})
        yield "algorithm", f"{header}.{body}."
        yield "algorithm", f"{header}.{body}.{signature}"
    for alg in ("HS384", "HS512"):
        yield "algorithm", own.sign(alg=alg)
    for _ in range(10):
        yield "other key", own.sign(secret=OctKey.generate_key(256))
    for kid in ("", "nobody", "../../etc/passwd", own.key.kid.upper() + "x", own.key.kid[:-1]):
        yield "other key", own.sign(kid=kid)
    yield "other key", f"{part({'alg': 'HS256', 'jwk': {'kty': 'oct', 'k': 'A' * 43}})}.{body}.{signature}"
    for age in (1, 60, 3600, 86_400, 10**9):
        yield "expired", own.sign(iat=int(time.time()) - age - 60, exp=int(time.time()) - age)
    for exp in (True, "4102444800", 10**12, -1, 0, [], {}):
        yield "expiry", own.sign(exp=exp)
    for name in ("exp", "iat", "aud", "sub", "tenant"):
        yield "missing", own.sign(**{name: None})
    for audience in ("", "other", "HYBRIDRANK", "hybridrank ", ["other"], [], {"hybridrank": 1}, 7, True):
        yield "audience", own.sign(aud=audience)
    for order in permutations((head, body, signature)):
        if order != (head, body, signature):
            yield "reordered", ".".join(order)
    yield "reordered", own.sign(sub="eve").rpartition(".")[0] + "." + signature
    for tenant in (other.key.tenant, "", "ACME", ["acme"], {"acme": 1}, "acme "):
        yield "tenant", own.sign(tenant=tenant)
    yield "tenant", other.sign()
    yield "tenant", other.sign(tenant=own.key.tenant)
    yield "tenant", own.sign(kid=other.key.kid)
    for subject in ("", 7, True, ["ada"], {"ada": 1}, "a" * 257):
        yield "subject", own.sign(sub=subject)
    for place in range(0, len(good) - 1):
        if good[place] != ".":
            yield "letter", good[:place] + ("A" if good[place] != "A" else "B") + good[place + 1 :]
