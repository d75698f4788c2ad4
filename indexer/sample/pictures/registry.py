"""Which function draws which shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from .canvas import Canvas

Drawing: TypeAlias = Callable[[Canvas], None]
Ground: TypeAlias = Literal["stand", "flat", "hang"]

SHAPES: dict[str, tuple[Drawing, Ground]] = {}


def shape(name: str, ground: Ground = "stand") -> Callable[[Drawing], Drawing]:
    """Register a drawing; it stands on the ground, lies flat, or hangs on a wall."""

    def add(drawing: Drawing) -> Drawing:
        if name in SHAPES:
            raise ValueError(f"shape {name!r} is drawn twice")
        SHAPES[name] = (drawing, ground)
        return drawing

    return add
