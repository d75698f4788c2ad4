"""Clothes, laid flat."""

from __future__ import annotations

from .canvas import Canvas, mirrored
from .registry import shape
from .tones import BRASS, INK, METAL, WHITE


def _top(c: Canvas, length: float, sleeve: str, wide: float = 0) -> None:
    """Body and sleeves of a top; sleeves ``short``, ``long`` or drawn long and darker for outerwear."""
    if sleeve == "short":
        c.blob([(36, 17, 1), (22, 23), (8, 40, 1), (19, 50, 1), (31, 38, 1)], c.dark)
        c.blob([(64, 17, 1), (78, 23), (92, 40, 1), (81, 50, 1), (69, 38, 1)], c.dark)
    else:
        c.blob(
            [
                (36, 17, 1),
                (23 - wide, 24),
                (14 - wide, 50),
                (9 - wide, 80, 1),
                (20 - wide, 82, 1),
                (26, 56),
                (33, 40, 1),
            ],
            c.dark,
        )
        c.blob(
            [
                (64, 17, 1),
                (77 + wide, 24),
                (86 + wide, 50),
                (91 + wide, 80, 1),
                (80 + wide, 82, 1),
                (74, 56),
                (67, 40, 1),
            ],
            c.dark,
        )
    half = [(42, 15, 1), (34, 18), (27 - wide, 24, 1), (29 - wide, 44), (28.5 - wide, length, 1)]
    c.blob([*half, *((100 - x[0], *x[1:]) for x in reversed(half))])


@shape("tshirt", "flat")
def tshirt(c: Canvas) -> None:
    """A crew-neck T-shirt."""
    _top(c, 86, "short")
    c.pie(50, 15, 9.5, 8, 0, 180, c.deep)
    c.arc(50, 14.5, 10.5, 9.5, 5, 175, 1.8, c.light)
    c.seam([(30, 83.5), (70, 83.5)])
    c.seam([(12, 39), (21, 46.5)])
    c.seam([(88, 39), (79, 46.5)])


@shape("shirt", "flat")
def shirt(c: Canvas) -> None:
    """A shirt with collar and buttons."""
    _top(c, 87, "long")
    c.poly([(48, 18), (52, 18), (52, 87), (48, 87)], c.light)
    for y in (30, 42, 54, 66, 78):
        c.oval(50, y, 1, colour=c.deep)
    c.blob([(41, 13, 1), (50, 21, 1), (43, 29, 1), (36, 18, 1)], c.light)
    c.blob([(59, 13, 1), (50, 21, 1), (57, 29, 1), (64, 18, 1)], c.light)
    c.pie(50, 14, 8, 6, 0, 180, c.deep)
    c.box(56, 38, 66, 49, 1, c.dark)
    c.seam([(56.5, 41), (65.5, 41)])
    for x0, x1 in ((9, 20), (80, 91)):
        c.line([(x0, 77), (x1, 79)], 2.6, c.light)


@shape("dress", "hang")
def dress(c: Canvas) -> None:
    """A dress with a waist."""
    c.line([(38, 10), (36, 26)], 2, None)
    c.line([(62, 10), (64, 26)], 2, None)
    c.blob(
        [
            (38, 10, 1),
            (42, 20),
            (50, 24),
            (58, 20),
            (62, 10, 1),
            (67, 26),
            (63, 38),
            (61, 46),
            (70, 64),
            (81, 90, 1),
            (50, 93),
            (19, 90, 1),
            (30, 64),
            (39, 46),
            (37, 38),
            (33, 26),
        ]
    )
    c.blob([(39, 44, 1), (61, 44, 1), (62, 49, 1), (38, 49, 1)], c.deep)
    c.blob([(50, 47), (45, 43), (44, 50)], c.accent)
    c.blob([(50, 47), (55, 43), (56, 50)], c.accent)
    for x0, x1 in ((44, 36), (50, 50), (56, 64)):
        c.line([(x0, 52), (x1, 88)], 0.7, c.dark)
    c.seam([(21, 87), (50, 90), (79, 87)])


