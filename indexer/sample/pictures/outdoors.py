"""Sports, garden and pets."""

from __future__ import annotations

import math

from .canvas import Canvas
from .registry import shape
from .tones import BRASS, CREAM, INK, LEAF, METAL, STEEL, WHITE, WOOD


@shape("yogamat")
def yogamat(c: Canvas) -> None:
    """A yoga mat, half rolled."""
    c.poly([(30, 66), (92, 66), (96, 84), (34, 84)])
    c.line([(31, 66.4), (92, 66.4)], 0.8, c.light)
    c.box(12, 40, 44, 86, 15, c.dark)
    c.oval(28, 62, 17, 23)
    for r in (0.78, 0.56, 0.34, 0.14):
        c.ring(28, 62, 17 * r, 23 * r, 0.9, c.deep)
    c.line([(58, 66), (62, 84)], 2, c.accent)
    c.line([(66, 66), (70, 84)], 2, c.accent)


@shape("dumbbell")
def dumbbell(c: Canvas) -> None:
    """Two dumbbells."""
    for dx, dy in ((6, -18), (-4, 6)):
        c.box(34 + dx, 62 + dy, 66 + dx, 70 + dy, 2, STEEL)
        for x in (12, 62):
            c.poly(
                [
                    (x + dx + 5, 50 + dy),
                    (x + dx + 21, 50 + dy),
                    (x + dx + 26, 66 + dy),
                    (x + dx + 21, 82 + dy),
                    (x + dx + 5, 82 + dy),
                    (x + dx, 66 + dy),
                ]
            )
            c.poly(
                [(x + dx + 5, 50 + dy), (x + dx + 21, 50 + dy), (x + dx + 23, 56 + dy), (x + dx + 3, 56 + dy)], c.light
            )
            c.oval(x + dx + 13, 66 + dy, 4, colour=c.deep)


def _wheel(c: Canvas, x: float, y: float, r: float) -> None:
    c.ring(x, y, r, r, 2.2, INK)
    for k in range(8):
        a = k * math.pi / 4 + 0.2
        c.line([(x, y), (x + math.cos(a) * (r - 2), y + math.sin(a) * (r - 2))], 0.35, METAL)
    c.oval(x, y, 1.8, colour=STEEL)


@shape("bicycle")
def bicycle(c: Canvas) -> None:
    """A city bicycle."""
    _wheel(c, 23, 68, 20)
    _wheel(c, 77, 68, 20)
    c.arc(23, 68, 22.4, 22.4, 200, 320, 2)
    c.arc(77, 68, 22.4, 22.4, 220, 340, 2)
    c.line([(23, 68), (47, 69)], 2)
    c.line([(23, 68), (40, 40)], 2)
    c.line([(47, 69), (37, 32)], 3.4)
    c.line([(47, 69), (69, 36)], 3.6)
    c.line([(40, 40), (68, 34)], 3.4)
    c.line([(77, 68), (67, 28)], 3)
    c.line([(66, 28), (62, 24), (74, 22), (80, 28)], 1.9, INK)
    c.blob([(28, 30), (34, 27), (46, 29), (45, 32), (36, 33)], INK)
    c.oval(47, 69, 4.6, colour=STEEL)
    c.line([(47, 69), (53, 79)], 1.6, STEEL)
    c.line([(50, 79), (57, 79)], 1.6, INK)


@shape("tent")
def tent(c: Canvas) -> None:
    """A dome tent, the door open."""
    c.line([(14, 84), (4, 88)], 0.5, INK)
    c.line([(86, 84), (96, 88)], 0.5, INK)
    c.blob([(6, 86, 1), (20, 50), (50, 24), (80, 50), (94, 86, 1)])
    c.blob([(50, 24, 1), (66, 36), (80, 50), (94, 86, 1), (66, 86, 1), (60, 52)], c.dark)
    c.blob([(50, 25, 1), (36, 60), (32, 86, 1), (64, 86, 1), (60, 54)], c.deep)
    c.blob([(50, 25, 1), (40, 50), (32, 86, 1), (40, 86, 1), (46, 64), (48, 44)], c.light)
    c.line([(50, 24), (26, 50), (8, 86)], 0.8, c.accent)


