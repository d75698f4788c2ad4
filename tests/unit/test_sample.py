"""The sample catalogue: the same everywhere, complete, and readable."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import islice, pairwise

import pytest

from indexer.sample import FEATURES, facts, generate, phrases, write_sample
from indexer.sample.dice import Dice
from indexer.sample.phrases import fill
from indexer.sample.vocabulary import queries, vocabulary

from .hash_seed import outputs

DIGEST = """
import hashlib, json
from indexer.sample import facts, generate, judgments, make_queries
true = [facts(7, n) for n in range(300)]
asked = make_queries(7, true, 60)
text = json.dumps([*generate(7, 300)], ensure_ascii=False)
text += repr([(q.id, q.text, sorted(judgments(7, q, true))) for q in asked])
print(hashlib.sha256(text.encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def products():
    return list(generate(seed=7, products=1000))


def test_the_hash_seed_of_python_changes_nothing():
    assert len(outputs(DIGEST)) == 1


def test_a_larger_catalogue_begins_with_the_smaller_and_can_be_entered_anywhere(products):
    assert list(islice(generate(7, 5000), 20)) == products[:20]
    assert list(generate(7, 5, start=900)) == products[900:905]


def test_another_seed_gives_another_shop(products):
    others = list(generate(seed=8, products=1000))
    assert not {p["id"] for p in others} & {p["id"] for p in products}
    assert sum(a["title"] == b["title"] for a, b in zip(products, others, strict=True)) == 0


def test_ids_never_repeat_and_titles_rarely():
    seen = Counter()
    titles = Counter()
    for product in generate(7, 8_000):
        seen[product["id"]] += 1
        titles[product["title"]] += 1
    assert len(seen) == 8_000
    assert len(titles) > 7_990


def test_every_product_has_ten_features(products):
    assert len(FEATURES) == 10
    for product in products:
        flat = {k: v for k, v in product.items() if k != "attributes"} | product["attributes"]
        assert set(flat) - {"id", "title", "description", "image"} == set(FEATURES)
        assert all(flat[name] not in (None, "", []) for name in FEATURES)
        assert len(product["category"]) == 3
        assert product["price"] > 0
        assert 1 <= product["attributes"]["rating"] <= 5


def test_ids_are_no_order_of_anything(products):
    kinds = [product["category"][-1] for product in sorted(products, key=lambda product: product["id"])]
    assert len(set(kinds[:24])) > 12
    assert sum(a == b for a, b in pairwise(kinds)) < len(kinds) / 20


def test_shares_of_out_of_stock_and_chinese(products):
    assert 0.06 <= sum(not p["in_stock"] for p in products) / 1000 <= 0.11
    chinese = [p for p in products if re.search(r"[\u4e00-\u9fff]", p["title"])]
    assert 0.04 <= len(chinese) / 1000 <= 0.08
    assert all(p["brand"] in p["title"] for p in chinese)


def test_it_is_no_toy(products):
    assert len({p["category"][0] for p in products}) >= 14
    assert len({p["category"][-1] for p in products}) >= 120
    assert len({p["brand"] for p in products}) >= 120
    words = {w for p in products for w in re.findall(r"[a-z]{3,}", (p["title"] + " " + p["description"]).lower())}
    assert len(words) > 2500
    sentences = Counter(s for p in products for s in re.split(r"(?<=[.?!]) ", p["description"]))
    assert sentences.most_common(1)[0][1] < 40


def test_there_are_red_shoes_of_several_kinds(products):
    red = [p for p in products if p["category"][0] == "Shoes" and p["color"] == "red" and "Red" in p["title"]]
    assert len(red) >= 5
    assert len({p["category"][-1] for p in red}) >= 3


def test_no_sentence_is_left_with_a_gap():
    for product in generate(3, 3000):
        for text in (product["title"], product["description"]):
            assert not re.search(r"[{}]|None|  | [,.;]|,,|\(\)|\| \||\ba [aeio]\w", text), text
            assert text == text.strip(" ,|–"), text


def test_text_claims_nothing_that_the_facts_deny():
    words = vocabulary()
    for number in range(4000):
        true = facts(11, number)
        department, kind = words.kinds[true.type]
        assert true.material in kind.materials
        assert true.pattern in (kind.patterns or department.patterns)
        for key in true.features:
            feature = department.features[key]
            assert true.material not in feature.not_
            assert not set(feature.excludes) & set(true.features)
            assert not feature.only or true.audience in feature.only
        if "Wool" in true.name:
            assert true.material == "wool"
        if "Wireless" in true.name:
            assert "wireless" in true.features


def test_prices_follow_the_kind_and_the_level_of_the_brand():
    by_brand: dict[str, list[float]] = {"Veltrano": [], "Jumpkin": []}
    for number in range(6000):
        true = facts(7, number)
        if true.department == "shoes" and true.brand in by_brand:
            by_brand[true.brand].append(true.price)
    dear, cheap = (sum(v) / len(v) for v in by_brand.values())
    assert dear > 1.5 * cheap


def test_every_word_that_is_referred_to_exists():
    words = vocabulary()
    for department in words.departments.values():
        assert department.brands in words.brands
        for kind in department.types.values():
            assert set(kind.materials) <= set(words.materials)
            assert set(kind.features) | set(kind.always) <= set(department.features)
            assert set(kind.patterns or department.patterns) <= set(words.terms.patterns)
            assert set(kind.styles or department.styles) <= set(words.terms.styles)
            assert set(kind.audiences or department.audiences) <= set(words.terms.audiences)
            assert set(words.colours.palette(kind.colours)) <= set(words.colours.colours)
    for entry in (*queries().themes, *queries().negations):
        assert set(entry.types) <= set(words.kinds)
        known = {f for t in entry.types for f in words.kinds[t][0].features}
        assert {*entry.features, *entry.not_features} <= known
        assert {*entry.materials, *entry.not_materials} <= set(words.materials)
    for key, others in queries().complements.items():
        assert {key, *others} <= set(words.kinds)
    assert set(phrases()) == {kind.names[0] for _, kind in words.kinds.values()}


def test_names_of_last_categories_are_unique():
    names = [kind.names[0] for _, kind in vocabulary().kinds.values()]
    assert len(names) == len(set(names))


def test_a_sentence_that_asks_for_an_unknown_word_is_an_error():
    with pytest.raises(KeyError, match="colour"):
        fill("It is {colour}.", {}, Dice(1))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("a {x} cup", "An oak cup"), ("{2-2} of {A|A}", "2 of A"), ("{1.5-1.5/0.1} kg", "1.5 kg")],
)
def test_patterns_are_filled(pattern, expected):
    assert fill(pattern, {"x": "oak"}, Dice(1)) == expected


