"""Colour arithmetic: lighter, darker and mixed tones of 8-bit RGB."""

from __future__ import annotations

from typing import TypeAlias

RGB: TypeAlias = tuple[int, int, int]
Paint: TypeAlias = tuple[int, ...]

WHITE: RGB = (247, 247, 245)
INK: RGB = (50, 52, 58)
METAL: RGB = (176, 182, 190)
STEEL: RGB = (120, 126, 134)
WOOD: RGB = (190, 150, 102)
BRASS: RGB = (190, 152, 82)
LEAF: RGB = (86, 140, 84)
SOLE: RGB = (238, 236, 230)
PAPER: RGB = (244, 238, 224)
CREAM: RGB = (240, 228, 204)
GLOW: RGB = (255, 232, 170)


def mix(a: RGB, b: RGB, share: float) -> RGB:
    """``share`` of ``b`` in ``a``, 0 to 1."""
    return (
        round(a[0] + (b[0] - a[0]) * share),
        round(a[1] + (b[1] - a[1]) * share),
        round(a[2] + (b[2] - a[2]) * share),
    )


def lighter(colour: RGB, share: float = 0.3) -> RGB:
    """Towards white."""
    return mix(colour, (255, 255, 255), share)


def darker(colour: RGB, share: float = 0.25) -> RGB:
    """Towards a warm black."""
    return mix(colour, (24, 20, 26), share)


def brightness(colour: RGB) -> float:
    """0 for black, 1 for white."""
    return (0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]) / 255


def accent(colour: RGB) -> RGB:
    """A tone that stands out on the colour and still belongs to it."""
    return darker(colour, 0.35) if brightness(colour) > 0.62 else lighter(colour, 0.55)
