"""Events: what is taken, in which form it is kept, and what is refused with which words."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personal import event_privacy
from personal.errors import EventRejected
from personal.event_privacy import ADDRESS_GONE, CARD_GONE, MAIL_GONE, PHONE_GONE, scrubbed, scrubbed_text
from personal.event_times import FUTURE_SKEW_MS, milliseconds, strict_date_time
from personal.events import read_event
from personal.pseudonyms import Pseudonyms, load

SHARED = Path(__file__).parents[3] / "shared" / "data"
NOW = 1_760_000_000_000
NAMES = Pseudonyms(b"k" * 32)
EVENT = {
    "application": "products",
    "action_name": "click",
    "client_id": "c1",
    "timestamp": "2025-03-03T16:47:48.835Z",
    "event_attributes": {"object": {"object_id": "p1"}, "position": {"ordinal": 2}},
}


def read(raw: object, **named: str):
    return read_event(raw, pseudonyms=NAMES, now_ms=NOW, default="products", **named)


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        (1717527762025, "2024-06-04T19:02:42.025Z"),
        (1717527762, "2024-06-04T19:02:42.000Z"),
        (1717527762.5, "2024-06-04T19:02:42.500Z"),
        ("1717527762025", "2024-06-04T19:02:42.025Z"),
        ("1717527762.25", "2024-06-04T19:02:42.250Z"),
        ("2024-12-10T00:01:29.378Z", "2024-12-10T00:01:29.378Z"),
        ("2024-12-10T00:01:29.378", "2024-12-10T00:01:29.378Z"),
        ("2024-12-10T02:01:29+02:00", "2024-12-10T00:01:29.000Z"),
        ("2024-12-10 00:01:29", "2024-12-10T00:01:29.000Z"),
        ("2024-12-10", "2024-12-10T00:00:00.000Z"),
    ],
)
def test_wild_timestamps_come_to_one_form(given_, expected):
    assert strict_date_time(milliseconds(given_, NOW)) == expected


@pytest.mark.parametrize(
    ("given_", "word"),
    [
        (None, "missing"),
        (True, "expected"),
        ([], "expected"),
        ("yesterday", "neither"),
        ("1999-12-31T23:59:59Z", "2000"),
        (0, "2000"),
        (-5, "2000"),
        (float("nan"), "finite"),
        (10**40, "range"),
        (NOW + FUTURE_SKEW_MS + 1, "future"),
        ("9999-01-01", "future"),
        ("0001-01-01T00:00:00+14:00", "2000|range"),
    ],
)
def test_impossible_timestamps_are_refused_by_name(given_, word):
    with pytest.raises(EventRejected, match=word) as caught:
        milliseconds(given_, NOW)
    assert caught.value.field == "timestamp"


def test_a_little_ahead_is_taken():
    assert milliseconds(NOW + FUTURE_SKEW_MS, NOW) == NOW + FUTURE_SKEW_MS


def test_the_same_event_has_the_same_id_however_it_is_written():
    first = read(EVENT)
    assert read({**EVENT, "timestamp": 1741020468835, "message": None}).id == first.id
    assert read(dict(reversed(EVENT.items()))).id == first.id
    assert read({**EVENT, "client_id": "c2"}).id != first.id
    assert first.id.startswith("products:d.")
    assert read({**EVENT, "event_id": "e-7"}).id == "products:e-7"
    assert read({**EVENT, "event_id": "e-7", "application": "shoes"}).id == "shoes:e-7"
    assert read(EVENT, catalogue="other").catalogue == "other"


def test_ids_of_clients_cannot_meet_ours_or_grow_too_long():
    assert read({**EVENT, "event_id": "d." + "0" * 32}).id != "products:d." + "0" * 32
    assert len(read({**EVENT, "event_id": "ü" * 200}).id.encode()) <= 512


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"nonsense": 1}, "nonsense"),
        ({"hybridrank": {}}, "hybridrank"),
        ({"action_name": None}, "action_name"),
        ({"action_name": 5}, "action_name"),
        ({"action_name": "x" * 101}, "action_name"),
        ({"client_id": {"a": 1}}, "client_id"),
        ({"client_id": "a\x00b"}, "client_id"),
        ({"user_query": "x" * 2000}, "user_query"),
        ({"user_query": "\ud800"}, "user_query"),
        ({"application": "../etc"}, "application"),
        ({"application": "_all"}, "application"),
        ({"application": "ubi_events"}, "application"),
        ({"event_attributes": "text"}, "event_attributes"),
        ({"event_attributes": {"x": "\udfff"}}, "event_attributes"),
        ({"event_attributes": {"": 1}}, "event_attributes"),
        ({"event_attributes": {"object": "p1"}}, "event_attributes.object"),
        ({"event_attributes": {"object": {"object_id": ["p1"]}}}, "event_attributes.object.object_id"),
        ({"event_attributes": {"object": {"object_id": True}}}, "event_attributes.object.object_id"),
        ({"event_attributes": {"position": {"ordinal": "first"}}}, "event_attributes.position.ordinal"),
        ({"event_attributes": {"position": {"ordinal": -1}}}, "event_attributes.position.ordinal"),
        ({"event_attributes": {"position": {"ordinal": 2**40}}}, "event_attributes.position.ordinal"),
        ({"event_attributes": {"blob": "x" * 40_000}}, ""),
    ],
)
def test_what_cannot_be_is_refused_by_name(change, field):
    with pytest.raises(EventRejected) as caught:
        read({**EVENT, **change})
    assert caught.value.field == field


def test_deep_nesting_is_refused():
    deep: dict[str, object] = {}
    for _ in range(50):
        deep = {"a": deep}
    with pytest.raises(EventRejected, match="nested"):
        read({**EVENT, "event_attributes": deep})


@pytest.mark.parametrize("raw", [None, 5, "x", [], [EVENT]])
def test_only_objects_are_events(raw):
    with pytest.raises(EventRejected, match="object"):
        read(raw)


def test_addresses_and_people_are_not_kept():
    event = read(
        {
            **EVENT,
            "client_id": "anna@example.org",
            "user_id": "4711",
            "user_query": "gift for anna@example.org",
            "event_attributes": {
                "ip": "130.8.186.60",
                "browser": "Mozilla/5.0",
                "User-Agent": "Mozilla/5.0",
                "note": ["from 130.8.186.60", {"Email": "anna@example.org", "x": "2001:db8::1"}],
                "object": {"object_id": "p1"},
            },
        }
    )
    kept = json.dumps(event.document)
    for secret in ("anna", "4711", "130.8", "Mozilla", "2001:db8"):
        assert secret not in kept
    assert event.document["client_id"].startswith("p.")
    assert event.document["event_attributes"]["object"]["object_id"] == "p1"


def test_ordinary_text_is_left_alone():
    for text in ("size 10.5.2", "at 12:30:45", "a:b", "ratio 16:9", "v1.2.3.4.5", "mail me @ home", "1.2.3.400"):
        assert scrubbed_text(text) == text
    assert scrubbed_text("x@y.org, 10.0.0.1") == f"{MAIL_GONE}, {ADDRESS_GONE}"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=150)
@given(st.dictionaries(st.sampled_from([*EVENT, "event_id", "user_query", "query_id"]), json_values), json_values)
def test_any_json_is_taken_or_refused_and_what_is_taken_stays_itself(change, attributes):
    try:
        event = read({**EVENT, **change, "event_attributes": attributes})
    except EventRejected:
        return
    again = read(event.document)
    assert again.document == event.document
    assert scrubbed(event.document) == event.document or event.document.get("event_attributes")


def test_the_key_is_made_once_and_kept_to_its_owner(tmp_path):
    first, second = load(tmp_path), load(tmp_path)
    assert first.person("a", "x") == second.person("a", "x") != first.person("b", "x")
    path = tmp_path / "secrets" / "behaviour.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert repr(path.read_bytes()) not in repr(first)
    assert first.query("a", " Red  SHOES") == first.query("a", "red shoes") != ""
    assert first.query("a", "   ") == ""


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("call me +49 170 1234567 please", f"call me {PHONE_GONE} please"),
        ("(415) 555-2671 boots", f"{PHONE_GONE} boots"),
        ("415-555-2671", PHONE_GONE),
        ("4111 1111 1111 1111", CARD_GONE),
        ("5500005555555559 378282246310005", f"{CARD_GONE} {CARD_GONE}"),
    ],
)
def test_telephone_and_card_numbers_are_not_stored(text, stored):
    assert scrubbed_text(text) == stored
    assert read({**EVENT, "user_query": text}).document["user_query"] == stored


@pytest.mark.parametrize(
    "text",
    [
        "4006381333931 stabilo",  # EAN-13
        "isbn 978-3-16-148410-0",
        "4111 1111 1111 1112",  # its check digit is wrong
        "356938035643809",  # an IMEI
        "iphone 13 128gb",
        "air filter 16x20x1 3000",
        "calendar 2020 2021 2022 2023",
        "dymo 30252 30256 labels",
        "1/4-20 x 2 1/2 bolts 100 200",
    ],
)
def test_numbers_of_articles_stay(text):
    assert scrubbed_text(text) == text


_PIECES = (
    *(
        "212-555-0123",
        "(650) 253-0000",
        "+44 20 7031 3000",
        "+16502530000",
        "+49 30 901820",
        "+2904567",
        "650.253.0000",
    ),
    *(
        "4111 1111 1111 1111",
        "378282246310005",
        "+１６５０２５３００００",
        "١٢",
        "tel:",
        "x",
        "ext. 5",
        "a",
        "é",
        " ",
        "-",
    ),
)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.one_of(st.sampled_from(_PIECES), st.text("0123456789abcdef", min_size=1)), min_size=1, max_size=6).map(
        "".join
    )
)
def test_where_no_number_is_looked_for_there_is_none(text):
    with pytest.MonkeyPatch.context() as patch:
        kept = scrubbed_text(text)
        patch.setattr(event_privacy, "_DIGITS", re.compile(""))  # looks for numbers in every text
        assert scrubbed_text(text) == kept


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared data folder beside the checkout")
def test_real_queries_stay_as_they_were_typed():
    with (SHARED / "queries" / "wands-query.csv").open(encoding="utf-8") as wands:
        queries = [row["query"] for row in csv.DictReader(wands, delimiter="\t")]
    queries += [
        line.split("\t")[1].strip() for line in (SHARED / "esci" / "queries.tsv").read_text("utf-8").splitlines()
    ]
    assert len(queries) > 500
    assert [query for query in queries if scrubbed_text(query) != query] == []
