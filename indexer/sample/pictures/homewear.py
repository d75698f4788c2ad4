"""Textiles for the home."""

from __future__ import annotations

from .canvas import Canvas
from .registry import shape
from .tones import METAL, WHITE, WOOD


@shape("cushion")
def cushion(c: Canvas) -> None:
    """A square cushion."""
    c.blob([(14, 20), (50, 24), (86, 20), (82, 52), (87, 86), (50, 82), (13, 86), (18, 52)])
    c.seam([(18, 24), (22, 52), (17, 82)])
    c.seam([(82, 24), (78, 52), (83, 82)])
    c.line([(24, 34), (32, 40), (35, 50)], 0.9, c.dark)
    c.line([(76, 70), (69, 65), (66, 56)], 0.9, c.dark)


@shape("blanket", "flat")
def blanket(c: Canvas) -> None:
    """A folded throw with fringe."""
    for x in range(20, 82, 3):
        c.line([(x, 80), (x, 89)], 0.9, c.dark)
    c.box(18, 58, 82, 82, 4, c.dark)
    c.box(16, 38, 84, 66, 6, c.light)
    c.box(14, 20, 86, 56, 8)
    c.line([(17, 50), (50, 52.5), (83, 50)], 0.8, c.dark)


@shape("bedding", "flat")
def bedding(c: Canvas) -> None:
    """A duvet cover with two pillows."""
    c.box(12, 14, 47, 38, 6, c.light)
    c.box(53, 14, 88, 38, 6, c.light)
    c.blob([(8, 36), (30, 33), (50, 36), (70, 33), (92, 36), (93, 86), (70, 89), (30, 89), (7, 86)])
    c.blob([(8, 36), (30, 33), (50, 36), (70, 33), (92, 36), (92, 48), (50, 52), (8, 48)], WHITE)
    c.line([(24, 58), (28, 70), (26, 84)], 0.8, c.dark)
    c.line([(66, 56), (63, 68), (66, 85)], 0.8, c.dark)


@shape("towel", "hang")
def towel(c: Canvas) -> None:
    """A towel on a rail."""
    c.line([(12, 16), (88, 16)], 2.6, METAL)
    c.poly([(28, 16), (72, 16), (71, 72), (29, 72)], c.dark)
    c.box(22, 13, 74, 90, 2)
    c.box(22, 76, 74, 78.4, 0.2, c.accent)
    c.box(22, 80.5, 74, 81.8, 0.2, c.accent)
    c.line([(22.5, 19), (74, 19)], 0.8, c.dark)


@shape("rug", "flat")
def rug(c: Canvas) -> None:
    """A rug seen at a slant."""
    for x in range(10, 92, 3):
        c.line([(x, 78), (x - 1, 85)], 0.8, c.light)
    for x in range(26, 78, 2):
        c.line([(x, 30), (x, 26)], 0.7, c.light)
    c.poly([(24, 29), (76, 29), (93, 79), (7, 79)])
    c.line([(27, 32), (73, 32), (88, 76), (12, 76), (27, 32)], 1.1, c.accent, smooth=False)
    c.line([(31, 36), (69, 36), (82, 72), (18, 72), (31, 36)], 0.7, c.deep, smooth=False)


@shape("curtains", "hang")
def curtains(c: Canvas) -> None:
    """Two curtains on a rod before a window."""
    c.box(30, 16, 70, 74, 0.5, (206, 226, 238))
    c.line([(50, 16), (50, 74)], 1, WHITE)
    c.line([(30, 45), (70, 45)], 1, WHITE)
    for s in (0, 1):
        left = [(10, 13, 1), (40, 13, 1), (37, 50), (40, 91, 1), (8, 91, 1), (11, 50)]
        c.blob([((100 - p[0]) if s else p[0], *p[1:]) for p in left])
        for x in (16, 23, 30):
            x0 = 100 - x if s else x
            c.line([(x0, 15), (x0 + (1 if s else -1), 52), (x0, 90)], 1, c.dark)
    c.line([(5, 12), (95, 12)], 2.2, WOOD)
    c.oval(5, 12, 2.6, colour=WOOD)
    c.oval(95, 12, 2.6, colour=WOOD)
