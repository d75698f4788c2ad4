"""One HTML page of rows: a table, and every round as a point."""

from __future__ import annotations

import html
import io
import statistics
from collections.abc import Sequence

from .rows import Row


def page(about: str, rows: Sequence[Row]) -> str:
    """The page; ``about`` names the machine, its load, and what was left out."""
    lines = [
        f"<tr><td>{html.escape(row.name)}<td>{html.escape(way)}<td>{statistics.median(values):.1f} {row.unit}"
        f"<td>{row.shown_ratio() if place == len(row.values) - 1 else ''}"
        f"<td>{html.escape(row.about) if place == 0 else ''}"
        for row in rows
        for place, (way, values) in enumerate(row.values.items())
    ]
    head = "<tr><th>work<th>way<th>median of the rounds<th>ours over the first (lowest to highest round)<th>about"
    style = "<style>body{font-family:sans-serif;margin:2rem}td,th{text-align:left;padding:.2rem .8rem}</style>"
    return (
        f"<!doctype html><meta charset=utf-8><title>Measurements</title>{style}"
        f"<h1>Side by side</h1><p>{html.escape(about)}</p><table>{head}{''.join(lines)}</table>{plot(rows)}\n"
    )


def plot(rows: Sequence[Row]) -> str:
    """The value of every round as a point, in SVG."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    figure, places = pyplot.subplots(len(rows), 1, figsize=(9, 2.2 * len(rows)), layout="constrained", squeeze=False)
    for row, place in zip(rows, places[:, 0], strict=True):
        for way, values in row.values.items():
            place.plot(values, [way] * len(values), "o")
        place.set(title=row.name, xlabel=row.unit, xlim=(0, None))
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()[buffer.getvalue().index("<svg") :]
