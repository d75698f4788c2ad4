"""A key management service over the master keys: wrapped by it, what lies on the disk opens nothing by itself."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import Protocol

from .errors import SecretUnusable

LIMIT_S = 15.0
"""How long a command may take."""
MOST_BYTES = 16 * 1024


class Kms(Protocol):
    """What wraps master keys. Whatever it is (a vault, a module of hardware, a cloud's service), it needs these two."""

    def wrap(self, key: bytes) -> bytes:
        """Wrap a key of 32 bytes.

        Raises:
            SecretUnusable: it cannot now, or may not.
        """
        ...

    def unwrap(self, blob: bytes) -> bytes:
        """Open what :meth:`wrap` gave; raises as it does."""
        ...


class CommandKms:
    """Two commands: the key, or what wraps it, comes on standard input, and the other on standard output.

    Neither a shell nor a file is between. A machine that only serves needs no command that wraps.

    Args:
        wrap: program and arguments; ``None`` where nothing is to be wrapped.
        unwrap: program and arguments.
    """

    def __init__(self, *, wrap: Sequence[str] | None, unwrap: Sequence[str]) -> None:
        self._wrap = wrap
        self._unwrap = unwrap

    def wrap(self, key: bytes) -> bytes:
        """See :class:`Kms`. What it gives is opened again before it is believed."""
        if self._wrap is None:
            raise SecretUnusable("to wrap a master key the KMS needs HYBRIDRANK_KMS_WRAP")
        blob = _ran(self._wrap, key, "HYBRIDRANK_KMS_WRAP")
        if key in blob:
            raise SecretUnusable("HYBRIDRANK_KMS_WRAP gives the key back as it is")
        if self.unwrap(blob) != key:
            raise SecretUnusable("HYBRIDRANK_KMS_UNWRAP does not open what HYBRIDRANK_KMS_WRAP gives")
        return blob

    def unwrap(self, blob: bytes) -> bytes:
        """See :class:`Kms`."""
        return _ran(self._unwrap, blob, "HYBRIDRANK_KMS_UNWRAP")


def _ran(command: Sequence[str], given: bytes, name: str) -> bytes:
    try:
        done = subprocess.run(command, input=given, capture_output=True, timeout=LIMIT_S, check=False)  # nosec B603
    except subprocess.TimeoutExpired:
        raise SecretUnusable(f"{name}: no answer within {LIMIT_S:g} s") from None
    except OSError as error:
        raise SecretUnusable(f"{name}: {command[0]} cannot be run ({error.strerror})") from None
    if done.returncode != 0 or not done.stdout or len(done.stdout) > MOST_BYTES:
        # What it wrote is not repeated: nobody knows whether it quotes what it was given.
        said = f"status {done.returncode}" if done.returncode else f"{len(done.stdout)} bytes"
        raise SecretUnusable(f"{name}: {command[0]} ended with {said}; run it by hand to see why")
    return done.stdout
