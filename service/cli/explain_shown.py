"""An explanation in a terminal: sentences, bars that add up, words, and what would swap two products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from ..schemas.explain import Language
from ..sentences import label
from .console import stderr, stdout

WIDTH = 24
MISSED = 5e-3
"""A gap that is told."""


def show(found: Mapping[str, Any], opinions: Sequence[Mapping[str, Any]], language: Language) -> None:
    """Print an answer of ``POST /v1/explain``.

    Args:
        found: the answer.
        opinions: of other methods, as :class:`service.explain.opinions.Opinion` writes them.
        language: of labels that the answer does not have.
    """
    stdout.print(f"place {found['rank']}  {found['id']}", style="bold", markup=False)
    for sentence in found["why"]:
        stdout.print(f"  {sentence}", markup=False)
    if "degraded" in found:
        stderr.print(f"this answer is not the best one there could be ({found['degraded']})", style="yellow")
    if "unit" in found:
        stdout.print(_table(found, opinions, language))
    _words(found.get("words"), "", None)
    for one in opinions:
        method = one["method"]
        if "words" in one:
            _words(found["words"], f" by {method}", one["words"])
        elif one.get("no_words"):
            stderr.print(f"no words by {method}: {one['no_words']}", style="yellow", markup=False, soft_wrap=True)
        stdout.print(_agreement(one), markup=False, soft_wrap=True)
    swap = found.get("swap")
    if swap is not None:
        changes = "; ".join(change["text"] for change in swap["changes"])
        nothing = "nothing small that was tried" if swap["complete"] else "nothing found in time"
        line = f"{swap['id']} would pass {swap['passes']} with: {changes or nothing}"
        stdout.print(line, markup=False, soft_wrap=True)


def _words(words: Mapping[str, Any] | None, whose: str, values: Sequence[float] | None) -> None:
    """Words with what each adds: as the answer has it, or as ``values`` have it, those of the query first."""
    if words is None:
        return
    rest = None if values is None else iter(values)
    for where in ("query", "title"):
        shown = [(word["text"], word["value"] if rest is None else next(rest)) for word in words[where]]
        if shown:
            line = Text.assemble((f"{where}{whose}  ", "dim"), *(_word(*word) for word in shown))
            stdout.print(line, soft_wrap=True)


def _agreement(one: Mapping[str, Any]) -> str:
    """How far a method agrees with the Shapley values."""
    parts = []
    for name, key in (("signals", "agreement"), ("words", "words_agreement")):
        if (agreed := one.get(key)) is not None and agreed["tau"] is not None:
            parts.append(f"{name}: Kendall's tau {agreed['tau']:.2f}, {agreed['leading']:.0%} of the leading three")
    missed = f"; misses the sum by {one['gap']:+.3f}" if abs(one["gap"]) > MISSED else ""
    return f"{one['method']} and shapley agree on {'; '.join(parts) or 'nothing that could be compared'}{missed}"


def _table(found: Mapping[str, Any], opinions: Sequence[Mapping[str, Any]], language: Language) -> Table:
    """Bars from the middle to either side; they add up to the last line."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    others = [(one["method"], "right") for one in opinions]
    for name, justify in (("why", "left"), ("", "left"), (found["unit"], "right"), *others, ("signal", "right")):
        table.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    shown = {part["name"]: part["label"] for part in found["contributions"]}
    largest = max((abs(part["value"]) for part in found["contributions"]), default=1.0) or 1.0
    bases = [f"{one['base']:+.3f}" for one in opinions]
    table.add_row("where it starts", "", f"{found['base']:+.3f}", *bases, "", style="dim")
    for part in found["contributions"]:
        half = WIDTH // 2
        long = max(1, round(half * abs(part["value"]) / largest))
        bar = " " * half + "█" * long if part["value"] > 0 else (" " * (half - long) + "█" * long)
        raw = f"{part['signal']:.3f}" if "signal" in part else ""
        style = "green" if part["value"] > 0 else "red"
        beside = [f"{one['parts'].get(part['name'], 0.0):+.3f}" for one in opinions]
        table.add_row(part["label"], Text(bar.ljust(WIDTH), style=style), f"{part['value']:+.3f}", *beside, raw)
    for name in dict.fromkeys(name for one in opinions for name in one["parts"] if name not in shown):
        beside = [f"{one['parts'].get(name, 0.0):+.3f}" for one in opinions]
        table.add_row(label(name, language), "", "+0.000", *beside, "")
    sums = [f"{one['base'] + sum(one['parts'].values()):+.3f}" for one in opinions]
    table.add_row("sum", f"score {found['score']:.3f}", f"{found['value']:+.3f}", *sums, "", style="bold")
    return table


def _word(text: str, value: float) -> tuple[str, str]:
    style = "dim" if abs(value) < 0.01 else ("green" if value > 0 else "red")
    return f"{text} {value:+.2f}  ", style
