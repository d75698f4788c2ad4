"""Names of what ``hybridrank evaluate`` sets against each other where the next item is looked for."""

from __future__ import annotations

from typing import Literal, get_args

NextSystem = Literal["recommend", "recommend_no_sequence", "popularity", "item_knn"]
NEXT_SYSTEMS: tuple[NextSystem, ...] = get_args(NextSystem)
