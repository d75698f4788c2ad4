"""Vectors for documents of a catalogue that others wrote."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from multimodal.encoder import TextEncoder
from plugin import catalogue as catalogues
from plugin.client import Engine
from plugin.document import OWN, PENDING, TEXT_SHA, TEXT_VECTOR, VECTORS, passage
from plugin.errors import EngineUnavailable

from .bulk import BUSY, clean, refusal
from .checking import BATCH_ROWS, text_digest
from .deadletters import DeadLetters, new_stem
from .encoding import vector_json
from .errors import IndexingFailed
from .lookup import get_many
from .patience import Patience
from .records import Place, Rejection
from .state import State
from .summary import OnProgress, OnRejection, Progress, Summary
from .target import require_fit

_KEEP_ALIVE = "10m"
_ROUNDS = 20
Hit = dict[str, Any]
"""A document as search and get give it: ``_id``, ``_source``, ``_seq_no``, ``_primary_term``."""


def run(
    *,
    engine: Engine,
    catalogue: str,
    home: Path,
    encoder: TextEncoder,
    on_progress: OnProgress = lambda _: None,
    on_rejection: OnRejection = lambda _: None,
    patience: Patience | None = None,
) -> Summary:
    """Give a text vector to every document of a catalogue that has none.

    Only the vector and the text's digest are added, and only to the very version of the document that was read: what
    others write meanwhile is never undone. In the summary ``read`` are the documents without a vector, and
    ``unchanged`` those that got one from someone else, or were deleted, before it was their turn.

    Raises:
        UnknownCatalogue: there is none of that name.
        EncoderMismatch: its other vectors come from another encoder.
        IndexingFailed: the engine did not take everything; the same call again goes on.
    """
    patience = patience or Patience()
    started = time.monotonic()
    summary = Summary(catalogue, encoder=encoder.id.name)
    with State(home, catalogue).locked("live"):
        found = catalogues.lookup(engine, catalogue)
        require_fit(found, encoder.id, None)
        summary.language = found.language
        engine.request("POST", f"/{found.index}/_refresh", timeout_s=120.0)
        total = int(engine.request("POST", f"/{found.index}/_count", {"query": _WITHOUT_VECTOR})["count"])
        with DeadLetters(home / "deadletters" / catalogue, new_stem()) as letters:
            job = _Job(engine, found.index, encoder, patience, letters, summary, on_rejection)
            try:
                for hits in _pages(engine, found.index, found.shards, patience):
                    summary.read += len(hits)
                    job.fill(hits)
                    on_progress(Progress("backfill", summary.read, total, summary.dead_lettered))
            except EngineUnavailable as error:
                raise IndexingFailed(f"{error}; run the same command again, it goes on where it stopped") from error
            summary.dead_letters = str(letters.path) if letters.count else None
        patience.call(lambda: engine.request("POST", f"/{found.index}/_refresh", timeout_s=120.0))
    summary.retries = patience.retries
    summary.seconds = time.monotonic() - started
    summary.check()
    return summary


_WITHOUT_VECTOR = {"bool": {"must_not": [{"exists": {"field": TEXT_VECTOR}}]}}


def _pages(engine: Engine, index: str, shards: int, patience: Patience) -> Iterator[list[Hit]]:
    """All documents without a vector as they were at one moment, page by page.

    The order is the sequence number's, which is unique within a shard only: a page therefore begins once more with
    the number that the page before ended with, and leaves out what that one gave. A page asked for twice is the same.
    """
    opened = engine.request("POST", f"/{index}/_search/point_in_time", params={"keep_alive": _KEEP_ALIVE})
    pit = opened["pit_id"]
    body: dict[str, Any] = {
        "size": BATCH_ROWS + shards,
        "query": _WITHOUT_VECTOR,
        "pit": {"id": pit, "keep_alive": _KEEP_ALIVE},
        "sort": [{"_seq_no": "asc"}],
        "seq_no_primary_term": True,
        "track_total_hits": False,
        "_source": {"excludes": list(VECTORS)},
    }
    given: set[str] = set()
    try:
        while True:
            answer = patience.call(partial(engine.request, "POST", "/_search", body, timeout_s=patience.answer_s))
            hits: list[Hit] = answer["hits"]["hits"]
            fresh = [hit for hit in hits if hit["_id"] not in given]
            if not fresh:
                return
            yield fresh
            last = hits[-1]["_seq_no"]
            given = {hit["_id"] for hit in hits if hit["_seq_no"] == last}
            body = {**body, "search_after": [last - 1]}
    finally:
        engine.request("DELETE", "/_search/point_in_time", {"pit_id": [pit]})


@dataclass(slots=True)
class _Job:
    engine: Engine
    index: str
    encoder: TextEncoder
    patience: Patience
    letters: DeadLetters
    summary: Summary
    on_rejection: OnRejection

    def fill(self, hits: Sequence[Hit]) -> None:
        """Give vectors to one page; what changed meanwhile is read and tried again."""
        for _ in range(_ROUNDS):
            ready = [hit for hit in hits if self._has_text(hit)]
            if not ready:
                return
            texts = [passage(hit["_source"]) for hit in ready]
            vectors = self.encoder.encode(texts, role="document").tolist()
            self.summary.encoded += len(texts)
            lines = [_update(*each) for each in zip(ready, texts, vectors, strict=True)]
            again = self._send(ready, lines)
            hits = self._read_again(again)
            if not hits:
                return
        raise EngineUnavailable("some documents are changed by others faster than they can be given a vector")

    def _has_text(self, hit: Hit) -> bool:
        if passage(hit["_source"]):
            return True
        self._reject(hit, "title", "there is no text to encode; give it a title")
        return False

    def _send(self, hits: Sequence[Hit], lines: Sequence[bytes]) -> list[Hit]:
        """One ``_bulk``, whole or item by item sent again; returns the documents that have changed meanwhile."""
        pending = list(range(len(hits)))
        changed: list[Hit] = []
        for attempt in self.patience.retrying():
            with attempt:
                body = b"".join(lines[n] for n in pending)
                answer = self.engine.request("POST", f"/{self.index}/_bulk", body, timeout_s=self.patience.answer_s)
                pending, sent = [], pending
                trouble = ""
                for n, item in zip(sent, answer["items"], strict=True):
                    status, error = item["update"]["status"], item["update"].get("error") or {}
                    if status in {200, 201}:
                        self.summary.indexed += 1
                    elif status in {404, 409}:
                        changed.append(hits[n])
                    elif status in BUSY:
                        pending.append(n)
                        trouble = f"{error.get('type')} (status {status})"
                    else:
                        verdict = refusal(error)
                        self._reject(hits[n], verdict.field, verdict.reason)
                if pending:
                    raise EngineUnavailable(f"OpenSearch could not write some documents: {clean(trouble)}")
        return changed

    def _read_again(self, hits: Sequence[Hit]) -> list[Hit]:
        """The newest state of documents; those that have a vector by now, or are gone, are done."""
        ids = [hit["_id"] for hit in hits]
        found = self.patience.call(lambda: get_many(self.engine, self.index, ids, ("*",)))
        left = [hit for hit in found.values() if not hit["_source"].get(TEXT_VECTOR)]
        for hit in hits:
            now = found.get(hit["_id"])
            if now is None or now["_source"].get(TEXT_VECTOR):
                # Also where our own update was written and its answer was lost: the text's digest tells.
                own = (now or {}).get("_source", {}).get(OWN) or {}
                if own.get(TEXT_SHA) == text_digest(passage(hit["_source"])):
                    self.summary.indexed += 1
                else:
                    self.summary.unchanged += 1
        return left

    def _reject(self, hit: Hit, field: str | None, reason: str) -> None:
        source = {name: value for name, value in hit["_source"].items() if name not in (*VECTORS, OWN)}
        place = Place(f"{self.index}/{hit['_id']}", 1)
        rejection = Rejection(place, "json", json.dumps(source), field, reason)
        self.letters.write(rejection)
        self.summary.note(rejection)
        self.on_rejection(rejection)


def _update(hit: Hit, text: str, vector: list[float]) -> bytes:
    meta = {"update": {"_id": hit["_id"], "if_seq_no": hit["_seq_no"], "if_primary_term": hit["_primary_term"]}}
    added: dict[str, str | None] = {TEXT_SHA: text_digest(text)}
    if PENDING in (hit["_source"].get(OWN) or {}):
        added[PENDING] = None
    own = json.dumps(added)
    part = f'{{"doc":{{"{TEXT_VECTOR}":{vector_json(vector)},"{OWN}":{own}}}}}'
    return json.dumps(meta).encode() + b"\n" + part.encode() + b"\n"
