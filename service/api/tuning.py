"""``/v1/tuning``: systems side by side, pages that both fill, weights of signals and what they are worth."""

from __future__ import annotations

import secrets

from apiflask import APIBlueprint
from flask import Response, g

from personal.duels import DuelBook
from personal.event_times import now_ms
from personal.judgments import JudgmentBook
from personal.visitor import NOBODY
from ranker.errors import ModelError
from ranker.interleave import judged, team_draft
from ranker.metrics import has_relevant, ndcg
from ranker.significance import Estimate
from ranker.weights import checked, write_weights

from ..app import parts
from ..models import ModelFixed, Models
from ..problems import Problem, invalid
from ..rivals import Answered, shown
from ..schemas.tuning import (
    CompareBody,
    CompareOut,
    DuelClickBody,
    DuelOut,
    DuelPageOut,
    DuelPlace,
    EstimateOut,
    ModelBody,
    ModelOut,
    ModelsOut,
    RivalOut,
    RivalResultOut,
    SavedWeightsOut,
    ServedWeightsBody,
    WeighedOut,
    WeightsBody,
)
from ..visitors import visitor_or_nobody
from .answers import answer, check_text

blueprint = APIBlueprint("tuning", __name__, tag="tuning")
READING_MS = 200.0
"""Of one measurement, for reading what the sliders brought up."""
DEEP = 10
"""nDCG@10 needs ten, however few are shown."""
INTERLEAVED = 50
"""How deep each side of an interleaved page is asked."""


@blueprint.post("/v1/tuning/weigh")
@blueprint.input(WeightsBody, arg_name="body")
@blueprint.output(WeighedOut)
def weigh(body: WeightsBody) -> Response:
    """What weights are worth on the judged queries."""
    here = parts()
    found = here.weighing.measure(_index(body.index), _weights(body.weights), budget_ms=READING_MS)
    return answer(
        WeighedOut(
            ready=found.ready,
            total=found.total,
            left_out=found.left_out,
            pending=found.pending,
            ndcg=_estimate(found.value),
            served=_estimate(found.base),
            difference=_estimate(found.difference),
            better=found.better,
            worse=found.worse,
            took_ms=found.took_ms,
            failed=found.failed or None,
        )
    )


@blueprint.get("/v1/tuning/weights")
@blueprint.output(SavedWeightsOut)
def weights() -> Response:
    """The weights that are served."""
    here = parts()
    return answer(SavedWeightsOut(weights=dict(here.weights.now()), file=here.weights.path.name))


@blueprint.put("/v1/tuning/weights")
@blueprint.input(ServedWeightsBody, arg_name="body")
@blueprint.output(SavedWeightsOut)
def save(body: ServedWeightsBody) -> Response:
    """Serve these weights from the next search on, in every worker."""
    here = parts()
    write_weights(here.weights.path, _weights(body.weights))
    return answer(SavedWeightsOut(weights=dict(here.weights.now()), file=here.weights.path.name))


@blueprint.post("/v1/tuning/compare")
@blueprint.input(CompareBody, arg_name="body")
@blueprint.output(CompareOut)
def compare(body: CompareBody) -> Response:
    """Ask two systems the same question."""
    index = _asked(body)
    grades = JudgmentBook(parts().engine).of(index, body.query)
    answers = [_rival(system, found, grades, body.size) for system, found in _both(body, index, max(body.size, DEEP))]
    return answer(CompareOut(query=body.query, answers=answers))


@blueprint.post("/v1/tuning/pages")
@blueprint.input(CompareBody, arg_name="body")
@blueprint.output(DuelPageOut)
def page(body: CompareBody) -> Response:
    """A page that two systems fill in turn (team draft)."""
    here, index = parts(), _asked(body)
    (first, one), (second, two) = _both(body, index, INTERLEAVED)
    made = team_draft([h.id for h in one.hits], [h.id for h in two.hits], body.size, _toss)
    hits = {hit.id: hit for hit in (*two.hits, *one.hits)}
    person = here.behaviour.pseudonyms.person(index, g.session or "")
    name = DuelBook(here.engine).open(index, (first, second), person, made, now_ms=now_ms())
    results = [RivalResultOut(rank=place, **shown(hits[item])) for place, item in enumerate(made.items, 1)]
    return answer(DuelPageOut(page_id=name, results=results))


