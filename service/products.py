"""The products of catalogue files, for what learns from their text without an engine."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.checking import Checker
from indexer.errors import CatalogueError
from indexer.inputs import Inputs
from indexer.records import Item, Row


@dataclass(frozen=True, slots=True)
class Products:
    """Checked products.

    Attributes:
        sources: in the catalogue's form; of a repeated id the last line counts.
        refused: lines that are no product.
    """

    sources: list[dict[str, Any]]
    refused: int


def read_products(files: Sequence[Path]) -> Products:
    """Read catalogue files of any form that ``hybridrank index`` takes.

    Raises:
        CatalogueError: a file cannot be read, or holds no product.
    """
    checker = Checker()
    found: dict[str, dict[str, Any]] = {}
    refused = 0
    with tempfile.TemporaryDirectory(prefix="hybridrank-") as spool, Inputs(files, Path(spool)) as inputs:
        for row in inputs.rows():
            item = checker.item(row) if isinstance(row, Row) else row
            if isinstance(item, Item):
                found[item.id] = dict(item.source)
            else:
                refused += 1
    if not found:
        raise CatalogueError(f"{', '.join(map(str, files))}: no line is a product")
    return Products(list(found.values()), refused)
