"""Queries, judgments and runs as files."""

from __future__ import annotations

import ir_measures
import pytest

from ranker.errors import JudgmentError
from ranker.qrels import read_qrels, read_queries
from ranker.runfile import write_run


def test_reads_what_editors_write(tmp_path):
    queries, qrels = tmp_path / "queries.tsv", tmp_path / "qrels.tsv"
    queries.write_bytes("\ufeffq1\tred shoes\r\n\r\nq2\t运动鞋".encode())
    qrels.write_text("q1\tp1\t3\nq2\tp1\t0\nq1\tp 2\t1\n\n", "utf-8")
    assert read_queries(queries) == {"q1": "red shoes", "q2": "运动鞋"}
    assert read_qrels(qrels) == {"q1": {"p1": 3, "p 2": 1}, "q2": {"p1": 0}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"q1\tshoes\nq2\n", "line 2, text: expected query_id<TAB>text, found 1 fields"),
        (b"q1\tshoes\tred\n", "line 1, text: expected query_id<TAB>text, found 3 fields"),
        (b"\n\t shoes\n", "line 2, query_id: is empty"),
        (b"q1\t \n", "line 1, text: is empty"),
        (b"q1\tshoes\nq1\tboots\n", "line 2, query_id: 'q1' stands in an earlier line too"),
        (b"q1\tshoes\nq2\t\xff\n", "line 2, text: is not UTF-8"),
        (b"\n", "holds no query"),
    ],
)
def test_malformed_queries(tmp_path, content, message):
    path = tmp_path / "queries.tsv"
    path.write_bytes(content)
    with pytest.raises(JudgmentError) as caught:
        read_queries(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("q1\tp1\n", "line 1, grade: expected query_id<TAB>product_id<TAB>grade, found 2 fields"),
        ("q1 0 p1 3\n", "line 1, product_id: expected"),
        ("q1\tp1\t3\nq1\tp2\tgood\n", "line 2, grade: must be a whole number from 0 to 30, not 'good'"),
        ("q1\tp1\t-1\n", "line 1, grade: must be"),
        ("q1\tp1\t1.5\n", "line 1, grade: must be"),
        ("q1\tp1\t31\n", "line 1, grade: must be"),
        ("q1\tp1\t³\n", "line 1, grade: must be"),
        ("q1\tp1\t3\nq1\tp1\t3\n", "line 2, product_id: 'p1' is judged twice for query 'q1'"),
        ("", "holds no judgment"),
    ],
)
def test_malformed_qrels(tmp_path, content, message):
    path = tmp_path / "qrels.tsv"
    path.write_text(content, "utf-8")
    with pytest.raises(JudgmentError) as caught:
        read_qrels(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


def test_a_run_file_keeps_the_order_for_other_tools(tmp_path):
    path = tmp_path / "run"
    write_run(path, "bm25", {"q1": [f"p{n}" for n in range(100)], "q2": ["b", "a"]})
    read = list(ir_measures.read_trec_run(str(path)))
    assert len(read) == 102
    ordered = sorted((one for one in read if one.query_id == "q1"), key=lambda one: -one.score)
    assert [one.doc_id for one in ordered] == [f"p{n}" for n in range(100)]
    assert len({one.score for one in ordered}) == 100


def test_a_run_file_cannot_carry_white_space(tmp_path):
    with pytest.raises(JudgmentError, match="white space"):
        write_run(tmp_path / "run", "bm25", {"q1": ["p 2"]})
