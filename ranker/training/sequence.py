"""Training of the sequence model: sampled softmax over next items, then the mixture with the memory, chosen on held-out
last items."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor
from torch.nn.functional import cross_entropy

from ..errors import TrainingDataError
from ..folder import digest
from ..neighbours import Neighbours, NeighbourSettings, count
from ..sequence import SERVED, Mixture, SequenceConfig, memory_of, mixed, softmax
from .sequence_network import SequenceNetwork, export
from .told import told

SHARES = (0.0, 0.3, 0.5, 0.7, 0.85, 1.0)
MEMORIES = ((5, 0.7), (5, 0.85), (10, 0.85), (20, 0.9))
PEOPLE_TO_CHOOSE = 2000
"""The mixture is chosen on so many people's held-out items at most."""
_SMALLEST = 2


class SequenceSettings(BaseModel):
    """Settings of :func:`train_sequence`; kept in the model's ``config.json``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    width: int = Field(48, ge=8, le=512)
    length: int = Field(50, ge=2, le=1000)
    dropout: float = Field(0.3, ge=0, lt=1)
    epochs: int = Field(40, ge=1, le=10_000)
    per_step: int = Field(32, ge=1)
    negatives: int = Field(800, ge=1)
    rate: float = Field(2e-3, gt=0)
    window: int = Field(20, ge=1, le=1000)
    seed: int = 7
    threads: int = Field(1, ge=1)
    """A network so small is no faster with more: they wait for each other."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One epoch is over."""

    epoch: int
    epochs: int
    loss: float


Report = Callable[[Progress], None]


@dataclass(slots=True)
class Trained:
    """A trained model, not yet written.

    Attributes:
        items: ids by number.
        network: the network.
        neighbours: the memory.
        mixture: of the two.
        weights: of live signals, as the held-out items tell them; see :func:`ranker.training.told.told`.
        facts: settings, counts and held-out metrics.
    """

    items: tuple[str, ...]
    network: SequenceNetwork
    neighbours: Neighbours
    mixture: Mixture
    weights: dict[str, float]
    facts: dict[str, Any]


def train_sequence(
    histories: Mapping[str, Sequence[str]],
    settings: SequenceSettings | None = None,
    report: Report | None = None,
    *,
    paths: Mapping[str, Sequence[str]] | None = None,
) -> Trained:
    """Train on what people did, one sequence each.

    First without each one's last item: the network's epochs are fixed, the mixture is the one that ranks these items
    best (nDCG@10 among all items). Then once more on everything.

    Args:
        histories: ids of items by person or visit, oldest first; shorter than two items are passed over.
        settings: of training.
        report: called after each epoch.
        paths: of each item, its path of categories, widest first; what is missing is not known.

    Raises:
        TrainingDataError: fewer than two sequences of two items.
    """
    chosen = settings or SequenceSettings()
    torch.set_num_threads(chosen.threads)
    usable = [list(items) for _, items in sorted(histories.items()) if len(items) >= _SMALLEST]
    if len(usable) < _SMALLEST:
        raise TrainingDataError(f"sequences: {len(usable)} of two items or more; at least {_SMALLEST} are needed")
    started = time.monotonic()
    names = tuple(sorted({item for items in usable for item in items}))
    number = {name: place for place, name in enumerate(names)}
    sequences = [[number[item] for item in items] for items in usable]
    shown, following = [items[:-1] for items in sequences], [items[-1] for items in sequences]
    near = count(shown, len(names), NeighbourSettings(window=chosen.window))
    trial = fit(shown, len(names), chosen, _part(report, 0, chosen.epochs))
    mixture, held_out = choose_mixture(trial, near, shown, following, chosen.seed)

    def likely(person: int) -> NDArray[np.float32]:
        history = shown[person]
        return mixed(chances(trial, history), memory_of(near, history, mixture), mixture.share)

    known = paths or {}
    weights = told(shown, following, likely, [tuple(known.get(name, ())) for name in names], chosen.seed)
    network = fit(sequences, len(names), chosen, _part(report, chosen.epochs, chosen.epochs))
    neighbours = count(sequences, len(names), NeighbourSettings(window=chosen.window))
    facts = {
        "settings": chosen.model_dump(),
        "people": len(usable),
        "items": len(names),
        "events": sum(map(len, usable)),
        "held_out": held_out,
        "seconds": round(time.monotonic() - started, 1),
    }
    return Trained(names, network, neighbours, mixture, weights, facts)


def save(trained: Trained, folder: Path) -> None:
    """Write the folder that :class:`ranker.sequence.SequenceModel` serves; ``config.json`` comes last."""
    folder.mkdir(parents=True, exist_ok=True)
    export(trained.network.eval(), folder / "sequence.onnx")
    (folder / "items.json").write_text(json.dumps(list(trained.items), ensure_ascii=False), "utf-8")
    np.save(folder / "table.npy", trained.network.table(), allow_pickle=False)
    near = trained.neighbours
    np.savez(folder / "neighbours.npz", starts=near.starts, indices=near.indices, values=near.values)
    config = SequenceConfig(
        length=trained.network.length,
        memory=trained.mixture.memory,
        decay=trained.mixture.decay,
        share=trained.mixture.share,
        weights=trained.weights,
        digests={name: digest(folder / name) for name in SERVED},
        training=trained.facts,
    )
    (folder / "config.json").write_text(json.dumps(config.model_dump(), indent=2) + "\n", "utf-8")


