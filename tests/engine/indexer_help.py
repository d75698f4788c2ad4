"""What the tests of the indexer share."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from indexer import Summary, run
from multimodal import TextEncoder, load_text_encoder
from plugin.client import ClusterConfig, Engine
from service.settings import Settings

WORDS = [
    "red",
    "blue",
    "green",
    "shoe",
    "hat",
    "lamp",
    "chair",
    "cotton",
    "wool",
    "steel",
    "large",
    "small",
    "soft",
    "quiet",
    "round",
    "summer",
    "winter",
]


@pytest.fixture(scope="session")
def encoder() -> TextEncoder:
    """The real default encoder; its files are kept in the user's own home between sessions."""
    return load_text_encoder("all-MiniLM-L6-v2", Settings().home)


@pytest.fixture
def engine(engine_url: str) -> Iterator[Engine]:
    """A client of the session's OpenSearch."""
    with Engine(ClusterConfig(engine_url, timeout_s=60.0)) as made:
        yield made


@pytest.fixture
def name(engine: Engine, request: pytest.FixtureRequest) -> Iterator[str]:
    """A catalogue's name of the test's own; its indices are gone afterwards."""
    made = (
        "ix-" + "".join(c if c.isalnum() else "-" for c in request.node.name.lower())[:40] + f"-{uuid.uuid4().hex[:8]}"
    )
    yield made
    for index in engine.request("GET", f"/hybridrank-catalogue.*.{made}.*"):
        engine.request("DELETE", f"/{index}")


def product(number: int, **more: Any) -> dict[str, Any]:
    """A small product whose text is its own."""
    words = [WORDS[(number * 7 + k * k) % len(WORDS)] for k in range(4)]
    return {"id": f"p{number}", "title": f"{' '.join(words)} {number}", "price": number + 0.5, **more}


def write(path: Path, products: Iterable[dict[str, Any]]) -> Path:
    """Write a catalogue as JSON Lines."""
    path.write_text("".join(json.dumps(one) + "\n" for one in products))
    return path


def stored(engine: Engine, index: str) -> dict[str, dict[str, Any]]:
    """Every document by id, with its version; for small catalogues."""
    engine.request("POST", f"/{index}/_refresh")
    answer = engine.request("POST", f"/{index}/_search", {"size": 10_000, "version": True})
    return {hit["_id"]: hit for hit in answer["hits"]["hits"]}


def writes(engine: Engine, index: str) -> int:
    """How many writes an index of one shard has seen: each takes the next sequence number, a refused one does not."""
    answer = engine.request("GET", f"/{index}/_stats", params={"level": "shards"})
    (found,) = answer["indices"].values()
    (shard,) = found["shards"].values()
    return int(next(copy for copy in shard if copy["routing"]["primary"])["seq_no"]["max_seq_no"]) + 1


def adds_up(summary: Summary, **expected: int) -> None:
    """Check the sum and the numbers that a test names."""
    assert summary.read == summary.indexed + summary.unchanged + summary.dead_lettered
    assert {key: getattr(summary, key) for key in expected} == expected


__all__ = ["adds_up", "encoder", "engine", "name", "product", "run", "stored", "write", "writes"]
