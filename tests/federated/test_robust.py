"""Rules against shops that send what they like, and against what is no update at all."""

import numpy as np
import pytest

from ranker.errors import TrainingDataError

from .help import HEAD, Broken, Poisoned, agreed, apart, nodes_of, shops, train


def one_bad(kind, count=5):
    return nodes_of([*shops(count)[:-1], shops(count, kind=kind)[-1]])


@pytest.mark.parametrize("rule", ["median", "trimmed", "krum"])
def test_a_poisoned_shop_moves_a_robust_rule_no_further_than_the_honest_ones_are_apart(rule):
    honest = [train(nodes_of([shop, shop]), agreed(2)).weights for shop in shops(5)[:-1]]
    low = [np.min(parts, axis=0) for parts in zip(*honest, strict=True)]
    high = [np.max(parts, axis=0) for parts in zip(*honest, strict=True)]
    found = train(one_bad(Poisoned), agreed(5, rule=rule)).weights
    assert all(
        (array >= a - 1e-6).all() and (array <= b + 1e-6).all() for array, a, b in zip(found, low, high, strict=True)
    )


def test_the_plain_mean_does_not_hold():
    clean = train(nodes_of(shops(5)), agreed(5))
    spoilt = train(one_bad(Poisoned), agreed(5))
    assert apart(clean.weights, spoilt.weights) > 0.1
    assert spoilt.rounds[0].moved > 5 * clean.rounds[0].moved


@pytest.mark.parametrize("rule", ["mean", "median", "trimmed", "krum"])
def test_what_is_no_number_is_left_out_whatever_the_rule(rule):
    found = train(one_bad(Broken), agreed(5, rule=rule))
    assert all(np.isfinite(array).all() for array in found.weights)
    assert found.rounds[0].taken == ("shop0", "shop1", "shop2", "shop3")


def test_too_few_shops_are_said():
    with pytest.raises(TrainingDataError, match="2 are there in round 1, 3 are needed"):
        train(nodes_of(shops(3)[:2]), agreed(3, rule="median"))


def test_a_shop_that_begins_elsewhere_is_not_averaged():
    found = shops(3)
    model = found[0]._start()[0]
    model.head.text.bias.data += 1.0
    found[0]._start = lambda: (model, shops(1)[0]._start()[1])
    assert train(nodes_of(found), agreed(3)).rounds[0].taken == ("shop1", "shop2")


def test_lora_is_shared_too():
    lora = HEAD.model_copy(update={"method": "lora", "rank": 2, "epochs": 0.3})
    from ranker.training.federated.local import LocalGrid
    from ranker.training.federated.rounds import federate
    from ranker.training.federated.shop import digest_of, put_weights, weights_of
    from ranker.training.methods import method_of
    from tests.unit.training_help import small

    model = small()
    digest, method = digest_of(model), method_of(model, lora, 1)
    settings = agreed(2, training=lora)
    found = federate(LocalGrid(dict(enumerate(nodes_of(shops(2)), 10))), weights_of(model), settings, digest)
    put_weights(model, found.weights)
    method.merge()
    assert digest_of(model) != digest
    assert {name for name, _ in model.named_parameters()} == {name for name, _ in small().named_parameters()}
