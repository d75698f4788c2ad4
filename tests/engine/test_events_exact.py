"""Counting is exact: equal to a slow fold of the truth, whatever happens to the writers."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from personal.counters import CELLS, LANDMARK_MS, Family, Key, Observation, Sums, fold
from personal.counters_store import CounterStore
from personal.event_store import store
from personal.event_times import now_ms, strict_date_time
from personal.events import read_event
from personal.intake import Intake
from personal.observations import observe
from personal.pseudonyms import Pseudonyms, load
from personal.reconciler import Reconciler
from plugin.catalogue import create_generation, publish
from plugin.client import ClusterConfig, Engine
from plugin.install import install
from plugin.names import BEHAVIOUR, UBI_EVENTS
from plugin.statedocs import read_many

pytestmark = pytest.mark.engine

ITEMS = [f"i{number}" for number in range(6)]
ACTIONS = ["impression", "impression", "click", "view", "watch", "add_to_cart", "purchase"]


@pytest.fixture(scope="module")
def engine(engine_url: str) -> Iterator[Engine]:
    with Engine(ClusterConfig(engine_url, timeout_s=60)) as made:
        install(made)
        yield made


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def pseudonyms(home: Path) -> Pseudonyms:
    return load(home)


@pytest.fixture
def catalogue(engine: Engine) -> str:
    name = f"events-{uuid.uuid4().hex[:8]}"
    index = create_generation(engine, name, text_encoder=None)
    publish(engine, index)
    for item in ITEMS:
        engine.request("PUT", f"/{name}/_doc/{item}", {"id": item, "title": item})
    return name


@pytest.fixture(scope="module")
def family(engine: Engine, pseudonyms: Pseudonyms) -> Family:
    """A family of this module's own, with what other tests left behind it."""
    made = Family(30.0, pseudonyms.key_id, random.randrange(10**9))
    Reconciler(engine, pseudonyms, made).run()
    return made


def made_events(catalogue: str, count: int, seed: int = 1, people: int = 5) -> list[dict[str, Any]]:
    """Events in no order of time, some of them years late."""
    dice = random.Random(seed)
    return [
        {
            "application": catalogue,
            "action_name": dice.choice(ACTIONS),
            "event_id": f"e{seed}-{number}",
            "client_id": f"person {dice.randrange(people)}",
            "user_query": dice.choice(["Red  shoes", "red shoes", "lamp", ""]),
            "timestamp": now_ms() - dice.choice([0, 1, 1000, 10**7, 10**9, 10**11]) - dice.randrange(1000),
            "event_attributes": {
                "object": {"object_id": dice.choice(ITEMS)},
                "position": {"ordinal": dice.randrange(30)},
            },
        }
        for number in range(count)
    ]


def truth(engine: Engine, pseudonyms: Pseudonyms, catalogue: str, family: Family) -> dict[Key, Sums]:
    """The slow fold of everything in ``ubi_events``."""
    engine.request("POST", f"/{UBI_EVENTS}/_refresh")
    body = {"query": {"term": {"application": catalogue}}, "size": 10_000}
    hits = engine.search(UBI_EVENTS, body)["hits"]["hits"]
    seen = observe(engine, pseudonyms, [(hit["_id"], hit["_source"]) for hit in hits])
    observations: list[Observation] = [one for item in seen for one in item.observations]
    random.shuffle(observations)
    return fold(observations, family)


