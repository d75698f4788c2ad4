"""Raw signals of a window to the features of the head. Used by training and serving alike.

What a signal is worth depends on its shop and on its query, so the head sees each one absolute (squashed to about
0..1) and relative to the window (min-max and standard score). Beside them stand what the query asks for and refuses
(``ranker.asked``, ``ranker.demands``), and how the window as a whole looks (spread of each signal, agreement between
lexical and vector order, length of the query). The last kind is the same for all members of a window; the head uses
it to decide which signal to trust.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .asked import Asked, read, refusals
from .candidate import SIGNALS, Candidate
from .demands import NAMES as DEMANDS
from .demands import demands, reading
from .fusion import NEUTRAL, NUDGES, OPTIONAL, min_max, signal_matrix
from .words import words

PIVOTS = {"bm25": 12.0, "popularity": 5.0}
"""The value of an unbounded signal that squashes to one half."""
PRICE_RANGE = 3.0
"""A price this many powers of two above the window's median counts as 1, as many below it as -1."""

PER_SIGNAL = ("known", "absolute", "relative", "standard")
STANDARD_RANGE = 8.0
"""Standard deviations from the window's mean that count as 1; the best of a window of 150 may be six away."""
ASKED = ("offered", "denied", *DEMANDS)
OVERLAP = ("title_coverage", "title_precision")
GATED = ("text_vector.uncovered",)
WINDOW = ("bm25_spread", "text_spread", "agreement", "query_words", "has_number", "refuses")

FEATURES: tuple[str, ...] = (
    *(f"{signal}.{way}" for signal in SIGNALS for way in PER_SIGNAL),
    *(f"asked.{name}" for name in ASKED),
    *(f"text.{name}" for name in OVERLAP),
    *(f"gated.{name}" for name in GATED),
    *(f"window.{name}" for name in WINDOW),
)
"""Names of the head's features, in the order of its input."""


def features(query: str, candidates: Sequence[Candidate]) -> NDArray[np.float32]:
    """Compute the head's features of one window.

    Returns:
        float32, shape ``(len(candidates), len(FEATURES))``, finite; 0 where a signal is not known.
    """
    raw = signal_matrix(candidates, SIGNALS)
    raw[:, SIGNALS.index("price")] = price_standing(raw[:, SIGNALS.index("price")])
    relative = min_max(raw)
    columns: list[NDArray[np.float64]] = []
    for number, signal in enumerate(SIGNALS):
        value = raw[:, number]
        known = ~np.isnan(value)
        columns += [
            known.astype(np.float64),
            _filled(_absolute(signal, value)),
            _filled(_neutral(relative[:, number]) if signal in OPTIONAL else relative[:, number]),
            _standard(value, known),
        ]
    asked = read(query)
    texts = [candidate.text or "" for candidate in candidates]
    columns += list(refusals(asked, texts).T)
    columns += list(demands(asked.wanted, texts).T)
    columns += list(overlaps(asked.wanted, texts).T)
    # Where no candidate has all of the words, BM25 is blind to a part of the query, and the vectors count more.
    vectors = columns[SIGNALS.index("text_vector") * len(PER_SIGNAL) + PER_SIGNAL.index("standard")]
    columns.append(vectors * (1.0 - best_coverage(asked.wanted, texts)))
    columns += [np.full(len(candidates), value) for value in window_features(asked, raw)]
    return np.stack(columns, axis=1).astype(np.float32)


def price_standing(price: NDArray[np.float64]) -> NDArray[np.float64]:
    """How each price stands in its window: powers of two above the median, over :data:`PRICE_RANGE`, so that it does
    not depend on the currency; NaN where no price above 0 is known."""
    usable = np.where(price > 0, price, np.nan)
    if np.isnan(usable).all():
        return usable
    standing: NDArray[np.float64] = np.log2(usable) - np.log2(np.nanmedian(usable))
    return standing / PRICE_RANGE


