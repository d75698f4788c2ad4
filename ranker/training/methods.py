"""How a model is trained: all of it, a part, or adapters that are merged into it at the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor
from torch.nn import Parameter

from ..errors import TrainingDataError
from .adapters import add_bottlenecks, merge_bottlenecks
from .settings import FinetuneSettings

if TYPE_CHECKING:
    from .finetune import FusedRanker

ACROSS_FACTOR = 300
"""The view across segments opens through a handful of numbers; at the backbone's pace it never would."""
TARGETS = r"stack\.\d+\.(query|key|value|out|up|down)"
"""The linear maps of each layer, which LoRA and AdaLoRA adapt."""
ORTHOGONAL = 0.1
"""Weight of AdaLoRA's pull of its bases towards orthogonality (Zhang et al., ICLR 2023)."""


class Method:
    """What of a model is trained; whole parts of it here, adapters in the subclasses.

    Making one changes the model in place; :meth:`merge` gives it its own shape back.
    """

    def __init__(self, model: FusedRanker, settings: FinetuneSettings, steps: int) -> None:
        self.model, self.settings, self.steps = model, settings, steps
        self.all_parameters = sum(value.numel() for value in model.parameters())
        model.requires_grad_(False)
        adapters = self.prepare()
        if settings.method != "signals":
            model.head.requires_grad_(True)
        model.head.direct.requires_grad_(True)
        if self.reads:
            model.network.across.requires_grad_(model.network.across.numel() > 0)
            model.network.weight.requires_grad_(True)
        self._adapters = list(adapters)
        for value in self._adapters:
            value.requires_grad_(True)

    @property
    def reads(self) -> bool:
        """Whether the transformer changes, so that pairs have to be read at every step."""
        return self.settings.method not in ("head", "signals")

    @property
    def trained_parameters(self) -> int:
        """How many numbers are trained."""
        return sum(value.numel() for value in self.model.parameters() if value.requires_grad)

    def prepare(self) -> Iterable[Parameter]:
        """Add adapters, or open the transformer; returns the adapters' parameters."""
        if self.settings.method == "full":
            self.model.network.requires_grad_(True)
            if self.settings.freeze_words:
                self.model.network.words.weight.requires_grad_(False)
        return []

    def groups(self) -> list[dict[str, Any]]:
        """Parameter groups of the optimiser, each with its rate."""
        settings, network = self.settings, self.model.network
        decay = settings.weight_decay
        taken = {id(value) for value in self._adapters} | {id(network.across)}
        result: list[dict[str, Any]] = [
            {"params": self._adapters, "lr": settings.adapter_rate, "weight_decay": decay},
            {"params": [network.across], "lr": self._across_rate(), "weight_decay": 0.0},
            {"params": list(self.model.head.parameters()), "lr": settings.head_rate, "weight_decay": decay},
        ]
        layers = len(network.stack)
        depths: dict[int, list[Parameter]] = {}
        for name, value in network.named_parameters():
            if id(value) not in taken:
                depths.setdefault(_depth(name, layers), []).append(value)
        for depth, values in sorted(depths.items()):
            rate = settings.backbone_rate * settings.layer_decay ** (layers - depth)
            result.append({"params": values, "lr": rate, "weight_decay": decay})
        for group in result:
            group["params"] = [value for value in group["params"] if value.requires_grad]
        return [group for group in result if group["params"]]

    def _across_rate(self) -> float:
        return self.settings.backbone_rate * ACROSS_FACTOR

    def penalty(self) -> Tensor | None:
        """What is added to the loss of a step."""
        return None

    def stepped(self, step: int) -> None:
        """Told after the optimiser's step, the gradients still there."""

    def state(self) -> dict[str, Tensor]:
        """What a checkpoint holds beside the model's own tensors."""
        return {}

    def load_state(self, tensors: Mapping[str, Tensor]) -> None:
        """Put :meth:`state` back."""

    def merge(self) -> None:
        """Make the adapters a part of the model's own weights."""


class Lora(Method):
    """Low-rank adaptation (Hu et al., ICLR 2022) of the linear maps of all layers, by peft."""

    _tuner: Any

    def prepare(self) -> Iterable[Parameter]:
        """Wrap the linear maps."""
        from peft import LoraConfig, LoraModel

        rank = self.settings.rank
        config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=TARGETS, lora_dropout=0.05)
        self._tuner = LoraModel(self.model.network, config, "default")
        return _lora_parameters(self.model)

    def merge(self) -> None:
        """Add the products of the low-rank matrices to the weights."""
        self._tuner.merge_and_unload()


