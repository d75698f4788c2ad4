"""Ways of fine-tuning side by side: trained parameters, minutes of processor time, nDCG@10 on held-out queries.

``python -m benchmarks.adapters WINDOWS.jsonl.gz --train 1200 --test 400``: every method starts from the same model,
learns from the same windows for the same number of steps and is measured, at its last step, on the same queries.
Judged candidates only; ``--characters`` cuts the texts, which makes it quicker. A row is printed as soon as it is
known; minutes are of the processor, so a busy machine does not change them.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

from ranker.candidate import Candidate
from ranker.tokens import PairTokenizer
from ranker.training.finetune import finetune
from ranker.training.settings import FinetuneSettings
from ranker.training.splits import Split, text_of
from ranker.windows import Window, read_windows
from service.training import PACKAGED_BERT, load_start, start_folder

METHODS: dict[str, dict[str, object]] = {
    "lora": {"method": "lora"},
    "full": {"method": "full"},
    "head": {"method": "head", "head_rate": 3e-3},
    "bottleneck": {"method": "bottleneck"},
    "adalora": {"method": "adalora"},
    "full, layer rates": {"method": "full", "layer_decay": 0.8},
    "signals": {"method": "signals", "head_rate": 1e-2},
}


def judged(window: Window, most: int, characters: int) -> Window:
    """The window without what nobody judged, at most ``most`` candidates, the relevant ones first."""
    rows = [row for row, grade in enumerate(window.grades) if grade is not None]
    rows = sorted(sorted(rows, key=lambda row: -(window.grades[row] or 0))[:most])
    items = tuple(window.candidates[row] for row in rows)
    cut = tuple(Candidate(item.id, (item.text or "")[:characters], item.signals) for item in items)
    return replace(window, candidates=cut, grades=tuple(window.grades[row] for row in rows))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("windows", type=Path)
    parser.add_argument("--start", default=PACKAGED_BERT)
    parser.add_argument("--train", type=int, default=1200)
    parser.add_argument("--validation", type=int, default=0)
    parser.add_argument("--test", type=int, default=400)
    parser.add_argument("--candidates", type=int, default=30)
    parser.add_argument("--characters", type=int, default=2000)
    parser.add_argument("--methods", nargs="*", default=list(METHODS))
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    found: dict[str, Window] = {}
    for one in read_windows(given.windows):
        window = judged(one, given.candidates, given.characters)
        if len(set(window.grades)) > 1:
            found.setdefault(text_of(window), window)
    every = list(found.values())
    last = given.test + given.validation
    parts = Split(every[last : last + given.train], every[given.test : last], every[: given.test])
    folder = start_folder(given.start)
    print("| method | trained | share | minutes | nDCG@10 | gain on the start |\n| --- | --- | --- | --- | --- | --- |")
    for name in given.methods:
        settings = FinetuneSettings.model_validate(
            {"epochs": 1.0, "items_per_window": 8, "evaluate_every": 10_000, "threads": given.threads} | METHODS[name]
        )
        lengths = PairTokenizer(
            folder / "tokenizer.json", query_tokens=settings.query_tokens, passage_tokens=settings.passage_tokens
        )
        started = time.process_time()
        outcome = finetune(load_start(folder), parts, lengths, settings)
        minutes = (time.process_time() - started) / 60
        assert outcome.test is not None
        after, gain = outcome.test.after["ndcg@10"], outcome.test.gain["ndcg@10"]
        trained = outcome.parameters["trained"]
        print(
            f"| {name} | {trained:,} | {trained / outcome.parameters['all']:.2%} | {minutes:.1f} "
            f"| {after.mean:.4f} ({after.low:.4f} to {after.high:.4f}) "
            f"| {gain.mean:+.4f} ({gain.low:+.4f} to {gain.high:+.4f}) |",
            flush=True,
        )
    print(f"{parts.counts()}, {outcome.test.queries} test queries with something relevant")


if __name__ == "__main__":
    main()
