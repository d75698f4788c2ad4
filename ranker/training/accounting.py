"""How much privacy a run of noisy steps spends, by Renyi differential privacy.

Mironov, Talwar, Zhang, "Renyi Differential Privacy of the Sampled Gaussian Mechanism", 2019; as Opacus computes it. The
accountant by Gaussian differential privacy is left out on purpose: it is an approximation that may understate.
"""

from __future__ import annotations

import warnings
from importlib.metadata import version

from opacus.accountants import RDPAccountant
from opacus.accountants.utils import get_noise_multiplier

from ..errors import TrainingDataError

ORDERS = [*(1 + tenth / 10 for tenth in range(1, 100)), *range(12, 64), 80, 96, 128, 192, 256, 512, 1024]
"""Of Renyi divergence, among which the best is taken."""


def spent(sigma: float, rate: float, steps: int, delta: float) -> float:
    """Epsilon of ``steps`` Gaussian steps.

    Args:
        sigma: noise's standard deviation over the longest gradient of one person.
        rate: with which probability a step takes a person, each one apart.
        delta: of the guarantee, in (0, 1).
    """
    accountant = RDPAccountant()
    accountant.history = [(sigma, rate, steps)]
    return float(accountant.get_epsilon(delta, alphas=ORDERS))


def noise_for(epsilon: float, rate: float, steps: int, delta: float) -> float:
    """The smallest noise (within 0.01 of epsilon) that spends at most ``epsilon``.

    Raises:
        TrainingDataError: no noise is enough.
    """
    try:
        with warnings.catch_warnings():
            # On its way the search tries far too much noise, where the last of the orders is the best.
            warnings.filterwarnings("ignore", message="Optimal order is the largest alpha")
            return float(
                get_noise_multiplier(
                    target_epsilon=epsilon,
                    target_delta=delta,
                    sample_rate=rate,
                    steps=steps,
                    accountant="rdp",
                    epsilon_tolerance=min(0.01, epsilon / 100),
                    alphas=ORDERS,
                )
            )
    except ValueError as error:
        raise TrainingDataError(
            f"target_epsilon: {epsilon:g} cannot be reached in {steps} steps; train fewer epochs"
        ) from error


def accountant_name() -> str:
    """Who computes :func:`spent`."""
    return f"RDP, Opacus {version('opacus')}"
