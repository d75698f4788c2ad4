"""Every parser of what strangers, or files from elsewhere, say: what it takes, and the errors that it may raise."""

from __future__ import annotations

import json
import os
import random
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow
from pyarrow import parquet
from pydantic import ValidationError
from pydantic_settings import SettingsError

from indexer import readers
from indexer.errors import CatalogueError
from indexer.product import InvalidProduct, parse
from indexer.records import Rejection, Row
from indexer.strictjson import NotStrict
from personal.errors import EventRejected, PersonalError, RuleRejected
from personal.events import read_event
from personal.masterkeys import MasterKeys
from personal.merchandising import read_rule
from personal.pseudonyms import Pseudonyms
from personal.subject import Subject
from plugin.errors import InvalidQuery
from plugin.filters import build_filters
from plugin.ordinary import NotOrdinary, read_ordinary
from ranker.errors import RankerError
from ranker.judgmentfiles import read_ubi, read_workbench
from ranker.qrels import read_qrels, read_queries
from ranker.weights import checked, read_weights
from service import eventfiles, keys, persons, policy, strict_json
from service.keys import KeysError
from service.persons import PersonTokens, TokenRefused
from service.problems import Problem
from service.settings import Settings
from service.tickets import Tickets

from .mutate import encoded, odd_bytes, odd_json, odd_text

NOW_MS = 1_790_000_000_000
PSEUDONYMS = Pseudonyms(b"f" * 32)
PRODUCT = {
    "id": "p1",
    "title": "Desk lamp",
    "description": "Bright.",
    "brand": "Acme",
    "color": "red",
    "category": ["home", "lamps"],
    "price": 12.5,
    "in_stock": True,
    "image": ["a.jpg"],
    "rating": 4.5,
    "rating_count": 7,
    "attributes": {"watts": 5, "of": ["a", {"b": None}]},
}
EVENT = {
    "application": "products",
    "action_name": "click",
    "event_id": "e1",
    "query_id": "q1",
    "client_id": "c1",
    "session_id": "s1",
    "timestamp": "2026-03-03T16:47:48.835Z",
    "message": "lamp",
    "user_query": "lamp",
    "event_attributes": {"object": {"object_id": "p1"}, "position": {"ordinal": 2}, "x": [1, {"y": "z"}]},
}
QUERY = {
    "bool": {
        "must": [{"match": {"title": {"query": "lamp"}}}],
        "should": [{"multi_match": {"query": "lamp", "fields": ["title"]}}, {"knn": {"text_vector": {"k": 5}}}],
        "filter": [{"range": {"price": {"gte": 1}}}],
        "must_not": {"term": {"brand": "x"}},
        "minimum_should_match": 1,
    }
}
RATED = [{"query": "lamp", "ratings": [{"docId": "p1", "rating": "3"}]}]
WORKBENCH = {"name": "a", "type": "IMPORT_JUDGMENT", "judgmentRatings": RATED}
FOUND = {"hits": {"hits": [{"_source": {"judgmentRatings": RATED}}]}}
JUDGED = {"timestamp": NOW_MS, "query_id": "q1", "query": "lamp", "document": "p1", "judgment": 3}


@dataclass(frozen=True)
class Parser:
    """One parser.

    Attributes:
        name: for reports.
        whole: JSON, text or bytes that it takes.
        parse: given the value, or the path of a file that holds it.
        refuses: the errors by which it may refuse.
        file: the ending of the file that it reads; empty where it takes the value itself.
    """

    name: str
    whole: Any
    parse: Callable[[Any], object]
    refuses: tuple[type[Exception], ...]
    file: str = ""


def _used(rows: Iterable[object]) -> None:
    deque(rows, maxlen=0)


def _catalogue(path: Path) -> None:
    for row in readers.read(path):
        if isinstance(row, Row):
            with suppress(InvalidProduct):
                parse(row.value, row.form)
        else:
            assert isinstance(row, Rejection)


def _events(path: Path) -> None:
    for row in eventfiles.read(path):
        if isinstance(row, Row):
            with suppress(NotStrict, EventRejected):
                _event(eventfiles.event_of(row))


def _event(raw: object) -> object:
    event = read_event(raw, pseudonyms=PSEUDONYMS, now_ms=NOW_MS, default="products")
    json.dumps(event.document, ensure_ascii=False).encode()
    return event


def _settings(values: object) -> Settings:
    names = values if isinstance(values, Mapping) else {"HYBRIDRANK_QUEUE": values}
    texts = {str(name): value if isinstance(value, str) else json.dumps(value) for name, value in names.items()}
    before = dict(os.environ)
    try:
        for name, text in texts.items():
            if name and "=" not in name and "\x00" not in name + text:
                os.environ[os.fsdecode(name.encode("utf-8", "replace"))] = text.encode("utf-8", "replace").decode()
        return Settings()
    finally:
        os.environ.clear()
        os.environ.update(before)


