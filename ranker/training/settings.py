"""What one training run is told."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


def has_bf16() -> bool:
    """Whether the processor multiplies matrices of 16-bit brain floats (AMX, or Arm's own).

    One that has to imitate them takes three times as long as with 32 bits, and one that only adds their products
    (AVX-512 BF16) twice as long.
    """
    import torch

    able = torch.cpu.get_capabilities()
    return bool(able.get("amx_bf16") or able.get("bf16"))


class FinetuneSettings(BaseModel):
    """Settings of :func:`ranker.training.finetune.finetune`; kept in the checkpoint and in the model card."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Literal["full", "lora", "adalora", "bottleneck", "head", "signals"] = "full"
    """What is trained: everything; adapters in the transformer, and the head; the head on frozen vectors; or only the
    head's weight of each signal's features. The fewer the judgments, the less of it: a hundred queries calibrate
    weights, they do not teach a transformer."""
    keep_start: float = Field(0.0, ge=0, le=1)
    """Share of the starting weights in the result (WiSE-FT; Wortsman et al., CVPR 2022): what is learned on one trade
    and averaged with where it started costs less on another."""
    late_interaction: bool = False
    """No layer looks across query and passage, so that what is made of a passage can be kept and a new query costs
    little; see ``ranker.reading``."""
    rank: int = Field(8, ge=1, le=128)
    """Rank of LoRA's matrices; AdaLoRA's mean rank at the end."""
    adapter_width: int = Field(16, ge=1, le=512)
    """Width of a bottleneck adapter."""
    adapter_rate: float = Field(3e-4, ge=0)
    loss: Literal["listwise", "bce", "mse"] = "listwise"
    pointwise_share: float = Field(0.3, ge=0, le=1)
    """How much binary cross-entropy the listwise loss has beside it."""
    epsilon: float = Field(0.0, ge=0, le=10)
    """Adds ``epsilon^2 * |f - y|^2``. A regulariser towards the grades and no differential privacy."""
    epochs: float = Field(2.0, gt=0, le=1000)
    windows_per_step: int = Field(4, ge=1)
    items_per_window: int = Field(10, ge=2)
    bare_share: float = Field(0.14, ge=0, le=1)
    """Share of windows that lose all signals in a step. Where signals are there they order well already, and the
    reading learns little beside them; where all are lost it has to say everything. 1 teaches the transformer and leaves
    the weights of signals as they are."""
    optimiser: Literal["adamw", "adam", "sgd"] = "adamw"
    backbone_rate: float = Field(3e-5, ge=0)
    layer_decay: float = Field(1.0, gt=0, le=1)
    """Each layer of the transformer learns at this share of the rate of the one above it."""
    head_rate: float = Field(1e-3, gt=0)
    weight_decay: float = Field(0.01, ge=0)
    warmup: float = Field(0.1, ge=0, le=1)
    query_tokens: int = Field(24, ge=4, le=64)
    passage_tokens: int = Field(64, ge=8, le=256)
    validation_share: float = Field(0.1, ge=0, lt=1)
    test_share: float = Field(0.0, ge=0, lt=1)
    evaluate_every: int = Field(100, ge=1)
    patience: int = Field(5, ge=1)
    seed: int = 7
    threads: int = Field(2, ge=1)
    bf16: bool = Field(default_factory=has_bf16)
    freeze_words: bool = True
    """Word vectors are half of the parameters; a few thousand judgments only make them worse."""


class PretrainSettings(BaseModel):
    """Settings of :func:`ranker.training.pretrain.pretrain`; kept in the checkpoint and in ``metrics.json``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: float = Field(3.0, gt=0, le=1000)
    texts_per_step: int = Field(32, ge=1)
    rate: float = Field(1e-4, gt=0)
    head_rate: float = Field(1e-3, gt=0)
    head_share: float = Field(0.1, ge=0, lt=1)
    """First part of the steps in which only the head that guesses words learns. A checkpoint without one starts from
    chance there, and its gradients would spoil the transformer."""
    weight_decay: float = Field(0.01, ge=0)
    warmup: float = Field(0.05, ge=0, le=1)
    masked_share: float = Field(0.15, gt=0, lt=1)
    whole_words: bool = False
    tokens: int = Field(96, ge=8, le=512)
    """Longest piece of a text; a longer text is cut into several."""
    held_out: float = Field(0.05, gt=0, lt=1)
    evaluate_every: int = Field(200, ge=1)
    seed: int = 7
    threads: int = Field(2, ge=1)
    bf16: bool = Field(default_factory=has_bf16)
