"""What shoppers like better, the live model or the candidate: live shoppers, or simulated ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ranker.interleave import Duel
from ranker.model import Ranker

from ..experiments import Experiment, Experiments, standing
from ..models import MODEL
from ..parts import Parts
from ..settings import Settings
from .state import LoopError

DAY_S = 86_400.0
AS_SERVED = "personal"
"""What the candidate stands beside: it gets the same signals, the person's own with them."""


class TooFew(Exception):
    """Too few pages got a click to tell which is liked better.

    Attributes:
        clicked: how many did.
    """

    def __init__(self, clicked: int) -> None:
        super().__init__(clicked)
        self.clicked = clicked


class Waiting(Exception):
    """Live shoppers have not clicked often enough yet; the message says how far it is."""


def simulated(parts: Parts, index: str, folders: tuple[Path, Path], *, people: int, days: int, seed: int) -> Duel:
    """Let simulated shoppers use pages that two models fill in turn.

    Args:
        parts: engine and encoders.
        index: the catalogue.
        folders: of the live model and of the candidate.
        people: how many shop.
        days: how long.
        seed: of people, needs and tosses.

    Raises:
        TooFew: nobody clicked.
        JudgmentError, ModelError, EngineError, EncoderError: as the parts raise them.
    """
    from ..evaluate import ranked
    from ..offline import NothingClicked, duel

    rankers = [Ranker(folder, threads=1) for folder in folders]
    runs = [lambda text, one=one: ranked(parts, index, text, ranker=one) for one in rankers]
    try:
        return duel(parts, index, ("live", "candidate"), (runs[0], runs[1]), shoppers=people, days=days, seed=seed)
    except NothingClicked as error:
        raise TooFew(0) from error


def live(
    parts: Parts, index: str, model: str, *, share: float, pages: int, days: int, say: Callable[[str], None]
) -> Duel:
    """Let live shoppers see pages that what is served and a model fill in turn: the first call begins the experiment,
    which has the model's name, a later one reads how it stands. :func:`ended` ends it.

    Args:
        parts: engine and settings.
        index: the catalogue.
        model: the candidate's name below ``models/rankers``.
        share: of the people and visits that are part of it.
        pages: with a click that it takes.
        days: how long to wait for them at most.
        say: told that it began.

    Raises:
        Waiting: there are not enough pages with a click yet.
        TooFew: the days have passed, and there are not.
        LoopError: another experiment stands in this catalogue.
        EngineError: the logs cannot be read.
        ModelError: the file of the experiment is damaged.
    """
    experiments = Experiments(parts.settings.experiments_path)
    running = experiments.of(index)
    if running is None:
        experiments.begin(index, Experiment(name=model, a=AS_SERVED, b=MODEL + model, share=share))
        say(f"{share:.0%} of the people and visits see what is served and the candidate in turn from now on")
    elif running.name != model:
        raise LoopError(
            f"experiment {running.name!r} stands in catalogue {index!r}; wait for its end, or end it: "
            "hybridrank interleave stop"
        )
    found = standing(parts.engine, index, model)
    clicked = _counted(found.duel)
    if found.duel is None or clicked < pages:
        since = experiments.path(index).stat().st_mtime
        if time.time() < since + days * DAY_S:
            raise Waiting(
                f"{clicked} of {pages} pages with a click of live shoppers so far; the same command goes on "
                f"({days} days at most, then it is refused)"
            )
        raise TooFew(clicked)
    return found.duel


def ended(settings: Settings, index: str, model: str) -> None:
    """End the experiment of a model before live shoppers, if it stands."""
    experiments = Experiments(settings.experiments_path)
    running = experiments.of(index)
    if running is not None and running.name == model:
        experiments.end(index)


def _counted(duel: Duel | None) -> int:
    return 0 if duel is None else duel.a + duel.b + duel.ties


def told(duel: Duel, shoppers: str) -> dict[str, Any]:
    """A duel as the diary keeps it, with who the shoppers were: ``live`` or ``simulated``."""
    return {"shoppers": shoppers, **asdict(duel), "clicked_pages": _counted(duel)}
