"""``/v1/judgments``: how well products answer a query, as people judged; what evaluation and training take."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from personal.errors import JudgmentRejected
from personal.event_times import now_ms
from personal.judgments import JudgmentBook, by_query, query_id_of

from ..app import parts
from ..problems import invalid
from ..schemas.judgments import (
    GradeOut,
    JudgedOut,
    JudgedPlace,
    JudgedQueryOut,
    JudgmentsBody,
    JudgmentsOut,
)
from .answers import answer, existing_catalogue

blueprint = APIBlueprint("judgments", __name__, tag="judgments")


@blueprint.post("/v1/judgments")
@blueprint.input(JudgmentsBody, arg_name="body")
@blueprint.output(JudgmentsOut)
def judge(body: JudgmentsBody) -> Response:
    """Keep grades of products for a query, or take them back."""
    index = existing_catalogue(body.index)
    grades: dict[str, int | None] = {}
    for place, given in enumerate(body.judgments):
        if given.id in grades:
            raise invalid(f"judgments.{place}.id", "given twice")
        grades[given.id] = given.grade
    book = JudgmentBook(parts().engine)
    try:
        book.put(index, body.query, grades, now_ms=now_ms())
    except JudgmentRejected as error:
        raise invalid(error.field, error.reason) from error
    found = _of(book, index, body.query)
    return answer(JudgmentsOut(query_id=query_id_of(body.query), query=body.query, judgments=found))


@blueprint.get("/v1/judgments")
@blueprint.input(JudgedPlace, location="query", arg_name="place")
@blueprint.output(JudgedOut)
def judged(place: JudgedPlace) -> Response:
    """The judgments of a query, or the judged queries of a catalogue."""
    index = existing_catalogue(place.index)
    book = JudgmentBook(parts().engine)
    if place.query is not None:
        found = _of(book, index, place.query)
        return answer(JudgedOut(query_id=query_id_of(place.query), query=place.query, judgments=found))
    texts, grades = by_query(book.all(index))
    return answer(
        JudgedOut(
            queries=[
                JudgedQueryOut(
                    query_id=name,
                    query=text,
                    judged=len(grades[name]),
                    relevant=sum(grade > 0 for grade in grades[name].values()),
                )
                for name, text in sorted(texts.items(), key=lambda pair: pair[1])
            ]
        )
    )


def _of(book: JudgmentBook, index: str, query: str) -> list[GradeOut]:
    return [GradeOut(id=item, grade=grade) for item, grade in sorted(book.of(index, query).items())]