@shape("sleepingbag", "flat")
def sleepingbag(c: Canvas) -> None:
    """A mummy sleeping bag."""
    c.blob(
        [
            (32, 22),
            (38, 9),
            (50, 6),
            (62, 9),
            (68, 22),
            (71, 40),
            (66, 66),
            (61, 90),
            (50, 94),
            (39, 90),
            (34, 66),
            (29, 40),
        ]
    )
    c.blob([(36, 24), (40, 13), (50, 10), (60, 13), (64, 24), (58, 32), (42, 32)], c.deep)
    c.blob([(40, 26), (50, 20), (60, 26), (56, 31), (44, 31)], CREAM)
    for y, w in ((42, 20.6), (52, 19.4), (62, 17.6), (72, 15.6), (82, 13.4)):
        c.line([(50 - w, y), (50, y + 2), (50 + w, y)], 0.9, c.dark)
    c.line([(64, 30), (66, 50), (62, 72), (58, 88)], 1, METAL)


@shape("racket", "flat")
def racket(c: Canvas) -> None:
    """A tennis racket and a ball."""
    for i in range(-4, 5):
        h = math.sqrt(max(0, 1 - (i / 5) ** 2))
        c.line([(40 + i * 4.4, 34 - 26 * h), (40 + i * 4.4, 34 + 26 * h)], 0.45, (206, 206, 202))
    for i in range(-5, 6):
        w = math.sqrt(max(0, 1 - (i / 6) ** 2))
        c.line([(40 - 20 * w, 34 + i * 4.5), (40 + 20 * w, 34 + i * 4.5)], 0.45, (206, 206, 202))
    c.ring(40, 34, 24, 30, 4.2)
    c.line([(30, 60), (40, 72), (50, 60)], 3.4, None)
    c.line([(40, 70), (40, 76)], 4.6, None)
    c.box(37, 74, 43, 97, 1.5, INK)
    c.oval(76, 74, 11, colour=(206, 222, 70))
    c.arc(66, 66, 12, 12, 0, 80, 1, WHITE)
    c.arc(88, 82, 12, 12, 180, 260, 1, WHITE)


@shape("helmet")
def helmet(c: Canvas) -> None:
    """A bicycle helmet."""
    c.line([(28, 62), (40, 86), (52, 64)], 1.4, INK)
    c.line([(70, 60), (44, 86)], 1.4, INK)
    c.box(38, 82, 48, 88, 1.5, INK)
    c.blob([(8, 60), (14, 38), (34, 20), (58, 18), (80, 32), (92, 56), (88, 64), (60, 62), (30, 66), (12, 66)])
    for pts in (
        [(24, 40), (36, 28), (42, 30), (32, 44)],
        [(46, 28), (58, 25), (62, 29), (52, 38)],
        [(64, 32), (74, 34), (78, 42), (68, 42)],
    ):
        c.blob(pts, c.deep)
    for pts in (
        [(20, 54), (34, 50), (34, 56), (22, 59)],
        [(42, 48), (56, 46), (56, 52), (44, 54)],
        [(64, 48), (78, 52), (78, 57), (66, 54)],
    ):
        c.blob(pts, c.deep)
    c.line([(12, 64), (40, 63.4), (88, 62)], 1.2, c.dark)


@shape("plantpot")
def plantpot(c: Canvas) -> None:
    """A pot with a plant."""
    for x, y, a in ((30, 24, -0.5), (40, 14, -0.2), (52, 10, 0.05), (62, 15, 0.3), (71, 26, 0.55)):
        c.line([(50, 52), ((50 + x) / 2 + a * 4, (52 + y) / 2), (x, y)], 1.2, (66, 112, 66))
        c.blob([(x, y - 8), (x + 5.4, y + 3), (x, y + 11), (x - 5.4, y + 3)], LEAF if a < 0.1 else (110, 162, 96))
    c.poly([(25, 54), (75, 54), (68, 87), (32, 87)])
    c.box(22, 48, 78, 58, 2, c.dark)
    c.oval(50, 49, 26, 2.8, (76, 56, 44))