def parsers(folder: Path) -> list[Parser]:
    """All of them.

    Args:
        folder: for the keys of one that checks tokens.
    """
    signed = folder / "person-tokens.json"
    persons.rotate(signed, "default")
    token = persons.mint(signed, Subject("default", "ada"))
    keys.add(folder / "keys.json", tenant="default", role="shop")
    tokens, tickets = PersonTokens(signed), Tickets(PSEUDONYMS)
    line, event = json.dumps(PRODUCT) + "\n", json.dumps(EVENT) + "\n"
    csv = 'id,title,price,category,in_stock\np1,Desk lamp,12.5,home|lamps,true\np2,"a ""b""",1,,\n'
    clicks = "user,item,action,time,query\nu1,p1,click,2026-03-03T16:47:48Z,lamp\n"
    ticket = tickets.seal({"text": "lamp", "window": 9})
    env = {
        "HYBRIDRANK_QUEUE": "3",
        "HYBRIDRANK_PICTURE_HOSTS": '["a.b"]',
        "HYBRIDRANK_MASTER_KEYS": "{}",
        "OPENSEARCH_URL": "http://127.0.0.1:9200",
        "HYBRIDRANK_MAX_BODY_BYTES": "5000",
    }
    rules = policy.FILE.read_text("utf-8")
    return [
        Parser("catalogue.jsonl", line.encode() * 2, _catalogue, (CatalogueError,), ".jsonl"),
        Parser("catalogue.csv", csv.encode(), _catalogue, (CatalogueError,), ".csv"),
        Parser("catalogue.parquet", _parquet(folder), _catalogue, (CatalogueError,), ".parquet"),
        Parser("product", PRODUCT, lambda value: parse(_dict(value), "json"), (InvalidProduct,)),
        Parser("events.jsonl", event.encode() * 2, _events, (CatalogueError,), ".jsonl"),
        Parser("events.csv", clicks.encode(), _events, (CatalogueError,), ".csv"),
        Parser("event", EVENT, _event, (EventRejected,)),
        Parser("queries.tsv", b"q1\tlamp\nq2\tdesk\n", read_queries, (RankerError,), ".tsv"),
        Parser("qrels.tsv", b"q1\tp1\t3\nq1\tp2\t0\n", read_qrels, (RankerError,), ".tsv"),
        Parser(
            "judgments.ubi",
            encoded(JUDGED) + b"\n" + encoded({"_source": JUDGED}),
            lambda path: _used(read_ubi(path)),
            (RankerError,),
            ".jsonl",
        ),
        Parser("judgments.workbench", encoded(WORKBENCH), lambda p: _used(read_workbench(p)), (RankerError,), ".json"),
        Parser("judgments.search", encoded(FOUND), lambda p: _used(read_workbench(p)), (RankerError,), ".json"),
        Parser("weights", {"bm25": 0.5, "text_vector": -1}, checked, (RankerError,)),
        Parser("weights.json", b'{"bm25": 0.5}', read_weights, (RankerError,), ".json"),
        Parser(
            "rule",
            {"query": "a", "pinned": ["a", {"id": "b", "place": 2}], "hidden": ["c"], "boosts": {"d": 0.5}},
            read_rule,
            (RuleRejected,),
        ),
        Parser(
            "filters",
            {"price": {"gte": 1, "lt": 3}, "brand": ["a", "b"], "attributes.x": True, "in_stock": True},
            lambda value: build_filters(_dict(value)),
            (InvalidQuery,),
        ),
        Parser("engine query", QUERY, lambda value: read_ordinary(_dict(value), None), (NotOrdinary,)),
        Parser("body", encoded(EVENT), lambda raw: strict_json.loads(raw, max_depth=64), (strict_json.BadJson,)),
        Parser("person token", token, lambda text: tokens.person(text, "default"), (TokenRefused,)),
        Parser("ticket", ticket, tickets.open, (Problem,)),
        Parser("settings", env, _settings, (ValidationError, SettingsError)),
        Parser("keys.json", _one_line(folder / "keys.json"), keys.read, (KeysError,), ".json"),
        Parser("person-tokens.json", _one_line(signed), persons.read, (KeysError,), ".json"),
        Parser("policy", rules, policy.parsed, (policy.PolicyError,)),
        Parser(
            "master keys",
            json.dumps({"keys": {"1": "A" * 43 + "="}}),
            lambda text: MasterKeys(text=text),
            (PersonalError,),
        ),
    ]


def _one_line(file: Path) -> bytes:
    return encoded(json.loads(file.read_bytes()))


def _parquet(folder: Path) -> bytes:
    file = folder / "whole.parquet"
    parquet.write_table(pyarrow.Table.from_pylist([{k: v for k, v in PRODUCT.items() if k != "attributes"}] * 2), file)
    return file.read_bytes()


def _dict(value: Any) -> dict[str, Any]:
    """What the body's own schema lets through to these: an object."""
    return value if isinstance(value, dict) else {"value": value}


def malformed(rng: random.Random, whole: Any) -> Any:
    """The value with something wrong in it."""
    times = rng.choice((1, 1, 2, 4))
    if isinstance(whole, bytes) and whole[:1] == b"{" and rng.random() < 0.5:
        values = [odd_json(rng, json.loads(line), times) for line in whole.splitlines()]
        return b"\n".join(map(encoded, values))
    if isinstance(whole, bytes):
        return odd_bytes(rng, whole, times) if rng.random() < 0.9 else odd_text(rng).encode("utf-8", "surrogatepass")
    if isinstance(whole, str):
        odd = odd_bytes(rng, whole.encode(), times).decode("utf-8", "replace")
        return odd if rng.random() < 0.8 else odd_text(rng)
    return odd_json(rng, whole, times)


def fault(parser: Parser, given: Any, folder: Path) -> str | None:
    """What is wrong with how a parser took a value; ``None`` where it took it, or refused it as it should."""
    value = given
    if parser.file:
        value = folder / f"given{parser.file}"
        value.write_bytes(given)
    try:
        parser.parse(value)
    except parser.refuses:
        return None
    except Exception as error:  # noqa: BLE001 - any other error is what is looked for
        return f"{type(error).__name__}: {error}"[:300]
    return None
