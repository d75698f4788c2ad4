"""How far a reading is trusted where signals are known, and how many of a window's best it pays to read.

Both are chosen on validation windows, in the order that is served: all candidates by their signals first, then the best
of them again with what the transformer makes of their texts. A head starts with little trust, since an untrained
reading says again what BM25 and the text vector say; judgments of a shop's own teach the transformer something else,
and then trust and depth are worth having. Of all that was tried the shallowest depth within one standard error of the
best is taken (Breiman et al., Classification and Regression Trees, 1984, 3.4.3), and nothing changes unless the gain's
95 % interval lies above zero.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ..folder import READ
from ..signals import FEATURES
from ..significance import Estimate, estimates
from .data import Example
from .head import Head
from .measure import window_ndcg

DEEPEST = 50
"""How many of a window's best are read in validation."""
DEPTHS = (READ, 10, 30, DEEPEST)
SHIFTS = (0.0, 1.0, 2.0, 4.0)
"""What is added to the gate's logit: of an eighth it makes a quarter, a half, and nearly all."""
FEWEST = 20
"""Validation windows below which nothing is chosen."""
KNOWN = [FEATURES.index("bm25.known"), FEATURES.index("text_vector.known")]

Vectors = Callable[[Example, NDArray[np.int64]], torch.Tensor]
"""What the transformer makes of some candidates of a window, (rows, outputs)."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What was chosen.

    Attributes:
        depth: how many of a window's best are read.
        shift: what the gate's logit gained.
        gain: mean of plain and condensed nDCG@10 over reading the default with the gate as training left it, on the
            windows that chose.
        windows: how many these were.
    """

    depth: int
    shift: float
    gain: Estimate
    windows: int


def has_signals(example: Example) -> bool:
    """Whether anything but the texts orders a window's candidates."""
    return bool(example.features[0][:, KNOWN].any())


def unread(head: Head, example: Example) -> NDArray[np.float32]:
    """Logits by the signals alone, (items,)."""
    features = torch.from_numpy(example.features[0])
    nothing = torch.zeros(len(features), head.outputs)
    with torch.no_grad():
        logits: NDArray[np.float32] = head(nothing, torch.zeros(len(features), 1), features).numpy()
    return logits


def best_first(example: Example, logits: NDArray[np.floating]) -> NDArray[np.int64]:
    """Rows by their logits, ties by id."""
    ids = np.array([item.id for item in example.window.candidates])
    return np.lexsort((ids, -logits)).astype(np.int64)


def placed(first: NDArray[np.int64], read: NDArray[np.floating]) -> NDArray[np.floating]:
    """Scores whose order is the one that is served: the ``len(read)`` best rows of ``first`` by what was read of them,
    then the rest as they stood."""
    scores = np.zeros(len(first), np.float32)
    scores[first[: len(read)]] = read
    lowest = float(read.min()) if len(read) else 0.0
    scores[first[len(read) :]] = lowest - 1.0 - np.arange(len(first) - len(read))
    return scores


def choose(head: Head, examples: Sequence[Example], vectors: Vectors) -> Reach | None:
    """Choose trust and depth; the head's gate is moved where that is worth it.

    Args:
        head: in evaluation mode.
        examples: of validation; those without signals do not choose.
        vectors: reads candidates.

    Returns:
        ``None`` where fewer than :data:`FEWEST` windows have signals and something relevant.
    """
    ways = list(itertools.product(DEPTHS, SHIFTS))
    rows = [row for one in examples if has_signals(one) and (row := _values(head, one, vectors, ways)) is not None]
    if len(rows) < FEWEST:
        return None
    table = np.array(rows)
    best = int(table.mean(axis=0).argmax())
    within = [way for way in range(len(ways)) if _within_error(table[:, best] - table[:, way])]
    shallowest = min(ways[way][0] for way in within)
    chosen = max((way for way in within if ways[way][0] == shallowest), key=lambda way: float(table[:, way].mean()))
    (gain,) = estimates((table[:, chosen] - table[:, 0])[:, None])
    if gain.low <= 0:
        return Reach(READ, 0.0, Estimate(0.0, 0.0, 0.0), len(rows))
    depth, shift = ways[chosen]
    with torch.no_grad():
        head.trust.bias.add_(shift)
    return Reach(depth, shift, gain, len(rows))


def _within_error(behind: NDArray[np.float64]) -> bool:
    return bool(behind.mean() <= behind.std(ddof=1) / len(behind) ** 0.5)


def _values(head: Head, example: Example, vectors: Vectors, ways: Sequence[tuple[int, float]]) -> list[float] | None:
    """Mean of plain and condensed nDCG@10 of each way, or ``None`` where nothing judged is relevant."""
    first = best_first(example, unread(head, example))
    deepest = first[:DEEPEST]
    vector = vectors(example, deepest)
    features = torch.from_numpy(example.features[0][deepest])
    known = torch.ones(len(deepest), 1)
    bias = head.trust.bias.detach().clone()
    found: dict[tuple[int, float], float] = {}
    for shift in SHIFTS:
        with torch.no_grad():
            head.trust.bias.copy_(bias + shift)
            read = head(vector, known, features).numpy()
            head.trust.bias.copy_(bias)
        for depth in DEPTHS:
            order = placed(first, read[:depth])
            both = [window_ndcg(example.window, order, condensed=condensed) for condensed in (False, True)]
            if both[0] is None or both[1] is None:
                return None
            found[depth, shift] = (both[0] + both[1]) / 2
    return [found[way] for way in ways]
