"""Two rankings before live shoppers: which catalogue has an experiment, who is part of it, and how it stands.

A file of the catalogue's name in ``HYBRIDRANK_HOME/experiments`` that every worker follows; what was shown and clicked
lies in the logs alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from personal.experiments import pages_of
from personal.pseudonyms import Pseudonyms
from personal.visitor import Visitor
from plugin.client import Engine
from ranker.errors import ModelError
from ranker.faults import first_fault
from ranker.interleave import Duel, judged

from .followed import Followed, put
from .models import MODEL

AS_ASKED = ("personal", "ranked")
"""As the service answers whoever asks; as it answers nobody, without profile and session."""


class Experiment(BaseModel):
    """Two rankings that fill pages in turn (team draft).

    Attributes:
        name: of the experiment; stands in answers and in the log.
        a: one ranking: ``personal``, ``ranked``, or ``model:NAME``, that model in the served one's place.
        b: the other.
        share: of the people and visits that are part of it, above 0, at most 1.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    a: str
    b: str
    share: float = Field(gt=0.0, le=1.0)

    @field_validator("a", "b")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in AS_ASKED and not value.startswith(MODEL):
            raise ValueError(f"one of {', '.join(AS_ASKED)}, or {MODEL}NAME")
        return value

    @model_validator(mode="after")
    def _two(self) -> Experiment:
        if self.a == self.b:
            raise ValueError("name two different rankings")
        return self

    def takes(self, visitor: Visitor, pseudonyms: Pseudonyms, catalogue: str) -> bool:
        """Whether a visitor is part of it: the same answer each time, and a new draw for each experiment.

        Nobody is not: what cannot be told apart cannot be kept apart either.
        """
        if visitor.owner is None:
            return False
        drawn = pseudonyms.of("experiment", catalogue, f"{self.name}\x1f{visitor.owner}")
        return int(drawn[:13], 16) < self.share * 16**13


def _read(path: Path) -> Experiment | None:
    try:
        return Experiment.model_validate_json(path.read_text("utf-8"))
    except FileNotFoundError:
        return None  # it has ended since it was looked for
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"experiment: {path} cannot be read ({type(error).__name__})") from error
    except ValidationError as error:
        raise ModelError(f"experiment: {path}: {first_fault(error)}") from error


class Experiments:
    """The experiments of one worker. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        """Look for experiments in ``folder/CATALOGUE.json``."""
        self._folder = folder
        self._followed = Followed("experiment", _read)

    def of(self, catalogue: str) -> Experiment | None:
        """The experiment of a catalogue; ``None`` where there is none.

        Raises:
            ModelError: there is one, but its file cannot be used; names the field.
        """
        return self._followed.at(self.path(catalogue))

    def path(self, catalogue: str) -> Path:
        """The file of a catalogue's experiment."""
        return self._folder / f"{catalogue}.json"

    def begin(self, catalogue: str, experiment: Experiment) -> None:
        """Put an experiment in place; a reader sees the old file or the new one whole."""
        put(self.path(catalogue), experiment.model_dump_json(indent=2) + "\n")

    def end(self, catalogue: str) -> bool:
        """Take a catalogue's experiment away; whether there was one. The logs keep what was shown."""
        try:
            self.path(catalogue).unlink()
        except FileNotFoundError:
            return False
        return True


class Standing(BaseModel):
    """How an experiment stands.

    Attributes:
        pages: answers that were part of it.
        clicked: those with a click on a result of either.
        duel: whose results were clicked; ``None`` while nobody's were.
    """

    pages: int
    clicked: int
    duel: Duel | None


def standing(engine: Engine, catalogue: str, name: str) -> Standing:
    """How an experiment stands in the clicks of live shoppers, from the logs.

    Args:
        engine: the cluster.
        catalogue: the alias.
        name: of the experiment, which may have ended.

    Raises:
        EngineError: the engine does not answer or refuses.
    """
    pages = list(pages_of(engine, catalogue, name))
    clicked = [one for one in pages if one.clicked & set(one.page.items)]
    duel = judged((one.person, one.page, one.clicked) for one in clicked) if clicked else None
    return Standing(pages=len(pages), clicked=len(clicked), duel=duel)
