"""How models read: together or apart, the same vectors whatever is remembered and whatever stands beside a pair."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ranker.model import Ranker
from ranker.reading import AHEAD
from ranker.remembered import Readings
from ranker.tokens import lay_out
from ranker.training.save import save_model

from .training_help import SETTINGS, TOKENIZER, colour_windows, finetune, lengths, save_small, small

QUERY = "red shoes with laces"
PASSAGES = ["red shoes", "an old wooden chair with a round seat", "lamp", "blue kettle " * 30, ""]


@pytest.fixture(scope="module", params=["together", "apart"])
def folder(request, tmp_path_factory):
    model = small()
    # A view across that is open, and tokens that do not count alike.
    torch.nn.init.constant_(model.network.across, 1.0)
    torch.nn.init.normal_(model.network.weight.weight)
    if request.param == "apart":
        model.network.close()
    place = tmp_path_factory.mktemp(request.param)
    save_small(place, model)
    return place, model


def by_the_network(model, queries, passages):
    cut = lengths()
    batch = lay_out(cut.segment_ids(queries, 8), cut.segment_ids(passages, 12), range(len(queries)))
    model.eval()
    with torch.no_grad():
        parts = (torch.from_numpy(part) for part in (batch.ids, batch.positions, batch.segments))
        return model.network(*parts).numpy()


def test_what_is_read_is_what_the_trained_network_computes(folder, tmp_path):
    _, model = folder
    exact = {"tokenizer": TOKENIZER, "lengths": lengths(), "training": {}, "card": "", "int8": False}
    save_model(model, tmp_path, name="x", **exact)
    served = Ranker(tmp_path, threads=2).pair_vectors(QUERY, PASSAGES).vectors
    np.testing.assert_allclose(served, by_the_network(model, [QUERY] * len(PASSAGES), PASSAGES), atol=1e-3)


def test_the_graph_and_the_tokens_put_together_give_one_vector(folder):
    place, _ = folder
    ranker, cut = Ranker(place, remembered=0), lengths()
    batch = lay_out(cut.segment_ids([QUERY] * 5, 8), cut.segment_ids(PASSAGES, 12), range(5))
    # Half precision of what is kept.
    np.testing.assert_allclose(ranker.pair_vectors(QUERY, PASSAGES).vectors, ranker.read_batch(batch), atol=5e-4)


def test_no_pair_feels_its_neighbours_or_what_was_read_before(folder):
    place, _ = folder
    fresh, keeping = Ranker(place, threads=1, remembered=0), Ranker(place, threads=2)
    expected = np.concatenate([fresh.pair_vectors(QUERY, [passage]).vectors for passage in PASSAGES])
    keeping.pair_vectors("lamp", PASSAGES[1:3])
    for _ in range(2):
        np.testing.assert_allclose(keeping.pair_vectors(QUERY, PASSAGES).vectors, expected, atol=2e-6)
    queries = [QUERY, "lamp", QUERY, QUERY, "chair", QUERY, QUERY, QUERY, QUERY, "kettle"]
    pairs = fresh.read_pairs(queries, PASSAGES * 2)
    alone = [fresh.pair_vectors(q, [p]).vectors[0] for q, p in zip(queries, PASSAGES * 2, strict=True)]
    np.testing.assert_allclose(pairs, alone, atol=2e-6)


def test_a_query_that_is_read_ahead_gives_the_same_vectors_also_when_many_others_were_begun_meanwhile(folder):
    place, _ = folder
    expected = Ranker(place, threads=1, remembered=0).pair_vectors(QUERY, PASSAGES).vectors
    for remembered in (0, 2**20):
        ranker = Ranker(place, threads=2, remembered=remembered)
        for others in (0, AHEAD + 1):
            ranker.ahead(QUERY)
            for number in range(others):
                ranker.ahead(f"lamp {number}")
            np.testing.assert_allclose(ranker.pair_vectors(QUERY, PASSAGES).vectors, expected, atol=2e-6)


def test_what_is_known_is_read_past_the_deadline_and_nothing_else(folder):
    place, _ = folder
    ranker = Ranker(place, threads=1)
    ranker.pair_vectors(QUERY, PASSAGES[:2])
    late = ranker.pair_vectors(QUERY, PASSAGES, deadline=time.monotonic() - 1.0)
    assert late.done.tolist() == [True, True, False, False, False]
    assert not late.vectors[~late.done].any()
    assert ranker.pair_vectors(QUERY, PASSAGES).done.all()


def test_reading_pairs_pauses_before_each_few(folder):
    place, _ = folder
    pauses = []
    assert len(Ranker(place).read_pairs([QUERY] * 10, PASSAGES * 2, pause=lambda: pauses.append(0))) == 10
    assert len(pauses) == 3


def test_no_pair_and_no_passage_are_nothing(folder):
    place, model = folder
    ranker = Ranker(place)
    assert ranker.pair_vectors(QUERY, []).vectors.shape == (0, model.network.outputs)
    assert ranker.read_pairs([], []).shape == (0, model.network.outputs)


def test_a_model_that_reads_apart_learns():
    model = small()
    settings = SETTINGS.model_copy(update={"late_interaction": True})
    outcome = finetune(model, colour_windows(), lengths(), settings)
    assert model.network.shape.late_interaction
    assert model.network.shape == replace(model.network.shape, apart=2)
    # The colour decides: by chance the right one of six comes first once in six times.
    assert outcome.validation["ndcg@10"] > 0.8


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 8)), max_size=60), st.integers(0, 20))
def test_no_more_is_kept_than_told_and_the_latest_stays(puts, most):
    kept: Readings[np.ndarray] = Readings(most * 4)
    for number, size in puts:
        kept.put(Readings.key(str(number)), np.zeros(size, np.float32))
        if size <= most:
            found = kept.get(Readings.key(str(number)))
            assert found is not None
            assert len(found) == size
    held = [kept.get(Readings.key(str(number))) for number in range(10)]
    assert sum(len(one) for one in held if one is not None) <= most


@given(st.lists(st.text(max_size=5), max_size=3), st.lists(st.text(max_size=5), max_size=3))
def test_other_texts_have_another_key(one, other):
    assert (Readings.key(*one) == Readings.key(*other)) == (one == other)
