"""Names of what ``hybridrank evaluate`` sets against each other where a query is typed letter by letter."""

from __future__ import annotations

from typing import Literal, get_args

SuggestSystem = Literal["suggest", "popular_queries", "completion"]
SUGGEST_SYSTEMS: tuple[SuggestSystem, ...] = get_args(SuggestSystem)
