"""Two rankings before live shoppers: who is part of it, what they see, and whose clicks decide."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from personal.event_times import now_ms
from tests.fixtures_service import INDEX, Running, index_part, settings_of

pytestmark = pytest.mark.engine

NAME = f"drafted-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def shop(engine_url: str, service_home: Path, sample_index: str) -> str:
    assert sample_index == INDEX
    index_part(engine_url, service_home, NAME, 80)
    return NAME


def interleave(engine_url: str, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "service", "interleave", *arguments, "--index", NAME],
        check=False,
        env={**os.environ, **settings_of(engine_url, home)},
        capture_output=True,
        text=True,
    )


def search(service: Running, session: str | None, **more: Any) -> dict[str, Any]:
    headers = {} if session is None else {"X-Hybridrank-Session": session}
    body = {"query": "desk lamp", "index": NAME, "size": 20, **more}
    found = httpx.post(f"{service.url}/v1/search", json=body, headers=headers, timeout=120)
    assert found.status_code == 200, found.text
    answer: dict[str, Any] = found.json()
    return answer


def send(service: Running, session: str, items: list[str], query_id: str | None = None) -> None:
    events = [
        {
            "application": NAME,
            "action_name": "click",
            "event_id": uuid.uuid4().hex,
            "session_id": session,
            "timestamp": now_ms(),
            "event_attributes": {"object": {"object_id": item}},
            **({"query_id": query_id} if query_id else {}),
        }
        for item in items
    ]
    headers = {"X-Hybridrank-Session": session}
    answer = httpx.post(f"{service.url}/v1/events", json=events, headers=headers, timeout=120)
    assert answer.json()["accepted"] == len(events), answer.text


def test_an_experiment_from_its_first_answer_to_its_report(
    engine_url: str, service_home: Path, service: Running, shop: str
) -> None:
    assert shop == NAME
    alone = search(service, None)
    visits = [f"visit-{uuid.uuid4().hex[:10]}" for _ in range(4)]
    for visit in visits:
        send(service, visit, [one["id"] for one in alone["results"][-4:]])
    own = [one["id"] for one in search(service, visits[0])["results"]]
    nobody = [one["id"] for one in alone["results"]]
    assert own != nobody

    begun = interleave(engine_url, service_home, "start", "ranked", "personal", "--share", "1", "--name", "own-or-not")
    assert begun.returncode == 0, begun.stderr
    assert "experiment" not in search(service, None)
    for visit in visits:
        page = search(service, visit)
        assert page["experiment"] == "own-or-not"
        assert "team" not in str(page)
        shown = [one["id"] for one in page["results"]]
        assert set(shown) <= set(own) | set(nobody)
        assert {own[0], nobody[0]} <= {shown[0], shown[1]}
        later = search(service, visit, query_id=page["query_id"], **{"from": 5, "size": 5})
        assert [one["id"] for one in later["results"]] == shown[5:10]
        # The drawn order is in the log, so a click on what only one ranking put in front is that ranking's.
        logged = httpx.get(f"{engine_url}/ubi_queries/_doc/{NAME}:{page['query_id']}", timeout=60).json()["_source"]
        teams = dict(zip(logged["hybridrank"]["ids"], logged["hybridrank"]["teams"], strict=True))
        assert set(teams.values()) == {"a", "b"}
        send(service, visit, [next(item for item in shown if teams[item] == "b")], page["query_id"])

    found = interleave(engine_url, service_home, "report", "--json")
    report = json.loads(found.stdout)
    duel = report.pop("duel")
    assert report == {"experiment": "own-or-not", "pages": 4, "clicked": 4}
    assert (duel["a"], duel["b"], duel["ties"], duel["people"]) == (0, 4, 0, 4)
    assert duel["preference"] == 1.0
    assert duel["p"] == pytest.approx(2 / 2**4)

    assert interleave(engine_url, service_home, "stop").returncode == 0
    assert "experiment" not in search(service, visits[0])
    assert interleave(engine_url, service_home, "stop").returncode == 1
    named = interleave(engine_url, service_home, "report", "--name", "own-or-not", "--json")
    assert json.loads(named.stdout)["clicked"] == 4


@pytest.mark.slow
def test_an_experiment_that_cannot_be_is_refused_or_done_without(
    engine_url: str, service_home: Path, service: Running, shop: str
) -> None:
    assert shop == NAME
    for arguments, word in (
        (("ranked", "ranked"), "two different"),
        (("ranked", "elsewhere"), "one of personal, ranked"),
        (("ranked", "model:none"), "none of that name"),
        (("ranked", "personal", "--share", "0"), "greater than 0"),
        (("ranked", "personal", "--name", "No Name"), "name"),
    ):
        refused = interleave(engine_url, service_home, "start", *arguments)
        assert refused.returncode != 0
        assert word in refused.stderr
    file = service_home / "experiments" / f"{NAME}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text('{"name": "x", "a": "ranked", "b": "model:gone", "share": 1}', "utf-8")
    answer = search(service, "visit-1234567890")
    assert answer["degraded"] == "experiment"
    assert "experiment" not in answer
    file.unlink()
    assert search(service, "visit-1234567890").get("degraded") is None