def assert_exact(engine: Engine, pseudonyms: Pseudonyms, catalogue: str, family: Family) -> dict[Key, Sums]:
    expected = truth(engine, pseudonyms, catalogue, family)
    ids = {family.counter_id(key): key for key in expected}
    found = {ids[name]: doc.source for (_, name), doc in read_many(engine, [(BEHAVIOUR, i) for i in ids]).items()}
    assert found.keys() == expected.keys()
    for key, sums in expected.items():
        have = found[key]["sums"]
        assert {name for name, value in have.items() if value} == {name for name, value in sums.items() if value}
        for name, value in sums.items():
            assert have[name] == pytest.approx(value, rel=1e-9), (key, name)
    engine.request("POST", f"/{BEHAVIOUR}/_refresh")
    body = {"query": {"bool": {"filter": [{"term": {"catalogue": catalogue}}, {"term": {"family": str(family)}}]}}}
    everything = engine.search(BEHAVIOUR, {**body, "size": 10_000})["hits"]["hits"]
    assert {hit["_id"] for hit in everything if hit["_source"]["kind"] != "person"} == ids.keys()
    return expected


def test_eight_writers_with_retries_and_duplicates_count_like_one(
    engine: Engine, pseudonyms: Pseudonyms, catalogue: str, family: Family
) -> None:
    events = made_events(catalogue, 240)
    intake = Intake(engine, pseudonyms, family)
    # Each event is delivered twice, in batches of different cuts, by different writers at once.
    batches = [events[start : start + 10] for start in range(0, len(events), 10)]
    again = [events[start : start + 24][::-1] for start in range(0, len(events), 24)]
    jobs = batches + again
    random.Random(3).shuffle(jobs)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda job: intake.take(job, default=catalogue), jobs))
    assert sum(one.stored for one in taken) == len(events)
    assert sum(one.duplicates for one in taken) == len(events)
    assert not any(one.rejected for one in taken)
    assert {one.fold_failed for one in taken} == {""}
    totals = assert_exact(engine, pseudonyms, catalogue, family)
    assert any(key.query for key in totals)
    counters = CounterStore(engine, family)
    seen = observe(engine, pseudonyms, [(f"{catalogue}:{e['event_id']}", e) for e in events])
    counters.fold(one for item in seen for one in item.observations)
    assert_exact(engine, pseudonyms, catalogue, family)


def _write_until_killed(url: str, home: str, catalogue: str, epoch: int, seed: int, ready: Any) -> None:
    pseudonyms = load(Path(home))
    with Engine(ClusterConfig(url, timeout_s=60)) as engine:
        intake = Intake(engine, pseudonyms, Family(30.0, pseudonyms.key_id, epoch))
        events = made_events(catalogue, 100_000, seed)
        for start in range(0, len(events), 5):
            intake.take(events[start : start + 5], default=catalogue)
            ready.set()


def test_writers_that_are_killed_at_any_point_leave_nothing_uncounted(
    engine: Engine, engine_url: str, home: Path, pseudonyms: Pseudonyms, catalogue: str, family: Family
) -> None:
    context = multiprocessing.get_context("spawn")
    writers, begun = [], []
    for seed in (11, 12, 13):
        ready = context.Event()
        arguments = (engine_url, str(home), catalogue, family.epoch, seed, ready)
        writers.append(context.Process(target=_write_until_killed, args=arguments))
        begun.append(ready)
        writers[-1].start()
    assert all(ready.wait(300) for ready in begun)
    for writer in writers:
        assert writer.pid is not None
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
    _settled(engine)
    Reconciler(engine, pseudonyms, family).run()
    totals = assert_exact(engine, pseudonyms, catalogue, family)
    assert totals
    assert _pending(engine, catalogue) == 0


def _settled(engine: Engine) -> None:
    """Wait until the engine has nothing more to do of what the killed writers had sent."""
    before, now = -1, 0
    while before != now or engine.request("GET", "/_tasks", params={"actions": "indices:data/write/*"})["nodes"]:
        time.sleep(0.5)
        engine.request("POST", f"/{UBI_EVENTS},{BEHAVIOUR}/_refresh")
        stats = engine.request("GET", f"/{UBI_EVENTS},{BEHAVIOUR}/_stats/indexing")
        before, now = now, stats["_all"]["primaries"]["indexing"]["index_total"]


