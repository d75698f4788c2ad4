"""A portrait of a model as pictures (PNG) and as one page (HTML) that needs nothing else. Needs matplotlib."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from .portrait import RELEVANT, TOP, Portrait

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, SOFT, LINE, UP, DOWN, BLUE = "#1e1c19", "#68625a", "#e5e1d9", "#2c7a55", "#a2453a", "#4452b8"
DPI = 110
COLORS = 48
FEWEST = 5
"""Curves of fewer products are not drawn."""
PICTURES = {
    "importance": "What moves the best results",
    "curves": "How the score moves with each signal",
    "calibration": "Is a score a chance?",
    "queries": "Where it beats and loses to BM25",
}
"""The pictures, and what they say to who cannot see them."""
LISTED = 12
"""Queries that are drawn at either end; the page lists all."""
UNITS = {
    "bm25": "BM25 score of the engine",
    "text_vector": "cosine of query and text",
    "image_vector": "cosine of query and picture",
    "behaviour": "rate beside the catalogue's mean (0.5)",
    "profile": "affinity of the person (0.5: neutral)",
    "session": "affinity of the visit (0.5: neutral)",
    "popularity": "log of ratings, times how good",
    "recency": "newness, 1 is today",
}


@dataclass(frozen=True, slots=True)
class Duelled:
    """One query that two systems answered.

    Attributes:
        text: of the query.
        first: nDCG@10 of BM25.
        second: nDCG@10 of the model.
    """

    text: str
    first: float
    second: float


def draw(found: Portrait, queries: Sequence[Duelled], labels: Mapping[str, str], folder: Path) -> list[Path]:
    """Write the pictures and ``index.html`` into a folder.

    Args:
        found: the portrait.
        queries: every judged query.
        labels: how signals and rules are called.
        folder: made where it is not there.

    Returns:
        the files, the page last.
    """
    folder.mkdir(parents=True, exist_ok=True)
    figures = (
        _importance(found, labels),
        _curves(found, labels),
        _calibration(found),
        _queries(found, queries),
    )
    files = [folder / f"{name}.png" for name in PICTURES]
    for figure, file in zip(figures, files, strict=True):
        _save(figure, file)
    page = folder / "index.html"
    page.write_text(_page(found, queries, files), "utf-8")
    return [*files, page]


def _save(figure: Figure, file: Path) -> None:
    """Few colours make a small file."""
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=DPI, format="png")
    with Image.open(drawn) as picture:
        picture.convert("RGB").quantize(COLORS).save(file, optimize=True)


def _figure(width: float, height: float, **more: Any) -> tuple[Figure, Any]:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams.update({"font.size": 10, "svg.hashsalt": "hybridrank"})
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(**more)
    for axis in np.ravel(np.array(axes, dtype=object)):
        axis.spines[["top", "right"]].set_visible(False)
        axis.spines[["left", "bottom"]].set_color(SOFT)
        axis.tick_params(colors=SOFT)
        axis.grid(color=LINE, linewidth=0.7)
        axis.set_axisbelow(True)
    return figure, axes


def _titled(axis: Axes, title: str, across: str, up: str) -> None:
    axis.set_title(title, loc="left", color=INK, fontsize=11, fontweight="bold")
    axis.set_xlabel(across, color=SOFT)
    axis.set_ylabel(up, color=SOFT)


def _importance(found: Portrait, labels: Mapping[str, str]) -> Figure:
    rows = found.importance[::-1]
    figure, axis = _figure(8, 1.6 + 0.36 * len(rows))
    sizes = [one.size.mean for one in rows]
    errors = [[one.size.mean - one.size.low for one in rows], [one.size.high - one.size.mean for one in rows]]
    axis.barh(range(len(rows)), sizes, xerr=errors, color=BLUE, ecolor=INK, height=0.62, capsize=2)
    axis.set_yticks(range(len(rows)), [labels.get(one.name, one.name) for one in rows], color=INK)
    for place, one in enumerate(rows):
        label = axis.text(one.size.high, place, f"  on {one.known:.0%} of results", va="center", color=SOFT, fontsize=9)
        label.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})
    axis.set_xlim(0, max(one.size.high for one in rows) * 1.28 or 1)
    across = "mean size of the contribution to a result's score, logits (line: 95 % interval)"
    _titled(axis, f"What moves the best {TOP} results of {found.queries} queries", across, "")
    return figure


def _curves(found: Portrait, labels: Mapping[str, str]) -> Figure:
    curves = [curve for curve in found.curves if len(curve.lines) >= FEWEST]
    columns = 2 if len(curves) > 1 else 1
    rows = -(-len(curves) // columns)
    figure, axes = _figure(9, 0.5 + 2.7 * max(rows, 1), nrows=max(rows, 1), ncols=columns, squeeze=False)
    places = list(axes.ravel())
    for axis, curve in zip(places, curves, strict=False):
        axis.axvspan(*curve.seen, color=LINE, alpha=0.6, linewidth=0)
        axis.plot(curve.grid, curve.lines.T, color=BLUE, alpha=0.18, linewidth=0.8)
        axis.plot(curve.grid, curve.lines.mean(axis=0), color=INK, linewidth=2.2)
        axis.axhline(0.0, color=SOFT, linewidth=0.8)
        _titled(axis, labels.get(curve.name, curve.name), UNITS.get(curve.name, curve.name), "change of score, logits")
    for axis in places[len(curves) :]:
        axis.set_visible(False)
    figure.suptitle(
        "How the score moves with each signal. Blue: one product each; black: their mean; grey: 90 % of all values",
        x=0.01,
        ha="left",
        color=INK,
        fontsize=10,
    )
    return figure


def _calibration(found: Portrait) -> Figure:
    curve = found.calibration
    figure, axis = _figure(6.4, 5.2)
    shares = [share.mean for share in curve.shares]
    errors = [[s.mean - s.low for s in curve.shares], [s.high - s.mean for s in curve.shares]]
    axis.plot([0, 1], [0, 1], color=SOFT, linestyle="--", linewidth=1)
    axis.text(0.62, 0.56, "a score that is a chance", color=SOFT, fontsize=9)
    axis.errorbar(curve.scores, shares, yerr=errors, color=BLUE, marker="o", linewidth=1.6, capsize=3)
    axis.set(xlim=(0, 1), ylim=(0, 1.02))
    said = f"bars: 95 % intervals; mean distance from the dashes {curve.error:.2f},"
    said += f"\n{curve.counts.sum():,} judged products"
    axis.text(0.98, 0.02, said, ha="right", va="bottom", color=SOFT, fontsize=9)
    _titled(
        axis,
        "Is a score a chance?",
        "score that the model gives (mean of a tenth of the products)",
        f"share judged relevant (grade {RELEVANT:g} or more)",
    )
    return figure


def _queries(found: Portrait, queries: Sequence[Duelled]) -> Figure:
    ordered = sorted(queries, key=lambda one: (one.second - one.first, one.text))
    moved = [one for one in ordered if abs(one.second - one.first) > 1e-9]
    worse = [one for one in moved if one.second < one.first][:LISTED]
    better = [one for one in moved if one.second > one.first][-LISTED:]
    rows = [*worse, *better]
    figure, axis = _figure(9, 1.5 + 0.27 * max(len(rows), 1))
    for place, one in enumerate(rows):
        color = UP if one.second > one.first else DOWN
        axis.plot([one.first, one.second], [place, place], color=color, linewidth=2)
        axis.plot(one.first, place, "o", color="white", markeredgecolor=color, markersize=6)
        axis.plot(one.second, place, "o", color=color, markersize=6)
    axis.set_yticks(range(len(rows)), [_short(one.text) for one in rows], color=INK, fontsize=9)
    axis.set_xlim(-0.02, 1.02)
    gains = sum(one.second > one.first for one in queries)
    losses = sum(one.second < one.first for one in queries)
    title = f"Beats BM25 on {gains} of {len(queries)} queries, loses on {losses}; the largest changes"
    _titled(axis, title, "nDCG@10: BM25 hollow, the model filled; green is better, red is worse", "")
    return figure


def _short(text: str) -> str:
    return text if len(text) <= 44 else text[:43] + "…"


def _page(found: Portrait, queries: Sequence[Duelled], files: Sequence[Path]) -> str:
    pictures = "\n".join(
        f'<img alt="{PICTURES[file.stem]}" src="data:image/png;base64,{base64.b64encode(file.read_bytes()).decode()}">'
        for file in files
    )
    rows = "\n".join(
        f"<tr><td>{html.escape(one.text)}</td><td>{one.first:.3f}</td><td>{one.second:.3f}</td>"
        f"<td>{one.second - one.first:+.3f}</td></tr>"
        for one in sorted(queries, key=lambda one: (-(one.second - one.first), one.text))
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(found.model)}</title>
<style>
body {{ max-width: 1000px; margin: 2rem auto; padding: 0 1rem; font: 15px/1.5 system-ui, sans-serif; }}
body {{ color: {INK}; background: #fff; }}
img {{ max-width: 100%; height: auto; display: block; margin: 1.5rem 0; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; padding: 3px 10px; border-bottom: 1px solid {LINE}; }}
td:nth-child(n+2), th:nth-child(n+2) {{ text-align: right; font-variant-numeric: tabular-nums; }}
</style></head><body>
<h1>{html.escape(found.model)}</h1>
<p>{found.queries} judged queries; of each window the {found.depth} best were read by the cross-encoder.
Contributions are exact Shapley values of the signals, in logits: the score is the sigmoid of their sum.</p>
{pictures}
<h2>Every query</h2>
<table><thead><tr><th>query</th><th>BM25, nDCG@10</th><th>the model</th><th>change</th></tr></thead>
<tbody>
{rows}
</tbody></table>
</body></html>
"""


def link(card: Path, folder: Path) -> None:
    """Link the pictures from a model card, once; a card without them gets a section."""
    text = card.read_text("utf-8")
    where = folder.name
    pictures = "\n".join(f"![{says}]({where}/{name}.png)" for name, says in PICTURES.items())
    section = f"""## Pictures
Made by `hybridrank explain --model`, see `docs/explain.md`. All of them, with every query by name, are in
[one page]({where}/index.html).

{pictures}
"""
    before, found, after = text.partition("## Pictures\n")
    rest = after.partition("\n## ")
    tail = f"\n## {rest[2]}" if found and rest[1] else ""
    card.write_text(f"{before.rstrip()}\n\n{section}{tail}", "utf-8")
