"""The private choice of suggestions against a real engine: once a day, with a record, and erasure takes back."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from personal.counters import DAY_MS, Family
from personal.pseudonyms import Pseudonyms
from personal.suggestions.asked import Asked
from personal.suggestions.daily import DailyChoice, spent
from personal.suggestions.private import Budget
from personal.suggestions.store import get, query_id
from plugin.client import ClusterConfig, Engine
from plugin.names import BEHAVIOUR, UBI_QUERIES
from plugin.statedocs import flush, put_many
from service import metrics
from service.suggest import tell_spent

pytestmark = pytest.mark.engine

DAY = 18_700
"""A day of 2021, where no other test types anything."""
TYPED = 4
"""People: enough for the private choice of one query each at epsilon 8, whose threshold is 3 and whose noise moves this
count below it once in 10^7, and fewer than the services of other tests, which fold the same log, suggest by count."""
NOW = (DAY + 1) * DAY_MS + 60 * 60 * 1000


@pytest.fixture
def engine(engine_url: str, sample_index: str) -> Iterator[Engine]:
    with Engine(ClusterConfig(engine_url, timeout_s=60)) as found:
        yield found


def typed(engine: Engine, catalogue: str, text: str, people: range, day: int) -> None:
    stamp = datetime.fromtimestamp((day * DAY_MS + 1000) / 1000, UTC).isoformat()
    documents: list[tuple[str, dict[str, Any]]] = [
        (
            uuid.uuid4().hex,
            {
                "application": catalogue,
                "query_id": uuid.uuid4().hex,
                "client_id": f"person{number}",
                "user_query": text,
                "timestamp": stamp,
            },
        )
        for number in people
    ]
    put_many(engine, UBI_QUERIES, documents)
    flush(engine, UBI_QUERIES)  # what is not on the disk yet is not counted yet


def test_a_day_is_chosen_for_once_and_what_is_erased_stays_away(engine: Engine) -> None:
    catalogue, word = "chosen-" + uuid.uuid4().hex[:8], "w" + uuid.uuid4().hex[:8]
    pseudonyms = Pseudonyms(os.urandom(32))
    family = Family(30.0, pseudonyms.key_id, 1)
    budget = Budget(8.0, queries=1)

    def worker() -> tuple[Asked, DailyChoice]:
        asked = Asked(engine, pseudonyms, family, enough=5, by_count=False)
        return asked, DailyChoice(engine, pseudonyms, family, asked, budget, tell=tell_spent)

    many, few, late = f"{word} many", f"{word} few", f"{word} late"
    typed(engine, catalogue, many, range(TYPED), DAY)
    typed(engine, catalogue, few, range(90, 91), DAY)
    typed(engine, catalogue, late, range(TYPED), DAY + 1)
    asked, choice = worker()
    asked.run()
    names = {text: query_id(catalogue, text) for text in (many, few, late)}
    assert get(engine, list(names.values())) == {}
    assert choice.run(NOW) == 1
    found = get(engine, list(names.values()))
    assert set(found) == {names[many]}
    assert found[names[many]].text == many
    assert abs(found[names[many]].weight - TYPED) <= 2
    records = spent(engine, catalogue)
    assert [(one.day, one.epsilon, one.released) for one in records] == [(DAY, 8.0, 1)]
    assert records[0].delta <= budget.delta
    shown = metrics.exposition()[0].decode()
    assert f'hybridrank_suggestions_epsilon_spent{{catalogue="{catalogue}"}} 8.0' in shown
    assert f'hybridrank_suggestions_days_chosen{{catalogue="{catalogue}"}} 1.0' in shown
    # Neither the same worker nor another one draws again, nor does the log of a day that is over.
    typed(engine, catalogue, few, range(90, 90 + TYPED), DAY)
    assert (choice.run(NOW), worker()[1].run(NOW)) == (0, 0)
    assert get(engine, [names[few]]) == {}
    for number in range(TYPED - 1):
        asked.withdraw(f"person{number}", [(catalogue, many)])
    assert get(engine, [names[many]])[names[many]].gone
    assert worker()[1].run(NOW) == 0
    assert get(engine, [names[many]])[names[many]].gone
    held = engine.search(BEHAVIOUR, {"query": {"term": {"catalogue": catalogue}}, "size": 1000})
    assert word not in str(held)
