"""What may be told of queries: how many a private choice still suggests, and what digests of queries give away.

``python -m benchmarks.private_queries release FILE...`` beside the plain rule of five people;
``python -m benchmarks.private_queries attack FILE...`` guesses queries behind digests by their frequency. FILE is a CSV
with a column ``query_string`` or ``query``; how popular its queries are is drawn (Zipf), for the files have no
frequencies. Intervals are the 2.5th and 97.5th percentile over draws of who types what. No engine is needed.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from personal.suggestions.asked import suggestible
from personal.suggestions.private import Budget, counted, released

from .suggest import read

ENOUGH = 5
PER_DAY = 2.0
"""Queries that a person types on a day, on average: one, and a Poisson number more."""


def main() -> None:
    """Print the table that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["release", "attack"])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--people", nargs="+", type=int, default=[1000, 10_000, 100_000])
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--exponent", type=float, default=1.0)
    given = parser.parse_args()
    texts = sorted({text for file in given.files for one in read(file) if (text := suggestible(one)) is not None})
    started = time.process_time()
    print(f"{len(texts)} queries, Zipf {given.exponent:g}, {given.draws} draws, load {os.getloadavg()[0]:.0f}")
    table = release if given.what == "release" else attack
    for people in given.people:
        table(texts, people, given.exponent, given.draws)
    print(f"{(time.process_time() - started) / 60:.1f} processor minutes")


def popularity(count: int, exponent: float, random: np.random.Generator) -> NDArray[np.float64]:
    """Of each query, in an order that says nothing of it."""
    shares = 1.0 / np.arange(1, count + 1) ** exponent
    shown: NDArray[np.float64] = random.permutation(shares / shares.sum())
    return shown


def day(shares: NDArray[np.float64], people: int, random: np.random.Generator) -> list[tuple[str, str]]:
    """Who types what on a day, queries by their number."""
    sizes = 1 + random.poisson(PER_DAY - 1, people)
    drawn = random.choice(len(shares), int(sizes.sum()), p=shares)
    who = np.repeat(np.arange(people), sizes)
    return [(str(person), str(query)) for person, query in zip(who.tolist(), drawn.tolist(), strict=True)]


def release(texts: Sequence[str], people: int, exponent: float, draws: int) -> None:
    """One day: what share of the plain rule's queries, and of all that is typed, the private choice covers."""
    rows: dict[str, list[tuple[float, float, float]]] = {}
    for draw in range(draws):
        random = np.random.default_rng([draw, people])
        typed = day(popularity(len(texts), exponent, random), people, random)
        whole = counted(typed, Budget(1.0, queries=10**6), b"")
        plain = {query for query, count in whole.items() if count >= ENOUGH}
        volume = sum(whole.values())
        choices: dict[str, set[str]] = {"five people": plain}
        for epsilon in (1.0, 3.0, 8.0):
            budget = Budget(epsilon)
            found = released(counted(typed, budget, b"s"), budget)
            choices[f"epsilon {epsilon:g}, threshold {budget.threshold()}"] = set(found)
        for name, chosen in choices.items():
            covered = sum(whole[query] for query in chosen if query in whole) / volume
            kept = len(chosen & plain) / max(len(plain), 1)
            rows.setdefault(name, []).append((float(len(chosen)), kept, covered))
    for name, found_rows in rows.items():
        size, kept_share, share = zip(*found_rows, strict=True)
        print(f"| {people:,} | {name} | {shown(size, '.0f')} | {shown(kept_share, '.1%')} | {shown(share, '.1%')} |")


def attack(texts: Sequence[str], people: int, exponent: float, draws: int) -> None:
    """Digests by how many people typed them, against another shop's frequencies of the same queries, by rank."""
    lengths: list[int | None] = [None, 16, 14, 12, 10, 8]
    rows: dict[int | None, list[tuple[float, float, float, float]]] = {length: [] for length in lengths}
    for draw in range(draws):
        random = np.random.default_rng([draw, people, 1])
        shares = popularity(len(texts), exponent, random)
        held, public = (_people(day(shares, people, random), len(texts)) for _ in range(2))
        typed = np.flatnonzero(held)
        for length in lengths:
            bucket = np.arange(len(texts)) if length is None else random.integers(0, 2**length, len(texts))
            rows[length].append(_guessed(held, public, typed, bucket, random))
    for length, found in rows.items():
        queries, volume, collided, passed = zip(*found, strict=True)
        name = "whole" if length is None else f"{length} bits"
        cells = [shown(queries, ".1%"), shown(volume, ".1%"), shown(collided, ".1%"), shown(passed, ".1%")]
        print(f"| {people:,} | {name} | {' | '.join(cells)} |")


def _guessed(
    held: NDArray[np.int64],
    public: NDArray[np.int64],
    typed: NDArray[np.int64],
    bucket: NDArray[np.int64],
    random: np.random.Generator,
) -> tuple[float, float, float, float]:
    """Shares: of queries recognised; of what was typed; of queries whose count is mixed with another's; of queries of
    too few people that would pass for enough."""
    _, place = np.unique(bucket[typed], return_inverse=True)
    sums = np.bincount(place, weights=held[typed])
    order = np.lexsort((random.random(len(sums)), -sums))
    guess = np.lexsort((random.random(len(public)), -public))[: len(sums)]
    of_bucket = np.empty(len(sums), np.int64)
    of_bucket[order[: len(guess)]] = guess
    right = of_bucket[place] == typed
    alone = np.bincount(place)[place] == 1
    few = held[typed] < ENOUGH
    passed = few & (sums[place] >= ENOUGH)
    weight = held[typed]
    return (
        float(right.mean()),
        float(weight[right].sum() / weight.sum()),
        float(1 - alone.mean()),
        float(passed.sum() / max(few.sum(), 1)),
    )


def _people(typed: Sequence[tuple[str, str]], count: int) -> NDArray[np.int64]:
    found = np.zeros(count, np.int64)
    for _, query in set(typed):
        found[int(query)] += 1
    return found


def shown(values: Sequence[float], form: str) -> str:
    """Mean with the interval over draws."""
    cut: Callable[[float], float] = lambda part: float(np.quantile(values, part))  # noqa: E731
    return f"{np.mean(values):{form}} ({cut(0.025):{form}} to {cut(0.975):{form}})"


if __name__ == "__main__":
    main()
