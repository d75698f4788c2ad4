"""The pair network: a BERT that reads query and passage first apart, then together.

The lower layers see each segment alone (their output for a product does not depend on the query), the upper ones
look across through a learned bias per head that starts almost closed. So the untrained network is the bi-encoder from
which it starts, and fine-tuning opens the view as far as the data pays for it, where a cross-encoder that has to learn
matching from nothing needs far more judgments than a shop has.
Splitting the layers follows PreTTR (MacAvaney et al., SIGIR 2020); the token-level maximum is ColBERT's (Khattab
and Zaharia, SIGIR 2020).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ..errors import ModelError
from ..tokens import PAD, PASSAGE, QUERY


@dataclass(frozen=True, slots=True)
class PairShape:
    """Sizes of a pair network; ``apart`` layers see each segment alone."""

    vocabulary: int = 30522
    positions: int = 512
    width: int = 384
    layers: int = 6
    heads: int = 12
    inner: int = 1536
    apart: int = 3
    closed: float = -3.0
    """Where the learned cross-segment bias starts, in attention-logit units."""

    @property
    def late_interaction(self) -> bool:
        """Whether no layer looks across."""
        return self.apart == self.layers

    def as_dict(self) -> dict[str, float]:
        """For a model's ``config.json``."""
        return asdict(self)


class Layer(nn.Module):
    """One BERT layer whose attention takes a bias per head."""

    def __init__(self, shape: PairShape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.query, self.key, self.value, self.out = (nn.Linear(shape.width, shape.width) for _ in range(4))
        self.norm1 = nn.LayerNorm(shape.width, eps=1e-12)
        self.up = nn.Linear(shape.width, shape.inner)
        self.down = nn.Linear(shape.inner, shape.width)
        self.norm2 = nn.LayerNorm(shape.width, eps=1e-12)
        self.dropout = nn.Dropout(0.1)

    def forward(self, hidden: Tensor, bias: Tensor) -> Tensor:
        """``hidden`` (pairs, width, features), ``bias`` (pairs, heads or 1, width, width)."""
        pairs, length, width = hidden.shape

        def split(tensor: Tensor) -> Tensor:
            return tensor.view(pairs, length, self.heads, width // self.heads).transpose(1, 2)

        query, key, value = split(self.query(hidden)), split(self.key(hidden)), split(self.value(hidden))
        context = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=bias.to(query.dtype))
        attended = self.out(context.transpose(1, 2).reshape(pairs, length, width))
        hidden = self.norm1(hidden + self.dropout(attended))
        result: Tensor = self.norm2(hidden + self.dropout(self.down(nn.functional.gelu(self.up(hidden)))))
        return result


class PairNetwork(nn.Module):
    """Token ids of pairs to one vector a pair."""

    def __init__(self, shape: PairShape | None = None) -> None:
        super().__init__()
        self.shape = shape = shape or PairShape()
        self.words = nn.Embedding(shape.vocabulary, shape.width)
        self.places = nn.Embedding(shape.positions, shape.width)
        self.kind = nn.Parameter(torch.zeros(shape.width))
        self.norm = nn.LayerNorm(shape.width, eps=1e-12)
        self.stack = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.across = nn.Parameter(torch.full((shape.layers - shape.apart, shape.heads), shape.closed))
        self.weight = nn.Linear(shape.width, 1)
        nn.init.zeros_(self.weight.weight)
        nn.init.zeros_(self.weight.bias)

    def close(self) -> None:
        """Let no layer look across any more, so that what is made of a text holds for every pair."""
        self.shape = replace(self.shape, apart=self.shape.layers)
        self.across = nn.Parameter(self.across.detach()[:0].clone())

    @property
    def outputs(self) -> int:
        """Length of a pair's vector: agreement per dimension, three token-level matches, the joint mean."""
        return self.shape.width * 2 + 3

    def hidden(self, ids: Tensor, positions: Tensor, segments: Tensor) -> Tensor:
        """The last layer's states, shape (pairs, width, features)."""
        state: Tensor = self.norm(self.words(ids) + self.places(positions) + self.kind)
        closed = torch.finfo(torch.float32).min / 4
        pad = (segments == PAD)[:, None, None, :]
        other = (segments[:, :, None] != segments[:, None, :])[:, None]
        alone = torch.zeros_like(other, dtype=torch.float32).masked_fill(other | pad, closed)
        for number, layer in enumerate(self.stack):
            if number < self.shape.apart:
                bias = alone
            else:
                across = self.across[number - self.shape.apart][None, :, None, None]
                bias = torch.where(other, across, 0.0).masked_fill(pad, closed)
            state = layer(state, bias)
        return state

    def forward(self, ids: Tensor, positions: Tensor, segments: Tensor) -> Tensor:
        """Vectors of pairs, float32, shape (pairs, ``outputs``)."""
        state = self.hidden(ids, positions, segments).float()
        queries, passages = (segments == QUERY).float(), (segments == PASSAGE).float()
        mean_query = nn.functional.normalize(torch.einsum("bld,bl->bd", state, queries), dim=-1)
        mean_passage = nn.functional.normalize(torch.einsum("bld,bl->bd", state, passages), dim=-1)
        unit = nn.functional.normalize(state, dim=-1)
        likeness = torch.einsum("bqd,bpd->bqp", unit, unit).masked_fill((segments != PASSAGE)[:, None, :], -1.0)
        best = likeness.amax(-1)
        importance = torch.softmax(self.weight(state).squeeze(-1).masked_fill(segments != QUERY, -1e4), -1)
        matches = torch.stack(
            [
                (mean_query * mean_passage).sum(-1),
                (best * queries).sum(-1) / queries.sum(-1),
                (best * importance).sum(-1),
            ],
            -1,
        )
        real = queries + passages
        joint = torch.einsum("bld,bl->bd", state, real) / real.sum(-1, keepdim=True)
        scale = self.shape.width**0.5
        return torch.cat([mean_query * mean_passage * scale, matches, joint], -1)


def from_bert(folder: Path, shape: PairShape | None = None) -> PairNetwork:
    """Start a network from a BERT folder (``config.json``, ``model.safetensors``).

    Raises:
        ModelError: no such folder, a pickle in place of safetensors, or another architecture.
    """
    weights_file = folder / "model.safetensors"
    if not weights_file.is_file():
        raise ModelError(f"{folder}: no model.safetensors (pickled weights are never loaded)")
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        loaded = load_file(weights_file)
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder}/config.json: cannot be read ({error})") from error
    except SafetensorError as error:
        raise ModelError(f"{weights_file}: not safetensors ({error}); pickled weights are never loaded") from error
    if config.get("model_type") != "bert" or config.get("hidden_act") != "gelu":
        raise ModelError(f"{folder}: a BERT with gelu is needed, this is {config.get('model_type')!r}")
    if shape is None:
        try:
            shape = PairShape(
                vocabulary=config["vocab_size"],
                positions=config["max_position_embeddings"],
                width=config["hidden_size"],
                layers=config["num_hidden_layers"],
                heads=config["num_attention_heads"],
                inner=config["intermediate_size"],
                apart=config["num_hidden_layers"] // 2,
            )
        except KeyError as error:
            raise ModelError(f"{folder}/config.json: {error} is missing") from error
    network = PairNetwork(shape)
    weights = {name.removeprefix("bert."): tensor for name, tensor in loaded.items()}
    try:
        network.load_state_dict(renamed(weights, shape), strict=False)
    except RuntimeError as error:
        raise ModelError(f"{weights_file}: another architecture than config.json says: {error}") from error
    return network


