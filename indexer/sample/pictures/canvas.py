"""A drawing board of 100 by 100 units, painted at three times the final size and reduced, so that edges are smooth.

The ground lies at y = 86. A colour of ``None`` means the product's own: its colour with its pattern or grain.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from PIL import Image, ImageDraw

from .surface import surface, texture_of
from .tones import RGB, Paint, accent, darker, lighter

Point: TypeAlias = tuple[float, ...]

SIZE = 320
OVERSAMPLING = 3
PIXELS = SIZE * OVERSAMPLING
UNIT = PIXELS / 100
TRANSLUCENT = {"glass": 150, "toughened glass": 205}


class Canvas:
    """Paint for one product; tones of its colour are at hand as attributes."""

    def __init__(self, colour: RGB, pattern: str = "plain", material: str = "", clear: bool = True) -> None:
        self.base = colour
        self.dark = darker(colour, 0.22)
        self.deep = darker(colour, 0.45)
        self.light = lighter(colour, 0.28)
        self.accent = accent(colour)
        self.material = material
        self.alpha = TRANSLUCENT.get(material, 255) if clear else 255
        self._texture = texture_of(pattern, material)
        self.image = Image.new("RGBA", (PIXELS, PIXELS), (*lighter(colour, 0.5), 0))
        self._draw = ImageDraw.Draw(self.image)

    def _paint(self, colour: Paint | None) -> Paint:
        return (*self.base, self.alpha) if colour is None else colour

    def blob(self, points: Sequence[Point], colour: Paint | None = None) -> None:
        """A closed smooth curve through the points; a point with a third number is a corner."""
        self._polygon(_curve(points, closed=True), colour)

    def poly(self, points: Sequence[Point], colour: Paint | None = None) -> None:
        """A polygon with straight sides."""
        self._polygon([(p[0] * UNIT, p[1] * UNIT) for p in points], colour)

    def _polygon(self, points: list[tuple[float, float]], colour: Paint | None) -> None:
        if colour is None and self._texture:
            mask = Image.new("L", self.image.size, 0)
            ImageDraw.Draw(mask).polygon(points, fill=255)
            self._cover(mask)
        else:
            self._draw.polygon(points, fill=self._paint(colour))

    def box(self, x0: float, y0: float, x1: float, y1: float, r: float = 1.5, colour: Paint | None = None) -> None:  # noqa: PLR0917
        """A rectangle with round corners."""
        where = (x0 * UNIT, y0 * UNIT, x1 * UNIT, y1 * UNIT)
        if colour is None and self._texture:
            mask = Image.new("L", self.image.size, 0)
            ImageDraw.Draw(mask).rounded_rectangle(where, r * UNIT, fill=255)
            self._cover(mask)
        else:
            self._draw.rounded_rectangle(where, r * UNIT, fill=self._paint(colour))

    def oval(self, x: float, y: float, rx: float, ry: float | None = None, colour: Paint | None = None) -> None:
        """An ellipse around (x, y); a circle when ``ry`` is left out."""
        ry = rx if ry is None else ry
        where = ((x - rx) * UNIT, (y - ry) * UNIT, (x + rx) * UNIT, (y + ry) * UNIT)
        if colour is None and self._texture:
            mask = Image.new("L", self.image.size, 0)
            ImageDraw.Draw(mask).ellipse(where, fill=255)
            self._cover(mask)
        else:
            self._draw.ellipse(where, fill=self._paint(colour))

    def ring(self, x: float, y: float, rx: float, ry: float, width: float, colour: Paint | None = None) -> None:  # noqa: PLR0917
        """The outline of an ellipse, ``width`` thick towards the inside."""
        where = ((x - rx) * UNIT, (y - ry) * UNIT, (x + rx) * UNIT, (y + ry) * UNIT)
        self._draw.ellipse(where, outline=self._paint(colour), width=max(1, round(width * UNIT)))

    def arc(  # noqa: PLR0917
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        start: float,
        end: float,
        width: float,
        colour: Paint | None = None,
    ) -> None:
        """Part of an outline, from ``start`` to ``end`` degrees, clockwise from three o'clock."""
        where = ((x - rx) * UNIT, (y - ry) * UNIT, (x + rx) * UNIT, (y + ry) * UNIT)
        self._draw.arc(where, start, end, fill=self._paint(colour), width=max(1, round(width * UNIT)))

    def pie(  # noqa: PLR0917
        self, x: float, y: float, rx: float, ry: float, start: float, end: float, colour: Paint | None = None
    ) -> None:
        """Part of an ellipse."""
        where = ((x - rx) * UNIT, (y - ry) * UNIT, (x + rx) * UNIT, (y + ry) * UNIT)
        self._draw.pieslice(where, start, end, fill=self._paint(colour))

    def line(self, points: Sequence[Point], width: float, colour: Paint | None = None, smooth: bool = True) -> None:
        """A line with round ends."""
        path = (
            _curve(points, closed=False) if smooth and len(points) > 2 else [(p[0] * UNIT, p[1] * UNIT) for p in points]
        )
        paint, pixels = self._paint(colour), max(1, round(width * UNIT))
        self._draw.line(path, fill=paint, width=pixels, joint="curve")
        r = pixels / 2
        for x, y in (path[0], path[-1]):
            self._draw.ellipse((x - r, y - r, x + r, y + r), fill=paint)

    def seam(self, points: Sequence[Point], colour: Paint | None = None, width: float = 0.45) -> None:
        """A dashed line of stitches."""
        path = _curve(points, closed=False) if len(points) > 2 else _straight(points)
        pixels = max(1, round(width * UNIT))
        for i in range(0, len(path) - 1, 2):
            self._draw.line((path[i], path[i + 1]), fill=colour or self.accent, width=pixels)

    def _cover(self, mask: Image.Image) -> None:
        if self._texture is None:
            raise ValueError("a plain surface has no texture to cover with")
        box = mask.getbbox()
        if box is None:
            return
        tile = surface(self._texture, (*self.base, self.alpha), PIXELS)
        self.image.paste(tile.crop(box), box[:2], mask.crop(box))


