"""Judgments in the forms of the Search Relevance Workbench and of UBI."""

import json

import pytest

from personal.judgments import query_id_of
from ranker.errors import JudgmentError
from ranker.judgmentfiles import Row, grade_of, read_ubi, read_workbench, ubi_lines, workbench

ROWS = [
    Row(query_id_of("red dress"), "red dress", "B077", 3, 5),
    Row(query_id_of("red dress"), "red dress", "B071", 0, 6),
    Row(query_id_of("Überzug ✓"), "Überzug ✓", "a/b c", 2, 7),
]
TAKEN = [(row.query, row.product_id, row.grade) for row in ROWS]


def test_the_same_words_are_one_query_whatever_their_case_width_and_spaces():
    assert query_id_of(" Red  Dress") == query_id_of("red dress") == query_id_of("ｒｅｄ dress")
    assert query_id_of("red dress") != query_id_of("reddress")


def test_what_is_written_for_the_workbench_is_its_documented_form_and_comes_back(tmp_path):
    body = workbench(ROWS, "mine")
    assert body["type"] == "IMPORT_JUDGMENT"
    assert body["judgmentRatings"][0] == {
        "query": "red dress",
        "ratings": [{"docId": "B077", "rating": "3.000"}, {"docId": "B071", "rating": "0.000"}],
    }
    file = tmp_path / "j.json"
    file.write_text(json.dumps(body), "utf-8")
    assert list(read_workbench(file)) == TAKEN


def test_what_the_workbench_answers_is_read_and_so_is_its_first_form(tmp_path):
    file = tmp_path / "j.json"
    source = {"judgmentRatings": workbench(ROWS, "x")["judgmentRatings"], "status": "COMPLETED"}
    file.write_text(json.dumps({"hits": {"hits": [{"_source": source}]}}), "utf-8")
    assert list(read_workbench(file)) == TAKEN
    by_text = {"red dress": [{"docId": "B077", "rating": "2.000"}]}
    file.write_text(json.dumps({"judgmentRatings": by_text}), "utf-8")
    assert list(read_workbench(file)) == [("red dress", "B077", 2)]


def test_ubi_judgments_come_back(tmp_path):
    file = tmp_path / "j.jsonl"
    file.write_text("".join(ubi_lines(ROWS)) + "\n", "utf-8")
    assert list(read_ubi(file)) == TAKEN
    assert json.loads(file.read_text("utf-8").splitlines()[0]) == {
        "timestamp": 5,
        "query_id": ROWS[0].query_id,
        "query": "red dress",
        "document": "B077",
        "judgment": 3,
    }


@pytest.mark.parametrize(
    ("value", "scale", "grade"), [("1.0", 1, 3), (0.5, 1, 2), (0.1, 1, 0), (4, 4, 3), (1, 4, 1), ("2", 3, 2)]
)
def test_other_scales_are_rounded_to_ours(value, scale, grade):
    assert grade_of(value, scale, "here") == grade


@pytest.mark.parametrize("value", [None, True, "much", 4, -1, float("nan"), 1.5, [1]])
def test_a_rating_that_cannot_be_is_refused(value):
    with pytest.raises(JudgmentError, match=r"^here: must be"):
        grade_of(value, 3, "here")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{", "no JSON"),
        ("[]", "judgmentRatings: missing"),
        ('{"judgmentRatings": 3}', "must be a list"),
        ('{"judgmentRatings": [{"query": " ", "ratings": []}]}', "judgmentRatings.0.query"),
        ('{"judgmentRatings": [{"query": "a", "ratings": {}}]}', "ratings: must be a list"),
        ('{"judgmentRatings": [{"query": "a", "ratings": [{"rating": 1}]}]}', "ratings.0.docId"),
        ('{"judgmentRatings": [{"query": "a", "ratings": [{"docId": "x", "rating": 9}]}]}', "ratings.0.rating"),
    ],
)
def test_a_workbench_file_that_cannot_be_names_the_place(tmp_path, text, place):
    file = tmp_path / "j.json"
    file.write_text(text, "utf-8")
    with pytest.raises(JudgmentError, match=place):
        list(read_workbench(file))


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("[1", "line 2: is no JSON"),
        ("3", "line 2: must be an object"),
        ('{"query": "a", "judgment": 1}', "line 2, document"),
        ('{"query": "a", "document": "b", "judgment": "x"}', "line 2, judgment"),
    ],
)
def test_a_ubi_line_that_cannot_be_names_line_and_field(tmp_path, line, place):
    file = tmp_path / "j.jsonl"
    file.write_text("".join(ubi_lines(ROWS[:1])) + line + "\n", "utf-8")
    with pytest.raises(JudgmentError, match=place):
        list(read_ubi(file))
