"""Any sentence-transformers model, by name or by folder; needs the ``train`` extra."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .encoder import EncoderId, Role, Vectors
from .errors import EncoderUnavailable, UnknownEncoder


class SentenceTransformersEncoder:
    """A model of the sentence-transformers library. Code that a model brings along is never run."""

    def __init__(self, name_or_path: str, *, threads: int = 2) -> None:
        """Nothing is loaded before the first use, so a server may fork in between.

        Args:
            name_or_path: a name on the model hub, or a folder with ``modules.json``.
            threads: threads of one model run on the CPU; at least 1.
        """
        if threads < 1:
            raise ValueError(f"threads: must be at least 1, not {threads}")
        self._source = name_or_path
        self._threads = threads
        self._lock = threading.Lock()
        self._loaded: tuple[Any, EncoderId] | None = None

    @property
    def id(self) -> EncoderId:
        """Which encoder this is; loads the model, whose weights are part of its identity."""
        return self._load()[1]

    def encode(self, texts: Sequence[str], *, role: Role = "document") -> Vectors:
        """Encode texts; see :class:`multimodal.encoder.TextEncoder`.

        Raises:
            UnknownEncoder: no such model.
            EncoderUnavailable: the extra is not installed, or the hub cannot be reached.
        """
        model, identity = self._load()
        if not texts:
            return np.empty((0, identity.dimension), np.float32)
        clean = [text.encode("utf-8", "replace").decode() for text in texts]
        encode = model.encode_query if role == "query" else model.encode_document
        vectors = encode(clean, batch_size=32, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, np.float32)

    def _load(self) -> tuple[Any, EncoderId]:
        with self._lock:
            if self._loaded is None:
                model = _open(self._source)
                _use_threads(self._threads)
                self._loaded = model, _identify(model, self._source)
            return self._loaded


def _open(source: str) -> Any:
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise EncoderUnavailable(
            f"encoder st:{source}: sentence-transformers is not installed; pip install 'hybridrank[train]'"
        ) from error
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, RepositoryNotFoundError

    try:
        model = SentenceTransformer(source, trust_remote_code=False)
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise UnknownEncoder(f"encoder st:{source}: the model hub knows no such model") from error
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise EncoderUnavailable(f"encoder st:{source}: cannot be loaded: {_first_line(error)}") from error
    if not callable(getattr(model, "encode_query", None)):
        raise EncoderUnavailable(f"encoder st:{source}: needs sentence-transformers 5 or newer")
    return model


def _use_threads(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)


def _identify(model: Any, source: str) -> EncoderId:
    """Name, and a digest of weights, modules, tokenizer and prompts, so it is the same from a hub or from a folder."""
    digest = hashlib.sha256()
    for name, value in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    modules = [
        [type(module).__name__, module.get_config_dict() if hasattr(module, "get_config_dict") else None]
        for module in model
    ]
    settings = {"modules": modules, "max_tokens": model.max_seq_length, "prompts": model.prompts}
    digest.update(json.dumps(settings, sort_keys=True, default=str).encode())
    backend = getattr(model.tokenizer, "backend_tokenizer", None)
    if backend is not None:
        digest.update(backend.to_str().encode())
    dimension = model.get_embedding_dimension()
    return EncoderId(Path(source).name, digest.hexdigest()[:16], int(dimension))


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