def mirrored(points: Sequence[Point], axis: float = 50) -> list[Point]:
    """The points, followed by their mirror images in reverse: half a symmetrical shape is enough."""
    return [*points, *((2 * axis - p[0], *p[1:]) for p in reversed(points))]


def _straight(points: Sequence[Point]) -> list[tuple[float, float]]:
    (x0, y0), (x1, y1) = points[0][:2], points[1][:2]
    steps = max(2, int(max(abs(x1 - x0), abs(y1 - y0)) / 1.1))
    return [((x0 + (x1 - x0) * i / steps) * UNIT, (y0 + (y1 - y0) * i / steps) * UNIT) for i in range(steps + 1)]


def _curve(points: Sequence[Point], closed: bool, steps: int = 9) -> list[tuple[float, float]]:
    """A Catmull-Rom spline in pixels; tangents vanish at corners."""
    n = len(points)
    path: list[tuple[float, float]] = []

    def tangent(i: int) -> tuple[float, float]:
        if len(points[i]) > 2:
            return (0.0, 0.0)
        before, after = (
            points[(i - 1) % n if closed else max(i - 1, 0)],
            points[(i + 1) % n if closed else min(i + 1, n - 1)],
        )
        return ((after[0] - before[0]) / 2, (after[1] - before[1]) / 2)

    for i in range(n if closed else n - 1):
        a, b = points[i], points[(i + 1) % n]
        (ax, ay), (bx, by) = tangent(i), tangent((i + 1) % n)
        for k in range(steps):
            t = k / steps
            h0, h1, h2, h3 = 2 * t**3 - 3 * t**2 + 1, t**3 - 2 * t**2 + t, 3 * t**2 - 2 * t**3, t**3 - t**2
            x = h0 * a[0] + h1 * ax + h2 * b[0] + h3 * bx
            y = h0 * a[1] + h1 * ay + h2 * b[1] + h3 * by
            path.append((x * UNIT, y * UNIT))
    if not closed:
        path.append((points[-1][0] * UNIT, points[-1][1] * UNIT))
    return path
