"""What keys and sealed profiles cost: ``python -m benchmarks.profiles [--rounds N]``. No engine is needed.

The keys lie in a file, or in an empty database that ``HYBRIDRANK_KEYSTORE`` names.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from indexer import sample
from personal.affinity import affinities
from personal.envelope import Binding, seal, unseal
from personal.event_times import now_ms
from personal.taste import EMPTY, KEPT_CELLS, KEPT_QUERIES, Action, Taste, facts_of
from service.keystores import open_keystore
from service.settings import Settings

PEOPLE = 2000


def main() -> None:
    """Print the median of each step for a profile that is full."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=500)
    rounds = parser.parse_args().rounds
    products = list(sample.generate(products=1000))
    now = now_ms()
    taste = EMPTY.plus(
        Action("click", product["id"], facts_of(product), f"query number {place}", now - place, str(place))
        for place, product in enumerate(products[: max(KEPT_CELLS, KEPT_QUERIES)])
    )
    window = {product["id"]: product for product in products[:250]}
    binding, key = Binding("shop", "u.1", "products", "profile"), bytes(32)
    sealed = seal(key, taste.encoded(), binding)
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {rounds} rounds; {len(taste.deeds)} deeds remembered"
    )
    print(f"a sealed record has {len(sealed)} bytes")
    with tempfile.TemporaryDirectory() as folder:
        store = open_keystore(Settings(home=Path(folder)))
        print(store)
        people = [store.obtain("shop", f"person {number}") for number in range(PEOPLE)]
        timed("find a person's key", lambda: store.find("shop", "person 7"), rounds)
        timed("count a use", lambda: store.spend(people[7]), rounds)
        timed("encode and encrypt", lambda: seal(key, taste.encoded(), binding), rounds)
        timed("decrypt and decode", lambda: Taste.decoded(unseal(key, sealed, binding)), rounds)
        timed("affinities of 250", lambda: affinities(taste, window, now_ms=now), rounds)
        begun = time.perf_counter()
        done = store.rotate()
        took = time.perf_counter() - begun
        print(f"rotate {done.rewrapped} keys: {took:.2f} s, {done.rewrapped / took:.0f} keys a second")
        store.close()


def timed(name: str, step: Callable[[], object], rounds: int) -> None:
    """Time a step: what it takes of the clock, and of a processor, which others on the machine do not change."""
    wall, used = [], []
    for _ in range(rounds):
        begun, before = time.perf_counter(), time.process_time()
        step()
        used.append(time.process_time() - before)
        wall.append(time.perf_counter() - begun)
    clock, processor = 1e3 * statistics.median(wall), 1e3 * statistics.median(used)
    print(f"{name:22} p50 {clock:.2f} ms, of it {processor:.2f} ms of a processor")


if __name__ == "__main__":
    main()