@blueprint.post("/v1/tuning/pages/click")
@blueprint.input(DuelClickBody, arg_name="body")
@blueprint.output(DuelClickBody)
def click(body: DuelClickBody) -> Response:
    """Count a click on an interleaved page, once an item."""
    if not DuelBook(parts().engine).click(_index(body.index), body.page_id, body.id):
        raise Problem(404, "not-found", "There is no such page, or the product is not on it.", [("page_id", "unknown")])
    return answer(body)


@blueprint.get("/v1/tuning/duel")
@blueprint.input(DuelPlace, location="query", arg_name="place")
@blueprint.output(DuelOut)
def duel(place: DuelPlace) -> Response:
    """How two systems stand in the clicks on the pages that both filled."""
    pages = list(DuelBook(parts().engine).pages(_index(place.index), (place.a, place.b)))
    if not any(one.clicked for one in pages):
        return answer(DuelOut(a=0, b=0, ties=0, pages=len(pages)))
    found = judged((one.person, one.page, one.clicked) for one in pages)
    preference = EstimateOut(mean=found.preference, low=found.low, high=found.high)
    return answer(DuelOut(a=found.a, b=found.b, ties=found.ties, pages=len(pages), preference=preference))


@blueprint.get("/v1/models")
@blueprint.output(ModelsOut)
def models() -> Response:
    """The models that may be served, and which one is."""
    return answer(_models(Models(parts().settings)))


@blueprint.put("/v1/models")
@blueprint.input(ModelBody, arg_name="body")
@blueprint.output(ModelsOut)
def serve(body: ModelBody) -> Response:
    """Serve another model; a request uses one model from its beginning to its end."""
    found = Models(parts().settings)
    try:
        found.serve(body.name)
    except ModelFixed as error:
        raise Problem(409, "model-fixed", f"{error}.", [("name", "cannot be changed")]) from error
    except ModelError as error:
        raise invalid("name", "no model of this service that can be served") from error
    return answer(_models(found))


def _models(found: Models) -> ModelsOut:
    models = [
        ModelOut(name=one.name, served=one.served, fault=one.fault or None, made=_made(one.training))
        for one in found.all()
    ]
    return ModelsOut(fixed=found.link is None, models=models)


def _made(training: dict[str, object]) -> str | None:
    made = training.get("made")
    return made if isinstance(made, str) else None


def _asked(body: CompareBody) -> str:
    check_text("query", body.query, parts().settings.max_query_chars)
    if not body.query.strip():
        raise invalid("query", "empty")
    return _index(body.index)


def _both(body: CompareBody, index: str, size: int) -> list[tuple[str, Answered]]:
    who = visitor_or_nobody()[0] if "personal" in body.systems else NOBODY
    given = None if body.weights is None else _weights(body.weights)
    rivals = parts().rivals
    try:
        return [
            (name, rivals.answer(name, body.query, index, size, visitor=who, weights=given)) for name in body.systems
        ]
    except ModelError as error:
        if not any(name.startswith("model:") for name in body.systems):
            raise
        raise invalid("systems", "names a model that this service does not have") from error


def _rival(system: str, found: Answered, grades: dict[str, int], size: int) -> RivalOut:
    value = ndcg([hit.id for hit in found.hits], grades) if has_relevant(grades) else None
    results = [
        RivalResultOut(rank=place, grade=grades.get(hit.id), **shown(hit))
        for place, hit in enumerate(found.hits[:size], 1)
    ]
    return RivalOut(system=system, model=found.model, degraded=found.degraded, ndcg=value, results=results)


def _toss() -> bool:
    return secrets.randbits(1) == 1


def _weights(given: dict[str, float]) -> dict[str, float]:
    try:
        return checked(given)
    except ModelError as error:
        field, _, reason = str(error).partition(": ")
        raise invalid(field, reason) from error


def _estimate(found: Estimate | None) -> EstimateOut | None:
    if found is None:
        return None
    return EstimateOut(mean=round(found.mean, 6), low=round(found.low, 6), high=round(found.high, 6))


def _index(given: str | None) -> str:
    here = parts()
    return here.search.catalogue(given or here.settings.index).name
