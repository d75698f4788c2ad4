"""Writing documents by ``_bulk``: every item is judged by itself, nothing is lost, nothing is written twice."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from plugin.client import Engine
from plugin.errors import EngineRejected, EngineUnavailable

from .lookup import versions
from .patience import Patience

_FIELD = re.compile(r'field(?: \[|=")([^\]"]{1,200})')
_VALUES = re.compile(
    r"( in document with id '.*?'\.| Preview of field's value: '.*'| Please correct the analyzer.*?original message"
    r"|(?<=For input string): .*)",
    re.DOTALL,
)
BUSY = frozenset({429, 502, 503, 504})
"""Statuses of an item that may pass; 500 is what a failing ingest pipeline answers, and stays."""


@dataclass(frozen=True, slots=True)
class Document:
    """What is to be written: an id and the JSON of the document."""

    id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one document.

    Attributes:
        kind: ``written``, by this request or an earlier one whose answer was lost; ``newer``: a later run's
            document stands there and was left; ``refused``: the engine cannot take it.
        field: which field it refused, where it says so.
        reason: its words, without values.
    """

    kind: Literal["written", "newer", "refused"]
    field: str | None = None
    reason: str = ""


WRITTEN = Verdict("written")
NEWER = Verdict("newer")


class BulkSender:
    """Sends documents to one index under one external version. Thread-safe.

    The version is the run's, and a run writes each id once. So when a request whose answer was lost is sent again,
    the engine answers 409 with the same version: it is written, and is not written again.
    """

    def __init__(
        self,
        engine: Engine,
        index: str,
        version: int,
        patience: Patience,
        *,
        max_bytes: int = 5 * 1024 * 1024,
    ) -> None:
        self._engine = engine
        self._index = index
        self._version = version
        self._patience = patience
        self._max_bytes = max_bytes

    def send(self, documents: Sequence[Document]) -> list[Verdict]:
        """Write documents; returns when each has a verdict, in their order.

        Raises:
            EngineUnavailable: the engine did not take all of them before patience ended.
            EngineRejected: the login may not write, or the index is gone.
        """
        verdicts: dict[int, Verdict] = {}
        for attempt in self._patience.retrying():
            with attempt:
                trouble: EngineUnavailable | None = None
                for part in self._parts(documents, [n for n in range(len(documents)) if n not in verdicts]):
                    try:
                        self._send_part(documents, part, verdicts)
                    except EngineUnavailable as error:
                        trouble = error
                if trouble is not None:
                    raise trouble
        return [verdicts[n] for n in range(len(documents))]

    def _parts(self, documents: Sequence[Document], numbers: list[int]) -> Iterator[list[int]]:
        part: list[int] = []
        size = 0
        for n in numbers:
            if part and size + len(documents[n].body) > self._max_bytes:
                yield part
                part, size = [], 0
            part.append(n)
            size += len(documents[n].body)
        if part:
            yield part

    def _send_part(self, documents: Sequence[Document], part: list[int], verdicts: dict[int, Verdict]) -> None:
        """One request; a part that is refused as a whole is halved until the document at fault stands alone."""
        body = b"".join(self._lines(documents[n]) for n in part)
        try:
            answer = self._engine.request("POST", f"/{self._index}/_bulk", body, timeout_s=self._patience.answer_s)
        except EngineRejected as error:
            if error.status not in {400, 413}:
                raise
            if len(part) == 1:
                reason = "the engine takes no request of this size" if error.status == 413 else clean(error.reason)
                verdicts[part[0]] = Verdict("refused", None, reason)
                return
            if error.status == 413:
                self._max_bytes = max(1, min(self._max_bytes, len(body) // 2))
            middle = len(part) // 2
            self._send_part(documents, part[:middle], verdicts)
            self._send_part(documents, part[middle:], verdicts)
            return
        self._judge(documents, part, answer["items"], verdicts)

    def _lines(self, document: Document) -> bytes:
        meta = {"index": {"_id": document.id, "version": self._version, "version_type": "external"}}
        return json.dumps(meta, ensure_ascii=False).encode() + b"\n" + document.body + b"\n"

    def _judge(
        self, documents: Sequence[Document], part: list[int], items: list[Any], verdicts: dict[int, Verdict]
    ) -> None:
        conflicts: list[int] = []
        trouble: str | None = None
        for n, item in zip(part, items, strict=True):
            result = item["index"]
            status = result["status"]
            error = result.get("error") or {}
            if status in {200, 201}:
                verdicts[n] = WRITTEN
            elif status == 409:
                conflicts.append(n)
            elif status in BUSY:
                trouble = f"{error.get('type')} (status {status}): {error.get('reason', '')}"
            elif status in {403, 404}:
                raise EngineRejected(status, clean(f"{error.get('type')}: {error.get('reason')}"))
            else:
                verdicts[n] = refusal(error)
        if conflicts:
            stored = versions(self._engine, self._index, [documents[n].id for n in conflicts])
            for n in conflicts:
                verdicts[n] = WRITTEN if stored.get(documents[n].id) == self._version else NEWER
        if trouble is not None:
            raise EngineUnavailable(f"OpenSearch could not write some documents: {clean(trouble)}")


def refusal(error: dict[str, Any]) -> Verdict:
    """The engine's reason, and the field where one is named; the innermost cause says most."""
    words: list[str] = []
    cause: Any = error
    while isinstance(cause, dict):
        text = clean(str(cause.get("reason", "")))
        if text and text not in words:
            words.append(text)
        cause = cause.get("caused_by")
    said = ": ".join(words)
    found = _FIELD.search(said)
    return Verdict("refused", found[1] if found else None, f"the engine refused it: {said or error.get('type')}")


def clean(text: str) -> str:
    """The engine's words without the values that it repeats, shortened."""
    return " ".join(_VALUES.sub("", text).split())[:300]
