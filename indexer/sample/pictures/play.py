"""Toys and games."""

from __future__ import annotations

from .canvas import Canvas
from .registry import shape
from .tones import CREAM, INK, METAL, WHITE, WOOD

PRIMARIES = ((222, 76, 68), (246, 194, 66), (74, 140, 198), (100, 168, 104))


@shape("teddy")
def teddy(c: Canvas) -> None:
    """A sitting teddy bear."""
    for x in (34, 66):
        c.oval(x, 20, 8.4)
        c.oval(x, 20, 4.6, colour=c.light)
    c.oval(26, 60, 8, 13)
    c.oval(74, 60, 8, 13)
    c.oval(50, 66, 22, 21)
    c.oval(50, 68, 13, 14, c.light)
    c.oval(32, 82, 11, 9)
    c.oval(68, 82, 11, 9)
    c.oval(30, 83, 6, colour=c.light)
    c.oval(70, 83, 6, colour=c.light)
    c.oval(50, 34, 21, 19)
    c.oval(50, 41, 9.4, 7.6, c.light)
    c.oval(50, 38, 3.4, 2.4, INK)
    c.line([(50, 40), (50, 43)], 0.7, INK)
    c.arc(47.6, 42.4, 2.6, 2.4, 0, 150, 0.7, INK)
    c.arc(52.4, 42.4, 2.6, 2.4, 30, 180, 0.7, INK)
    c.oval(42, 31, 1.9, colour=INK)
    c.oval(58, 31, 1.9, colour=INK)
    c.poly([(50, 53), (41, 49), (41, 57)], (206, 62, 62))
    c.poly([(50, 53), (59, 49), (59, 57)], (206, 62, 62))
    c.oval(50, 53, 2, colour=(166, 42, 46))


@shape("puzzle", "flat")
def puzzle(c: Canvas) -> None:
    """Four pieces of a puzzle, one apart."""
    tones = (c.base, c.light, c.dark, c.base)
    for i, (x, y) in enumerate(((16, 16), (46, 14), (14, 48), (52, 54))):
        c.box(x, y, x + 30, y + 30, 1.5, tones[i])
        c.ring(x + 15, y + 15, 10, 10, 0.1, tones[i])
    c.oval(46, 31, 5.2, colour=tones[0])
    c.oval(31, 46, 5.2, colour=tones[0])
    c.oval(61, 44.4, 5, colour=tones[1])
    c.oval(44, 63, 5.2, colour=tones[2])
    c.oval(82, 66, 5, colour=tones[3])
    c.oval(66, 84, 5, colour=tones[3])
    c.oval(52.4, 70, 5, colour=(238, 236, 232))
    c.line([(46, 16), (46, 25)], 0.5, c.deep)
    c.line([(16, 46.4), (25, 46.4)], 0.5, c.deep)


@shape("blocks")
def blocks(c: Canvas) -> None:
    """A tower of blocks."""
    c.box(10, 60, 37, 87, 2)
    c.box(38.5, 60, 65.5, 87, 2, c.light)
    c.box(67, 60, 92, 87, 2, c.dark)
    c.box(24, 32, 51, 59, 2)
    c.box(52.5, 32, 79.5, 59, 2, PRIMARIES[1])
    c.poly([(38, 31), (65, 31), (51.5, 8)])
    c.oval(23.5, 73.5, 6, colour=c.light)
    c.poly([(52, 66), (60, 81), (44, 81)], c.dark)
    c.box(73, 67, 86, 80, 1, c.light)
    c.oval(66, 45.5, 6.4, colour=WHITE)
    c.line([(31, 45), (44, 45)], 3, c.accent)
    c.line([(37.5, 39), (37.5, 52)], 3, c.accent)


