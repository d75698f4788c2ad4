"""Secure aggregation: the sum is right whoever leaves and whenever, and nothing else is seen."""

from collections import Counter

import numpy as np
import pytest
from flwr.client.mod import secaggplus_mod
from flwr.common import bytes_to_ndarray
from flwr.common.secure_aggregation.secaggplus_constants import RECORD_KEY_CONFIGS, Key, Stage
from flwr.common.secure_aggregation.secaggplus_utils import pseudo_rand_gen
from flwr.server.workflow.secure_aggregation import secaggplus_workflow

from ranker.errors import TrainingDataError
from ranker.training.federated.masks import mask
from ranker.training.federated.node import Node

from .help import Leaves, agreed, apart, nodes_of, shops, train

EXACT = 2e-4
"""What the whole numbers of the sum leave of a weight of a shop with seven windows, of a thousand that one may have."""


def secure(count, **more):
    return agreed(count, secure=True, **more)


@pytest.mark.parametrize(
    ("stage", "counted"),
    [
        (None, 4),
        (Stage.SETUP, 3),
        (Stage.SHARE_KEYS, 3),
        (Stage.COLLECT_MASKED_VECTORS, 3),
        (Stage.UNMASK, 4),
    ],
)
def test_the_sum_is_that_of_those_who_gave_their_part(stage, counted):
    nodes = nodes_of(shops(4, secure=True))
    nodes[1] = Leaves(nodes[1], stage)
    found = train(nodes, secure(4))
    plain = nodes_of(shops(4))
    if counted == 3:
        del plain[1]
    expected = train(plain, agreed(4))
    assert apart(found.weights, expected.weights) < EXACT
    assert expected.rounds[0].moved > 50 * EXACT
    assert len(found.rounds[0].taken) == counted


def test_shops_may_leave_at_several_stages_of_one_round():
    nodes = nodes_of(shops(6, secure=True))
    nodes[0], nodes[4] = Leaves(nodes[0], Stage.SHARE_KEYS), Leaves(nodes[4], Stage.COLLECT_MASKED_VECTORS)
    found = train(nodes, secure(6))
    plain = nodes_of(shops(6))
    expected = train([plain[number] for number in (1, 2, 3, 5)], agreed(6))
    assert apart(found.weights, expected.weights) < EXACT


def test_a_round_that_too_few_end_is_lost_and_tells_nothing():
    nodes = nodes_of(shops(4, secure=True))
    nodes[:2] = [Leaves(node, Stage.COLLECT_MASKED_VECTORS) for node in nodes[:2]]
    with pytest.raises(TrainingDataError, match="not one round"):
        train(nodes, secure(4))


def test_who_was_gone_for_a_round_is_of_the_next():
    nodes = nodes_of(shops(4, secure=True))

    class Away:
        """Does not answer in the second round."""

        name = nodes[2].name

        def answer(self, message):
            if message.metadata.group_id == "2":
                raise ConnectionError
            return nodes[2].answer(message)

    found = train([nodes[0], nodes[1], Away(), nodes[3]], secure(4, rounds=3))
    assert [len(one.taken) for one in found.rounds] == [4, 3, 4]


def test_what_the_leader_sees_of_a_shop_is_noise():
    seen = []

    class Watched:
        """Stands where the leader sees what a shop sends."""

        def __init__(self, node) -> None:
            self._node, self.name = node, node.name

        def answer(self, message):
            reply = self._node.answer(message)
            parts = reply.content.config_records[RECORD_KEY_CONFIGS].get(Key.MASKED_PARAMETERS, [])
            seen.extend(bytes_to_ndarray(part).ravel() for part in parts)
            assert not any(record for record in reply.content.array_records.values())
            return reply

    train([Watched(node) for node in nodes_of(shops(3, secure=True))], secure(3))
    values = np.concatenate(seen)
    counts = np.array([Counter(values >> 28)[number] for number in range(16)])
    expected = len(values) / 16
    assert len(values) > 1000
    # Chi-squared with 15 degrees of freedom; beyond 60 in one of five million draws.
    assert ((counts - expected) ** 2 / expected).sum() < 60


def test_both_sides_mask_with_the_stream_cipher_and_flowers_own_generator_folds_its_seed():
    assert secaggplus_workflow.pseudo_rand_gen is mask
    assert secaggplus_mod.__globals__["pseudo_rand_gen"] is mask
    one, other = (pseudo_rand_gen(seed, 2**32, [(5,)])[0] for seed in (b"aaaabbbb", b"bbbbaaaa"))
    assert np.array_equal(one, other)


class Greedy:
    """Changes what the leader asks a shop."""

    def __init__(self, node, stage, change) -> None:
        self._node, self._stage, self._change, self.name = node, stage, change, node.name
        self.said = ""

    def answer(self, message):
        asked = message.content.config_records[RECORD_KEY_CONFIGS]
        if asked[Key.STAGE] == self._stage:
            self._change(asked)
        reply = self._node.answer(message)
        self.said = reply.error.reason if reply.has_error() else self.said
        return reply


def lower(asked):
    asked[Key.THRESHOLD] = 2


def both(asked):
    asked[Key.DEAD_NODE_ID_LIST] = [asked[Key.ACTIVE_NODE_ID_LIST][0]]


@pytest.mark.parametrize(
    ("stage", "change", "said"), [(Stage.SETUP, lower, "majority"), (Stage.UNMASK, both, "both secrets")]
)
def test_a_shop_refuses_a_leader_who_would_see_single_updates(stage, change, said):
    nodes = nodes_of(shops(4, secure=True))
    nodes[0] = Greedy(nodes[0], stage, change)
    train(nodes, secure(4))
    assert said in nodes[0].said


def test_a_shop_that_agreed_to_sums_only_gives_nothing_to_a_plain_leader():
    with pytest.raises(TrainingDataError, match="not one round"):
        train([Node(number, shop) for number, shop in enumerate(shops(3, secure=True), 10)], agreed(3))
