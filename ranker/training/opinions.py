"""Other ways to say which words matter, to hold an explanation against: SHAP, LIME and integrated gradients.

Each is a library's; what they are asked about is the same game of words as ``ranker.explain.words`` plays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr
from tokenizers import Tokenizer
from torch import Tensor

from ..asked import read
from ..explain.shapley import Game
from ..explain.words import QUERY, TITLE, Word
from ..tokens import lay_out
from .finetune import FusedRanker

KERNEL = 25.0
"""Width of LIME's kernel over cosine distances times 100, as its text explainer has it."""
STEPS = 32


def by_shap(game: Game, players: int, *, passes: int, seed: int = 0) -> NDArray[np.float64]:
    """Shapley values by the ``shap`` library's permutation explainer (Lundberg and Lee, NIPS 2017)."""
    import shap

    def value(sets: NDArray[np.float64]) -> NDArray[np.float64]:
        return game(np.asarray(sets) > 0.5)

    nobody, everybody = np.zeros((1, players)), np.ones((1, players))
    explainer = shap.PermutationExplainer(value, nobody, seed=seed)
    found = explainer(everybody, max_evals=max(passes, 2 * players + 1), silent=True)
    result: NDArray[np.float64] = np.asarray(found.values[0], np.float64)
    return result


def by_lime(game: Game, players: int, *, passes: int, seed: int = 0) -> NDArray[np.float64]:
    """Weights of a local linear model (LIME; Ribeiro, Singh, Guestrin, KDD 2016) around the whole text."""
    from lime.lime_base import LimeBase

    rng = np.random.default_rng(seed)
    sets = rng.integers(0, 2, (passes, players)).astype(bool)
    sets[0] = True
    values = game(sets)
    present = sets.sum(axis=1) / players
    distances = (1.0 - np.sqrt(present)) * 100.0  # of the cosine to the whole text
    base = LimeBase(lambda d: np.sqrt(np.exp(-(d**2) / KERNEL**2)), random_state=seed)
    _, weights, _, _ = base.explain_instance_with_data(
        sets.astype(float), values[:, None], distances, 0, players, feature_selection="none"
    )
    found = np.zeros(players)
    for player, weight in weights:
        found[player] = weight
    return found


def by_gradients(
    model: FusedRanker,
    tokenizer: Path,
    query: str,
    text: str,
    *,
    words: Sequence[Word],
    row: NDArray[np.float32],
    lengths: tuple[int, int],
    steps: int = STEPS,
) -> NDArray[np.float64]:
    """Integrated gradients (Sundararajan, Taly, Yan, ICML 2017) of the logit along the words' vectors, by ``captum``.

    The baseline of a word is the zero vector in its place; features of the head stay as they are.

    Args:
        model: with its weights.
        tokenizer: its ``tokenizer.json``.
        query: without a refusal, for what is refused is not read.
        text: the passage.
        words: the players.
        row: the item's features.
        lengths: most tokens of query and passage.
        steps: points of the path.

    Raises:
        ValueError: the query refuses something.
    """
    from captum.attr import IntegratedGradients

    value = gated(model, tokenizer, query, text, words=words, row=row, lengths=lengths)
    gates = torch.ones(1, len(words))
    found = IntegratedGradients(value).attribute(gates, torch.zeros_like(gates), n_steps=steps, internal_batch_size=8)
    result: NDArray[np.float64] = found[0].detach().numpy().astype(np.float64)
    return result


def _owner(words: Sequence[Word], where: str, start: int, end: int) -> int:
    """Which word a token belongs to; -1 for none."""
    inside = (n for n, word in enumerate(words) if word.where == where and word.start < end and start < word.end)
    return next(inside, -1)


def gated(
    model: FusedRanker,
    tokenizer: Path,
    query: str,
    text: str,
    *,
    words: Sequence[Word],
    row: NDArray[np.float32],
    lengths: tuple[int, int],
) -> Callable[[Tensor], Tensor]:
    """The logit as a function of how much of each word's vector is there, shape (points, words) to (points,).

    Takes and raises what :func:`by_gradients` does.
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
    features = torch.from_numpy(row)[None]
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


def agreement(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Spearman's rank correlation of two opinions; NaN where one of them says the same of every word."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(spearmanr(one, other).statistic)
