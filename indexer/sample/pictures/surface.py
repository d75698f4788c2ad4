"""What a surface looks like: its pattern (stripes, checks, dots, flowers) or the grain of its material."""

from __future__ import annotations

import math
from functools import lru_cache

from PIL import Image, ImageDraw

from .tones import RGB, accent, darker, lighter, mix

WOODEN = {"oak", "walnut", "pine", "beech", "bamboo"}
KNITTED = {"wool", "merino", "cashmere", "knit"}
RIBBED = {"corduroy"}
WOVEN = {"rattan", "jute", "sisal"}


def texture_of(pattern: str, material: str) -> str | None:
    """The name of the texture to paint, or ``None`` for a flat colour."""
    if pattern != "plain":
        return pattern
    for names, texture in ((WOODEN, "grain"), (KNITTED, "knit"), (RIBBED, "rib"), (WOVEN, "weave")):
        if material in names:
            return texture
    return None


@lru_cache(maxsize=96)
def surface(texture: str, paint: tuple[int, int, int, int], pixels: int) -> Image.Image:
    """RGBA, a square of ``pixels`` covered by the texture; its mean stays near the colour."""
    colour = paint[:3]
    image = Image.new("RGB", (pixels, pixels), colour)
    draw = ImageDraw.Draw(image)
    {
        "striped": _stripes,
        "checked": _checks,
        "polka dot": _dots,
        "floral": _flowers,
        "geometric": _diamonds,
        "colour-block": _blocks,
        "grain": _grain,
        "knit": _knit,
        "rib": _rib,
        "weave": _weave,
    }[texture](draw, colour, pixels)
    image.putalpha(paint[3])
    return image


def _stripes(draw: ImageDraw.ImageDraw, colour: RGB, n: int) -> None:
    step = n / 22
    for i in range(23):
        draw.rectangle((0, i * step, n, i * step + step * 0.36), fill=accent(colour))


def _checks(draw: ImageDraw.ImageDraw, colour: RGB, n: int) -> None:
    step, tone = n / 14, accent(colour)
    for i in range(15):
        draw.rectangle((i * step, 0, i * step + step * 0.34, n), fill=mix(colour, tone, 0.5))
    for i in range(15):
        draw.rectangle((0, i * step, n, i * step + step * 0.34), fill=mix(colour, tone, 0.5))
    for i in range(15):
        for j in range(15):
            x, y = i * step, j * step
            draw.rectangle((x, y, x + step * 0.34, y + step * 0.34), fill=tone)


def _dots(draw: ImageDraw.ImageDraw, colour: RGB, n: int) -> None:
    step, r = n / 17, n / 17 * 0.24
    for i in range(19):
        for j in range(19):
            x, y = (i + 0.5 * (j % 2)) * step, j * step
            draw.ellipse((x - r, y - r, x + r, y + r), fill=accent(colour))


def _flowers(draw: ImageDraw.ImageDraw, colour: RGB, n: int) -> None:
    step, petal = n / 11, lighter(colour, 0.62) if sum(colour) < 560 else darker(colour, 0.3)
    for i in range(13):
        for j in range(13):
            x = (i + 0.5 * (j % 2)) * step + math.sin(i * 5 + j * 3) * step * 0.16
            y = j * step + math.cos(i * 4 - j) * step * 0.16
            r = step * (0.13 + 0.035 * ((i * 7 + j * 3) % 3))
            draw.line(
                (x, y, x + r * 2.1, y + r * 2.4), fill=mix(colour, (70, 120, 72), 0.75), width=max(1, int(r * 0.4))
            )
            for k in range(5):
                a = k * 2 * math.pi / 5 + i
                px, py = x + math.cos(a) * r, y + math.sin(a) * r
                draw.ellipse((px - r * 0.7, py - r * 0.7, px + r * 0.7, py + r * 0.7), fill=petal)
            draw.ellipse((x - r * 0.5, y - r * 0.5, x + r * 0.5, y + r * 0.5), fill=(236, 190, 84))


def _diamonds(draw: ImageDraw.ImageDraw, colour: RGB, n: int) -> None:
    step, tone = n / 10, mix(colour, accent(colour), 0.7)
    for i in range(11):
        for j in range(-1, 21):
            x, y, r = (i + 0.5 * (j % 2)) * step, j * step / 2, step * 0.44
            draw.line([(x, y - r), (x + r, y), (x, y + r), (x - r, y), (x, y - r)], fill=tone, width=max(1, n // 130))
            draw.polygon([(x, y - r * 0.4), (x + r * 0.4, y), (x, y + r * 0.4), (x - r * 0.4, y)], fill=tone)


def _blocks(draw: ImageDraw.ImageDraw, colour: RGB, n: int) -> None:
    draw.rectangle((0, n * 0.6, n, n), fill=accent(colour))
    draw.rectangle((0, n * 0.585, n, n * 0.6), fill=lighter(colour, 0.75))


def _grain(draw: ImageDraw.ImageDraw, colour: RGB, n: int) -> None:
    for i in range(46):
        y = i * n / 44 + math.sin(i * 12.9) * n / 110
        points = [(x, y + math.sin(x / n * 7 + i * 1.7) * n / 160) for x in range(0, n + 40, 40)]
        draw.line(points, fill=darker(colour, 0.05 + 0.11 * abs(math.sin(i * 3.3))), width=max(1, n // 320 + i % 3))


def _knit(draw: ImageDraw.ImageDraw, colour: RGB, n: int) -> None:
    step, tone = n / 44, darker(colour, 0.13)
    for i in range(45):
        for j in range(46):
            x, y = i * step, j * step
            draw.line([(x, y), (x + step / 2, y + step * 0.6), (x + step, y)], fill=tone, width=max(1, n // 320))


def _rib(draw: ImageDraw.ImageDraw, colour: RGB, n: int) -> None:
    step = n / 60
    for i in range(61):
        draw.rectangle((i * step, 0, i * step + step * 0.4, n), fill=darker(colour, 0.12))


def _weave(draw: ImageDraw.ImageDraw, colour: RGB, n: int) -> None:
    step = n / 34
    for i in range(35):
        for j in range(35):
            x, y = i * step, j * step
            if (i + j) % 2:
                draw.rounded_rectangle(
                    (x, y + step * 0.15, x + step, y + step * 0.85), step * 0.3, fill=darker(colour, 0.1)
                )
            else:
                draw.rounded_rectangle(
                    (x + step * 0.15, y, x + step * 0.85, y + step), step * 0.3, fill=lighter(colour, 0.1)
                )
