"""What training on co-views brings to products and people that nobody has seen: MovieLens, for measurement only.

``python -m benchmarks.together MOVIELENS_FOLDER CORPUS.jsonl.gz``: a rating of 4 and more is a view. People are divided
at random, 70 % to learn from, and films too, in halves: what is learned from some people about some films is measured
with other people on other films. A film stands in the query's place beside 30 others (10 nearest by text vector, 20
drawn); their grades are those of ``train together``, counted by the people of that part. Nothing is trained that ships.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from multimodal import load_text_encoder
from personal.pairs import Act, pairs
from personal.recommend import query_of
from plugin.document import passage
from ranker.candidate import Candidate
from ranker.significance import estimates
from ranker.tokens import PairTokenizer
from ranker.training.finetune import finetune
from ranker.training.measure import window_ndcg
from ranker.training.settings import FinetuneSettings
from ranker.training.splits import Split
from ranker.windows import Window
from service.settings import Settings
from service.training import PACKAGED_BERT, load_start, start_folder

from .adapters import orders

FEWEST_RATINGS = 20
NEAREST, DRAWN = 10, 20
CHARACTERS = 160
YEAR = re.compile(r"\s*\((\d{4})\)\s*$")


def films(folder: Path, corpus: Path) -> dict[str, dict[str, Any]]:
    """Films in the catalogue's form by MovieLens id, with a plot where the corpus has a film of that title and year."""
    with gzip.open(corpus, "rt", encoding="utf-8") as lines:
        plots = {(one["title"].lower(), str(one["year"])): one["overview"] or "" for one in map(json.loads, lines)}
    found: dict[str, dict[str, Any]] = {}
    with (folder / "movies.csv").open(encoding="utf-8", newline="") as lines_:
        for row in csv.DictReader(lines_):
            year = YEAR.search(row["title"])
            title = re.sub(r"^(.*), (The|A|An)$", r"\2 \1", YEAR.sub("", row["title"]))
            plot = plots.get((title.lower(), year.group(1) if year else ""), "")
            kinds = [kind for kind in row["genres"].split("|") if not kind.startswith("(")]
            found[row["movieId"]] = {"id": row["movieId"], "title": title, "category": kinds, "description": plot}
    return found


def views(folder: Path) -> dict[str, list[Act]]:
    """What each person liked, oldest first."""
    found: dict[str, list[Act]] = {}
    with (folder / "ratings.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if float(row["rating"]) >= 4.0:
                found.setdefault(row["userId"], []).append(Act(int(row["timestamp"]) * 1000, row["movieId"], "view"))
    return {person: sorted(done) for person, done in found.items()}


def windows(
    items: Sequence[str],
    people: Mapping[str, Sequence[Act]],
    catalogue: Mapping[str, Mapping[str, Any]],
    vectors: Mapping[str, NDArray[np.float32]],
    dice: random.Random,
) -> Iterator[Window]:
    """Each film beside others, all of them graded: 0 is not above chance."""
    kept = set(items)
    grades = pairs({person: [act for act in done if act.item in kept] for person, done in people.items()})
    for item in items:
        if not any(grades.get(item, {}).values()):
            continue
        others = sorted(kept - {item}, key=lambda other: (-float(vectors[item] @ vectors[other]), other))
        chosen = others[:NEAREST] + dice.sample(others[NEAREST:], DRAWN)
        candidates = tuple(
            Candidate(
                other, passage(catalogue[other])[:CHARACTERS], {"text_vector": float(vectors[item] @ vectors[other])}
            )
            for other in chosen
        )
        found = tuple(grades[item].get(other, 0.0) for other in chosen)
        if any(found):
            yield Window(item, query_of(catalogue[item])[:CHARACTERS], "films", candidates, found)


def main() -> None:
    """Print nDCG@10 of each order and what training gains."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("movielens", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--most", type=int, default=250, help="windows of each part")
    parser.add_argument("--epochs", type=float, default=2.0)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    dice = random.Random(7)
    catalogue, people = films(given.movielens, given.corpus), views(given.movielens)
    often = Counter(act.item for done in people.values() for act in done)
    items = sorted(item for item, count in often.items() if count >= FEWEST_RATINGS)
    dice.shuffle(items)
    names = sorted(people)
    dice.shuffle(names)
    settings = Settings()
    encoder = load_text_encoder(settings.text_encoder, settings.home, threads=given.threads)
    table = encoder.encode([passage(catalogue[item])[:400] for item in items], role="document")
    vectors = dict(zip(items, table, strict=True))
    known, unseen = names[: len(names) * 7 // 10], names[len(names) * 7 // 10 :]
    made = [
        list(windows(part, {name: people[name] for name in who}, catalogue, vectors, dice))
        for part, who in ((items[::2], known), (items[1::2], unseen))
    ]
    training, test = (dice.sample(part, min(given.most, len(part))) for part in made)
    folder = start_folder(PACKAGED_BERT)
    chosen = FinetuneSettings(
        epochs=given.epochs, items_per_window=10, evaluate_every=10**6, backbone_rate=5e-5, threads=given.threads
    )
    tokenizer = PairTokenizer(folder / "tokenizer.json", query_tokens=32, passage_tokens=chosen.passage_tokens)
    torch.manual_seed(chosen.seed)
    model = load_start(folder)
    scores = {"untrained": orders(model, test, tokenizer)}
    finetune(model, Split(training, [], []), tokenizer, chosen)
    scores["trained on co-views"] = orders(model, test, tokenizer)
    scores["text vector"] = [np.array([item.signals["text_vector"] for item in one.candidates]) for one in test]
    scores["popularity"] = [np.array([often[item.id] for item in one.candidates], float) for one in test]
    random_numbers = np.random.default_rng(1)
    scores["shuffled"] = [random_numbers.random(len(one.candidates)) for one in test]
    table = np.array(
        [[window_ndcg(one, scores[name][n], condensed=False) or 0.0 for name in scores] for n, one in enumerate(test)]
    )
    print(f"{len(items)} films; {len(training)} windows of {len(known)} people, {len(test)} of {len(unseen)} others")
    for name, value, less in zip(scores, estimates(table), estimates(table - table[:, :1]), strict=True):
        print(
            f"{name:20} nDCG@10 {value.mean:.4f} ({value.low:.4f} to {value.high:.4f})"
            f"  less untrained {less.mean:+.4f} ({less.low:+.4f} to {less.high:+.4f})"
        )


if __name__ == "__main__":
    main()
