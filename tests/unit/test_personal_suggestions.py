"""Suggestions in memory: found by any word, mistyped or not, in any script; the order is popularity's and one's own."""

from __future__ import annotations

import json
import random
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personal.profiles import Held
from personal.related import REASONS as RELATED
from personal.suggestions import store
from personal.suggestions.asked import _sample, people_of, suggestible
from personal.suggestions.book import Book, Entry
from personal.suggestions.phrases import catalogue_entries
from personal.suggestions.store import Record
from personal.suggestions.suggester import LIKED_REASONS, OWN_REASON, REASONS, Suggester, _Shelf, recent
from personal.suggestions.text import folded, key, typed_key
from personal.suggestions.typos import Speller
from personal.taste import EMPTY, Action, Facts

NOW = 1_750_000_000_000


def book(*texts: str) -> Book:
    return Book([Entry(text, key(text), "query", 1.0 - place / 100) for place, text in enumerate(texts)])


def found(shelf: Book, typed: str, limit: int = 10) -> list[tuple[str, str]]:
    return [(hit.entry.text, hit.match) for hit in shelf.find(typed_key(typed), limit)]


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("Caf", "café crème"),
        ("cafe cr", "Café Crème"),
        ("CAFÉ", "cafe creme"),
        ("o'ne", "O’Neill jacket"),
        ("oneil", "O'Neill jacket"),
        ("ｔｖ", "TV stand"),
        ("跑", "红色跑步鞋"),
        ("步鞋", "红色跑步鞋"),
        ("カフ", "ｶﾌｪ セット"),
        ("strass", "Straße karte"),
        ("creme", "café crème"),
    ],
)
def test_any_way_of_writing_finds_it(typed, text):
    assert found(book(text, "something else"), typed)[0][0] == text


@given(st.lists(st.text("abc dé红", max_size=8), max_size=25), st.text("abcdé红 ", max_size=4))
def test_beginnings_and_words_are_found_as_a_slow_search_finds_them(texts, typed):
    distinct = {key(text): Entry(text, key(text), "query", 0.5) for text in texts if key(text)}
    wanted = typed_key(typed)
    slow = set()
    for name, entry in distinct.items():
        starts = [0, *(place + 1 for place, char in enumerate(name) if char == " ")]
        starts += [place for place, char in enumerate(name) if char == "红"]
        starts += [place + 1 for place, char in enumerate(name) if char == "红"]
        if any(name[start:].startswith(wanted) and (start < len(name)) for start in starts):
            slow.add(entry.key)
    fast = {
        hit.entry.key for hit in Book(list(distinct.values())).find(wanted, 1000) if hit.match in ("prefix", "word")
    }
    assert fast == slow


@given(st.one_of(st.text(max_size=30), st.text(st.characters(codec="ascii"), max_size=30)))
def test_folding_is_the_same_for_every_script(text):
    bare = "".join(char for char in text if char not in "'’`´")
    plain = unicodedata.normalize("NFKD", bare).casefold()
    assert folded(text) == "".join(char for char in plain if not unicodedata.combining(char))


def test_the_order_is_standing_and_then_how_it_was_found():
    shelf = book("red shoes", "shoes", "shoe rack", "blue shoes")
    assert found(shelf, "sho")[0] == ("shoes", "prefix")
    assert [match for _, match in found(shelf, "sho")] == ["prefix", "prefix", "word", "word"]
    assert found(shelf, "shoes re")[0] == ("red shoes", "words")
    assert len(found(shelf, "s", limit=2)) == 2


def test_slips_are_forgiven_and_short_words_are_not_guessed_at():
    shelf = book("running shoes", "coffee machine", "garden hose")
    assert found(shelf, "runing sh")[0] == ("running shoes", "spelling")
    assert found(shelf, "cofee m")[0] == ("coffee machine", "spelling")
    assert found(shelf, "cofefe")[0] == ("coffee machine", "spelling")
    assert found(shelf, "zz") == []
    assert found(shelf, "xylophone") == []


