"""What shops agree on, their own part, and the masks: all that needs no Flower."""

import math
import types

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from ranker.errors import TrainingDataError
from ranker.tokens import lay_out
from ranker.training.data import prepare
from ranker.training.federated.masks import mask, take_over
from ranker.training.federated.settings import FederatedSettings
from ranker.training.federated.shop import ShopTraining, check_method, digest_of, put_weights, weights_of
from ranker.training.methods import method_of

from .training_help import SETTINGS, colour_windows, lengths, small

HEAD = SETTINGS.model_copy(update={"method": "head", "epochs": 1.0, "head_rate": 0.02})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"secure": True, "rule": "median"}, "exclude each other"),
        ({"secure": True, "shops": 2}, "3 shops or more"),
        ({"rule": "krum", "shops": 4}, "5 shops or more, not of 4"),
        ({"rule": "median", "shops": 4, "tolerate": 2}, "5 shops or more, not of 4"),
    ],
)
def test_what_cannot_hold_is_refused_and_the_reason_said(given, said):
    with pytest.raises(ValidationError, match=said):
        FederatedSettings(**{"shops": 5, "training": HEAD} | given)


def test_a_secure_sum_is_of_a_majority_and_of_three_at_least():
    left = {shops: FederatedSettings(shops=shops, secure=True, training=HEAD).threshold for shops in range(3, 10)}
    assert left == {3: 3, 4: 3, 5: 3, 6: 4, 7: 4, 8: 5, 9: 5}


@pytest.mark.parametrize("method", ["full", "adalora"])
def test_methods_that_shops_cannot_share(method):
    with pytest.raises(TrainingDataError, match=f"method: {method} cannot be federated"):
        check_method(HEAD.model_copy(update={"method": method}))


def test_a_shop_learns_from_round_to_round():
    model = small()
    shop = ShopTraining(model, colour_windows(), lengths(), HEAD, 4)
    weights = weights_of(model)
    gaps = []
    for number in range(1, 5):
        weights = shop.learn(number, weights)
        put_weights(model, weights)
        gaps.append(gap(model))
    assert gaps[-1] > gaps[0]


def gap(model):
    """How far the relevant stand above the mean of their windows, over all windows, read anew."""
    model.eval()
    found = []
    for example in prepare(colour_windows(), lengths(), drops=1):
        count = len(example.passages)
        batch = lay_out([example.query] * count, example.passages, range(count))
        with torch.no_grad():
            arrays = (torch.from_numpy(array) for array in (batch.ids, batch.positions, batch.segments))
            logits = model(*arrays, torch.from_numpy(example.features[0])).numpy()
        found.append(float(logits[example.grades > 0].mean() - logits.mean()))
    return float(np.mean(found))


def test_a_round_depends_on_its_number_and_not_on_the_rounds_before():
    windows, parts = colour_windows(), []
    for rounds in ((1, 2), (2,)):
        model = small()
        shop = ShopTraining(model, windows, lengths(), HEAD, 3)
        begin = weights_of(model)
        parts.append([shop.learn(number, begin) for number in rounds][-1])
    assert all(np.array_equal(one, other) for one, other in zip(*parts, strict=True))


def test_weights_of_another_method_are_refused():
    head, signals = small(), small()
    method_of(head, HEAD, 1)
    method_of(signals, HEAD.model_copy(update={"method": "signals"}), 1)
    with pytest.raises(TrainingDataError, match="another model or method"):
        put_weights(head, weights_of(signals))


def test_another_start_has_another_digest():
    one, other = small(), small()
    assert digest_of(one) == digest_of(other)
    other.head.text.bias.data += 1e-6
    assert digest_of(one) != digest_of(other)


def test_masks_are_uniform_repeat_and_depend_on_the_whole_seed():
    shapes = [(400, 100), (), (7,)]
    first = mask(b"a" * 44, 2**32, shapes)
    assert [array.shape for array in first] == shapes
    assert all(np.array_equal(one, again) for one, again in zip(first, mask(b"a" * 44, 2**32, shapes), strict=True))
    # Words whose folding to 32 bits is the same, which is all that Flower's own generator sees.
    other = mask(b"b" * 4 + b"a" * 36 + b"b" * 4, 2**32, shapes)
    assert not np.array_equal(first[0], other[0])
    counts = np.bincount((first[0] >> 24).ravel(), minlength=256)
    expected = first[0].size / 256
    chi = ((counts - expected) ** 2 / expected).sum()
    # 255 degrees of freedom; five standard deviations.
    assert abs(chi - 255) < 5 * math.sqrt(2 * 255)


@pytest.mark.parametrize("modulus", [0, 1, 3, 2**33])
def test_masks_of_another_modulus_are_refused(modulus):
    with pytest.raises(ValueError, match="modulus"):
        mask(b"a" * 32, modulus, [(1,)])


def test_a_module_that_masks_with_something_unknown_is_refused():
    with pytest.raises(ImportError, match="pseudo_rand_gen"):
        take_over(types.ModuleType("other"))