class AdaLora(Method):
    """LoRA whose ranks move to where they pay (Zhang et al., ICLR 2023), by peft."""

    _tuner: Any

    def prepare(self) -> Iterable[Parameter]:
        """Wrap the linear maps; ranks shrink between a tenth and four fifths of the run."""
        from peft import AdaLoraConfig, AdaLoraModel

        if self.steps < 10:
            raise TrainingDataError(f"method: adalora needs 10 steps or more, this run has {self.steps}; raise epochs")
        rank = self.settings.rank
        config = AdaLoraConfig(
            init_r=rank + max(rank // 2, 1),
            target_r=rank,
            lora_alpha=2 * rank,
            lora_dropout=0.05,
            target_modules=TARGETS,
            total_step=self.steps,
            tinit=self.steps // 10,
            tfinal=self.steps // 5,
            deltaT=max(self.steps // 50, 1),
        )
        self._tuner = cast(Any, AdaLoraModel)(self.model.network, config, "default")
        return _lora_parameters(self.model)

    def penalty(self) -> Tensor:
        """How far the bases are from orthogonal. peft adds it in a forward pass that we do not go through."""
        terms = []
        for name, value in self.model.network.named_parameters():
            if "lora_A" in name or "lora_B" in name:
                product = value @ value.T if "lora_A" in name else value.T @ value
                terms.append(torch.linalg.matrix_norm(product - torch.eye(len(product))))
        return ORTHOGONAL * torch.stack(terms).mean()

    def stepped(self, step: int) -> None:
        """Move ranks."""
        self._tuner.update_and_allocate(step)

    def state(self) -> dict[str, Tensor]:
        """The importances that ranks are moved by, and which ranks are kept."""
        allocator = self._tuner.rankallocator
        result = {
            f"{kind}/{name}": value
            for kind in ("ipt", "exp_avg_ipt", "exp_avg_unc")
            for name, value in getattr(allocator, kind).items()
        }
        pattern = self._tuner.peft_config["default"].rank_pattern or {}
        return result | {f"pattern/{name}": torch.tensor(kept) for name, kept in pattern.items()}

    def load_state(self, tensors: Mapping[str, Tensor]) -> None:
        """Put them back."""
        pattern: dict[str, list[bool]] = {}
        for key, value in tensors.items():
            kind, name = key.split("/", 1)
            if kind == "pattern":
                pattern[name] = value.tolist()
            else:
                getattr(self._tuner.rankallocator, kind)[name] = value
        self._tuner.peft_config["default"].rank_pattern = pattern

    def merge(self) -> None:
        """Add the products of the matrices to the weights."""
        self._tuner.merge_and_unload()


class Bottleneck(Method):
    """A small network beside each layer's feed-forward network; see :mod:`ranker.training.adapters`."""

    def prepare(self) -> Iterable[Parameter]:
        """Add them."""
        return add_bottlenecks(self.model.network, self.settings.adapter_width)

    def merge(self) -> None:
        """Widen the feed-forward networks by them."""
        merge_bottlenecks(self.model.network)


def method_of(model: FusedRanker, settings: FinetuneSettings, steps: int) -> Method:
    """The method that the settings name, applied to a model.

    Raises:
        TrainingDataError: the run is too short for it.
    """
    kinds = {"lora": Lora, "adalora": AdaLora, "bottleneck": Bottleneck}
    return kinds.get(settings.method, Method)(model, settings, steps)


def optimiser_of(groups: list[dict[str, Any]], settings: FinetuneSettings) -> torch.optim.Optimizer:
    """AdamW (Loshchilov and Hutter, ICLR 2019), Adam with L2, or SGD with momentum 0.9."""
    if settings.optimiser == "adamw":
        return torch.optim.AdamW(groups)
    if settings.optimiser == "adam":
        return torch.optim.Adam(groups)
    return torch.optim.SGD(groups, momentum=0.9)


def _lora_parameters(model: FusedRanker) -> list[Parameter]:
    return [value for name, value in model.network.named_parameters() if "lora_" in name]


def _depth(name: str, layers: int) -> int:
    """Of a parameter: 0 the embeddings, 1 the lowest layer, ``layers`` the highest and what comes after it."""
    first, second, *_ = (*name.split("."), "")
    if first == "stack":
        return int(second) + 1
    return layers if first == "weight" else 0
