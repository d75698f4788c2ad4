"""What profiles remember: the same whatever the order, bounded whatever the number; and what follows from it."""

from __future__ import annotations

import math
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personal import taste as module
from personal import usual
from personal.affinity import (
    ATTRIBUTE_WEIGHT,
    EXPECTED_PRIOR,
    PRIOR,
    PROFILE_HALF_LIFE_S,
    VECTOR_WEIGHT,
    affinities,
    item_weights,
)
from personal.errors import SealBroken
from personal.taste import EMPTY, KEPT_CELLS, KEPT_QUERIES, Action, Facts, Taste, facts_of
from personal.usual import offers_of
from plugin.client import Engine

DAY_MS = 86_400_000
NOW = 1_750_000_000_000


def did(action: str, item: str, time_ms: int = NOW, facts: Facts | None = None, event: str = "") -> Action:
    return Action(action, item, facts or Facts({"brand": item}), "", time_ms, event or f"{item}{action}{time_ms}")


actions = st.builds(
    lambda action, item, time_ms, query: Action(
        action, f"p{item}", Facts({"brand": f"b{item}"}, float(item + 1)), query, time_ms, f"{item}{action}{time_ms}"
    ),
    st.sampled_from([*module.STRENGTH, "impression", "dance"]),
    st.integers(0, 9),
    st.integers(0, 50),
    st.sampled_from(["", "Red  Shoes", "red shoes", "boots", "lamp", "tent"]),
)


@pytest.fixture
def small(monkeypatch):
    """Limits so low that they bite."""
    monkeypatch.setattr(module, "KEPT_CELLS", 5)
    monkeypatch.setattr(module, "KEPT_QUERIES", 2)


