"""Late fusion of text and picture against one learned product vector, on the sample catalogue's judged queries:
``python -m benchmarks.product_vector DIR [--model light]`` with ``DIR`` as ``hybridrank sample DIR`` writes it.

The learned vector is a linear projection of a product's text and image vectors, side by side, trained contrastively
on the judged queries of four folds and measured on the fifth; late fusion has nothing to learn. Vectors only: BM25
would be the same beside both. Intervals are of the mean over queries, by bootstrap.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from multimodal import default_encoder, load_image_encoder, load_text_encoder
from multimodal.pictures import decode
from plugin.document import passage
from ranker.candidate import Candidate
from ranker.fusion import fused_scores

FOLDS = 5
Floats = NDArray[np.float32]


def ndcg(scores: NDArray[np.float64], grades: dict[int, int]) -> float:
    """nDCG@10 with gain 2^grade - 1; ties by place."""
    best = np.argsort(-scores, kind="stable")[:10]
    gain = sum((2 ** grades.get(int(item), 0) - 1) / np.log2(place + 2) for place, item in enumerate(best))
    ideal = sorted(grades.values(), reverse=True)[:10]
    return float(gain / sum((2**grade - 1) / np.log2(place + 2) for place, grade in enumerate(ideal)))


def fused(*rows: Floats) -> NDArray[np.float64]:
    """The first stage's fusion of some signals over the whole catalogue; NaN is unknown."""
    names = ("text_vector", "image_vector")[: len(rows)]
    return fused_scores(
        [
            Candidate(
                str(n),
                None,
                {name: float(row[n]) for name, row in zip(names, rows, strict=True) if not np.isnan(row[n])},
            )
            for n in range(len(rows[0]))
        ]
    )


def learned(products: Floats, queries: Floats, judged: list[dict[int, int]], training: list[int]) -> Floats:
    """Train the projection; returns the products' vectors in the space of the queries' text vectors."""
    torch.manual_seed(0)
    width = queries.shape[1]
    layer = torch.nn.Linear(products.shape[1], width, bias=False)
    with torch.no_grad():
        # It starts as the text vector alone.
        layer.weight.zero_()
        layer.weight[:, :width] = torch.eye(width)
    optimiser = torch.optim.AdamW(layer.parameters(), lr=1e-3, weight_decay=0.01)
    items, asked = torch.from_numpy(products), torch.from_numpy(queries)
    for _ in range(60):
        vectors = torch.nn.functional.normalize(layer(items), dim=-1)
        logits = 20.0 * asked[training] @ vectors.T
        target = torch.zeros_like(logits)
        for row, query in enumerate(training):
            for item, grade in judged[query].items():
                target[row, item] = 2.0**grade - 1
        loss = -(target / target.sum(1, keepdim=True) * logits.log_softmax(1)).sum(1).mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    with torch.no_grad():
        result: Floats = torch.nn.functional.normalize(layer(items), dim=-1).numpy()
    return result


def interval(values: list[float]) -> str:
    """Mean and 95 % interval by bootstrap."""
    random = np.random.default_rng(0)
    means = [float(np.mean(random.choice(values, len(values)))) for _ in range(2000)]
    return (
        f"{np.mean(values):.3f} ({np.quantile(means, 0.025):.3f} to {np.quantile(means, 0.975):.3f}, n={len(values)})"
    )


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="light")
    parser.add_argument("--home", type=Path, default=Path.home() / ".hybridrank")
    parser.add_argument("--bare", type=float, default=0.3, help="Share of the products whose picture is taken away.")
    given = parser.parse_args()
    torch.set_num_threads(1)
    texts = load_text_encoder(default_encoder("en"), given.home, threads=1)
    images = load_image_encoder(given.model, given.home, threads=1, text_encoder=texts)
    products = [json.loads(line) for line in (given.folder / "products.jsonl").read_text("utf-8").splitlines()]
    place = {product["id"]: number for number, product in enumerate(products)}
    grades: dict[str, dict[int, int]] = {}
    for line in (given.folder / "qrels.tsv").read_text("utf-8").splitlines():
        query, item, grade = line.split("\t")
        if int(grade) > 0:
            grades.setdefault(query, {})[place[item]] = int(grade)
    asked = [line.split("\t") for line in (given.folder / "queries.tsv").read_text("utf-8").splitlines()]
    asked = [row for row in asked if row[0] in grades]
    judged = [grades[row[0]] for row in asked]
    words = texts.encode([row[1] for row in asked], role="query")
    beside = images.encode_texts([row[1] for row in asked])
    of_text = texts.encode([passage(product) for product in products])
    of_image = np.concatenate(
        [images.encode_images([decode((given.folder / product["image"]).read_bytes())]) for product in products]
    )
    bare = np.random.default_rng(1).random(len(products)) < given.bare
    fold = np.random.default_rng(2).integers(0, FOLDS, len(asked))
    for label, seen in (
        ("every product has a picture", of_image),
        (f"{given.bare:.0%} have none", np.where(bare[:, None], 0, of_image)),
    ):
        known = np.linalg.norm(seen, axis=1) > 0
        both = np.concatenate([of_text, seen], axis=1).astype(np.float32)
        figures: dict[str, list[float]] = {
            "text vector": [],
            "image vector": [],
            "late fusion": [],
            "learned product vector": [],
        }
        for one in range(FOLDS):
            vectors = learned(both, words, judged, [n for n in range(len(asked)) if fold[n] != one])
            for n in np.flatnonzero(fold == one):
                text, image = of_text @ words[n], np.where(known, seen @ beside[n], np.nan).astype(np.float32)
                figures["text vector"].append(ndcg(text.astype(np.float64), judged[n]))
                figures["image vector"].append(ndcg(np.nan_to_num(image, nan=-1.0).astype(np.float64), judged[n]))
                figures["late fusion"].append(ndcg(fused(text, image), judged[n]))
                figures["learned product vector"].append(ndcg((vectors @ words[n]).astype(np.float64), judged[n]))
        print(label)
        for name, values in figures.items():
            print(f"  {name}: nDCG@10 {interval(values)}")


if __name__ == "__main__":
    main()
