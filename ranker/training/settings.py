"""What one fine-tuning run is told."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class FinetuneSettings(BaseModel):
    """Settings of :func:`ranker.training.finetune.finetune`; kept in the checkpoint and in the model card."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    parts: Literal["all", "head", "signals"] = "all"
    """What is trained: everything, the head on frozen vectors, or only the head's weight of each signal's features. The
    fewer the judgments, the less of it: a hundred queries calibrate weights, they do not teach a transformer."""
    keep_start: float = Field(0.0, ge=0, le=1)
    """Share of the starting weights in the result (WiSE-FT; Wortsman et al., CVPR 2022): what is learned on one trade
    and averaged with where it started costs less on another."""
    epochs: float = Field(2.0, gt=0, le=1000)
    windows_per_step: int = Field(4, ge=1)
    items_per_window: int = Field(10, ge=2)
    backbone_rate: float = Field(3e-5, ge=0)
    head_rate: float = Field(1e-3, gt=0)
    weight_decay: float = Field(0.01, ge=0)
    warmup: float = Field(0.1, ge=0, le=1)
    pointwise_share: float = Field(0.3, ge=0, le=1)
    query_tokens: int = Field(24, ge=4, le=64)
    passage_tokens: int = Field(64, ge=8, le=256)
    validation_share: float = Field(0.1, ge=0, lt=1)
    evaluate_every: int = Field(100, ge=1)
    patience: int = Field(5, ge=1)
    seed: int = 7
    threads: int = Field(2, ge=1)
    bf16: bool = True
    freeze_words: bool = True
    """Word vectors are half of the parameters; a few thousand judgments only make them worse."""
