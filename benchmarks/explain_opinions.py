"""Do other methods agree on which words matter? Needs the training extra, and a model folder with its weights.

    python -m benchmarks.explain_opinions windows.jsonl.gz MODEL [--limit 40]

Of each window's best result: contributions of words by permutations (200 readings), by the shap library, by LIME (200
readings) and by integrated gradients, and Spearman's rank correlation of the first with the others, over words.
"""

from __future__ import annotations

import argparse
import warnings
from itertools import islice
from pathlib import Path

import numpy as np

from ranker.asked import read
from ranker.explain.shapley import sampled
from ranker.explain.words import WordGame
from ranker.model import Ranker
from ranker.significance import estimates
from ranker.training.opinions import agreement, by_gradients, by_lime, by_shap
from ranker.training.save import load_trained
from ranker.windows import read_windows

PASSES = 200


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("windows", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--limit", type=int, default=40)
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    ranker, model = Ranker(chosen.model), load_trained(chosen.model)
    lengths = (ranker.config.query_tokens, ranker.config.passage_tokens)
    found: dict[str, list[float]] = {"again": [], "shap": [], "lime": [], "gradients": []}
    asked = (window for window in read_windows(chosen.windows) if not read(window.query).refused)
    for number, window in enumerate(islice(asked, chosen.limit)):
        workings = ranker.work(window.query, window.candidates, depth=4)
        position = workings.ranking.items[0].position
        game = WordGame(ranker, window.query, window.candidates, workings, position)
        players = len(game.words)
        if players < 4:
            continue
        ours = sampled(players, game, passes=PASSES, seed=number).contributions
        others = {
            "again": sampled(players, game, passes=PASSES, seed=number + 1000).contributions,
            "shap": by_shap(game, players, passes=PASSES, seed=number),
            "lime": by_lime(game, players, passes=PASSES, seed=number),
            "gradients": by_gradients(
                model,
                chosen.model / "tokenizer.json",
                window.query,
                window.candidates[position].text or "",
                words=game.words,
                row=workings.matrix[position],
                lengths=lengths,
            ),
        }
        for name, other in others.items():
            if not np.isnan(value := agreement(ours, other)):
                found[name].append(value)
    for name, values in found.items():
        (estimate,) = estimates(np.array(values)[:, None])
        print(f"{name}: {estimate.mean:.3f} ({estimate.low:.3f} to {estimate.high:.3f}), results {len(values)}")


if __name__ == "__main__":
    main()
