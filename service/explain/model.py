"""A model's portrait over the judged queries of a catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ranker.explain.drawing import Duelled, draw, link
from ranker.explain.portrait import Portrait, portrait
from ranker.windows import Window

from ..evaluate import evaluate
from ..parts import Parts
from ..report import Judged, Report
from ..schemas.search import SearchBody
from ..sentences import LABELS
from .scene import scene_of

PICTURES = "pictures"


def portray(
    parts: Parts,
    judged: Judged,
    out: Path,
    *,
    card: Path | None = None,
    on_query: Callable[[str, int], None] | None = None,
) -> tuple[Portrait, Report, list[Path]]:
    """Look at the model that ``parts`` serve, and draw what was found.

    Args:
        parts: engine, encoders and the model.
        judged: the queries.
        out: folder of the pictures.
        card: a model card beside ``out`` to link them from.
        on_query: told after each query.

    Raises:
        UnknownCatalogue, InvalidQuery, EngineError, EncoderError, RankerError: what the parts raise.
        JudgmentError: no judged query brings anything that is judged.
    """
    index = parts.settings.index
    report = evaluate(parts, index, judged, [], compare=[("bm25", "ranked")], on_query=on_query)
    ranker = parts.ranker
    depth = ranker.depth(parts.settings.rerank_depth)
    found = portrait(ranker, _windows(parts, judged, on_query), depth=depth)
    bm25, ranked = (report.systems[name].values[:, 0] for name in ("bm25", "ranked"))
    queries = [
        Duelled(text, float(first), float(second))
        for text, first, second in zip(judged.texts.values(), bm25, ranked, strict=True)
    ]
    files = draw(found, queries, LABELS["en"], out)
    if card is not None:
        link(card, out)
    return found, report, files


def _windows(parts: Parts, judged: Judged, on_query: Callable[[str, int], None] | None) -> Iterator[Window]:
    for number, (query_id, text) in enumerate(judged.texts.items(), 1):
        scene = scene_of(parts, SearchBody(query=text, index=parts.settings.index))
        if on_query is not None:
            on_query("explained", number)
        if scene.candidates:
            grades = judged.grades[query_id]
            known = tuple(grades.get(item.id) for item in scene.candidates)
            yield Window(query_id, text, parts.settings.index, tuple(scene.candidates), known)
