"""A link that is set anew swaps the model of a running service; one that is no model changes nothing."""

from __future__ import annotations

import shutil
import threading

import pytest

from ranker.folder import DEFAULT_MODEL
from service import metrics
from service.models import point
from service.parts import Parts
from service.settings import Settings


@pytest.fixture
def served(tmp_path, monkeypatch):
    for name in ("first", "second"):
        shutil.copytree(DEFAULT_MODEL, tmp_path / name)
    link = tmp_path / "live"
    point(link, tmp_path / "first")
    monkeypatch.setenv("HYBRIDRANK_MODEL", str(link))
    monkeypatch.setenv("HYBRIDRANK_HOME", str(tmp_path / "home"))
    parts = Parts(Settings(), demo=True, media=None)
    yield parts, link, tmp_path
    parts.close()


def test_the_model_behind_the_link_takes_the_others_place(served):
    parts, link, folder = served
    before = parts.ranker
    assert before.folder == folder / "first"
    assert parts.ranker is before
    point(link, folder / "second")
    after = parts.ranker
    assert after.folder == folder / "second"
    assert parts.ranker is after
    # Who began with the old one ends with it.
    assert before.folder == folder / "first"
    before.warm_up()


def test_what_is_no_model_leaves_the_old_one_and_is_counted_once(served):
    parts, link, folder = served
    before = parts.ranker
    (folder / "broken").mkdir()
    failed = metrics.SWAPS_FAILED._value.get()
    point(link, folder / "broken")
    assert parts.ranker is before
    assert parts.ranker is before
    assert metrics.SWAPS_FAILED._value.get() == failed + 1
    point(link, folder / "second")
    assert parts.ranker.folder == folder / "second"


def test_threads_that_meet_at_a_swap_all_get_a_model(served):
    parts, link, folder = served
    assert parts.ranker.folder == folder / "first"
    point(link, folder / "second")
    found = []
    threads = [threading.Thread(target=lambda: found.append(parts.ranker.folder.name)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(found) == 8
    assert set(found) <= {"first", "second"}
    assert parts.ranker.folder == folder / "second"
