"""From rows to products worth writing: each line is checked, and only the last line of an id goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from plugin.document import passage

from . import product
from .inputs import Inputs
from .lastlines import LastLines
from .mediasources import MediaSources
from .records import Item, Rejection, Row
from .sharding import Places, Share
from .summary import OnProgress, Progress

BATCH_ROWS = 256
BATCH_CHARS = 8 * 1024 * 1024
_NOTE_EVERY = 2000


@dataclass(slots=True)
class Batch:
    """Some lines of the input, in order.

    Attributes:
        read: how many lines.
        rejections: those that are no products.
        duplicates: those whose id stands again further down.
        unchanged: those whose document is already so; filled in by :class:`~indexer.settling.Settler`.
        items: those that are to be written.
    """

    read: int = 0
    rejections: list[Rejection] = field(default_factory=list)
    duplicates: int = 0
    unchanged: int = 0
    items: list[Item] = field(default_factory=list)


class Checker:
    """Checks one line at a time."""

    def __init__(self, media: MediaSources | None = None) -> None:
        """With ``media``, the pictures and clips of a product are looked at as well, and are part of what it is."""
        self._media = media

    def product(self, row: Row) -> product.Product:
        """The product of a line; raises :class:`~indexer.product.InvalidProduct`."""
        return product.parse(row.value, row.form)

    def item(self, row: Row) -> Item | Rejection:
        """The product of a line, ready to be compared and encoded, or why there is none."""
        try:
            source = self.product(row).source()
        except product.InvalidProduct as error:
            return Rejection(row.place, row.form, row.raw, error.field, str(error))
        text = passage(source)
        image_sha = self._media.digest(source) if self._media is not None else None
        return Item(source["id"], source, text, source_digest(source), text_digest(text), row, image_sha)


def count(inputs: Inputs, checker: Checker, on_progress: OnProgress, share: Share | None = None) -> LastLines:
    """Read everything once: which line is the last with its id, and how many lines there are.

    With a share only its lines count. Nothing has been written when this finds that a file is no catalogue.
    """
    last = LastLines()
    if share is not None:
        last.places = Places()
    pending: list[tuple[str, int]] = []
    for position, record in enumerate(inputs.rows(), 1):
        name: str | None = None
        if isinstance(record, Row):
            # A line that is no product is reported with its reason when it is read again to be written.
            with suppress(product.InvalidProduct):
                name = checker.product(record).id
        if share is None or last.places is None:
            mine = True
        else:
            mine = share.takes_place(position) if name is None else share.takes_id(name)
            if mine:
                last.places.add(position)
        if mine:
            last.lines += 1
            if name is not None:
                pending.append((name, position))
        if position % _NOTE_EVERY == 0:
            last.add(pending)
            pending.clear()
            on_progress(Progress("check", position, None))
    last.add(pending)
    return last


def batches(inputs: Inputs, checker: Checker, last: LastLines) -> Iterator[Batch]:
    """Read everything again, in batches that are bounded in lines and in characters; only the lines that count."""
    batch = Batch()
    size = 0
    for position, record in enumerate(inputs.rows(), 1):
        if last.places is not None and position not in last.places:
            continue
        batch.read += 1
        size += len(record.raw)
        checked = checker.item(record) if isinstance(record, Row) else record
        if isinstance(checked, Rejection):
            batch.rejections.append(checked)
        elif last.is_last(checked.id, position):
            batch.items.append(checked)
        else:
            batch.duplicates += 1
        if batch.read >= BATCH_ROWS or size >= BATCH_CHARS:
            yield batch
            batch, size = Batch(), 0
    if batch.read:
        yield batch


def source_digest(source: dict[str, Any]) -> str:
    """32 hexadecimal digits that stand for a product's fields, whatever their order."""
    return text_digest(json.dumps(source, sort_keys=True, separators=(",", ":")))


def text_digest(text: str) -> str:
    """32 hexadecimal digits that stand for a text."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
