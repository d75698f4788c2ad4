"""What the service counts. Import this only once ``PROMETHEUS_MULTIPROC_DIR`` is settled: the library reads it then."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUESTS = Histogram(
    "hybridrank_request_seconds", "Time to answer a request.", ["endpoint", "method", "status"], buckets=BUCKETS
)
IN_PROGRESS = Gauge("hybridrank_requests_in_progress", "Requests that are being answered.", multiprocess_mode="livesum")
STAGES = Histogram("hybridrank_stage_seconds", "Time of one stage of a request.", ["stage"], buckets=BUCKETS)
DEGRADED = Counter("hybridrank_degraded_total", "Answers in the first-stage order instead of the model's.", ["reason"])
ENGINE_ERRORS = Counter("hybridrank_engine_errors_total", "Calls to OpenSearch that failed.", ["kind"])
VECTOR_CACHE = Counter("hybridrank_query_vector_cache_total", "Lookups in the cache of query vectors.", ["outcome"])
ITEM_VECTORS = Counter("hybridrank_item_vector_cache_total", "Lookups of products' text vectors.", ["outcome"])
EVENTS = Counter("hybridrank_events_total", "Events that were sent, by what became of them.", ["outcome"])
UNCOUNTED = Counter("hybridrank_events_uncounted_total", "Calls whose events are counted later.", ["reason"])
RECONCILED = Counter("hybridrank_events_reconciled_total", "Events that the reconciler looked at.")
LOOP_FAILURES = Counter(
    "hybridrank_loop_failures_total", "Runs of work beside answering that failed.", ["work", "reason"]
)
WITHOUT = Counter("hybridrank_searches_without_total", "Answers that had to do without a part.", ["part", "reason"])
UNREADABLE = Counter("hybridrank_profiles_unreadable_total", "Records about people that do not open.", ["kind"])
UNTAUGHT = Counter("hybridrank_profiles_untaught_total", "Changes of a profile that could not be written.", ["reason"])
SWAPS_FAILED = Counter("hybridrank_model_swaps_failed_total", "Models that a link named and that could not be loaded.")
OVERLOADED = Counter("hybridrank_overloaded_total", "Requests that were refused because the queue was full.")
RATE_LIMITED = Counter("hybridrank_rate_limited_total", "Requests beyond an allowance.", ["allowance"])
ALLOWANCES_ALONE = Counter("hybridrank_allowances_alone_total", "Requests that a worker counted without Redis.")
AUDIT_FAILURES = Counter("hybridrank_audit_failures_total", "Lines of the audit log that could not be written.")
STREAMS = Gauge("hybridrank_streams", "Open streams of recommendations.", multiprocess_mode="livesum")
STREAMS_REFUSED = Counter("hybridrank_streams_refused_total", "Streams that were one too many.")
LEFT = Counter("hybridrank_plugin_left_total", "Queries of OpenSearch's pipeline that stay as they are.", ["reason"])
UNLOGGED = Counter("hybridrank_queries_unlogged_total", "Queries that could not be written to ubi_queries.", ["reason"])

# Each worker reads the same records, so the latest look is the truth.
SUGGESTIONS_EPSILON = Gauge(
    "hybridrank_suggestions_epsilon_spent",
    "Epsilon that the private choice of suggestions has spent, all recorded days together.",
    ["catalogue"],
    multiprocess_mode="mostrecent",
)
SUGGESTIONS_DELTA = Gauge(
    "hybridrank_suggestions_delta_spent", "Delta, likewise.", ["catalogue"], multiprocess_mode="mostrecent"
)
SUGGESTIONS_DAYS = Gauge(
    "hybridrank_suggestions_days_chosen",
    "Days for which suggestions were chosen privately.",
    ["catalogue"],
    multiprocess_mode="mostrecent",
)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Time one stage (``encode``, ``engine``, ``rank``, ``log``), also when it fails."""
    started = time.perf_counter()
    try:
        yield
    finally:
        STAGES.labels(name).observe(time.perf_counter() - started)


def exposition() -> tuple[bytes, str]:
    """All metrics of all workers in Prometheus' text format, and its content type."""
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST
