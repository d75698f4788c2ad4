"""A run without dropout, alone or as one of several processes: ``python -m tests.unit.parallel_run FILE``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from torch.nn import Dropout

from service.training import together
from tests.unit.training_help import SETTINGS, colour_windows, finetune, lengths, small


def main(out: Path) -> None:
    """Train, and write the loss curve, the validation and the sum of the weights from the first process."""
    model = small()
    for module in model.modules():
        if isinstance(module, Dropout):
            module.p = 0.0
    losses: list[float] = []
    settings = SETTINGS.model_copy(update={"epochs": 6.0, "windows_per_step": 3})
    with together() as group:
        outcome = finetune(model, colour_windows(), lengths(), settings, report=lambda step: losses.append(step.loss))
        if group.is_first:
            weights = float(sum(value.abs().sum() for value in model.parameters()))
            out.write_text(json.dumps({"losses": losses, "validation": outcome.validation, "weights": weights}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
