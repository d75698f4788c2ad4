"""What federated training brings a shop: alone, together, pooled, and with a shop that poisons the rest.

``python -m benchmarks.federated WINDOWS.jsonl.gz --train 500 --test 300 --shops 5`` in the environment of the
``federated`` extra. ``benchmarks.movie_pairs`` makes windows. Queries are divided among shops by k-means of the vectors
of their texts, so each shop has kinds of queries that the others lack, and shops are of unequal size. The head alone is
trained, on the frozen transformer, for the same number of passes everywhere. nDCG@10 is of test queries of all shops,
with 95 % bootstrap intervals over queries; gains are paired. The poisoned shop sends the opposite of what it learnt,
20-fold, and claims as many windows as count.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from multimodal import load_text_encoder
from ranker.tokens import PairTokenizer
from ranker.training.data import prepare
from ranker.training.federated.local import LocalGrid
from ranker.training.federated.node import Node, Shop
from ranker.training.federated.rounds import federate
from ranker.training.federated.settings import FederatedSettings
from ranker.training.federated.shop import Weights, digest_of, put_weights, weights_of
from ranker.training.finetune import FusedRanker
from ranker.training.measure import tested
from ranker.training.methods import method_of
from ranker.training.records import read_pairs
from ranker.training.settings import FinetuneSettings
from ranker.training.splits import text_of
from ranker.windows import Window, read_windows
from service.settings import Settings
from service.training import PACKAGED_BERT, load_start, start_folder

TIMES = 20.0


class Poisoned(Shop):
    """Undoes what others learn."""

    def fit(self, parameters: Weights, config: dict[str, Any]) -> tuple[Weights, int, dict[str, Any]]:
        """The opposite, many times."""
        learned, _, told = super().fit(parameters, config)
        spoilt = [old - TIMES * (new - old) for old, new in zip(parameters, learned, strict=True)]
        return spoilt, int(config["weight_cap"]), told


def divided(windows: Sequence[Window], shops: int) -> list[list[Window]]:
    """Windows by the kind of their query."""
    encoder = load_text_encoder("all-MiniLM-L6-v2", Settings().home, threads=1)
    vectors = encoder.encode([window.query for window in windows])
    labels = KMeans(shops, n_init=4, random_state=7).fit_predict(np.asarray(vectors))
    return [[window for window, label in zip(windows, labels, strict=True) if label == shop] for shop in range(shops)]


class Judge:
    """Scores weights on test windows, whose pairs are read once."""

    def __init__(self, model: FusedRanker, windows: list[Window], tokenizer: PairTokenizer) -> None:
        self.model, self.windows = model, windows
        examples = prepare(windows, tokenizer, drops=1)
        self._features = [torch.from_numpy(example.features[0]) for example in examples]
        self._vectors = [
            read_pairs(model.network, tokenizer, [(window.query, item.text or "") for item in window.candidates])
            for window in windows
        ]

    def orders(self, weights: Weights) -> list[NDArray[np.floating]]:
        """Logits of all windows."""
        put_weights(self.model, weights)
        self.model.eval()
        with torch.no_grad():
            return [
                self.model.head(vector, torch.ones(len(vector), 1), features).numpy()
                for vector, features in zip(self._vectors, self._features, strict=True)
            ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("windows", type=Path)
    parser.add_argument("--train", type=int, default=500)
    parser.add_argument("--test", type=int, default=300)
    parser.add_argument("--shops", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--head-rate", type=float, default=3e-3)
    given = parser.parse_args()
    started = time.process_time()
    found = {text_of(window): window for window in read_windows(given.windows) if len(set(window.grades)) > 1}
    every = list(found.values())[: given.test + given.train]
    test, training = every[: given.test], every[given.test :]
    parts = divided(training, given.shops)
    settings = FinetuneSettings(
        method="head", epochs=1.0, head_rate=given.head_rate, items_per_window=12, threads=1, validation_share=0.0
    )
    begin = start_folder(PACKAGED_BERT)
    tokenizer = PairTokenizer.of(begin, settings)

    def start() -> tuple[FusedRanker, Callable[[FinetuneSettings], PairTokenizer]]:
        torch.manual_seed(settings.seed)
        return load_start(begin), lambda _: tokenizer

    model = start()[0]
    digest = digest_of(model)
    method_of(model, settings, 1)
    first = weights_of(model)
    judge = Judge(model, test, tokenizer)
    shops = [Shop(f"shop{number}", part, start, secure=False) for number, part in enumerate(parts)]
    print(f"shops of {[len(part) for part in parts]} queries, {len(test)} test queries, load {os.getloadavg()[0]:.0f}")

    def alone(shop: Shop) -> Weights:
        weights = first
        for number in range(1, given.rounds + 1):
            agreed = {"round": number, "rounds": given.rounds, "settings": settings.model_dump_json()}
            weights, _, _ = shop.fit(weights, agreed | {"start": digest, "secure": False, "weight_cap": 1000})
        return weights

    def together(members: Sequence[Shop], rule: str) -> Weights:
        agreed = FederatedSettings(
            shops=len(members), rounds=given.rounds, rule=rule, training=settings, weight_cap=max(map(len, parts))
        )
        grid = LocalGrid({number: Node(number, shop) for number, shop in enumerate(members, 10)})
        return federate(grid, [array.copy() for array in first], agreed, digest).weights

    untrained = judge.orders(first)
    results: dict[str, list[NDArray[np.floating]]] = {}
    for shop in shops:
        results[f"{shop.name} alone, {len(shop.windows)} queries"] = judge.orders(alone(shop))
    results["federated, mean"] = judge.orders(together(shops, "mean"))
    for rule in ("median", "trimmed", "krum"):
        results[f"federated, {rule}"] = judge.orders(together(shops, rule))
    # The bad one takes the place of the shop of middle size; what it had trained on, the rest lacks.
    middle = sorted(range(len(shops)), key=lambda number: len(parts[number]))[len(shops) // 2]
    bad = Poisoned("bad", parts[middle], start, secure=False)
    bad._training = shops[middle]._training
    spoilt = [bad if number == middle else shop for number, shop in enumerate(shops)]
    for rule in ("mean", "median", "trimmed", "krum"):
        results[f"one poisoned, {rule}"] = judge.orders(together(spoilt, rule))
    results["pooled"] = judge.orders(alone(Shop("pooled", training, start, secure=False)))
    table(test, untrained, results)
    print(f"{(time.process_time() - started) / 60:.1f} processor minutes, load {os.getloadavg()[0]:.0f}")


def table(
    test: list[Window], untrained: list[NDArray[np.floating]], results: dict[str, list[NDArray[np.floating]]]
) -> None:
    """Print what came of all."""
    print("| training | nDCG@10 | gain on the untrained | less federated by mean |")
    print("| --- | --- | --- | --- |")
    for name, orders in {"untrained": untrained, **results}.items():
        gain = tested(test, before=untrained, after=orders)
        beside = tested(test, before=results["federated, mean"], after=orders)
        if gain is None or beside is None:
            raise SystemExit("no test query has anything relevant")
        after, one, two = gain.after["ndcg@10"], gain.gain["ndcg@10"], beside.gain["ndcg@10"]
        cells = [f"{after.mean:.4f} ({after.low:.4f} to {after.high:.4f})"]
        cells += [f"{each.mean:+.4f} ({each.low:+.4f} to {each.high:+.4f})" for each in (one, two)]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
