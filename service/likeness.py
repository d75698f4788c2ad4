"""Which text vectors a window needs to be compared with what its visitor likes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from personal.profiles import Held
from plugin.candidates import Hit
from plugin.catalogue import Catalogue
from ranker.fusion import first_stage

from .candidates import candidate_of

if TYPE_CHECKING:
    from .parts import Parts

WITH_VECTORS = 64
"""Candidates of a window whose text vectors are read: the best of the first stage."""


def vectors_for(
    parts: Parts, catalogue: Catalogue, hits: Sequence[Hit], held: Held, *, timeout_s: float | None = None
) -> Mapping[str, NDArray[np.float32]]:
    """Unit vectors by id of the best candidates and of the items that the visitor's memories weigh most.

    Args:
        parts: of the worker.
        catalogue: whose generation ``index`` is asked.
        hits: the window.
        held: what is known about the visitor.
        timeout_s: of each of two requests, for vectors that the worker does not remember.

    Raises:
        EngineError: the engine does not answer in time.
    """
    if catalogue.text_encoder is None:
        return {}
    candidates = [candidate_of(hit) for hit in hits]
    best = first_stage(candidates).items[:WITH_VECTORS]
    texts = {item.id: candidates[item.position].text or "" for item in best}
    liked = parts.item_vectors.by_id(catalogue.index, held.liked(), timeout_s=timeout_s) if held else {}
    return {**liked, **parts.item_vectors.of(catalogue.index, texts, timeout_s=timeout_s)}
