"""What an explanation looks at: one item in its ranked window, and who answers for other wordings of what was asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ranker.candidate import Candidate
from ranker.explain.signals import Explained
from ranker.explain.words import QUERY, Heard, WordsExplained, explained_words
from ranker.heads import title_of
from ranker.model import Workings

from ..parts import Parts
from ..schemas.explain import WordOut, WordsOut


@dataclass(frozen=True, slots=True)
class Seen:
    """One item that a model ranked.

    Attributes:
        query: what was asked, as the model reads it; of a recommendation the text of the viewed product.
        candidates: the window.
        workings: of its ranking.
        position: of the item in ``candidates``.
        found: contributions of its signals.
        heard: asks the engine for the signals of other wordings.
        factor: what the model's logit is multiplied by before live signals are added.
    """

    query: str
    candidates: Sequence[Candidate]
    workings: Workings
    position: int
    found: Explained
    heard: Heard
    factor: float = 1.0

    @property
    def text(self) -> str:
        """What is read of the item."""
        return self.candidates[self.position].text or ""


Look = Callable[[Seen], None]
"""Told what was looked at, by whoever wants more of it than the answer holds."""


def nobody(_seen: Seen) -> None:
    """Nobody looks."""


def words_of(parts: Parts, seen: Seen, passes: int, until: float) -> WordsOut:
    """Contributions of words to the item's score, in the unit in which its signals' contributions are: as many of the
    passes as there is time for until a moment on :func:`time.monotonic`'s clock, while nobody waits for an answer."""
    words = explained_words(
        parts.ranker,
        seen.query,
        seen.candidates,
        seen.workings,
        seen.position,
        heard=seen.heard,
        passes=passes,
        stop=lambda: time.monotonic() >= until,
        pause=lambda: parts.foreground.make_way(until),
    )
    scaled = replace(
        words,
        base=seen.factor * words.base,
        contributions=seen.factor * words.contributions,
        error=abs(seen.factor) * words.error,
    )
    return words_out(scaled, seen.query, title_of(seen.text))


def words_out(words: WordsExplained, query: str, title: str) -> WordsOut:
    """Contributions of words in the form of an answer."""
    out = [
        (word.where, WordOut(text=word.text, start=word.start, end=word.end, value=float(value), error=_known(error)))
        for word, value, error in zip(words.words, words.contributions, words.error, strict=True)
    ]
    return WordsOut(
        base=words.base,
        passes=words.passes,
        query=[word for where, word in out if where == QUERY],
        title=[word for where, word in out if where != QUERY],
        query_text=query,
        title_text=title,
    )


def _known(error: float) -> float | None:
    return None if error != error else round(float(error), 6)  # noqa: PLR0124 - not a number is not itself