@shape("wateringcan")
def wateringcan(c: Canvas) -> None:
    """A watering can."""
    c.poly([(60, 70), (86, 36), (90, 39), (64, 80)], c.dark)
    c.poly([(82, 32), (96, 38), (93, 43), (80, 38)], c.deep)
    c.line([(26, 46), (10, 48), (10, 72), (24, 76)], 2.8, c.dark)
    c.arc(44, 44, 17, 18, 180, 360, 2.8, c.dark)
    c.poly([(24, 42), (64, 42), (68, 87), (20, 87)])
    c.oval(44, 42, 20, 3.4, c.deep)
    c.line([(21.6, 76), (66.4, 76)], 0.9, c.dark)


@shape("secateurs", "flat")
def secateurs(c: Canvas) -> None:
    """Pruning shears, open."""
    c.line([(50, 46), (36, 68), (32, 92)], 7.4)
    c.line([(50, 46), (66, 66), (72, 90)], 7.4)
    c.blob([(48, 50), (56, 44), (60, 24), (52, 6), (46, 22), (44, 42)], METAL)
    c.blob([(54, 50), (46, 44), (34, 30), (28, 14), (36, 18), (50, 36)], STEEL)
    c.line([(43, 60), (57, 60)], 1.4, STEEL)
    c.oval(50, 46, 4.4, colour=STEEL)
    c.oval(50, 46, 1.6, colour=INK)


@shape("hose", "flat")
def hose(c: Canvas) -> None:
    """A coiled hose with a spray head."""
    for r in (36, 30.5, 25, 19.5):
        c.ring(46, 52, r, r, 4.6)
        c.ring(46, 52, r - 1.6, r - 1.6, 0.9, c.light)
    c.line([(80, 44), (88, 30), (82, 18)], 4.4)
    c.line([(82, 18), (72, 8)], 6, INK)
    c.line([(76, 15), (84, 8)], 3, BRASS)


@shape("birdhouse")
def birdhouse(c: Canvas) -> None:
    """A bird house with a bird."""
    c.line([(50, 4), (50, 14)], 0.8, STEEL)
    c.poly([(26, 42), (50, 20), (74, 42), (74, 82), (26, 82)])
    c.poly([(18, 42), (50, 10), (82, 42), (76, 47), (50, 21), (24, 47)], c.deep)
    c.oval(50, 52, 8.4, colour=INK)
    c.line([(50, 68), (50, 72)], 2.4, WOOD)
    c.box(22, 80, 78, 86, 1, c.dark)
    c.blob([(76, 72), (84, 66), (90, 70), (92, 76), (86, 81), (78, 80)], (206, 110, 80))
    c.oval(77, 70, 4, colour=(92, 84, 84))
    c.poly([(73.6, 69.4), (70, 71), (73.6, 72)], (230, 170, 60))
    c.oval(76, 69, 0.7, colour=WHITE)


@shape("gloves", "flat")
def gloves(c: Canvas) -> None:
    """A pair of gloves."""
    for s in (1, -1):
        x = 50 - s * 23
        for dx, top in ((-11, 26), (-4, 18), (3.4, 19), (10.4, 27)):
            c.line([(x + dx, 50), (x + dx * 1.12, top)], 6.4)
        c.line([(x + s * 13, 56), (x + s * 20, 42)], 6.4)
        c.blob([(x - 14, 44), (x + 14, 44), (x + 14, 66), (x + 10, 74), (x - 10, 74), (x - 14, 66)])
        c.box(x - 12, 72, x + 12, 90, 3, c.dark)
        c.seam([(x - 11, 76), (x + 11, 76)])


@shape("parasol")
def parasol(c: Canvas) -> None:
    """An open parasol."""
    c.box(48.8, 20, 51.2, 88, 0.5, WOOD)
    c.box(34, 86, 66, 91, 1.5, STEEL)
    c.blob(
        [(4, 50, 1), (16, 28), (50, 13), (84, 28), (96, 50, 1), (81, 46), (65, 50, 1), (50, 46), (35, 50, 1), (19, 46)]
    )
    c.blob([(50, 13, 1), (38, 28), (35, 50, 1), (50, 46), (65, 50, 1), (62, 28)], c.light)
    c.blob([(50, 13, 1), (84, 28), (96, 50, 1), (81, 46), (76, 30)], c.dark)
    c.oval(50, 12, 1.8, colour=WOOD)


