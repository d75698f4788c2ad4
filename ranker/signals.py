"""Raw signals of a window to the features of the head. Used by training and serving alike.

What a signal is worth depends on its shop and on its query, so the head sees each one absolute (squashed to about
0..1) and relative to the window (min-max and standard score), and beside them how the window as a whole looks (spread
of each signal, agreement between lexical and vector order, length of the query). The last kind is the same for all
members of a window; the head uses it to decide which signal to trust.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .candidate import SIGNALS, Candidate
from .fusion import NEUTRAL, NUDGES, fused_scores, min_max, signal_matrix

PIVOTS = {"bm25": 12.0, "popularity": 5.0}
"""The value of an unbounded signal that squashes to one half."""
PRICE_RANGE = 3.0
"""A price this many powers of two above the window's median counts as 1, as many below it as -1."""

PER_SIGNAL = ("known", "absolute", "relative", "standard")
OVERLAP = ("title_coverage", "title_precision", "coverage", "adjacent", "numbers")
WINDOW = ("bm25_spread", "text_spread", "agreement", "query_words", "has_number", "has_negation", "best_coverage")
NEGATIONS = frozenset({"without", "no", "not", "non", "free", "less", "sans", "ohne", "sin"})

FEATURES: tuple[str, ...] = (
    "first_stage",
    *(f"{signal}.{way}" for signal in SIGNALS for way in PER_SIGNAL),
    *(f"text.{name}" for name in OVERLAP),
    *(f"window.{name}" for name in WINDOW),
)
"""Names of the head's features, in the order of its input."""

_WORD = re.compile(r"[\w']+")
_TITLE_END = re.compile(r" \| |\n|\. ")


def words(text: str) -> list[str]:
    """Lower-case words without accents, plural endings folded; enough to see whether a word stands in a title."""
    plain = unicodedata.normalize("NFKD", text.lower())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return [_singular(word.replace("'", "")) for word in _WORD.findall(plain)]


def _singular(word: str) -> str:
    if len(word) > 3 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def features(query: str, candidates: Sequence[Candidate]) -> NDArray[np.float32]:
    """Compute the head's features of one window.

    Returns:
        float32, shape ``(len(candidates), len(FEATURES))``, finite; 0 where a signal is not known.
    """
    raw = signal_matrix(candidates, SIGNALS)
    raw[:, SIGNALS.index("price")] = price_standing(raw[:, SIGNALS.index("price")])
    relative = min_max(raw)
    columns: list[NDArray[np.float64]] = [fused_scores(candidates)]
    for number, signal in enumerate(SIGNALS):
        value = raw[:, number]
        known = ~np.isnan(value)
        columns += [
            known.astype(np.float64),
            _filled(_absolute(signal, value)),
            _filled(relative[:, number]),
            _standard(value, known),
        ]
    overlap = overlaps(query, [candidate.text or "" for candidate in candidates])
    columns += list(overlap.T)
    whole = window_features(query, raw, overlap)
    columns += [np.full(len(candidates), value) for value in whole]
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


def _filled(value: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.nan_to_num(value, nan=0.0, posinf=1.0, neginf=-1.0)


def _standard(value: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    if known.sum() < 2:
        return np.zeros(len(value))
    spread = value[known].std()
    if spread <= 1e-9:
        return np.zeros(len(value))
    return np.clip(_filled((value - value[known].mean()) / spread), -4.0, 4.0) / 4.0


def overlaps(query: str, texts: Sequence[str]) -> NDArray[np.float64]:
    """How far the query's words stand in each text, rare words of the window weighing more.

    Returns:
        shape ``(len(texts), len(OVERLAP))``, each 0..1.
    """
    asked = list(dict.fromkeys(words(query)))
    full = [words(text) for text in texts]
    titles = [words(_TITLE_END.split(text, maxsplit=1)[0]) for text in texts]
    bags = [frozenset(text) for text in full]
    count = np.array([sum(word in bag for bag in bags) for word in asked], np.float64)
    rarity = np.log1p((len(texts) + 1.0) / (count + 0.5))
    total = float(rarity.sum()) or 1.0
    pairs = list(itertools.pairwise(asked))
    numbers = [word for word in asked if any(char.isdigit() for char in word)]
    result = np.zeros((len(texts), len(OVERLAP)))
    for row, (text, title, bag) in enumerate(zip(full, titles, bags, strict=True)):
        in_title = frozenset(title)
        adjacent = frozenset(itertools.pairwise(text))
        result[row] = (
            sum(weight for word, weight in zip(asked, rarity, strict=True) if word in in_title) / total,
            sum(word in asked for word in in_title) / max(len(in_title), 1),
            sum(weight for word, weight in zip(asked, rarity, strict=True) if word in bag) / total,
            sum(pair in adjacent for pair in pairs) / max(len(pairs), 1),
            sum(word in bag for word in numbers) / max(len(numbers), 1),
        )
    return result


def window_features(query: str, raw: NDArray[np.float64], overlap: NDArray[np.float64]) -> list[float]:
    """How the window as a whole looks; see :data:`WINDOW`."""
    asked = words(query)
    lexical, vector = raw[:, SIGNALS.index("bm25")], raw[:, SIGNALS.index("text_vector")]
    both = ~np.isnan(lexical) & ~np.isnan(vector)
    agreement = 0.0
    if both.sum() >= 3 and lexical[both].std() > 1e-9 and vector[both].std() > 1e-9:
        agreement = float(np.corrcoef(_ranks(lexical[both]), _ranks(vector[both]))[0, 1])
    return [
        _spread(lexical),
        _spread(vector),
        agreement,
        min(len(asked), 10) / 10.0,
        float(any(char.isdigit() for char in query)),
        float(any(word in NEGATIONS for word in asked)),
        float(overlap[:, OVERLAP.index("coverage")].max(initial=0.0)),
    ]


def _spread(value: NDArray[np.float64]) -> float:
    known = value[~np.isnan(value)]
    if known.size < 2 or known.max() <= 0:
        return 0.0
    return float(np.clip((known.max() - np.median(known)) / known.max(), 0.0, 1.0))


def _ranks(value: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.argsort(np.argsort(value, kind="stable"), kind="stable").astype(np.float64)
