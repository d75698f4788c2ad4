"""What need not be done: documents that are already so, and texts whose vector is already there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plugin.client import Engine
from plugin.document import IMAGE_SHA, IMAGE_VECTOR, MOMENTS, OWN, SOURCE_SHA, TEXT_SHA, TEXT_VECTOR

from .checking import Batch
from .lookup import get_many
from .patience import Patience
from .records import Item

_SHAS = (f"{OWN}.{SOURCE_SHA}", f"{OWN}.{TEXT_SHA}", f"{OWN}.{IMAGE_SHA}")
_DONOR = (f"{OWN}.{TEXT_SHA}", f"{OWN}.{IMAGE_SHA}", f"{OWN}.{MOMENTS}", TEXT_VECTOR, IMAGE_VECTOR, "image", "video")


class Settler:
    """Compares a batch with the engine.

    A document is unchanged when the digests in it are those of the line. What has to be written again takes over
    the vectors that still hold: the text's when the text is the same, the image's when the images are the same. Where
    this run does not look at a product's pictures, its image vector stays as long as it names the same pictures.
    """

    def __init__(
        self,
        engine: Engine,
        patience: Patience,
        *,
        target: str | None,
        donor: str | None,
        same_encoder: bool,
        same_image_encoder: bool = True,
    ) -> None:
        """Compare with ``target`` (``None``: nothing is there yet) and take vectors from ``donor``."""
        self._engine = engine
        self._patience = patience
        self._target = target
        self._donor = donor
        self._same_encoder = same_encoder
        self._same_image_encoder = same_image_encoder

    def settle(self, batch: Batch) -> Batch:
        """Take the unchanged out of a batch, and give the others what they can keep."""
        if self._target is not None:
            stored = self._get(self._target, batch.items, _SHAS)
            changed = [item for item in batch.items if not _unchanged(item, stored.get(item.id))]
            batch.unchanged += len(batch.items) - len(changed)
            batch.items = changed
            if self._donor == self._target:
                self._keep([item for item in changed if item.id in stored])
                return batch
        self._keep(batch.items)
        return batch

    def _keep(self, items: list[Item]) -> None:
        if self._donor is None:
            return
        stored = self._get(self._donor, items, _DONOR)
        for item in items:
            source = stored.get(item.id, {})
            vector = source.get(TEXT_VECTOR)
            if self._same_encoder and vector and _own(source).get(TEXT_SHA) == item.text_sha:
                item.kept[TEXT_VECTOR] = vector
            if source.get(IMAGE_VECTOR) and self._same_images(item, source):
                item.kept[IMAGE_VECTOR] = source[IMAGE_VECTOR]
                item.image_sha = _own(source).get(IMAGE_SHA)
                if _own(source).get(MOMENTS):
                    item.kept[MOMENTS] = _own(source)[MOMENTS]

    def _same_images(self, item: Item, source: Mapping[str, Any]) -> bool:
        if not self._same_image_encoder:
            return False
        if item.image_sha is None:
            return all(source.get(name) == item.source.get(name) for name in ("image", "video"))
        return _own(source).get(IMAGE_SHA) == item.image_sha

    def _get(self, index: str, items: list[Item], fields: tuple[str, ...]) -> dict[str, Mapping[str, Any]]:
        ids = [item.id for item in items]
        found = self._patience.call(lambda: get_many(self._engine, index, ids, fields, self._patience.answer_s))
        return {name: document.get("_source", {}) for name, document in found.items()}


def _unchanged(item: Item, source: Mapping[str, Any] | None) -> bool:
    own = _own(source or {})
    if item.image_sha not in {None, own.get(IMAGE_SHA, "")}:
        return False
    return own.get(SOURCE_SHA) == item.source_sha and own.get(TEXT_SHA) == item.text_sha


def _own(source: Mapping[str, Any]) -> Mapping[str, Any]:
    own: Mapping[str, Any] = source.get(OWN) or {}
    return own
