"""One seeded schedule of trouble: a catalogue goes through it, twice, and every line is accounted for."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from indexer import Summary, run
from indexer.patience import Patience
from multimodal import EncoderId, Role, Vectors
from plugin.client import ClusterConfig, Engine

from .indexer_help import product, writes
from .indexer_proxy import ANY, WHOLE, TroubleProxy, running

DIMENSION = 8
STALL_S = 1.2
ANSWER_S = 0.9


class Known:
    """Unit vectors that are a function of the text: these runs are about the wire, not about encoding."""

    id = EncoderId("of-the-fault-schedules", "1", DIMENSION)

    def encode(self, texts: Sequence[str], *, role: Role = "document") -> Vectors:
        """Digits of each text's digest, scaled to unit length."""
        rows = [
            np.frombuffer(hashlib.blake2b(text.encode(), digest_size=DIMENSION).digest(), np.uint8) for text in texts
        ]
        values = np.array(rows, np.float32).reshape(len(texts), DIMENSION) - 127.5
        unit: Vectors = values / np.linalg.norm(values, axis=1, keepdims=True)
        return unit


@dataclass(frozen=True, slots=True)
class Lines:
    """A catalogue file of good lines, lines that are no product, and lines that a later one replaces."""

    path: Path
    ids: frozenset[str]
    bad: int
    replaced: int

    @property
    def count(self) -> int:
        return len(self.ids) + self.bad + self.replaced


def lines_of(path: Path, seed: int, documents: int) -> Lines:
    """Write so many good products, and some lines of the other two kinds among them."""
    dice = random.Random(seed)
    good = [json.dumps(product(n)) for n in range(documents)]
    bad = [json.dumps(product(n, price=-1)) for n in dice.sample(range(documents, 2 * documents), dice.randint(0, 12))]
    early = [json.dumps(product(n, title="an earlier one")) for n in dice.sample(range(documents), dice.randint(0, 12))]
    mixed = [*early, *good]
    for line in bad:
        mixed.insert(dice.randrange(len(mixed)), line)
    path.write_text("".join(line + "\n" for line in mixed))
    return Lines(path, frozenset(f"p{n}" for n in range(documents)), len(bad), len(early))


@dataclass(frozen=True, slots=True)
class Result:
    """What one schedule did; ``made`` is how often each kind of trouble met a request."""

    made: Counter[str]
    retries: int
    seconds: float


def play(engine: Engine, engine_url: str, name: str, folder: Path, *, seed: int, documents: int = 500) -> Result:
    """Index a catalogue through trouble, then again through other trouble; raises AssertionError on any loss.

    What is asserted: each good line is one document with the last line's content, each bad line is a dead letter; the
    index has taken exactly one write for each document, so nothing was written twice; the second run writes nothing
    and encodes nothing. The catalogue's indices are deleted at the end.
    """
    folder.mkdir(parents=True)
    lines = lines_of(folder / "catalogue.jsonl", seed, documents)
    dice = random.Random(seed)
    kinds = tuple(dice.sample(WHOLE, dice.randint(2, len(WHOLE))))
    proxy = TroubleProxy(
        engine_url,
        seed=seed,
        share=dice.uniform(0.1, 0.45),
        kinds=kinds if set(kinds) & set(ANY) else (*kinds, "reset"),
        max_body=dice.choice((10**9, 40_000, 10_000, 10_000)),
        elsewhere=dice.choice((0.0, 0.02, 0.05)),
        surely=True,
        stall_s=STALL_S,
    )
    try:
        with running(proxy) as url, Engine(ClusterConfig(url, timeout_s=20)) as troubled:
            first = _run(lines, troubled, name, folder)
            again = _run(lines, troubled, name, folder)
        _account(engine, name, lines, first, again)
    finally:
        for index in engine.request("GET", f"/hybridrank-catalogue.*.{name}.*"):
            engine.request("DELETE", f"/{index}")
    return Result(proxy.made, first.retries + again.retries, first.seconds + again.seconds)


def _run(lines: Lines, engine: Engine, name: str, folder: Path) -> Summary:
    patience = Patience(give_up_s=400, first_wait_s=0.01, longest_wait_s=0.1, answer_s=ANSWER_S)
    return run([lines.path], engine=engine, catalogue=name, home=folder, encoder=Known(), patience=patience)


def _account(engine: Engine, name: str, lines: Lines, first: Summary, again: Summary) -> None:
    documents = len(lines.ids)
    counted = (first.read, first.indexed, first.unchanged, first.dead_lettered, first.newer)
    assert counted == (lines.count, documents, lines.replaced, lines.bad, 0), counted
    letters = Path(first.dead_letters).read_text().splitlines() if first.dead_letters else []
    assert len(letters) == lines.bad
    counted = (again.read, again.indexed, again.unchanged, again.dead_lettered, again.encoded)
    assert counted == (lines.count, 0, documents + lines.replaced, lines.bad, 0), counted
    engine.request("POST", f"/{name}/_refresh")
    seen: dict[str, str] = {}
    after: list[object] = [""]
    while after:
        body = {"size": 5000, "sort": [{"id": "asc"}], "search_after": after, "_source": ["title"]}
        hits = engine.request("POST", f"/{name}/_search", body)["hits"]["hits"]
        seen.update((hit["_id"], hit["_source"]["title"]) for hit in hits)
        after = hits[-1]["sort"] if hits else []
    assert seen == {name: product(int(name[1:]))["title"] for name in lines.ids}
    assert writes(engine, name) == documents
