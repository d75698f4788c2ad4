"""Requests that Schemathesis draws from the OpenAPI document: what it allows, and what it says is not to be sent."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis.core.result import Err

from .campaign import Answer, Judge, Report, asked, document
from .requests import Sent

STREAM = "/v1/recommend/stream"
"""Its answer does not end by itself; the mutations ask it."""
DRAWN_WHO = frozenset({"x-hybridrank-person", "x-hybridrank-session", "authorization", "cookie"})
"""Who asks is said by the tests: what is drawn there is refused before an endpoint's own code."""


def drawn_from_document(
    url: str, engine_url: str, index: str, each: int, paths: frozenset[str] = frozenset()
) -> Report:
    """Send so many requests of each kind, within the document and beside it, to each of its operations.

    Args:
        url: of a service in demo mode.
        engine_url: of its engine.
        index: a catalogue with products.
        each: how many.
        paths: those that are asked; empty is all.
    """
    report, judge = Report(), Judge()
    for found in schemathesis.openapi.from_dict(document()).get_all_operations():
        if isinstance(found, Err):
            raise found.err()
        operation = found.ok()
        if operation.path == STREAM or (paths and operation.path not in paths):
            continue
        who = asked(url, engine_url, index).headers
        for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):
            for case in _cases(operation.as_strategy(generation_mode=mode), each):
                own = {name: value for name, value in (case.headers or {}).items() if name.lower() not in DRAWN_WHO}
                case.headers = own
                sent = Sent(f"{case.method} {case.path}", case.method, str(case.query), own, repr(case.body).encode())
                try:
                    answer = case.call(base_url=url, headers=who, timeout=300)
                except requests.exceptions.InvalidHeader:
                    continue  # no client can send it
                back = Answer(answer.status_code, answer.headers.get("content-type", [""])[0], answer.content)
                report.note(sent, back, judge.fault(sent, back))
    return report


def _cases(strategy: SearchStrategy[Any], count: int) -> list[Any]:
    """So many examples of a strategy, the same in every run."""
    found: list[Any] = []

    @seed(0)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        deadline=None,
        database=None,
    )
    @given(strategy)
    def keep(case: Any) -> None:
        found.append(case)

    with suppress(Unsatisfiable):  # a call without parameters has nothing that could be wrong
        keep()
    return found
