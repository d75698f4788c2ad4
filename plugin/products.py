"""Products that were found, remembered: the same ones are found again and again.

What depends on a product alone (its content, its text, how it stands) is remembered by the version of its document, so
an update is another product. Nothing of a query, a score or a person is kept.
"""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from .document import category_path, passage
from .standing import Standing

MOSTLY = 0.5
"""Share of the latest windows that must be known before content is left out of a request: below it, fetching the others
by id costs more than it saves."""
_PACE = 0.3
"""What the latest window weighs in that share."""

Version = tuple[int, int]
"""``_seq_no`` and ``_primary_term`` of a document."""


class Product:
    """One version of a product.

    Attributes:
        source: its content, without vectors and what else hybridrank keeps with it.
    """

    def __init__(self, source: Mapping[str, Any]) -> None:
        self.source = source

    @cached_property
    def text(self) -> str:
        """Its passage; see :func:`plugin.document.passage`."""
        return passage(self.source)

    @cached_property
    def categories(self) -> frozenset[str]:
        """The names of its category, of all levels, without regard to case."""
        return frozenset(sys.intern(name.casefold()) for name in category_path(self.source))

    @cached_property
    def _standing(self) -> Standing:
        return Standing.of(self.source)

    def standing(self, now: datetime) -> dict[str, float]:
        """Signals that come from the document alone; see :class:`plugin.standing.Standing`."""
        return self._standing.at(now)


@dataclass(frozen=True, slots=True)
class _Kept:
    version: Version
    product: Product
    size: int


class Products:
    """The latest products of a process, by index and id. Thread-safe.

    Args:
        most: bytes that they may take, estimated from their content; 0 remembers none.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._known: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
        self._share = 0.0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._known)

    @property
    def size(self) -> int:
        """Bytes that are taken, as estimated."""
        return self._size

    @property
    def mostly(self) -> bool:
        """Whether most of what windows brought lately was known."""
        return self._share >= MOSTLY

    def known(self, index: str, versions: Mapping[str, Version]) -> dict[str, Product]:
        """Those of a window that are known in these very versions, by id.

        Args:
            index: the uuid of the index, so that one made anew under an old name shares nothing with it.
            versions: by id.
        """
        found = {}
        with self._lock:
            for name, version in versions.items():
                kept = self._known.get((index, name))
                if kept is not None and kept.version == version:
                    self._known.move_to_end((index, name))
                    found[name] = kept.product
            if versions:
                self._share += _PACE * (len(found) / len(versions) - self._share)
        return found

    def put(self, index: str, found: Mapping[str, tuple[Version, Product]]) -> None:
        """Remember products by id; an older version than the one that is known changes nothing."""
        fresh = {name: _Kept(version, product, _bytes(product)) for name, (version, product) in found.items()}
        with self._lock:
            for name, newest in fresh.items():
                before = self._known.pop((index, name), None)
                stays = before if before is not None and before.version[::-1] > newest.version[::-1] else newest
                self._known[index, name] = stays
                self._size += stays.size - (before.size if before is not None else 0)
            while self._size > self._most:
                _, gone = self._known.popitem(last=False)
                self._size -= gone.size


def _bytes(product: Product) -> int:
    """What a product takes, about: its content, its text, and the bookkeeping."""
    return _size(product.source) + sys.getsizeof(product.text) + 1000


def _size(value: Any) -> int:
    own = sys.getsizeof(value)
    if isinstance(value, Mapping):
        return own + sum(_size(part) for part in value.values())
    return own + sum(map(_size, value)) if isinstance(value, list) else own
