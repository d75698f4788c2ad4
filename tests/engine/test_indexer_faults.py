"""Trouble between us and the real engine: nothing lost, nothing written twice."""

from collections import Counter

import numpy as np
import pytest

from indexer import backfill, run
from indexer.errors import IndexingFailed
from indexer.patience import Patience
from plugin.client import ClusterConfig, Engine
from tests.engine.fault_schedule import play
from tests.engine.indexer_help import adds_up, encoder, engine, name, product, stored, write, writes
from tests.engine.indexer_proxy import WHOLE, TroubleProxy, running

pytestmark = pytest.mark.engine
FIXTURES = (encoder, engine, name)

COUNT = 500


def quick() -> Patience:
    return Patience(give_up_s=240, first_wait_s=0.02, longest_wait_s=0.3, answer_s=1.5)


def many() -> list[dict[str, object]]:
    """Many products that share a few texts."""
    return [{"id": f"p{n}", "title": product(n % 20)["title"], "price": n} for n in range(COUNT)]


class FirstOnly(TroubleProxy):
    """Makes trouble three times, then none."""

    def draw(self, path: str, size: int) -> str | None:
        with self.lock:  # two requests may come at once
            return super().draw(path, size) if self.made.total() < 3 else None


class BusyAfterFirst(TroubleProxy):
    """Takes one ``_bulk`` and is busy from then on."""

    taken = 0

    def draw(self, path: str, size: int) -> str | None:
        if not path.endswith("_bulk"):
            return None
        with self.lock:
            self.taken += 1
            return "429" if self.taken > 1 else None


class Remembering:
    """The real encoder, asked once for each text: these tests are about the wire, not about encoding."""

    def __init__(self, encoder) -> None:
        self._encoder = encoder
        self._known = {}
        self.id = encoder.id

    def encode(self, texts, *, role="document"):
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(new, self._encoder.encode(new, role=role), strict=True))
        return np.stack([self._known[text] for text in texts])


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_lost_and_nothing_written_twice(seed, engine_url, engine, name, encoder, tmp_path):
    file = write(tmp_path / "a.jsonl", many())
    proxy = TroubleProxy(engine_url, seed=seed, share=0.4, max_body=250_000)
    with running(proxy) as url, Engine(ClusterConfig(url, timeout_s=20)) as troubled:
        summary = run(
            [file], engine=troubled, catalogue=name, home=tmp_path, encoder=Remembering(encoder), patience=quick()
        )
        proxy.share = 0.3
        again = run(
            [file], engine=troubled, catalogue=name, home=tmp_path, encoder=Remembering(encoder), patience=quick()
        )
    adds_up(summary, read=COUNT, indexed=COUNT, dead_lettered=0, newer=0)
    adds_up(again, read=COUNT, unchanged=COUNT, encoded=0)
    assert proxy.made["413"] > 0
    assert sum(proxy.made[kind] for kind in WHOLE) > 0
    found = stored(engine, name)
    assert set(found) == {f"p{n}" for n in range(COUNT)}
    assert all(found[f"p{n}"]["_source"]["price"] == n for n in range(COUNT))
    assert writes(engine, name) == COUNT


@pytest.mark.parametrize("kind", ["reset_after_commit", "timeout_after_commit", "truncated", "items", "502"])
def test_each_kind_of_trouble_alone(kind, engine_url, engine, name, encoder, tmp_path):
    file = write(tmp_path / "a.jsonl", [product(n % 5, id=f"p{n}") for n in range(40)])
    proxy = FirstOnly(engine_url, seed=3, share=1.0, kinds=(kind,), max_body=10**8)
    with running(proxy) as url, Engine(ClusterConfig(url, timeout_s=20)) as troubled:
        summary = run(
            [file], engine=troubled, catalogue=name, home=tmp_path, encoder=Remembering(encoder), patience=quick()
        )
    adds_up(summary, read=40, indexed=40, newer=0)
    assert proxy.made[kind] == 3
    assert len(stored(engine, name)) == writes(engine, name) == 40


def test_an_engine_that_stays_busy_ends_the_run_and_the_same_call_goes_on(engine_url, engine, name, encoder, tmp_path):
    file = write(tmp_path / "a.jsonl", many())
    hurry = Patience(give_up_s=1.0, first_wait_s=0.02, longest_wait_s=0.1)
    proxy = BusyAfterFirst(engine_url, seed=4, share=0.0, max_body=10**8)
    with (
        running(proxy) as url,
        Engine(ClusterConfig(url, timeout_s=20)) as troubled,
        pytest.raises(IndexingFailed, match="same command again"),
    ):
        run([file], engine=troubled, catalogue=name, home=tmp_path, encoder=Remembering(encoder), patience=hurry)
    kept = len(stored(engine, name))
    assert 0 < kept < COUNT
    summary = run([file], engine=engine, catalogue=name, home=tmp_path, encoder=Remembering(encoder))
    adds_up(summary, read=COUNT, unchanged=kept, indexed=COUNT - kept, encoded=COUNT - kept)
    assert writes(engine, name) == COUNT


def test_a_backfill_through_trouble(engine_url, engine, name, encoder, tmp_path):
    run([write(tmp_path / "a.jsonl", [product(0)])], engine=engine, catalogue=name, home=tmp_path, encoder=encoder)
    for n in range(1, 300):
        body = {"id": f"p{n}", "title": product(n % 9)["title"]}
        engine.client.index(index=name, id=f"p{n}", body=body)
    engine.client.index(index=name, id="no-text", body={"price": 3})
    proxy = TroubleProxy(engine_url, seed=5, share=0.5, max_body=10**8)
    with running(proxy) as url, Engine(ClusterConfig(url, timeout_s=20)) as troubled:
        summary = backfill.run(
            engine=troubled, catalogue=name, home=tmp_path, encoder=Remembering(encoder), patience=quick()
        )
    adds_up(summary, read=300, indexed=299, dead_lettered=1)
    assert summary.problems[0]["field"] == "title"
    found = stored(engine, name)
    assert all(len(one["_source"]["text_vector"]) == 384 for key, one in found.items() if key != "no-text")
    again = backfill.run(engine=engine, catalogue=name, home=tmp_path, encoder=encoder)
    adds_up(again, read=1, dead_lettered=1)


@pytest.mark.parametrize("seed", range(4))
def test_every_line_of_a_schedule_is_accounted_for(seed, engine_url, engine, name, tmp_path):
    result = play(engine, engine_url, name, tmp_path / "run", seed=seed, documents=200)
    assert sum(result.made.values()) > 0


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("documents", "seeds"), [(500, range(100, 600)), (10_000, range(5))])
def test_every_line_of_many_schedules_is_accounted_for(documents, seeds, engine_url, engine, name, tmp_path):
    made: Counter[str] = Counter()
    for seed in seeds:
        made += play(engine, engine_url, f"{name}-{seed}", tmp_path / str(seed), seed=seed, documents=documents).made
    assert set(made) == {*WHOLE, "413"}