@pytest.mark.parametrize(("products", "start"), [(-1, 0), (1, -1)])
def test_negative_counts_are_refused(products, start):
    with pytest.raises(ValueError, match="0 or more"):
        next(generate(1, products, start))


def test_files_fit_together(tmp_path):
    counts = write_sample(tmp_path, products=400, queries=60, images=False)
    lines = [json.loads(line) for line in (tmp_path / "products.jsonl").read_text("utf-8").splitlines()]
    ids = {line["id"] for line in lines}
    asked = dict(line.split("\t") for line in (tmp_path / "queries.tsv").read_text("utf-8").splitlines())
    judged = [line.split("\t") for line in (tmp_path / "qrels.tsv").read_text("utf-8").splitlines()]
    assert counts == {"products": 400, "images": 0, "queries": 60, "judgments": len(judged)}
    assert len(ids) == 400
    assert {query for query, _, _ in judged} == set(asked)
    assert {item for _, item, _ in judged} <= ids
    assert {grade for _, _, grade in judged} == {"0", "1", "2", "3"}
    again = tmp_path / "again"
    write_sample(again, products=400, queries=60, images=False)
    for name in ("products.jsonl", "queries.tsv", "qrels.tsv"):
        assert (again / name).read_bytes() == (tmp_path / name).read_bytes()