@given(st.lists(actions, max_size=40), st.randoms(use_true_random=False), st.integers(1, 7))
def test_a_memory_is_a_function_of_the_set_of_events(events, dice, parts):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "KEPT_CELLS", 5)
        patch.setattr(module, "KEPT_QUERIES", 2)
        whole = EMPTY.plus(events)
        shuffled = [*events, *dice.sample(events, len(events) // 2)]
        dice.shuffle(shuffled)
        piecewise = EMPTY
        for start in range(0, len(shuffled), parts):
            piecewise = piecewise.plus(shuffled[start : start + parts])
        assert piecewise == whole
        half = len(events) // 2
        assert EMPTY.plus(events[:half]).merged(EMPTY.plus(events[half:])) == whole
        assert whole.plus(events) is whole
        assert Taste.decoded(whole.encoded() + b"   ") == whole
        cells: dict[tuple[str, str], tuple[int, str]] = {}
        for seen in events:  # the slow and obvious way
            if seen.action in module.STRENGTH:
                key = (str(seen.item), seen.action)
                cells[key] = max(cells.get(key, (-1, "")), (seen.time_ms, seen.event))
        latest = sorted(cells, key=lambda key: (cells[key], key), reverse=True)[:5]
        assert {key: tuple(deed) for key, deed in whole.deeds.items()} == {key: cells[key] for key in latest}


def test_no_number_of_events_makes_a_memory_large():
    memory = EMPTY
    long = Facts({f"attributes.{n}": "x" * module.MAX_FACET_CHARS for n in range(module.MAX_ATTRIBUTES)}, 1.0)
    for start in range(0, 20_000, 1000):
        memory = memory.plus(
            Action("click", f"item {n}", long, f"query {n}", NOW + n, f"{n:012}") for n in range(start, start + 1000)
        )
    assert len(memory.deeds) == len(memory.facts) == KEPT_CELLS
    assert len(memory.queries) == KEPT_QUERIES
    assert len(memory.encoded()) < 200_000
    assert memory.recent_items[0] == "item 19999"
    assert memory.recent_queries[0] == "query 19999"


def test_a_record_of_another_form_is_refused():
    for document in (b"", b"[]", b"{}", b'{"deeds": [[1]], "facts": {}, "queries": {}}', b"\xff"):
        with pytest.raises(SealBroken):
            Taste.decoded(document)


def test_facts_are_short_texts_and_positive_prices():
    found = facts_of(
        {
            "brand": " Kordax ",
            "color": ["red"],
            "category": ["Sports", "Camping", "Tent"],
            "price": 0,
            "attributes": {"style": "outdoor", "sizes": [1, 2], "note": "x" * 500},
        }
    )
    wanted = {"brand": "kordax", "department": "sports", "kind": "tent", "attributes.style": "outdoor"}
    assert found == Facts(wanted, None)
    assert facts_of({"category": "A > B > C", "price": 3}).facets["kind"] == "c"
    assert facts_of({"price": True}).price is None


def test_what_was_done_counts_half_after_a_half_life_and_nothing_when_sent_back():
    memory = EMPTY.plus([did("click", "a", NOW - 30 * DAY_MS), did("purchase", "b"), did("return", "b")])
    weights = item_weights(memory, NOW, PROFILE_HALF_LIFE_S)
    assert weights == {"a": pytest.approx(0.5)}


def shop(**brands: str) -> dict[str, dict[str, object]]:
    return {name: {"brand": brand, "category": ["Shoes"], "price": 100.0} for name, brand in brands.items()}


def test_a_liked_brand_stands_above_the_others_and_nobody_knows_nothing():
    memory = EMPTY.plus(did("click", f"old {n}", facts=Facts({"brand": "acme", "kind": "shoes"})) for n in range(6))
    found = affinities(memory, shop(a="Acme", b="Bolt", c="Bolt"), now_ms=NOW)
    assert found["a"] > 0.55 > 0.5 > found["b"] == found["c"] > 0.2
    assert affinities(EMPTY, shop(a="Acme"), now_ms=NOW) == {}
    stranger = EMPTY.plus([did("click", "x", facts=Facts({"brand": "unseen"}))])
    assert affinities(stranger, shop(a="Acme", b="Bolt"), now_ms=NOW) == {"a": 0.5, "b": 0.5}


def test_a_facet_is_naive_bayes_against_what_is_at_hand():
    """Against the formula written out: log((chosen + prior * share) / (total + prior) / share)."""
    memory = EMPTY.plus(did("click", f"i{n}", facts=Facts({"brand": "acme" if n else "bolt"})) for n in range(4))
    found = affinities(memory, shop(a="Acme", b="Bolt", c="Bolt", d="Cost"), now_ms=NOW)
    from personal.affinity import PRIOR, WEIGHTS

    share, chosen = {"a": 0.25, "b": 0.5, "d": 0.25}, {"a": 3.0, "b": 1.0, "d": 0.0}
    for name, part in share.items():
        lift = math.log((chosen[name] + PRIOR * part) / (4.0 + PRIOR) / part)
        assert found[name] == pytest.approx(1 / (1 + math.exp(-WEIGHTS["brand"] * lift)))


def test_a_value_is_compared_with_what_the_kinds_of_the_chosen_products_offer():
    """Against the formula written out; most rugs are woollen, so who chose rugs is not taken to like wool."""
    offers = {
        "rug": {"attributes.material": {"wool": 0.9, "cotton": 0.1}},
        "coat": {"attributes.material": {"wool": 0.2, "felt": 0.8}},
    }
    woollen = [Facts({"kind": "rug", "attributes.material": "wool"})] * 6
    cotton = [Facts({"kind": "rug", "attributes.material": "cotton"})] * 2
    odd = [Facts({"kind": "unseen", "attributes.material": "wool"})]
    memory = EMPTY.plus(did("click", f"i{n}", facts=facts) for n, facts in enumerate([*woollen, *cotton, *odd]))
    products = {
        name: {"category": ["Coat"], "attributes": {"material": material}}
        for name, material in (("a", "wool"), ("b", "cotton"), ("c", "felt"), ("d", "felt"))
    }
    found = affinities(memory, products, now_ms=NOW, offers=offers)
    # What is chosen of a kind whose offers are not known is compared with the products at hand.
    chosen, expected = {"a": 7.0, "b": 2.0, "c": 0.0}, {"a": 8 * 0.9 + 0.25, "b": 8 * 0.1 + 0.25, "c": 0.5}
    for name in "abc":
        lift = math.log((chosen[name] + EXPECTED_PRIOR) / (expected[name] + EXPECTED_PRIOR))
        assert found[name] == pytest.approx(1 / (1 + math.exp(-ATTRIBUTE_WEIGHT * lift)))
    assert found["b"] > 0.5 > found["a"]
    assert affinities(memory, products, now_ms=NOW)["a"] > 0.5  # as it looks from the products at hand alone
    # Kinds themselves are not offered by a kind.
    kinds = {"x": {"category": ["Rug"]}, "y": {"category": ["Coat"]}}
    assert affinities(memory, kinds, now_ms=NOW, offers=offers) == affinities(memory, kinds, now_ms=NOW)


def test_offers_are_shares_among_the_products_of_the_kind():
    products = [
        {"category": ["Home", "Rug"], "brand": "Acme", "attributes": {"material": "Wool"}},
        {"category": ["Home", "Rug"], "brand": "acme "},
        {"category": ["Home", "Rug"], "brand": "Bolt"},
        {"category": ["Rug", "Rug pad"], "brand": "Cost"},
    ]
    found = offers_of("rug", products)
    assert found["brand"] == {"acme": pytest.approx(2 / 3), "bolt": pytest.approx(1 / 3)}
    assert found["attributes.material"] == {"wool": pytest.approx(1 / 3)}
    assert offers_of("sofa", products) == {}


def test_offers_of_many_kinds_are_read_a_few_at_a_time_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def read(_engine: object, catalogue: str, kinds: list[str], _timeout_s: float | None) -> list[list[object]]:
        asked.append(list(kinds))
        return [[{"category": [kind], "brand": f"{catalogue} {kind}"}] if kind != "gone" else [] for kind in kinds]

    monkeypatch.setattr(usual, "sampled", read)
    monkeypatch.setattr(usual, "AT_ONCE", 2)
    offers = usual.UsualOffers(cast(Engine, None))
    kinds = ["boots", "gone", "coats", "tents"]
    assert list(offers.of("shop", kinds)) == ["boots"]
    assert list(offers.of("shop", kinds)) == ["boots", "coats", "tents"]
    assert offers.of("shop", kinds)["tents"]["brand"] == {"shop tents": 1.0}
    assert asked == [["boots", "gone"], ["coats", "tents"]]
    assert offers.of("other", ["boots"])["boots"]["brand"] == {"other boots": 1.0}
    monkeypatch.setattr(usual, "OFFERS_KEPT_S", 0.0)  # what is old is used while it is read again
    assert list(offers.of("shop", kinds)) == ["boots", "coats", "tents"]
    assert asked[3:] == [["boots", "gone"]]


def test_a_price_level_is_learnt_in_one_kind_and_used_in_another():
    prices = {"shoes": 100.0, "lamps": 40.0}
    cheap = EMPTY.plus(did("purchase", f"i{n}", facts=Facts({"kind": "lamps"}, 20.0)) for n in range(5))
    at_hand = {str(p): {"category": ["Shoes"], "price": float(p)} for p in (50, 100, 200)}
    found = affinities(cheap, at_hand, now_ms=NOW, prices=prices)
    assert found["50"] > found["100"] > found["200"]
    assert affinities(cheap, at_hand, now_ms=NOW) == dict.fromkeys(at_hand, 0.5)


def test_a_value_in_a_query_of_ones_own_counts_as_chosen_and_fades():
    def asked(text: str, age_ms: int = 0) -> Taste:
        return EMPTY.plus([Action("", None, None, text, NOW - age_ms, "")])

    at_hand = shop(a="Acme", b="Bolt", c="Bolt")
    found = affinities(asked("Acme  shoes"), at_hand, now_ms=NOW)
    assert found["a"] > 0.5 > found["b"] == found["c"]
    later = affinities(asked("acme shoes", 60 * DAY_MS), at_hand, now_ms=NOW)
    assert found["a"] > later["a"] > 0.5
    # A part of a word is not the word, and what is needed is not what is liked.
    assert affinities(asked("acmeville shoes"), at_hand, now_ms=NOW) == {}


def test_likeness_is_the_cosine_to_the_centroid_from_the_mean_of_what_is_at_hand():
    dice = np.random.default_rng(4)
    vectors = {name: dice.normal(size=8).astype(np.float32) for name in ("old", "older", "a", "b", "c")}
    vectors = {name: vector / np.linalg.norm(vector) for name, vector in vectors.items()}
    memory = EMPTY.plus(
        [
            did("click", "old", facts=Facts({"x": "1"})),
            did("purchase", "older", NOW - 30 * DAY_MS, facts=Facts({"x": "1"})),
        ]
    )
    products: dict[str, dict[str, object]] = {name: {} for name in "abcd"}
    found = affinities(memory, products, now_ms=NOW, vectors=vectors)
    weights = {"old": 1.0, "older": 2.5}
    mean = np.mean([vectors[name] for name in "abc"], axis=0)
    centre = sum(weights[name] * vectors[name] for name in weights) / 3.5 - mean
    for name in "abc":
        away = vectors[name] - mean
        cosine = float(away @ centre / np.linalg.norm(away) / np.linalg.norm(centre))
        value = VECTOR_WEIGHT * cosine * 3.5 / (3.5 + PRIOR)
        assert found[name] == pytest.approx(1 / (1 + math.exp(-value)), abs=1e-6)
    assert found["d"] == 0.5
    backwards = EMPTY.plus(
        [
            did("purchase", "older", NOW - 30 * DAY_MS, facts=Facts({"x": "1"})),
            did("click", "old", facts=Facts({"x": "1"})),
        ]
    )
    assert affinities(backwards, dict(reversed(products.items())), now_ms=NOW, vectors=vectors) == found
