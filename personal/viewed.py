"""A product that is looked at, in the query's place: which candidates are asked for, in serving and in training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plugin.document import IMAGE_VECTOR, TEXT_VECTOR
from plugin.query import SearchRequest

from .recommend import query_of

K_VECTOR = 40
K_LEXICAL = 20


def request_of(
    viewed: Mapping[str, Any] | None, *, hidden: Iterable[str], also: Sequence[str], available: bool = True
) -> SearchRequest:
    """What to ask the engine for beside a product.

    Args:
        viewed: with its stored vectors; ``None`` where nothing is looked at.
        hidden: ids that must not come.
        also: ids that are brought whatever they score.
        available: leave out what is out of stock; a log is of another day's stock.
    """
    return SearchRequest(
        text=query_of(viewed) if viewed is not None else None,
        text_vector=vector_of(viewed, TEXT_VECTOR),
        image_vector=vector_of(viewed, IMAGE_VECTOR),
        k_lexical=K_LEXICAL,
        k_vector=K_VECTOR,
        hidden=tuple(sorted(hidden)),
        available=available,
        also=tuple(also),
        spelling=False,
    )


def vector_of(source: Mapping[str, Any] | None, name: str) -> NDArray[np.float32] | None:
    """A stored vector at unit length, or ``None`` where there is none."""
    value = source.get(name) if source is not None else None
    if not value:
        return None
    vector = np.asarray(value, np.float32)
    length = float(np.linalg.norm(vector))
    return vector / length if length > 0 else None
