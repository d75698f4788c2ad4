"""Contributions of words: the words of the query and of the title are the players, and who is absent is left out.

What depends on the wording is computed anew for each set of words: the cross-encoder's reading, the share of words that
query and title have in common, refusals and contradictions; and, where ``heard`` asks the engine, BM25 and cosines of
the shorter query. A title is left out of what is read, not of what is indexed. The rest of the window stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from ..asked import read
from ..candidate import Candidate
from ..heads import title_of
from ..model import Ranker, Workings
from ..signals import Wording, restated, reworded
from .shapley import every_set, sampled

_UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]{{1,2}}|[^\W{_UNSPACED}]+(?:['’.\-/][^\W{_UNSPACED}]+)*")
"""A word; of what is written without spaces, two characters."""
Heard = Callable[[Sequence[str]], Sequence[Mapping[str, float]]]
"""Queries to the engine's signals of the item for each (``bm25``, ``text_vector``, ``image_vector``)."""
UNREAD_TIMES = 5
"""So many times the passes where nothing is read for them."""
OF_THE_ENGINE = ("bm25", "text_vector", "image_vector")
ALL_AT_ONCE = 4
"""Words of a query of which every set is asked of the engine at once."""
MOST = 24
"""Words of the title that take part; what follows stays."""
MOST_ASKED = 16
"""Words of the query that take part."""
QUERY, TITLE = "query", "title"


@dataclass(frozen=True, slots=True)
class Word:
    """A word where it stands.

    Attributes:
        where: :data:`QUERY` or :data:`TITLE`.
        start, end: its characters.
    """

    where: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class WordsExplained:
    """What words are worth to one item, in logits.

    Attributes:
        words: those of the query, then those of the title.
        contributions: one a word; with ``base`` they add up to the item's value before rules and live signals.
        error: standard error of each; NaN where only one order of the words was tried, 0 where all were.
        base: value without any of these words.
        passes: sets of words whose value was computed.
    """

    words: tuple[Word, ...]
    contributions: NDArray[np.float64]
    error: NDArray[np.float64]
    base: float
    passes: int


def words_of(query: str, text: str) -> tuple[Word, ...]:
    """The words that take part: the first :data:`MOST_ASKED` of the query and the first :data:`MOST` of the title."""
    found = [Word(QUERY, *match.span(), match.group()) for match in islice(_WORD.finditer(query), MOST_ASKED)]
    title = islice(_WORD.finditer(title_of(text)), MOST)
    return (*found, *(Word(TITLE, *match.span(), match.group()) for match in title))


def without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """A text with some spans left out, a blank in the place of each."""
    kept, last = [], 0
    for start, end in sorted(spans):
        kept.append(text[last:start])
        last = end
    return re.sub(r" {2,}", " ", " ".join([*kept, text[last:]])).strip()


class WordGame:
    """Values of one item with words left out: sets, shape (sets, words), to logits, shape (sets,)."""

    def __init__(
        self,
        ranker: Ranker,
        query: str,
        candidates: Sequence[Candidate],
        workings: Workings,
        position: int,
        *,
        heard: Heard | None = None,
        pause: Callable[[], None] = lambda: None,
    ) -> None:
        self._pause = pause
        item = candidates[position]
        self._candidates, self._item, self._heard = candidates, item, heard
        self._rows: dict[str, NDArray[np.float32]] = {query: workings.matrix[position]}
        self._ranker, self._query, self._text = ranker, query, item.text or ""
        self.words = words_of(query, self._text)
        self._gain = float(workings.gains[position] + workings.lifts[position].sum())
        self._read = position in workings.chosen
        self._wording = Wording.of(read(query).wanted, [candidate.text or "" for candidate in candidates])
        self._known = item.text is not None

    def __call__(self, sets: NDArray[np.bool_]) -> NDArray[np.float64]:
        texts = [self.left(chosen) for chosen in sets]
        self._hear({query for query, _ in texts})
        rows = np.stack([reworded(self._rows[query], self._wording, query, text) for query, text in texts])
        vectors = np.zeros((len(sets), self._ranker.config.outputs), np.float32)
        if self.reads:
            asked = [read(query).wanted for query, _ in texts]
            vectors = self._ranker.read_pairs(asked, [text for _, text in texts], pause=self._pause)
        known = np.full(len(sets), self.reads)
        return self._ranker.logits(vectors, known, rows).astype(np.float64) + self._gain

    def _hear(self, queries: set[str]) -> None:
        """Get the engine's signals for the queries that were not asked yet."""
        if self._heard is None:
            self._rows |= dict.fromkeys(queries - self._rows.keys(), self._rows[self._query])
            return
        asked = [number for number, word in enumerate(self.words) if word.where == QUERY]
        if len(asked) <= ALL_AT_ONCE:
            sets = np.ones((2 ** len(asked), len(self.words)), bool)
            sets[:, asked] = every_set(len(asked))
            queries = queries | {self.left(chosen)[0] for chosen in sets}
        missing = sorted(queries - self._rows.keys())
        spoken = [query for query in missing if query]
        self._pause()
        values = dict(zip(spoken, self._heard(spoken), strict=True)) if spoken else {}
        for query in missing:
            # What the whole query does not tell of the item, a part of it does not either.
            known = [name for name in OF_THE_ENGINE if name in self._item.signals]
            signals = {name: values[query].get(name) if query else None for name in known}
            self._rows[query] = restated(self._rows[self._query], self._candidates, signals)

    @property
    def reads(self) -> bool:
        """Whether a value takes a reading of the cross-encoder."""
        return self._read and self._known

    def left(self, chosen: NDArray[np.bool_]) -> tuple[str, str]:
        """Query and text with only the chosen words in them."""
        if chosen.all():
            return self._query, self._text
        gone = [word for word, there in zip(self.words, chosen, strict=True) if not there]
        query = without(self._query, [(word.start, word.end) for word in gone if word.where == QUERY])
        return query, without(self._text, [(word.start, word.end) for word in gone if word.where == TITLE])


def explained_words(
    ranker: Ranker,
    query: str,
    candidates: Sequence[Candidate],
    workings: Workings,
    position: int,
    *,
    heard: Heard | None = None,
    passes: int = 200,
    seed: int = 0,
    stop: Callable[[], bool] = lambda: False,
    pause: Callable[[], None] = lambda: None,
) -> WordsExplained:
    """Explain the words of one item of a window that a model ranked.

    Args:
        ranker: the one that ranked.
        query: as it was typed.
        candidates: the window.
        workings: of its ranking, by the model and not by the first stage.
        position: of the item in ``candidates``.
        heard: asks the engine for the signals of shorter queries.
        passes: readings at most; sets of words, five times as many, for an item that was not read.
        seed: of the orders in which words are left out.
        stop: asked between orders; true ends it with what there is.
        pause: called before each piece of work; it may wait.
    """
    game = WordGame(ranker, query, candidates, workings, position, heard=heard, pause=pause)
    if not game.words:
        (base,) = game(np.zeros((1, 0), bool))
        return WordsExplained((), np.zeros(0), np.zeros(0), float(base), 1)
    found = sampled(len(game.words), game, passes=passes * (1 if game.reads else UNREAD_TIMES), seed=seed, stop=stop)
    return WordsExplained(game.words, found.contributions, found.error, found.base, found.passes)
