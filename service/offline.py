"""Rankers judged without judgments: on the log's clicks, and by simulated shoppers who are shown two at once."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from typing import Any

from opensearchpy import helpers

from personal.searchlog import search_log
from personal.shoppers import Market, make_shoppers, simulate
from personal.shoppers.chance import Chance
from plugin.catalogue import lookup
from plugin.client import Engine
from plugin.document import NOT_IN_ANSWERS
from ranker.errors import JudgmentError
from ranker.interleave import Duel, Page, judged, team_draft
from ranker.offpolicy import OffPolicy, examination, self_normalised

from .evaluate import runner
from .parts import Parts
from .report import Answer, System

OnQuery = Callable[[str, int], None]
Run = Callable[[str], Answer]
"""Answers a query's text."""
PAGE = 10


class NothingClicked(JudgmentError):
    """No page got a click, so that nothing can be told about two rankers."""


def on_log(
    parts: Parts,
    index: str,
    systems: Sequence[System],
    *,
    most: int = 2000,
    seed: int = 0,
    on_query: OnQuery | None = None,
) -> dict[System, OffPolicy]:
    """Ask each system the queries of the log, and estimate the clicks that its results would have got.

    Ranks below 10 count as not looked at. The model takes the time that it needs.

    Raises:
        JudgmentError: the log holds no answered query of the catalogue, or says nothing about a system.
        UnknownCatalogue, InvalidQuery, EngineError, EncoderError, RankerError: what the parts raise.
    """
    catalogue = lookup(parts.engine, index)
    log = search_log(parts.engine, index, most=most)
    if not log:
        raise JudgmentError(f"log: no answered query of catalogue {index!r} in ubi_queries")
    theta = examination(parts.settings.examination_eta, PAGE)
    found: dict[System, OffPolicy] = {}
    for name in systems:
        run = runner(parts, catalogue, name, None)
        by_text: dict[str, tuple[str, ...]] = {}
        for number, one in enumerate(log, 1):
            if one.query not in by_text:
                by_text[one.query] = run(one.query).ids
            if on_query is not None:
                on_query(name, number)
        try:
            found[name] = self_normalised(log, {one.query_id: by_text[one.query] for one in log}, theta, seed=seed)
        except ValueError as error:
            raise JudgmentError(f"{name}: {error}") from error
    return found


def interleaved(parts: Parts, index: str, a: System, b: System, *, shoppers: int, days: int, seed: int = 7) -> Duel:
    """Let simulated shoppers use a search whose pages two systems fill in turn; whose results they click on wins.

    Args:
        parts: engine, encoders and ranker.
        index: a catalogue whose products have categories.
        a: one system.
        b: the other.
        shoppers: how many people.
        days: how long.
        seed: the same seed gives the same people, needs and tosses.

    Raises:
        JudgmentError: no product has a category, or nobody clicked.
        UnknownCatalogue, InvalidQuery, EngineError, EncoderError, RankerError: what the parts raise.
    """
    catalogue = lookup(parts.engine, index)
    runs = (runner(parts, catalogue, a, None), runner(parts, catalogue, b, None))
    return duel(parts, index, (a, b), runs, shoppers=shoppers, days=days, seed=seed)


def duel(
    parts: Parts,
    index: str,
    names: tuple[str, str],
    runs: tuple[Run, Run],
    *,
    shoppers: int,
    days: int,
    seed: int,
) -> Duel:
    """As :func:`interleaved`, between any two that answer a query's text.

    Raises:
        NothingClicked: no page got a click.
        JudgmentError: the catalogue holds too little for shoppers to want.
    """
    try:
        market = Market.of(_products(parts.engine, index), seed)
    except ValueError as error:
        raise JudgmentError(f"index: {error}") from error
    lists: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    made: dict[tuple[str, tuple[str, ...]], deque[Page]] = defaultdict(deque)
    toss = Chance(seed, "interleaving", *names)

    def search(text: str) -> Sequence[str]:
        if text not in lists:
            first, second = (tuple(item for item in run(text).ids if item in market.products) for run in runs)
            lists[text] = (first, second)
        page = team_draft(*lists[text], PAGE, lambda: toss.hit(0.5))
        made[text, page.items].append(page)
        return page.items

    seen: dict[str, tuple[str, Page]] = {}
    clicks: dict[str, list[str]] = defaultdict(list)
    for record in simulate(make_shoppers(market, shoppers, seed, bots=0), search, market, seed, days=days):
        document: dict[str, Any] = record.document
        if record.kind == "query":
            # Which of the pages with the same words and items it was makes no odds: a shopper sees no teams.
            page = made[document["user_query"], tuple(document["query_response_hit_ids"])].popleft()
            seen[document["query_id"]] = (document["client_id"], page)
        elif document["action_name"] == "click" and "query_id" in document:
            clicks[document["query_id"]].append(document["event_attributes"]["object"]["object_id"])
    try:
        return judged(((person, page, clicks[name]) for name, (person, page) in seen.items()), seed=seed)
    except ValueError as error:
        raise NothingClicked(str(error)) from error


def _products(engine: Engine, index: str) -> list[dict[str, Any]]:
    body = {"query": {"match_all": {}}, "_source": {"excludes": list(NOT_IN_ANSWERS)}}
    with engine.mapped_errors():
        return [{"id": hit["_id"], **hit["_source"]} for hit in helpers.scan(engine.client, index=index, query=body)]
