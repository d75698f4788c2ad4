"""Models that learnt from people: a register on this machine, and what is due when one of these people is erased.

The register knows models and windows of time, never people. Whether somebody's behaviour lies in a window is asked of
the logs at the moment of their erasure, before these are deleted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from plugin.client import Engine
from plugin.names import UBI_EVENTS, UBI_QUERIES
from ranker.people import TrainedOn

from .errors import RegisterUnusable
from .holdings import Trace
from .secretfiles import private_folder, replace


class Registered(BaseModel):
    """One model.

    Attributes:
        name: as its ``config.json`` has it; of a sequence model or a blend what it is, and of which catalogue.
        folder: where it was written (of a blend the file); another model written there takes its place.
        people: whose behaviour it learnt from.
        due: until when it is to be trained anew or taken out of service, ISO 8601; ``None`` where nothing is due.
    """

    model_config = ConfigDict(extra="forbid")

    name: str
    folder: str
    people: TrainedOn
    due: str | None = None


@dataclass(frozen=True, slots=True)
class Concerned:
    """A model whose window holds behaviour of somebody who is erased.

    Attributes:
        model: its name.
        first, last: its window, those of the models that it began with included.
        due: until when it is to be trained anew without them; ``None`` where its receipt covers them.
        epsilon, delta: the receipt's; ``None`` where there is none.
    """

    model: str
    first: str
    last: str
    due: str | None
    epsilon: float | None
    delta: float | None


class TrainedModels:
    """The register. Any number of processes may use one."""

    def __init__(self, path: Path, *, within_days: int = 30) -> None:
        """Make one.

        Args:
            path: of the register; it need not exist.
            within_days: how long after an erasure a model without a receipt may stay.
        """
        self._path = path
        self._within = timedelta(days=within_days)

    def all(self) -> list[Registered]:
        """Every model.

        Raises:
            RegisterUnusable: the file is no register.
        """
        try:
            text = self._path.read_text("utf-8")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise RegisterUnusable(f"{self._path}: cannot be read ({error.strerror})") from error
        try:
            return [Registered.model_validate(one) for one in json.loads(text)["models"]]
        except (ValueError, KeyError, TypeError, ValidationError) as error:
            raise RegisterUnusable(f"{self._path}: not a register of models; restore it from a backup") from error

    def add(self, name: str, folder: Path, people: TrainedOn | None) -> None:
        """Enter a model, in place of the one that its folder held before; one that saw no people only takes that away.

        Raises:
            RegisterUnusable: the file cannot be read or written.
        """
        place = str(folder.resolve())
        with self._locked():
            kept = [one for one in self.all() if one.folder != place]
            if people is not None:
                kept.append(Registered(name=name, folder=place, people=people))
            self._write(kept)

    def concerned(self, engine: Engine, traces: Sequence[Trace]) -> list[Concerned]:
        """Which models learnt from a window that holds behaviour of these; what is due is noted in the register.

        Raises:
            EngineError: the engine does not answer.
            RegisterUnusable: the file cannot be read or written.
        """
        found = [one for one in self.all() if any(_active(engine, traces, part) for part in _parts(one.people))]
        due = (datetime.now(UTC) + self._within).date().isoformat()
        late = {one.folder for one in found if not one.people.private}
        if late:
            with self._locked():
                models = self.all()
                for one in models:
                    if one.folder in late and one.due is None:
                        one.due = due
                self._write(models)
        return [_told(one, one.due or due) for one in found]

    def remove(self, folder: Path) -> bool:
        """Take the model of a folder out, because it is gone; false where there is none.

        Raises:
            RegisterUnusable: the file cannot be read or written.
        """
        place = str(folder.resolve())
        with self._locked():
            found = self.all()
            kept = [one for one in found if one.folder != place]
            self._write(kept)
        return len(kept) < len(found)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            private_folder(self._path.parent)
            with FileLock(self._path.with_suffix(".lock"), timeout=60):
                yield
        except Timeout as error:
            raise RegisterUnusable(f"{self._path}: another process holds it; try again") from error
        except OSError as error:
            raise RegisterUnusable(f"{self._path}: cannot be written ({error.strerror})") from error

    def _write(self, models: Sequence[Registered]) -> None:
        body = {"models": [one.model_dump() for one in models]}
        replace(self._path.absolute(), (json.dumps(body, indent=2) + "\n").encode())


def _parts(people: TrainedOn) -> list[TrainedOn]:
    return [people, *(_parts(people.before) if people.before is not None else [])]


def _told(one: Registered, due: str) -> Concerned:
    parts = _parts(one.people)
    first, last = min(part.first for part in parts), max(part.last for part in parts)
    if not one.people.private:
        return Concerned(one.name, first, last, due, None, None)
    # Runs upon runs: what they may tell adds up (sequential composition).
    receipts = [part.receipt for part in parts if part.receipt is not None]
    epsilon, delta = sum(receipt.epsilon for receipt in receipts), sum(receipt.delta for receipt in receipts)
    return Concerned(one.name, first, last, None, epsilon, delta)


def _active(engine: Engine, traces: Sequence[Trace], people: TrainedOn) -> bool:
    for index in (UBI_EVENTS, UBI_QUERIES):
        for trace in traces:
            window: list[dict[str, Any]] = [
                {"range": {"timestamp": {"gte": people.first, "lte": people.last}}},
                {"terms": {"application": people.catalogues}},
            ]
            body = {"size": 1, "_source": False, "query": {"bool": {"must": [trace.query()], "filter": window}}}
            if engine.search(index, body)["hits"]["hits"]:
                return True
    return False
