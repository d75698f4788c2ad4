"""Sentences that follow from an answer as it is: nothing is computed for them."""

from __future__ import annotations

from .. import sentences
from ..schemas.explain import Language
from ..schemas.search import ResultOut, SearchOut


def with_sentences(answer: SearchOut, language: Language) -> SearchOut:
    """A search's answer whose results say what the shop decided, what is personal and what could not be considered."""
    missing = sentences.lacking(answer.degraded, language)
    results = [
        result.model_copy(update={"why": [*_of(result, language), *missing] or None}) for result in answer.results
    ]
    return answer.model_copy(update={"results": results})


def _of(result: ResultOut, language: Language) -> list[str]:
    said = [sentences.fact("pinned", language)] if result.pinned else []
    if boost := result.signals.get("merchandising"):
        said.append(sentences.fact("raised" if boost > 0 else "lowered", language))
    if sentences.personal(result.signals):
        said.append(sentences.fact("personal", language))
    return said
