"""The sample as files: catalogue, pictures, queries, judgments."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .catalogue import product
from .facts import facts
from .pictures import write_images
from .queries import judgments, make_queries

DEFAULT_QUERIES = 200


def write_lines(path: Path, documents: Iterable[Mapping[str, Any]]) -> int:
    """Write JSON Lines, UTF-8; returns how many."""
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as out:
        for document in documents:
            out.write(json.dumps(document, ensure_ascii=False) + "\n")
            count += 1
    return count


def write_sample(
    folder: Path, *, seed: int = 7, products: int = 1000, queries: int = DEFAULT_QUERIES, images: bool = True
) -> dict[str, int]:
    """Write ``products.jsonl``, ``images/``, ``queries.tsv`` and ``qrels.tsv``.

    Args:
        folder: made when it is not there; files of the same names are replaced.
        seed: of everything.
        products: how many products.
        queries: how many judged queries.
        images: whether to draw the pictures (about 15 ms each).

    Returns:
        How many of each were written, by name.

    Raises:
        ValueError: when the products are too few for the queries.
        OSError: when a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    true = [facts(seed, number) for number in range(products)]
    counts = {"products": write_lines(folder / "products.jsonl", (product(seed, f) for f in true))}
    counts["images"] = write_images((product(seed, f) for f in true), folder) if images else 0
    asked = make_queries(seed, true, queries)
    with (folder / "queries.tsv").open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(f"{query.id}\t{query.text}\n" for query in asked)
    counts["queries"], counts["judgments"] = len(asked), 0
    with (folder / "qrels.tsv").open("w", encoding="utf-8", newline="\n") as out:
        for query in asked:
            lines = [f"{query.id}\t{item}\t{grade}\n" for item, grade in judgments(seed, query, true)]
            out.writelines(lines)
            counts["judgments"] += len(lines)
    return counts
