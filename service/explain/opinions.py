"""Second opinions on one explained item: LIME and integrated gradients beside the Shapley values. Needs the training
extra, so it is for a terminal and not for a service."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ranker.errors import ModelError
from ranker.explain.shapley import exact
from ranker.explain.signals import HeadGame
from ranker.explain.words import WordGame
from ranker.model import Ranker
from ranker.training.gradients import gated_signals, gated_words, integrated
from ranker.training.opinions import Agreement, agreement, by_lime
from ranker.training.save import WEIGHTS, load_trained
from ranker.training.served import load_head

from ..schemas.explain import WordsOut
from .seen import Seen

Method = Literal["lime", "gradients"]
METHODS: tuple[Method, ...] = get_args(Method)
SIGNAL_PASSES = 2048
"""Sets of signals that LIME looks at: the head answers them in milliseconds."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one method says.

    Attributes:
        method: which.
        base: where its contributions start.
        parts: contribution by signal or rule; rules that follow the head are the same for every method.
        gap: the item's value, less ``base`` and the parts; about 0 but for LIME, whose linear model misses it.
        agreement: with the Shapley values of the signals.
        words: contributions in the order of the words in the answer; ``None`` where it has none.
        words_agreement: with those in the answer.
        no_words: why there are none; empty where there are.
    """

    method: Method
    base: float
    parts: Mapping[str, float]
    gap: float
    agreement: Agreement
    words: Sequence[float] | None
    words_agreement: Agreement | None
    no_words: str

    def as_json(self) -> dict[str, Any]:
        """For a machine; not a number is ``null``."""
        found = asdict(self)
        for name in ("agreement", "words_agreement"):
            if found[name] is not None:
                found[name] = {key: None if np.isnan(value) else value for key, value in found[name].items()}
        return {name: value for name, value in found.items() if value is not None and value != ""}


class Opinions:
    """Asks each method about an item when it is looked at.

    Args:
        ranker: the one that ranked.
        methods: which.
        passes: sets of words that LIME reads.
    """

    def __init__(self, ranker: Ranker, methods: Sequence[Method], *, passes: int) -> None:
        self._ranker, self._methods, self._passes = ranker, methods, passes
        self.seen: Seen | None = None

    def look(self, seen: Seen) -> None:
        """Remember what is explained."""
        self.seen = seen

    def found(self, words: WordsOut | None) -> list[Opinion]:
        """Of what was looked at; nothing where no model ranked it.

        Args:
            words: the words in the answer, which are the players here too; ``None`` where it has none.

        Raises:
            ModelError: the model's head is of another make than this release's.
        """
        if self.seen is None:
            return []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the libraries import has warnings for its own makers
            game = HeadGame(self._ranker, self.seen.workings, self.seen.position)
            own = exact(len(game.players), game)
            return [self._one(method, self.seen, words, game, own) for method in self._methods]

    def _one(
        self,
        method: Method,
        seen: Seen,
        words: WordsOut | None,
        game: HeadGame,
        own: tuple[float, NDArray[np.float64]],
    ) -> Opinion:
        players = len(game.players)
        our_base, ours = own
        if method == "lime":
            local = by_lime(game, players, passes=SIGNAL_PASSES)
            base, theirs, gap = local.base, local.contributions, local.gap
        else:
            head = load_head(self._ranker.folder, self._ranker.config)
            path = integrated(gated_signals(head, game), players)
            base, theirs, gap = path.base, path.contributions, path.gap
        # What the head's contributions are in the answer is scaled, and rules have added to it; only they change.
        parts = dict(seen.found.parts)
        for name, change in game.named(seen.factor * (theirs - ours)).items():
            parts[name] = parts.get(name, 0.0) + change
        said, why = self._words(method, seen, words)
        known = None if words is None else np.array([word.value for word in (*words.query, *words.title)])
        return Opinion(
            method,
            seen.found.base + seen.factor * (base - our_base),
            parts,
            seen.factor * gap,
            agreement(ours, theirs),
            None if said is None else [float(value) for value in seen.factor * said],
            None if said is None or known is None else agreement(known, said),
            why,
        )

    def _words(self, method: Method, seen: Seen, words: WordsOut | None) -> tuple[NDArray[np.float64] | None, str]:
        if words is None:
            return None, "the answer has no words"
        window = (self._ranker, seen.query, seen.candidates, seen.workings, seen.position)
        game = WordGame(*window, heard=seen.heard)
        if not game.words:
            return None, "there are no words"
        if method == "lime":
            return by_lime(game, len(game.words), passes=self._passes).contributions, ""
        if not game.reads:
            return None, "the model did not read its text, and gradients are of the reading"
        if not (self._ranker.folder / WEIGHTS).is_file():
            return None, f"the model's folder has no {WEIGHTS}, and the graph that is served has no gradients"
        config = self._ranker.config
        try:
            value = gated_words(
                load_trained(self._ranker.folder),
                self._ranker.folder / "tokenizer.json",
                seen.query,
                seen.text,
                words=game.words,
                row=seen.workings.matrix[seen.position],
                lengths=(config.query_tokens, config.passage_tokens),
            )
        except (ModelError, ValueError) as error:
            return None, str(error)
        return integrated(value, len(game.words)).contributions, ""
