"""``train together``: a log and a catalogue in, windows out from which the ranker learns what goes together."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from ranker.training.finetune import finetune
from ranker.training.splits import split
from ranker.windows import read_windows
from tests.fixtures_service import INDEX, Running, settings_of
from tests.unit.training_help import SETTINGS, lengths, small

pytestmark = pytest.mark.engine


def acted(person: str, item: str, minute: int) -> dict[str, Any]:
    return {
        "application": INDEX,
        "client_id": person,
        "action_name": "click",
        "timestamp": 1_740_000_000_000 + 60_000 * minute,
        "event_attributes": {"object": {"object_id": item}},
    }


def run(log: Path, out: Path, settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "service", "train", "together", str(log), "--out", str(out)]
    options = ["--index", INDEX, "--source", "log", "--json"]
    return subprocess.run(
        command + options, env={**os.environ, **settings}, capture_output=True, text=True, check=False
    )


def test_what_people_saw_together_becomes_windows_that_can_be_learned_from(
    service: Running, engine_url: str, service_home: Path, tmp_path: Path
) -> None:
    settings = settings_of(engine_url, service_home)
    shoes, presses = (
        [one["id"] for one in httpx.post(f"{service.url}/v1/search", json=body, timeout=120).json()["results"]]
        for body in ({"query": "shoes", "size": 6}, {"query": "coffee press", "size": 6})
    )
    log = tmp_path / "log.jsonl"
    events = [acted(f"p{n}", item, 5 * place) for n in range(4) for place, item in enumerate([*shoes[:3], presses[n]])]
    events += [acted(f"q{n}", item, place) for n in range(4) for place, item in enumerate(presses[2:5])]
    log.write_text("".join(json.dumps(one) + "\n" for one in events) + "no event\n")
    done = run(log, tmp_path / "made.jsonl.gz", settings)
    assert done.returncode == 0, done.stderr
    windows = list(read_windows(tmp_path / "made.jsonl.gz"))
    assert json.loads(done.stdout)["windows"] == len(windows) > 6
    of_pairs = [one for one in windows if "session" not in one.candidates[0].signals]
    of_visits = [one for one in windows if "session" in one.candidates[0].signals]
    assert of_pairs
    assert of_visits
    first_act, last_act = 1_740_000_000_000, 1_740_000_000_000 + 15 * 60_000
    for window in windows:
        assert window.seen == (first_act, last_act), "whose behaviour it is from is not lost"
        grades = dict(zip((item.id for item in window.candidates), window.grades, strict=True))
        assert max(grade for grade in grades.values() if grade is not None) > 0
        assert None in grades.values()
        assert all("together" not in item.signals and "text_vector" in item.signals for item in window.candidates)
    first = next(one for one in of_pairs if {shoes[1], shoes[2]} <= {item.id for item in one.candidates})
    assert shoes[0] not in {item.id for item in first.candidates}
    settings_of_run = SETTINGS.model_copy(update={"epochs": 1.0, "validation_share": 0.0})
    assert finetune(small(), split(windows, validation=0.0, test=0.0), lengths(), settings_of_run).steps > 0

    log.write_text(json.dumps(acted("p", shoes[0], 0)) + "\n")
    alone = run(log, tmp_path / "alone.jsonl", settings)
    assert alone.returncode != 0
    assert "no two products were cared for by 2 people" in alone.stderr
    log.write_text("".join(json.dumps(acted(f"p{n}", item, 0)) + "\n" for n in range(3) for item in ("no-1", "no-2")))
    strange = run(log, tmp_path / "strange.jsonl", settings)
    assert strange.returncode != 0
    assert "is in catalogue" in strange.stderr
    assert not (tmp_path / "strange.jsonl").exists()
    picture = run(tmp_path / "log.png", tmp_path / "other.jsonl", settings)
    assert picture.returncode != 0
    assert "unknown kind of file" in picture.stderr