@given(
    st.lists(st.text("abcd", min_size=3, max_size=8), min_size=1, max_size=30), st.text("abcd", min_size=3, max_size=8)
)
def test_what_is_near_is_within_the_slips(words, word):
    def distance(left: str, right: str) -> int:
        """Optimal string alignment, as its definition says."""
        rows = [[max(i, j) if not min(i, j) else 0 for j in range(len(right) + 1)] for i in range(len(left) + 1)]
        for i in range(1, len(left) + 1):
            for j in range(1, len(right) + 1):
                cost = left[i - 1] != right[j - 1]
                rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + cost)
                if i > 1 and j > 1 and left[i - 1] == right[j - 2] and left[i - 2] == right[j - 1]:
                    rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
        return rows[-1][-1]

    allowed = 2 if len(word) >= 6 else 1
    near = Speller(words).near(word, whole=False)
    begun = {
        known[:length] for known in words for length in range(len(word) - 1, len(word) + 2) if len(known) >= length
    }
    possible = [other for other in begun if distance(word, other) <= allowed]
    for slips, other in near:
        if slips:
            assert slips == distance(word, other) + (other[0] != word[0])
            assert other in possible
    assert bool([other for slips, other in near if slips]) == (
        not any(known.startswith(word) for known in words) and bool(possible)
    )


def test_a_catalogue_suggests_brands_categories_and_what_titles_share():
    products = [
        {
            "title": f"Kordax Trail Runner {n} | Waterproof Hiking Boots",
            "brand": "Kordax",
            "category": ["Shoes", "Boots"],
        }
        for n in range(4)
    ]
    products += [{"title": f"红色跑步鞋 {n}", "category": ["Shoes", "跑步鞋"], "color": "red"} for n in range(3)]
    entries = {entry.text: entry for entry in catalogue_entries(lambda: iter(products))}
    assert entries["Kordax"].kind == "brand"
    assert entries["Shoes"].kind == "category"
    assert entries["Kordax boots"].facets == {"brand": "Kordax", "department": "Shoes", "kind": "Boots"}
    assert entries["waterproof hiking boots"].kind == "phrase"
    assert "hiking boots" not in entries, "a part that never stands alone"
    assert "步鞋" not in entries
    assert entries["红色跑步鞋"].facets["color"] == "red"
    assert entries["Shoes"].standing > entries["Kordax"].standing


def test_a_sample_of_people_is_exact_at_first_and_near_later():
    dice = random.Random(1)
    everybody = {f"{dice.getrandbits(64):016x}": NOW for _ in range(20_000)}
    few = dict(list(everybody.items())[:100])
    assert people_of(_sample(few)) == 100
    assert people_of(_sample(everybody)) == pytest.approx(20_000, rel=0.2)
    half, rest = dict(list(everybody.items())[:10_000]), dict(list(everybody.items())[10_000:])
    assert _sample({**_sample(half), **_sample(rest)}) == _sample(everybody)


def test_what_may_name_somebody_is_never_suggested():
    assert suggestible("  Red   Shoes ") == "red shoes"
    for text in (
        "a",
        "x" * 61,
        "me@example.org shoes",
        "call 0171 555 01 23",
        "4111 1111 1111 1111",
        "",
        None,
        7,
        "!!!",
    ):
        assert suggestible(text) is None


def suggester(*entries: Entry) -> Suggester:
    """A suggester with a book of its own instead of one that was read from the engine."""
    found = Suggester(None, 30.0)  # type: ignore[arg-type] - it never asks
    found._shelves["shop"] = _Shelf(book=Book(list(entries)), stale=False, loaded=True)
    return found


def liked(brand: str) -> Held:
    facts = Facts({"brand": brand, "kind": "shoes"})
    from personal.event_times import now_ms

    return Held(EMPTY.plus(Action("purchase", f"{brand} {n}", facts, "", now_ms(), str(n)) for n in range(6)))


