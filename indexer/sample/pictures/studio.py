"""The photographer: background, shadow and light around a finished drawing."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from .canvas import OVERSAMPLING, SIZE
from .registry import Ground
from .tones import RGB, brightness, mix

BACKDROPS: tuple[RGB, ...] = ((240, 238, 234), (234, 238, 242), (241, 236, 230), (233, 239, 235), (240, 235, 240))
SHADOW: RGB = (52, 48, 60)


def photograph(drawing: Image.Image, colour: RGB, ground: Ground, mood: int) -> Image.Image:
    """Reduce the drawing, light it from the upper left and set it before a backdrop.

    Args:
        drawing: RGBA, square, larger than ``SIZE`` by ``OVERSAMPLING``.
        colour: of the product; pale ones get a deeper backdrop.
        ground: how it stands, lies or hangs.
        mood: any number; chooses the backdrop.

    Returns:
        RGB, ``SIZE`` by ``SIZE``.
    """
    small = _reduced(drawing)
    alpha = small.getchannel("A")
    scene = _backdrop(mood % len(BACKDROPS), brightness(colour) > 0.8).copy()
    box = alpha.getbbox() or (0, 0, SIZE, SIZE)
    if ground == "stand":
        scene.paste(SHADOW, (0, 0), _contact(box[0], box[2], box[3]))
    distance = {"stand": 3, "flat": 5, "hang": 9}[ground]
    soft = ImageChops.offset(alpha.filter(ImageFilter.BoxBlur(distance)), distance // 2, distance)
    scene.paste(SHADOW, (0, 0), soft.point(lambda v: int(v * 0.2)))
    scene.paste(_lit(small, alpha), (0, 0), alpha)
    return scene


def _reduced(drawing: Image.Image) -> Image.Image:
    """Reduce what is painted only: the conversions for transparency cost as much as all the drawing."""
    small = Image.new("RGBA", (SIZE, SIZE))
    left, top, right, bottom = drawing.getchannel("A").getbbox() or (0, 0, 0, 0)
    left, top = left - left % OVERSAMPLING, top - top % OVERSAMPLING
    right, bottom = right + -right % OVERSAMPLING, bottom + -bottom % OVERSAMPLING
    if right > left and bottom > top:
        part = drawing.crop((left, top, right, bottom)).reduce(OVERSAMPLING)
        small.paste(part, (left // OVERSAMPLING, top // OVERSAMPLING))
    return small


def _lit(image: Image.Image, alpha: Image.Image) -> Image.Image:
    """Darken what turns away from the light, brighten what faces it."""
    rgb = image.convert("RGB")
    blurred = alpha.filter(ImageFilter.BoxBlur(9))
    away = ImageChops.offset(blurred, -5, -7)
    facing = ImageChops.offset(blurred, 5, 7)
    rgb.paste((30, 24, 40), (0, 0), away.point(lambda v: int((255 - v) * 0.3)))
    rgb.paste((255, 255, 255), (0, 0), facing.point(lambda v: int((255 - v) * 0.22)))
    rgb.paste((255, 255, 255), (0, 0), _sheen())
    return rgb


@lru_cache(maxsize=1)
def _sheen() -> Image.Image:
    return (
        Image.linear_gradient("L").rotate(35, expand=False).resize((SIZE, SIZE)).point(lambda v: int((255 - v) * 0.07))
    )


@lru_cache(maxsize=16)
def _backdrop(mood: int, pale: bool) -> Image.Image:
    tone = BACKDROPS[mood]
    if pale:
        tone = mix(tone, (150, 158, 172), 0.34)
    wall = Image.new("RGB", (SIZE, SIZE), tone)
    light = (
        Image.radial_gradient("L")
        .resize((SIZE * 2, SIZE * 2))
        .crop((SIZE // 2, SIZE // 3, SIZE * 3 // 2, SIZE * 4 // 3))
    )
    wall.paste(mix(tone, (255, 255, 255), 0.75), (0, 0), light.point(lambda v: max(0, 200 - int(v * 1.5))))
    floor = Image.linear_gradient("L").resize((SIZE, SIZE)).point(lambda v: max(0, v - 190) // 2)
    wall.paste(mix(tone, (120, 112, 120), 0.5), (0, 0), floor)
    return wall


@lru_cache(maxsize=256)
def _contact(left: int, right: int, bottom: int) -> Image.Image:
    mask = Image.new("L", (SIZE, SIZE), 0)
    inset = (right - left) * 0.02
    ImageDraw.Draw(mask).ellipse((left + inset, bottom - 7, right - inset, bottom + 7), fill=110)
    return mask.filter(ImageFilter.GaussianBlur(5))
