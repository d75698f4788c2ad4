"""Bags and luggage."""

from __future__ import annotations

from .canvas import Canvas
from .registry import shape
from .tones import BRASS, INK, METAL, STEEL


@shape("backpack")
def backpack(c: Canvas) -> None:
    """A backpack with a front pocket."""
    c.arc(50, 18, 8, 9, 180, 360, 2.4, c.deep)
    c.blob([(20, 44), (14, 60), (18, 80), (26, 80), (26, 44)], c.deep)
    c.blob([(80, 44), (86, 60), (82, 80), (74, 80), (74, 44)], c.deep)
    c.blob([(24, 84), (22, 46), (28, 22), (50, 15), (72, 22), (78, 46), (76, 84), (50, 87)])
    c.arc(50, 44, 24, 24, 190, 350, 1, c.deep)
    c.box(29, 52, 71, 82, 5, c.dark)
    c.line([(33, 59), (67, 59)], 1, METAL)
    c.box(64, 58, 67, 64, 0.6, METAL)
    c.box(43, 30, 57, 38, 1.5, c.accent)
    c.seam([(31, 79), (69, 79)])


@shape("tote")
def tote(c: Canvas) -> None:
    """A tote bag."""
    c.line([(36, 36), (38, 16), (50, 10), (62, 16), (64, 36)], 2.4, c.deep)
    c.poly([(18, 34), (82, 34), (78, 88), (22, 88)])
    c.line([(34, 46), (36, 24), (50, 17), (64, 24), (66, 46)], 2.6, c.dark)
    c.line([(18.5, 36), (81.5, 36)], 1, c.dark)
    c.seam([(19.5, 40), (80.5, 40)])
    c.seam([(23, 84), (77, 84)])


@shape("handbag")
def handbag(c: Canvas) -> None:
    """A small bag with a flap, a lock and a long strap."""
    c.line([(22, 52), (26, 22), (50, 8), (74, 22), (78, 52)], 2, c.deep)
    c.box(17, 46, 83, 84, 7)
    c.blob([(17, 52, 1), (19, 45), (50, 43), (81, 45), (83, 52, 1), (80, 62), (50, 70), (20, 62)], c.dark)
    c.seam([(20, 60), (50, 67.5), (80, 60)])
    c.box(45.5, 62, 54.5, 73, 1.5, BRASS)
    c.oval(50, 68, 1.6, colour=INK)
    c.oval(22, 52, 2.2, colour=BRASS)
    c.oval(78, 52, 2.2, colour=BRASS)


@shape("suitcase")
def suitcase(c: Canvas) -> None:
    """A hard-shell suitcase on wheels."""
    c.box(38, 6, 41, 24, 0.5, STEEL)
    c.box(59, 6, 62, 24, 0.5, STEEL)
    c.box(36, 4, 64, 9, 2, INK)
    for x in (29, 63):
        c.box(x, 84, x + 8, 92, 2, INK)
    c.box(22, 20, 78, 87, 6)
    for x in (31, 40, 49, 58, 67):
        c.box(x, 26, x + 2.4, 81, 1, c.dark)
    c.box(42, 17, 58, 22, 2, c.deep)
    c.box(74.5, 46, 79, 58, 1, METAL)


@shape("duffel")
def duffel(c: Canvas) -> None:
    """A weekend bag with two handles."""
    c.line([(34, 52), (36, 30), (50, 24), (64, 30), (66, 52)], 2.4, c.deep)
    c.blob([(8, 62), (12, 46), (24, 40), (76, 40), (88, 46), (92, 62), (90, 82), (78, 86), (22, 86), (10, 82)])
    c.line([(18, 43), (50, 41), (82, 43)], 1.2, METAL)
    for x in (30, 64):
        c.poly([(x, 42), (x + 6, 42), (x + 6, 86), (x, 86)], c.dark)
    c.line([(33, 58), (36, 36), (50, 31), (64, 36), (67, 58)], 2.6, c.dark)
    c.box(42, 58, 58, 76, 2, c.dark)
    c.seam([(43, 62), (57, 62)])


@shape("wallet", "flat")
def wallet(c: Canvas) -> None:
    """A wallet with cards."""
    c.box(24, 24, 76, 50, 2, (206, 90, 84))
    c.box(22, 28, 78, 52, 2, (90, 140, 190))
    c.box(16, 34, 84, 80, 4)
    c.box(16, 34, 84, 40, 3, c.dark)
    c.seam([(19, 44), (81, 44)])
    c.seam([(19, 77), (81, 77)])
    c.box(66, 52, 86, 62, 3, c.dark)
    c.oval(72, 57, 1.8, colour=BRASS)


@shape("sleeve", "flat")
def sleeve(c: Canvas) -> None:
    """A laptop sleeve, the laptop peeping out."""
    c.box(20, 18, 80, 60, 2.5, METAL)
    c.box(14, 28, 86, 80, 5)
    c.line([(16, 33), (84, 33)], 1.3, c.deep)
    c.box(78, 31, 84, 35, 0.8, METAL)
    c.box(20, 50, 80, 76, 3, c.dark)
    c.seam([(21, 53), (79, 53)])
    c.box(44, 58, 56, 64, 1, c.accent)
