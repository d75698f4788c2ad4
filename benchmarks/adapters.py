"""Ways of fine-tuning side by side: trained parameters, minutes of processor time, peak memory, nDCG@10 on held-out
queries.

``python -m benchmarks.adapters WINDOWS.jsonl.gz --train 400 --validation 80 --test 320``: every method starts from the
same model and learns from the same windows for the same number of steps. Of each method's rates the one whose last
step is best on the validation queries is measured on the test queries, which nothing else looks at. Each run is a
process of its own, so its peak memory is its own; minutes are of the processor, training alone, so a busy machine does
not change them. A row is printed as soon as it is known. ``benchmarks.movie_pairs`` makes windows. With several
``--start`` each method begins with each, and the last column compares with the very first row: what pretraining brings.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ranker.tokens import PairTokenizer, lay_out
from ranker.training.data import prepare
from ranker.training.finetune import FusedRanker, finetune
from ranker.training.measure import means, tested
from ranker.training.settings import FinetuneSettings
from ranker.training.splits import Split, text_of
from ranker.windows import Window, read_windows
from service.training import PACKAGED_BERT, load_start, start_folder

METHODS: dict[str, list[dict[str, Any]]] = {
    "full": [{"backbone_rate": rate} for rate in (3e-5, 1e-4)],
    "full, layer rates 0.8": [{"layer_decay": 0.8, "backbone_rate": 1e-4}],
    "lora": [{"method": "lora", "adapter_rate": rate} for rate in (3e-4, 1e-3, 3e-3)],
    "adalora": [{"method": "adalora", "adapter_rate": rate} for rate in (1e-3, 3e-3)],
    "bottleneck": [{"method": "bottleneck", "adapter_rate": rate} for rate in (1e-3, 3e-3)],
    "head": [{"method": "head", "head_rate": rate} for rate in (3e-3, 1e-2)],
}
"""The rates that each method chooses from."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run came to: orders of the validation and the test windows, and what it cost."""

    validation: list[NDArray[np.floating]]
    test: list[NDArray[np.floating]]
    trained: int
    share: float
    minutes: float
    memory: int


def orders(model: FusedRanker, windows: Sequence[Window], tokenizer: PairTokenizer) -> list[NDArray[np.floating]]:
    """Logits of whole windows."""
    model.eval()
    found: list[NDArray[np.floating]] = []
    with torch.no_grad():
        for example in prepare(windows, tokenizer, drops=1):
            count = len(example.passages)
            batch = lay_out([example.query] * count, example.passages, range(count))
            arrays = (torch.from_numpy(array) for array in (batch.ids, batch.positions, batch.segments))
            with torch.autocast("cpu", torch.bfloat16):
                logits = model(*arrays, torch.from_numpy(example.features[0]))
            found.append(logits.float().numpy())
    return found


def run(given: argparse.Namespace, parts: Split, start: str, changes: dict[str, Any] | None) -> Run:
    """Train one model, or measure the start where ``changes`` is ``None``."""
    folder = start_folder(start)
    fixed = {"epochs": given.epochs, "items_per_window": 8, "evaluate_every": 10**6, "threads": given.threads}
    settings = FinetuneSettings.model_validate(fixed | (changes or {}))
    tokenizer = PairTokenizer(
        folder / "tokenizer.json", query_tokens=settings.query_tokens, passage_tokens=settings.passage_tokens
    )
    torch.set_num_threads(given.threads)
    torch.manual_seed(settings.seed)
    model = load_start(folder)
    counts, minutes = {"trained": 0, "all": 1}, 0.0
    if changes is not None:
        started = time.process_time()
        counts = finetune(model, Split(parts.training, [], []), tokenizer, settings).parameters
        minutes = (time.process_time() - started) / 60
    found = [orders(model, windows, tokenizer) for windows in (parts.validation, parts.test)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return Run(found[0], found[1], counts["trained"], counts["trained"] / counts["all"], minutes, peak)


def apart(given: argparse.Namespace, parts: Split, start: str, changes: dict[str, Any] | None) -> Run:
    """:func:`run` in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(run, (given, parts, start, changes))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("windows", type=Path)
    parser.add_argument("--start", nargs="*", default=[PACKAGED_BERT], help="what to begin with, one after the other")
    parser.add_argument("--train", type=int, default=400)
    parser.add_argument("--validation", type=int, default=80)
    parser.add_argument("--test", type=int, default=320)
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--methods", nargs="*", default=list(METHODS))
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    found: dict[str, Window] = {}
    for window in read_windows(given.windows):
        if len(set(window.grades)) > 1:
            found.setdefault(text_of(window), window)
    every = list(found.values())
    last = given.test + given.validation
    parts = Split(every[last : last + given.train], every[given.test : last], every[: given.test])
    print(f"{parts.counts()}; rates are chosen on validation, figures are of the test queries")
    print("| method | trained | minutes | peak memory | nDCG@10 | gain on its start | less the first |")
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    first: Run | None = None
    for begin in given.start:
        untrained = apart(given, parts, begin, None)
        print(f"<!-- {begin} untrained: test {means(parts.test, untrained.test)['ndcg@10']:.4f} -->", flush=True)
        for name in given.methods:
            runs = []
            for changes in METHODS[name]:
                one = apart(given, parts, begin, changes)
                runs.append((means(parts.validation, one.validation).get("ndcg@10", 0.0), one, changes))
                print(f"<!-- {name} {changes}: validation {runs[-1][0]:.4f} -->", flush=True)
            _, best, changes = max(runs, key=lambda row: row[0])
            first = first or best
            print(row_of(f"{name} from {Path(begin).name}, {changes}", parts.test, untrained, first, best), flush=True)


def row_of(name: str, test: Sequence[Window], start: Run, first: Run, run: Run) -> str:
    """A row of the table."""
    report, beside = (tested(test, before=other.test, after=run.test) for other in (start, first))
    if report is None or beside is None:
        raise SystemExit("no test query has anything relevant")
    after, gain, less = report.after["ndcg@10"], report.gain["ndcg@10"], beside.gain["ndcg@10"]
    cells = [
        name,
        f"{run.trained:,} ({run.share:.2%})",
        f"{run.minutes:.1f}",
        f"{run.memory} MiB",
        f"{after.mean:.4f} ({after.low:.4f} to {after.high:.4f})",
        *(f"{one.mean:+.4f} ({one.low:+.4f} to {one.high:+.4f})" for one in (gain, less)),
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