def fit(
    sequences: Sequence[Sequence[int]], items: int, settings: SequenceSettings, report: Report | None
) -> SequenceNetwork:
    """Train the network alone."""
    torch.manual_seed(settings.seed)
    dice = np.random.default_rng(settings.seed)
    network = SequenceNetwork(items, settings.width, settings.length, settings.dropout)
    optimiser = torch.optim.AdamW(network.parameters(), lr=settings.rate, weight_decay=0.0)
    often = np.bincount(np.concatenate([np.asarray(one) for one in sequences]), minlength=items) + 1.0
    chance = np.sqrt(often) / np.sqrt(often).sum()
    expected = torch.log(torch.tensor(np.concatenate([[1.0], chance * settings.negatives]), dtype=torch.float32))
    network.train()
    for epoch in range(settings.epochs):
        losses = []
        for shown, following in _batches(sequences, settings, dice):
            negatives = torch.from_numpy(dice.choice(items, settings.negatives, p=chance) + 1)
            loss = _loss(network, shown, following, negatives, expected)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            losses.append(float(loss.detach()))
        mean = sum(losses) / max(len(losses), 1)
        if not math.isfinite(mean):
            raise TrainingDataError("training: the loss is no number; try a lower rate")
        if report is not None:
            report(Progress(epoch + 1, settings.epochs, mean))
    return network.eval()


def _loss(network: SequenceNetwork, shown: Tensor, following: Tensor, negatives: Tensor, expected: Tensor) -> Tensor:
    """Sampled softmax with the correction for how often an item is sampled (Bengio and Senecal, 2008)."""
    wanted = following > 0
    states, right = network(shown)[wanted], following[wanted]
    own = (states * network.item(right)).sum(1) + network.bias[right] - expected[right]
    others = states @ network.item(negatives).T + network.bias[negatives] - expected[negatives]
    others = others.masked_fill(negatives[None] == right[:, None], -1e9)
    logits = torch.cat([own[:, None], others], dim=1)
    return cross_entropy(logits, torch.zeros(len(right), dtype=torch.long))


def _batches(
    sequences: Sequence[Sequence[int]], settings: SequenceSettings, dice: np.random.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """Cut sequences into pieces of at most ``length + 1`` items, at other places each time, shuffled."""
    pieces: list[Sequence[int]] = []
    for one in sequences:
        end = len(one)
        pieces.append(one[max(0, end - settings.length - 1) : end])
        end -= int(dice.integers(1, settings.length + 1))
        while end >= _SMALLEST:
            pieces.append(one[max(0, end - settings.length - 1) : end])
            end -= settings.length
    order = dice.permutation(len(pieces))
    for start in range(0, len(order), settings.per_step):
        part = [pieces[place] for place in order[start : start + settings.per_step]]
        width = max(map(len, part)) - 1
        shown = np.zeros((len(part), width), np.int64)
        following = np.zeros((len(part), width), np.int64)
        for row, piece in enumerate(part):
            numbers = np.asarray(piece) + 1
            shown[row, width - len(piece) + 1 :] = numbers[:-1]
            following[row, width - len(piece) + 1 :] = numbers[1:]
        yield torch.from_numpy(shown), torch.from_numpy(following)


def choose_mixture(
    network: SequenceNetwork,
    neighbours: Neighbours,
    histories: Sequence[Sequence[int]],
    following: Sequence[int],
    seed: int,
) -> tuple[Mixture, dict[str, float]]:
    """The mixture under which the held-out items rank best among all but the history's, and its metrics."""
    people = np.random.default_rng(seed).permutation(len(histories))[:PEOPLE_TO_CHOOSE]
    options = [Mixture(size, decay, share) for size, decay in MEMORIES for share in SHARES]
    gains = np.zeros((len(options), len(people)))
    for column, person in enumerate(people):
        history, target = histories[person], following[person]
        alone = chances(network, history)
        for first in range(0, len(options), len(SHARES)):
            memory = memory_of(neighbours, history, options[first])
            for row in range(first, first + len(SHARES)):
                gains[row, column] = gain(mixed(alone, memory, options[row].share), history, target)
    means = gains.mean(axis=1)
    best = int(means.argmax())
    hits = float((gains[best] > 0).mean())
    return options[best], {"ndcg@10": round(float(means[best]), 4), "hr@10": round(hits, 4), "people": len(people)}


def chances(network: SequenceNetwork, history: Sequence[int]) -> NDArray[np.float32]:
    """The network's probabilities of all items to be the next."""
    with torch.no_grad():
        latest = torch.tensor([history[-network.length :]], dtype=torch.long) + 1
        state = network(latest)[0, -1]
        logits: NDArray[np.float32] = (network.item.weight[1:] @ state + network.bias[1:]).numpy()
    return softmax(logits)


def gain(values: NDArray[np.float32], history: Sequence[int], target: int) -> float:
    """``1 / log2(rank + 1)`` of the right item among all but the history's, 0 beyond rank 10; ties count against."""
    others = np.ones(len(values), bool)
    others[list(history)] = False
    others[target] = False
    rank = 1 + int((values[others] >= values[target]).sum())
    return 1.0 / math.log2(rank + 1) if rank <= 10 else 0.0


def _part(report: Report | None, before: int, epochs: int) -> Report | None:
    """Reports of the first or second of two runs as parts of one."""
    if report is None:
        return None
    return lambda step: report(Progress(before + step.epoch, 2 * epochs, step.loss))
