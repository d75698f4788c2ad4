"""What one run of ``train clip`` is told."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ClipSettings(BaseModel):
    """Settings of :func:`multimodal.training.contrast.train`; kept in the checkpoint and in the model card."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    loss: Literal["contrastive", "sigmoid"] = "contrastive"
    """Softmax over the batch in both directions (CLIP; Radford et al., 2021), or one decision a pair (SigLIP; Zhai et
    al., 2023). Pictures of one product are all right for its text, under either."""
    image_tower: Literal["locked", "top", "open"] = "locked"
    """``locked`` trains the projection only (LiT; Zhai et al., 2022), ``top`` the last two stages of an EfficientNet as
    well, ``open`` everything. What is not trained is run once for each view and kept on disk."""
    text_tower: Literal["locked", "open"] = "locked"
    views: int = Field(4, ge=1, le=64)
    """Different random crops of each picture."""
    view_area: float = Field(0.35, gt=0, le=1)
    """A crop's least share of the picture."""
    view_size: int | None = Field(None, ge=32, le=1024)
    """Pixels of a crop's side; ``None`` is the model's own. A little below it is quicker, and things then look as large
    in training as when whole pictures are served (Touvron et al., 2019, on the train-test resolution)."""
    epochs: float = Field(8.0, gt=0, le=10_000)
    """One epoch sees one view of each picture."""
    batch: int = Field(64, ge=2)
    extra_texts: int = Field(256, ge=0)
    """Texts of other products that are added to a batch as wrong answers."""
    tower_rate: float = Field(5e-4, ge=0)
    """Learning rate of what is open in the towers."""
    projection_rate: float = Field(2e-3, gt=0)
    weight_decay: float = Field(0.05, ge=0)
    warmup: float = Field(0.1, ge=0, le=1)
    dropout: float = Field(0.2, ge=0, lt=1)
    """Of the features that go into the projections."""
    smoothing: float = Field(0.1, ge=0, lt=1)
    validation_share: float = Field(0.1, ge=0, lt=1)
    """Of the pictures, held out to watch the run."""
    evaluate_every: int = Field(100, ge=1)
    seed: int = 7
    threads: int = Field(2, ge=1)
