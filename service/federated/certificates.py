"""The certificates of a federated run: both sides show one, made by the authority that the shops agreed on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ranker.errors import TrainingDataError


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files.

    Attributes:
        authority: who made both sides' certificates.
        own: this side's certificate.
        key: the key of that certificate.
    """

    authority: Path
    own: Path
    key: Path

    def read(self) -> tuple[bytes, bytes, bytes]:
        """Authority, certificate, key.

        Raises:
            TrainingDataError: a file is missing or is no PEM.
        """
        found = []
        for name in ("authority", "own", "key"):
            path: Path = getattr(self, name)
            try:
                content = path.read_bytes()
            except OSError as error:
                raise TrainingDataError(f"{name}: {path} cannot be read: {error.strerror}") from error
            if b"-----BEGIN " not in content:
                raise TrainingDataError(f"{name}: {path} is no PEM file")
            found.append(content)
        return found[0], found[1], found[2]
