"""The leader's part: rounds over a grid of shops, and what came of them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from flwr.app import ConfigRecord, Context, RecordDict
from flwr.common import ndarrays_to_parameters
from flwr.compat.common import recorddict_compat as compat
from flwr.server import LegacyContext, ServerConfig, SimpleClientManager
from flwr.server.compat.grid_client_proxy import GridClientProxy
from flwr.server.workflow.constant import MAIN_CONFIGS_RECORD, MAIN_PARAMS_RECORD
from flwr.server.workflow.constant import Key as WorkflowKey
from flwr.server.workflow.default_workflows import default_fit_workflow
from flwr.supercore.task_identity import TaskIdentity

from ...errors import TrainingDataError
from .local import LocalGrid
from .rules import Heard, strategy_of
from .secure import SecureRound
from .settings import FederatedSettings
from .shop import Weights

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Round:
    """What became of a round.

    Attributes:
        number: from 1.
        taken: names of the shops whose updates went into it; none where the round was lost and the weights stayed.
        moved: length of the way that all weights went together.
    """

    number: int
    taken: tuple[str, ...]
    moved: float


@dataclass(slots=True)
class Together:
    """A finished run."""

    weights: Weights
    rounds: list[Round] = field(default_factory=list)
    heard: Heard = field(default_factory=dict)


def federate(
    grid: LocalGrid,
    weights: Weights,
    settings: FederatedSettings,
    start: str,
    *,
    ready: Callable[[int], None] | None = None,
    report: Callable[[Round], None] | None = None,
) -> Together:
    """Let the shops of a grid train together.

    Args:
        weights: what is trained, as all begin.
        start: digest of the model that all begin with.
        ready: called before each round; waits until enough shops are there.
        report: is told each round.

    Raises:
        TrainingDataError: too few shops are there, or every round was lost.
    """

    def configure(number: int) -> dict[str, Any]:
        return {
            "round": number,
            "rounds": settings.rounds,
            "settings": settings.training.model_dump_json(),
            "start": start,
            "secure": settings.secure,
            "weight_cap": settings.weight_cap,
        }

    # Flower's messages ask whose they are; a SuperLink, which is not here, would have said it.
    TaskIdentity.run_id = TaskIdentity.task_id = TaskIdentity.node_id = 1
    strategy: Any = strategy_of(settings, weights, configure, grid.name_of)
    manager = SimpleClientManager()
    base = Context(run_id=1, node_id=1, node_config={}, state=RecordDict(), run_config={})
    context = LegacyContext(base, ServerConfig(num_rounds=settings.rounds), strategy, manager)
    _put(context, weights)
    fit = SecureRound(settings) if settings.secure else default_fit_workflow
    result = Together(weights, heard=strategy.heard)
    for number in range(1, settings.rounds + 1):
        if ready is not None:
            ready(settings.at_least)
        _meet(manager, grid)
        if manager.num_available() < settings.at_least:
            raise TrainingDataError(
                f"shops: {manager.num_available()} are there in round {number}, {settings.at_least} are needed"
            )
        context.state.config_records[MAIN_CONFIGS_RECORD] = ConfigRecord(
            {WorkflowKey.CURRENT_ROUND: number, WorkflowKey.START_TIME: 0.0}
        )
        strategy.taken = []
        fit(grid, context)
        after = _get(context) if strategy.taken else result.weights
        moved = float(np.sqrt(sum(float(((a - b) ** 2).sum()) for a, b in zip(after, result.weights, strict=True))))
        result.weights = after
        result.rounds.append(Round(number, tuple(sorted(strategy.taken)), moved))
        if report is not None:
            report(result.rounds[-1])
    if not any(one.taken for one in result.rounds):
        raise TrainingDataError("shops: not one round could be put together; the shops' own logs say why")
    return result


def _meet(manager: SimpleClientManager, grid: LocalGrid) -> None:
    """The manager knows who is there now, and nobody else."""
    there = set(grid.get_node_ids())
    for proxy in list(manager.all().values()):
        if proxy.node_id not in there:
            manager.unregister(proxy)
        there.discard(proxy.node_id)
    for number in sorted(there):
        manager.register(GridClientProxy(number, grid, 1))


def _put(context: LegacyContext, weights: Weights) -> None:
    record = compat.parameters_to_arrayrecord(ndarrays_to_parameters(weights), keep_input=True)
    context.state.array_records[MAIN_PARAMS_RECORD] = record


def _get(context: LegacyContext) -> Weights:
    arrays = context.state.array_records[MAIN_PARAMS_RECORD].to_numpy_ndarrays(keep_input=True)
    return [np.asarray(array, np.float32) for array in arrays]