@shape("dogbed")
def dogbed(c: Canvas) -> None:
    """A round dog bed with a bone."""
    c.blob([(6, 66), (14, 48), (50, 42), (86, 48), (94, 66), (88, 84), (50, 88), (12, 84)])
    c.blob([(18, 60), (28, 52), (50, 50), (72, 52), (82, 60), (72, 68), (50, 71), (28, 68)], CREAM)
    c.blob([(8, 68), (26, 76), (50, 78), (74, 76), (92, 68), (88, 84), (50, 88), (12, 84)], c.dark)
    c.line([(40, 60), (60, 60)], 3.4, WHITE)
    for x, y in ((39, 58), (39, 62), (61, 58), (61, 62)):
        c.oval(x, y, 2.6, colour=WHITE)
    c.seam([(14, 78), (50, 84), (86, 78)])


@shape("lead", "flat")
def lead(c: Canvas) -> None:
    """A coiled lead with a hook."""
    c.ring(46, 44, 32, 30, 4)
    c.ring(48, 46, 25, 23, 4, c.dark)
    c.ring(46, 44, 18, 16, 4)
    c.line([(46, 74), (62, 80), (78, 84)], 4)
    c.box(76, 80, 86, 88, 2, METAL)
    c.ring(91, 84, 6, 5, 1.8, METAL)
    c.box(14, 40, 22, 52, 2, c.deep)


@shape("collar")
def collar(c: Canvas) -> None:
    """A collar with a tag."""
    c.ring(50, 46, 38, 24, 3, c.deep)
    c.blob(
        [
            (12, 44),
            (14, 58),
            (30, 70),
            (50, 73),
            (70, 70),
            (86, 58),
            (88, 44),
            (87, 58),
            (72, 78),
            (50, 83),
            (28, 78),
            (13, 58),
        ],
        c.dark,
    )
    c.arc(50, 48, 38, 27, 0, 180, 11, None)
    c.seam([(15, 57), (32, 70), (50, 73.5), (68, 70), (85, 57)])
    c.box(18, 56, 30, 72, 2, METAL)
    c.box(21, 60, 27, 68, 1, c.deep)
    c.ring(50, 78, 3.4, 3.4, 1, METAL)
    c.oval(50, 87, 6.4, colour=BRASS)


@shape("cattree")
def cattree(c: Canvas) -> None:
    """A cat tree with a cat."""
    rope = (206, 178, 130)
    for x, top in ((26, 56), (62, 30)):
        c.box(x, top, x + 11, 86, 1, rope)
        for y in range(int(top) + 2, 86, 3):
            c.line([(x, y), (x + 11, y + 1)], 0.6, WOOD)
    c.box(8, 84, 92, 91, 2.5)
    c.box(12, 50, 50, 58, 3)
    c.box(46, 24, 90, 33, 3)
    c.box(14, 66, 24, 84, 1, c.dark)
    c.blob([(58, 25), (60, 12), (70, 10), (80, 14), (84, 25)], INK)
    c.oval(62, 12, 6.4, 5.8, INK)
    c.poly([(57, 9), (57.6, 2.6), (62, 7)], INK)
    c.poly([(63, 7), (67, 2.6), (67.4, 9)], INK)
    c.oval(60, 12, 0.9, colour=(220, 210, 90))
    c.oval(64, 12, 0.9, colour=(220, 210, 90))
    c.line([(84, 25), (90, 32), (86, 42)], 2.2, INK)
    c.line([(40, 58), (40, 66)], 0.5, INK)
    c.oval(40, 69, 3, colour=(206, 80, 80))


@shape("petbowl")
def petbowl(c: Canvas) -> None:
    """A pet bowl with kibble."""
    for i in range(11):
        c.oval(
            26 + i * 4.8,
            50 - (3 if 2 < i < 8 else 0) - (i % 2) * 2,
            4.2,
            3.4,
            (150, 96, 56) if i % 2 else (176, 118, 70),
        )
    c.blob([(18, 52, 1), (82, 52, 1), (90, 76), (93, 86, 1), (7, 86, 1), (10, 76)])
    c.oval(50, 52, 32, 3.2, c.dark)
    for i in range(9):
        c.oval(27 + i * 5.8, 50.6, 3.6, 2.6, (150, 96, 56) if i % 2 else (176, 118, 70))
    c.oval(50, 73, 5, 4, c.accent)
    for dx, dy in ((-6, -5), (-2.2, -8), (2.2, -8), (6, -5)):
        c.oval(50 + dx, 72 + dy, 2, 2.3, c.accent)
