"""A model of open_clip cut in two: what is not trained, and runs once for each picture or text, and what is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..encoder import TextEncoder
from ..errors import UnknownEncoder
from .settings import ClipSettings

TOP_STAGES = 2


@dataclass(frozen=True, slots=True)
class Cut:
    """One tower.

    Attributes:
        frozen: from the tower's input to what is kept: a module from pixels, a function from texts; ``None`` where
            nothing is frozen.
        trained: from there to vectors, not yet of unit length. Batch norms inside keep the statistics they came with.
        open_tower: the parameters of the tower proper that are trained.
        projection: the parameters behind them.
        drop: dropout before the projection, in training mode until it is told otherwise.
    """

    frozen: nn.Module | Callable[[Sequence[str]], Tensor] | None
    trained: Callable[[Tensor], Tensor]
    open_tower: tuple[nn.Parameter, ...]
    projection: tuple[nn.Parameter, ...]
    drop: nn.Dropout


def image_cut(model: Any, settings: ClipSettings) -> Cut:
    """Cut the image tower as the settings say.

    Raises:
        UnknownEncoder: ``top`` for a tower that has no stages.
    """
    visual, way = model.visual, settings.image_tower
    drop = nn.Dropout(settings.dropout)
    trunk: Any = getattr(visual, "trunk", None)
    head: Any = getattr(visual, "head", None)
    if way == "open":
        return Cut(None, visual, tuple(visual.parameters()), (), drop)
    has_head = trunk is not None and head is not None and any(True for _ in head.parameters())
    if way == "top":
        if not has_head or not all(hasattr(trunk, name) for name in ("blocks", "conv_stem", "bn1", "forward_head")):
            raise UnknownEncoder("image_tower: top is for EfficientNets with a projection; use locked or open")
        low, high = _halves(trunk)
        tower, behind = tuple(high.parameters()), tuple(head.parameters())
        high.to(memory_format=torch.channels_last)  # convolutions on a CPU are quicker so
        return Cut(low, lambda kept: head(drop(high(kept))), tower, behind, drop)
    if has_head:
        return Cut(trunk, lambda kept: head(drop(kept)), (), tuple(head.parameters()), drop)
    return Cut(visual, nn.Identity(), (), (), drop)


def _halves(trunk: Any) -> tuple[nn.Module, nn.Module]:
    class Low(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Sequential(trunk.conv_stem, trunk.bn1, *list(trunk.blocks)[:-TOP_STAGES])

        def forward(self, pixels: Tensor) -> Tensor:
            result: Tensor = self.stem(pixels)
            return result

    class High(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stages = nn.Sequential(*list(trunk.blocks)[-TOP_STAGES:])
            self.conv_head, self.bn2 = trunk.conv_head, trunk.bn2

        def forward(self, kept: Tensor) -> Tensor:
            result: Tensor = trunk.forward_head(self.bn2(self.conv_head(self.stages(kept))))
            return result

    return Low(), High()


def text_cut(model: Any, tokenizer: Any, settings: ClipSettings, encoder: TextEncoder | None) -> Cut:
    """Cut the text tower as the settings say.

    Args:
        model: of open_clip.
        tokenizer: from texts to token ids.
        settings: locked or open.
        encoder: the served text encoder that the projection will stand on; its vectors are trained on, so that the
            projection has seen what it will be given.
    """
    tower = getattr(model, "text", None)
    projection = getattr(tower, "proj", None)
    drop = nn.Dropout(settings.dropout)

    def tokens(texts: Sequence[str]) -> Tensor:
        result: Tensor = tokenizer(list(texts))
        return result

    if settings.text_tower == "open":
        parameters = tuple(tower.parameters()) if tower is not None else _text_parameters(model)
        return Cut(tokens, model.encode_text, parameters, (), drop)
    if encoder is not None:
        if not isinstance(projection, nn.Linear) or projection.bias is not None:
            raise UnknownEncoder("start: a served text tower needs a linear projection without bias")
        return Cut(
            lambda texts: torch.from_numpy(encoder.encode(list(texts), role="document").copy()),
            projection,
            (),
            tuple(projection.parameters()),
            drop,
        )
    return Cut(lambda texts: model.encode_text(tokens(texts)), nn.Identity(), (), (), drop)


def _text_parameters(model: Any) -> tuple[nn.Parameter, ...]:
    return tuple(
        parameter
        for name, parameter in model.named_parameters()
        if not name.startswith("visual.") and not name.startswith("logit_")
    )
