"""Secure aggregation by Flower's SecAgg+, with masks that cannot be guessed and shops that may leave at any stage."""

from __future__ import annotations

from typing import Any

from flwr.server.workflow.secure_aggregation import secaggplus_workflow
from flwr.server.workflow.secure_aggregation.secaggplus_workflow import SecAggPlusWorkflow, WorkflowState
from flwr.serverapp.grid import Grid

from .masks import take_over
from .node import CLIP
from .settings import FederatedSettings

take_over(secaggplus_workflow)


class SecureRound(SecAggPlusWorkflow):  # type: ignore[misc]
    """One round: the sum of the weights of those who stay, and nothing of one of them.

    Every shop holds a share of every other's secrets, and a majority of three or more brings them together (SecAgg;
    Bonawitz et al., CCS 2017, which SecAgg+ is with all for neighbours). Flower loses a round in which a shop leaves
    before it has dealt its shares. Here it is as if that shop had not been asked, for nobody masked with it.
    """

    def __init__(self, settings: FederatedSettings) -> None:
        super().__init__(
            num_shares=1.0,
            reconstruction_threshold=settings.threshold if settings.shops > settings.threshold else 1.0,
            max_weight=float(settings.weight_cap),
            clipping_range=CLIP,
            # As fine as leaves the sum of all below the modulus: a small shop's part is a small share of the range.
            quantization_range=2 ** min(31 - (settings.shops - 1).bit_length(), 26),
            modulus_range=2**32,
        )

    def setup_stage(self, grid: Grid, context: Any, state: WorkflowState) -> bool:
        """Exchange keys; who does not answer is not of the round."""
        return _without_the_gone(bool(super().setup_stage(grid, context, state)), state)

    def share_keys_stage(self, grid: Grid, context: Any, state: WorkflowState) -> bool:
        """Deal shares; who does not is not of the round."""
        return _without_the_gone(bool(super().share_keys_stage(grid, context, state)), state)


def _without_the_gone(went: bool, state: WorkflowState) -> bool:
    if not went:
        return False
    there = set(state.active_node_ids)
    state.sampled_node_ids = there
    state.nid_to_neighbours = {number: state.nid_to_neighbours[number] & there for number in there}
    return True
