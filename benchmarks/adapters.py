"""Ways of fine-tuning side by side: trained parameters, minutes of processor time, peak memory, nDCG@10 on held-out
queries.

``python -m benchmarks.adapters WINDOWS.jsonl.gz --train 400 --validation 60 --test 300``: every method starts from the
same model and learns from the same windows for the same number of steps. Of each method's rates the one whose last
step is best on the validation queries is measured on the test queries, which nothing else looks at. Each run is a
process of its own, so its peak memory is its own; minutes are of the processor, training alone, so a busy machine does
not change them. A row is printed as soon as it is known. With ``--keep DIR`` a run that is there is not repeated, so
that an interrupted table goes on, and two commands may share the work. ``benchmarks.movie_pairs`` makes windows. The
last columns are the shares of the first method's nDCG@10, and of its gain on the start, that a method has too. With
several ``--start`` each method begins with each, and the last columns compare with the very first row: what pretraining
brings.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import resource
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ranker.significance import resampled_means
from ranker.tokens import PairTokenizer, lay_out
from ranker.training.data import prepare
from ranker.training.finetune import FusedRanker, finetune
from ranker.training.measure import means, tested, window_ndcg
from ranker.training.settings import FinetuneSettings
from ranker.training.splits import Split, text_of
from ranker.windows import Window, read_windows
from service.training import PACKAGED_BERT, load_start, start_folder

METHODS: dict[str, list[dict[str, Any]]] = {
    "full": [{"backbone_rate": rate} for rate in (1e-4, 3e-5)],
    "lora": [{"method": "lora", "adapter_rate": rate} for rate in (1e-3, 3e-3)],
    "head": [{"method": "head", "head_rate": rate} for rate in (1e-2, 3e-3)],
    "bottleneck": [{"method": "bottleneck", "adapter_rate": rate} for rate in (3e-3, 1e-3)],
    "adalora": [{"method": "adalora", "adapter_rate": rate} for rate in (3e-3, 1e-3)],
    "full, layer rates 0.8": [{"layer_decay": 0.8, "backbone_rate": rate} for rate in (2e-4, 1e-4)],
}
"""The rates that each method chooses from; the first where there are no validation queries to choose by."""


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
            found.append(model(*arrays, torch.from_numpy(example.features[0])).numpy())
    return found


def run(given: argparse.Namespace, parts: Split, start: str, changes: dict[str, Any] | None) -> Run:
    """Train one model, or measure the start where ``changes`` is ``None``."""
    folder = start_folder(start)
    fixed = {
        "epochs": given.epochs,
        "items_per_window": 8,
        "evaluate_every": 10**6,
        "threads": given.threads,
        "bf16": given.bf16,
    }
    settings = FinetuneSettings.model_validate(fixed | (changes or {}))
    tokenizer = PairTokenizer.of(folder, settings)
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
    """:func:`run` in a process of its own, or what is kept of an equal one."""
    told = (given.windows.stat().st_size, parts.counts(), given.epochs, start, changes)
    kept = given.keep and given.keep / f"{hashlib.sha256(repr(told).encode()).hexdigest()[:16]}.json"
    if kept and kept.is_file():
        found = json.loads(kept.read_text("utf-8"))
        orders = {part: [np.array(scores) for scores in found.pop(part)] for part in ("validation", "test")}
        return Run(orders["validation"], orders["test"], **found)
    # One process has loaded torch and forks the others, so that no run pays for loading it.
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(["ranker.training.finetune", "service.training"])
    with forks.Pool(1) as pool:
        done = pool.apply(run, (given, parts, start, changes))
    if kept:
        given.keep.mkdir(parents=True, exist_ok=True)
        line = asdict(done) | {
            part: [scores.tolist() for scores in getattr(done, part)] for part in ("validation", "test")
        }
        kept.write_text(json.dumps(line), "utf-8")
    return done


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
    parser.add_argument("--bf16", action="store_true", help="train with 16-bit numbers")
    parser.add_argument("--keep", type=Path, help="a folder for what each run came to")
    given = parser.parse_args()
    found: dict[str, Window] = {}
    for window in read_windows(given.windows):
        if len(set(window.grades)) > 1:
            found.setdefault(text_of(window), window)
    every = list(found.values())
    last = given.test + given.validation
    parts = Split(every[last : last + given.train], every[given.test : last], every[: given.test])
    print(f"{parts.counts()}; rates are chosen on validation, figures are of the test queries")
    print(
        "| method | trained | minutes | peak memory | nDCG@10 | gain on its start | less the first "
        "| nDCG@10 kept | gain kept |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    first: Run | None = None
    for begin in given.start:
        untrained = apart(given, parts, begin, None)
        print(f"<!-- {begin} untrained: test {means(parts.test, untrained.test)['ndcg@10']:.4f} -->", flush=True)
        for name in given.methods:
            runs = []
            for changes in METHODS[name][: None if parts.validation else 1]:
                one = apart(given, parts, begin, changes)
                runs.append((means(parts.validation, one.validation).get("ndcg@10", 0.0), one, changes))
                if parts.validation:
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
    return f"| {' | '.join([*cells, *kept(test, start, first, run)])} |"


def kept(test: Sequence[Window], start: Run, first: Run, run: Run) -> tuple[str, str]:
    """Shares of the first method's nDCG@10, and of its gain on the start, that a run has too."""
    each = zip(test, start.test, first.test, run.test, strict=True)
    rows = [[window_ndcg(window, one, condensed=False) for one in scores] for window, *scores in each]
    table = np.array([row for row in rows if None not in row], np.float64)
    return share(table[:, 1:], 1), share(table[:, 1:] - table[:, :1], 0)


def share(values: NDArray[np.float64], digits: int) -> str:
    """The mean of the second column as a share of the first's, with the interval of the same ratio over resampled
    queries; ``none`` where the first's mean reaches 0 within its interval."""
    drawn = resampled_means(values)
    if np.percentile(drawn[:, 0], 2.5) <= 0:
        return "none"
    low, high = np.percentile(drawn[:, 1] / drawn[:, 0], [2.5, 97.5])
    return f"{values[:, 1].mean() / values[:, 0].mean():.{digits}%} ({low:.{digits}%} to {high:.{digits}%})"


if __name__ == "__main__":
    main()
