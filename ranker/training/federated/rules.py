"""How updates are put together: Flower's strategies, behind a look at each update."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
from flwr.common import FitRes, Parameters, parameters_to_ndarrays
from flwr.server.client_proxy import ClientProxy
from flwr.server.strategy import FedAvg, FedMedian, FedTrimmedAvg, Krum, Strategy

from .settings import FederatedSettings, Told
from .shop import Weights

log = logging.getLogger(__name__)
Heard = dict[str, Told]
"""By the name of the shop, what it said of itself."""


class _Looked:
    """Leaves out an update of another shape, or with what is no number: no rule of Flower's survives one."""

    name_of: Callable[[int], str]
    weight_cap: int

    like: Weights
    heard: Heard
    taken: list[str]

    def aggregate_fit(self, server_round: int, results: list[tuple[ClientProxy, FitRes]], failures: list[Any]) -> Any:
        """Take what can be taken."""
        kept = []
        self.taken = []
        for proxy, result in results:
            name = self.name_of(proxy.node_id)
            try:
                told = Told.model_validate_json(str(result.metrics.get("told")))
                self._check(result.parameters)
            except ValueError as error:
                log.warning("round %d: the update of %s is left out: %s", server_round, name, type(error).__name__)
                continue
            result.num_examples = min(max(result.num_examples, 1), self.weight_cap)
            self.heard[name] = told
            self.taken.append(name)
            kept.append((proxy, result))
        return super().aggregate_fit(server_round, kept, failures)  # type: ignore[misc]

    def _check(self, parameters: Parameters) -> None:
        arrays = parameters_to_ndarrays(parameters)
        if [array.shape for array in arrays] != [array.shape for array in self.like]:
            raise ValueError("weights: another shape")
        if not all(array.dtype.kind == "f" and bool(np.isfinite(array).all()) for array in arrays):
            raise ValueError("weights: not finite")


class _Mean(_Looked, FedAvg):  # type: ignore[misc]
    pass


class _Median(_Looked, FedMedian):  # type: ignore[misc]
    pass


class _Trimmed(_Looked, FedTrimmedAvg):  # type: ignore[misc]
    pass


class _Krum(_Looked, Krum):  # type: ignore[misc]
    pass


def strategy_of(
    settings: FederatedSettings,
    like: Weights,
    configure: Callable[[int], dict[str, Any]],
    name_of: Callable[[int], str],
) -> Strategy:
    """The rule that the settings name.

    Mean weighted by windows (McMahan et al., AISTATS 2017); the median and the trimmed mean of each number (Yin et al.,
    ICML 2018); Krum, the update nearest to its neighbours (Blanchard et al., NeurIPS 2017). The last three do not ask
    how many windows a shop claims to have.

    Args:
        like: of what shape an update must be.
        configure: what shops are told in a round.
        name_of: a shop by the number of its node.
    """
    least = settings.at_least
    common: dict[str, Any] = {
        "min_fit_clients": least,
        "min_available_clients": least,
        "fraction_evaluate": 0.0,
        "on_fit_config_fn": configure,
        "fit_metrics_aggregation_fn": lambda _: {},
    }
    made: Any
    if settings.rule == "median":
        made = _Median(**common)
    elif settings.rule == "trimmed":
        # A little more than the share, so that rounding down cuts the whole number at each end.
        made = _Trimmed(beta=(settings.tolerate + 0.25) / settings.shops, **common)
    elif settings.rule == "krum":
        made = _Krum(num_malicious_clients=settings.tolerate, **common)
    else:
        made = _Mean(**common)
    made.like, made.name_of, made.weight_cap, made.heard, made.taken = like, name_of, settings.weight_cap, {}, []
    return made
