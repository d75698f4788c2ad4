"""Files become rows; a bad line is reported with its place and reason, and never ends the reading."""

import datetime
import decimal
import gzip
import io
import json
import tracemalloc

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import readers
from indexer.checking import Checker
from indexer.csvreader import rows as csv_rows
from indexer.deadletters import DeadLetters, new_stem
from indexer.errors import CatalogueError
from indexer.lines import lines
from indexer.records import Item, Rejection, Row
from indexer.strictjson import NotStrict, loads

LIMIT = 1000


def json_rows(data: bytes) -> list[Row | Rejection]:
    return list(readers.json_rows(lines(io.BytesIO(data), "f", LIMIT), "f", LIMIT))


def read_csv(data: bytes) -> list[Row | Rejection]:
    return list(csv_rows(lines(io.BytesIO(data), "f", LIMIT), "f", LIMIT))


def outcomes(rows: list[Row | Rejection]) -> list[tuple[int, str]]:
    """(line, id or reason) of each."""
    checked = [Checker().item(row) if isinstance(row, Row) else row for row in rows]
    return [
        (one.row.place.line, one.id) if isinstance(one, Item) else (one.place.line, f"{one.field}: {one.reason}")
        for one in checked
    ]


def test_each_bad_json_line_has_its_place_field_and_reason():
    data = b"\n".join(
        [
            b'\xef\xbb\xbf{"id":"1","title":"a"}',
            b"",
            b'{"id":"2","title":"a","title":"b"}',
            b'{"id":"3","title":"a","price":NaN}',
            b'{"id":"4","title":"a","price":1e999}',
            b"[1]",
            b'{"id":"5"',
            b'{"id":"6","title":"\xff"}',
            b'{"id":"7","title":"' + b"x" * LIMIT + b'"}',
            b'{"id":"8","title":"\\ud800"}',
            b"[" * 100_000,
            b'{"id":"9","title":"a","n":' + b"1" * 900 + b"}\r",
            b'{"id":"10","title":"last, no line break"}',
        ]
    )
    found = outcomes(json_rows(data))
    assert [line for line, _ in found] == [1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]
    said = dict(found)
    assert (said[1], said[13]) == ("1", "10")
    assert said[3] == "title: the key stands twice in one object; leave one"
    assert "NaN" in said[4]
    assert "too large" in said[5]
    assert "object" in said[6]
    assert "not JSON" in said[7]
    assert "not UTF-8 at byte" in said[8]
    assert "longer than 1000 bytes" in said[9]
    assert said[10].startswith("title: holds half a character")
    assert "longer than" in said[11]


def test_bottomless_nesting_is_reported():
    with pytest.raises(NotStrict, match="nested deeper"):
        loads("[" * 200_000)
    with pytest.raises(NotStrict, match="digits"):
        loads("1" * 5000)


