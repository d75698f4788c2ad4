"""The table of several catalogues: the best stock configuration is chosen by its mean, and the weights of queries."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.pooled import Beside, values
from service.report import Judged

NAMES = ["bm25", "rrf", "ranked"]


def _table(*rows: list[float]) -> np.ndarray:
    """Values of the systems of NAMES, the same by both metrics."""
    return np.repeat(np.array(rows)[:, :, None], 2, axis=2)


def test_the_best_stock_configuration_is_the_one_with_the_highest_mean() -> None:
    beside = Beside.of([_table([0.9, 0.1], [0.6, 0.6], [0.7, 0.8])], NAMES, 0)
    assert (beside.best, beside.stock, beside.ranked) == ("rrf", pytest.approx(0.6), pytest.approx(0.75))
    assert beside.drawn.min() >= 0.1 - 1e-9
    assert beside.drawn.max() <= 0.2 + 1e-9
    assert "| rrf, 0.6000 | 0.7500 | +0.1500 (+0.1000 to +0.2000) | +25.0% |" in beside.row("all", 2, 1)


def test_a_catalogue_of_few_queries_weighs_as_much_as_one_of_many_where_all_weigh_alike() -> None:
    few, many = _table([0.5], [0.4], [0.7]), _table([0.5] * 9, [0.4] * 9, [0.5] * 9)
    alike, pooled = Beside.of([few, many], NAMES, 0), Beside.of([np.concatenate([few, many], axis=1)], NAMES, 0)
    assert alike.ranked - alike.stock == pytest.approx(0.1)
    assert pooled.ranked - pooled.stock == pytest.approx(0.02)


def test_the_unjudged_count_as_irrelevant_in_one_metric_and_are_dropped_in_the_other() -> None:
    judged = Judged({"q": "desk"}, {"q": {"desk": 3, "chair": 0}}, ())
    table = values({"bm25": {"q": ["lamp", "desk", "chair"]}, "ranked": {"q": ["desk", "chair"]}}, judged)
    assert table.shape == (2, 1, 2)
    assert table[0, 0] == pytest.approx([1 / np.log2(3), 1.0])
    assert table[1, 0] == pytest.approx([1.0, 1.0])
