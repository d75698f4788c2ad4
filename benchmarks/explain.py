"""Do the words that are said to matter matter? Measured by leaving them out.

    OPENSEARCH_URL=... python -m benchmarks.explain --index esci --queries queries.tsv [--limit 95] [--place 0]

Of each query the result at a place is explained by words. Then its k most important words (of query and title together)
are left out and the change of its value (logits, before rules) is compared with that for k random words, the mean of
20 draws. And, as a search would have it: the query's most important word is left out of the query, everything is
searched and ranked anew, and the change of the product's value is compared with the mean over the query's words.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from ranker.explain.signals import UNREAD, explained
from ranker.explain.words import QUERY, WordGame, explained_words, without
from ranker.significance import chance_of, estimates
from service.explain.results import heard
from service.explain.scene import Scene, scene_of
from service.parts import Parts
from service.schemas.search import SearchBody
from service.settings import Settings

DRAWS = 20
COUNTS = (1, 2, 3)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", default="products")
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=95)
    parser.add_argument("--place", type=int, default=0)
    parser.add_argument("--passes", type=int, default=200)
    chosen = parser.parse_args()
    parts = Parts(Settings(index=chosen.index))
    texts = [line.split("\t")[1] for line in chosen.queries.read_text("utf-8").splitlines()][: chosen.limit]
    removed: dict[int, list[tuple[float, float, float, float]]] = {count: [] for count in COUNTS}
    searched: list[tuple[float, float]] = []
    for number, text in enumerate(texts):
        scene = scene_of(parts, SearchBody(query=text, index=chosen.index))
        if len(scene.workings.ranking.items) <= chosen.place or scene.workings.ranking.model == "first_stage":
            continue
        position = scene.workings.ranking.items[chosen.place].position
        _one(parts, scene, position, np.random.default_rng(number), chosen.passes, removed, searched)
    _print(removed, searched)


def _one(  # noqa: PLR0917 - one step of the loop
    parts: Parts,
    scene: Scene,
    position: int,
    rng: np.random.Generator,
    passes: int,
    removed: dict[int, list[tuple[float, float, float, float]]],
    searched: list[tuple[float, float]],
) -> None:
    item = scene.candidates[position].id
    query = scene.question.request.text or ""
    ask = heard(parts, scene, item)
    window = (parts.ranker, query, scene.candidates, scene.workings, position)
    found = explained_words(*window, heard=ask, passes=passes)
    game = WordGame(*window, heard=ask)
    players = len(game.words)
    if players < 4:
        return
    largest = np.argsort(-np.abs(found.contributions))
    highest = np.argsort(-found.contributions)
    for count in COUNTS:
        rows = [np.ones(players, bool), _less(players, largest[:count]), _less(players, highest[:count])]
        rows += [_less(players, rng.permutation(players)[:count]) for _ in range(DRAWS)]
        values = game(np.stack(rows))
        change = values[0] - values[1:]
        removed[count].append((abs(change[0]), float(np.abs(change[2:]).mean()), change[1], float(change[2:].mean())))
    words = [number for number, word in enumerate(game.words) if word.where == QUERY]
    if len(words) > 1:
        before = _value(parts, scene, item)
        changes = {}
        for number in words:
            word = game.words[number]
            shorter = scene.body.model_copy(update={"query": without(query, [(word.start, word.end)])})
            other = scene_of(parts, shorter)
            if item not in {candidate.id for candidate in other.candidates}:
                return
            changes[number] = abs(before - _value(parts, other, item))
        top = max(words, key=lambda number: abs(found.contributions[number]))
        searched.append((changes[top], float(np.mean(list(changes.values())))))


def _value(parts: Parts, scene: Scene, item: str) -> float:
    position = next(number for number, candidate in enumerate(scene.candidates) if candidate.id == item)
    whole = explained(parts.ranker, scene.candidates, scene.workings, position)
    return whole.value - whole.parts.get(UNREAD, 0.0)


def _less(players: int, gone: np.ndarray) -> np.ndarray:
    row = np.ones(players, bool)
    row[gone] = False
    return row


def _print(removed: dict[int, list[tuple[float, float, float, float]]], searched: list[tuple[float, float]]) -> None:
    for count, rows in removed.items():
        table = np.array(rows)
        for name, said, random in (("change", 0, 1), ("fall", 2, 3)):
            (difference,) = estimates((table[:, said] - table[:, random])[:, None])
            p = chance_of(table[:, said] - table[:, random])
            print(
                f"{count} words, {name}: said {table[:, said].mean():.3f}, random {table[:, random].mean():.3f}, "
                f"difference {difference.mean:+.3f} ({difference.low:+.3f} to {difference.high:+.3f}), p {p:.4f}, "
                f"queries {len(table)}"
            )
    table = np.array(searched)
    (difference,) = estimates((table[:, 0] - table[:, 1])[:, None])
    print(
        f"searched anew without one word: said {table[:, 0].mean():.3f}, mean of the words {table[:, 1].mean():.3f}, "
        f"difference {difference.mean:+.3f} ({difference.low:+.3f} to {difference.high:+.3f}), "
        f"p {chance_of(table[:, 0] - table[:, 1]):.4f}, queries {len(table)}"
    )


if __name__ == "__main__":
    main()
