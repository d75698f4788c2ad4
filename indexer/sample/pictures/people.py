"""What people wear and use on themselves: care, watches, jewellery."""

from __future__ import annotations

import math

from .canvas import Canvas
from .registry import shape
from .tones import BRASS, INK, METAL, STEEL, WHITE


def _label(c: Canvas, x0: float, y0: float, x1: float, y1: float) -> None:
    c.box(x0, y0, x1, y1, 1, WHITE if c.base[2] < 225 else c.dark)
    middle = (x0 + x1) / 2
    w = (x1 - x0) * 0.32
    c.line([(middle - w, y0 + (y1 - y0) * 0.35), (middle + w, y0 + (y1 - y0) * 0.35)], 1.2, STEEL)
    c.line([(middle - w * 0.6, y0 + (y1 - y0) * 0.62), (middle + w * 0.6, y0 + (y1 - y0) * 0.62)], 0.8, STEEL)


@shape("pump")
def pump(c: Canvas) -> None:
    """A bottle with a pump."""
    c.box(48, 8, 52, 26, 0.5, STEEL)
    c.blob([(46, 8), (66, 6), (70, 12), (66, 12), (54, 13), (46, 13)], INK)
    c.box(41, 20, 59, 30, 1.5, INK)
    c.blob([(40, 29, 1), (60, 29, 1), (70, 38), (71, 60), (70, 86), (66, 90), (34, 90), (30, 86), (29, 60), (30, 38)])
    _label(c, 35, 48, 65, 76)


@shape("jar")
def jar(c: Canvas) -> None:
    """A jar of cream."""
    c.box(18, 48, 82, 87, 6)
    c.box(20, 30, 80, 50, 4, c.dark)
    for x in range(24, 79, 4):
        c.line([(x, 33), (x, 48)], 0.4, c.deep)
    _label(c, 28, 57, 72, 79)


@shape("lipstick")
def lipstick(c: Canvas) -> None:
    """A lipstick, open."""
    c.box(26, 58, 50, 90, 2, INK)
    c.box(28, 46, 48, 60, 1, BRASS)
    c.blob([(30, 48, 1), (30, 22), (36, 12), (45, 8), (46, 14), (46, 48, 1)])
    c.blob([(36, 13), (45, 8), (46, 15), (38, 24)], c.light)
    c.box(58, 48, 80, 90, 2, INK)
    c.box(58, 56, 80, 59, 0.2, BRASS)


@shape("perfume")
def perfume(c: Canvas) -> None:
    """A perfume bottle."""
    c.box(40, 8, 60, 26, 2, INK)
    c.box(44, 24, 56, 34, 0.6, BRASS)
    c.box(22, 34, 78, 89, 7, c.light)
    c.box(27, 42, 73, 85, 4)
    c.box(36, 52, 64, 70, 1, WHITE)
    c.line([(42, 59), (58, 59)], 1.1, STEEL)
    c.line([(45, 64), (55, 64)], 0.8, STEEL)
    c.blob([(29, 44), (31, 44), (31, 80), (29, 80)], WHITE)


@shape("soap")
def soap(c: Canvas) -> None:
    """A bar of soap with bubbles."""
    c.blob([(10, 68), (16, 54), (50, 50), (84, 54), (90, 68), (86, 82), (50, 86), (14, 82)])
    c.blob([(18, 62), (28, 56), (50, 54), (72, 56), (82, 62), (70, 68), (50, 69), (30, 68)], c.light)
    c.line([(36, 62), (64, 62)], 1.4, c.dark)
    for x, y, r in ((24, 40, 7), (38, 30, 9), (56, 38, 6), (70, 26, 8), (66, 44, 4)):
        c.oval(x, y, r, colour=(214, 230, 240, 150))
        c.ring(x, y, r, r, 0.6, (186, 210, 226))
        c.oval(x - r * 0.3, y - r * 0.35, r * 0.2, colour=WHITE)


