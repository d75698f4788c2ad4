"""Master keys: they wrap the keys of people. Versioned, so that one can take the place of another."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from .errors import SealBroken, SecretUnusable
from .kms import Kms
from .secretfiles import guessable, make_once, replace

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A key under a master key: which version of it, and the wrapped bytes (RFC 3394, 8 longer than the key)."""

    version: int
    blob: bytes


class UnknownMasterKey(SecretUnusable):
    """No master key of that version is here: it was replaced since, or it is lost."""

    def __init__(self, version: int) -> None:
        super().__init__(f"master key {version} is not here; restore it, or what it wraps stays closed")
        self.version = version


class OtherMasterKey(UnknownMasterKey):
    """A master key of that version is here, but not the one that the key store knows: that one is lost here, and this
    one was made in its place, or is another machine's."""

    def __init__(self, version: int) -> None:
        SecretUnusable.__init__(
            self,
            f"master key {version} is another than the key store's; restore that one from a backup, or copy the master "
            "keys from the machine where keys rotate ran",
        )
        self.version = version


class KeyWrapper(Protocol):
    """What the key store needs of master keys; a key management service can stand in for :class:`MasterKeys`."""

    @property
    def current(self) -> int:
        """The newest version."""
        ...

    def wrap(self, key: bytes, binding: bytes, version: int) -> Wrapped:
        """Wrap a key with a version of the master key, bound to what it is for.

        Raises:
            UnknownMasterKey: that version is not here.
        """
        ...

    def unwrap(self, wrapped: Wrapped, binding: bytes) -> bytes:
        """Open a wrapped key.

        Raises:
            UnknownMasterKey: that version is not here.
            SealBroken: it was wrapped by another key or for another binding, or was altered.
        """
        ...

    def refresh(self) -> None:
        """Look again which versions there are."""
        ...

    def begin(self) -> int:
        """Make the next version current, unless a newer one than the oldest is waiting; returns the current one."""
        ...

    def finish(self) -> None:
        """Forget every version but the current one: nothing is wrapped by the others any more."""
        ...


class MasterKeys:
    """Master keys from a file, or given as text. Thread-safe; its repr shows no key.

    The file is ``{"keys": {"1": BASE64, ...}}``, each of 32 bytes; the highest number is the current one. Text (from an
    environment variable) has the same form; there the operator adds and removes versions. Under a KMS it is
    ``{"wrapped": {"1": BASE64, ...}}``, each what the KMS made of a key.
    """

    def __init__(self, path: Path | None = None, *, text: str | None = None, kms: Kms | None = None) -> None:
        """Read the keys; a file that is missing is made, with one key. Processes that meet make one, not two.

        Raises:
            SecretUnusable: the file or text is malformed, the file cannot be read or made, or the KMS does not open
                what it holds.
        """
        if (path is None) == (text is None):
            raise ValueError("master keys come from a file or from a text")
        self._path = path
        self._kms = kms
        self._lock = threading.Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._keys: Mapping[int, bytes] = _parsed(text, "the master keys given", kms) if text is not None else {}
        self.refresh()

    def __repr__(self) -> str:
        return f"MasterKeys(versions={sorted(self._keys)})"

    @property
    def current(self) -> int:
        """The newest version."""
        return max(self._keys)

    @property
    def versions(self) -> tuple[int, ...]:
        """All versions that are here, oldest first."""
        return tuple(sorted(self._keys))

    def wrap(self, key: bytes, binding: bytes, version: int) -> Wrapped:
        """See :class:`KeyWrapper`."""
        return Wrapped(version, aes_key_wrap(self._kek(version, binding), key))

    def unwrap(self, wrapped: Wrapped, binding: bytes) -> bytes:
        """See :class:`KeyWrapper`."""
        try:
            return aes_key_unwrap(self._kek(wrapped.version, binding), wrapped.blob)
        except InvalidUnwrap:
            raise SealBroken("a wrapped key does not open") from None

    def refresh(self) -> None:
        """See :class:`KeyWrapper`."""
        if self._path is None:
            return
        with self._lock:
            try:
                if not self._path.exists():
                    make_once(self._path, _written({1: secrets.token_bytes(KEY_BYTES)}, self._kms))
                status = self._path.stat()
                stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
                if stamp != self._stamp:
                    self._keys = _parsed(self._path.read_text("utf-8"), str(self._path), self._kms)
                    self._stamp = stamp
            except (OSError, UnicodeDecodeError) as error:
                reason = getattr(error, "strerror", None) or type(error).__name__
                raise SecretUnusable(f"{self._path}: cannot be read or made ({reason})") from error

    def begin(self) -> int:
        """See :class:`KeyWrapper`. Keys that were given as text begin with the newest version given."""
        self.refresh()
        if self._path is not None and len(self._keys) == 1:
            self._replace({**self._keys, self.current + 1: secrets.token_bytes(KEY_BYTES)})
        return self.current

    def finish(self) -> None:
        """See :class:`KeyWrapper`. Keys that were given as text are the operator's to remove."""
        if self._path is not None:
            self._replace({self.current: self._keys[self.current]})

    def _replace(self, keys: Mapping[int, bytes]) -> None:
        assert self._path is not None
        try:
            replace(self._path, _written(keys, self._kms))
        except OSError as error:
            raise SecretUnusable(f"{self._path}: cannot be written ({error.strerror})") from error
        self.refresh()

    def _kek(self, version: int, binding: bytes) -> bytes:
        """A key of its own for each binding, so that a wrapped key moved to another place does not open."""
        key = self._keys.get(version)
        if key is None:
            raise UnknownMasterKey(version)
        return HKDF(SHA256(), KEY_BYTES, None, b"hybridrank key encryption\x00" + binding).derive(key)


