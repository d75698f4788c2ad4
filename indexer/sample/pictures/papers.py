"""Stationery and books."""

from __future__ import annotations

from .canvas import Canvas
from .registry import shape
from .tones import BRASS, INK, METAL, PAPER, STEEL, WHITE, WOOD


@shape("notebook", "flat")
def notebook(c: Canvas) -> None:
    """A notebook with an elastic band."""
    c.box(24, 12, 82, 90, 2.5, PAPER)
    c.box(20, 10, 79, 88, 3)
    c.box(20, 10, 28, 88, 2.5, c.dark)
    c.box(70, 10, 72.6, 88, 0.2, c.deep)
    c.line([(44, 88), (44, 96)], 1.2, (200, 70, 66))
    c.box(38, 28, 62, 40, 1, PAPER)
    c.line([(42, 34), (58, 34)], 0.8, INK)


@shape("planner", "flat")
def planner(c: Canvas) -> None:
    """A spiral planner, open at a week."""
    c.box(8, 18, 92, 86, 3)
    c.box(12, 21, 49, 82, 1, PAPER)
    c.box(51, 21, 88, 82, 1, PAPER)
    c.box(12, 21, 49, 28, 1, c.light)
    c.box(51, 21, 88, 28, 1, c.light)
    for i in range(4):
        for x in (14, 53):
            y = 34 + i * 12
            c.line([(x, y + 8), (x + 32, y + 8)], 0.4, (190, 186, 176))
            c.box(x, y, x + 5, y + 5, 0.8, c.dark)
            c.line([(x + 8, y + 2.5), (x + 16 + (i * 7 + x) % 14, y + 2.5)], 0.9, STEEL)
    for y in range(24, 82, 6):
        c.line([(47.4, y), (52.6, y)], 1.5, METAL)


@shape("pen", "flat")
def pen(c: Canvas) -> None:
    """A fountain pen on a slant with its cap."""
    c.line([(30, 70), (74, 26)], 8.4)
    c.line([(74, 26), (84, 16)], 6.6, c.dark)
    c.poly([(24, 68.4), (31.6, 76), (14, 86)], BRASS)
    c.line([(15, 85), (24, 76)], 0.6, INK)
    c.line([(36, 64), (39, 61)], 9, BRASS)
    c.line([(52, 88), (86, 54)], 9.4)
    c.line([(56, 80), (76, 60)], 1.5, BRASS)
    c.line([(52, 88), (54, 86)], 10, BRASS)
    c.line([(8, 90), (20, 92), (26, 88)], 0.8, (60, 80, 150))


@shape("pencils")
def pencils(c: Canvas) -> None:
    """A tin of coloured pencils."""
    tones = (
        (222, 76, 68),
        (240, 140, 60),
        (246, 200, 70),
        (110, 176, 104),
        (74, 140, 198),
        (104, 88, 166),
        (206, 110, 160),
    )
    for i, tone in enumerate(tones):
        x = 17 + i * 9.6
        top = 22 + (i * 5) % 7
        c.poly([(x, top + 12), (x + 8, top + 12), (x + 4, top - 2)], (236, 208, 164))
        c.poly([(x + 2.6, top + 2.4), (x + 5.4, top + 2.4), (x + 4, top - 2.4)], tone)
        c.box(x, top + 11, x + 8, 70, 0.3, tone)
    c.box(10, 50, 90, 88, 3)
    c.box(10, 50, 90, 55, 2, c.dark)
    c.box(28, 62, 72, 78, 2, WHITE)
    c.line([(33, 70), (42, 66), (50, 73), (58, 66), (67, 70)], 1.6, tones[4])


@shape("organiser")
def organiser(c: Canvas) -> None:
    """A desk organiser with pens."""
    for x, tone, top in ((20, (222, 76, 68), 22), (27, (74, 140, 198), 16), (34, INK, 26)):
        c.line([(x, top), (x + 1, 60)], 2.8, tone)
    c.line([(42, 22), (40, 60)], 2.4, METAL)
    c.ring(43, 18, 4.6, 4.6, 1.4, (240, 140, 60))
    c.box(62, 36, 84, 70, 2, STEEL)
    c.box(64, 38, 82, 68, 1, (70, 96, 128))
    c.box(12, 44, 48, 87, 2)
    c.box(48, 58, 88, 87, 2, c.dark)
    c.box(52, 66, 84, 83, 1)
    c.oval(68, 74.4, 1.6, colour=BRASS)


@shape("binder")
def binder(c: Canvas) -> None:
    """A lever arch file."""
    c.poly([(48, 12), (80, 17), (80, 90), (48, 88)], c.dark)
    c.poly([(76, 16), (80, 17), (80, 90), (76, 89.8)], PAPER)
    c.box(22, 10, 50, 90, 1.5)
    c.box(27, 18, 45, 42, 1, WHITE)
    for y in (25, 30, 35):
        c.line([(30, y), (42, y)], 0.8, STEEL)
    c.ring(36, 72, 6, 6, 1.6, METAL)
    c.oval(36, 72, 4.4, colour=INK)


@shape("book")
def book(c: Canvas) -> None:
    """A standing book with a title on its cover."""
    c.poly([(74, 12), (82, 16), (82, 88), (74, 90)], PAPER)
    for x in (76, 78, 80):
        c.line([(x, 14), (x, 88)], 0.3, (206, 198, 180))
    c.box(22, 10, 76, 90, 1.5)
    c.box(22, 10, 28, 90, 1.2, c.dark)
    c.box(35, 20, 69, 40, 1, c.accent)
    c.line([(40, 27), (64, 27)], 2, c.base)
    c.line([(44, 33.4), (60, 33.4)], 1.4, c.base)
    c.oval(52, 60, 11, colour=c.light)
    c.poly([(41, 64), (50, 52), (56, 60), (59, 57), (63, 64)], c.deep)
    c.line([(44, 80), (60, 80)], 1.3, c.accent)


@shape("picturebook")
def picturebook(c: Canvas) -> None:
    """A picture book with an owl."""
    c.poly([(84, 16), (90, 20), (90, 84), (84, 88)], PAPER)
    c.box(10, 14, 86, 88, 2)
    c.box(10, 14, 15, 88, 1.5, c.dark)
    c.oval(70, 28, 6, colour=(255, 240, 190))
    c.blob([(15.5, 88), (15.5, 72), (36, 64), (60, 70), (85, 62), (85, 88)], c.dark)
    c.oval(46, 56, 14, 18, WOOD)
    c.oval(46, 62, 9, 11, PAPER)
    for x in (40, 52):
        c.oval(x, 47, 5.4, colour=WHITE)
        c.oval(x, 47, 2.4, colour=INK)
    c.poly([(44, 51), (48, 51), (46, 55)], (240, 160, 60))
    c.poly([(34, 42), (36, 34), (42, 40)], WOOD)
    c.poly([(58, 42), (56, 34), (50, 40)], WOOD)
    c.line([(24, 22), (52, 22)], 2.6, c.accent)
    c.line([(24, 28), (44, 28)], 1.6, c.accent)
