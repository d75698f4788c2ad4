"""A model is one folder: two graphs, a tokenizer, a configuration, a card. No pickles, and nothing is run from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .errors import ModelError
from .faults import first_fault
from .people import TrainedOn
from .signals import FEATURES

FORMAT = 1
READ = 2
"""How many of a window's best are read where neither the service nor the model says otherwise."""
SERVED = ("pair.onnx", "head.onnx", "tokenizer.json")
DEFAULT_MODEL = Path(__file__).parent / "models" / "default"

Config = TypeVar("Config", bound=BaseModel)


class ModelConfig(BaseModel):
    """``config.json`` of a model folder.

    Attributes:
        depth: how many of a window's best it pays to read, as validation said; a service may say otherwise.
        late_interaction: whether the transformer reads each text alone and their tokens meet afterwards.
        features: names of the head's features in order; a model with other features than this release's is refused.
        digests: SHA-256 of each served file.
        training: how it was made; free form, for the card.
        people: which people's behaviour it learnt from, and what bounds what it can tell of one of them; ``None`` for
            a model that saw no people.
    """

    model_config = ConfigDict(extra="forbid")

    format: int = FORMAT
    name: str
    query_tokens: int = Field(ge=4)
    passage_tokens: int = Field(ge=8)
    outputs: int
    depth: int = Field(READ, ge=1, le=1000)
    late_interaction: bool = False
    features: list[str]
    digests: dict[str, str]
    training: dict[str, Any] = Field(default_factory=dict)
    people: TrainedOn | None = None


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def parsed(folder: Path, kind: type[Config]) -> Config:
    """Read a folder's ``config.json``.

    Raises:
        ModelError: names what is missing, or the field at fault.
    """
    if not folder.is_dir():
        raise ModelError(f"model: {folder} is no folder")
    try:
        return kind.model_validate_json((folder / "config.json").read_text("utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"model: {folder} has no config.json") from error
    except ValidationError as error:
        raise ModelError(f"model: {folder}/config.json: {first_fault(error)}") from error


def check_files(folder: Path, names: Iterable[str], digests: Mapping[str, str]) -> None:
    """Hold served files against their digests.

    Raises:
        ModelError: a file is missing or changed.
    """
    for name in names:
        if not (folder / name).is_file():
            raise ModelError(f"model: {folder} has no {name}")
        if digest(folder / name) != digests.get(name):
            raise ModelError(f"model: {folder}/{name} is not the file that config.json describes")


def read_config(folder: Path) -> ModelConfig:
    """Read and check a model folder.

    Raises:
        ModelError: names what is missing, changed, or of another make.
    """
    config = parsed(folder, ModelConfig)
    if config.format != FORMAT:
        raise ModelError(f"model: {folder} has format {config.format}, this release reads {FORMAT}")
    if tuple(config.features) != FEATURES:
        raise ModelError(f"model: {folder} was trained on other features than this release computes; train it again")
    check_files(folder, SERVED, config.digests)
    return config


def write_config(folder: Path, config: ModelConfig) -> None:
    """Write ``config.json`` with the digests of the served files as they are now."""
    config = config.model_copy(update={"digests": {name: digest(folder / name) for name in SERVED}})
    text = json.dumps(config.model_dump(), ensure_ascii=False, indent=2)
    (folder / "config.json").write_text(text + "\n", "utf-8")
