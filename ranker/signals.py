"""Raw signals of a window to the features of the head. Used by training and serving alike.

What a signal is worth depends on its shop and on its query, so the head sees each one absolute (squashed to about
0..1) and relative to the window (min-max and standard score). Beside them stand what the query asks for and refuses
(``ranker.asked``, ``ranker.demands``), and how the window as a whole looks (spread of each signal, agreement between
lexical and vector order, length of the query). The last kind is the same for all members of a window; the head uses
it to decide which signal to trust.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .asked import Asked, read, refusals
from .candidate import SIGNALS, Candidate
from .demands import NAMES as DEMANDS
from .demands import demands
from .fusion import NEUTRAL, NUDGES, OPTIONAL, min_max, signal_matrix
from .heads import Heads
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
    raw = _raw(candidates)
    columns = list(_of_signals(raw).T)
    asked = read(query)
    texts = [candidate.text or "" for candidate in candidates]
    columns += list(refusals(asked, texts).T)
    heads = Heads.of(texts)
    columns += list(demands(asked.wanted, heads).T)
    wording = Wording.of(asked.wanted, texts, heads)
    columns += list(wording.overlaps(list(wording.rarity), heads).T)
    # Where no candidate has all of the words, BM25 is blind to a part of the query, and the vectors count more.
    vectors = columns[SIGNALS.index("text_vector") * len(PER_SIGNAL) + PER_SIGNAL.index("standard")]
    columns.append(vectors * (1.0 - wording.best_coverage(list(wording.spread))))
    columns += [np.full(len(candidates), value) for value in window_features(asked, raw)]
    return np.stack(columns, axis=1).astype(np.float32)


def _of_signals(raw: NDArray[np.float64]) -> NDArray[np.float64]:
    """What :data:`PER_SIGNAL` says of each signal, shape ``(items, signals * ways)``; 0 where one is not known."""
    known, relative, absolute = ~np.isnan(raw), min_max(raw), np.empty_like(raw)
    for number, signal in enumerate(SIGNALS):
        absolute[:, number] = _absolute(signal, raw[:, number])
        if signal in OPTIONAL:
            relative[:, number] = _neutral(relative[:, number])
    ways = (known.astype(np.float64), _filled(absolute), _filled(relative), _standard(raw, known))
    return np.stack(ways, axis=2).reshape(len(raw), raw.shape[1] * len(ways))


def _raw(candidates: Sequence[Candidate]) -> NDArray[np.float64]:
    raw = signal_matrix(candidates, SIGNALS)
    raw[:, SIGNALS.index("price")] = price_standing(raw[:, SIGNALS.index("price")])
    return raw


def restated(
    row: NDArray[np.float32], candidates: Sequence[Candidate], signals: Mapping[str, float | None]
) -> NDArray[np.float32]:
    """The features of one item of a window with some signals at other values, the window's ranges as they are.

    Args:
        row: its features.
        candidates: the window.
        signals: raw values by name; ``None`` is not known. Not for ``price``, which stands by the window's median.
    """
    raw = _raw(candidates)
    changed = row.copy()
    for name, value in signals.items():
        column = raw[:, SIGNALS.index(name)]
        known = column[~np.isnan(column)]
        start = FEATURES.index(f"{name}.{PER_SIGNAL[0]}")
        low, span = (known.min(), np.ptp(known)) if len(known) else (0.0, 0.0)
        if value is None:
            expected = (known.mean() - low) / span if name in OPTIONAL and span > 0 else float(name in OPTIONAL)
            changed[start : start + len(PER_SIGNAL)] = (0.0, 0.0, expected if len(known) else 0.0, 0.0)
            continue
        spread = known.std() if len(known) > 1 else 0.0
        standard = (value - known.mean()) / spread / STANDARD_RANGE if spread > 1e-9 else 0.0
        changed[start : start + len(PER_SIGNAL)] = (
            1.0,
            _absolute(name, np.array([value]))[0],
            (value - low) / span if span > 0 else 1.0,
            np.clip(standard, -1.0, 1.0),
        )
    return changed


def price_standing(price: NDArray[np.float64]) -> NDArray[np.float64]:
    """How each price stands in its window: powers of two above the median, over :data:`PRICE_RANGE`, so that it does
    not depend on the currency; NaN where no price above 0 is known."""
    usable = np.where(price > 0, price, np.nan)
    known = usable[~np.isnan(usable)]
    if not known.size:
        return usable
    standing: NDArray[np.float64] = np.log2(usable) - np.log2(np.median(known))
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


def _standard(raw: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Standard scores of each column over what is known of it, one being :data:`STANDARD_RANGE` deviations; 0 where
    fewer than two values are known or nothing tells them apart."""
    count = np.maximum(known.sum(axis=0), 1)
    moved = np.where(known, raw - np.where(known, raw, 0.0).sum(axis=0) / count, 0.0)
    spread = np.sqrt((moved * moved).sum(axis=0) / count)
    told = (count > 1) & (spread > 1e-9)
    result: NDArray[np.float64] = np.clip(moved / np.where(told, spread * STANDARD_RANGE, np.inf), -1.0, 1.0)
    return result