@shape("toycar")
def toycar(c: Canvas) -> None:
    """A wooden toy car."""
    c.blob([(28, 56, 1), (34, 38), (46, 33), (60, 34), (70, 44), (76, 56, 1)])
    c.blob([(35, 54, 1), (38, 42), (50, 39, 1), (50, 54, 1)], (206, 226, 238))
    c.blob([(54, 54, 1), (54, 39, 1), (62, 41), (69, 54, 1)], (206, 226, 238))
    c.blob([(7, 76, 1), (8, 62), (18, 56), (50, 54), (82, 56), (93, 64), (94, 76, 1)])
    c.box(6, 70, 95, 77, 3, c.dark)
    for x in (27, 74):
        c.oval(x, 77, 11.4, colour=INK)
        c.oval(x, 77, 6, colour=WOOD)
        c.oval(x, 77, 1.8, colour=INK)
    c.oval(90, 64, 2.8, colour=(255, 236, 160))


@shape("boardgame")
def boardgame(c: Canvas) -> None:
    """A game box with its lid, dice and meeples."""
    c.poly([(8, 34), (62, 20), (92, 34), (38, 50)], c.light)
    c.poly([(8, 34), (38, 50), (38, 84), (8, 66)])
    c.poly([(38, 50), (92, 34), (92, 66), (38, 84)], c.dark)
    for i in range(3):
        for j in range(3):
            if (i + j) % 2 == 0:
                x, y = 30 + i * 13 - j * 8, 30 + i * -2.6 + j * 4.2
                c.poly([(x, y), (x + 11, y - 2.4), (x + 17, y + 1.2), (x + 6, y + 4)], c.accent)
    c.poly([(46, 58), (84, 47), (84, 55), (46, 67)], CREAM)
    c.box(66, 74, 78, 86, 2, WHITE)
    for x, y in ((69, 77), (75, 83), (72, 80)):
        c.oval(x, y, 1.1, colour=INK)
    for x, tone in ((84, PRIMARIES[0]), (92, PRIMARIES[3])):
        c.oval(x, 75, 2.6, colour=tone)
        c.poly([(x, 76), (x + 4.4, 86), (x - 4.4, 86)], tone)


@shape("kite", "hang")
def kite(c: Canvas) -> None:
    """A diamond kite with a tail."""
    c.line([(58, 68), (50, 78), (62, 84), (52, 95)], 0.8, INK)
    for x, y, i in ((53, 75, 0), (57, 82, 1), (56, 90, 2)):
        c.poly([(x, y), (x - 5, y - 3), (x - 4, y + 3)], PRIMARIES[i])
        c.poly([(x, y), (x + 5, y - 3), (x + 4, y + 3)], PRIMARIES[i])
    c.poly([(46, 4), (84, 30), (58, 70), (16, 34)])
    c.poly([(46, 4), (84, 30), (51, 32.6)], c.light)
    c.poly([(58, 70), (16, 34), (51, 32.6)], c.dark)
    c.line([(46, 4), (58, 70)], 0.8, INK)
    c.line([(16, 34), (84, 30)], 0.8, INK)


@shape("train")
def train(c: Canvas) -> None:
    """A wooden engine with a wagon."""
    c.line([(2, 89), (98, 89)], 1.6, WOOD)
    c.box(4, 62, 34, 80, 2, c.light)
    c.box(8, 52, 30, 63, 1, WOOD)
    c.line([(34, 76), (42, 76)], 2, INK)
    c.box(42, 58, 94, 80, 3)
    c.box(44, 34, 64, 62, 2)
    c.box(40, 30, 68, 36, 2, c.dark)
    c.box(48, 40, 60, 52, 1.5, (206, 226, 238))
    c.box(64, 52, 92, 74, 6, c.dark)
    c.box(80, 36, 88, 54, 1.5, c.deep)
    c.blob([(78, 36), (79, 31), (89, 31), (90, 36)], c.deep)
    for x, y, r in ((80, 24, 4), (73, 17, 5), (64, 11, 6)):
        c.oval(x, y, r, colour=(226, 228, 232))
    for x in (11, 27, 51, 67, 84):
        c.oval(x, 82, 7, colour=INK)
        c.oval(x, 82, 3, colour=PRIMARIES[1])


