"""Furniture."""

from __future__ import annotations

from .canvas import Canvas
from .registry import shape
from .tones import INK, PAPER, STEEL, WHITE, WOOD, darker

LEG = darker(WOOD, 0.2)


@shape("sofa")
def sofa(c: Canvas) -> None:
    """A two-cushion sofa on wooden legs."""
    for x in (14, 82):
        c.poly([(x, 78), (x + 4, 78), (x + 3, 90), (x + 1, 90)], LEG)
    c.box(11, 34, 89, 66, 6, c.dark)
    c.box(14, 36, 49.5, 64, 4)
    c.box(50.5, 36, 86, 64, 4)
    c.box(12, 66, 88, 82, 3, c.dark)
    c.box(14, 58, 49.6, 73, 4, c.light)
    c.box(50.4, 58, 86, 73, 4, c.light)
    c.box(5, 48, 17, 82, 5)
    c.box(83, 48, 95, 82, 5)
    c.poly([(22, 44), (35, 42), (37, 56), (24, 58)], c.accent)


@shape("armchair")
def armchair(c: Canvas) -> None:
    """An armchair with a high back."""
    for x in (27, 69):
        c.poly([(x, 78), (x + 4, 78), (x + 3, 91), (x + 1, 91)], LEG)
    c.blob([(26, 66), (25, 30), (32, 18), (50, 15), (68, 18), (75, 30), (74, 66)], c.dark)
    c.blob([(31, 64), (31, 32), (36, 23), (50, 20), (64, 23), (69, 32), (69, 64)])
    c.box(24, 64, 76, 82, 4, c.dark)
    c.box(29, 56, 71, 72, 5, c.light)
    c.box(17, 46, 31, 82, 6)
    c.box(69, 46, 83, 82, 6)
    for x, y in ((42, 34), (58, 34), (50, 43)):
        c.oval(x, y, 1.2, colour=c.deep)


@shape("chair")
def chair(c: Canvas) -> None:
    """A dining chair."""
    c.poly([(32, 12), (37, 12), (38, 60), (33, 60)], c.dark)
    c.poly([(63, 12), (68, 12), (67, 60), (62, 60)], c.dark)
    c.blob([(31, 12), (50, 9), (69, 12), (69, 28), (50, 30), (31, 28)])
    c.box(34, 38, 66, 43, 1.5)
    c.poly([(34, 62), (39, 62), (36, 91), (32, 91)], c.deep)
    c.poly([(61, 62), (66, 62), (68, 91), (64, 91)], c.deep)
    c.blob([(28, 60), (32, 55), (68, 55), (72, 60), (70, 66), (30, 66)])
    c.poly([(28, 64), (33, 64), (28, 93), (24, 93)], c.dark)
    c.poly([(67, 64), (72, 64), (76, 93), (72, 93)], c.dark)


@shape("officechair")
def officechair(c: Canvas) -> None:
    """A swivel chair on castors."""
    c.box(47.5, 64, 52.5, 84, 1, STEEL)
    for x in (24, 38, 62, 76):
        c.line([(50, 82), (x, 88)], 2.4, INK)
        c.oval(x, 90, 2.6, colour=INK)
    c.oval(50, 91, 2.6, colour=INK)
    c.blob([(33, 52), (30, 28), (34, 12), (50, 8), (66, 12), (70, 28), (67, 52), (50, 55)])
    for y in (20, 27, 34, 41):
        c.line([(36, y), (50, y + 1.4), (64, y)], 0.7, c.dark)
    c.box(46, 50, 54, 60, 1, STEEL)
    c.line([(26, 62), (24, 48), (32, 45)], 2.6, INK)
    c.line([(74, 62), (76, 48), (68, 45)], 2.6, INK)
    c.box(27, 58, 73, 68, 5, c.dark)
    c.box(28, 57, 72, 64, 3.5)


@shape("coffeetable")
def coffeetable(c: Canvas) -> None:
    """A low table with a shelf, a book and a cup."""
    c.poly([(14, 58), (19, 58), (16, 86), (12, 86)], c.dark)
    c.poly([(81, 58), (86, 58), (88, 86), (84, 86)], c.dark)
    c.box(16, 72, 84, 75.5, 1, c.dark)
    c.box(8, 52, 92, 60, 2.5)
    c.box(24, 47, 46, 52, 0.8, (176, 84, 74))
    c.box(26, 43.5, 45, 47, 0.8, PAPER)
    c.box(62, 43, 72, 52, 1.8, WHITE)
    c.ring(73, 47, 3, 3, 1.1, WHITE)


