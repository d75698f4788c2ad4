"""Suggestions beside popularity order and OpenSearch's completion suggester: reciprocal rank, personal gain, latency.

``python -m benchmarks.suggest --queries FILE... [--shoppers N] [--rounds N]``; OPENSEARCH_URL is an engine on which
hybridrank is installed. FILE is a CSV with a column ``query_string`` or ``query``. The popularity of its queries is
drawn (Zipf): the files have none. Shoppers are simulated on the sample catalogue. What is written is deleted again.
What is typed without a slip, from the first letter on, ``hybridrank evaluate --system suggest`` measures.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from indexer import sample
from personal.event_times import now_ms
from personal.profiles import Held
from personal.shoppers import LexicalSearch, Market, make_shoppers, simulate
from personal.subject import Subject
from personal.suggestions.asked import suggestible
from personal.suggestions.book import Book, Entry
from personal.suggestions.phrases import catalogue_entries, facets_of, shared_facets
from personal.suggestions.store import Record, put, query_id
from personal.suggestions.suggester import Suggester, _best_of_each, _Shelf
from personal.taste import EMPTY, Action, Taste, facts_of
from plugin.catalogue import create_generation, delete_index, publish
from plugin.client import Engine
from service.app import create_app
from service.completion import Completion, completing
from service.engine import engine_from
from service.evaluate_suggest import SIZE, Typing, reciprocal, suggesting, typing_of
from service.persons import mint
from service.settings import Settings

from .rows import Row, quantile

TYPED = (1, 3, 5)
ENOUGH = 5
INDEX = "suggest-bench"
HALF_LIFE_DAYS = 30.0
STANDS_FOR = "related.related"

System = Callable[[str], Sequence[str]]


def main() -> None:
    """Print every figure with its number of queries and its 95 % interval."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=Path, nargs="+", required=True)
    parser.add_argument("--tests", type=int, default=1000)
    parser.add_argument("--shoppers", type=int, default=400, help="0 leaves them out")
    parser.add_argument("--rounds", type=int, default=500)
    given = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    texts = sorted({text for file in given.queries for text in read(file)})
    with engine_from(Settings()) as engine, cleaned(engine):
        typing = typing_of(texts, enough=ENOUGH, most=given.tests)
        misspelt(engine, typing)
        latency(engine, typing.known, given.rounds)
    if given.shoppers:
        shopping(given.shoppers)


def read(file: Path) -> Iterator[str]:
    """The queries of a CSV, in lower case."""
    with file.open(newline="", encoding="utf-8") as stream:
        head = stream.readline()
        stream.seek(0)
        for row in csv.DictReader(stream, delimiter="\t" if "\t" in head else ","):
            text = suggestible(row.get("query_string") or row.get("query"))
            if text is not None:
                yield text


@contextmanager
def cleaned(engine: Engine) -> Iterator[None]:
    """A catalogue without products, deleted afterwards."""
    index = create_generation(engine, INDEX, text_encoder=None)
    publish(engine, index)
    try:
        yield
    finally:
        delete_index(engine, index)


def misspelt(engine: Engine, typing: Typing) -> None:
    """Typed with a slip, or from the last word on; ``hybridrank evaluate`` measures what is typed without."""
    dice, known, targets = random.Random(7), typing.known, typing.wanted
    by_count = sorted(known, key=lambda text: (-known[text], text))
    with completing(engine) as completion, suggesting(engine, known, HALF_LIFE_DAYS) as ours:
        completion.fill(known)
        systems: dict[str, System] = {
            "popularity order": lambda start: [text for text in by_count if text.startswith(start)][:SIZE],
            "completion suggester": lambda start: completion.suggest(start, SIZE),
            "hybridrank": ours,
        }
        print(f"\n{typing.texts} texts, {len(known)} typed by {ENOUGH} or more; reciprocal rank at {SIZE}")
        slips = [(slipped(text, dice), text) for text in targets if len(text) >= 6]
        show("after 6, two letters swapped", systems, slips)
        later = [(words[-1][:5], text) for text in targets if len(words := text.split()) > 1 and len(words[-1]) >= 3]
        show("after 5 of the last word", systems, later)


def slipped(text: str, dice: random.Random) -> str:
    """The first six letters with two neighbours swapped, not the first one."""
    place = dice.randrange(1, 5)
    start = text[:6]
    return start[:place] + start[place + 1] + start[place] + start[place + 2 :]


def show(name: str, systems: Mapping[str, System], cases: Sequence[tuple[str, str]]) -> None:
    """One line a system."""
    for system, suggest in systems.items():
        offered: dict[str, Sequence[str]] = {}
        ranks = []
        for typed, wanted in cases:
            if typed not in offered:
                offered[typed] = suggest(typed)
            ranks.append(reciprocal(offered[typed], wanted))
        print(f"{name:30} {system:22} {interval(ranks)} ({len(ranks)})")


