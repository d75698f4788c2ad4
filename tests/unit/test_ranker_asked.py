"""What a query asks for, refuses and demands, and what passages say about it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranker.asked import DENIALS, LONGEST, Asked, read, refusals
from ranker.demands import ACCESSORIES, EXCLUSIVE, FILLERS, NAMES, SERVES
from ranker.demands import demands as demands_of
from ranker.heads import Heads, title_of
from ranker.signals import Wording
from ranker.words import words


def demands(query, texts):
    return demands_of(query, Heads.of(texts))


ACCESSORY, BEHIND, CLASH = (NAMES.index(name) for name in ("accessory", "behind", "clash"))


@pytest.mark.parametrize(
    ("query", "wanted", "refused"),
    [
        ("white desk chair without wheels", "white desk chair", ("wheel",)),
        ("lights without wiring with switch", "lights with switch", ("wiring",)),
        ("wireless thermostat WITHOUT c wire", "wireless thermostat", ("c", "wire")),
        ("box w/o lid", "box", ("lid",)),
        ("Stuhl ohne Rollen", "Stuhl", ("rollen",)),
    ],
)
def test_what_is_refused_is_cut_out_of_what_is_wanted(query, wanted, refused):
    assert read(query).wanted == wanted
    assert read(query).refused == refused


@pytest.mark.parametrize(
    "query", ["", "desk chair", "without prejudice", "chair without", "withoutless", "sin city poster"]
)
def test_a_query_that_refuses_nothing_is_taken_as_it_is(query):
    assert read(query).wanted == query
    assert read(query).refused == ()


@pytest.mark.parametrize(
    "query",
    [
        "listen without prejudice shirt",
        "(fiction without frontiers)",
        "are you eating candy without me",
        "following jesus without dishonoring your parents",
        "its not summer without you",
        "law school without fear",
        "live without pain",
        "making your kids mind without losing yours",
        "not without my daughter movie",
        "spelling without tears",
        "with or without you",
        "baking pan with or without lid",
        "Ärzte ohne Grenzen Tasse",
    ],
)
def test_a_name_or_a_choice_with_a_refusing_word_is_no_refusal(query):
    assert read(query) == Asked(query)


@pytest.mark.parametrize(
    ("query", "refused"),
    [
        ("toothpaste without sweetner", "sweetner"),
        ("tortillas without interesterified soybean oil", "interesterified"),
        ("lights without wiring with switch", "wiring"),
        ("zipper sweaters for women without hoodie", "hoodie"),
        ("pure monkfruit sweetener without erythritol", "erythritol"),
        ("lg oled without alexa", "alexa"),
        ("almond milk without carrageenan", "carrageenan"),
        ("cat tree without carpet", "carpet"),
        ("baby monitor with 2 cameras without wifi", "wifi"),
        ("jacket without a hood", "hood"),
        ("protein shakes without sugar", "sugar"),
        ("hammocks for outside without stand", "stand"),
        ("polygel nail kit without led lamp", "lamp"),
        ("wall lamp with cord without plug", "plug"),
        ("curtain rod without end caps", "end"),
        ("robot mower without boundary wire", "wire"),
        ("not a chair without wheels", "wheel"),
    ],
)
def test_what_shoppers_refuse_is_refused(query, refused):
    assert refused in read(query).refused


@given(st.text(max_size=80))
def test_any_query_keeps_something_wanted(query):
    asked = read(query)
    assert asked.wanted.strip() or not query.strip()
    assert len(asked.refused) <= 40
    assert asked.refused or asked.wanted == query


def test_a_refusal_reaches_a_few_words_only():
    asked = read("mug without " + " ".join(f"word{n}" for n in range(20)))
    assert len(asked.refused) == LONGEST
    assert asked.wanted.startswith("mug word4 word5")


def test_a_passage_offers_or_denies_what_is_refused():
    asked = read("desk chair without wheels")
    texts = [
        "Desk chair with rolling wheels",
        "Desk chair, no wheels",
        "Desk chair | Acme. Wheelless base",
        "Desk chair, wheel free",
        "Desk chair",
    ]
    assert refusals(asked, texts).tolist() == [[1, 0], [0, 1], [0, 1], [0, 1], [0, 0]]
    assert not refusals(read("desk chair"), texts).any()


def test_an_accessory_is_told_from_the_thing():
    texts = [
        "Acme tracker 3, black",
        "Bands compatible with Acme tracker 3",
        "Sport strap | Replacement Bands, Accessories",
        "Charger for Acme tracker 3",
    ]
    table = demands("acme tracker 3", texts)
    assert table[:, ACCESSORY].tolist() == [0, 1, 1, 0]
    assert table[:, BEHIND].tolist() == [0, 1, 0, 1]
    asked_for = demands("replacement bands compatible with acme tracker", texts)
    assert asked_for[1, ACCESSORY] == 0


def test_another_colour_material_or_audience_clashes_and_silence_does_not():
    texts = ["White oak desk", "Black metal desk", "Desk", "Desk | Acme | Ivory"]
    assert demands("white wooden desk", texts)[:, CLASH].tolist() == [0.0, 1.0, 0.0, 0.0]
    assert demands("desk", texts)[:, CLASH].tolist() == [0.0] * 4
    shoes = ["Running shoes for women", "Running shoes for men", "Running shoes for men and women"]
    assert demands("mens running shoes", shoes)[:, CLASH].tolist() == [0.5, 0.0, 0.0]


def test_a_query_of_two_colours_demands_neither_alone():
    assert not demands("black and white rug", ["Black rug", "Red rug"])[:, CLASH].any()


@given(st.text(max_size=40), st.lists(st.text(max_size=60), max_size=4))
def test_any_texts_give_values_in_range(query, texts):
    table = np.hstack([demands(query, texts), refusals(read(query), texts)])
    assert table.shape == (len(texts), len(NAMES) + 2)
    assert ((table >= 0) & (table <= 1)).all()


COLOURS = ("white", "red", "ivory")
WORDS = st.sampled_from(
    (*COLOURS, "wheel", "wheels", "wheelless", "no", "free", "desk", "for", "fits", "women's", "men", "part", "chérie")
)


@given(st.lists(WORDS, min_size=1, max_size=4), st.lists(st.lists(WORDS, max_size=8), max_size=5))
def test_demands_and_overlaps_are_those_of_reading_each_title_by_itself(query, texts):
    query, texts = " ".join(query), [" ".join(text[:4]) + " | " + " ".join(text[4:]) for text in texts]
    table, heads = demands(query, texts), Heads.of(texts)
    wording = Wording.of(query, texts, heads)
    asked = list(wording.rarity)
    shared = wording.overlaps(asked, heads)
    for row, text in enumerate(texts):
        title = words(title_of(text))
        serves = next((place for place, word in enumerate(title) if word in SERVES), len(title))
        content = set(words(query)) - FILLERS
        before, after = content & set(title[:serves]), content & set(title[serves:])
        assert table[row, BEHIND] == (bool(after) and not before)
        assert table[row, ACCESSORY] == bool((set(words(text)) & ACCESSORIES) - set(words(query)))
        values = [[value for value in group if value & set(words(query))] for group in EXCLUSIVE]
        clashes = sum(
            not named[0] & set(words(text)) and any(other & set(words(text)) for other in group)
            for group, named in zip(EXCLUSIVE, values, strict=True)
            if len(named) == 1
        )
        assert table[row, CLASH] == min(clashes, 2) / 2
        total = sum(wording.rarity[word] for word in asked)
        assert shared[row, 0] == sum(wording.rarity[word] for word in asked if word in title) / total
        assert shared[row, 1] == sum(word in asked for word in set(title)) / max(len(set(title)), 1)


@given(st.lists(WORDS, min_size=1, max_size=3), st.lists(st.lists(WORDS, max_size=8), max_size=4))
def test_refusals_are_those_of_reading_each_text_word_by_word(refused, texts):
    asked = read("desk without " + " ".join(refused))
    table = refusals(asked, [" ".join(text) for text in texts])
    for row, text in enumerate(texts):
        folded, expected = words(" ".join(text)), [0.0, 0.0]
        for place, word in enumerate(folded):
            if word in {f"{one}less" for one in asked.refused}:
                expected[1] = 1.0
            elif word in asked.refused:
                near = folded[max(0, place - 3) : place] + folded[place + 1 : place + 2]
                expected[0 if DENIALS.isdisjoint(near) else 1] = 1.0
        assert table[row].tolist() == expected
