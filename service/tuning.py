"""Searches hyperparameters on the validation part within a budget; the test part is left to the run that follows."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ranker.errors import TrainingDataError
from ranker.tokens import PairTokenizer
from ranker.training.finetune import Progress, finetune
from ranker.training.settings import FinetuneSettings
from ranker.training.splits import Split

from .training import Data, load_start, run_finetune, start_folder

if TYPE_CHECKING:
    import optuna

JOURNAL = "trials.jsonl"
STUDY = "finetune"


@dataclass(frozen=True, slots=True)
class Budget:
    """What a search may cost: so many trials, and no new one after so many minutes."""

    trials: int
    minutes: float


def suggested(trial: optuna.Trial, base: FinetuneSettings, methods: Sequence[str]) -> FinetuneSettings:
    """One point of the space: the method, and the rates that it learns at."""
    method = trial.suggest_categorical("method", list(methods))
    values: dict[str, Any] = {
        "method": method,
        "head_rate": trial.suggest_float("head_rate", 1e-4, 2e-2, log=True),
        "keep_start": trial.suggest_float("keep_start", 0.0, 0.6),
        "pointwise_share": trial.suggest_float("pointwise_share", 0.0, 1.0),
    }
    if method not in ("head", "signals"):
        values["backbone_rate"] = trial.suggest_float("backbone_rate", 5e-6, 2e-4, log=True)
    if method in ("lora", "adalora", "bottleneck"):
        values["adapter_rate"] = trial.suggest_float("adapter_rate", 1e-4, 1e-2, log=True)
    return FinetuneSettings.model_validate(base.model_dump() | values)


def run_tune(
    data: Data,
    out: Path,
    *,
    start: str,
    name: str,
    base: FinetuneSettings,
    methods: Sequence[str],
    budget: Budget,
    tried: Callable[[int, float | None], None],
    report: Callable[[Progress], None],
) -> dict[str, Any] | None:
    """Try settings, then train with the best and look at the test part, once.

    Trials stand in ``out/trials.jsonl``, so a search that was cut off goes on and draws what it would have drawn; those
    that are worse than the median at the same step end early. The trial that was cut off begins anew.

    Args:
        tried: told after each trial its number and validation, ``None`` where it ended early.

    Raises:
        TrainingDataError: no validation part, or no trial came to an end.
    """
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(logging.ERROR)
    parts = replace(data.read(base), test=[])
    if not parts.validation:
        raise TrainingDataError("validation: hyperparameters are chosen on it; give a share or files")
    out.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        storage=JournalStorage(JournalFileBackend(str(out / JOURNAL))),
        study_name=STUDY,
        load_if_exists=True,
        direction="maximize",
        pruner=optuna.pruners.MedianPruner(n_startup_trials=3),
    )
    until = time.monotonic() + budget.minutes * 60
    while (number := _done(study)) < budget.trials and time.monotonic() < until:
        # Drawn by how many trials there are, so a search that was cut off goes on as if it had not been.
        study.sampler = optuna.samplers.TPESampler(seed=base.seed * 1_000_003 + number)
        study.optimize(
            lambda trial: _validated(trial, parts, start, suggested(trial, base, methods)),
            n_trials=1,
            callbacks=[lambda _, trial, number=number: tried(number, trial.value)],  # type: ignore[misc]
        )
    complete = [trial for trial in study.trials if trial.state == optuna.trial.TrialState.COMPLETE]
    if not complete:
        raise TrainingDataError("budget: no trial came to an end; give more trials or minutes")
    best = suggested(optuna.trial.FixedTrial(study.best_params), base, methods)  # type: ignore[arg-type]
    result = run_finetune(data, out, start=start, name=name, settings=best, report=report)
    return result and result | {"trials": _done(study), "best": study.best_params, "best_value": study.best_value}


def _validated(trial: optuna.Trial, parts: Split, start: str, settings: FinetuneSettings) -> float:
    """Condensed plus plain nDCG@10 on validation."""
    import optuna

    folder = start_folder(start)
    lengths = PairTokenizer.of(folder, settings)

    def report(step: Progress) -> None:
        if step.validation and step.step:
            trial.report(sum(step.validation.values()), step.step)
            if trial.should_prune():
                raise optuna.TrialPruned

    outcome = finetune(load_start(folder), parts, lengths, settings, report=report)
    return sum(outcome.validation.values())


def _done(study: optuna.Study) -> int:
    """Trials that came to an end, or were ended early; what was cut off is not among them."""
    from optuna.trial import TrialState

    return len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED)))
