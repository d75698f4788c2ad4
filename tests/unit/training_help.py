"""A small network and windows from which it can learn something, for the tests of training."""

from __future__ import annotations

import torch

from ranker.candidate import Candidate
from ranker.folder import DEFAULT_MODEL
from ranker.tokens import PairTokenizer
from ranker.training.finetune import FusedRanker, Outcome, new_head
from ranker.training.finetune import finetune as finetune_parts
from ranker.training.network import PairNetwork, PairShape
from ranker.training.save import save_model
from ranker.training.settings import FinetuneSettings
from ranker.training.splits import split
from ranker.windows import Window

SHAPE = PairShape(width=64, layers=2, heads=4, inner=128, apart=1)
TOKENIZER = DEFAULT_MODEL / "tokenizer.json"
COLOURS = ("red", "blue", "green", "black", "white", "yellow")
THINGS = ("shoes", "kettle", "lamp", "chair", "bag")
SETTINGS = FinetuneSettings(
    epochs=12,
    backbone_rate=1e-3,
    evaluate_every=20,
    patience=50,
    bf16=False,
    validation_share=0.2,
    query_tokens=8,
    passage_tokens=12,
    threads=1,
)


def small() -> FusedRanker:
    """The same weights at each call."""
    torch.manual_seed(3)
    network = PairNetwork(SHAPE)
    return FusedRanker(network, new_head(network))


def lengths() -> PairTokenizer:
    """As :data:`SETTINGS` has them."""
    return PairTokenizer(TOKENIZER, query_tokens=8, passage_tokens=12)


def colour_windows() -> list[Window]:
    """The colour decides, and no signal says so."""
    result = []
    for colour in COLOURS:
        for thing in THINGS:
            items = tuple(
                Candidate(f"{other}-{thing}", f"{other} {thing}", {"bm25": 5.0, "text_vector": 0.5})
                for other in COLOURS
            )
            grades = tuple(3 if other == colour else 0 for other in COLOURS)
            result.append(Window(f"{colour}-{thing}", f"{colour} {thing}", "colours", items, grades))
    return result


def finetune(model, windows, lengths, settings, **more) -> Outcome:
    """Divided as the settings say."""
    parts = split(windows, validation=settings.validation_share, test=settings.test_share)
    return finetune_parts(model, parts, lengths, settings, **more)


def save_small(folder, model: FusedRanker | None = None) -> None:
    """A model folder of the small network."""
    model = model or small()
    save_model(model, folder, name="small", tokenizer=TOKENIZER, lengths=lengths(), training={}, card="# small\n")
