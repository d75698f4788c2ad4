"""What a catalogue's categories usually cost."""

from __future__ import annotations

from .client import Engine

MOST_CATEGORIES = 2000


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
