"""What stands in a kitchen."""

from __future__ import annotations

from .canvas import Canvas
from .registry import shape
from .tones import BRASS, INK, METAL, STEEL, WHITE, WOOD

COFFEE = (92, 58, 40)
GREEN = (98, 150, 84)


@shape("mug")
def mug(c: Canvas) -> None:
    """A mug with coffee."""
    c.ring(74, 52, 14, 15, 4.6, c.dark)
    c.blob([(22, 28, 1), (23, 60), (26, 80), (34, 85), (60, 85), (68, 80), (71, 60), (72, 28, 1)])
    c.oval(47, 28, 25, 5.5, c.light)
    c.oval(47, 28.6, 22.4, 4.2, COFFEE)
    c.blob([(28, 40), (31, 40), (33, 68), (30, 68)], c.light)


@shape("kettle")
def kettle(c: Canvas) -> None:
    """An electric kettle on its base."""
    c.box(24, 83, 72, 89, 2.5, INK)
    c.poly([(66, 30), (84, 24), (86, 28), (70, 46)], c.dark)
    c.line([(30, 24), (12, 30), (13, 62), (28, 72)], 4.6, INK)
    c.blob([(28, 82, 1), (29, 50), (34, 24, 1), (64, 24, 1), (69, 50), (70, 82, 1)])
    c.box(33, 19, 65, 26, 2.5, c.dark)
    c.box(45, 14, 53, 20, 2, INK)
    c.blob([(36, 34), (39, 34), (38, 72), (34, 72)], c.light)
    c.box(56, 44, 61, 70, 2, (206, 226, 234))
    c.box(57, 56, 60, 69, 1, (134, 180, 212))


@shape("teapot")
def teapot(c: Canvas) -> None:
    """A round teapot."""
    c.blob([(70, 62), (82, 52), (86, 38), (93, 36), (92, 42), (86, 62), (72, 76)], c.dark)
    c.ring(23, 58, 14, 15, 4, c.dark)
    c.blob([(24, 62), (30, 44), (50, 38), (70, 44), (76, 62), (68, 80), (50, 85), (32, 80)])
    c.blob([(34, 42), (50, 36), (66, 42), (50, 46)], c.dark)
    c.oval(50, 34, 3.6, colour=c.deep)
    c.blob([(34, 54), (37, 50), (39, 66), (36, 70)], c.light)
    c.box(38, 83, 62, 87, 1.5, c.deep)


@shape("pan", "flat")
def pan(c: Canvas) -> None:
    """A frying pan from above, with an egg."""
    c.line([(62, 62), (90, 88)], 6.5, WOOD if c.material != "stainless steel" else STEEL)
    c.oval(88, 86.4, 1.3, colour=INK)
    c.oval(42, 44, 36, colour=c.dark)
    c.oval(42, 44, 33)
    c.ring(42, 44, 28, 28, 0.8, c.light)
    c.blob([(32, 40), (42, 32), (54, 37), (56, 48), (46, 56), (34, 52)], WHITE)
    c.oval(44, 44, 6, colour=(250, 190, 60))


@shape("pot")
def pot(c: Canvas) -> None:
    """A cooking pot with lid."""
    c.box(8, 48, 24, 54, 2.5, STEEL)
    c.box(76, 48, 92, 54, 2.5, STEEL)
    c.blob([(18, 40, 1), (82, 40, 1), (81, 70), (76, 84), (50, 86), (24, 84), (19, 70)])
    c.blob([(15, 40), (24, 30), (50, 25), (76, 30), (85, 40), (50, 43)], c.dark)
    c.box(44, 17, 56, 25, 3, INK)
    c.blob([(26, 48), (30, 48), (31, 72), (28, 72)], c.light)


@shape("knife", "flat")
def knife(c: Canvas) -> None:
    """A chef's knife on a slant with herbs."""
    c.blob([(12, 74), (34, 44), (66, 22, 1), (74, 30, 1), (56, 54), (30, 74), (16, 79)])
    c.line([(16, 76), (34, 72), (56, 53), (73, 31)], 0.9, (232, 236, 240))
    c.poly([(64, 22), (70, 17), (79, 26), (74, 31)], STEEL)
    c.line([(74, 22), (92, 5)], 8, INK)
    for x, y in ((77, 19), (83, 13.5), (89, 8)):
        c.oval(x, y, 1.1, colour=METAL)
    for x, y in ((60, 78), (68, 74), (75, 80), (66, 84)):
        c.oval(x, y, 4, 2.4, GREEN)


@shape("board", "flat")
def board(c: Canvas) -> None:
    """A chopping board with bread."""
    c.box(42, 8, 58, 26, 5)
    c.oval(50, 14, 2.2, colour=c.deep)
    c.box(18, 20, 82, 90, 6)
    c.ring(50, 55, 27, 30, 0.8, c.dark)
    c.blob([(32, 66), (36, 50), (52, 46), (68, 52), (70, 66), (52, 72)], (196, 132, 70))
    for x in (42, 51, 60):
        c.line([(x - 2, 52), (x + 3, 62)], 1.6, (232, 190, 130))


