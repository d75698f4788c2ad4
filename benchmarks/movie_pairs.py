"""Judged movies (MSRD) as windows of bare texts, without an engine: what a transformer learns where it reads alone.

``python -m benchmarks.movie_pairs CORPUS.jsonl.gz JUDGMENTS.tsv.gz OUT.jsonl.gz``: of each query at most 3 relevant
movies and 9 that were judged irrelevant, as text that ``hybridrank index`` would make of them, cut to 80 characters,
without any signal. ``--hard`` takes the irrelevant ones that share most with the query, by TF-IDF, in place of any: no
encoder chooses them, so none of those that are compared is put at a disadvantage.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from sklearn.feature_extraction.text import TfidfVectorizer

from plugin.document import passage
from ranker.candidate import Candidate
from ranker.windows import Window, write_windows

from .movies import product

RELEVANT, OTHERS = 3, 9


def pairs(
    corpus: Path, judgments: Path, queries: int, *, characters: int = 80, hard: bool = False, seed: int = 7
) -> Iterator[Window]:
    """Windows of a random part of the queries that have something relevant and something that is not."""
    with gzip.open(corpus, "rt", encoding="utf-8") as lines:
        whole = {movie["id"]: passage(product(movie)) for movie in map(json.loads, lines)}
    texts = {name: text[:characters] for name, text in whole.items()}
    lexical = TfidfVectorizer(sublinear_tf=True).fit(whole.values()) if hard else None
    names: dict[str, str] = {}
    judged: dict[str, dict[bool, list[str]]] = defaultdict(lambda: {True: [], False: []})
    with gzip.open(judgments, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["doc_id"] in texts:
                names[row["query_id"]] = row["query"]
                judged[row["query_id"]][row["grade"] == "1"].append(row["doc_id"])
    draw = random.Random(seed)
    usable = sorted(name for name, found in judged.items() if found[True] and len(found[False]) >= OTHERS)
    for name in draw.sample(usable, min(queries, len(usable))):
        good = draw.sample(judged[name][True], min(RELEVANT, len(judged[name][True])))
        bad = sorted(judged[name][False])
        if lexical is None:
            bad = draw.sample(bad, OTHERS)
        else:
            likeness = lexical.transform([whole[one] for one in bad]) @ lexical.transform([names[name]]).T
            bad = [bad[row] for row in (-likeness.toarray()[:, 0]).argsort(kind="stable")[:OTHERS]]
        items = tuple(Candidate(one, texts[one]) for one in (*good, *bad))
        yield Window(name, names[name], "movies", items, (*[3.0] * len(good), *[0.0] * len(bad)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("judgments", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--characters", type=int, default=80)
    parser.add_argument("--hard", action="store_true")
    given = parser.parse_args()
    made = pairs(given.corpus, given.judgments, given.queries, characters=given.characters, hard=given.hard)
    print(write_windows(given.out, made), "windows")
