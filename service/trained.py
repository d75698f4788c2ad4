"""Enters models into the register of those that learnt from people."""

from __future__ import annotations

from pathlib import Path

from personal.trainedmodels import TrainedModels
from ranker.folder import read_config
from ranker.people import TrainedOn, stamp

from .settings import Settings


def register_trained(settings: Settings, folder: Path) -> None:
    """Enter a fresh ranker, if it learnt from people; else only what its folder held before is taken out.

    Raises:
        RegisterUnusable: the register cannot be written.
        ModelError: the folder is damaged.
    """
    config = read_config(folder)
    path = settings.trained_models_path
    if config.people is not None or path.exists():
        TrainedModels(path).add(config.name, folder, config.people)


def register_log(settings: Settings, name: str, place: Path, catalogue: str, window: tuple[int, int]) -> None:
    """Enter what was learnt from a catalogue's log in the engine: a sequence model or a blend.

    Args:
        settings: with the register's place.
        name: for people to read.
        place: the folder or file that holds it; what it held before is taken out.
        catalogue: whose log.
        window: the first and the last moment of it, in epoch milliseconds.

    Raises:
        RegisterUnusable: the register cannot be written.
    """
    first, last = map(stamp, window)
    people = TrainedOn(unit="person", first=first, last=last, catalogues=[catalogue])
    TrainedModels(settings.trained_models_path).add(name, place, people)
