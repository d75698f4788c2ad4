"""Text vectors by onnxruntime and tokenizers alone.

An int8 graph with dynamic quantisation takes its activation scale from the whole input tensor, so in a batch a text's
vector moves by up to 0.03 with its neighbours. Here each text is a run of its own, and several runs go on at once,
each on one thread. That is exact, and on two cores it was also faster than batches (``docs/encoders.md``).
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
from tokenizers import Encoding, Tokenizer

from .encoder import EncoderId, Role, Vectors
from .errors import EncoderUnavailable
from .fetch import ensure
from .manifest import Packaged

CHUNK = 256
"""Texts tokenized at a time, so that memory does not grow with the call."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    tokenizer: Tokenizer
    session: ort.InferenceSession
    inputs: frozenset[str]
    pool: ThreadPoolExecutor


class OnnxTextEncoder:
    """An encoder of the manifest. Safe to use from several threads."""

    def __init__(self, encoder: Packaged, home: Path, *, threads: int = 2) -> None:
        """Nothing is fetched or loaded before the first text, so a server may fork in between.

        Args:
            encoder: one of the manifest.
            home: where its files are kept.
            threads: how many texts are encoded side by side, each on one thread; at least 1.
        """
        if threads < 1:
            raise ValueError(f"threads: must be at least 1, not {threads}")
        self._encoder = encoder
        self._home = home
        self._threads = threads
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None

    @property
    def id(self) -> EncoderId:
        """Which encoder this is; needs no file."""
        return self._encoder.id

    def encode(self, texts: Sequence[str], *, role: Role = "document") -> Vectors:
        """Encode texts; see :class:`multimodal.encoder.TextEncoder`.

        Raises:
            EncoderUnavailable: the files are not here and cannot be fetched.
        """
        vectors = np.empty((len(texts), self._encoder.dimension), np.float32)
        if not texts:
            return vectors
        loaded = self._load()
        prefix = self._encoder.query_prefix if role == "query" else self._encoder.document_prefix
        for start in range(0, len(texts), CHUNK):
            chunk = [prefix + self._clean(text) for text in texts[start : start + CHUNK]]
            encodings = loaded.tokenizer.encode_batch(chunk)
            runs = loaded.pool.map if len(chunk) > 1 and self._threads > 1 else map
            for row, vector in enumerate(runs(self._vector, [loaded] * len(chunk), encodings), start):
                vectors[row] = vector
        return vectors

    def _clean(self, text: str) -> str:
        # A lone surrogate (JSON allows one) is not text; it becomes "?".
        whole = text.encode("utf-8", "replace").decode()
        return whole.lower() if self._encoder.lowercase else whole

    def _vector(self, loaded: _Loaded, encoding: Encoding) -> NDArray[np.float32]:
        ids = np.array([encoding.ids], np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        (hidden,) = loaded.session.run(
            ["last_hidden_state"], {name: value for name, value in feed.items() if name in loaded.inputs}
        )
        vector: NDArray[np.float32] = hidden[0, 0] if self._encoder.pooling == "cls" else hidden[0].mean(axis=0)
        return vector / np.linalg.norm(vector)

    def _load(self) -> _Loaded:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._open()
            return self._loaded

    def _open(self) -> _Loaded:
        files = ensure(self._encoder, self._home)
        tokenizer = Tokenizer.from_file(str(files.tokenizer))
        tokenizer.enable_truncation(self._encoder.max_tokens)
        tokenizer.no_padding()
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        session = ort.InferenceSession(str(files.model), options, providers=["CPUExecutionProvider"])
        dimension = session.get_outputs()[0].shape[-1]
        if dimension != self._encoder.dimension:
            raise EncoderUnavailable(
                f"encoder {self._encoder.name}: its graph gives {dimension} numbers a text, "
                f"the manifest says {self._encoder.dimension}"
            )
        inputs = frozenset(one.name for one in session.get_inputs())
        return _Loaded(tokenizer, session, inputs, ThreadPoolExecutor(self._threads, "encode"))
