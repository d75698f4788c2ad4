"""A smaller vocabulary: the pieces that some texts are made of, and what any other word can still be spelt with.

Half of a small transformer's file is the vectors of words that a shop never says. A word that is not kept comes as
smaller pieces, down to single letters, so nothing that could be read before is unknown afterwards.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import nn

from ..errors import ModelError
from .finetune import FusedRanker

_CONTINUES = "##"


def said(tokenizer: Path, texts: Iterable[str]) -> set[int]:
    """Ids of the pieces that texts are made of."""
    loaded = Tokenizer.from_file(str(tokenizer))
    loaded.no_truncation()
    loaded.no_padding()
    return {one for encoding in loaded.encode_batch(list(texts)) for one in encoding.ids}


def pruned(model: FusedRanker, tokenizer: Path, keep: set[int], out: Path) -> FusedRanker:
    """The same model with the vectors of some pieces only; its ``tokenizer.json`` is written to ``out``.

    Args:
        model: it is not changed.
        tokenizer: a ``tokenizer.json`` with a WordPiece vocabulary.
        keep: ids; marks such as ``[CLS]`` and single letters stay in any case.
        out: a file.

    Raises:
        ModelError: the vocabulary is of another kind.
    """
    told = json.loads(tokenizer.read_text("utf-8"))
    if told["model"]["type"] != "WordPiece" or told["model"].get("continuing_subword_prefix") != _CONTINUES:
        raise ModelError(f"{tokenizer}: only a WordPiece vocabulary can be pruned")
    marks = {one["id"] for one in told["added_tokens"]}
    old = [
        (number, piece)
        for piece, number in sorted(told["model"]["vocab"].items(), key=lambda pair: pair[1])
        if number in keep or number in marks or len(piece.removeprefix(_CONTINUES)) == 1
    ]
    place = {number: row for row, (number, _) in enumerate(old)}
    told["model"]["vocab"] = {piece: row for row, (_, piece) in enumerate(old)}
    for one in told["added_tokens"]:
        one["id"] = place[one["id"]]
    for one in (told.get("post_processor") or {}).get("special_tokens", {}).values():
        one["ids"] = [place[number] for number in one["ids"]]
    out.write_text(json.dumps(told, ensure_ascii=False), "utf-8")
    smaller = copy.deepcopy(model)
    rows = torch.tensor([number for number, _ in old])
    smaller.network.words = nn.Embedding(len(old), model.network.shape.width)
    with torch.no_grad():
        smaller.network.words.weight.copy_(model.network.words.weight[rows])
    smaller.network.shape = replace(model.network.shape, vocabulary=len(old))
    return smaller
