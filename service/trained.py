"""Enters models into the register of those that learnt from people."""

from __future__ import annotations

from pathlib import Path

from personal.trainedmodels import TrainedModels
from ranker.folder import read_config

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
