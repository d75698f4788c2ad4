"""The head's training in the loop; what needs torch is imported here and nowhere else of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ranker.errors import TrainingDataError
from ranker.folder import read_config
from ranker.people import grown, trained_on
from ranker.tokens import PairTokenizer
from ranker.training.checkpoint import CHECKPOINT
from ranker.training.finetune import Progress, finetune
from ranker.training.served import load_served, save_served
from ranker.training.settings import FinetuneSettings

from ..people_card import people_card
from ..training import METRICS, Data, measured

VALIDATION = 0.2
HEAD_RATE = 2e-2
"""The head's weights of signals lie at 1 to 3: smaller steps move nothing. Held-out clicks choose the state."""


def train_head(
    start: Path,
    windows: Path,
    out: Path,
    *,
    name: str,
    catalogue: str,
    epochs: float,
    seed: int,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Train a head on windows and write the folder ``out``; a run that was cut off goes on from its checkpoint.

    Args:
        start: the served folder to begin with.
        windows: file of windows.
        out: the folder to be.
        name: the model's.
        catalogue: under which name the shop logs what the windows come from.
        epochs: of training.
        seed: of training.
        say: told how it goes.

    Raises:
        TrainingDataError: nothing can be learned from the windows.
        ModelError: ``start`` is damaged.
    """
    config = read_config(start)
    settings = FinetuneSettings(
        method="head",
        epochs=epochs,
        head_rate=HEAD_RATE,
        validation_share=VALIDATION,
        evaluate_every=20,
        seed=seed,
        threads=1,
        query_tokens=config.query_tokens,
        passage_tokens=config.passage_tokens,
    )
    lengths = PairTokenizer.of(start, config)
    parts = Data([windows]).read(settings)
    if not parts.training:
        raise TrainingDataError("windows: too few to train and to hold some out")
    model = load_served(start)
    out.mkdir(parents=True, exist_ok=True)

    def report(step: Progress) -> None:
        if step.validation:
            say(f"step {step.step} of {step.steps}: held-out clicks {step.validation}")

    outcome = finetune(model, parts, lengths, settings, folder=out, report=report)
    found = measured(outcome)
    whose = grown(trained_on(parts.everything(), catalogues=[catalogue], before=config.people))
    card = (
        f"# {name}\n\nA head trained by `hybridrank loop` on {found['windows']['training']} windows of debiased "
        f"clicks, over the reading of `{config.name}`, which is unchanged. On held-out clicks: "
        f"{json.dumps(found['validation'])}.\n\nIt learned from what people clicked, counted with a cap per person and "
        f"without names.\n\n{people_card(whose)}\n"
    )
    training = {"start": config.name, "loop": True, "settings": settings.model_dump(), **found}
    save_served(model, start, out, name=name, training=training, card=card, people=whose)
    (out / METRICS).write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    (out / CHECKPOINT).unlink(missing_ok=True)
    return found
