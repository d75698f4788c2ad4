"""A query read with each text, beside sentence-transformers and beside FlashRank.

The checkpoints have the same transformer (six layers, 384 wide, MiniLM) and an untrained head, so these are figures of
speed alone.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ranker.folder import DEFAULT_MODEL
from ranker.model import Ranker

from . import crossencoder
from .rows import Row, Way, rates

QUERY = "black running shoes for women"
TOKENS = 88
"""Of a pair: those that ours reads of a query and of a text together."""
OURS = "hybridrank, int8, 24 + 64 tokens"
OURS_KNOWN = "hybridrank, the same, products known"


def ours(threads: int) -> Way:
    """The shipped ranker, nothing remembered."""
    ranker = Ranker(DEFAULT_MODEL, threads=threads, remembered=0)
    return lambda texts: ranker.pair_vectors(QUERY, texts)


def ours_known(threads: int, texts: Sequence[str]) -> Way:
    """The shipped ranker that has read the texts with another query."""
    ranker = Ranker(DEFAULT_MODEL, threads=threads, remembered=2**30)
    ranker.pair_vectors("something else", texts)
    return lambda some: ranker.pair_vectors(QUERY, some)


def beside_sentence_transformers(texts: Sequence[str], rounds: int, threads: int) -> list[Row]:
    """``CrossEncoder.predict``, and ours of products that it reads for the first time, and of known ones."""
    beside = crossencoder.untrained(threads, TOKENS)
    ways: dict[str, Way] = {
        "sentence-transformers CrossEncoder": lambda texts: beside.predict(
            [(QUERY, text) for text in texts], show_progress_bar=False
        ),
        OURS: ours(threads),
        OURS_KNOWN: ours_known(threads, texts),
    }
    found = rates("rerank", ways, texts, rounds)
    beside_it, new, known = list(found.values.items())
    about = "what the transformer makes of a product holds for every query and is kept; the query is new"
    return [
        replace(found, values=dict([beside_it, new]), about="products that were never read"),
        Row("rerank, products read before", found.unit, dict([beside_it, known]), about),
    ]


def beside_flashrank(texts: Sequence[str], rounds: int, threads: int) -> Row:
    """``flashrank.Ranker.rerank``: onnxruntime, all pairs of a call in one batch that is padded to its longest."""
    from flashrank import RerankRequest

    request = RerankRequest(QUERY, [{"id": number, "text": text} for number, text in enumerate(texts)])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        exported(folder)
        int8, full = (flashrank(folder, graph, threads) for graph in ("int8.onnx", "model.onnx"))
    ways: dict[str, Way] = {
        "FlashRank, int8": lambda some: int8.rerank(RerankRequest(QUERY, request.passages[: len(some)])),
        "FlashRank, 32-bit": lambda some: full.rerank(RerankRequest(QUERY, request.passages[: len(some)])),
        OURS: ours(threads),
    }
    return rates("rerank beside FlashRank", ways, texts, rounds, "FlashRank runs the same checkpoint, int8 by QInt8")


def exported(folder: Path) -> None:
    """``model.onnx`` in 32 bits and ``int8.onnx`` by dynamic quantisation, with the files that FlashRank reads."""
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from transformers import AutoModelForSequenceClassification

    crossencoder.saved(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    names = ["input_ids", "attention_mask", "token_type_ids"]
    example = tuple(torch.ones((2, 8), dtype=torch.int64) for _ in names)
    axes = {name: {0: "pairs", 1: "tokens"} for name in names}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the exporter that knows dynamic axes by name
        torch.onnx.export(
            model,
            example,
            str(folder / "model.onnx"),
            input_names=names,
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
    quantize_dynamic(folder / "model.onnx", folder / "int8.onnx", weight_type=QuantType.QInt8)
    marks = {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]"}
    (folder / "special_tokens_map.json").write_text(json.dumps(marks))
    (folder / "tokenizer_config.json").write_text(json.dumps({"model_max_length": TOKENS, "pad_token": "[PAD]"}))


def flashrank(folder: Path, graph: str, threads: int) -> Any:
    """FlashRank's ranker of a graph. It takes models by the names of its list, so ours lies under one of them, and its
    session has as many threads as the machine has cores, so it gets another."""
    import onnxruntime as ort
    from flashrank import Ranker as FlashRank
    from flashrank.Config import model_file_map

    name = "ms-marco-MiniLM-L-12-v2"
    place = folder / graph.removesuffix(".onnx") / name
    shutil.copytree(folder, place, ignore=shutil.ignore_patterns("*.onnx", "*.safetensors", "int8", "model"))
    shutil.copy(folder / graph, place / model_file_map[name])
    made = FlashRank(name, str(place.parent), max_length=TOKENS, log_level="ERROR")
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    made.session = ort.InferenceSession(str(place / model_file_map[name]), options, providers=["CPUExecutionProvider"])
    return made
