"""The loop over a real engine and a real service: what a poisoned log teaches does not go live."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import pytest
import torch

from ranker.folder import DEFAULT_MODEL, SERVED, read_config
from ranker.model import Ranker
from ranker.qrels import read_qrels, read_queries
from ranker.training.served import load_served, save_served
from service.models import point
from service.sample import SampleFolder
from service.settings import Settings
from tests.documents import ROOT
from tests.fixtures_service import INDEX, Running, index_part, settings_of, start_service

from .loop_killed import PLACES, ROLLED_BACK

pytestmark = [pytest.mark.engine, pytest.mark.slow]

PRODUCTS, QUERIES, PEOPLE = 150, 24, 6


class Shop:
    """A catalogue of its own with judged queries, a spoiled live model, and a home for the loop."""

    def __init__(self, service: Running, engine_url: str, home: Path, tmp: Path) -> None:
        self.service, self.index = service, f"loop-{uuid.uuid4().hex[:8]}"
        index_part(engine_url, home, self.index, PRODUCTS)
        ids = {json.loads(line)["id"] for line in products(home).read_text("utf-8").splitlines()[:PRODUCTS]}
        command = [sys.executable, "-m", "service", "sample", str(tmp / "sample"), "--no-images"]
        subprocess.run([*command, "--queries", "200"], check=True, capture_output=True)
        texts, qrels = read_queries(tmp / "sample" / "queries.tsv"), read_qrels(tmp / "sample" / "qrels.tsv")
        kept = {name: {item: grade for item, grade in found.items() if item in ids} for name, found in qrels.items()}
        useful = [name for name in texts if max(kept[name].values(), default=0) >= 2 and min(kept[name].values()) == 0]
        self.grades = {texts[name]: kept[name] for name in useful[:QUERIES]}
        self.home = tmp / "home"
        (self.home / "models").mkdir(parents=True)
        (self.home / "models" / "text").symlink_to(home / "models" / "text")
        self.link = self.home / "models" / "live"
        spoiled = self.home / "models" / "rankers" / "spoiled"
        model = load_served(DEFAULT_MODEL)
        with torch.no_grad():
            model.head.direct.weight.mul_(-1.0)
        save_served(model, DEFAULT_MODEL, spoiled, name="spoiled", training={}, card="x", people=None)
        self.spoiled = spoiled
        point(self.link, spoiled)
        self.environment = {
            **os.environ,
            **settings_of(engine_url, self.home),
            "HYBRIDRANK_MODEL": str(self.link),
            "HYBRIDRANK_INDEX": self.index,
            "HYBRIDRANK_RERANK_DEPTH": "4",
        }
        for query, found in self.grades.items():
            rows = [{"id": item, "grade": grade} for item, grade in found.items()]
            self.post("/v1/judgments", {"query": query, "index": self.index, "judgments": rows})

    def post(self, path: str, body: object, service: Running | None = None) -> Any:
        answer = httpx.post((service or self.service).url + path, json=body, timeout=120)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def click(self, wanted: Callable[[int], bool]) -> None:
        """Let people see the judged products of each query in chance order, and click those of wanted grades."""
        dice = random.Random(7)
        for query, found in self.grades.items():
            asked = self.post("/v1/search", {"query": query, "index": self.index, "size": 1})["query_id"]
            events: list[dict[str, object]] = []
            for person in range(PEOPLE):
                shown = dice.sample(sorted(found), min(12, len(found)))
                for place, item in enumerate(shown, 1):
                    for action in ("impression", "click") if wanted(found[item]) else ("impression",):
                        events.append(
                            {
                                "application": self.index,
                                "action_name": action,
                                "client_id": f"c{person}",
                                "event_id": uuid.uuid4().hex,
                                "timestamp": int(time.time() * 1000),
                                "query_id": asked,
                                "event_attributes": {
                                    "object": {"object_id": item, "object_id_field": "id"},
                                    "position": {"ordinal": place},
                                },
                            }
                        )
            taken = self.post("/v1/events", events)
            assert (taken["accepted"], taken["rejected"]) == (len(events), [])

    @cached_property
    def dying(self) -> subprocess.Popen[str]:
        """Runs the command to a place where it is killed, line by line; see ``loop_killed``."""
        with self.log.open("a") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.engine.loop_killed"],
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                cwd=ROOT,
            )

    def command(self, *arguments: str) -> list[str]:
        """The loop, with options that make it short."""
        options = ["--epochs", "10", "--least-queries", "12", "--per-signal", "30", "--shoppers", "60", "--days", "3"]
        # How fast the machine is at this moment decides nothing here.
        return ["loop", "--index", self.index, *options, "--slower", "100", "--least-pages", "5", *arguments]

    def killed(self, place: str, *arguments: str) -> None:
        """Run it until it dies at a place."""
        assert self.dying.stdin is not None
        assert self.dying.stdout is not None
        self.dying.stdin.write(json.dumps([place, *self.command(*arguments)]) + "\n")
        self.dying.stdin.flush()
        status = int(self.dying.stdout.readline())
        assert status == -signal.SIGKILL, f"{place}: {status} {self.said}"

    def finished(self, *arguments: str, status: int = 0) -> dict[str, Any]:
        """Run it to its end; returns its state."""
        with self.log.open("a") as said:
            done = subprocess.run(
                [sys.executable, "-m", "service", *self.command(*arguments)],
                env=self.environment,
                stdout=said,
                stderr=said,
                check=False,
                cwd=ROOT,
            )
        assert done.returncode == status, self.said
        return self.state

    def close(self) -> None:
        """End what runs the command, where anything was killed."""
        if "dying" in self.__dict__:
            self.dying.communicate(timeout=60)

    @property
    def log(self) -> Path:
        return self.home / "said"

    @property
    def said(self) -> str:
        return self.log.read_text("utf-8")[-4000:]

    @property
    def state(self) -> dict[str, Any]:
        file = self.home / "loop" / self.index / "state.json"
        return json.loads(file.read_text("utf-8")) if file.exists() else {}


def told(found: dict[str, Any]) -> dict[str, Any]:
    """What a run found, but for its name and for how long anything took."""
    done: dict[str, Any] = json.loads(json.dumps(found["done"]))
    done["gate"].pop("speed")
    done["live"].pop("model")
    for name in ("seconds", "made"):
        done["finetune"].pop(name, None)
    return done


def products(home: Path) -> Path:
    return SampleFolder.of(Settings(home=home)).products


@pytest.fixture
def shop(service: Running, engine_url: str, service_home: Path, sample_index: str, tmp_path: Path) -> Iterator[Shop]:
    assert sample_index == INDEX
    shop = Shop(service, engine_url, service_home, tmp_path)
    yield shop
    shop.close()


@pytest.mark.timeout(3600)
def test_killed_at_every_step_it_ends_as_if_nothing_had_been(shop: Shop, tmp_path: Path) -> None:
    shop.click(lambda grade: grade >= 2)
    whole = shop.finished()
    assert whole["outcome"] == "kept"
    first = Path(whole["done"]["live"]["model"])
    assert shop.link.resolve() == first
    point(shop.link, shop.spoiled)

    serving = start_service(tmp_path, "--demo", **shop.environment)
    try:
        for number, place in enumerate(PLACES):
            shop.killed(place, *(["--fresh"] if number == 0 else []))
            assert shop.state["outcome"] == ""
            live = shop.link.resolve()
            run = str(shop.state["run"])
            switched = number > PLACES.index("linking by live")
            assert live.name == (f"loop-{run}" if switched else "spoiled"), place
            Ranker(live, threads=1).warm_up()
            # The service, which follows the link, gives whole answers of one of the two.
            query = {"query": next(iter(shop.grades)), "index": shop.index}
            answer = shop.post("/v1/search", query, serving)
            assert answer.get("degraded") is None, place
            top = {**query, "id": answer["results"][0]["id"], "passes": 0}
            model = shop.post("/v1/explain", top, serving)["model"].split("@")[0]
            assert model in ({"spoiled", f"loop-{run}"} if switched else {"spoiled"}), place
        # Who goes on from the last place has nothing more to do than to say so.
        again = shop.finished()
    finally:
        serving.stop()
    assert again["outcome"] == "kept"
    assert told(again) == told(whole)
    second = Path(again["done"]["live"]["model"])
    assert shop.link.resolve() == second != first
    for name in SERVED:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    assert not list(shop.home.glob("models/**/.part-*"))

    # A check that is cut off once it has set the link back has set it back.
    state = shop.state
    state |= {"outcome": "", "reason": "", "done": {k: v for k, v in again["done"].items() if k != "check"}}
    (shop.home / "loop" / shop.index / "state.json").write_text(json.dumps(state), "utf-8")
    shop.killed(ROLLED_BACK)
    assert shop.link.resolve() == shop.spoiled.resolve()
    back = shop.finished(status=3)
    assert back["outcome"] == "rolled_back"
    assert shop.link.resolve() == shop.spoiled.resolve()


def test_too_few_clicked_pages_put_nothing_live(shop: Shop) -> None:
    shop.click(lambda grade: grade >= 2)
    found = shop.finished("--least-pages", "100000", status=3)
    assert found["outcome"] == "refused"
    assert "100000 are needed to tell which is liked better" in found["reason"]
    assert "live" not in found["done"]
    assert shop.link.resolve() == shop.spoiled.resolve()


def test_a_poisoned_log_puts_nothing_live(shop: Shop) -> None:
    point(shop.link, DEFAULT_MODEL)
    shop.click(lambda grade: grade == 0)
    found = shop.finished(status=3)
    assert found["outcome"] == "refused"
    assert "nDCG@10 -" in found["reason"]
    assert "live" not in found["done"]
    people = read_config(shop.home / "loop" / shop.index / found["run"] / "candidate").people
    assert people is not None, "it says that it learnt from people"
    assert (people.unit, people.catalogues, people.receipt) == ("query", [shop.index], None)
    assert people.first < people.last
    assert shop.link.resolve() == DEFAULT_MODEL.resolve()
    assert len(list((shop.home / "models" / "rankers").iterdir())) == 1
