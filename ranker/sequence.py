"""The served sequence model: what comes next in a visit. One ONNX graph and two tables, no torch.

A mixture of two distributions over the catalogue's items: a self-attentive network over the latest items (SASRec: Kang
and McAuley, ICDM 2018, trained with sampled softmax), and a memory of which items stood near each other. The network
generalises, the memory knows what is rare.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from .errors import ModelError
from .folder import check_files, parsed
from .neighbours import Neighbours

FORMAT = 1
SERVED = ("sequence.onnx", "items.json", "table.npy", "neighbours.npz")
Floats = NDArray[np.float32]
BEST = 50
"""So many of what a model expects become candidates."""


class SequenceConfig(BaseModel):
    """``config.json`` of a sequence model's folder.

    Attributes:
        length: how many of the latest items the network reads.
        memory: how many of the latest items the memory is asked for.
        decay: of the memory's weights, from each item to the one before.
        share: of the memory in the mixture, 0..1.
        weights: of live signals, by name, as the items that were held out tell them: the priors of the catalogue's
            blend; what is missing keeps its own.
        digests: SHA-256 of each served file.
        training: how it was made.
    """

    model_config = ConfigDict(extra="forbid")

    format: int = FORMAT
    kind: str = "sequence"
    length: int = Field(ge=1, le=1000)
    memory: int = Field(ge=1, le=1000)
    decay: float = Field(gt=0.0, le=1.0)
    share: float = Field(ge=0.0, le=1.0)
    weights: dict[str, float] = Field(default_factory=dict)
    digests: dict[str, str]
    training: dict[str, object] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mixture:
    """How network and memory are mixed; see :class:`SequenceConfig`."""

    memory: int = 8
    decay: float = 0.8
    share: float = 0.5


def memory_of(neighbours: Neighbours, history: Sequence[int], mixture: Mixture) -> Floats:
    """The memory's distribution over the items: near the latest ones; all zeros where it knows nothing."""
    latest = list(history[-mixture.memory :])
    weights = [mixture.decay**age for age in range(len(latest))][::-1]
    spread = neighbours.spread(latest, weights)
    total = float(spread.sum())
    return spread / np.float32(total) if total > 0 else spread


def mixed(network: Floats, memory: Floats, share: float) -> Floats:
    """The mixture. Where the memory knows nothing, the network's alone."""
    if not memory.any():
        return network
    result: Floats = np.float32(1.0 - share) * network + np.float32(share) * memory
    return result


