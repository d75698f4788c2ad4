"""Electronics."""

from __future__ import annotations

from .canvas import Canvas
from .registry import shape
from .tones import INK, METAL, STEEL, WHITE

SCREEN = (36, 44, 60)


def _picture(c: Canvas, x0: float, y0: float, x1: float, y1: float) -> None:
    """A landscape on a screen."""
    w, h = x1 - x0, y1 - y0
    c.box(x0, y0, x1, y1, 1, (126, 168, 208))
    c.oval(x0 + w * 0.72, y0 + h * 0.3, min(w, h) * 0.1, colour=(255, 226, 150))
    c.poly(
        [
            (x0, y1),
            (x0, y0 + h * 0.72),
            (x0 + w * 0.34, y0 + h * 0.44),
            (x0 + w * 0.66, y0 + h * 0.76),
            (x0 + w * 0.66, y1),
        ],
        (84, 110, 150),
    )
    c.poly([(x0 + w * 0.3, y1), (x0 + w * 0.7, y0 + h * 0.58), (x1, y0 + h * 0.8), (x1, y1)], (62, 84, 122))


@shape("headphones")
def headphones(c: Canvas) -> None:
    """Over-ear headphones."""
    c.arc(50, 46, 33, 36, 180, 360, 6.4)
    c.arc(50, 46, 30, 33, 200, 340, 2.4, c.deep)
    for s in (1, -1):
        c.blob(
            [
                (50 - s * 36, 46),
                (50 - s * 26, 42),
                (50 - s * 20, 60),
                (50 - s * 25, 82),
                (50 - s * 35, 82),
                (50 - s * 41, 64),
            ]
        )
        c.blob([(50 - s * 26, 46), (50 - s * 19, 50), (50 - s * 17, 64), (50 - s * 21, 80), (50 - s * 26, 80)], c.deep)
        c.oval(50 - s * 33, 63, 3.4, 7, c.light)


@shape("earbuds")
def earbuds(c: Canvas) -> None:
    """Two earbuds above their case."""
    c.box(22, 56, 78, 88, 13)
    c.line([(22.6, 66), (77.4, 66)], 1, c.deep)
    c.oval(50, 76, 1.5, colour=(96, 200, 130))
    for x, s in ((34, 1), (66, -1)):
        c.oval(x, 26, 10.5, 9.5)
        c.blob([(x - 4, 28), (x + 4, 28), (x + 3.4, 50), (x - 3.4, 50)], c.dark)
        c.oval(x + s * 8, 24, 4.4, 5.4, c.deep)
        c.oval(x - s * 3, 23, 1.6, colour=c.light)


@shape("phone")
def phone(c: Canvas) -> None:
    """A phone from the back, another from the front."""
    c.box(46, 12, 84, 86, 6, INK)
    _picture(c, 48.5, 16, 81.5, 82)
    c.box(18, 15, 58, 89, 6, c.dark)
    c.box(18.8, 15.6, 57.2, 88.4, 5.6)
    c.box(22, 19, 38, 38, 4.5, c.deep)
    c.oval(30, 24.6, 3.6, colour=INK)
    c.oval(30, 33, 3.6, colour=INK)
    c.oval(35.4, 24, 1, colour=WHITE)
    c.oval(38, 60, 3, colour=c.light)


@shape("tablet")
def tablet(c: Canvas) -> None:
    """A tablet with a pen; the frame in colour."""
    c.box(10, 16, 82, 86, 5)
    c.box(16, 23, 76, 79, 1.5, SCREEN)
    _picture(c, 17, 24, 75, 78)
    c.oval(46, 19.6, 1, colour=INK)
    c.line([(90, 24), (90, 78)], 3.6)
    c.poly([(88.2, 78), (91.8, 78), (90, 86)], INK)


