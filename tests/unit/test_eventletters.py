"""Lines that could not be taken: whom an erasure names is gone from them, whatever they look like, and they expire."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from indexer.deadletters import DeadLetters
from indexer.records import Place, Rejection
from service.eventfiles import read
from service.eventletters import KEPT_DAYS, STEM, expire, folder_of, forget


def letters(home: Path, raws: list[str | bytes]) -> Path:
    with DeadLetters(folder_of(home), STEM + "20250101") as written:
        for number, raw in enumerate(raws):
            written.write(Rejection(Place("log.jsonl", number), "json", raw, None, "broken"))
    return written.path


NAMES = ["ann", "u.5f0c", 'Zoë "Z" \\ Ümit', "山田", "visit 7"]


@pytest.mark.parametrize("name", NAMES)
def test_lines_that_name_somebody_are_blanked_and_the_others_are_as_they_were(tmp_path: Path, name: str) -> None:
    theirs: list[str | bytes] = [
        json.dumps({"client_id": name, "timestamp": "x"}),
        json.dumps({"client_id": name}, ensure_ascii=False),
        f"{{broken, {name}, line",
        f"{{broken, {name}, not UTF-8 ".encode() + b"\xff",
    ]
    others: list[str | bytes] = ['{"client_id": "annabel"}', '{"client_id": "joann"}', b"\xfe other"]
    path = letters(tmp_path, [*theirs, *others])
    before = path.read_text("utf-8").splitlines()
    size = path.stat().st_size
    assert forget(tmp_path, [name, ""]) == len(theirs)
    after = path.read_text("utf-8").splitlines()
    assert after[len(theirs) :] == before[len(theirs) :]
    assert [line.strip() for line in after[: len(theirs)]] == [""] * len(theirs)
    assert path.stat().st_size == size
    assert forget(tmp_path, [name]) == 0
    assert len(list(read(path))) == len(others), "what is left can be given again"


def test_nobody_is_looked_for_where_there_is_nothing(tmp_path: Path) -> None:
    assert forget(tmp_path, ["ann"]) == 0
    letters(tmp_path, ["{}"])
    assert forget(tmp_path, []) == 0


def test_files_go_once_they_are_old(tmp_path: Path) -> None:
    path = letters(tmp_path, ["{}"])
    kept = folder_of(tmp_path) / "something-else.jsonl"
    kept.write_text("{}\n")
    written = path.stat().st_mtime
    assert expire(tmp_path, now_s=written + KEPT_DAYS * 86_400 - 1) == 0
    assert expire(tmp_path, now_s=written + KEPT_DAYS * 86_400 + 1) == 1
    assert not path.exists()
    assert kept.exists()