@shape("skirt", "hang")
def skirt(c: Canvas) -> None:
    """A pleated skirt."""
    c.blob([(34, 20, 1), (66, 20, 1), (76, 50), (86, 84, 1), (50, 88), (14, 84, 1), (24, 50)])
    for i in range(1, 8):
        x0, x1 = 34 + i * 4, 14 + i * 9
        c.line([(x0, 26), (x1, 85.5)], 0.8, c.dark)
    c.box(33, 16, 67, 24, 1.5, c.dark)
    c.oval(61, 20, 1.4, colour=BRASS)


def _legs(c: Canvas, bottom: float, flare: float, gap: float) -> None:
    left = [
        (29, 14, 1),
        (26 - flare * 0.5, 40),
        (24 - flare, bottom, 1),
        (41 + flare * 0.3 - gap, bottom, 1),
        (49, 38, 1),
    ]
    c.blob([*left, (50, 14, 1)])
    c.blob([*((100 - p[0], *p[1:]) for p in left), (50, 14, 1)])


@shape("trousers", "flat")
def trousers(c: Canvas) -> None:
    """Trousers or jeans with five pockets."""
    _legs(c, 91, 0, 0)
    c.box(28.5, 11, 71.5, 18, 1, c.dark)
    for x in (33, 45, 55, 67):
        c.box(x - 0.8, 10.5, x + 0.8, 18.5, 0.3, c.deep)
    c.arc(30, 18, 10, 10, 0, 90, 0.7, c.accent)
    c.arc(70, 18, 10, 10, 90, 180, 0.7, c.accent)
    c.line([(50, 18), (51, 32), (47, 38)], 0.6, c.accent)
    c.line([(50, 18), (50, 38)], 0.6, c.deep)
    c.oval(50, 14.6, 1.3, colour=BRASS)
    for x0, x1 in ((25, 40), (60, 75)):
        c.seam([(x0, 88.5), (x1, 88.5)])


@shape("leggings", "flat")
def leggings(c: Canvas) -> None:
    """Slim leggings with a wide waistband."""
    left = [(32, 12, 1), (30, 36), (33, 62), (34, 92, 1), (42, 92, 1), (46, 62), (49.4, 38, 1), (50, 12, 1)]
    c.blob(left)
    c.blob([(100 - p[0], *p[1:]) for p in left])
    c.box(31.5, 10, 68.5, 20, 1.5, c.dark)
    c.line([(31, 34), (34, 60)], 0.9, c.accent)
    c.line([(69, 34), (66, 60)], 0.9, c.accent)


@shape("shorts", "flat")
def shorts(c: Canvas) -> None:
    """Shorts with a drawcord."""
    left = [(27, 24, 1), (22, 48), (17, 74, 1), (46, 78, 1), (50, 50, 1), (50, 24, 1)]
    c.blob(left)
    c.blob([(100 - p[0], *p[1:]) for p in left])
    c.box(26, 20, 74, 29, 1.5, c.dark)
    c.line([(48, 28), (46, 42)], 1, WHITE)
    c.line([(52, 28), (54, 40)], 1, WHITE)
    c.line([(28, 32), (25, 46)], 0.8, c.deep)
    c.line([(72, 32), (75, 46)], 0.8, c.deep)
    c.seam([(18, 71), (46, 75)])
    c.seam([(82, 71), (54, 75)])


@shape("hoodie", "flat")
def hoodie(c: Canvas) -> None:
    """A hoodie with a kangaroo pocket."""
    c.blob([(32, 22), (34, 8), (50, 3), (66, 8), (68, 22), (50, 30)], c.dark)
    _top(c, 85, "long", 1)
    c.blob([(35, 18), (40, 9), (50, 7), (60, 9), (65, 18), (56, 27), (50, 30), (44, 27)], c.deep)
    c.blob(
        [(35, 18), (33, 24), (44, 32), (50, 33), (56, 32), (67, 24), (65, 18), (56, 27), (50, 30), (44, 27)], c.light
    )
    c.line([(46, 31), (45, 46)], 0.9, WHITE)
    c.line([(54, 31), (55, 44)], 0.9, WHITE)
    c.poly([(38, 60), (62, 60), (68, 70), (68, 79), (32, 79), (32, 70)], c.dark)
    c.seam([(38, 60.5), (32.5, 70)])
    c.seam([(62, 60.5), (67.5, 70)])
    c.box(27.5, 82, 72.5, 88, 1, c.dark)
    for x0, x1 in ((8, 19), (81, 92)):
        c.line([(x0, 79), (x1, 81)], 3.2, c.light)


