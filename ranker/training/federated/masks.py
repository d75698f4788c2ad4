"""The masks of secure aggregation, from a stream cipher.

Flower 1.42 folds each 32-byte secret to 32 bits and seeds a Mersenne Twister with them: who holds a masked update can
try all seeds within hours. Both of its sides are given this generator in place of that one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import ModuleType

import numpy as np
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from numpy.typing import NDArray

NAME = "pseudo_rand_gen"


def mask(seed: bytes, modulus: int, shapes: Sequence[tuple[int, ...]]) -> list[NDArray[np.int64]]:
    """Uniform integers below ``modulus``, a power of two up to 2^32, from ChaCha20 (RFC 8439) under a key that HKDF
    makes of the seed; of one array for each shape.

    Raises:
        ValueError: another modulus.
    """
    if not 1 < modulus <= 2**32 or modulus & (modulus - 1):
        raise ValueError(f"modulus: {modulus} is no power of two up to 2^32")
    key = HKDF(hashes.SHA256(), 32, salt=None, info=b"hybridrank secure aggregation mask").derive(seed)
    stream = Cipher(algorithms.ChaCha20(key, bytes(16)), mode=None).encryptor()
    found = []
    for shape in shapes:
        words = np.frombuffer(stream.update(bytes(4 * math.prod(shape))), "<u4")
        found.append((words.astype(np.int64) & (modulus - 1)).reshape(shape))
    return found


def take_over(*modules: ModuleType) -> None:
    """Put :func:`mask` in the place of Flower's generator.

    Raises:
        ImportError: a module has none by that name any more, so nobody knows what it masks with.
    """
    for module in modules:
        if not callable(getattr(module, NAME, None)):
            raise ImportError(f"{module.__name__} has no {NAME}: this version of flwr is not known; take 1.42")
        setattr(module, NAME, mask)