@shape("tube")
def tube(c: Canvas) -> None:
    """A tube of hand cream."""
    c.box(38, 76, 62, 91, 2, INK)
    c.poly([(26, 10), (74, 10), (66, 76), (34, 76)])
    c.poly([(26, 8), (74, 8), (73.4, 16), (26.6, 16)], c.dark)
    for x in range(29, 74, 4):
        c.line([(x, 9), (x, 15)], 0.5, c.deep)
    _label(c, 37, 32, 63, 60)


@shape("hairbrush", "flat")
def hairbrush(c: Canvas) -> None:
    """A paddle brush."""
    c.line([(50, 56), (50, 92)], 8.4)
    c.blob([(26, 30), (32, 10), (50, 6), (68, 10), (74, 30), (68, 52), (50, 58), (32, 52)])
    c.blob([(32, 30), (37, 15), (50, 12), (63, 15), (68, 30), (63, 47), (50, 51), (37, 47)], c.deep)
    for i in range(5):
        for j in range(6):
            x, y = 39 + i * 5.5, 18 + j * 5.6
            if (x - 50) ** 2 / 190 + (y - 32) ** 2 / 300 < 1:
                c.oval(x, y, 1.1, colour=WHITE)
    c.oval(50, 89, 1.4, colour=c.deep)


@shape("watch")
def watch(c: Canvas) -> None:
    """A wristwatch with a white dial."""
    c.blob([(39, 34), (41, 4, 1), (59, 4, 1), (61, 34)])
    c.blob([(39, 66), (41, 96, 1), (59, 96, 1), (61, 66)])
    for y in (80, 85, 90):
        c.oval(50, y, 1, colour=c.deep)
    c.seam([(42.4, 8), (41, 32)])
    c.seam([(57.6, 8), (59, 32)])
    c.box(74, 46, 79, 54, 1.4, METAL)
    c.oval(50, 50, 26, colour=METAL)
    c.oval(50, 50, 22.6, colour=WHITE)
    for k in range(12):
        a = k * math.pi / 6
        c.line(
            [(50 + math.cos(a) * 18, 50 + math.sin(a) * 18), (50 + math.cos(a) * 20.4, 50 + math.sin(a) * 20.4)],
            0.9,
            INK,
        )
    c.line([(50, 50), (42, 41)], 1.7, c.base)
    c.line([(50, 50), (60, 35)], 1.2, c.base)
    c.oval(50, 50, 1.7, colour=c.base)


@shape("necklace", "flat")
def necklace(c: Canvas) -> None:
    """A necklace with a pendant."""
    path = [(22, 12), (24, 34), (34, 54), (50, 64), (66, 54), (76, 34), (78, 12)]
    c.line(path, 1.9)
    c.ring(50, 66, 3, 3, 1.1, c.dark)
    c.blob([(50, 68), (60, 78), (50, 92), (40, 78)])
    c.poly([(50, 72), (56, 78), (50, 87), (44, 78)], c.light)


@shape("earrings", "flat")
def earrings(c: Canvas) -> None:
    """Two hoops with a bead."""
    for x, y in ((32, 48), (68, 52)):
        c.ring(x, y, 16, 18, 3.2)
        c.line([(x - 2, y - 18), (x + 3, y - 25)], 1.2, c.dark)
        c.oval(x, y + 19, 5)
        c.oval(x - 1.4, y + 17.6, 1.4, colour=c.light)


@shape("sunglasses")
def sunglasses(c: Canvas) -> None:
    """Sunglasses from the front."""
    c.line([(10, 44), (4, 40)], 3, c.dark)
    c.line([(90, 44), (96, 40)], 3, c.dark)
    for x in (29, 71):
        c.blob([(x - 20, 42), (x, 38), (x + 20, 42), (x + 18, 60), (x, 71), (x - 18, 60)])
        c.blob([(x - 15, 46), (x, 43), (x + 15, 46), (x + 13, 58), (x, 65), (x - 13, 58)], (54, 56, 64))
        c.poly([(x - 9, 47), (x - 2, 46), (x - 8, 58), (x - 12, 54)], (110, 114, 124))
    c.arc(50, 50, 7, 7, 200, 340, 3.2)
