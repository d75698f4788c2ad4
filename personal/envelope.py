"""Sealing records: AES-256-GCM with associated data that binds a record to its person and place (NIST SP 800-38D)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .errors import SealBroken

FORMAT = 1
"""Version of what is sealed and of how; part of the associated data."""
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
MAX_USES = 2**32
"""Records that one key may seal: with random nonces of 96 bits a repeat then has a probability below 2^-32."""
STEP = 1024
"""Sealed records have a multiple of it in bytes, so that their length tells little."""


@dataclass(frozen=True, slots=True)
class Binding:
    """What a sealed record belongs to; another value of any of these does not open it.

    Attributes:
        tenant: the shop.
        owner: the pseudonym, or the id of a session's record.
        catalogue: the alias.
        kind: of record, such as ``profile``.
        format: of the content.
    """

    tenant: str
    owner: str
    catalogue: str
    kind: str
    format: int = FORMAT

    def encoded(self) -> bytes:
        """All fields, each with its length before it, so that they cannot run into each other."""
        texts = (self.tenant, self.owner, self.catalogue, self.kind)
        fields = [text.encode("utf-8", "surrogatepass") for text in texts]
        return self.format.to_bytes(2, "big") + b"".join(len(field).to_bytes(4, "big") + field for field in fields)


def seal(key: bytes, document: bytes, binding: Binding) -> bytes:
    """Encrypt a JSON document.

    Args:
        key: of 32 bytes. The caller counts its uses and stops at :data:`MAX_USES`.
        document: JSON; blanks are added at its end up to the next multiple of :data:`STEP`, which JSON lets pass.
        binding: what it belongs to.

    Returns:
        Nonce, ciphertext, tag.
    """
    nonce = secrets.token_bytes(NONCE_BYTES)
    padded = document + b" " * (-len(document) % STEP)
    return nonce + AESGCM(key).encrypt(nonce, padded, binding.encoded())


def unseal(key: bytes, sealed: bytes, binding: Binding) -> bytes:
    """Decrypt what :func:`seal` made, the blanks at the end included.

    Raises:
        SealBroken: altered, of another key, or of another binding.
    """
    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise SealBroken("a sealed record is cut short")
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], binding.encoded())
    except InvalidTag:
        raise SealBroken("a sealed record does not open") from None