@shape("sweater", "flat")
def sweater(c: Canvas) -> None:
    """A knitted sweater with ribbed edges."""
    _top(c, 83, "long", 1)
    c.box(28, 80, 72, 87, 1, c.dark)
    for x in range(30, 72, 3):
        c.line([(x, 81), (x, 86.5)], 0.4, c.deep)
    c.pie(50, 15, 10, 8, 0, 180, c.deep)
    c.arc(50, 14.5, 12, 11, 5, 175, 3, c.dark)
    for x0, x1 in ((8, 19), (81, 92)):
        c.line([(x0, 79), (x1, 81)], 3.6, c.deep)


@shape("jacket", "flat")
def jacket(c: Canvas) -> None:
    """A rain jacket with hood and storm flap."""
    c.blob([(34, 20), (36, 7), (50, 3), (64, 7), (66, 20), (50, 28)], c.dark)
    c.blob([(39, 19), (41, 10), (50, 7), (59, 10), (61, 19), (50, 25)], c.deep)
    _top(c, 89, "long", 1)
    c.poly([(47, 20), (53, 20), (53.5, 89), (46.5, 89)], c.light)
    for y in (32, 46, 60, 74):
        c.oval(50, y, 1.2, colour=INK)
    for x in (33, 57):
        c.poly([(x, 58), (x + 10, 58), (x + 10, 64), (x, 64)], c.dark)
    c.blob([(37, 17), (44, 20), (50, 25), (56, 20), (63, 17), (60, 24), (50, 30), (40, 24)], c.light)


@shape("puffer", "flat")
def puffer(c: Canvas) -> None:
    """A quilted jacket."""
    for s in (1, -1):
        for i in range(5):
            x, y = 50 - s * (26 + i * 3.6), 28 + i * 12
            c.blob([(x - 7, y - 5), (x + 7, y - 6), (x + 8, y + 6), (x - 6, y + 8)], c.dark)
    for i, y in enumerate((20, 32, 44, 56, 68, 80)):
        inset = 4 if i == 0 else 0
        c.box(28 + inset, y - 1, 72 - inset, y + 11, 5)
        c.line([(30 + inset, y + 10.6), (70 - inset, y + 10.6)], 0.9, c.deep)
    c.box(38, 10, 62, 22, 4, c.light)
    c.line([(50, 12), (50, 91)], 1.2, METAL)
    c.box(49, 24, 51, 30, 0.5, INK)


@shape("coat", "hang")
def coat(c: Canvas) -> None:
    """A long coat with lapels."""
    c.blob([(36, 12, 1), (24, 17), (15, 44), (12, 68, 1), (22, 70, 1), (32, 40, 1)], c.dark)
    c.blob([(64, 12, 1), (76, 17), (85, 44), (88, 68, 1), (78, 70, 1), (68, 40, 1)], c.dark)
    c.blob(mirrored([(42, 10, 1), (34, 12), (28, 18), (31, 46), (25, 94, 1)]))
    c.poly([(42, 10), (50, 42), (58, 10), (50, 15)], WHITE)
    c.poly([(46, 12), (50, 42), (54, 12), (50, 14)], c.deep)
    c.poly([(42, 9), (35, 20), (40, 26), (37, 29), (50, 46)], c.light)
    c.poly([(58, 9), (65, 20), (60, 26), (63, 29), (50, 46)], c.light)
    c.line([(50, 46), (50, 94)], 0.8, c.deep)
    for y in (52, 62, 72):
        c.oval(54, y, 1.5, colour=INK)
    c.box(32, 62, 43, 66, 0.8, c.dark)
    c.box(57, 62, 68, 66, 0.8, c.dark)


