"""Which tokens are hidden in masked-language modelling (Devlin et al., "BERT", NAACL 2019)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MASKED, RANDOM = 0.8, 0.1
"""Of the chosen tokens this share becomes [MASK], that share a random token; the rest stays as it is."""
IGNORED = -100
"""The label of a token that is not to be guessed."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What masking has to know of a WordPiece vocabulary.

    Attributes:
        size: number of tokens.
        mask: id of [MASK].
        special: ids that are never chosen and never put in place of another.
        inner: bool (size,), whether a token continues a word (``##``).
    """

    size: int
    mask: int
    special: frozenset[int]
    inner: NDArray[np.bool_]


def masked(
    ids: NDArray[np.int64],
    vocabulary: Vocabulary,
    random: np.random.Generator,
    *,
    share: float = 0.15,
    whole_words: bool = False,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Hide tokens of a batch.

    Args:
        ids: shape (texts, width).
        share: of the ordinary tokens that are chosen.
        whole_words: choose words, and of a chosen word every piece.

    Returns:
        what the model reads, and labels (the true id where it was chosen, else :data:`IGNORED`); both (texts, width).
    """
    ordinary = ~np.isin(ids, list(vocabulary.special))
    draws = random.random(ids.shape)
    if whole_words:
        # All pieces of a word take the draw of its first.
        for column in range(1, ids.shape[1]):
            inner = vocabulary.inner[ids[:, column]] & ordinary[:, column - 1]
            draws[inner, column] = draws[inner, column - 1]
    chosen = ordinary & (draws < share)
    fate = random.random(ids.shape)
    others = np.setdiff1d(np.arange(vocabulary.size), list(vocabulary.special))
    shown = np.where(chosen & (fate < MASKED), vocabulary.mask, ids)
    swapped = chosen & (fate >= MASKED) & (fate < MASKED + RANDOM)
    shown = np.where(swapped, others[random.integers(0, len(others), ids.shape)], shown)
    return shown, np.where(chosen, ids, IGNORED)