def interval(values: Sequence[float], draws: int = 1000) -> str:
    """Mean and its 95 % bootstrap interval."""
    dice = random.Random(1)
    means = sorted(statistics.fmean(dice.choices(values, k=len(values))) for _ in range(draws))
    return f"{statistics.fmean(values):.3f} [{means[int(0.025 * draws)]:.3f}, {means[int(0.975 * draws)]:.3f}]"


def book_of(entries: Sequence[Entry]) -> Suggester:
    """A suggester over these, without an engine."""
    found = Suggester(None, 30.0)  # type: ignore[arg-type]  # it never asks
    found._shelves[INDEX] = _Shelf(book=Book(_best_of_each(entries)), stale=False, loaded=True)
    return found


def shopping(count: int) -> None:
    """Shoppers with tastes: three weeks to learn from, a fourth in which each query is typed into the box."""
    products = {str(product["id"]): product for product in sample.generate(products=1000)}
    market, search = Market.of(products.values()), LexicalSearch(products.values())
    records = list(
        simulate(make_shoppers(market, count, seed=11, bots=0), search, market, 11, days=28, phrases=sample.phrases())
    )
    first, split = records[0].timestamp, records[0].document["timestamp"][:8] + "24"
    people: dict[str, set[str]] = {}
    for record in records:
        text = suggestible(record.document.get("user_query"))
        if record.kind == "query" and record.timestamp < split and text is not None:
            people.setdefault(text, set()).add(record.document["client_id"])
    now = now_ms()
    known = {text: float(len(who)) for text, who in people.items() if len(who) >= ENOUGH}
    entries = [Record("", text, "query", weight, now, about(products, search, text)) for text, weight in known.items()]
    phrases = catalogue_entries(products.values)
    ours = book_of([*(record.entry(now, 30.0) for record in entries), *phrases])
    by_count = sorted(known, key=lambda text: (-known[text], text))
    age = now - milliseconds(records[-1].timestamp)  # as if the last visit were now
    cases: list[tuple[str, str, Taste]] = []
    tastes: dict[str, Taste] = {}
    for record in records:
        document = record.document
        who, at = str(document["client_id"]), milliseconds(record.timestamp) + age
        text = suggestible(document.get("user_query"))
        if record.kind == "query":
            if record.timestamp >= split and text is not None:
                cases.append((who, text, tastes.get(who, EMPTY)))
            action = Action("", None, None, text or "", at, "")
        else:
            item = str(document["event_attributes"]["object"]["object_id"])
            action = Action(document["action_name"], item, facts_of(products[item]), "", at, document["event_id"])
        tastes[who] = tastes.get(who, EMPTY).plus([action])
    print(f"\n{count} shoppers from {first[:10]}, {len(known)} queries of {ENOUGH} or more, {len(phrases)} phrases;")
    print(f"{len(cases)} queries typed in the last week; gains are paired and resampled by shopper")

    def popular(typed: str, _: Taste) -> list[str]:
        return [text for text in by_count if text.startswith(typed)][:SIZE]

    def anybody(typed: str, _: Taste) -> list[str]:
        return [one.text for one in ours.suggest(INDEX, typed, SIZE)]

    def by_taste(typed: str, taste: Taste) -> list[str]:
        return [one.text for one in ours.suggest(INDEX, typed, SIZE, Held(Taste(taste.deeds, taste.facts)))]

    def personal(typed: str, taste: Taste) -> list[str]:
        return [one.text for one in ours.suggest(INDEX, typed, SIZE, Held(taste))]

    systems = {"popularity order": popular, "for anybody": anybody, "by taste": by_taste, "taste and history": personal}
    for length in TYPED:
        ranks: dict[str, list[float]] = {}
        for name, system in systems.items():
            ranks[name] = [reciprocal(system(text[:length], taste), text) for _, text, taste in cases]
            print(f"after {length}  {name:20} {interval(ranks[name])} ({len(cases)})")
        for name in ("by taste", "taste and history"):
            gains: dict[str, list[float]] = {}
            for (who, _, _), one, base in zip(cases, ranks[name], ranks["for anybody"], strict=True):
                gains.setdefault(who, []).append(one - base)
            print(f"after {length}  gain of {name:12} {clustered(list(gains.values()))} ({len(gains)} shoppers)")
    orders(ours, tastes)


def orders(ours: Suggester, tastes: Mapping[str, Taste]) -> None:
    """How often two shoppers get different lists for the same letters."""
    dice = random.Random(5)
    known = [taste for taste in tastes.values() if len(taste.facts) >= 3]
    differ = []
    for _ in range(500):
        one, other = dice.sample(known, 2)
        typed = dice.choice("bcdfghlmprstw")
        lists = [
            [found.text for found in ours.suggest(INDEX, typed, SIZE, Held(Taste(who.deeds, who.facts)))]
            for who in (one, other)
        ]
        differ.append(float(lists[0] != lists[1]))
    print(f"two shoppers, one letter: another order in {interval(differ)} of cases ({len(differ)})")


