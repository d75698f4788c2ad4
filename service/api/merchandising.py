"""``/v1/merchandising``: what a shop pins, hides and boosts for a query."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from personal.errors import RuleRejected
from personal.merchandising import read_rule

from ..app import parts
from ..problems import Problem, invalid
from ..schemas.merchandising import RuleBody, RuleOut, RulePlace, RulesOut
from .answers import answer, existing_catalogue

blueprint = APIBlueprint("merchandising", __name__, tag="merchandising")


@blueprint.get("/v1/merchandising")
@blueprint.input(RulePlace, location="query", arg_name="place")
@blueprint.output(RulesOut)
def rules(place: RulePlace) -> Response:
    """The rules of a catalogue, or the one of a query."""
    index = existing_catalogue(place.index)
    book = parts().behaviour.rules
    if place.query is None:
        found = sorted(book.all(index), key=lambda pair: pair[0])
    else:
        try:
            rule = book.get(index, place.query)
        except RuleRejected as error:
            raise invalid(error.field, error.reason) from error
        found = [(place.query, rule)] if rule is not None else []
    return answer(RulesOut(rules=[RuleOut(query=query, **rule.as_json()) for query, rule in found]))


@blueprint.put("/v1/merchandising")
@blueprint.input(RuleBody, arg_name="body")
@blueprint.output(RuleOut)
def put(body: RuleBody) -> Response:
    """Put a rule in place of the query's old one; the next search follows it."""
    index = existing_catalogue(body.index)
    try:
        rule = read_rule(body.model_dump(include={"pinned", "hidden", "boosts"}, exclude_none=True))
        parts().behaviour.rules.put(index, body.query, rule)
    except RuleRejected as error:
        raise invalid(error.field, error.reason) from error
    return answer(RuleOut(query=body.query, **rule.as_json()))


@blueprint.delete("/v1/merchandising")
@blueprint.input(RulePlace, location="query", arg_name="place")
@blueprint.output(RulesOut)
def remove(place: RulePlace) -> Response:
    """Delete the rule of a query."""
    if place.query is None:
        raise invalid("query", "missing; name the query whose rule is to go, or * for every query's")
    try:
        gone = parts().behaviour.rules.remove(existing_catalogue(place.index), place.query)
    except RuleRejected as error:
        raise invalid(error.field, error.reason) from error
    if not gone:
        raise Problem(404, "unknown-rule", "There is no rule for that query.", [("query", "has no rule")])
    return answer(RulesOut(rules=[]))