@shape("doll")
def doll(c: Canvas) -> None:
    """A rag doll in a dress."""
    skin = (238, 204, 176)
    for x in (43, 57):
        c.line([(x, 76), (x, 88)], 5, skin)
        c.oval(x, 90, 4.6, 3, INK)
    c.line([(38, 46), (24, 60)], 5, skin)
    c.line([(62, 46), (76, 60)], 5, skin)
    c.blob([(40, 40, 1), (60, 40, 1), (66, 58), (76, 80, 1), (50, 84), (24, 80, 1), (34, 58)])
    c.line([(26, 78.5), (50, 82), (74, 78.5)], 1.6, WHITE)
    c.oval(50, 26, 17.6, 17, (150, 88, 52))
    c.oval(30, 36, 6, 9, (150, 88, 52))
    c.oval(70, 36, 6, 9, (150, 88, 52))
    c.oval(50, 28, 13.4, 13, skin)
    c.pie(50, 24, 14, 12, 180, 360, (150, 88, 52))
    c.oval(45, 29, 1.4, colour=INK)
    c.oval(55, 29, 1.4, colour=INK)
    c.oval(42, 33, 2.2, 1.5, (236, 160, 150))
    c.oval(58, 33, 2.2, 1.5, (236, 160, 150))
    c.arc(50, 32, 4, 3.4, 20, 160, 0.8, (180, 70, 70))
    c.box(44, 39, 56, 43, 2, WHITE)


@shape("ball")
def ball(c: Canvas) -> None:
    """A football."""
    patch = c.deep
    c.oval(50, 52, 36)
    c.poly([(50, 38), (63, 47), (58, 62), (42, 62), (37, 47)], patch)
    for points in (
        [(50, 16.4), (60, 19), (50, 26), (40, 19)],
        [(84, 40), (86, 54), (77, 51), (76, 40)],
        [(72, 80), (62, 86), (63, 76), (72, 71)],
        [(28, 80), (38, 86), (37, 76), (28, 71)],
        [(16, 40), (14, 54), (23, 51), (24, 40)],
    ):
        c.poly(points, patch)
    for a, b in (
        ((50, 38), (50, 26)),
        ((63, 47), (76, 42)),
        ((58, 62), (64, 74)),
        ((42, 62), (36, 74)),
        ((37, 47), (24, 42)),
    ):
        c.line([a, b], 0.9, c.dark)


@shape("skateboard")
def skateboard(c: Canvas) -> None:
    """A skateboard from the side, leaning."""
    c.blob(
        [
            (4, 50),
            (10, 53),
            (20, 60),
            (80, 60),
            (90, 53),
            (96, 50),
            (97, 54),
            (90, 62),
            (80, 68),
            (20, 68),
            (10, 62),
            (3, 54),
        ]
    )
    c.line([(5, 51), (20, 60), (80, 60), (95, 51)], 1.4, INK)
    for x in (27, 73):
        c.poly([(x - 6, 67), (x + 6, 67), (x + 3, 76), (x - 3, 76)], METAL)
        c.oval(x, 79, 7.4, colour=CREAM)
        c.oval(x, 79, 2.6, colour=INK)


@shape("catmouse", "flat")
def catmouse(c: Canvas) -> None:
    """A toy mouse."""
    c.line([(80, 66), (90, 56), (92, 38), (84, 28)], 2.2, (226, 150, 150))
    c.blob([(10, 68), (22, 52), (44, 44), (68, 46), (84, 60), (80, 76), (56, 80), (28, 78)])
    c.oval(36, 46, 9)
    c.oval(36, 46, 5.4, colour=(236, 176, 176))
    c.oval(54, 43, 8, colour=c.dark)
    c.oval(24, 62, 1.8, colour=INK)
    c.oval(11, 67, 2.6, colour=(226, 130, 130))
    for dy in (-5, 0, 5):
        c.line([(16, 70), (4, 73 + dy)], 0.5, INK)
