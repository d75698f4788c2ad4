"""Sends malformed requests to a running service and judges every answer; what is not as it has to be is a fault."""

from __future__ import annotations

import http.client
import itertools
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
import jsonschema_rs
import psutil

from service.app import create_app
from service.problems import MEDIA_TYPE, PROBLEM_SCHEMA
from service.settings import Settings

from .requests import Known, Sent, Whole, malformed, wholes

MOST_SHOWN = 300
ROUND = 500
"""After so many inputs what the service gave out is asked for anew, for it grows old."""
MOST_PROBLEM_BYTES = 8_000
DELIBERATE = frozenset({"engine-unavailable", "overloaded"})
"""Kinds of a 503 that are no fault: the engine, or the machine, is too busy."""


@dataclass
class Answer:
    """What came back; a stream is cut after its head."""

    status: int
    kind: str
    content: bytes


@dataclass
class Report:
    """What was sent and what came of it.

    Attributes:
        sent: inputs by endpoint.
        statuses: answers by endpoint and status.
        busy: deliberate 503 answers.
        faults: of each kind the first few, with the request.
    """

    sent: Counter[str] = field(default_factory=Counter)
    statuses: dict[str, Counter[int]] = field(default_factory=dict)
    busy: int = 0
    faults: dict[str, list[str]] = field(default_factory=dict)

    def note(self, one: Sent, answer: Answer | None, fault: str | None) -> None:
        """Count one input and its answer."""
        self.sent[one.endpoint] += 1
        self.statuses.setdefault(one.endpoint, Counter())[answer.status if answer else 0] += 1
        if fault is not None:
            shown = f"{one.method} {one.target} {one.headers} {one.content!r}"[:MOST_SHOWN]
            said = answer.content[:MOST_SHOWN].decode(errors="replace") if answer else ""
            self.faults.setdefault(f"{one.endpoint}: {fault}", []).append(f"{shown} -> {said}")

    def add(self, other: Report) -> None:
        """Take another's counts in."""
        self.sent.update(other.sent)
        self.busy += other.busy
        for name, counts in other.statuses.items():
            self.statuses.setdefault(name, Counter()).update(counts)
        for name, examples in other.faults.items():
            self.faults.setdefault(name, []).extend(examples)

    def table(self) -> dict[str, Any]:
        """For JSON."""
        rows = {
            name: {"sent": count, "answers": {str(code): n for code, n in sorted(self.statuses[name].items())}}
            for name, count in sorted(self.sent.items())
        }
        found = {name: {"count": len(examples), "first": examples[:3]} for name, examples in self.faults.items()}
        return {"inputs": self.sent.total(), "endpoints": rows, "busy_503": self.busy, "faults": found}


def document() -> dict[str, Any]:
    """The OpenAPI document of a service in demo mode."""
    found = create_app(Settings(), demo=True).spec
    assert isinstance(found, dict)
    return found


class Judge:
    """Holds answers against the OpenAPI document."""

    def __init__(self) -> None:
        spec = document()
        components = spec["components"]
        self._problem = jsonschema_rs.validator_for(PROBLEM_SCHEMA)
        self._answers: dict[tuple[str, int], dict[str, Any]] = {}
        for path, item in spec["paths"].items():
            for method, operation in item.items():
                for status, said in operation["responses"].items():
                    if not status.isdigit():
                        continue
                    kinds = {
                        kind: jsonschema_rs.validator_for({**about.get("schema", {}), "components": components})
                        for kind, about in said.get("content", {}).items()
                    }
                    self._answers[f"{method.upper()} {_plain(path)}", int(status)] = kinds

    def fault(self, one: Sent, answer: Answer) -> str | None:
        """What is wrong with an answer."""
        if answer.status >= 500:
            kind = _problem_kind(answer)
            return None if answer.status == 503 and kind in DELIBERATE else f"{answer.status} {kind}"
        if one.method == "HEAD":
            return None
        if answer.status >= 400:
            if answer.kind != MEDIA_TYPE:
                return f"{answer.status} as {answer.kind}"
            if len(answer.content) > MOST_PROBLEM_BYTES:
                return f"{answer.status} of more than {MOST_PROBLEM_BYTES} bytes"
            return None if self._problem.is_valid(json.loads(answer.content)) else f"{answer.status} is no problem"
        asked = f"{one.method} {one.endpoint.partition(' ')[2]}"
        kinds = self._answers.get((asked, answer.status))
        if kinds is None or asked != one.endpoint:
            return None
        kind = answer.kind.partition(";")[0]
        if kind not in kinds:
            return f"{answer.status} as {kind}, which is not documented"
        if kind == "application/json":
            for error in kinds[kind].iter_errors(json.loads(answer.content)):
                return f"{answer.status} against its schema at {'.'.join(map(str, error.instance_path))}"
        return None


