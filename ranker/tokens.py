"""From a query and passages to the token ids of pairs.

A pair is two segments, each ``[CLS] tokens [SEP]`` with positions that restart at 0: before any fine-tuning each
segment is then exactly what the bi-encoder, from which the model starts, has learned to read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from .errors import ModelError

QUERY, PASSAGE, PAD = 0, 1, 2


@dataclass(frozen=True, slots=True)
class PairBatch:
    """Pairs of one width.

    Attributes:
        ids, positions, segments: int64, shape ``(pairs, width)``; segments are ``QUERY``, ``PASSAGE`` or ``PAD``.
        rows: where each pair belongs in the list that was given.
    """

    ids: NDArray[np.int64]
    positions: NDArray[np.int64]
    segments: NDArray[np.int64]
    rows: NDArray[np.int64]


class Lengths(Protocol):
    """What says how long segments are: a model's configuration, or settings of training."""

    @property
    def query_tokens(self) -> int:
        """Of a query, its two marks included."""
        ...

    @property
    def passage_tokens(self) -> int:
        """Of a passage, its two marks included."""
        ...


class PairTokenizer:
    """Cuts texts to length and lays pairs out. Thread-safe.

    Args:
        path: a ``tokenizer.json`` of a BERT vocabulary.
        query_tokens, passage_tokens: most tokens of a segment, its two marks included.
    """

    def __init__(self, path: Path, *, query_tokens: int = 32, passage_tokens: int = 96) -> None:
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:
            raise ModelError(f"{path}: not a readable tokenizer.json ({error})") from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.query_tokens = query_tokens
        self.passage_tokens = passage_tokens

    @classmethod
    def of(cls, folder: Path, lengths: Lengths) -> Self:
        """That of a folder's ``tokenizer.json``.

        Raises:
            ModelError: it cannot be read.
        """
        path = folder / "tokenizer.json"
        return cls(path, query_tokens=lengths.query_tokens, passage_tokens=lengths.passage_tokens)

    def segment_ids(self, texts: Sequence[str], limit: int) -> list[list[int]]:
        """Tokenise texts, each cut to ``limit`` tokens with its end mark kept."""
        # Cutting the characters first bounds the work; no token of a BERT vocabulary exceeds a few characters on
        # average, and a text of 16 characters a token that is still too short does not occur.
        encodings = self._tokenizer.encode_batch([text[: limit * 16] for text in texts])
        result = []
        for encoding in encodings:
            ids = encoding.ids
            result.append(ids if len(ids) <= limit else [*ids[: limit - 1], ids[-1]])
        return result

    def batches(self, query: str, passages: Sequence[str], *, size: int = 16) -> list[PairBatch]:
        """Lay out one query with many passages, shortest first, so that a batch pads little."""
        query_ids = self.segment_ids([query], self.query_tokens)[0]
        passage_ids = self.segment_ids(passages, self.passage_tokens)
        order = sorted(range(len(passages)), key=lambda row: len(passage_ids[row]))
        return [
            lay_out([query_ids] * len(rows), [passage_ids[row] for row in rows], rows)
            for rows in (order[start : start + size] for start in range(0, len(order), size))
        ]


def lay_out(queries: Sequence[Sequence[int]], passages: Sequence[Sequence[int]], rows: Sequence[int]) -> PairBatch:
    """Pad pairs of token lists to one width."""
    width = max(len(query) + len(passage) for query, passage in zip(queries, passages, strict=True))
    ids = np.zeros((len(passages), width), np.int64)
    positions = np.zeros_like(ids)
    segments = np.full_like(ids, PAD)
    for row, (query, passage) in enumerate(zip(queries, passages, strict=True)):
        middle, end = len(query), len(query) + len(passage)
        ids[row, :middle], ids[row, middle:end] = query, passage
        positions[row, :middle], positions[row, middle:end] = np.arange(middle), np.arange(len(passage))
        segments[row, :middle], segments[row, middle:end] = QUERY, PASSAGE
    return PairBatch(ids, positions, segments, np.asarray(rows, np.int64))
