"""From a picture to the numbers that an image tower reads, as the model's own definition says.

The definition has the keys of ``open_clip``'s ``PreprocessCfg``; it is written into a model's folder when the model is
exported and read from there. This module is the torch-free executor of it, for the served form; models that are run by
``open_clip`` itself use its transform. A test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.float32]
ResizeMode = Literal["shortest", "longest", "squash"]

_FILTERS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


@dataclass(frozen=True, slots=True)
class Preprocess:
    """How a picture becomes the input of an image tower.

    Attributes:
        size: (height, width) in pixels.
        mean: of each channel, on a scale of 0..1.
        std: likewise.
        interpolation: ``bicubic`` or ``bilinear``.
        resize_mode: ``shortest`` scales the shorter side to size and cuts the middle out; ``longest`` scales the
            longer side and fills the rest; ``squash`` ignores the proportions.
        fill_color: grey value of what ``longest`` fills.
    """

    size: tuple[int, int]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str = "bicubic"
    resize_mode: ResizeMode = "shortest"
    fill_color: int = 0

    def __post_init__(self) -> None:
        if not all(1 <= side <= 4096 for side in self.size):
            raise ValueError("preprocess.size: expected two whole numbers in 1..4096")
        if self.interpolation not in _FILTERS:
            raise ValueError(f"preprocess.interpolation: expected one of {', '.join(_FILTERS)}")
        if self.resize_mode not in {"shortest", "longest", "squash"}:
            raise ValueError("preprocess.resize_mode: expected shortest, longest or squash")
        if not all(value > 0 for value in self.std):
            raise ValueError("preprocess.std: must be above 0")

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Preprocess:
        """Read a definition with the keys of ``open_clip``'s ``PreprocessCfg``.

        Raises:
            ValueError: a key is missing or has no such value.
        """
        try:
            size = config["size"]
            height, width = (size, size) if isinstance(size, int) else size
            mean, std = (tuple(float(value) for value in config[name]) for name in ("mean", "std"))
            if config.get("mode", "RGB") != "RGB" or len(mean) != 3 or len(std) != 3:
                raise ValueError("preprocess: expected three channels, RGB")
            return cls(
                (int(height), int(width)),
                (mean[0], mean[1], mean[2]),
                (std[0], std[1], std[2]),
                config.get("interpolation", "bicubic"),
                config.get("resize_mode", "shortest"),
                int(config.get("fill_color", 0)),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"preprocess: {error} is missing or has another type") from error

    def pixels(self, picture: Image.Image) -> Pixels:
        """The input of the tower: float32, shape (3, height, width)."""
        picture = picture if picture.mode == "RGB" else picture.convert("RGB")
        # uint8 to float and normalised as torchvision does it, in float32.
        values = np.asarray(self._resized(picture), np.float32) / np.float32(255)
        normalised = (values - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)
        return np.ascontiguousarray(normalised.transpose(2, 0, 1))

    def _resized(self, picture: Image.Image) -> Image.Image:
        height, width = self.size
        if self.resize_mode == "squash":
            return picture.resize((width, height), self._filter)
        if self.resize_mode == "longest":
            return self._padded(picture)
        return self._cut(picture)

    @property
    def _filter(self) -> Image.Resampling:
        return _FILTERS[self.interpolation]

    def _cut(self, picture: Image.Image) -> Image.Image:
        height, width = self.size
        chosen = self._filter
        if height == width:
            # torchvision's Resize(int): the other side is truncated to a whole pixel.
            short, long = sorted(picture.size)
            other = int(height * long / short)
            scaled = (height, other) if picture.width <= picture.height else (other, height)
        else:
            # open_clip's transform is always bicubic here, whatever the definition says.
            chosen = Image.Resampling.BICUBIC
            factor = max(height / picture.height, width / picture.width)
            scaled = (round(picture.width * factor), round(picture.height * factor))
        # A strip of 20,000 by 1 must not become one of millions: what the cut throws away is not made.
        picture, scaled = self._without_ends(picture, scaled)
        resized = picture.resize(scaled, chosen)
        left, top = round((scaled[0] - width) / 2.0), round((scaled[1] - height) / 2.0)
        return resized.crop((left, top, left + width, top + height))

    def _without_ends(self, picture: Image.Image, scaled: tuple[int, int]) -> tuple[Image.Image, tuple[int, int]]:
        limit = 8 * max(self.size)
        if max(scaled) <= limit:
            return picture, scaled
        factor = max(scaled) / max(picture.size)
        keep = max(1, round(limit / factor))
        if picture.width > picture.height:
            left = (picture.width - keep) // 2
            return picture.crop((left, 0, left + keep, picture.height)), (limit, scaled[1])
        top = (picture.height - keep) // 2
        return picture.crop((0, top, picture.width, top + keep)), (scaled[0], limit)

    def _padded(self, picture: Image.Image) -> Image.Image:
        height, width = self.size
        factor = min(height / picture.height, width / picture.width)
        scaled = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
        ground = Image.new("RGB", (width, height), (self.fill_color,) * 3)
        ground.paste(
            picture.resize(scaled, self._filter), (round((width - scaled[0]) / 2), round((height - scaled[1]) / 2))
        )
        return ground
