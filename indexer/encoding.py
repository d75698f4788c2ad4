"""From products to the documents that are sent: the vectors are added here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from multimodal.encoder import TextEncoder
from plugin.document import IMAGE_VECTOR, OWN, SOURCE_SHA, TEXT_SHA, TEXT_VECTOR

from .bulk import Document
from .records import Item


def documents(items: Sequence[Item], encoder: TextEncoder) -> tuple[list[Document], int]:
    """Make documents; only texts without a vector go through the encoder.

    Returns:
        The documents in the order of ``items``, and how many texts were encoded.
    """
    missing = [item for item in items if TEXT_VECTOR not in item.kept]
    if missing:
        vectors = encoder.encode([item.text for item in missing], role="document")
        for item, vector in zip(missing, vectors.tolist(), strict=True):
            item.kept[TEXT_VECTOR] = vector
    return [Document(item.id, _body(item)) for item in items], len(missing)


def _body(item: Item) -> bytes:
    own = {SOURCE_SHA: item.source_sha, TEXT_SHA: item.text_sha}
    plain = json.dumps({**item.source, OWN: own}, ensure_ascii=False, separators=(",", ":"))
    vectors = "".join(
        f',"{name}":{vector_json(item.kept[name])}' for name in (TEXT_VECTOR, IMAGE_VECTOR) if name in item.kept
    )
    return f"{plain[:-1]}{vectors}}}".encode()


def vector_json(vector: Iterable[float]) -> str:
    """A float32 vector as JSON: nine digits give back every float32 exactly, in half the bytes of a double."""
    return "[" + ",".join([f"{value:.9g}" for value in vector]) + "]"
