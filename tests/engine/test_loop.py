"""The loop over a real engine and a real service: what a poisoned log teaches does not go live."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import torch

from ranker.folder import DEFAULT_MODEL, read_config
from ranker.qrels import read_qrels, read_queries
from ranker.training.served import load_served, save_served
from service.models import point
from service.sample import SampleFolder
from service.settings import Settings
from tests.fixtures_service import INDEX, Running, index_part, settings_of

pytestmark = [pytest.mark.engine, pytest.mark.slow]

PRODUCTS, QUERIES, PEOPLE = 150, 40, 6


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
        }
        for query, found in self.grades.items():
            rows = [{"id": item, "grade": grade} for item, grade in found.items()]
            self.post("/v1/judgments", {"query": query, "index": self.index, "judgments": rows})

    def post(self, path: str, body: object) -> Any:
        answer = httpx.post(self.service.url + path, json=body, timeout=120)
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

    def loop(self, *arguments: str) -> subprocess.Popen[str]:
        options = ["--epochs", "40", "--least-queries", "20", "--per-signal", "40", "--shoppers", "8", "--days", "2"]
        # How fast the machine is at this moment decides nothing here.
        options += ["--slower", "100", *arguments]
        command = [sys.executable, "-m", "service", "loop", "--index", self.index, "--json", *options]
        return subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    @property
    def state(self) -> dict[str, object]:
        file = self.home / "loop" / self.index / "state.json"
        return json.loads(file.read_text("utf-8")) if file.exists() else {}


def products(home: Path) -> Path:
    return SampleFolder.of(Settings(home=home)).products


@pytest.fixture
def shop(service: Running, engine_url: str, service_home: Path, sample_index: str, tmp_path: Path) -> Shop:
    assert sample_index == INDEX
    return Shop(service, engine_url, service_home, tmp_path)


def test_a_poisoned_log_puts_nothing_live(shop: Shop) -> None:
    point(shop.link, DEFAULT_MODEL)
    shop.click(lambda grade: grade == 0)
    process = shop.loop()
    out, err = process.communicate(timeout=600)
    assert process.returncode == 3, err
    found = json.loads(out)
    assert found["outcome"] == "refused"
    assert "nDCG@10 -" in found["reason"]
    assert "live" not in found["done"]
    people = read_config(shop.home / "loop" / shop.index / found["run"] / "candidate").people
    assert people is not None, "it says that it learnt from people"
    assert (people.unit, people.catalogues, people.receipt) == ("query", [shop.index], None)
    assert people.first < people.last
    assert shop.link.resolve() == DEFAULT_MODEL.resolve()
    assert len(list((shop.home / "models" / "rankers").iterdir())) == 1