@given(st.binary(max_size=400))
def test_no_bytes_crash_the_json_reader_and_every_line_is_counted(data):
    filled = [line for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip()]
    if data.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\x0b\x0c").startswith(b"["):
        with pytest.raises(CatalogueError, match="JSON array"):
            json_rows(data)
        return
    found = json_rows(data)
    assert len(found) == len(filled)
    outcomes(found)


@given(st.lists(st.sampled_from([b'{"id":"1","title":"a"}', b'{"id":"', b"\\ud800", b"NaN", b'"}', b"\n", b"\xff"])))
def test_no_near_json_crashes_the_reader(parts):
    data = b'{"id":"0","title":"first"}\n' + b"".join(parts)
    assert len(json_rows(data)) == len([line for line in data.split(b"\n") if line.strip()])


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_csv_reader(data):
    outcomes(read_csv(b"id,title,price\n" + data))


def test_csv_lines_and_reasons():
    data = (
        b'\xef\xbb\xbfid,title,price\n1,"a ""b"", c",3\n'
        b'2,"two\nlines",4\n\n3,a,b,c\n4,"stray,1\n5,fine,2\n6,bad\xff,1\n'
        b'7,"open'
    )
    found = outcomes(read_csv(data))
    assert [line for line, _ in found] == [2, 3, 6, 7, 8, 9, 10]
    said = dict(found)
    assert (said[2], said[3], said[8]) == ("1", "2", "5")
    assert "4 fields, the header 3" in said[6]
    assert "not CSV" in said[7]
    assert said[9].startswith("title: ")
    assert "not CSV" in said[10]


def test_a_quote_that_is_never_closed_costs_one_line():
    rows = b"".join(b"%d,title %d\n" % (n, n) for n in range(10, 500))
    found = outcomes(read_csv(b'id,title\n1,"open\n' + rows))
    assert len(found) == 491
    assert [said for _, said in found[1:]] == [str(n) for n in range(10, 500)]


@pytest.mark.parametrize("header", [b"", b"id,name\n", b"id,title,id\n", b"id;title\n"])
def test_a_csv_header_without_the_columns_is_no_catalogue(header):
    with pytest.raises(CatalogueError, match="header"):
        read_csv(header + b"1,a,b\n")


def test_memory_stays_bounded_by_the_limit_not_by_the_line(tmp_path):
    path = tmp_path / "long.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(64):
            file.write(b"x" * 1_000_000)
        file.write(b'\n{"id":"1","title":"after it"}\n')
    tracemalloc.start()
    found = list(readers.read(path, limit=100_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [type(one) for one in found] == [Rejection, Row]
    assert peak < 5_000_000


def test_parquet_types_become_json(tmp_path):
    path = tmp_path / "c.parquet"
    table = pa.table(
        {
            "id": [1, 2, 3],
            "title": ["a", "b", None],
            "price": pa.array([decimal.Decimal("3.50"), None, None], pa.decimal128(8, 2)),
            "category": [["x", "y"], None, []],
            "since": [datetime.date(2024, 1, 2), None, None],
            "weight": [float("nan"), 1.5, None],
        }
    )
    pq.write_table(table, path, row_group_size=1)
    rows = list(readers.read(path))
    found = outcomes(rows)
    assert found == [
        (1, "attributes.weight: must be finite, not NaN or infinity"),
        (2, "2"),
        (3, "title: is required"),
    ]
    assert rows[0].value["price"] == 3.5
    assert rows[0].value["since"] == "2024-01-02"


def test_what_is_no_catalogue_is_named(tmp_path):
    def fails(name: str, data: bytes, said: str) -> None:
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(CatalogueError, match=said) as caught:
            list(readers.read(path))
        assert name in str(caught.value)

    fails("a.parquet", b"PAR1 nonsense", "not Parquet")
    fails("a.jsonl.gz", b"not gzip", "damaged")
    fails("b.jsonl.gz", gzip.compress(b'{"id":"1","title":"a"}\n' * 999)[:-9], "damaged")
    fails("a.json", b' [{"id": 1}]', "JSON array")
    fails("a.xlsx", b"", "unknown kind of file")
    with pytest.raises(CatalogueError, match="cannot be read"):
        list(readers.read(tmp_path / "absent.jsonl"))


def test_dead_letters_can_be_given_again(tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_bytes(b'{"id":"1","title":"a","price":-1}\n\xff\n{"id":"2","title":""}\nnonsense\n')
    with DeadLetters(tmp_path, new_stem()) as letters:
        for row in readers.read(source):
            refused = Checker().item(row) if isinstance(row, Row) else row
            assert isinstance(refused, Rejection)
            letters.write(refused)
    again = outcomes(list(readers.read(letters.path)))
    assert [line for line, _ in again] == [1, 2, 3, 4]
    assert [said.split(":")[0] for _, said in again] == ["price", "None", "title", "None"]

    kept = [json.loads(line) for line in letters.path.read_text().splitlines()]
    assert [(one["line"], one["field"]) for one in kept] == [(1, "price"), (2, None), (3, "title"), (4, None)]
    assert all(one["file"] == str(source) and one["reason"] and one["time"] for one in kept)
    kept[0]["raw"] = kept[0]["raw"].replace("-1", "1")
    kept[2]["raw"] = {"id": "2", "title": "mended"}
    letters.path.write_text("\n".join(map(json.dumps, kept)))
    mended = dict(outcomes(list(readers.read(letters.path))))
    assert (mended[1], mended[3]) == ("1", "2")
    assert letters.path.stat().st_mode & 0o777 == 0o600


def test_without_a_bad_line_there_is_no_dead_letter_file(tmp_path):
    with DeadLetters(tmp_path / "letters", new_stem()):
        pass
    assert not (tmp_path / "letters").exists()
