"""Pictures and clips of products to one vector each, beside the encoding of texts and the bulk requests."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import numpy as np

from multimodal.encoder import ImageEncoder, Vectors
from multimodal.errors import BadPicture, BadVideo
from multimodal.pictures import decode
from multimodal.video import ClipsUnavailable, ClipVectors, encode_clip
from plugin.document import IMAGE_VECTOR

from .mediasources import MediaSources
from .records import Item


@dataclass(slots=True)
class Pictured:
    """What became of a product's pictures and clips.

    Attributes:
        vector: their mean, of unit length; ``None`` where none could be read.
        moments: the frames of the clips, in the form that the document keeps; ``None`` without clips.
        pictures: how many were encoded.
        clips: likewise.
        troubles: (field, reason) of each that was broken.
    """

    vector: list[float] | None = None
    moments: list[dict[str, Any]] | None = None
    pictures: int = 0
    clips: int = 0
    troubles: list[tuple[str, str]] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Everything that could be read was, so there is no need to look again."""
        return not self.troubles


class Picturing:
    """Encodes in threads of its own. As a context manager, none of them is left at the end."""

    def __init__(self, encoder: ImageEncoder, sources: MediaSources, *, threads: int) -> None:
        self._encoder = encoder
        self._sources = sources
        self._pool = ThreadPoolExecutor(threads, "indexer-picture")

    def __enter__(self) -> Picturing:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def begin(self, items: Sequence[Item]) -> int:
        """Start on those products that have pictures or clips and no vector of them that still holds.

        Returns:
            how many pictures and clips of these products are not read in this run.
        """
        left_out = 0
        for item in items:
            left_out += self._sources.chosen(item.source).left_out
            if item.image_sha and IMAGE_VECTOR not in item.kept:
                item.pictured = self._pool.submit(self._one, item)
        return left_out

    def _one(self, item: Item) -> Pictured:
        chosen = self._sources.chosen(item.source)
        result = Pictured()
        rows: list[Vectors] = []
        for place, reference in chosen.pictures:
            try:
                picture = decode(self._sources.picture(reference))
                rows.append(self._encoder.encode_images([picture])[0])
                result.pictures += 1
            except BadPicture as error:
                result.troubles.append((f"image.{place}", str(error)))
        for place, reference in chosen.clips:
            try:
                clip = encode_clip(self._sources.clip(reference), self._encoder)
            except (BadVideo, ClipsUnavailable) as error:
                result.troubles.append((f"video.{place}", str(error)))
            else:
                rows.append(clip.pooled)
                result.clips += 1
                result.moments = [*(result.moments or []), packed(place, clip)]
        if rows:
            mean = np.mean(rows, axis=0)
            length = float(np.linalg.norm(mean))
            # Two opposite pictures have a mean without a direction; the first one stands for the product then.
            result.vector = (mean / length if length > 1e-6 else rows[0]).tolist()
        return result


def packed(place: int, clip: ClipVectors) -> dict[str, Any]:
    """A clip's frames as the document keeps them: half precision, for they only say which frame is the nearest."""
    return {
        "video": place,
        "seconds": [round(float(second), 2) for second in clip.seconds],
        "vectors": base64.b64encode(clip.vectors.astype("<f2").tobytes()).decode(),
    }


def unpacked(stored: dict[str, Any]) -> ClipVectors:
    """The frames of a document; raises ValueError for what is none."""
    seconds = np.array(stored["seconds"], np.float32)
    vectors = np.frombuffer(base64.b64decode(stored["vectors"]), "<f2").astype(np.float32)
    return ClipVectors(seconds, vectors.reshape(len(seconds), -1))


Pending = Future[Pictured]
