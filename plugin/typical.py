"""What a catalogue's categories usually cost, and what is to be had in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .client import Engine

MOST_CATEGORIES = 2000
SAMPLED = 100
"""So many products of a category say what is to be had in it."""
TOLD = ("brand", "color", "category", "attributes")


def typical_prices(engine: Engine, catalogue: str, timeout_s: float | None = None) -> dict[str, float]:
    """The median price of each category, the largest :data:`MOST_CATEGORIES` of them.

    Args:
        engine: the cluster.
        catalogue: alias or index.
        timeout_s: seconds; ``None`` takes the configuration's.

    Raises:
        EngineError: the engine does not answer in time or there is no such index.
    """
    median = {"percentiles": {"field": "price", "percents": [50], "keyed": False}}
    terms = {"terms": {"field": "category.keyword", "size": MOST_CATEGORIES}, "aggs": {"median": median}}
    body = {"size": 0, "track_total_hits": False, "query": {"exists": {"field": "price"}}, "aggs": {"kinds": terms}}
    answer = engine.search(catalogue, body, None, timeout_s)
    found = {}
    for bucket in answer["aggregations"]["kinds"]["buckets"]:
        value = bucket["median"]["values"][0]["value"]
        if value is not None and value > 0:
            found[str(bucket["key"])] = float(value)
    return found


def sampled(
    engine: Engine, catalogue: str, categories: Sequence[str], timeout_s: float | None = None
) -> list[list[Mapping[str, Any]]]:
    """Some products of each category, at most :data:`SAMPLED`, drawn at random, but the same ones every time.

    Args:
        engine: the cluster.
        catalogue: alias or index.
        categories: names; upper and lower case of Latin letters do not matter.
        timeout_s: seconds; ``None`` takes the configuration's.

    Returns:
        The fields :data:`TOLD` of products, a list a category, in their order.

    Raises:
        EngineError: the engine does not answer in time or there is no such index.
    """
    searches = []
    for name in categories:
        of_category = {"term": {"category.keyword": {"value": name, "case_insensitive": True}}}
        drawn = {
            "query": {"bool": {"filter": [of_category]}},
            "random_score": {"seed": 7, "field": "_seq_no"},
            "boost_mode": "replace",
        }
        body = {"size": SAMPLED, "track_total_hits": False, "_source": list(TOLD), "query": {"function_score": drawn}}
        searches.append(({"index": catalogue}, body))
    answers = engine.msearch(searches, timeout_s) if searches else []
    return [[hit.get("_source", {}) for hit in answer["hits"]["hits"]] for answer in answers]
