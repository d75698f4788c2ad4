"""How far a reading is trusted and how deep it goes follows what it is worth on validation windows."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ranker.candidate import Candidate
from ranker.folder import READ, read_config
from ranker.training.data import prepare
from ranker.training.head import Head
from ranker.training.reach import DEEPEST, FEWEST, best_first, choose, has_signals, placed, unread
from ranker.training.save import save_model
from ranker.windows import Window, write_windows
from service.training import Data, run_finetune
from tests.unit.training_help import SETTINGS, TOKENIZER, colour_windows, lengths, small

ITEMS = 60


def examples(count: int, *, told: float = 0.5, signals: bool = True):
    """Windows whose signals say some of the grades: of one deviation of BM25, ``told`` is the grade's."""
    dice = np.random.default_rng(11)
    windows = []
    for number in range(count):
        grades = np.where(np.arange(ITEMS) < 8, 3.0, 0.0)[dice.permutation(ITEMS)]
        scores = 5 + told * grades / 3 + dice.normal(size=ITEMS)
        items = tuple(
            Candidate(f"i{row:02}", "a", {"bm25": float(scores[row]), "text_vector": 0.5} if signals else {})
            for row in range(ITEMS)
        )
        windows.append(Window(f"q{number}", f"words {number}", "s", items, tuple(map(float, grades))))
    return prepare(windows, lengths(), drops=1)


def head() -> Head:
    torch.manual_seed(3)
    return Head(131, 64).eval()


def reading(knowledge: float):
    """What a transformer makes of each text: the token matches say the grade as far as it knows it."""

    def vectors(example, rows):
        dice = np.random.default_rng(len(example.window.query))
        noise = dice.normal(size=len(example.grades))
        told = knowledge * example.grades / 3 + 0.2 * noise
        result = torch.zeros(len(rows), 131)
        result[:, 64:67] = torch.from_numpy(told[rows])[:, None].float()
        return result

    return vectors


def test_a_reading_that_knows_more_than_the_signals_is_trusted_and_goes_deeper():
    model = head()
    before = float(model.trust.bias.detach())
    found = choose(model, examples(40), reading(1.0))
    assert found is not None
    assert found.depth > READ
    assert found.shift > 0
    assert found.gain.low > 0
    assert found.windows == 40
    assert float(model.trust.bias.detach()) == pytest.approx(before + found.shift)


def test_a_reading_that_knows_nothing_changes_nothing():
    model = head()
    before = model.trust.bias.detach().clone()
    found = choose(model, examples(40, told=2.0), reading(0.0))
    assert found is not None
    assert (found.depth, found.shift, found.gain.mean) == (READ, 0.0, 0.0)
    assert torch.equal(model.trust.bias, before)


@pytest.mark.parametrize("given", [examples(FEWEST - 1), examples(40, signals=False)])
def test_too_few_windows_or_bare_texts_choose_nothing(given):
    model = head()
    before = model.trust.bias.detach().clone()
    assert choose(model, given, reading(1.0)) is None
    assert torch.equal(model.trust.bias, before)


def test_windows_where_nothing_is_relevant_do_not_count():
    dull = examples(FEWEST)
    for example in dull[1:]:
        object.__setattr__(example.window, "grades", (0.0,) * ITEMS)
    assert choose(head(), dull, reading(1.0)) is None


def test_only_the_deepest_depth_is_read():
    asked: list[int] = []

    def vectors(example, rows):
        asked.append(len(rows))
        return torch.zeros(len(rows), 131)

    choose(head(), examples(FEWEST), vectors)
    assert set(asked) == {DEEPEST}


def test_bare_texts_have_no_signals():
    assert has_signals(examples(1)[0])
    assert not has_signals(examples(1, signals=False)[0])


def test_the_first_order_is_that_of_the_signals():
    example = examples(1)[0]
    first = best_first(example, unread(head(), example))
    bm25 = [item.signals["bm25"] for item in example.window.candidates]
    assert list(first) == sorted(range(ITEMS), key=lambda row: (-bm25[row], example.window.candidates[row].id))


@given(st.permutations(range(9)), st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=9))
def test_what_was_read_stands_before_what_was_not(first, read):
    scores = placed(np.array(first), np.array(read, np.float32))
    order = sorted(range(9), key=lambda row: -scores[row])
    count = len(read)
    assert set(order[:count]) == set(first[:count])
    assert order[count:] == first[count:]
    assert [scores[row] for row in first[:count]] == pytest.approx(read)


def test_where_nothing_can_be_chosen_a_model_stays_as_deep_as_the_one_it_began_with(tmp_path):
    begin, out = tmp_path / "begin", tmp_path / "out"
    save_model(small(), begin, name="x", tokenizer=TOKENIZER, lengths=lengths(), training={}, card="# x\n", depth=10)
    write_windows(tmp_path / "w.jsonl", colour_windows())
    settings = SETTINGS.model_copy(update={"epochs": 1.0})
    told = run_finetune(
        Data([tmp_path / "w.jsonl"]), out, start=str(begin), name="x", settings=settings, report=lambda _: None
    )
    assert told is not None
    assert told["reach"] is None
    assert read_config(out).depth == 10
