"""The first stage: signals fused without a model, per window.

Min-max normalisation and a weighted arithmetic mean, as OpenSearch's ``normalization-processor`` does it, but over
the complete window: every member has every score that can be known, so a lexical match outside the vector top k
keeps its true cosine instead of a zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from .candidate import Candidate, Ranking, Scored

FIRST_STAGE_WEIGHTS: Mapping[str, float] = MappingProxyType({"bm25": 1.0, "text_vector": 1.0, "image_vector": 1.0})
"""Weights of the first stage; a signal that no candidate of the window has takes no part."""

OPTIONAL = frozenset({"image_vector"})
"""Signals that a product may lack without fault of its own: not every product has a picture."""

NEUTRAL = 0.5
"""The value of a :data:`NUDGES` signal that says nothing: an item like all others, a person without a preference."""
NUDGES: Mapping[str, float] = MappingProxyType({"behaviour": 0.4, "profile": 0.2, "session": 0.2})
"""How much the first stage's order gives for a signal from nothing to everything. Added, not averaged in: an item
without the signal keeps its place, and it never outweighs what was asked for."""


def signal_matrix(candidates: Sequence[Candidate], names: Sequence[str]) -> NDArray[np.float64]:
    """Lay raw signals out as a matrix.

    Returns:
        shape ``(len(candidates), len(names))``; NaN where a signal is not known.
    """
    rows = [[signals.get(name) for name in names] for signals in (candidate.signals for candidate in candidates)]
    return np.array(rows, np.float64).reshape(len(candidates), len(names))


def min_max(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale each column to 0..1 over its known values.

    A column whose known values are all equal becomes 1 where known (nothing tells them apart, as in
    ``normalization-processor``). Unknown stays NaN.
    """
    if matrix.shape[0] == 0:
        return matrix.copy()
    known = ~np.isnan(matrix)
    low = np.where(known, matrix, np.inf).min(axis=0)
    high = np.where(known, matrix, -np.inf).max(axis=0)
    span = np.where(np.isfinite(high - low), high - low, 0.0)
    flat = span <= 0
    with np.errstate(invalid="ignore"):
        scaled = (matrix - np.where(np.isfinite(low), low, 0.0)) / np.where(flat, 1.0, span)
    scaled[:, flat] = np.where(known[:, flat], 1.0, np.nan)
    return scaled


def fused_scores(
    candidates: Sequence[Candidate], weights: Mapping[str, float] = FIRST_STAGE_WEIGHTS
) -> NDArray[np.float64]:
    """Score each candidate by the weighted mean of its min-max normalised signals.

    The weight of a signal that no candidate has is shared among the others. Within a window that has the signal, a
    candidate without it counts as the lowest: it cannot gain by being unknown. Without an :data:`OPTIONAL` one it
    counts as what can be expected of it, so that it neither gains nor loses: halfway between the mean of the window
    and the mean of its own other signals, for good matches are good in several ways, but not in all.

    Returns:
        shape ``(len(candidates),)``, each 0..1; all zeros when no weighted signal is known at all.
    """
    names = [name for name, weight in weights.items() if weight > 0]
    scaled = _expected(min_max(signal_matrix(candidates, names)), [name in OPTIONAL for name in names])
    present = ~np.isnan(scaled).all(axis=0) if len(candidates) else np.zeros(len(names), bool)
    factors = np.array([weights[name] for name in names]) * present
    if factors.sum() <= 0:
        return np.zeros(len(candidates))
    result: NDArray[np.float64] = np.nan_to_num(scaled, nan=0.0) @ (factors / factors.sum())
    return result


def _expected(scaled: NDArray[np.float64], optional: Sequence[bool]) -> NDArray[np.float64]:
    known = ~np.isnan(scaled)
    some = [column for column in np.flatnonzero(optional) if known[:, column].any()]
    if not some:
        return scaled
    count = known.sum(axis=1)
    own = np.nansum(scaled, axis=1) / np.maximum(count, 1)
    result = scaled.copy()
    for column in some:
        missing = ~known[:, column] & (count > 0)
        if missing.any():
            result[missing, column] = (scaled[known[:, column], column].mean() + own[missing]) / 2
    return result


def ordered(candidates: Sequence[Candidate], scores: NDArray[np.float64]) -> tuple[Scored, ...]:
    """Put candidates in descending order of score; ties by id."""
    ids = [candidate.id for candidate in candidates]
    best = sorted(zip((-scores).tolist(), ids, range(len(ids)), strict=True))
    return tuple(Scored(name, place, -score) for score, name, place in best)


def first_stage(candidates: Sequence[Candidate], *, degraded: str | None = None) -> Ranking:
    """Rank without a model.

    Args:
        candidates: one window.
        degraded: why no model was asked, where one should have been.
    """
    known = np.nan_to_num(signal_matrix(candidates, list(NUDGES)), nan=NEUTRAL)
    nudged = fused_scores(candidates) + (np.clip(known, 0.0, 1.0) - NEUTRAL) @ np.array(list(NUDGES.values()))
    return Ranking(ordered(candidates, np.clip(nudged, 0.0, 1.0)), "first_stage", degraded, 0)
