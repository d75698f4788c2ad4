"""A great many events of one person through the real intake: what is stored and remembered, and how quick it stays.

    python -m benchmarks.one_person [--events 1000000] [--index NAME]

Needs OpenSearch with an indexed catalogue. Each batch is stored, counted and taught to the person's profile as
``POST /v1/events`` does it. Afterwards everything of the person is erased again.
"""

from __future__ import annotations

import argparse
import os
import random
import time
import uuid

import numpy as np

from personal.event_times import now_ms
from personal.visitor import Visitor
from plugin.candidates import gather
from plugin.catalogue import lookup
from plugin.query import SearchRequest
from service.attribution import attributed
from service.parts import Parts
from service.settings import Settings

BATCH = 1000
READS = 100
ACTIONS = ("click", "view", "add_to_cart", "purchase", "dance")


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
    dice, rates, reads, sizes = random.Random(1), [], [], []
    accepted = 0
    for start in range(0, given.events, BATCH):
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
        accepted += taken.stored + taken.duplicates
    for _ in range(READS):
        begun = time.perf_counter()
        held = parts.people.profiles.read(visitor, index)
        reads.append(time.perf_counter() - begun)
    sizes = [len(held.profile.deeds), len(held.profile.encoded())]
    tenth = max(1, len(rates) // 10)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {given.events} events over {len(items)} products")
    print(f"accepted {accepted}; remembered {sizes[0]} deeds in {sizes[1]} bytes before sealing")
    print(f"events a second: first tenth {np.median(rates[:tenth]):.0f}, last tenth {np.median(rates[-tenth:]):.0f}")
    middle, high = 1000 * np.percentile(reads, [50, 99])
    print(f"reading the profile: p50 {middle:.1f} ms, p99 {high:.1f} ms")
    begun = time.perf_counter()
    gone = parts.erasure.erase(visitor, subject)
    took = time.perf_counter() - begun
    print(f"erased {gone.events} events, {gone.counters} counters, {gone.records} records in {took:.1f} s")
    parts.close()


if __name__ == "__main__":
    main()
