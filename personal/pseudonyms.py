"""Pseudonyms: keyed digests that stand for people and for what they typed, so that counters hold neither."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from pathlib import Path

from .errors import SecretUnusable
from .secretfiles import make_once

KEY_BYTES = 32
FILE = Path("secrets") / "behaviour.key"


class Pseudonyms:
    """Makes pseudonyms under one key. Immutable, thread-safe; its repr shows nothing of the key.

    Attributes:
        key_id: 8 hex digits that tell one key from another.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise SecretUnusable(f"a key of pseudonyms has {KEY_BYTES} bytes, not {len(key)}")
        self._key = key
        self.key_id = hashlib.sha256(b"id of " + key).hexdigest()[:8]

    def __repr__(self) -> str:
        return f"Pseudonyms(key_id={self.key_id})"

    def of(self, purpose: str, catalogue: str, text: str) -> str:
        """24 hex digits for a text; another purpose or catalogue gives others, so they cannot be matched up."""
        message = "\x1f".join((purpose, catalogue, text)).encode("utf-8", "surrogatepass")
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()[:24]

    def matches(self, given: str, purpose: str, catalogue: str, text: str) -> bool:
        """Whether ``given`` is what :meth:`of` makes of the rest, compared in constant time."""
        return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), self.of(purpose, catalogue, text).encode())

    def person(self, catalogue: str, person: str) -> str:
        """Who did something."""
        return self.of("person", catalogue, person)

    def query(self, catalogue: str, text: str) -> str:
        """What was typed, the same for texts that differ in case, width and spaces only; ``""`` for nothing."""
        plain = normal_query(text)
        return self.of("query", catalogue, plain) if plain else ""


def normal_query(text: str) -> str:
    """The form in which two texts are the same query: compatibility forms, case and spaces folded."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def load(home: Path) -> Pseudonyms:
    """The key of a deployment; made at the first call. Workers that meet make one, not two.

    Raises:
        SecretUnusable: the file is damaged or cannot be read or made.
    """
    path = home / FILE
    try:
        if not path.exists():
            make_once(path, secrets.token_bytes(KEY_BYTES))
        return Pseudonyms(path.read_bytes())
    except OSError as error:
        raise SecretUnusable(f"{path}: cannot be read or made ({error.strerror or type(error).__name__})") from error
    except SecretUnusable as error:
        raise SecretUnusable(f"{path}: {error}") from error
