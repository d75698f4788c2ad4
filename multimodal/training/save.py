"""Models of open_clip to and from folders, with their towers inside, so that a folder can be moved."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors.torch import save_file

from ..errors import UnknownEncoder
from ..open_clip_encoder import CONFIG, WEIGHTS, open_model

if TYPE_CHECKING:
    from .contrast import Trainee

TOWER = "text"
DESCRIPTION = "hybridrank"
"""Key of the configuration that says what the towers are."""
TOWER_FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt")


def save_open_clip(trainee: Trainee, described: dict[str, Any], folder: Path, training: dict[str, Any]) -> None:
    """Write a folder that ``open_clip`` loads as ``local-dir:``, through :mod:`multimodal.open_clip_encoder`."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: value.detach().contiguous().clone() for name, value in trainee.model.state_dict().items()}
    save_file(state, folder / WEIGHTS)
    config = json.loads(json.dumps(described))
    text = config.get("text_cfg", {})
    tower = Path(str(text.get("hf_model_name", "")))
    if text.get("hf_model_name") and tower.is_dir():
        (folder / TOWER).mkdir(exist_ok=True)
        for name in TOWER_FILES:
            if (tower / name).is_file():
                shutil.copyfile(tower / name, folder / TOWER / name)
                # open_clip takes the tokenizer of a folder from the folder itself.
                if name != "config.json":
                    shutil.copyfile(tower / name, folder / name)
        text["hf_model_name"] = text["hf_tokenizer_name"] = TOWER
    kind = config.pop(DESCRIPTION, None)
    preprocess = {
        key: value for key, value in trainee.model.visual.preprocess_cfg.items() if key not in {"size", "mode"}
    }
    whole = {"model_cfg": config, "preprocess_cfg": preprocess, DESCRIPTION: kind, "training": training}
    (folder / CONFIG).write_text(json.dumps(whole, indent=2, default=list) + "\n", "utf-8")


def load_for_training(source: str) -> tuple[Any, Any, Any, dict[str, Any]]:
    """Model, transform, tokenizer and configuration; ``source`` as :class:`..open_clip_encoder.OpenClipEncoder` has it.

    Raises:
        UnknownEncoder: no such model, or its configuration is not known.
    """
    import open_clip

    opened = open_model(source)
    file = Path(source) / CONFIG
    if file.is_file():
        whole = json.loads(file.read_text("utf-8"))
        described = {**whole["model_cfg"], DESCRIPTION: whole.get(DESCRIPTION)}
        text = described.get("text_cfg", {})
        for key in ("hf_model_name", "hf_tokenizer_name"):
            if key in text and (file.parent / text[key]).is_dir():
                text[key] = str(file.parent / text[key])
    else:
        name = source.partition("@")[0].partition(":")[0]
        known = open_clip.get_model_config(name)
        if known is None:
            raise UnknownEncoder(f"start: {source!r} has no configuration to train further; give its folder")
        described = dict(known)
    return opened.model, opened.transform, opened.tokenizer, described
