"""The served form of a two-tower model: one folder, no torch and no pickle needed to run it.

- ``clip.json``: name, dimension, preprocessing, which text encoder the text tower stands on, SHA-256 of each file.
- ``image.onnx``: ``pixels`` (n, 3, height, width) to ``vector`` (n, dimension).
- ``text.onnx``: ``vector`` (n, width of the text encoder) to ``vector`` (n, dimension). The text tower is a text
  encoder of the manifest, which a service has loaded anyway, and this projection over it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .encoder import EncoderId
from .errors import EncoderUnavailable, UnknownEncoder
from .fetch import sha256_of
from .preprocess import Preprocess

CONFIG, IMAGE, TEXT = "clip.json", "image.onnx", "text.onnx"
FORMAT = 1
MODELS = Path(__file__).parent / "models"
DEFAULT = "light"
"""The model that ships with hybridrank."""


@dataclass(frozen=True, slots=True)
class ClipFolder:
    """A checked folder.

    Attributes:
        folder: where it lies.
        id: name, digest of everything that moves a vector, dimension.
        preprocess: from pictures to pixels.
        text_encoder: name in the manifest of the encoder that the text tower stands on.
        text_revision: of that encoder.
    """

    folder: Path
    id: EncoderId
    preprocess: Preprocess
    text_encoder: str
    text_revision: str


def read(folder: Path) -> ClipFolder:
    """Read and check a folder.

    Raises:
        UnknownEncoder: it is none.
        EncoderUnavailable: it is one, but damaged.
    """
    file = folder / CONFIG
    if not file.is_file():
        raise UnknownEncoder(f"image encoder {str(folder)!r}: not a folder with {CONFIG}")
    try:
        config: dict[str, Any] = json.loads(file.read_text("utf-8"))
        if config["format"] != FORMAT:
            raise EncoderUnavailable(f"image encoder {folder}: {CONFIG} has format {config['format']}, not {FORMAT}")
        preprocess = Preprocess.of(config["preprocess"])
        name, dimension = str(config["name"]), int(config["dimension"])
        encoder, revision = str(config["text_encoder"]["name"]), str(config["text_encoder"]["revision"])
        digests = {graph: str(config["digests"][graph]) for graph in (IMAGE, TEXT)}
    except (ValueError, KeyError, TypeError) as error:
        raise EncoderUnavailable(f"image encoder {folder}: {CONFIG} is not well: {error}") from error
    for graph, digest in digests.items():
        if not (folder / graph).is_file() or sha256_of(folder / graph) != digest:
            raise EncoderUnavailable(f"image encoder {folder}: {graph} is missing or not the one of {CONFIG}")
    parts = json.dumps([digests, config["preprocess"], revision], sort_keys=True)
    identity = EncoderId(name, hashlib.sha256(parts.encode()).hexdigest()[:16], dimension)
    return ClipFolder(folder, identity, preprocess, encoder, revision)


def write_config(
    folder: Path, *, name: str, dimension: int, preprocess: dict[str, Any], text: EncoderId, training: dict[str, Any]
) -> None:
    """Write ``clip.json`` beside the two graphs."""
    config = {
        "format": FORMAT,
        "name": name,
        "dimension": dimension,
        "preprocess": preprocess,
        "text_encoder": {"name": text.name, "revision": text.revision},
        "digests": {graph: sha256_of(folder / graph) for graph in (IMAGE, TEXT)},
        "training": training,
    }
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", "utf-8")
