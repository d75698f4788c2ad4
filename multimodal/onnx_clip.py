"""Pictures and texts in one space by onnxruntime alone: the served form of a two-tower model.

The image graph is quantised with scales that were measured beforehand, so a picture's vector does not depend on its
neighbours; still each picture is a run of its own, on one thread, and several go on at once.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from PIL.Image import Image

from .clip_folder import IMAGE, TEXT, read
from .encoder import EncoderId, TextEncoder, Vectors
from .errors import EncoderUnavailable


@dataclass(frozen=True, slots=True)
class _Loaded:
    image: ort.InferenceSession
    text: ort.InferenceSession
    pool: ThreadPoolExecutor


class OnnxClip:
    """A model folder; see :mod:`multimodal.clip_folder`. Safe to use from several threads."""

    def __init__(self, folder: Path, text_encoder: TextEncoder, *, threads: int = 2) -> None:
        """Nothing but the configuration is read before the first picture or text, so a server may fork in between.

        Args:
            folder: of the model.
            text_encoder: the one that the folder names.
            threads: how many pictures are encoded side by side, each on one thread; at least 1.

        Raises:
            UnknownEncoder: no such model.
            EncoderUnavailable: it is damaged, or was trained on another text encoder.
        """
        if threads < 1:
            raise ValueError(f"threads: must be at least 1, not {threads}")
        self._folder = read(folder)
        if text_encoder.id.revision != self._folder.text_revision:
            raise EncoderUnavailable(
                f"image encoder {self._folder.id.name}: its text tower stands on {self._folder.text_encoder} "
                f"({self._folder.text_revision}), not on {text_encoder.id.name} ({text_encoder.id.revision})"
            )
        self._texts = text_encoder
        self._threads = threads
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None

    @property
    def id(self) -> EncoderId:
        """Which encoder this is."""
        return self._folder.id

    def encode_images(self, images: Sequence[Image]) -> Vectors:
        """Encode pictures; see :class:`multimodal.encoder.ImageEncoder`.

        Raises:
            EncoderUnavailable: the graph cannot be loaded.
        """
        vectors = np.empty((len(images), self.id.dimension), np.float32)
        if not images:
            return vectors
        loaded = self._load()
        runs = loaded.pool.map if len(images) > 1 and self._threads > 1 else map
        for row, vector in enumerate(runs(self._vector, [loaded] * len(images), images)):
            vectors[row] = vector
        return vectors

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Encode texts; see :class:`multimodal.encoder.ImageEncoder`.

        Raises:
            EncoderUnavailable: the files of the text encoder cannot be had.
        """
        if not texts:
            return np.empty((0, self.id.dimension), np.float32)
        return self.project_texts(self._texts.encode(texts, role="query"))

    def project_texts(self, vectors: Vectors) -> Vectors:
        """From unit vectors of the text encoder, shape (n, its dimension), to unit vectors beside the pictures."""
        (projected,) = self._load().text.run(None, {"vector": vectors})
        return _unit(projected)

    def _vector(self, loaded: _Loaded, image: Image) -> NDArray[np.float32]:
        (vector,) = loaded.image.run(None, {"pixels": self._folder.preprocess.pixels(image)[None]})
        row: NDArray[np.float32] = _unit(vector)[0]
        return row

    def _load(self) -> _Loaded:
        with self._lock:
            if self._loaded is None:
                pool = ThreadPoolExecutor(self._threads, "encode-image")
                self._loaded = _Loaded(self._session(IMAGE), self._session(TEXT), pool)
            return self._loaded

    def _session(self, name: str) -> ort.InferenceSession:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        path = self._folder.folder / name
        try:
            return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise EncoderUnavailable(f"image encoder {self.id.name}: {path} cannot be loaded: {error}") from error


def _unit(vectors: NDArray[np.float32]) -> Vectors:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    # A vector of zeros has no direction; the first axis stands for it, so that every row is a unit vector.
    result = np.where(length > 0, vectors / np.maximum(length, 1e-12), np.eye(1, vectors.shape[1], dtype=np.float32))
    return result.astype(np.float32)
