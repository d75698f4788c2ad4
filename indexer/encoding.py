"""From products to the documents that are sent: the vectors are added here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from multimodal.encoder import TextEncoder
from plugin.document import IMAGE_SHA, IMAGE_VECTOR, MOMENTS, OWN, SOURCE_SHA, TEXT_SHA, TEXT_VECTOR

from .bulk import Document
from .picturing import Pictured
from .records import Item


def documents(items: Sequence[Item], encoder: TextEncoder) -> tuple[list[Document], int]:
    """Make documents; only texts without a vector go through the encoder, and pictures under way are waited for.

    Returns:
        The documents in the order of ``items``, and how many texts were encoded.
    """
    missing = [item for item in items if TEXT_VECTOR not in item.kept]
    if missing:
        vectors = encoder.encode([item.text for item in missing], role="document")
        for item, vector in zip(missing, vectors.tolist(), strict=True):
            item.kept[TEXT_VECTOR] = vector
    for item in items:
        if item.pictured is not None:
            _add(item, item.pictured.result())
    return [Document(item.id, _body(item)) for item in items], len(missing)


def _add(item: Item, pictured: Pictured) -> None:
    if pictured.vector is not None:
        item.kept[IMAGE_VECTOR] = pictured.vector
    if pictured.moments is not None:
        item.kept[MOMENTS] = pictured.moments
    if not pictured.whole:
        # Without its digest the product is looked at again by the next run, which may find its pictures well.
        item.image_sha = None


def _body(item: Item) -> bytes:
    own = {SOURCE_SHA: item.source_sha, TEXT_SHA: item.text_sha}
    if item.image_sha:
        own[IMAGE_SHA] = item.image_sha
    if MOMENTS in item.kept:
        own[MOMENTS] = item.kept[MOMENTS]
    plain = json.dumps({**item.source, OWN: own}, ensure_ascii=False, separators=(",", ":"))
    vectors = "".join(
        f',"{name}":{vector_json(item.kept[name])}' for name in (TEXT_VECTOR, IMAGE_VECTOR) if name in item.kept
    )
    return f"{plain[:-1]}{vectors}}}".encode()


def vector_json(vector: Iterable[float]) -> str:
    """A float32 vector as JSON: nine digits give back every float32 exactly, in half the bytes of a double."""
    return "[" + ",".join([f"{value:.9g}" for value in vector]) + "]"
