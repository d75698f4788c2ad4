"""Each person's last item left out of a log in a real OpenSearch; a blend learnt there with a sequence model."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from personal.event_times import now_ms
from plugin.client import ClusterConfig, Engine
from plugin.install import install
from service.cli import build
from service.evaluate_next import evaluate_next
from service.parts import Parts
from service.settings import Settings
from tests.fixtures_service import INDEX, index_part, settings_of

pytestmark = [pytest.mark.engine, pytest.mark.slow]

NAME = f"next-{uuid.uuid4().hex[:8]}"
MINUTE = 60_000
RING = 12
PEOPLE = 24


@pytest.fixture(scope="module")
def parts(engine_url: str, service_home: Path, sample_index: str) -> Iterator[Parts]:
    """A catalogue with a log: everybody walks some way round a ring of items, a minute a step, and everybody also met
    the same item the day before."""
    assert sample_index == INDEX
    with Engine(ClusterConfig(engine_url, timeout_s=60)) as engine:
        install(engine)
    index_part(engine_url, service_home, NAME, 60)
    found = Parts(
        Settings(
            home=service_home,
            opensearch_url=engine_url,
            index=NAME,
            opensearch_timeout_s=60,
            rerank_budget_ms=600_000,
            behaviour_budget_ms=60_000,
        )
    )
    lines = (service_home / f"{NAME}.jsonl").read_text("utf-8").splitlines()
    ids = [str(product["id"]) for product in map(json.loads, lines) if product.get("in_stock", True)]
    taken = found.behaviour.intake.take(log_of(ids), default=NAME)
    assert (taken.rejected, taken.fold_failed) == ([], "")
    yield found
    found.close()


def log_of(ids: list[str]) -> list[dict[str, Any]]:
    start = now_ms() - 2 * 86_400_000
    events = []
    for person in range(PEOPLE):
        walk = [(ids[RING], start - 86_400_000)]
        walk += [(ids[(person + step) % RING], start + step * MINUTE) for step in range(4 + person % 3)]
        events += [
            {
                "action_name": "click",
                "client_id": f"walker {person}",
                "event_id": f"{NAME}-{person}-{number}",
                "timestamp": at,
                "event_attributes": {"object": {"object_id": item}},
            }
            for number, (item, at) in enumerate(walk)
        ]
    return events


def test_the_last_item_is_looked_for_where_nothing_knows_it(parts: Parts) -> None:
    systems = ("recommend", "popularity", "item_knn")
    found = evaluate_next(parts, NAME, systems, compare=[("popularity", "item_knn")], days=30)
    assert found.people == PEOPLE
    # In a ring every item is met by about as many, so popularity leads to few; beside the last one the next stands.
    popular, near = (found.systems[name]["ndcg@10"].mean for name in systems[1:])
    assert near > popular
    gain, p = found.differences["popularity", "item_knn"]
    assert gain.mean == pytest.approx(near - popular)
    assert 0.0 < p <= 1.0
    few = evaluate_next(parts, NAME, ["popularity"], most=5, last=2, seed=1)
    assert (few.people, few.items) == (5, 10)


def test_a_blend_is_learnt_and_measured_with_a_sequence_model(
    parts: Parts, engine_url: str, service_home: Path
) -> None:
    pytest.importorskip("torch", reason="training needs the train extra")

    def run(*arguments: str) -> Any:
        done = CliRunner().invoke(
            build(), [*arguments, "--index", NAME, "--json"], env=settings_of(engine_url, service_home)
        )
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    alone = evaluate_next(parts, NAME, ["recommend"])
    made = run("train", "sequence", "--epochs", "30", "--width", "16", "--length", "8", "--window", "2")
    assert (made["people"], made["items"]) == (PEOPLE, RING + 1)
    model = parts.sequences.of(NAME)
    assert model is not None, "the service takes it up by itself"
    assert set(made["weights"]) == {"sequence", "category"}
    assert parts.blends.of(NAME, model).weights["sequence"] == made["weights"]["sequence"]
    together = evaluate_next(parts, NAME, ["recommend", "recommend_no_sequence"])
    ranks, without = (together.systems[name]["mrr@10"].mean for name in ("recommend", "recommend_no_sequence"))
    assert without == pytest.approx(alone.systems["recommend"]["mrr@10"].mean), "nothing of the model is left"
    assert ranks > without, "a model that has not seen the last steps knows the ring too"
    blend = run("train", "blend", "--most", "60")
    assert "sequence" in blend["training"]["learnt"]
    assert blend["people"]["people"] >= 5
    served = parts.blends.of(NAME, model)
    assert served.weights["sequence"] == blend["weights"]["sequence"]
