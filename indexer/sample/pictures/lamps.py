"""Lamps, switched on."""

from __future__ import annotations

import math

from .canvas import Canvas
from .registry import shape
from .tones import CREAM, GLOW, INK, STEEL


def _halo(c: Canvas, x: float, y: float, r: float) -> None:
    for i in range(7):
        c.oval(x, y, r * (1 - i / 9), colour=(255, 236, 182, 16 + i * 10))


@shape("tablelamp")
def tablelamp(c: Canvas) -> None:
    """A table lamp with a linen shade."""
    _halo(c, 50, 30, 32)
    c.box(48, 48, 52, 58, 0.5, STEEL)
    c.blob([(50, 52), (38, 60), (34, 74), (40, 86), (60, 86), (66, 74), (62, 60)])
    c.oval(50, 87, 14, 2.6, c.dark)
    c.poly([(36, 14), (64, 14), (76, 50), (24, 50)], GLOW)
    c.line([(36, 14), (64, 14)], 1, CREAM)
    c.line([(24, 50), (76, 50)], 1.4, CREAM)


@shape("floorlamp")
def floorlamp(c: Canvas) -> None:
    """A floor lamp."""
    _halo(c, 50, 20, 26)
    c.box(48.4, 32, 51.6, 88, 0.5)
    c.oval(50, 89, 17, 3.4)
    c.blob([(31, 34, 1), (37, 14), (50, 8), (63, 14), (69, 34, 1), (50, 36)])
    c.oval(50, 34, 18.4, 2.6, GLOW)
    c.line([(57, 36), (57, 46)], 0.5, c.deep)
    c.oval(57, 47, 1, colour=c.deep)


@shape("pendant", "hang")
def pendant(c: Canvas) -> None:
    """A pendant over the viewer."""
    _halo(c, 50, 66, 32)
    c.line([(50, 0), (50, 26)], 1, INK)
    c.box(45, 22, 55, 32, 1.5, c.dark)
    c.blob([(16, 66, 1), (20, 48), (34, 34), (50, 30), (66, 34), (80, 48), (84, 66, 1)])
    c.oval(50, 66, 34, 5, GLOW)
    c.oval(50, 67, 8, 6, (255, 250, 226))


@shape("desklamp")
def desklamp(c: Canvas) -> None:
    """A jointed desk lamp."""
    _halo(c, 72, 52, 20)
    c.oval(32, 87, 19, 3.6)
    c.line([(32, 84), (22, 52)], 3)
    c.line([(22, 52), (52, 22)], 3)
    c.oval(22, 52, 3.4, colour=STEEL)
    c.oval(52, 22, 3.2, colour=STEEL)
    c.blob([(46, 16), (58, 13), (80, 30), (88, 46, 1), (60, 60, 1), (52, 38)])
    c.blob([(60, 60), (72, 49), (88, 46), (80, 58), (68, 63)], GLOW)


@shape("stringlights", "hang")
def stringlights(c: Canvas) -> None:
    """Strings of lights in three swags."""
    for y in (16, 40, 64):
        path = [(4 + i * 11.5, y + 9 * math.sin(math.pi * i / 8) - 3 * (y == 40)) for i in range(9)]
        c.line(path, 0.8, INK)
        for x, at in path:
            for i in range(4):
                c.oval(x, at + 6, 7.4 - i * 1.4, colour=(255, 226, 150, 26 + i * 26))
            c.box(x - 1.2, at, x + 1.2, at + 3.4, 0.5, INK)
            c.blob([(x - 1.6, at + 3), (x + 1.6, at + 3), (x + 2.7, at + 7), (x, at + 10.4), (x - 2.7, at + 7)])


@shape("lantern")
def lantern(c: Canvas) -> None:
    """A lantern with a candle."""
    c.arc(50, 20, 13, 14, 180, 360, 1.6, c.dark)
    c.blob([(28, 32), (40, 18), (50, 15), (60, 18), (72, 32)])
    c.box(28, 32, 72, 82, 1, (255, 240, 200, 190))
    c.box(43, 60, 57, 80, 1, CREAM)
    c.blob([(50, 46), (54, 54), (50, 60), (46, 54)], (250, 170, 60))
    c.blob([(50, 51), (52, 56), (50, 59), (48, 56)], (255, 236, 160))
    for x in (27, 47.8, 69):
        c.box(x, 32, x + 4, 82, 0.5)
    c.box(24, 29, 76, 35, 1.5)
    c.box(24, 79, 76, 88, 1.5)
