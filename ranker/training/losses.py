"""What fine-tuning minimises."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .settings import FinetuneSettings

TOP_GRADE = 3.0


def listwise(logits: Tensor, grades: Tensor, weights: Tensor) -> Tensor:
    """Softmax cross-entropy of one window against its gains (ListNet; Cao et al., ICML 2007).

    Args:
        logits, grades, weights: shape (items,). The target is proportional to the gain 2^grade - 1, as nDCG counts it.
            An item of weight below 1 takes part in the denominator by that much.

    Returns:
        a scalar; 0 where nothing in the window is relevant.
    """
    gains = torch.pow(2.0, grades) - 1.0
    if float(gains.sum()) <= 0:
        return logits.sum() * 0.0
    logs = logits + torch.log(weights.clamp_min(1e-6))
    result: Tensor = -(gains / gains.sum() * (logits - torch.logsumexp(logs, 0))).sum()
    return result


def pointwise(logits: Tensor, grades: Tensor, weights: Tensor) -> Tensor:
    """Binary cross-entropy against grade / 3: keeps the sigmoid of a logit readable as a degree of relevance."""
    each = nn.functional.binary_cross_entropy_with_logits(logits, grades / TOP_GRADE, reduction="none")
    return (each * weights).sum() / weights.sum()


def squared(logits: Tensor, grades: Tensor, weights: Tensor) -> Tensor:
    """Mean squared error of the sigmoid of a logit against grade / 3."""
    each = (torch.sigmoid(logits) - grades / TOP_GRADE) ** 2
    return (each * weights).sum() / weights.sum()


def loss_of(settings: FinetuneSettings, logits: Tensor, grades: Tensor, weights: Tensor) -> Tensor:
    """The loss of one window, the regulariser ``epsilon^2 * |f - y|^2`` added where one is set.

    The regulariser pulls each prediction f towards its target y by its squared distance. It adds no noise and bounds
    nobody's influence, so it gives no differential privacy.
    """
    if settings.loss == "bce":
        loss = pointwise(logits, grades, weights)
    elif settings.loss == "mse":
        loss = squared(logits, grades, weights)
    else:
        loss = listwise(logits, grades, weights) + settings.pointwise_share * pointwise(logits, grades, weights)
    if settings.epsilon:
        loss = loss + settings.epsilon**2 * squared(logits, grades, weights)
    return loss