def test_two_people_with_other_tastes_get_other_orders():
    shelf = suggester(
        *(
            Entry(f"{brand} shoes", key(f"{brand} shoes"), "query", 0.5, {"brand": brand, "kind": "Shoes"})
            for brand in ("Acme", "Bolt", "Cost")
        )
    )
    nobody = [one.text for one in shelf.suggest("shop", "sh", 3)]
    ann = shelf.suggest("shop", "sh", 3, liked("bolt"))
    ben = shelf.suggest("shop", "sh", 3, liked("cost"))
    assert nobody[0] == "Acme shoes"
    assert ann[0].text == "Bolt shoes"
    assert ben[0].text == "Cost shoes"
    assert ann[0].reason == "popular search, fits your taste"
    assert ann[1].reason == "popular search"
    assert all(0.0 <= one.score <= 1.0 for one in ann)


def test_ones_own_queries_come_first_and_their_beginnings_do_not():
    memory = EMPTY.plus(
        Action("", None, None, text, NOW + place * 1000, "") for place, text in enumerate(["b", "bl", "blue tent"])
    )
    held = Held(memory)
    assert recent(held) == ["blue tent"]
    shelf = suggester(Entry("blender", "blender", "query", 0.5))
    first = shelf.suggest("shop", "bl", 5, held)
    assert [(one.text, one.reason) for one in first] == [
        ("blue tent", "you searched for this"),
        ("blender", "popular search"),
    ]
    assert shelf.suggest("shop", "", 5, held)[0].text == "blue tent"
    assert [one.text for one in shelf.suggest("shop", "bl", 5)] == ["blender"]


def test_only_what_was_gone_on_from_at_once_is_no_query_of_its_own():
    typed = {"blue tent": 200_000, "b": 10_000, "bl": 60_000, "blue": 120_001, "red": 5, "blue tent pole": 150_000}
    held = Held(EMPTY.plus(Action("", None, None, text, NOW + at, "") for text, at in typed.items()))
    expected = sorted(
        (
            text
            for text, at in typed.items()
            if not any(other != text and other.startswith(text) and 0 <= typed[other] - at < 60_000 for other in typed)
        ),
        key=lambda text: -typed[text],
    )
    assert recent(held) == expected == ["blue tent", "blue tent pole", "bl", "red"]


def test_popularity_fades_and_phrases_do_not():
    query = Record("q", "lamp", "query", 20.0, NOW, {})
    now, later = (query.entry(NOW + days * 86_400_000, 30.0).standing for days in (0, 120))
    assert 1.0 > now > later > 0.4
    phrase = Record("p", "lamp", "category", 0.3, NOW, {})
    assert phrase.entry(NOW + 10**10, 30.0).standing == 0.3
    assert (
        store.query_id("shop", "Red Shoes") == store.query_id("shop", "red  shoes") != store.query_id("b", "red shoes")
    )


def test_hostile_texts_find_nothing_and_take_no_time():
    dice = random.Random(3)
    shelf = book(*(f"word{n} thing{n % 7}" for n in range(300)))
    for typed in (
        "\x00",
        "\ud800",
        "a" * 1000,
        "word1 " * 150,
        "'" * 500,
        "".join(chr(dice.randrange(0x3000)) for _ in range(900)),
    ):
        shelf.find(typed_key(typed), 10)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_has_words_for_every_reason(language):
    file = Path(__file__).parents[2] / "service" / "page" / "messages" / f"{language}.json"
    told = {name for name in json.loads(file.read_text("utf-8")) if name.startswith("reason.")}
    given = {*REASONS.values(), OWN_REASON, *LIKED_REASONS.values(), "other spelling", *RELATED}
    assert told == {f"reason.{part}" for part in given} | {"reason.and"}
