"""The Movie Search Ranking Dataset (MSRD, CC BY 4.0) as a catalogue with queries and judgments.

``python -m benchmarks.movies CORPUS.jsonl.gz JUDGMENTS.tsv.gz OUT`` writes ``products.jsonl.gz``, ``queries.tsv`` and
``qrels.tsv`` to the folder OUT. Binary judgments become grades 0 and 3. ``--queries 200 --skip 1000`` takes the queries
1,001 to 1,200 of an order drawn by chance, so that one measurement need not use another's; ``--judged`` takes only
the movies that were judged for them, a catalogue that is smaller to encode.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
from pathlib import Path
from typing import Any


def product(movie: dict[str, Any]) -> dict[str, Any]:
    """One movie as a product: people, year and characters go into the text, since people search by them."""
    year = f" ({movie['year']})" if movie.get("year") else ""
    facts = []
    if movie.get("director"):
        facts.append(f"Directed by {movie['director']}.")
    if movie.get("actors"):
        facts.append(f"With {', '.join(movie['actors'][:6])}.")
    if movie.get("characters"):
        facts.append(f"Characters: {', '.join(movie['characters'][:4])}.")
    return {
        "id": movie["id"],
        "title": movie["title"] + year,
        "description": " ".join([*facts, movie.get("overview") or ""]).strip(),
        "category": movie.get("genres") or [],
        "rating": movie.get("rating"),
        "rating_count": movie.get("votes"),
    }


def main(
    corpus: Path, judgments: Path, out: Path, *, queries: int | None, skip: int = 0, judged: bool = False, seed: int = 7
) -> None:
    """Convert; see the module for which queries and movies are kept."""
    out.mkdir(parents=True, exist_ok=True)
    with gzip.open(judgments, "rt", encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    names = {row["query_id"]: row["query"] for row in rows}
    kept = sorted(names)
    random.Random(seed).shuffle(kept)
    kept = kept[skip:] if queries is None else kept[skip : skip + queries]
    chosen = set(kept)
    rows = [row for row in rows if row["query_id"] in chosen]
    wanted = {row["doc_id"] for row in rows} if judged else None
    with gzip.open(corpus, "rt", encoding="utf-8") as lines, gzip.open(out / "products.jsonl.gz", "wt") as products:
        for movie in map(json.loads, lines):
            if wanted is None or movie["id"] in wanted:
                products.write(json.dumps(product(movie), ensure_ascii=False) + "\n")
    with (out / "queries.tsv").open("w", encoding="utf-8") as file:
        file.writelines(f"{name}\t{names[name]}\n" for name in kept)
    with (out / "qrels.tsv").open("w", encoding="utf-8") as file:
        file.writelines(f"{row['query_id']}\t{row['doc_id']}\t{3 * int(row['grade'])}\n" for row in rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("judgments", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--queries", type=int)
    parser.add_argument("--skip", type=int, default=0)
    parser.add_argument("--judged", action="store_true")
    given = parser.parse_args()
    main(given.corpus, given.judgments, given.out, queries=given.queries, skip=given.skip, judged=given.judged)
