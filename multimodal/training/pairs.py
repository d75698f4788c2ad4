"""Image-title pairs, and the random crops of their pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

from ..errors import BadPicture
from ..pictures import decode


@dataclass(frozen=True, slots=True)
class Pair:
    """A picture and the texts that are right for it.

    Attributes:
        picture: its file.
        texts: wordings of one product, the first being its passage. Pairs with the same texts are of one product.
    """

    picture: Path
    texts: tuple[str, ...]


def opened(path: Path) -> Image.Image:
    """A picture of the training data; raises BadPicture with the file's name."""
    try:
        return decode(path.read_bytes())
    except (BadPicture, OSError) as error:
        raise BadPicture(f"{path}: {error}") from None


def crop(picture: Image.Image, random: np.random.Generator, least: float) -> Image.Image:
    """One random view: cut, mirrored, turned a little, in other light."""
    width, height = picture.size
    area, stretch = random.uniform(least, 1.0), math.exp(random.uniform(-0.25, 0.25))
    wide = max(1, min(width, round(width * math.sqrt(area * stretch))))
    high = max(1, min(height, round(height * math.sqrt(area / stretch))))
    left, top = int(random.integers(0, width - wide + 1)), int(random.integers(0, height - high + 1))
    view = picture.crop((left, top, left + wide, top + high))
    if random.random() < 0.5:
        view = view.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if random.random() < 0.3:
        view = view.rotate(float(random.uniform(-30, 30)), Image.Resampling.BICUBIC)
    for change in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        view = change(view).enhance(math.exp(random.uniform(-0.35, 0.35)))
    tint = np.exp(random.uniform(-0.12, 0.12, 3))
    return Image.fromarray(np.clip(np.asarray(view, np.float32) * tint, 0, 255).astype(np.uint8))