def seal(path: Path, kms: Kms) -> tuple[int, ...]:
    """Have a KMS wrap the master keys of a file in which they lie in the clear; returns their versions.

    Raises:
        SecretUnusable: the file is none of those, or the KMS cannot wrap them.
    """
    keys = MasterKeys(path)
    try:
        replace(path, _written(keys._keys, kms))
    except OSError as error:
        raise SecretUnusable(f"{path}: cannot be written ({error.strerror})") from error
    return MasterKeys(path, kms=kms).versions


def _parsed(text: str, where: str, kms: Kms | None) -> Mapping[int, bytes]:
    try:
        held = json.loads(text)
        wrapped = "wrapped" in held
        given = held["wrapped" if wrapped else "keys"]
        keys = {int(version): base64.b64decode(key, validate=True) for version, key in given.items()}
    except (ValueError, TypeError, KeyError, AttributeError, binascii.Error):
        raise SecretUnusable(f'{where}: expected {{"keys": {{"1": BASE64 of {KEY_BYTES} bytes}}}}') from None
    if wrapped and kms is None:
        raise SecretUnusable(f"{where}: a KMS wrapped these master keys; set HYBRIDRANK_KMS_UNWRAP")
    if not wrapped and kms is not None:
        raise SecretUnusable(f"{where}: the master keys lie in the clear beside a KMS; wrap them: hybridrank keys seal")
    if wrapped and kms is not None:
        keys = {version: kms.unwrap(blob) for version, blob in keys.items()}
    if not keys or any(len(key) != KEY_BYTES for key in keys.values()) or min(keys) < 1:
        raise SecretUnusable(f"{where}: a master key has a number from 1 and {KEY_BYTES} bytes")
    if any(map(guessable, keys.values())):
        raise SecretUnusable(f"{where}: a master key was made up, not drawn; take {KEY_BYTES} random bytes")
    return keys


def _written(keys: Mapping[int, bytes], kms: Kms | None) -> bytes:
    held = keys if kms is None else {version: kms.wrap(key) for version, key in keys.items()}
    shown = {str(version): base64.b64encode(key).decode() for version, key in sorted(held.items())}
    return (json.dumps({"keys" if kms is None else "wrapped": shown}, indent=2) + "\n").encode()
