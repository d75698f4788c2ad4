"""Losses between pictures and texts, where a text may have several right pictures in one batch."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def contrastive(logits: Tensor, right: Tensor, smoothing: float = 0.0) -> Tensor:
    """Softmax cross-entropy in both directions.

    Args:
        logits: scaled cosines, shape (pictures, texts).
        right: 1 where a text is right for a picture, else 0, same shape. Each picture has a right text; a text
            without a right picture is a wrong answer only.
        smoothing: share of the target that is spread over all answers.

    Returns:
        the mean of both directions. With one right answer a row and column it is the loss of CLIP.
    """
    forth = _towards(logits, right, smoothing)
    asked = right.sum(0) > 0
    back = _towards(logits.T[asked], right.T[asked], smoothing)
    return (forth + back) / 2


def _towards(logits: Tensor, right: Tensor, smoothing: float) -> Tensor:
    target = right / right.sum(1, keepdim=True)
    target = (1 - smoothing) * target + smoothing / logits.shape[1]
    return -(target * logits.log_softmax(1)).sum(1).mean()


def sigmoid(logits: Tensor, right: Tensor) -> Tensor:
    """One decision a pair: shapes as in :func:`contrastive`; summed over texts, the mean over pictures."""
    return -functional.logsigmoid((2 * right - 1) * logits).sum(1).mean()


def recall_at(similar: Tensor, right: Tensor, k: int) -> float:
    """Share of the rows whose ``k`` best columns hold a right one."""
    best = similar.topk(min(k, similar.shape[1]), dim=1).indices
    return float(torch.gather(right, 1, best).amax(1).float().mean())