@shape("laptop")
def laptop(c: Canvas) -> None:
    """A laptop from behind, half open."""
    c.poly([(16, 20), (84, 20), (88, 68), (12, 68)])
    c.poly([(16, 20), (84, 20), (84.2, 22), (15.8, 22)], c.light)
    c.oval(50, 44, 5, colour=c.accent)
    c.oval(50, 44, 2.6, colour=c.base)
    c.blob([(12, 68, 1), (88, 68, 1), (96, 82), (94, 86), (6, 86), (4, 82)], c.dark)
    c.poly([(20, 71), (80, 71), (83, 78), (17, 78)], c.deep)
    c.box(40, 80, 60, 83.4, 0.6, c.base)


@shape("smartwatch")
def smartwatch(c: Canvas) -> None:
    """A smartwatch with rings on its screen."""
    c.blob([(36, 30), (38, 6, 1), (62, 6, 1), (64, 30)])
    c.blob([(36, 68), (38, 94, 1), (62, 94, 1), (64, 68)])
    for y in (76, 81, 86):
        c.oval(50, y, 1.1, colour=c.deep)
    c.box(27, 25, 73, 75, 12, c.dark)
    c.box(30, 28, 70, 72, 10, (20, 22, 28))
    c.arc(50, 50, 16, 16, -90, 180, 3, (232, 80, 92))
    c.arc(50, 50, 12, 12, -90, 130, 3, (112, 210, 110))
    c.arc(50, 50, 8, 8, -90, 220, 3, (90, 180, 230))
    c.box(73, 42, 76.5, 52, 1.2, c.deep)


@shape("speaker")
def speaker(c: Canvas) -> None:
    """A portable speaker with a loop."""
    c.arc(86, 44, 7, 10, 250, 70, 1.8, c.deep)
    c.box(10, 32, 88, 86, 16)
    c.oval(49, 59, 22, colour=c.dark)
    for r in (19, 15, 11):
        c.ring(49, 59, r, r, 0.8, c.deep)
    c.oval(49, 59, 7, colour=c.deep)
    for x in (40, 49, 58):
        c.box(x - 2.4, 34.4, x + 2.4, 36.4, 0.8, c.accent)
    c.oval(20, 59, 3.4, 12, c.dark)
    c.oval(78, 59, 3.4, 12, c.dark)


@shape("keyboard", "flat")
def keyboard(c: Canvas) -> None:
    """A compact keyboard from above."""
    c.box(4, 30, 96, 74, 4)
    for row in range(5):
        count = 13 if row < 4 else 7
        x = 7.0
        for k in range(count):
            w = 5.7
            if row == 4:
                w = 30 if k == 3 else 7.2
            special = (row, k) in {(0, 0), (2, 12)}
            c.box(x, 34 + row * 7.6, x + w, 40.4 + row * 7.6, 1.2, (220, 112, 84) if special else c.light)
            x += w + 0.95
    c.box(4, 71, 96, 74, 2, c.dark)


@shape("mouse", "flat")
def mouse(c: Canvas) -> None:
    """A mouse from above."""
    c.blob([(32, 34), (38, 16), (50, 11), (62, 16), (68, 34), (70, 60), (64, 80), (50, 87), (36, 80), (30, 60)])
    c.line([(50, 12), (50, 42)], 0.9, c.deep)
    c.line([(31, 43), (50, 45), (69, 43)], 0.9, c.deep)
    c.box(47.6, 22, 52.4, 36, 2.2, c.deep)
    c.box(48.6, 24, 51.4, 34, 1.2, METAL)
    c.box(31, 48, 33.4, 60, 1, c.dark)


@shape("powerbank")
def powerbank(c: Canvas) -> None:
    """A power bank with a cable."""
    c.line([(58, 18), (58, 8), (78, 8), (84, 30), (82, 60)], 1.8, WHITE)
    c.box(79, 58, 85, 68, 1, STEEL)
    c.box(26, 18, 72, 88, 7)
    c.box(54, 14, 62, 20, 1, STEEL)
    for i in range(4):
        c.oval(42 + i * 5, 78, 1.3, colour=WHITE if i < 3 else c.deep)
    c.poly([(51, 38), (41, 55), (48, 55), (45, 68), (57, 50), (50, 50)], c.accent)