@shape("table")
def table(c: Canvas) -> None:
    """A dining table with a vase."""
    c.poly([(14, 50), (21, 50), (18, 90), (13, 90)], c.dark)
    c.poly([(79, 50), (86, 50), (87, 90), (82, 90)], c.dark)
    c.box(14, 50, 86, 57, 1, c.dark)
    c.box(6, 43, 94, 51, 2)
    c.blob([(47, 43), (45, 36), (48, 30), (52, 30), (55, 36), (53, 43)], WHITE)
    for x, y in ((44, 20), (50, 16), (56, 21)):
        c.line([(50, 31), (x, y)], 0.7, (86, 140, 84))
        c.oval(x, y, 3, colour=(222, 120, 110))


@shape("desk")
def desk(c: Canvas) -> None:
    """A desk with drawers and a laptop."""
    c.poly([(10, 52), (15, 52), (13, 90), (9, 90)], c.dark)
    c.box(60, 50, 90, 90, 1.5, c.dark)
    for y in (54, 66, 78):
        c.box(62, y, 88, y + 10, 1)
        c.oval(75, y + 5, 1.3, colour=INK)
    c.box(6, 45, 94, 52, 1.5)
    c.box(26, 24, 52, 44, 1.5, STEEL)
    c.box(28, 26, 50, 42, 0.8, (70, 96, 128))
    c.box(22, 43.2, 56, 45, 0.8, STEEL)


@shape("bookcase")
def bookcase(c: Canvas) -> None:
    """A bookcase, half full."""
    c.box(22, 8, 78, 92, 1.5, c.dark)
    inner = darker(c.base, 0.5)
    spines = ((176, 84, 74), (74, 110, 150), (206, 168, 92), (94, 138, 108), (120, 92, 130), (226, 214, 190))
    for row, y in enumerate((12, 32, 52, 72)):
        c.box(26, y, 74, y + 16, 0.5, inner)
        x = 27.0
        for i in range(7 if row % 2 else 5):
            w, h = 3 + (i * 7 + row * 3) % 3, 10 + (i * 5 + row) % 5
            c.box(x, y + 16 - h, x + w, y + 16, 0.4, spines[(i + row * 2) % len(spines)])
            x += w + 0.6
        if row == 1:
            c.oval(69, y + 12, 3.2, colour=(210, 190, 160))
    for y in (8, 28, 48, 68, 88):
        c.box(22, y, 78, y + 4, 0.8)
    c.box(22, 8, 26, 92, 0.8)
    c.box(74, 8, 78, 92, 0.8)


@shape("bed")
def bed(c: Canvas) -> None:
    """A bed frame with bedding, seen from the foot."""
    c.box(12, 22, 88, 70, 4)
    for x in (31, 50, 69):
        c.line([(x, 25), (x, 52)], 0.7, c.dark)
    c.box(18, 44, 46, 58, 4, WHITE)
    c.box(54, 44, 82, 58, 4, WHITE)
    c.blob([(12, 60), (20, 54), (50, 56), (80, 54), (88, 60), (89, 78), (11, 78)], (232, 230, 226))
    c.line([(14, 62), (50, 64), (86, 62)], 0.8, (206, 204, 200))
    c.box(8, 70, 92, 84, 2)
    c.box(10, 84, 15, 91, 0.6, c.dark)
    c.box(85, 84, 90, 91, 0.6, c.dark)


@shape("bedside")
def bedside(c: Canvas) -> None:
    """A bedside table with a drawer."""
    for x in (27, 69):
        c.poly([(x, 78), (x + 4, 78), (x + 3, 91), (x + 1, 91)], c.dark)
    c.box(24, 40, 76, 80, 2, c.dark)
    c.box(22, 36, 78, 42, 1.5)
    c.box(27, 45, 73, 58, 1)
    c.box(27, 60, 73, 77, 0.8, c.deep)
    c.oval(50, 51.5, 1.7, colour=(196, 158, 88))
    c.box(32, 70, 56, 74, 0.6, (74, 110, 150))
    c.box(34, 66.5, 54, 70, 0.6, (206, 168, 92))
    c.blob([(34, 36), (33, 24), (36, 20), (44, 20), (47, 24), (46, 36)], (214, 228, 232))
    c.box(52, 33, 70, 36, 0.6, PAPER)


@shape("stool")
def stool(c: Canvas) -> None:
    """A bar stool with a foot rail."""
    c.line([(38, 30), (28, 91)], 3, c.dark)
    c.line([(62, 30), (72, 91)], 3, c.dark)
    c.line([(44, 30), (42, 88)], 2.6, c.deep)
    c.line([(56, 30), (58, 88)], 2.6, c.deep)
    c.line([(31.5, 68), (68.5, 68)], 2.2, STEEL)
    c.blob([(27, 24), (34, 18), (66, 18), (73, 24), (66, 32), (34, 32)])
    c.oval(50, 21.5, 17, 2.6, c.light)