def renamed(weights: Mapping[str, Tensor], shape: PairShape) -> dict[str, Tensor]:
    """Map the names of a Hugging Face BERT onto :class:`PairNetwork`'s.

    Raises:
        ModelError: a tensor is missing.
    """
    parts = {
        "attention.self.query": "query",
        "attention.self.key": "key",
        "attention.self.value": "value",
        "attention.output.dense": "out",
        "attention.output.LayerNorm": "norm1",
        "intermediate.dense": "up",
        "output.dense": "down",
        "output.LayerNorm": "norm2",
    }
    try:
        result = {
            "words.weight": weights["embeddings.word_embeddings.weight"],
            "places.weight": weights["embeddings.position_embeddings.weight"],
            "kind": weights["embeddings.token_type_embeddings.weight"][0],
            "norm.weight": weights["embeddings.LayerNorm.weight"],
            "norm.bias": weights["embeddings.LayerNorm.bias"],
        }
        for layer in range(shape.layers):
            for old, new in parts.items():
                for kind in ("weight", "bias"):
                    result[f"stack.{layer}.{new}.{kind}"] = weights[f"encoder.layer.{layer}.{old}.{kind}"]
    except KeyError as error:
        raise ModelError(f"not a BERT of {shape.layers} layers: tensor {error} is missing") from error
    return result
