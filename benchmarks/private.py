"""What privacy costs the head, and how well its bound holds: on simulated people, minutes of one core.

    python -m benchmarks.private cost [--people 20000] [--epsilons 1 3 8] [--out cost.json]
    python -m benchmarks.private audit [--people 2000] [--planted 1000] [--epsilons 1 3] [--out audit.json]

``cost``: shoppers look for kinds of product of the sample catalogue and click, by place and by what they like: what is
popular and well priced, hidden from the untrained head, and their own taste. Clicks of at most three queries are one
person's sample. nDCG@10 is measured on queries that nobody of them typed, graded by how attractive each product is to
shoppers on average, a mean over private runs; intervals are over queries, differences paired.

``audit``: each planted person is in the training data by a coin of their own, with a record that nobody else has; an
attacker who sees only the head before and after guesses whose coin fell how. See :mod:`benchmarks.one_run_audit`.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from indexer.sample import generate
from personal.shoppers import LexicalSearch, Market
from personal.shoppers.market import kind
from plugin.document import passage
from ranker.asked import read
from ranker.candidate import Candidate
from ranker.metrics import ndcg
from ranker.signals import features
from ranker.significance import estimates
from ranker.tokens import PairTokenizer
from ranker.training.accounting import noise_for, spent
from ranker.training.head import Head
from ranker.training.losses import TOP_GRADE
from ranker.training.private import PrivateSettings, Records, noisy_steps
from ranker.training.records import read_pairs
from ranker.training.settings import FinetuneSettings
from service.training import PACKAGED_BERT, load_start, start_folder

from .one_run_audit import lower_bound

CAP, PLACES, SHOWN = 3, 16, 8
DELTA = 1e-6
NO_CLIP = 1e6
LOUD = 60.0
"""How far a planted record lies from zero: its gradient is longer than the limit and nearly all its own."""
DEFAULTS: dict[str, dict[str, Any]] = {
    "cost": {"people": 20_000, "queries": 160, "epochs": 3.0, "head_rate": 0.003, "epsilons": [1.0, 3.0, 8.0]},
    "audit": {"people": 2_000, "queries": 30, "epochs": 10.0, "head_rate": 0.01, "epsilons": [1.0, 3.0]},
}


@dataclass(frozen=True, slots=True)
class Shop:
    """Queries with what is found for them.

    Attributes:
        vectors, features: of all pairs.
        rows: int64 (queries, PLACES), into them; only full windows are kept.
        attraction: float64 (queries, PLACES), of what everybody likes, in logits.
        loves: float64 (queries, PLACES, styles), 1 where an item has a thing that somebody may like.
        held_out: queries that nobody types.
    """

    vectors: torch.Tensor
    features: torch.Tensor
    rows: NDArray[np.int64]
    attraction: NDArray[np.float64]
    loves: NDArray[np.float64]
    held_out: NDArray[np.int64]


def shop(products: int, queries: int, seed: int) -> tuple[Shop, Head]:
    """The sample catalogue as queries, and a head that has learnt nothing."""
    catalogue = {str(product["id"]): product for product in generate(7, products)}
    market = Market.of(catalogue.values(), seed)
    search = LexicalSearch(catalogue.values(), PLACES)
    colours = sorted({str(product["color"]) for product in catalogue.values() if product.get("color")})
    texts = sorted({kind(product).lower() for product in catalogue.values()})
    texts += sorted({f"{product['color']} {kind(product).lower()}" for product in catalogue.values()})
    dice = np.random.default_rng(seed)
    folder = start_folder(PACKAGED_BERT)
    model = load_start(folder)
    pairs: list[tuple[str, str]] = []
    matrices: list[NDArray[np.float32]] = []
    attraction, loves = [], []
    for text in dice.permutation(texts).tolist():
        if len(matrices) == queries:
            break
        scores = search.scores(text)
        found = search(text)
        if len(found) < PLACES:
            continue
        items = [
            Candidate(
                item,
                passage(catalogue[item]),
                {
                    "bm25": scores[item],
                    "popularity": 10 * market.popularity[item],
                    **({"price": float(catalogue[item]["price"])} if catalogue[item].get("price") else {}),
                },
            )
            for item in found
        ]
        matrices.append(features(text, items))
        pairs += [(read(text).wanted, item.text or "") for item in items]
        own = [catalogue[item] for item in found]
        same = np.array([kind(product).lower() in text for product in own], float)
        colour = np.array([str(product.get("color")) in text.split() for product in own], float)
        level = np.array([market.price_level(product) or 0.0 for product in own])
        popular = np.array([market.popularity[item] for item in found])
        attraction.append(-3.0 + 2.0 * same + 1.0 * colour + 1.5 * popular - 1.5 * level)
        loves.append([[float(product.get("color") == name) for name in colours] for product in own])
    tokenizer = PairTokenizer(folder / "tokenizer.json", query_tokens=24, passage_tokens=64)
    count = len(matrices)
    return (
        Shop(
            read_pairs(model.network, tokenizer, pairs),
            torch.from_numpy(np.concatenate(matrices)),
            np.arange(count * PLACES).reshape(count, PLACES),
            np.array(attraction),
            np.array(loves),
            np.sort(dice.permutation(count)[: count * 2 // 5]),
        ),
        model.head,
    )


def people(place: Shop, count: int, seed: int) -> Records:
    """Clicks of simulated shoppers, all at once."""
    dice = np.random.default_rng(seed)
    typed = np.setdiff1d(np.arange(len(place.rows)), place.held_out)
    asked = typed[dice.integers(0, len(typed), (count, CAP))]
    there = np.arange(CAP) < 1 + dice.integers(0, CAP, count)[:, None]
    taste = dice.normal(0, 1.0, (count, place.loves.shape[2]))
    liking = place.attraction[asked] + np.einsum("ncps,ns->ncp", place.loves[asked], taste)
    order = np.argsort(dice.random((count, CAP, PLACES)), -1)[..., :SHOWN]
    liking = np.take_along_axis(liking, order, -1)
    looked = dice.random(liking.shape) < np.arange(1, SHOWN + 1) ** -0.8
    clicked = looked & (dice.random(liking.shape) < 1 / (1 + np.exp(-liking)))
    weights = np.broadcast_to(there[..., None], clicked.shape).astype(np.float32)
    rows = np.take_along_axis(place.rows[asked], order, -1)
    return Records(
        place.vectors,
        place.features,
        torch.from_numpy(rows),
        torch.from_numpy(TOP_GRADE * clicked.astype(np.float32)),
        torch.from_numpy(weights.copy()),
    )


def quality(head: Head, place: Shop) -> NDArray[np.float64]:
    """nDCG@10 of each held-out query; grades are quarters of the order of true attraction."""
    found = []
    for query in place.held_out:
        rows = torch.from_numpy(place.rows[query])
        with torch.no_grad():
            scores = head(place.vectors[rows], torch.ones(PLACES, 1), place.features[rows]).numpy()
        standing = np.argsort(np.argsort(place.attraction[query])) * 4 // PLACES
        grades = {f"{item:02d}": int(grade) for item, grade in enumerate(standing)}
        found.append(ndcg([f"{item:02d}" for item in np.argsort(-scores, kind="stable")], grades))
    return np.array(found)


def settings_of(given: argparse.Namespace, **others: Any) -> FinetuneSettings:
    """What every run of one command shares."""
    return FinetuneSettings(method="head", head_rate=given.head_rate, threads=1, **others)


def trained(
    start: Head,
    records: Records,
    settings: FinetuneSettings,
    given: argparse.Namespace,
    *,
    sigma: float,
    steps: int,
    clip: float = 1.0,
    again: int = 0,
) -> Head:
    """A copy of the head after its run; ``again`` draws other people and other noise."""
    head = copy.deepcopy(start)
    private = PrivateSettings(delta=DELTA, cap=CAP, people_per_step=given.per_step, clip=clip)
    began = time.perf_counter()
    noisy_steps(head, records, settings, private, sigma=sigma, steps=steps, seed=given.seed + again)
    sys.stderr.write(f"sigma {sigma:.3f}, clip {clip:g}: {steps} steps in {time.perf_counter() - began:.0f} s\n")
    return head


def cost(given: argparse.Namespace) -> dict[str, Any]:
    """nDCG@10 at each epsilon, and what it lost against a run with neither noise nor shortened gradients."""
    place, start = shop(given.products, given.queries, given.seed)
    records = people(place, given.people, given.seed)
    rate = given.per_step / len(records)
    steps = round(given.epochs / rate)
    settings = settings_of(given)
    plain = quality(trained(start, records, settings, given, sigma=0.0, steps=steps, clip=NO_CLIP), place)
    clipped = quality(trained(start, records, settings, given, sigma=0.0, steps=steps), place)
    before = quality(start, place)
    rows: list[dict[str, Any]] = [
        {"epsilon": "untrained", "value": _one(before), "cost": _one(plain - before)},
        {"epsilon": "none", "value": _one(plain), "cost": None},
        {"epsilon": "none, clipped", "value": _one(clipped), "cost": _one(plain - clipped)},
    ]
    for epsilon in given.epsilons:
        sigma = noise_for(epsilon, rate, steps, DELTA)
        runs = [
            trained(start, records, settings, given, sigma=sigma, steps=steps, again=again)
            for again in range(given.repeats)
        ]
        found = np.mean([quality(head, place) for head in runs], axis=0)
        claimed = {"epsilon": epsilon, "spent": spent(sigma, rate, steps, DELTA), "sigma": sigma}
        rows.append({**claimed, "value": _one(found), "cost": _one(plain - found)})
    return {
        "people": len(records),
        "queries": len(plain),
        "delta": DELTA,
        "rate": rate,
        "steps": steps,
        "head_rate": given.head_rate,
        "repeats": given.repeats,
        "ndcg@10": rows,
    }


def audit(given: argparse.Namespace) -> dict[str, Any]:
    """Lower bounds of epsilon of private runs and of one without noise, each from one run."""
    place, start = shop(given.products, given.queries, given.seed)
    crowd = people(place, given.people, given.seed)
    coins = np.random.default_rng(given.seed + 1).random(given.planted) < 0.5
    everyone, head = planted(crowd, start, torch.from_numpy(coins))
    rate = given.per_step / len(everyone)
    steps = round(given.epochs * len(everyone) / given.per_step)
    settings = settings_of(given, optimiser="sgd", loss="mse", weight_decay=0.0)
    rows: list[dict[str, Any]] = []
    for epsilon in [*given.epsilons, None]:
        sigma = 0.0 if epsilon is None else noise_for(epsilon, rate, steps, DELTA)
        after = trained(head, everyone, settings, given, sigma=sigma, steps=steps)
        moved = (after.text.weight - head.text.weight)[0, start.outputs :].detach().numpy()
        claimed = None if epsilon is None else spent(sigma, rate, steps, DELTA)
        rows.append({"epsilon": claimed, "sigma": sigma, "lower_bound": asdict(lower_bound(moved, coins, DELTA))})
    counts = {"planted": given.planted, "planted_in": int(coins.sum()), "people": len(everyone)}
    return {**counts, "rate": rate, "steps": steps, "delta": DELTA, "runs": rows}


def planted(crowd: Records, start: Head, coins: torch.Tensor) -> tuple[Records, Head]:
    """Add people whose only record shows the head a direction that nobody else has: the easiest to find.

    Args:
        crowd: records of everybody else.
        start: the head; the one that comes back is the same with an output for each planted person.
        coins: bool (planted,), who is in the data.
    """
    count, size = len(coins), len(crowd.vectors)
    head = Head(start.outputs + count, start.matches, hidden=start.width, inputs=start.inputs)
    values = start.state_dict()
    for name in ("text.weight", "squeeze.weight"):
        values[name] = torch.nn.functional.pad(values[name], (0, count))
    head.load_state_dict(values)
    shape = (int(coins.sum()), *crowd.rows.shape[1:])
    rows, grades, weights = torch.zeros(shape, dtype=torch.int64), torch.zeros(shape), torch.zeros(shape)
    rows[:, 0, 0] = size + torch.nonzero(coins).squeeze(-1)
    grades[:, 0, 0] = TOP_GRADE
    weights[:, 0, 0] = 1.0
    own = torch.nn.functional.pad(LOUD * torch.eye(count), (start.outputs, 0))
    return Records(
        torch.cat([torch.nn.functional.pad(crowd.vectors, (0, count)), own]),
        torch.cat([crowd.features, torch.zeros(count, start.inputs)]),
        torch.cat([crowd.rows, rows]),
        torch.cat([crowd.grades, grades]),
        torch.cat([crowd.weights, weights]),
    ), head


def _one(values: NDArray[np.float64]) -> dict[str, float]:
    return asdict(estimates(values[:, None])[0])


def main() -> None:
    """Measure, and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_subparsers(dest="what", required=True)
    for name, defaults in DEFAULTS.items():
        part = which.add_parser(name)
        part.add_argument("--people", type=int)
        part.add_argument("--queries", type=int)
        part.add_argument("--epochs", type=float)
        part.add_argument("--head-rate", type=float)
        part.add_argument("--epsilons", type=float, nargs="+")
        part.add_argument("--products", type=int, default=300)
        part.add_argument("--per-step", type=int, default=512)
        part.add_argument("--seed", type=int, default=7)
        part.add_argument("--out", type=Path)
        part.set_defaults(**defaults)
        if name == "audit":
            part.add_argument("--planted", type=int, default=1000)
        else:
            part.add_argument(
                "--repeats", type=int, default=3, help="private runs at each epsilon, of which the mean counts"
            )
    given = parser.parse_args()
    text = json.dumps({"cost": cost, "audit": audit}[given.what](given), indent=2)
    sys.stdout.write(text + "\n")
    if given.out:
        given.out.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
