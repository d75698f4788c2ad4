"""Sequence models that stand in the served one's place where something is to be foretold that it has seen."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from personal.histories import MOST, paths_of
from personal.visits import Step
from ranker.sequence import SequenceModel

from .parts import Parts


@contextmanager
def other_halves(
    parts: Parts, index: str, done: Mapping[str, Sequence[Step]], people: Sequence[str]
) -> Iterator[Callable[[str], SequenceModel | None]]:
    """For each person a sequence model that has not seen them: two are trained, on half of the people each.

    ``None`` for everybody where the catalogue has no sequence model, for then the signal is not known in service
    either.
    """
    served = parts.sequences.of(index)
    if served is None:
        yield lambda _: None
        return
    paths = _paths(parts, index, done)
    half = {person: number % 2 for number, person in enumerate(people)}
    with tempfile.TemporaryDirectory(prefix="hybridrank-standin-") as folder:
        models = []
        for number in (0, 1):
            seen = {person: _items(theirs) for person, theirs in done.items() if half[person] != number}
            models.append(_trained(served, seen, paths, Path(folder) / str(number)))
        yield lambda person: models[half.get(person, 0)]


@contextmanager
def before_it(parts: Parts, index: str, done: Mapping[str, Sequence[Step]]) -> Iterator[SequenceModel | None]:
    """A sequence model that has seen the given steps only: what came before what is left out.

    ``None`` where the catalogue has no sequence model.
    """
    served = parts.sequences.of(index)
    if served is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="hybridrank-standin-") as folder:
        seen = {person: _items(theirs) for person, theirs in done.items()}
        yield _trained(served, seen, _paths(parts, index, done), Path(folder))


def _paths(parts: Parts, index: str, done: Mapping[str, Sequence[Step]]) -> Mapping[str, Sequence[str]]:
    return paths_of(parts.engine, index, (str(step.action.item) for theirs in done.values() for step in theirs))


def _trained(
    served: SequenceModel, seen: Mapping[str, list[str]], paths: Mapping[str, Sequence[str]], folder: Path
) -> SequenceModel:
    """A model by the settings of the served one."""
    from ranker.training.sequence import SequenceSettings, save, train_sequence

    given = served.config.training.get("settings")
    chosen = SequenceSettings.model_validate(given) if isinstance(given, dict) else SequenceSettings()
    # The given threads were another machine's.
    save(train_sequence(seen, chosen.model_copy(update={"threads": 1}), paths=paths), folder)
    return SequenceModel(folder)


def _items(theirs: Sequence[Step]) -> list[str]:
    items: list[str] = []
    for step in theirs:
        item = str(step.action.item)
        if step.action.action != "return" and (not items or items[-1] != item):
            items.append(item)
    return items[-MOST:]