def _pending(engine: Engine, catalogue: str) -> int:
    engine.request("POST", f"/{BEHAVIOUR}/_refresh")
    query = {"bool": {"filter": [{"term": {"catalogue": catalogue}}, {"term": {"kind": "person"}}]}}
    hits = engine.search(BEHAVIOUR, {"query": query, "size": 10_000})["hits"]["hits"]
    assert hits
    return sum(hit["_source"]["pending"] is not None for hit in hits)


class Crash(Exception):
    """The writer dies here."""


@pytest.mark.parametrize("survives", [1, 2, 4, 5])
def test_a_crash_between_any_two_requests_is_mended_once(
    engine: Engine, pseudonyms: Pseudonyms, catalogue: str, family: Family, survives: int, monkeypatch: Any
) -> None:
    """The engine is real; the writer dies after so many of its requests to the counters."""
    first, second = made_events(catalogue, 12, seed=21), made_events(catalogue, 12, seed=22)
    Intake(engine, pseudonyms, family).take(first, default=catalogue)
    events = [read_event(raw, pseudonyms=pseudonyms, now_ms=now_ms(), default=catalogue) for raw in second]
    store(engine, events)
    seen = observe(engine, pseudonyms, [(event.id, event.document) for event in events])
    observations = [one for item in seen for one in item.observations]
    real, left = engine.request, [survives]

    def dying(*arguments: Any, **named: Any) -> Any:
        if left[0] == 0:
            raise Crash
        left[0] -= 1
        return real(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(engine, "request", dying)
        with pytest.raises(Crash):
            CounterStore(engine, family).fold(observations)
    reconciler = Reconciler(engine, pseudonyms, family)
    with ThreadPoolExecutor(3) as pool:
        for mended in [pool.submit(reconciler.run) for _ in range(3)]:
            mended.result()
    assert_exact(engine, pseudonyms, catalogue, family)
    assert _pending(engine, catalogue) == 0


def test_events_that_others_wrote_into_the_engine_are_counted_and_late_ones_too(
    engine: Engine, pseudonyms: Pseudonyms, catalogue: str, family: Family
) -> None:
    reconciler = Reconciler(engine, pseudonyms, family)
    reconciler.run()
    wild = {
        "application": catalogue,
        "action_name": "click",
        "client_id": "someone",
        "timestamp": strict_date_time(LANDMARK_MS),
        "event_attributes": {"object": {"object_id": "i1"}, "position": {"ordinal": 2}},
    }
    engine.request("POST", f"/{UBI_EVENTS}/_doc", wild)
    assert reconciler.run() >= 1
    totals = assert_exact(engine, pseudonyms, catalogue, family)
    assert totals == {Key(catalogue, "i1"): {"click_2": 1.0}}
    engine.request("POST", f"/{UBI_EVENTS}/_doc", {**wild, "client_id": "another", "timestamp": "2020-01-01"})
    reconciler.run()
    assert assert_exact(engine, pseudonyms, catalogue, family)[Key(catalogue, "i1")]["click_2"] > 1.0
    assert reconciler.run() == 0


def test_one_person_cannot_count_more_than_the_cap(
    engine: Engine, pseudonyms: Pseudonyms, catalogue: str, family: Family
) -> None:
    clicks = [
        {
            "application": catalogue,
            "action_name": "click",
            "client_id": "bot",
            "timestamp": LANDMARK_MS + number,
            "event_attributes": {"object": {"object_id": "i2"}, "position": {"ordinal": 1}},
        }
        for number in range(3000)
    ]
    intake = Intake(engine, pseudonyms, family)
    for start in range(0, len(clicks), 1000):
        assert intake.take(clicks[start : start + 1000], default=catalogue).stored == 1000
    name = family.counter_id(Key(catalogue, "i2"))
    stored = read_many(engine, [(BEHAVIOUR, name)])[BEHAVIOUR, name].source
    assert stored["sums"] == {"click_1": pytest.approx(1.3125, rel=1e-6)}
    assert stored["people"] == 1
    assert set(stored["sums"]) <= set(CELLS)
    assert len(stored["open"]) <= 1
