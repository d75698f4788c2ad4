"""What one search costs OpenSearch, part by part: ``python -m benchmarks.growth_parts --products 100000``.

The request that ``/v1/search`` sends is sent with one part after the other left out, and the engine's own
CPU-seconds are counted. Prints JSON: CPU milliseconds a request of the whole, and what each part adds to it.
"""

from __future__ import annotations

import argparse
import copy
import json
from collections.abc import Callable
from typing import Any

from plugin.query import window_body
from service.app import create_app
from service.engine import engine_from
from service.schemas.search import SearchBody
from service.settings import Settings

from .growth import engine_cpu, settled
from .growth_catalogue import name_of, queries

Body = dict[str, Any]


def without(name: str) -> Callable[[Body], None]:
    """Leave a part of the body out."""

    def leave(body: Body) -> None:
        body.pop(name, None)

    return leave


def no_sources(body: Body) -> None:
    """Bring ids and scores only."""
    body["_source"] = False


def only(kind: str) -> Callable[[Body], None]:
    """Keep one kind of clause: ``knn``, or all but that."""

    def keep(body: Body) -> None:
        clauses = body["query"]["bool"]["should"]
        body["query"]["bool"]["should"] = [one for one in clauses if ("knn" in one) == (kind == "knn")]

    return keep


LEFT_OUT: dict[str, Callable[[Body], None]] = {
    "whole": lambda _: None,
    "products' fields": no_sources,
    "exact cosines": without("post_filter"),
    "spelling": without("suggest"),
    "nearest vectors": only("words"),
    "words": only("knn"),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=4, help="the first one warms up")
    given = parser.parse_args()
    settings = Settings(index=name_of(given.products), threads=1)
    app = create_app(settings, demo=True)
    here = app.extensions["hybridrank"]
    spent = dict.fromkeys(LEFT_OUT, 0.0)
    hits = 0
    with engine_from(settings) as engine:
        settled(engine)
        bodies = []
        for text in queries(given.requests, seed=23):
            question = here.search.question(SearchBody(query=text))
            request = question.request
            bodies.append(window_body(request, from_=0, size=request.window(question.catalogue.shards)))
        for turn in range(given.rounds):
            for name, change in LEFT_OUT.items():
                before = engine_cpu(engine)
                for body in bodies:
                    changed = copy.deepcopy(body)
                    change(changed)
                    answer = engine.search(settings.index, changed, {"include_named_queries_score": "true"})
                    hits += len(answer["hits"]["hits"]) if name == "whole" and turn == 0 else 0
                if turn:
                    spent[name] += engine_cpu(engine) - before
    here.close()
    count = given.requests * (given.rounds - 1)
    per = {name: 1000 * seconds / count for name, seconds in spent.items()}
    told = {name: round(per["whole"] - value, 1) for name, value in per.items() if name != "whole"}
    print(
        json.dumps(
            {
                "products": given.products,
                "hits_a_request": round(hits / given.requests),
                "whole_cpu_ms": round(per["whole"], 1),
                "adds_cpu_ms": told,
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
