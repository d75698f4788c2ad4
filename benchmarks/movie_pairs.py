"""Judged movies (MSRD) as windows of bare texts, without an engine: what a transformer learns where it reads alone.

``python -m benchmarks.movie_pairs CORPUS.jsonl.gz JUDGMENTS.tsv.gz OUT.jsonl.gz [QUERIES]``: of each query at most 3
relevant movies and 9 that were judged irrelevant, as text that ``hybridrank index`` would make of them, cut to 80
characters, without any signal.
"""

from __future__ import annotations

import csv
import gzip
import json
import random
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from plugin.document import passage
from ranker.candidate import Candidate
from ranker.windows import Window, write_windows

from .movies import product

RELEVANT, OTHERS = 3, 9
CHARACTERS = 80


def pairs(corpus: Path, judgments: Path, queries: int, *, seed: int = 7) -> Iterator[Window]:
    """Windows of a random part of the queries that have something relevant and something that is not."""
    with gzip.open(corpus, "rt", encoding="utf-8") as lines:
        texts = {movie["id"]: passage(product(movie))[:CHARACTERS] for movie in map(json.loads, lines)}
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
        bad = draw.sample(judged[name][False], OTHERS)
        items = tuple(Candidate(one, texts[one]) for one in (*good, *bad))
        yield Window(name, names[name], "movies", items, (*[3.0] * len(good), *[0.0] * len(bad)))


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit("usage: python -m benchmarks.movie_pairs CORPUS.jsonl.gz JUDGMENTS.tsv.gz OUT.jsonl.gz [QUERIES]")
    limit = int(sys.argv[4]) if len(sys.argv) == 5 else 2000
    print(write_windows(Path(sys.argv[3]), pairs(Path(sys.argv[1]), Path(sys.argv[2]), limit)), "windows")