@shape("pyjamas", "flat")
def pyjamas(c: Canvas) -> None:
    """A pyjama top over folded trousers."""
    c.box(22, 58, 78, 92, 3, c.dark)
    c.line([(50, 62), (50, 91)], 0.7, c.deep)
    c.box(22, 56, 78, 90, 3)
    c.line([(50, 60), (50, 89)], 0.7, c.deep)
    c.blob([(38, 10, 1), (24, 15), (12, 34, 1), (23, 44, 1), (32, 34, 1)], c.dark)
    c.blob([(62, 10, 1), (76, 15), (88, 34, 1), (77, 44, 1), (68, 34, 1)], c.dark)
    c.blob(mirrored([(43, 9, 1), (34, 11), (28, 16), (29, 62, 1)]))
    c.poly([(43, 9), (50, 26), (57, 9), (50, 12)], WHITE)
    c.line([(42, 9), (50, 27), (58, 9)], 1.2, c.accent, smooth=False)
    c.line([(50, 27), (50, 62)], 0.8, c.accent)
    for y in (32, 42, 52):
        c.oval(52, y, 1.1, colour=WHITE)


@shape("socks", "flat")
def socks(c: Canvas) -> None:
    """A pair of socks."""
    for dx, dy in ((14, 0), (-8, 4)):
        c.blob(
            [
                (34 + dx, 12 + dy, 1),
                (54 + dx, 12 + dy, 1),
                (55 + dx, 40 + dy),
                (56 + dx, 54 + dy),
                (46 + dx, 70 + dy),
                (26 + dx, 82 + dy),
                (17 + dx, 78 + dy),
                (20 + dx, 68 + dy),
                (34 + dx, 56 + dy),
                (35 + dx, 36 + dy),
            ]
        )
        c.box(33 + dx, 10 + dy, 55 + dx, 20 + dy, 1.5, c.dark)
        c.blob(
            [(17 + dx, 78 + dy), (20 + dx, 69 + dy), (28 + dx, 72 + dy), (32 + dx, 79 + dy), (25 + dx, 83 + dy)], c.dark
        )
        c.blob([(44 + dx, 56 + dy), (56 + dx, 52 + dy), (54 + dx, 62 + dy), (47 + dx, 66 + dy)], c.dark)


@shape("scarf", "flat")
def scarf(c: Canvas) -> None:
    """A scarf, folded, with fringe."""
    for x in range(27, 46, 3):
        c.line([(x, 84), (x - 0.5, 93)], 0.9, c.dark)
    for x in range(57, 76, 3):
        c.line([(x, 76), (x + 0.5, 86)], 0.9, c.deep)
    c.poly([(55, 30), (78, 30), (77, 78), (56, 78)], c.dark)
    c.poly([(26, 30), (50, 30), (46, 86), (26, 86)])
    c.blob([(24, 28), (30, 10), (50, 6), (70, 10), (77, 28), (68, 40), (50, 44), (32, 40)])
    c.blob([(34, 24), (40, 16), (50, 14), (60, 16), (66, 24), (58, 30), (50, 32), (42, 30)], c.deep)


@shape("beanie")
def beanie(c: Canvas) -> None:
    """A knitted hat with a bobble."""
    c.oval(50, 17, 9, colour=c.light)
    for x, y in ((45, 13), (52, 12), (55, 18), (47, 20), (50, 16)):
        c.oval(x, y, 3, colour=c.accent)
    c.blob([(20, 66, 1), (20, 48), (28, 30), (42, 22), (58, 22), (72, 30), (80, 48), (80, 66, 1)])
    c.box(17, 62, 83, 82, 4, c.dark)
    for x in range(21, 82, 4):
        c.line([(x, 64), (x, 80.5)], 0.6, c.deep)


@shape("cap")
def cap(c: Canvas) -> None:
    """A baseball cap, the brim to the right."""
    c.blob([(14, 68, 1), (14, 52), (22, 34), (40, 26), (58, 32), (66, 48), (68, 66, 1)])
    c.blob([(60, 62), (78, 62), (94, 70), (92, 75), (72, 70), (40, 70), (46, 64)], c.dark)
    c.line([(40, 26), (46, 46), (47, 67)], 0.6, c.deep)
    c.line([(40, 26), (26, 44), (22, 67)], 0.6, c.deep)
    c.oval(40, 26, 2.2, 1.6, c.dark)
    c.line([(14, 67.5), (40, 67), (66, 65.5)], 1.4, c.dark)
    c.oval(33, 44, 1, colour=c.deep)
    c.oval(54, 44, 1, colour=c.deep)