def softmax(logits: Floats) -> Floats:
    """Probabilities along the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: Floats = shifted / shifted.sum(axis=-1, keepdims=True)
    return result


class SequenceModel:
    """A folder, loaded at first use. Thread-safe.

    Raises:
        ModelError: the folder is not a sequence model's, or is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = read_config(folder)
        self._mixture = Mixture(self.config.memory, self.config.decay, self.config.share)

    @cached_property
    def items(self) -> tuple[str, ...]:
        """Ids of the items that it knows, by number."""
        return tuple(json.loads((self.folder / "items.json").read_text("utf-8")))

    @cached_property
    def _number(self) -> dict[str, int]:
        return {item: number for number, item in enumerate(self.items)}

    @cached_property
    def _table(self) -> Floats:
        table: Floats = np.load(self.folder / "table.npy", allow_pickle=False)
        return table

    @cached_property
    def _neighbours(self) -> Neighbours:
        with np.load(self.folder / "neighbours.npz", allow_pickle=False) as found:
            return Neighbours(found["starts"], found["indices"], found["values"])

    @cached_property
    def _session(self) -> ort.InferenceSession:
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            return ort.InferenceSession(str(self.folder / "sequence.onnx"), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise ModelError(f"model: {self.folder / 'sequence.onnx'} cannot be loaded: {error}") from error

    def chances(self, history: Sequence[str]) -> Floats | None:
        """The probability of each item to be the next.

        Args:
            history: ids, oldest first; those that the model does not know are passed over.

        Returns:
            shape ``(len(items),)``, sums to 1; ``None`` when no item of the history is known.
        """
        known = [self._number[item] for item in history if item in self._number]
        if not known:
            return None
        # The last column of the table is the item's bias.
        vectors = self._table[known[-self.config.length :], :-1][None]
        state: Floats = self._session.run(None, {"vectors": vectors})[0]
        logits = self._table[:, :-1] @ state[0] + self._table[:, -1]
        return mixed(softmax(logits), memory_of(self._neighbours, known, self._mixture), self.config.share)

    def expected(self, history: Sequence[str]) -> Expected:
        """What comes next, of everything that the model knows but the history itself."""
        chances = self.chances(history)
        if chances is None:
            return NO_EXPECTATION
        chances[[self._number[item] for item in set(history) if item in self._number]] = -1.0
        return Expected(self.items, self._number, chances)


def signal_of(chance: float, items: int) -> float:
    """The signal of an item that has a chance to be the next: with ``r`` that chance over the one of blind choice among
    so many items, ``sqrt(r) / (1 + sqrt(r))``; 0.5 is blind choice."""
    root = math.sqrt(max(chance, 0.0) * items)
    return root / (1.0 + root)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a model expects next, as values in 0..1, see :func:`signal_of`.

    Attributes:
        items: ids by number.
        numbers: the other way.
        chances: the probability of each; below 0: is not meant.
    """

    items: Sequence[str]
    numbers: Mapping[str, int]
    chances: Floats

    def __bool__(self) -> bool:
        return len(self.items) > 0

    def best(self, size: int = BEST) -> dict[str, float]:
        """The most likely ones, best first."""
        order = np.argsort(-self.chances, kind="stable")[:size]
        return {self.items[int(number)]: self._value(int(number)) for number in order if self.chances[number] >= 0.0}

    def value(self, item: str) -> float | None:
        """Of one item; ``None`` where the model does not know it or it is not meant."""
        number = self.numbers.get(item)
        return None if number is None or self.chances[number] < 0.0 else self._value(number)

    def with_strangers(self, ids: Sequence[str], vectors: Mapping[str, Floats]) -> dict[str, float]:
        """Of several items; one that came after training stands like those that it is like.

        Its distance from chance is that of its :data:`LIKE` nearest known items among the others, weighed by likeness,
        times how near the nearest is; with nothing nearer than :data:`NEAR` it stays unknown.

        Args:
            ids: the items.
            vectors: unit vectors of their texts, as far as known.
        """
        found = {item: value for item in ids if (value := self.value(item)) is not None}
        known = [item for item in found if item in vectors]
        strangers = [item for item in ids if item not in self.numbers and item in vectors]
        if not known or not strangers:
            return found
        cosines = np.stack([vectors[item] for item in strangers]) @ np.stack([vectors[item] for item in known]).T
        lifts = np.array([found[item] - 0.5 for item in known])
        for item, row in zip(strangers, cosines, strict=True):
            nearest = np.argsort(-row, kind="stable")[:LIKE]
            nearest = nearest[row[nearest] >= NEAR]
            if len(nearest):
                mean = float(np.average(lifts[nearest], weights=row[nearest]))
                found[item] = 0.5 + mean * min(1.0, float(row[nearest[0]]))
        return found

    def _value(self, number: int) -> float:
        return signal_of(float(self.chances[number]), len(self.items))


NO_EXPECTATION = Expected((), {}, np.zeros(0, np.float32))
LIKE = 3
"""So many known items speak for one that is not."""
NEAR = 0.5
"""The least cosine of two texts that are alike."""


def read_config(folder: Path) -> SequenceConfig:
    """Read and check a sequence model's folder.

    Raises:
        ModelError: names what is missing, changed or of another make.
    """
    config = parsed(folder, SequenceConfig)
    if config.kind != "sequence" or config.format != FORMAT:
        raise ModelError(f"model: {folder} is no sequence model of format {FORMAT}")
    check_files(folder, SERVED, config.digests)
    return config