def _absolute(signal: str, value: NDArray[np.float64]) -> NDArray[np.float64]:
    if signal in PIVOTS:
        clipped = np.maximum(value, 0.0)
        return clipped / (clipped + PIVOTS[signal])
    if signal in NUDGES:
        # Centred, so that an item nobody knows yet (0 here, as all that is unknown) stands like the mean one.
        return np.clip(value, 0.0, 1.0) - NEUTRAL
    return np.clip(value, -1.0, 1.0)


def _neutral(relative: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unknown counts as the window's mean: a product without a picture is not one with the worst."""
    known = ~np.isnan(relative)
    return np.where(known, relative, relative[known].mean()) if known.any() else relative


def _filled(value: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.nan_to_num(value, nan=0.0, posinf=1.0, neginf=-1.0)


def _standard(value: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    if known.sum() < 2:
        return np.zeros(len(value))
    spread = value[known].std()
    if spread <= 1e-9:
        return np.zeros(len(value))
    return np.clip(_filled((value - value[known].mean()) / spread / STANDARD_RANGE), -1.0, 1.0)


def overlaps(query: str, texts: Sequence[str]) -> NDArray[np.float64]:
    """How far query and titles share their words, words that are rare in the window weighing more.

    Returns:
        shape ``(len(texts), len(OVERLAP))``, each 0..1: share of the query that stands in the title, and of the title
        that stands in the query.
    """
    asked = list(dict.fromkeys(words(query)))
    titles = [frozenset(reading(text).title) for text in texts]
    count = np.array([sum(word in title for title in titles) for word in asked], np.float64)
    rarity = np.log1p((len(texts) + 1.0) / (count + 0.5))
    total = float(rarity.sum()) or 1.0
    result = np.zeros((len(texts), len(OVERLAP)))
    for row, title in enumerate(titles):
        result[row] = (
            sum(weight for word, weight in zip(asked, rarity, strict=True) if word in title) / total,
            sum(word in asked for word in title) / max(len(title), 1),
        )
    return result


def best_coverage(query: str, texts: Sequence[str]) -> float:
    """The largest share of the query's words, rare ones weighing more, that stands in one text; 1 for no words.

    A word counts where it stands within a longer one too, so that a plural or a compound is found.
    """
    asked = frozenset(words(query))
    lower = [text.lower() for text in texts]
    found = {word: np.array([word in text for text in lower]) for word in asked}
    rarity = {word: float(np.log1p((len(texts) + 1.0) / (there.sum() + 0.5))) for word, there in found.items()}
    total = sum(rarity.values())
    if not total or not lower:
        return 1.0
    covered = np.sum([rarity[word] * there for word, there in found.items()], axis=0)
    return float(covered.max() / total)


def window_features(asked: Asked, raw: NDArray[np.float64]) -> list[float]:
    """How the window as a whole looks; see :data:`WINDOW`."""
    lexical, vector = raw[:, SIGNALS.index("bm25")], raw[:, SIGNALS.index("text_vector")]
    both = ~np.isnan(lexical) & ~np.isnan(vector)
    agreement = 0.0
    if both.sum() >= 3 and lexical[both].std() > 1e-9 and vector[both].std() > 1e-9:
        agreement = float(np.corrcoef(_ranks(lexical[both]), _ranks(vector[both]))[0, 1])
    return [
        _spread(lexical),
        _spread(vector),
        agreement,
        min(len(words(asked.wanted)), 10) / 10.0,
        float(any(char.isdigit() for char in asked.wanted)),
        float(bool(asked.refused)),
    ]


def _spread(value: NDArray[np.float64]) -> float:
    known = value[~np.isnan(value)]
    if known.size < 2 or known.max() <= 0:
        return 0.0
    return float(np.clip((known.max() - np.median(known)) / known.max(), 0.0, 1.0))


def _ranks(value: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.argsort(np.argsort(value, kind="stable"), kind="stable").astype(np.float64)