def clustered(groups: Sequence[Sequence[float]], draws: int = 1000) -> str:
    """The mean over all values with a 95 % interval by resampling whole groups."""
    dice = random.Random(1)
    means = []
    for _ in range(draws):
        drawn = [value for group in dice.choices(groups, k=len(groups)) for value in group]
        means.append(statistics.fmean(drawn))
    means.sort()
    mean = statistics.fmean([value for group in groups for value in group])
    return f"{mean:+.3f} [{means[int(0.025 * draws)]:+.3f}, {means[int(0.975 * draws)]:+.3f}]"


def about(products: Mapping[str, Mapping[str, Any]], search: LexicalSearch, text: str) -> dict[str, str]:
    """What most of the best products of a query share."""
    found = search(text)[:20]
    counts: dict[str, Counter[str]] = {}
    for item in found:
        for facet, value in facets_of(products[item]).items():
            counts.setdefault(facet, Counter())[value] += 1
    return shared_facets(counts, len(found))


def milliseconds(timestamp: str) -> int:
    """Epoch milliseconds of an ISO 8601 time."""
    return int(datetime.fromisoformat(timestamp).timestamp() * 1000)


def row(rounds: int) -> Row:
    """The page's row: medians of each round in milliseconds, the phrases of the sample catalogue in both."""
    dice = random.Random(7)
    weights = {text: float(ENOUGH + dice.randrange(100)) for text in sorted({*chain(*sample.phrases().values())})}
    with engine_from(Settings()) as engine, cleaned(engine), filled(engine, weights) as completion:
        times = [answered(completion, 20) for _ in range(rounds)]
    values = {name: [1000 * statistics.median(one[name]) for one in times] for name in times[0]}
    beside, anybody, known = values
    return Row(
        "suggest",
        "ms",
        {beside: values[beside], f"/v1/suggest, {known}": values[known], f"/v1/suggest, {anybody}": values[anybody]},
        f"{len(weights)} texts, through one Flask application",
    )


@contextmanager
def filled(engine: Engine, weights: Mapping[str, float]) -> Iterator[Completion]:
    """The same texts in the catalogue's suggestions and in a completion suggester."""
    now = now_ms()
    put(engine, INDEX, [Record(query_id(INDEX, text), text, "query", one, now, {}) for text, one in weights.items()])
    with completing(engine) as completion:
        completion.fill(weights)
        yield completion


def answered(completion: Completion, rounds: int) -> dict[str, list[float]]:
    """Seconds of the endpoint and of the completion suggester behind the same Flask application, in turn."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder), index=INDEX)
        application = create_app(settings, demo=True)
        # In the place of another endpoint, so that the same guard and measurements stand before it.
        application.view_functions[STANDS_FOR] = lambda: {"suggestions": completion.suggest(_typed(), SIZE)}
        token = mint(settings.person_keys_path, Subject("default", "somebody"), make_key=True)
        client = application.test_client()
        local = {"Host": "127.0.0.1"}
        known = {**local, "X-Hybridrank-Person": token}
        for number in range(30):
            body = {"query": f"word {number}", "index": INDEX, "size": 1}
            assert client.post("/v1/search", json=body, headers=known).status_code == 200
        starts = ["s", "sh", "wat", "blue", "chai", "kitch", "coffe t", "outdoor ", "for men", "xbox"]
        times: dict[str, list[float]] = {"completion suggester": [], "for anybody": [], "for a known person": []}
        for number in range(rounds + 20):
            typed = starts[number % len(starts)]
            for name, path, headers in (
                ("completion suggester", "/v1/related", local),
                ("for anybody", "/v1/suggest", local),
                ("for a known person", "/v1/suggest", known),
            ):
                begun = time.perf_counter()
                answer = client.get(path, query_string={"q": typed}, headers=headers)
                if number >= 20:
                    times[name].append(time.perf_counter() - begun)
                assert answer.status_code == 200, answer.text
        application.extensions["hybridrank"].close()
    return times


def latency(engine: Engine, weights: Mapping[str, float], rounds: int) -> None:
    """Print what :func:`answered` measures."""
    with filled(engine, weights) as completion:
        times = answered(completion, rounds)
    base = quantile(times["completion suggester"], 0.99)
    print(f"\n{rounds} calls each through one Flask application, interleaved")
    for name, values in times.items():
        p50, p99 = quantile(values, 0.5), quantile(values, 0.99)
        ratio = statistics.median(values) / statistics.median(times["completion suggester"])
        print(
            f"{name:22} p50 {1000 * p50:6.1f} ms  p99 {1000 * p99:6.1f} ms; ratio p50 {ratio:.2f}, p99 {p99 / base:.2f}"
        )


def _typed() -> str:
    from flask import request

    return request.args.get("q", "")


if __name__ == "__main__":
    main()
