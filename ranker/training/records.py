"""Windows of people made ready for private training: one table of pairs, and each person's rows in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from ..asked import read
from ..errors import TrainingDataError
from ..signals import features
from ..tokens import PairTokenizer, lay_out
from ..windows import Window
from .data import UNJUDGED_WEIGHT
from .network import PairNetwork
from .private import Records

AT_ONCE = 32


def records_of(
    windows: Sequence[Window], network: PairNetwork, tokenizer: PairTokenizer, *, cap: int, items: int, seed: int = 7
) -> Records:
    """Gather the windows of each person.

    Which records of a person and which candidates of a record are kept, where there are more, is chance that depends
    on that person's own windows only.

    Args:
        cap: most records of one person.
        items: most candidates of one record.

    Raises:
        TrainingDataError: a window is of nobody alone, or there is none.
    """
    by_person: dict[str, list[Window]] = {}
    for window in windows:
        if window.person is None:
            raise TrainingDataError(
                f"person: window {window.query_id!r} of {window.source} is not of one person; "
                "private training takes windows that 'train clicks --by-person' makes"
            )
        by_person.setdefault(window.person, []).append(window)
    if not by_person:
        raise TrainingDataError("windows: the training data is empty")
    shape = (len(by_person), cap, items)
    rows = np.zeros(shape, np.int64)
    grades, weights = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    table = _Table()
    for number, person in enumerate(sorted(by_person)):
        chance = np.random.default_rng([seed, *person.encode()])
        own = by_person[person]
        for place, index in enumerate(chance.permutation(len(own))[:cap]):
            window = own[index]
            kept = np.sort(chance.permutation(len(window.candidates))[:items])
            numbers = table.add(window)
            rows[number, place, : len(kept)] = [numbers[row] for row in kept]
            grades[number, place, : len(kept)] = [window.grades[row] or 0 for row in kept]
            weights[number, place, : len(kept)] = [
                UNJUDGED_WEIGHT if window.grades[row] is None else 1.0 for row in kept
            ]
    vectors = read_pairs(network, tokenizer, table.pairs)[torch.tensor(table.pair_of)]
    return Records(
        vectors,
        torch.from_numpy(np.stack(table.features)),
        torch.from_numpy(rows),
        torch.from_numpy(grades),
        torch.from_numpy(weights),
    )


def read_pairs(network: PairNetwork, tokenizer: PairTokenizer, pairs: Sequence[tuple[str, str]]) -> Tensor:
    """The frozen transformer's vectors of (query, passage), float32 (pairs, outputs)."""
    queries = tokenizer.segment_ids([query for query, _ in pairs], tokenizer.query_tokens)
    passages = tokenizer.segment_ids([passage for _, passage in pairs], tokenizer.passage_tokens)
    order = np.argsort([len(ids) for ids in passages], kind="stable")
    result = torch.zeros(len(pairs), network.outputs)
    network.eval()
    with torch.no_grad():
        for start in range(0, len(order), AT_ONCE):
            part = order[start : start + AT_ONCE]
            batch = lay_out([queries[row] for row in part], [passages[row] for row in part], range(len(part)))
            read_ = network(*(torch.from_numpy(x) for x in (batch.ids, batch.positions, batch.segments)))
            result[torch.from_numpy(part)] = read_.float()
    return result


def people_of(windows: Iterable[Window]) -> int:
    """How many people windows are of."""
    return len({window.person for window in windows} - {None})


class _Table:
    """Each pair with its features once, however many people saw it."""

    def __init__(self) -> None:
        self.pairs: list[tuple[str, str]] = []
        self.pair_of: list[int] = []
        self.features: list[np.ndarray] = []
        self._pairs: dict[tuple[str, str], int] = {}
        self._rows: dict[tuple[int, bytes], int] = {}
        self._seen: dict[tuple[str, tuple[tuple[str, str | None, tuple[tuple[str, float], ...]], ...]], list[int]] = {}

    def add(self, window: Window) -> list[int]:
        """Rows of a window's candidates."""
        same = (window.query, tuple((c.id, c.text, tuple(sorted(c.signals.items()))) for c in window.candidates))
        if same not in self._seen:
            wanted = read(window.query).wanted
            matrix = features(window.query, window.candidates)
            self._seen[same] = [
                self._row(self._pair((wanted, candidate.text or "")), row)
                for candidate, row in zip(window.candidates, matrix, strict=True)
            ]
        return self._seen[same]

    def _pair(self, pair: tuple[str, str]) -> int:
        if pair not in self._pairs:
            self._pairs[pair] = len(self.pairs)
            self.pairs.append(pair)
        return self._pairs[pair]

    def _row(self, pair: int, features_: np.ndarray) -> int:
        key = (pair, features_.tobytes())
        if key not in self._rows:
            self._rows[key] = len(self.features)
            self.features.append(features_)
            self.pair_of.append(pair)
        return self._rows[key]
