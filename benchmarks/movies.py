"""The Movie Search Ranking Dataset (MSRD, CC BY 4.0) as a catalogue with queries and judgments.

``python -m benchmarks.movies CORPUS.jsonl.gz JUDGMENTS.tsv.gz OUT`` writes ``products.jsonl.gz``, ``queries.tsv`` and
``qrels.tsv`` to the folder OUT. Binary judgments become grades 0 and 3.
"""

from __future__ import annotations

import csv
import gzip
import json
import random
import sys
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


def main(corpus: Path, judgments: Path, out: Path, *, queries: int | None, seed: int = 7) -> None:
    """Convert; ``queries`` keeps a random part of them."""
    out.mkdir(parents=True, exist_ok=True)
    with gzip.open(corpus, "rt", encoding="utf-8") as lines, gzip.open(out / "products.jsonl.gz", "wt") as products:
        for line in lines:
            products.write(json.dumps(product(json.loads(line)), ensure_ascii=False) + "\n")
    with gzip.open(judgments, "rt", encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    names = {row["query_id"]: row["query"] for row in rows}
    kept = sorted(names)
    random.Random(seed).shuffle(kept)
    chosen = set(kept[:queries])
    with (out / "queries.tsv").open("w", encoding="utf-8") as file:
        file.writelines(f"{name}\t{names[name]}\n" for name in kept[:queries])
    with (out / "qrels.tsv").open("w", encoding="utf-8") as file:
        for row in rows:
            if row["query_id"] in chosen:
                file.write(f"{row['query_id']}\t{row['doc_id']}\t{3 * int(row['grade'])}\n")


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit("usage: python -m benchmarks.movies CORPUS.jsonl.gz JUDGMENTS.tsv.gz OUT [QUERIES]")
    limit = int(sys.argv[4]) if len(sys.argv) == 5 else None
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), queries=limit)
