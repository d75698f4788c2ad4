"""Do other methods agree on what matters? Needs the training extra.

    hybridrank train windows --index esci --queries queries.tsv --qrels qrels.tsv --source esci --out windows.jsonl.gz
    python -m benchmarks.explain_opinions windows.jsonl.gz [--model MODEL] [--limit 95] [--words 20]

Signals: of each window's first and eighth result, the exact Shapley values of the head's signals beside LIME and
integrated gradients. Words, of the first results of the first windows: permutations (200 readings) beside permutations
in other orders, the shap library (``--shap``), LIME (200 readings) and, where the model's folder has its weights,
integrated gradients. Kendall's tau, the share of the leading three that both name, and for words Spearman's rank
correlation; 95 % intervals over results.
"""

from __future__ import annotations

import argparse
import warnings
from collections import defaultdict
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from ranker.asked import read
from ranker.explain.shapley import exact, sampled
from ranker.explain.signals import HeadGame
from ranker.explain.words import WordGame
from ranker.folder import DEFAULT_MODEL
from ranker.model import Ranker, Workings
from ranker.significance import estimates
from ranker.training.finetune import FusedRanker
from ranker.training.gradients import COMPLETE, gated_signals, gated_words, integrated
from ranker.training.opinions import agreement, by_lime, by_shap
from ranker.training.save import WEIGHTS, load_trained
from ranker.training.served import load_head
from ranker.windows import Window, read_windows

PASSES = 200
SIGNAL_PASSES = 2048
DEPTH = 4
PLACES = (0, 7)
Rows = dict[str, list[tuple[float, ...]]]


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("windows", type=Path)
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL)
    parser.add_argument("--limit", type=int, default=95, help="windows for signals")
    parser.add_argument("--words", type=int, default=20, help="of them, windows for words")
    parser.add_argument("--shap", action="store_true", help="ask the shap library as well")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    ranker = Ranker(chosen.model, threads=1)
    weights = load_trained(chosen.model) if (chosen.model / WEIGHTS).is_file() else None
    signals: Rows = defaultdict(list)
    words: Rows = defaultdict(list)
    asked = (window for window in read_windows(chosen.windows) if not read(window.query).refused)
    for number, window in enumerate(islice(asked, chosen.limit)):
        workings = ranker.work(window.query, window.candidates, depth=DEPTH)
        for place in PLACES:
            if place < len(workings.ranking.items):
                _signals(ranker, workings, place, number, signals)
        if number < chosen.words:
            _words(ranker, weights, window, workings, seed=number, shap=chosen.shap, found=words)
    for title, rows, names in (
        ("signals", signals, ("tau", "leading three")),
        ("words", words, ("tau", "leading three", "Spearman")),
    ):
        for name, values in sorted(rows.items()):
            table = np.array([row for row in values if not np.isnan(row).any()])
            said = ", ".join(
                f"{what} {one.mean:.3f} ({one.low:.3f} to {one.high:.3f})"
                for what, one in zip(names, estimates(table), strict=False)
            )
            print(f"{title}, {name}: {said}, results {len(table)}")


def _signals(ranker: Ranker, workings: Workings, place: int, seed: int, found: Rows) -> None:
    game = HeadGame(ranker, workings, workings.ranking.items[place].position)
    players = len(game.players)
    _, ours = exact(players, game)
    local = by_lime(game, players, passes=SIGNAL_PASSES, seed=seed)
    path = integrated(gated_signals(load_head(ranker.folder, ranker.config), game), players)
    if abs(path.gap) > COMPLETE:
        raise SystemExit(f"integrated gradients miss the logit by {path.gap}")
    for name, other in (("lime", local.contributions), ("gradients", path.contributions)):
        agreed = agreement(ours, other)
        found[f"{name}, place {place + 1}"].append((agreed.tau, agreed.leading))


def _words(
    ranker: Ranker,
    weights: FusedRanker | None,
    window: Window,
    workings: Workings,
    *,
    seed: int,
    shap: bool,
    found: Rows,
) -> None:
    position = workings.ranking.items[0].position
    game = WordGame(ranker, window.query, window.candidates, workings, position)
    players = len(game.words)
    if players < 4:
        return
    ours = sampled(players, game, passes=PASSES, seed=seed).contributions
    others: dict[str, NDArray[np.float64]] = {
        "other orders": sampled(players, game, passes=PASSES, seed=seed + 1000).contributions,
        "lime": by_lime(game, players, passes=PASSES, seed=seed).contributions,
    }
    if shap:
        others["shap"] = by_shap(game, players, passes=PASSES, seed=seed)
    if weights is not None:
        value = gated_words(
            weights,
            ranker.folder / "tokenizer.json",
            window.query,
            window.candidates[position].text or "",
            words=game.words,
            row=workings.matrix[position],
            lengths=(ranker.config.query_tokens, ranker.config.passage_tokens),
        )
        others["gradients"] = integrated(value, players).contributions
    for name, other in others.items():
        agreed = agreement(ours, other)
        found[name].append((agreed.tau, agreed.leading, float(spearmanr(ours, other).statistic)))


if __name__ == "__main__":
    main()
