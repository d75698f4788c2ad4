"""The figure of ``benchmarks.growth``: CPU time of a request over what grows, on logarithmic axes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

NAMES = {
    "products": "products",
    "candidates": "candidates of each signal",
    "read": "candidates that are read",
    "clients": "clients (2 workers)",
    "workers": "workers (16 clients)",
}
SHOWN = 5
"""Stages that are drawn by name; the smaller ones are in the table."""


def plot(found: dict[str, Any], file: Path) -> None:
    """Draw every axis that was measured."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    axes = [name for name in NAMES if name in found]
    figure, places = pyplot.subplots(1, len(axes), figsize=(3.6 * len(axes), 3.4), layout="constrained", squeeze=False)
    for name, place in zip(axes, places[0], strict=True):
        part = found[name]
        largest = sorted(part["cpu_ms"], key=lambda stage: -part["cpu_ms"][stage][-1])[:SHOWN]
        for stage in largest:
            values = [max(value, 0.01) for value in part["cpu_ms"][stage]]
            place.plot(part["values"], values, marker="o", label=_label(stage, part))
        place.plot(part["values"], part["total_cpu_ms"], color="black", label=_label("total", part))
        place.set(xscale="log", yscale="log", xlabel=NAMES[name])
        place.legend(fontsize="x-small")
    places[0][0].set_ylabel("CPU ms a request (exponent)")
    figure.savefig(file, metadata={"Date": None})


def _label(stage: str, part: dict[str, Any]) -> str:
    slope = part["exponent"].get(stage)
    return stage if slope is None else f"{stage} ({slope:.2f})"
