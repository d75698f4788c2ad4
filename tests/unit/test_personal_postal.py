"""Postal addresses are told from other words; what only looks like one stays."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks.postal import FORMS, drawn, texts_of
from personal.event_privacy import ADDRESS_GONE, scrubbed_text
from personal.postal import BEFORE, addresses

QUERIES = Path(__file__).parents[3] / "shared" / "data" / "queries"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("12 Main St, Springfield, IL 62701", ADDRESS_GONE),
        ("12 main st springfield il 62701", ADDRESS_GONE),
        ("gift for 1600 Amphitheatre Parkway, Mountain View, CA 94043 wrapped", f"gift for {ADDRESS_GONE} wrapped"),
        ("12 Elm Street, Dayton, Ohio", ADDRESS_GONE),
        ("221B Baker Street, London NW1 6XE", ADDRESS_GONE),
        ("345 Yonge St, Toronto, ON M5B 1S1", ADDRESS_GONE),
        ("345 yonge st, toronto, on m5b 1s1", ADDRESS_GONE),
        ("12 Main St\nReno\nNV 89501", ADDRESS_GONE),
        ("1 Main St, Reno, NV 89501 or 10 Downing Street, London SW1A 2AA", ADDRESS_GONE),
    ],
)
def test_addresses_are_taken_out(text: str, left: str) -> None:
    assert scrubbed_text(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "10 inch cast iron skillet",
        "hp i5 8gb",
        "zebralight h502pr photo red",
        "KOI Betsey Johnson B100PR Rose Print Top",
        "12 main street",
        "new york yankees hat 7 5/8",
        "sku 62701 il",
        "2 pack street light 10118",
        "texas 12 court shoes",
        "ON M5B 1S1",
        "",
    ],
)
def test_what_is_no_address_stays(text: str) -> None:
    assert scrubbed_text(text) == text


@pytest.mark.parametrize("country", ["US", "GB", "CA"])
@pytest.mark.parametrize("form", [form for form in FORMS if form != "street alone"])
def test_the_forms_that_people_write_are_found(country: str, form: str) -> None:
    rng = random.Random(3)
    made = [drawn(rng, country, form) for _ in range(20)]
    assert [text for text in made if not addresses(text)] == []


def test_what_is_cut_is_the_address_and_lies_in_the_text() -> None:
    text = "x" * 500 + " deliver to 12 Main St, Reno, NV 89501 thanks " + "y" * BEFORE
    ((start, end),) = addresses(text)
    assert text[start:end].strip(" ,") == "12 Main St, Reno, NV 89501"


@pytest.mark.shared
@pytest.mark.skipif(not QUERIES.is_dir(), reason="needs the shared data folder beside the checkout")
def test_no_real_query_is_cut() -> None:
    texts = list(texts_of(QUERIES / "esci.csv")) + list(texts_of(QUERIES / "wands-query.csv"))
    assert len(texts) == 4480
    assert [text for text in texts if addresses(text)] == []
