"""A share of a run's lines, so that several runs, on one machine or many, do together what one run would do."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from .errors import CatalogueError

_FORM = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")


@dataclass(frozen=True, slots=True)
class Share:
    """The ``number``-th of ``count`` shares.

    A product belongs to the share that a digest of its id names, so all lines of one id meet in one run and the last
    of them wins there as it does in one run. A line that is no product belongs to a share by its place.
    """

    number: int
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise CatalogueError("--shard: expected I/N with 1 <= I <= N, such as 2/8")

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def takes_id(self, name: str) -> bool:
        """Whether the product of that id is this share's."""
        digest = hashlib.blake2b(name.encode(), digest_size=8, person=b"hybridrank-share").digest()
        return int.from_bytes(digest) % self.count == self.number - 1

    def takes_place(self, position: int) -> bool:
        """Whether a line that is no product is this share's."""
        return position % self.count == self.number - 1


def parse_share(text: str) -> Share:
    """Read ``I/N``; raises :class:`~indexer.errors.CatalogueError`."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise CatalogueError("--shard: expected I/N, such as 2/8")
    return Share(int(found[1]), int(found[2]))


class Places:
    """A set of line numbers, a bit each."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, position: int) -> None:
        """Take one in."""
        byte = position >> 3
        if byte >= len(self._bits):
            self._bits.extend(bytes(byte + 1 - len(self._bits)))
        self._bits[byte] |= 1 << (position & 7)

    def __contains__(self, position: int) -> bool:
        byte = position >> 3
        return byte < len(self._bits) and bool(self._bits[byte] >> (position & 7) & 1)