@shape("bottle")
def bottle(c: Canvas) -> None:
    """A drinking bottle."""
    c.box(39, 6, 61, 20, 3, INK)
    c.arc(50, 8, 9, 7, 180, 360, 2.2, INK)
    c.blob(
        [
            (40, 18, 1),
            (60, 18, 1),
            (62, 26),
            (68, 34),
            (68, 60),
            (67, 86),
            (62, 90),
            (38, 90),
            (33, 86),
            (32, 60),
            (32, 34),
            (38, 26),
        ]
    )
    c.blob([(38, 36), (41, 36), (41, 80), (38, 80)], c.light)
    c.box(32.5, 78, 67.5, 80, 0.2, c.dark)


@shape("lunchbox")
def lunchbox(c: Canvas) -> None:
    """A lunch box with clips, an apple beside it."""
    c.oval(84, 76, 10, colour=(196, 56, 52))
    c.line([(84, 67), (86, 61)], 1, WOOD)
    c.oval(89, 63, 3, 1.6, GREEN)
    c.box(8, 48, 76, 86, 5)
    c.box(6, 40, 78, 53, 4, c.dark)
    c.box(18, 44, 28, 60, 1.5, c.light)
    c.box(56, 44, 66, 60, 1.5, c.light)
    c.box(30, 63, 54, 78, 2, c.light)


@shape("wineglass")
def wineglass(c: Canvas) -> None:
    """Two wine glasses."""
    rim = (196, 208, 214, 220)
    for dx, dy in ((17, -3), (-13, 2)):
        c.oval(50 + dx, 86 + dy, 13, 3, rim)
        c.box(49 + dx, 56 + dy, 51 + dx, 86 + dy, 0.5, rim)
        c.blob(
            [
                (37 + dx, 18 + dy, 1),
                (63 + dx, 18 + dy, 1),
                (67 + dx, 38 + dy),
                (60 + dx, 54 + dy),
                (50 + dx, 59 + dy),
                (40 + dx, 54 + dy),
                (33 + dx, 38 + dy),
            ]
        )
        c.oval(50 + dx, 18 + dy, 13, 2.6, (226, 234, 238, 230))
        c.line([(39 + dx, 26 + dy), (37 + dx, 38 + dy), (41 + dx, 49 + dy)], 1.1, (250, 252, 252, 240))


@shape("bowl")
def bowl(c: Canvas) -> None:
    """A bowl with salad."""
    for x, y, g in ((32, 42, 0), (42, 36, 1), (54, 38, 0), (66, 42, 1), (50, 44, 1), (38, 46, 1), (60, 46, 0)):
        c.oval(x, y, 9, 6, GREEN if g else (134, 176, 92))
    c.oval(58, 38, 4.6, colour=(208, 66, 54))
    c.oval(40, 42, 4.2, colour=(208, 66, 54))
    c.blob([(8, 46, 1), (92, 46, 1), (86, 66), (70, 82), (50, 85), (30, 82), (14, 66)])
    c.line([(8.6, 47), (91.4, 47)], 1.6, c.light)
    c.box(38, 83, 62, 88, 1.5, c.dark)


@shape("frenchpress")
def frenchpress(c: Canvas) -> None:
    """A French press, half full."""
    frame = c.base if c.material == "stainless steel" else STEEL
    c.line([(68, 36), (84, 38), (84, 70), (68, 74)], 4, INK)
    c.box(48.6, 8, 51.4, 30, 0.5, METAL)
    c.oval(50, 8, 4.4, colour=INK)
    c.box(30, 30, 70, 88, 3, (214, 226, 230, 170) if c.material == "glass" else None)
    if c.material == "glass":
        c.box(31.5, 52, 68.5, 86, 2, (*COFFEE, 225))
    c.box(30, 40, 70, 43, 0.4, frame)
    c.box(30, 74, 70, 77, 0.4, frame)
    c.blob([(27, 32), (32, 24), (50, 21), (68, 24), (73, 32)], frame)
    c.box(28, 86, 72, 90, 1.5, frame)
    c.poly([(30, 32), (30, 38), (22, 32)], frame)


@shape("plate", "flat")
def plate(c: Canvas) -> None:
    """A stack of plates from above."""
    c.oval(55, 56, 36, colour=c.deep)
    c.oval(53, 53, 36, colour=c.dark)
    c.oval(50, 50, 37)
    c.ring(50, 50, 37, 37, 1, c.accent)
    c.oval(50, 50, 24, colour=c.light)
    c.ring(50, 50, 24, 24, 0.8, c.dark)
    c.line([(91, 20), (91, 80)], 1.8, BRASS)
