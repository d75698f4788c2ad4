"""The shop's keys: a file of digests, never of keys."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from personal import secretfiles
from ranker.faults import first_fault

from . import keyfiles

Role = Literal["shop", "judge", "engine", "metrics", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
PREFIX = "hr_"
DEFAULT_TENANT = "default"


class KeysError(OSError):
    """The file of keys cannot be used; the message names the file and what to do."""


class StoredKey(BaseModel):
    """One entry of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    tenant: str = Field(min_length=1, max_length=64)
    role: Role


class KeysFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid")

    keys: list[StoredKey] = []


@dataclass(frozen=True, slots=True)
class Caller:
    """Who holds the key that a request came with."""

    tenant: str
    role: Role


def digest(key: str) -> str:
    """What the file keeps of a key. Keys carry 256 random bits, so a plain hash cannot be guessed back."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


class KeyRing:
    """The keys of one file; a changed file is read again at the next request, so keys come and go without a restart."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            KeysError: missing, unreadable, malformed, or without any key.
        """
        self._path = path
        self._keys = read(path).keys
        self._stamp = self._stat()
        if not self._keys:
            raise KeysError(f"{path} holds no key; make one with: hybridrank keys new --role shop")

    def caller(self, key: str) -> Caller | None:
        """Find who holds a key; every entry is compared, in constant time."""
        stamp = self._stat()
        if stamp != self._stamp:
            self._keys = read(self._path).keys
            self._stamp = stamp
        wanted = digest(key)
        found: Caller | None = None
        for stored in self._keys:
            if hmac.compare_digest(stored.sha256, wanted):
                found = Caller(stored.tenant, stored.role)
        return found

    def _stat(self) -> keyfiles.Stamp | None:
        try:
            return keyfiles.stamp(self._path)
        except OSError as error:
            raise KeysError(
                f"{self._path}: cannot be read ({error.strerror}); give this account the right to read it"
            ) from error


def read(path: Path) -> KeysFile:
    """Read a file of keys.

    Raises:
        KeysError: it cannot be read or is not such a file.
    """
    try:
        return KeysFile.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise KeysError(f"no file of keys at {path}; make a key with: hybridrank keys new --role shop") from error
    except ValidationError as error:
        raise KeysError(f"{path}: {first_fault(error, 'the file')}") from error
    except OSError as error:
        raise KeysError(f"{path}: cannot be read ({error.strerror}); give this account the right to read it") from error


def add(path: Path, *, tenant: str, role: Role) -> str:
    """Make a key, add its digest to the file (created with mode 0600, replaced at once), and return the key."""
    key = PREFIX + secrets.token_urlsafe(32)
    with keyfiles.alone(path):
        stored = read(path) if path.exists() else KeysFile()
        stored.keys.append(StoredKey(sha256=digest(key), tenant=tenant, role=role))
        secretfiles.replace(path, (json.dumps(stored.model_dump(), indent=2) + "\n").encode())
    return key