@dataclass(frozen=True, slots=True)
class Wording:
    """What the words of a query are worth in a window.

    Attributes:
        rarity: by folded word of the query, its weight for titles: rare in the window's titles weighs more.
        spread: by folded word, its weight for whole texts.
        found: by folded word, which texts have it, also within a longer word, so that a plural or a compound is found.
    """

    rarity: Mapping[str, float]
    spread: Mapping[str, float]
    found: Mapping[str, NDArray[np.bool_]]

    @classmethod
    def of(cls, query: str, texts: Sequence[str], heads: Heads | None = None) -> Wording:
        """Weigh the words of a query; ``heads`` are those of the texts, where they have been read."""
        asked = list(dict.fromkeys(words(query)))
        titles = (heads or Heads.of(texts)).titles
        lower = [text.lower() for text in texts]
        found = {word: np.array([word in text for text in lower], bool) for word in asked}

        def weight(count: float) -> float:
            return float(np.log1p((len(texts) + 1.0) / (count + 0.5)))

        return cls(
            {word: weight(titles.having([word]).sum()) for word in asked},
            {word: weight(there.sum()) for word, there in found.items()},
            found,
        )

    def overlaps(self, asked: Sequence[str], heads: Heads) -> NDArray[np.float64]:
        """How far some of the query's words and titles share their words, words that are rare weighing more.

        Returns:
            shape ``(passages, len(OVERLAP))``, each 0..1: share of the words that stands in the title, and of the title
            that stands in the words.
        """
        total = sum(self.rarity[word] for word in asked) or 1.0
        covered, shared = np.zeros(heads.titles.count), np.zeros(heads.titles.count)
        for word in asked:
            there = heads.titles.having([word])
            covered += self.rarity[word] * there
            shared += there
        return np.stack([covered / total, shared / np.maximum(heads.distinct, 1)], axis=1)

    def best_coverage(self, asked: Sequence[str]) -> float:
        """The largest share of some of the query's words that stands in one text; 1 for no words."""
        total = sum(self.spread[word] for word in asked)
        if not total:
            return 1.0
        covered = np.sum([self.spread[word] * self.found[word] for word in asked], axis=0)
        return float(covered.max() / total) if len(covered) else 1.0


def best_coverage(query: str, texts: Sequence[str]) -> float:
    """The largest share of the query's words, rare ones weighing more, that stands in one text; 1 for no words."""
    wording = Wording.of(query, texts)
    return wording.best_coverage(list(wording.spread))


def window_features(asked: Asked, raw: NDArray[np.float64]) -> list[float]:
    """How the window as a whole looks; see :data:`WINDOW`."""
    lexical, vector = raw[:, SIGNALS.index("bm25")], raw[:, SIGNALS.index("text_vector")]
    both = ~np.isnan(lexical) & ~np.isnan(vector)
    agreement = 0.0
    if both.sum() >= 3 and lexical[both].std() > 1e-9 and vector[both].std() > 1e-9:
        agreement = _correlation(_ranks(lexical[both]), _ranks(vector[both]))
    return [_spread(lexical), _spread(vector), agreement, *_of_the_query(asked)]


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Pearson's, of two orders of the same items."""
    middle = (len(one) - 1) / 2
    return float((one - middle) @ (other - middle) / np.square(one - middle).sum())


def _of_the_query(asked: Asked) -> tuple[float, float, float]:
    return (
        min(len(words(asked.wanted)), 10) / 10.0,
        float(any(char.isdigit() for char in asked.wanted)),
        float(bool(asked.refused)),
    )


def reworded(row: NDArray[np.float32], wording: Wording, query: str, text: str) -> NDArray[np.float32]:
    """The features of one item of a window as they were with another wording, the rest of the window as it is.

    Args:
        row: its features.
        wording: of the query as it was asked; words that it does not have count for nothing.
        query: the other query.
        text: the item's other text.
    """
    asked = read(query)
    known = [word for word in dict.fromkeys(words(asked.wanted)) if word in wording.rarity]
    changed = row.copy()

    def put(first: str, values: Sequence[float] | NDArray[np.float64]) -> None:
        start = FEATURES.index(first)
        changed[start : start + len(values)] = values

    heads = Heads.of([text])
    put(f"asked.{ASKED[0]}", [*refusals(asked, [text])[0], *demands(asked.wanted, heads)[0]])
    put(f"text.{OVERLAP[0]}", wording.overlaps(known, heads)[0])
    uncovered = 1.0 - (wording.best_coverage(known) if known else 1.0)
    put(f"gated.{GATED[0]}", [float(row[FEATURES.index("text_vector.standard")]) * uncovered])
    put("window.query_words", _of_the_query(asked))
    return changed


def _spread(value: NDArray[np.float64]) -> float:
    known = value[~np.isnan(value)]
    if known.size < 2 or known.max() <= 0:
        return 0.0
    return float(np.clip((known.max() - np.median(known)) / known.max(), 0.0, 1.0))


def _ranks(value: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.argsort(np.argsort(value, kind="stable"), kind="stable").astype(np.float64)
