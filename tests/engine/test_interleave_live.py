"""Two rankings before live shoppers: who is part of it, what they see, and whose clicks decide; the
loop asks them too."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
import pytest
import torch

from personal.event_times import now_ms
from ranker.folder import DEFAULT_MODEL
from ranker.training.served import load_served, save_served
from service.experiments import Experiment, Experiments
from service.loop.run import run
from service.loop.state import Diary, LoopError, State, begun
from service.loop.steps import Gate, Told
from service.models import point
from service.parts import Parts
from service.settings import Settings
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


class Candidate:
    """A run of the loop that has come as far as asking live shoppers."""

    def __init__(self, engine_url: str, home: Path, tmp: Path) -> None:
        self.settings = Settings(
            home=home, opensearch_url=engine_url, index=NAME, model=str(tmp / "live"), opensearch_timeout_s=120
        )
        point(tmp / "live", DEFAULT_MODEL)
        self.parts = Parts(self.settings)
        (tmp / "queries.tsv").write_text("q1\tdesk lamp\n", "utf-8")
        items = [hit["_id"] for hit in self.parts.engine.request("GET", f"/{NAME}/_search")["hits"]["hits"]]
        (tmp / "qrels.tsv").write_text("".join(f"q1\t{item}\t{n % 4}\n" for n, item in enumerate(items)), "utf-8")
        files = str(tmp / "queries.tsv"), str(tmp / "qrels.tsv")
        self.told = Told(NAME, *files, 1.0, 7, 0, 1.0, 1, 10, 1)
        self.gate = Gate(1, 1.0, 100.0, 4)
        self.diary = Diary(home / "loop" / NAME)
        state = begun(NAME, {**asdict(self.told), "gate": asdict(self.gate)})
        state.run, self.name = f"{state.run}-{tmp.name}", f"loop-{state.run}-{tmp.name}"
        folder = self.diary.work(state, "candidate")
        model = load_served(DEFAULT_MODEL)
        with torch.no_grad():
            model.head.direct.weight.mul_(-1.0)
        save_served(model, DEFAULT_MODEL, folder, name=self.name, training={}, card="x", people=None)
        state.done = {step: {} for step in ("judgments", "windows", "finetune", "compress")}
        state.done["gate"] = {"previous": str(DEFAULT_MODEL)}
        self.diary.write(state)
        self.published = home / "models" / "rankers" / self.name

    def run(self) -> State:
        return run(self.parts, self.told, self.gate, fresh=False, say=print)

    @property
    def experiment(self) -> Experiment | None:
        return Experiments(self.settings.experiments_path).of(NAME)

    def clicked(self, service: Running, team: str, visits: int) -> None:
        """Let visits click on what one of the two put on their page."""
        for _ in range(visits):
            visit = f"visit-{uuid.uuid4().hex[:10]}"
            page = search(service, visit)
            assert page["experiment"] == self.name
            own = self.parts.engine.request("GET", f"/ubi_queries/_doc/{NAME}:{page['query_id']}")["_source"]
            teams = dict(zip(own["hybridrank"]["ids"], own["hybridrank"]["teams"], strict=True))
            shown = [one["id"] for one in page["results"]]
            send(service, visit, [next(item for item in shown if teams[item] == team)], page["query_id"])


@pytest.fixture
def candidate(engine_url: str, service_home: Path, shop: str, tmp_path: Path) -> Iterator[Candidate]:
    assert shop == NAME
    found = Candidate(engine_url, service_home, tmp_path)
    yield found
    Experiments(found.settings.experiments_path).end(NAME)
    shutil.rmtree(found.published, ignore_errors=True)
    shutil.rmtree(found.diary.folder)
    found.parts.engine.close()


@pytest.mark.slow
def test_the_loop_asks_live_shoppers_and_waits_for_them(candidate: Candidate, service: Running, tmp_path: Path) -> None:
    link = tmp_path / "live"
    waits = candidate.run()
    assert (waits.outcome, waits.running) == ("", "interleave")
    assert waits.reason.startswith("0 of 4 pages")
    standing = candidate.experiment
    assert standing is not None
    assert (standing.name, standing.a, standing.b) == (candidate.name, "personal", f"model:{candidate.name}")
    candidate.clicked(service, "b", 3)
    assert candidate.run().reason.startswith("3 of 4 pages")
    assert link.resolve() == DEFAULT_MODEL.resolve()
    candidate.clicked(service, "b", 1)
    kept = candidate.run()
    assert kept.outcome == "kept", kept.reason
    found = kept.done["interleave"]
    assert (found["shoppers"], found["a"], found["b"], found["clicked_pages"]) == ("live", 0, 4, 4)
    assert link.resolve() == candidate.published.resolve()
    assert candidate.experiment is None


@pytest.mark.slow
def test_what_live_shoppers_do_not_like_or_do_not_click_is_refused(
    candidate: Candidate, service: Running, tmp_path: Path
) -> None:
    experiments = Experiments(candidate.settings.experiments_path)
    experiments.begin(NAME, Experiment(name="other", a="ranked", b="personal", share=0.5))
    with pytest.raises(LoopError, match=r"'other' stands .* hybridrank interleave stop"):
        candidate.run()
    experiments.end(NAME)
    assert candidate.run().outcome == ""
    # The days that it waits at most have passed.
    open_run = candidate.diary.read()
    assert open_run is not None
    file = experiments.path(NAME)
    begun_at = file.stat().st_mtime
    os.utime(file, (begun_at - 2 * 86_400,) * 2)
    late = candidate.run()
    assert late.outcome == "refused"
    assert late.reason.startswith("only 0 of the pages")
    assert candidate.experiment is None

    candidate.diary.write(open_run)
    assert candidate.run().outcome == ""
    candidate.clicked(service, "a", 4)
    refused = candidate.run()
    assert refused.outcome == "refused"
    assert refused.reason.startswith("live shoppers prefer what is live: the candidate won 0.000")
    assert candidate.experiment is None
    assert (tmp_path / "live").resolve() == DEFAULT_MODEL.resolve()
