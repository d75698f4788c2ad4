"""Models of open_clip, run by open_clip and torch itself; needs the ``clip`` extra.

Weights are read from safetensors only, and code that a model brings along is never run. Preprocessing is the model's
own transform.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL.Image import Image

from .encoder import EncoderId, Vectors
from .errors import EncoderUnavailable, UnknownEncoder

WEIGHTS = "open_clip_model.safetensors"
CONFIG = "open_clip_config.json"
NEEDED = ("*.json", "*.txt", "*.model", "*.safetensors")
BATCH = 32


@dataclass(frozen=True, slots=True)
class Opened:
    """A model with what belongs to it.

    Attributes:
        model: ``open_clip.CLIP`` or ``CustomTextCLIP``, in evaluation mode.
        transform: from a picture to a tensor.
        tokenizer: from texts to a tensor.
        id: name, digest of weights, configuration and preprocessing, dimension.
    """

    model: Any
    transform: Any
    tokenizer: Any
    id: EncoderId


class OpenClipEncoder:
    """A model by name or by folder. Safe to use from several threads."""

    def __init__(self, source: str, *, threads: int = 2) -> None:
        """Nothing is loaded before the first use, so a server may fork in between.

        Args:
            source: a folder with ``open_clip_config.json``, ``ORG/NAME[@REVISION]`` on the model hub, or
                ``MODEL:TAG[@REVISION]`` with the names of ``open_clip.list_pretrained()``, such as
                ``ViT-B-32:laion2b_s34b_b79k``. Without ``@`` the hub's newest is taken; its weights' digest is in the
                revision of :attr:`id`.
            threads: of one model run on the CPU; at least 1.
        """
        if threads < 1:
            raise ValueError(f"threads: must be at least 1, not {threads}")
        self._source = source
        self._threads = threads
        self._lock = threading.Lock()
        self._opened: Opened | None = None

    @property
    def id(self) -> EncoderId:
        """Which encoder this is; loads the model, whose weights are part of its identity."""
        return self._load().id

    def encode_images(self, images: Sequence[Image]) -> Vectors:
        """Encode pictures; see :class:`multimodal.encoder.ImageEncoder`."""
        opened = self._load()
        return self._batched(images, opened, lambda part: opened.model.encode_image(_stack(opened, part)))

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Encode texts; see :class:`multimodal.encoder.ImageEncoder`."""
        opened = self._load()
        clean = [text.encode("utf-8", "replace").decode() for text in texts]
        return self._batched(clean, opened, lambda part: opened.model.encode_text(opened.tokenizer(list(part))))

    def _batched(self, items: Sequence[Any], opened: Opened, encode: Any) -> Vectors:
        import torch

        vectors = np.empty((len(items), opened.id.dimension), np.float32)
        with torch.inference_mode():
            for start in range(0, len(items), BATCH):
                rows = torch.nn.functional.normalize(encode(items[start : start + BATCH]).float(), dim=-1)
                vectors[start : start + BATCH] = rows.numpy()
        return vectors

    def _load(self) -> Opened:
        with self._lock:
            if self._opened is None:
                self._opened = open_model(self._source)
                import torch

                torch.set_num_threads(self._threads)
            return self._opened


def _stack(opened: Opened, images: Sequence[Image]) -> Any:
    import torch

    return torch.stack([opened.transform(image) for image in images])


def open_model(source: str) -> Opened:
    """Load a model; see :class:`OpenClipEncoder`.

    Raises:
        UnknownEncoder: no such model.
        EncoderUnavailable: the extra is not installed, the hub cannot be reached, or the folder is damaged.
    """
    try:
        import open_clip
    except ImportError as error:
        raise EncoderUnavailable(
            f"image encoder {source}: open_clip is not installed; pip install 'hybridrank[clip]'"
        ) from error
    try:
        with _local(source) as (name, pretrained):
            model, _, transform = open_clip.create_model_and_transforms(
                name, pretrained=pretrained, require_pretrained=True, weights_only=True
            )
            tokenizer = open_clip.get_tokenizer(name)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise EncoderUnavailable(f"image encoder {source}: cannot be loaded: {line}") from error
    model.eval()
    return Opened(model, transform, tokenizer, _identify(model, source))


def _from_hub(source: str) -> tuple[str, str | None]:
    """Fetch the safetensors of a model, at its pinned revision; names for ``open_clip.create_model``."""
    import open_clip
    from huggingface_hub import hf_hub_download, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    wanted, _, revision = source.partition("@")
    try:
        if "/" in wanted:
            folder = snapshot_download(wanted, revision=revision or None, allow_patterns=list(NEEDED))
            return f"local-dir:{folder}", None
        name, _, tag = wanted.partition(":")
        if name not in open_clip.list_models() or tag not in open_clip.list_pretrained_tags_by_model(name):
            raise UnknownEncoder(
                f"image encoder {source!r}: not a folder with {CONFIG}, not ORG/NAME, and no MODEL:TAG of open_clip"
            )
        hub = str(open_clip.get_pretrained_cfg(name, tag).get("hf_hub", "")).rstrip("/")
        if not hub:
            raise EncoderUnavailable(f"image encoder {source}: its weights are not to be had as safetensors")
        return name, hf_hub_download(hub, WEIGHTS, revision=revision or None)
    except (HFValidationError, LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise EncoderUnavailable(f"image encoder {source}: cannot be fetched: {line}") from error


@contextmanager
def _local(source: str) -> Iterator[tuple[str, str | None]]:
    """Names for ``open_clip.create_model``; a folder's towers that are named relative to it are found there.

    ``open_clip`` hands the names of Hugging Face towers on as they stand in the configuration, so a folder that was
    moved, or that brings its towers along, is shown with their absolute paths while it is loaded.
    """
    folder = Path(source).expanduser()
    if not (folder / CONFIG).is_file():
        yield _from_hub(source)
        return
    folder = folder.resolve()
    with tempfile.TemporaryDirectory(prefix="open-clip-") as place:
        shown = Path(place)
        for file in folder.iterdir():
            if file.name != CONFIG:
                (shown / file.name).symlink_to(file)
        config = json.loads((folder / CONFIG).read_text("utf-8"))
        text = config.get("model_cfg", {}).get("text_cfg", {})
        for key in ("hf_model_name", "hf_tokenizer_name"):
            if key in text and (folder / text[key]).is_dir():
                text[key] = str(folder / text[key])
        (shown / CONFIG).write_text(json.dumps(config), "utf-8")
        yield f"local-dir:{shown}", None


def _identify(model: Any, source: str) -> EncoderId:
    digest = hashlib.sha256()
    for name, value in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    preprocess = getattr(model.visual, "preprocess_cfg", {})
    digest.update(json.dumps(preprocess, sort_keys=True, default=str).encode())
    folder, _, _ = source.partition("@")
    dimension = int(model.text_projection.shape[1]) if _plain(model) else _width(model)
    return EncoderId(folder.rstrip("/").rpartition("/")[2], digest.hexdigest()[:16], dimension)


def _plain(model: Any) -> bool:
    return getattr(model, "text_projection", None) is not None and hasattr(model.text_projection, "shape")


def _width(model: Any) -> int:
    import torch

    size = model.visual.image_size
    height, width = size if isinstance(size, tuple | list) else (size, size)
    with torch.inference_mode():
        return int(model.encode_image(torch.zeros(1, 3, int(height), int(width))).shape[-1])
