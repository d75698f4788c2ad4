"""How quickly the forms of one model read pairs, beside sentence-transformers' CrossEncoder of the same transformer.

``python -m benchmarks.compressed MODEL WINDOWS.jsonl.gz --rounds 5 --pairs 64``: MODEL is a folder with its
model.safetensors. Its forms are written here: 32 bits, int8 with a scale a row, int8 with fixed ranges, and that with
fewer layers. One thread each; the forms take turns in each round, and processor time is counted, so that what else the
machine does falls on all alike. The ratio is that of a round, given as median, lowest and highest. Which layers go does
not matter for speed, so the upper ones do; what a form loses is ``hybridrank compress``'s to say.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from ranker.folder import read_config
from ranker.model import Ranker
from ranker.tokens import PairTokenizer
from ranker.training.compress import without_layer
from ranker.training.judge import Form, Judge, write
from ranker.training.save import load_trained
from ranker.windows import Window, read_windows

from . import crossencoder

LAYERS = (3, 2)


def forms_of(folder: Path, windows: Sequence[Window]) -> tuple[dict[str, Form], PairTokenizer]:
    """The forms by name."""
    config = read_config(folder)
    tokenizer = folder / "tokenizer.json"
    lengths = PairTokenizer.of(folder, config)
    judge = Judge(windows, lengths, 0.0)
    whole = Form(load_trained(folder), tokenizer)
    int8 = replace(whole, int8=True)
    forms = {"32 bits": whole, "int8, a scale a row": int8, "int8, fixed ranges": judge.with_ranges(int8)}
    model = whole.model
    while (count := model.network.shape.layers) > min(LAYERS):
        model = without_layer(model, count - 1)
        if count - 1 in LAYERS:
            forms[f"the same, {count - 1} layers"] = judge.with_ranges(replace(int8, model=model))
    return forms, lengths


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("windows", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pairs", type=int, default=64)
    given = parser.parse_args()
    windows = list(itertools.islice(read_windows(given.windows), 400))
    forms, lengths = forms_of(given.model, windows)
    texts = [item.text or "" for window in windows for item in window.candidates][: given.pairs]
    query = windows[0].query
    longest = lengths.query_tokens + lengths.passage_tokens
    beside = crossencoder.untrained(1, longest)
    ways: dict[str, Callable[[], object]] = {
        "CrossEncoder": lambda: beside.predict([(query, text) for text in texts], show_progress_bar=False)
    }
    with tempfile.TemporaryDirectory() as place:
        for number, (name, form) in enumerate(forms.items()):
            write(form, Path(place) / str(number), lengths)
            ranker = Ranker(Path(place) / str(number), threads=1, remembered=0)
            ways[name] = lambda ranker=ranker: ranker.pair_vectors(query, texts)  # type: ignore[misc]
        times: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(given.rounds + 1):
            for name, way in ways.items():
                started = time.process_time()
                way()
                if turn:  # the first loads everything
                    times[name].append(time.process_time() - started)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {len(texts)} pairs, {given.rounds} rounds")
    print("| form | pairs per second of one core | times the CrossEncoder |\n| --- | --- | --- |")
    for name, each in times.items():
        ratios = [one / own for one, own in zip(times["CrossEncoder"], each, strict=True)]
        rate = len(texts) / statistics.median(each)
        print(f"| {name} | {rate:.1f} | {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) |")


if __name__ == "__main__":
    main()
