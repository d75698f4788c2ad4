"""The one interface behind which every encoder stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image

Vectors = NDArray[np.float32]
Role = Literal["query", "document"]


@dataclass(frozen=True, slots=True)
class EncoderId:
    """Which encoder made a vector; stored in the index's ``_meta`` and compared at query time.

    Attributes:
        name: for people, such as ``all-MiniLM-L6-v2``.
        revision: a digest of the files that compute the vector; two encoders with one revision agree.
        dimension: length of a vector.
    """

    name: str
    revision: str
    dimension: int


class TextEncoder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def id(self) -> EncoderId:
        """Which encoder this is."""
        ...

    def encode(self, texts: Sequence[str], *, role: Role = "document") -> Vectors:
        """Encode texts.

        Args:
            texts: any number, the empty list included; the empty string is allowed.
            role: models trained with different prefixes for queries and documents need to know.

        Returns:
            float32, shape ``(len(texts), dimension)``, each row of unit length. A text's row does not depend
            on what else is in the call.
        """
        ...


class ImageEncoder(Protocol):
    """Two towers into one space: pictures and texts become unit vectors that can be compared with each other."""

    @property
    def id(self) -> EncoderId:
        """Which encoder this is: both towers and the preprocessing."""
        ...

    def encode_images(self, images: Sequence[Image]) -> Vectors:
        """Encode pictures.

        Args:
            images: RGB, of any size; none is fine. See :func:`multimodal.pictures.decode`.

        Returns:
            float32, shape ``(len(images), dimension)``, each row of unit length. A picture's row does not depend on
            what else is in the call.
        """
        ...

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Encode texts into the space of the pictures; the shape and promise of :meth:`encode_images`."""
        ...