def _plain(path: str) -> str:
    return path.replace("{", "<").replace("}", ">")


def _problem_kind(answer: Answer) -> str:
    try:
        return str(json.loads(answer.content)["type"]).rpartition(":")[2]
    except (ValueError, KeyError, TypeError):
        return answer.kind


class Sender:
    """One connection, opened anew where the service closed it."""

    def __init__(self, url: str, timeout_s: float = 300.0) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(str(parts.hostname), int(parts.port or 80), timeout=timeout_s)

    def send(self, one: Sent) -> Answer:
        """Send a request and read its answer.

        Raises:
            OSError, http.client.HTTPException: no answer came on a fresh connection either.
        """
        try:
            return self._once(one)
        except (OSError, http.client.HTTPException):
            self.close()
            return self._once(one)

    def close(self) -> None:
        """Close the connection; the next request opens one anew."""
        self._connection.close()

    def _once(self, one: Sent) -> Answer:
        connection = self._connection
        connection.putrequest(one.method, one.target, skip_accept_encoding=True)
        for name, value in one.headers.items():
            connection.putheader(name, value.encode("latin-1"))
        if one.content is not None:
            connection.putheader("Content-Length", str(len(one.content)))
        connection.endheaders(one.content)
        answer = connection.getresponse()
        kind = answer.headers.get("Content-Type", "")
        if kind.startswith("text/event-stream"):
            content = answer.read(1)
            answer.close()
            connection.close()
        else:
            content = answer.read()
        return Answer(answer.status, kind, content)


def campaign(
    url: str,
    engine_url: str,
    index: str,
    inputs: int,
    *,
    seed: int = 0,
) -> Report:
    """Send so many malformed requests, the endpoints in turn.

    Args:
        url: of a service in demo mode.
        engine_url: of its engine.
        index: a catalogue with products.
        inputs: how many.
        seed: of chance.
    """
    report, judge, sender, rng = Report(), Judge(), Sender(url), random.Random(seed)
    while (left := inputs - report.sent.total()) > 0:
        for one in drawn(rng, asked(url, engine_url, index), min(left, ROUND)):
            try:
                answer = sender.send(one)
            except (OSError, http.client.HTTPException) as error:
                report.note(one, None, f"no answer: {type(error).__name__}")
                continue
            fault = judge.fault(one, answer)
            report.busy += answer.status == 503 and fault is None
            report.note(one, answer, fault)
    sender.close()
    return report


def asked(url: str, engine_url: str, index: str) -> Known:
    """What the service gives out to whole requests."""
    (inner,) = httpx.get(f"{engine_url}/_alias/{index}", timeout=300).raise_for_status().json()
    headers = {"X-Hybridrank-Session": "fuzz-visit-of-ada"}
    with httpx.Client(base_url=url, timeout=300, headers=headers) as client:
        client.put("/demo/shopper", json={"name": "Ada"}).raise_for_status()
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        found = client.post("/v1/search", json={"index": index, "query": "lamp", "size": 3}).raise_for_status().json()
        clauses = {"index": inner, "query": {"match": {"title": "lamp"}}}
        ticket = client.post("/v1/plugin/query", json=clauses).raise_for_status().json()["ticket"]
        duel = {"index": index, "query": "lamp", "systems": ["bm25", "rrf"], "size": 2}
        page = client.post("/v1/tuning/pages", json=duel).raise_for_status().json()["page_id"]
    return Known(index, inner, found["results"][0]["id"], ticket, found["query_id"], page, headers)


def drawn(rng: random.Random, known: Known, inputs: int) -> Iterator[Sent]:
    """Malformed requests, the endpoints in turn."""
    endpoints: dict[str, list[Whole]] = {}
    for whole in wholes(known):
        endpoints.setdefault(f"{whole.method} {whole.path}", []).append(whole)
    names = sorted(endpoints)
    rng.shuffle(names)
    for name in itertools.islice(itertools.cycle(names), inputs):
        yield malformed(rng, rng.choice(endpoints[name]), known.headers)


def workers(master: int) -> set[int]:
    """The processes below a service's master."""
    return {one.pid for one in psutil.Process(master).children(recursive=True)}
