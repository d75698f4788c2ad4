"""A great many events of one person through the real intake: what is stored and remembered, and how quick it stays.

    python -m benchmarks.one_person [--events 1000000] [--index NAME]

Needs OpenSearch with an indexed catalogue. Each batch is stored, counted and taught to the person's profile as
``POST /v1/events`` does it. Somebody else asks for recommendations before, all the while, and afterwards. At the end
everything of the person is erased again. Ctrl-C or SIGTERM ends the sending early; what was sent until then is told.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from personal.event_times import now_ms
from personal.profiles import Held
from personal.visitor import Visitor
from plugin.candidates import gather
from plugin.catalogue import lookup
from plugin.query import SearchRequest
from service.attribution import attributed
from service.demo import stoppable
from service.parts import Parts
from service.recommend import Ask
from service.settings import Settings

BATCH = 1000
READS = 100
ASKS = 40
PAUSE_S = 0.5
ACTIONS = ("click", "view", "add_to_cart", "purchase", "dance")


class Other:
    """Somebody else, who has looked at a few things and asks what goes with one of them."""

    def __init__(self, parts: Parts, items: list[str]) -> None:
        self._parts = parts
        index = parts.settings.index
        self.subject = f"another {uuid.uuid4().hex}"
        self.visitor = Visitor("bench", parts.keystore.obtain("bench", self.subject))
        events = [
            {
                "action_name": "click",
                "event_id": f"{self.subject}-{number}",
                "timestamp": now_ms(),
                "event_attributes": {"object": {"object_id": item}},
            }
            for number, item in enumerate(items[:5])
        ]
        taken = parts.behaviour.intake.take(attributed(events, self.visitor), default=index)
        parts.people.learn(self.visitor, [(event.id, event.document) for event in taken.fresh])
        self._ask = Ask(index, items[0], visitor=self.visitor)

    def ask(self) -> tuple[float, list[str], str | None]:
        """Seconds, ids, and what the answer had to do without."""
        begun = time.perf_counter()
        answer = self._parts.recommend.answer(self._ask)
        return time.perf_counter() - begun, [one.id for one in answer.recommendations], answer.degraded

    @contextmanager
    def asking(self) -> Iterator[list[tuple[float, list[str], str | None]]]:
        """Ask again and again beside what goes on, with a pause between."""
        answers: list[tuple[float, list[str], str | None]] = []
        over = threading.Event()

        def run() -> None:
            while not over.wait(PAUSE_S):
                answers.append(self.ask())

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield answers
        finally:
            over.set()
            thread.join()


def told(name: str, answers: list[tuple[float, list[str], str | None]]) -> None:
    """Print how somebody else was answered."""
    middle, high = 1000 * np.percentile([seconds for seconds, _, _ in answers], [50, 95])
    without = sum(degraded is not None for _, _, degraded in answers)
    print(f"somebody else, {name}: {len(answers)} lists, p50 {middle:.0f} ms, p95 {high:.0f} ms, {without} degraded")


def read(parts: Parts, visitor: Visitor) -> tuple[Held, list[float]]:
    """What is remembered of the person, and how many seconds each of :data:`READS` readings took."""
    took: list[float] = []
    for _ in range(READS):
        begun = time.perf_counter()
        held = parts.people.profiles.read(visitor, parts.settings.index)
        took.append(time.perf_counter() - begun)
    return held, took


def main() -> None:
    """Send, measure, erase."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--index")
    given = parser.parse_args()
    parts = Parts(Settings(**({"index": given.index} if given.index else {})))
    index = parts.settings.index
    hits = gather(parts.engine, lookup(parts.engine, index), SearchRequest(size=1000)).hits
    items = [hit.id for hit in hits]
    subject = f"one person {uuid.uuid4().hex}"
    person = parts.keystore.obtain("bench", subject)
    visitor = Visitor("bench", person)
    dice, rates = random.Random(1), []
    accepted = 0
    other = Other(parts, items)
    before = [other.ask() for _ in range(ASKS)]

    def send(start: int) -> int:
        now = now_ms()
        events = [
            {
                "action_name": dice.choice(ACTIONS),
                "event_id": f"{subject}-{number}",
                "timestamp": now - dice.randrange(90 * 86_400_000),
                "event_attributes": {"object": {"object_id": dice.choice(items)}},
            }
            for number in range(start, min(start + BATCH, given.events))
        ]
        begun = time.perf_counter()
        taken = parts.behaviour.intake.take(attributed(events, visitor), default=index)
        parts.people.learn(visitor, [(event.id, event.document) for event in taken.fresh])
        rates.append(len(events) / (time.perf_counter() - begun))
        return taken.stored + taken.duplicates

    with other.asking() as meanwhile, stoppable():
        try:
            for start in range(0, given.events, BATCH):
                accepted += send(start)
                if len(rates) % 10 == 0:
                    print(f"{accepted} events, {np.median(rates[-10:]):.0f} a second", file=sys.stderr, flush=True)
        except KeyboardInterrupt:
            print("ended early", file=sys.stderr)
    after = [other.ask() for _ in range(ASKS)]
    held, reads = read(parts, visitor)
    load = os.getloadavg()[0]
    tenth = max(1, len(rates) // 10)
    print(f"{os.cpu_count()} cores, load {load:.1f}; {accepted} events over {len(items)} products")
    print(f"remembered {len(held.profile.deeds)} deeds in {len(held.profile.encoded())} bytes before sealing")
    print(f"events a second: first tenth {np.median(rates[:tenth]):.0f}, last tenth {np.median(rates[-tenth:]):.0f}")
    middle, high = 1000 * np.percentile(reads, [50, 99])
    print(f"reading the profile: p50 {middle:.1f} ms, p99 {high:.1f} ms")
    told("before", before[5:])
    told("meanwhile", meanwhile)
    told("afterwards", after)
    begun = time.perf_counter()
    gone = parts.erasure.erase(visitor, subject)
    took = time.perf_counter() - begun
    print(f"erased {gone.events} events, {gone.counters} counters, {gone.records} records in {took:.1f} s")
    parts.erasure.erase(other.visitor, other.subject)
    parts.close()


if __name__ == "__main__":
    main()
