"""Queries from a catalogue's own text: answered by the product that they were made from, graded by what texts say."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
from typer.testing import CliRunner

from indexer.sample import generate
from ranker.errors import TrainingDataError
from ranker.qrels import read_qrels, read_queries
from ranker.synthesis import synthesise
from ranker.synthesis.grades import Judge, Meaning, grade
from ranker.synthesis.reading import Reader, Said
from ranker.synthesis.typos import misspelt
from service.cli import build
from tests.unit.hash_seed import outputs

TITLES = {
    "m1": ('Ashley Chime 12" Medium Firm Memory Foam Mattress - CertiPUR-US, Queen', "Ashley", "White"),
    "m2": ('Lucid 10" Gel Memory Foam Mattress, Twin', "Lucid", "White"),
    "m3": ("Zinus Spring Mattress, Queen", "Zinus", "Grey"),
    "c1": ("Zinus Waterproof Cover for Mattress, Queen", "Zinus", "White"),
    "c2": ("Utopia Quilted Cover, Fits Sofa", "Utopia", "Grey"),
    "h1": ("Treblab Bluetooth Headphones for Running, Black", "Treblab", "Black"),
    "h2": ("Sony Wireless Bluetooth Headphones, White", "Sony", "White"),
    "h3": ("Sony Wired Headphones for Running", "Sony", "Black"),
}


def shop():
    return [
        {"id": key, "title": title, "brand": brand, "color": color} for key, (title, brand, color) in TITLES.items()
    ]


def items():
    reader = Reader(shop())
    return {product["id"]: reader.read(product) for product in shop()}


def phrase(text: str) -> Said:
    return Said(text, tuple(text.split()))


def test_a_title_without_a_category_tells_its_kind():
    found = items()
    assert [kind.text for kind in found["m1"].kinds] == ["mattress", "foam mattress", "memory foam mattress"]
    assert found["h1"].kinds[-1].text == "bluetooth headphones"
    assert found["c1"].head == "cover"
    assert found["c1"].target_bag >= {"mattress"}
    assert {entry.text for entry in found["m1"].properties["size"]} == {"12 inch", "medium", "queen"}
    assert [entry.text for entry in found["h1"].properties["use"]] == ["running"]


def test_a_category_names_the_kind_whatever_the_language():
    reader = Reader([])
    item = reader.read({"id": "1", "title": "绿色遮阳伞", "category": ["Garden", "Parasol"], "color": "green"})
    assert item.kinds[0].text == "parasol"
    assert [entry.text for entry in item.properties["colour"]] == ["green"]


@pytest.mark.parametrize(
    ("product", "expected"),
    [("m1", 3), ("m2", 2), ("m3", 1), ("c1", 1), ("c2", 0), ("h1", 0)],
)
def test_grades_follow_what_the_texts_say(product, expected):
    meaning = Meaning(phrase("memory foam mattress"), (phrase("queen"), phrase("ashley")))
    found = items()
    if product == "m2":
        meaning = Meaning(phrase("memory foam mattress"), (phrase("queen"), phrase("gel")))
    if product == "c1":
        meaning = Meaning(phrase("mattress"), (phrase("queen"),))
    assert grade(meaning, found[product]) == expected


def test_what_is_not_wanted_costs_the_grade():
    meaning = Meaning(phrase("headphone"), (), (phrase("wired"),))
    found = items()
    assert [grade(meaning, found[name]) for name in ("h1", "h2", "h3")] == [3, 3, 1]


def test_hard_negatives_share_words_with_the_query():
    found = items()
    judge = Judge(list(found.values()), hard=1, easy=0)
    grades = judge.judged(Meaning(phrase("bluetooth headphone"), (phrase("white"),)), np.random.default_rng(1))
    assert grades["h2"] == 3
    wrong = [name for name, value in grades.items() if value == 0]
    assert len(wrong) == 1
    assert "white" in found[wrong[0]].bag


def test_queries_of_the_sample_are_many_different_and_answered():
    products = list(generate(7, 400))
    made = synthesise(products, queries=300, seed=3)
    assert len(made) == 300
    assert len({query.text for query in made}) >= 295
    assert all(query.grades[query.made_from] == 3 for query in made)
    assert all({0, 3} & set(query.grades.values()) for query in made)
    forms = Counter(query.form for query in made)
    assert {"kind", "brand", "colour", "attribute", "modifier", "two", "without", "known_item"} <= set(forms)
    assert max(forms.values()) < 0.4 * len(made)


def test_the_same_seed_gives_the_same_queries_whatever_the_hash_seed():
    found = outputs(
        "from indexer.sample import generate\n"
        "from ranker.synthesis import synthesise\n"
        "for query in synthesise(list(generate(7, 60)), queries=40, seed=5): print(query)\n"
    )
    assert len(found) == 1


def test_a_typing_error_changes_one_long_word():
    random = np.random.default_rng(2)
    for _ in range(200):
        wrong = misspelt("red leather sofa", random)
        assert wrong.startswith("red l")
        assert wrong.endswith(" sofa")
    assert misspelt("red sofa", random) == "red sofa"


def test_a_catalogue_that_gives_no_query_is_refused():
    with pytest.raises(TrainingDataError, match="give no query"):
        synthesise([{"id": "1", "title": "x"}], queries=5)


def test_the_command_writes_what_windows_reads(tmp_path):
    catalogue = tmp_path / "shop.jsonl"
    catalogue.write_text("".join(json.dumps(product) + "\n" for product in generate(7, 80)) + '{"id": "no title"}\n')
    out = tmp_path / "made"
    done = CliRunner().invoke(
        build(), ["train", "synthesise", str(catalogue), "--out", str(out), "--queries", "50", "--json"]
    )
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["queries"], told["products"], told["refused"]) == (50, 80, 1)
    assert set(read_qrels(out / "qrels.tsv")) == set(read_queries(out / "queries.tsv"))
    missing = CliRunner().invoke(build(), ["train", "synthesise", str(tmp_path / "none.jsonl"), "--out", str(out)])
    assert missing.exit_code == 1
