"""Integrated gradients (Sundararajan, Taly, Yan, ICML 2017) by ``captum``: of signals through the head, and of words
through the reading and the head.

Each player has a gate between 0 and 1, and the path goes from all gates shut to all open. Where the sum of the
contributions is to come near the change of the logit, points are added to the path until it does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from ..asked import read
from ..explain.signals import READING, HeadGame
from ..explain.words import QUERY, TITLE, Word
from ..tokens import lay_out
from .finetune import FusedRanker
from .head import Head

Gated = Callable[[Tensor], Tensor]
"""Gates, shape (points, players), to logits, shape (points,)."""
STEPS = 32
MOST_STEPS = 1024
COMPLETE = 1e-3
"""Logits by which contributions may miss the change that they add up to."""
AT_ONCE = 32
"""Points in one batch."""


@dataclass(frozen=True, slots=True)
class Integrated:
    """Contributions along a path.

    Attributes:
        base: logit with every gate shut.
        contributions: shape (players,).
        gap: logit with every gate open, less ``base`` and the contributions.
        steps: points of the path.
    """

    base: float
    contributions: NDArray[np.float64]
    gap: float
    steps: int


def integrated(value: Gated, players: int, *, steps: int = STEPS, most: int = MOST_STEPS) -> Integrated:
    """Contributions of the players; the points of the path are doubled until they add up to :data:`COMPLETE`.

    Args:
        value: the logit by gates.
        players: how many.
        steps: points to begin with.
        most: points at most; what is missing then stands in ``gap``.
    """
    from captum.attr import IntegratedGradients

    shut, open_ = torch.zeros(1, players), torch.ones(1, players)
    with torch.no_grad():
        base, total = (float(value(gates)[0]) for gates in (shut, open_))
    asked = IntegratedGradients(value)
    while True:
        found = asked.attribute(open_, shut, n_steps=steps, internal_batch_size=AT_ONCE)[0].detach()
        contributions = found.numpy().astype(np.float64)
        gap = total - base - float(contributions.sum())
        if abs(gap) <= COMPLETE or 2 * steps > most:
            return Integrated(base, contributions, gap, steps)
        steps *= 2


def gated_signals(head: Head, game: HeadGame) -> Gated:
    """The head's logit by how much of each signal is there: half a gate is a feature half-way from where nothing is
    known to what it is, and half of what the reading adds.

    Args:
        head: of the ranker that the game is of.
        game: signals of one item.
    """
    row, absent = torch.from_numpy(game.row.copy()), torch.from_numpy(game.absent.copy())
    owners = torch.zeros(len(game.players), len(row))
    for number, name in enumerate(game.players):
        owners[number, game.columns(name)] = 1.0
    reading = torch.tensor([float(name == READING) for name in game.players])
    vector = torch.from_numpy(game.vector.copy())
    head.eval()

    def value(gates: Tensor) -> Tensor:
        features = absent + (gates @ owners) * (row - absent)
        logits: Tensor = head(vector.expand(len(gates), -1), (gates @ reading)[:, None], features)
        return logits

    return value


def gated_words(
    model: FusedRanker,
    tokenizer: Path,
    query: str,
    text: str,
    *,
    words: Sequence[Word],
    row: NDArray[np.float32],
    lengths: tuple[int, int],
) -> Gated:
    """The logit by how much of each word's vector is there. A shut word is the zero vector in its place; features of
    the head stay as they are.

    Args:
        model: with its weights.
        tokenizer: its ``tokenizer.json``.
        query: without a refusal, for what is refused is not read.
        text: the passage.
        words: the players.
        row: the item's features.
        lengths: most tokens of query and passage.

    Raises:
        ValueError: the query refuses something.
    """
    if read(query).refused:
        raise ValueError("query: words that are refused are not read, so they have no gradient")
    loaded = Tokenizer.from_file(str(tokenizer))
    loaded.no_padding()
    loaded.no_truncation()
    ids: list[list[int]] = []
    owners: list[int] = []
    for part, limit, where in ((query, lengths[0], QUERY), (text, lengths[1], TITLE)):
        encoding = loaded.encode(part)
        ids.append(encoding.ids if len(encoding.ids) <= limit else [*encoding.ids[: limit - 1], encoding.ids[-1]])
        owners += [_owner(words, where, *encoding.offsets[place]) for place in range(len(ids[-1]))]
    batch = lay_out([ids[0]], [ids[1]], [0])
    pieces = [torch.from_numpy(part) for part in (batch.ids, batch.positions, batch.segments)]
    places = torch.zeros(len(words), len(owners))
    for token, owner in enumerate(owners):
        if owner >= 0:
            places[owner, token] = 1.0
    fixed = torch.tensor([owner < 0 for owner in owners], dtype=torch.float32)
    features = torch.from_numpy(row.copy())[None]
    vectors = model.eval().network.words

    def value(gates: Tensor) -> Tensor:
        count = len(gates)
        share = gates @ places + fixed
        handle = vectors.register_forward_hook(lambda _module, _inputs, output: output * share[:, :, None])
        try:
            pair = model.network(*(piece.expand(count, -1) for piece in pieces))
        finally:
            handle.remove()
        logits: Tensor = model.head(pair, torch.ones(count, 1), features.expand(count, -1))
        return logits

    return value


def _owner(words: Sequence[Word], where: str, start: int, end: int) -> int:
    """Which word a token belongs to; -1 for none."""
    inside = (n for n, word in enumerate(words) if word.where == where and word.start < end and start < word.end)
    return next(inside, -1)
