"""The step of the loop that switches the model, ended by ``kill -9`` within it: the link names a whole model at any
time, and the step done again ends as if nothing had been."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ranker.folder import DEFAULT_MODEL, read_config
from service.loop.state import Diary, State
from service.loop.steps import Gate, Steps, Told
from service.models import point
from service.parts import Parts
from service.settings import Settings
from tests.documents import ROOT

PLACES = ("copied by live", "renamed by live", "linking by live")
STATE = State("20260101-000000", "shop", {}, {"gate": {"candidate": {"mean": 0.5}}})


def steps(home: Path) -> Steps:
    parts = Parts(Settings(home=home))
    told = Told("shop", None, None, 1.0, 7, 0, 0.0, 1, 10, 1)
    diary = Diary(home / "loop" / "shop")
    gate = Gate(1, 0.0, 1.0, 1)
    return Steps(parts, diary, STATE, told=told, gate=gate, link=home / "models" / "live", say=print)


def killed(home: Path, place: str) -> int:
    script = (
        "import sys; from pathlib import Path; from tests.engine.loop_killed import prepare; "
        "from tests.unit.test_loop_live import steps; prepare(sys.argv[2]); steps(Path(sys.argv[1])).run('live_step')"
    )
    return subprocess.run([sys.executable, "-c", script, str(home), place], cwd=ROOT, check=False).returncode


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


@pytest.mark.parametrize("place", PLACES)
def test_a_switch_that_is_killed_is_whole_before_and_after(place: str, tmp_path: Path) -> None:
    link, old = tmp_path / "models" / "live", DEFAULT_MODEL
    candidate = tmp_path / "loop" / "shop" / STATE.run / "candidate"
    candidate.mkdir(parents=True)
    for name, content in files(DEFAULT_MODEL).items():
        (candidate / name).write_bytes(content)
    point(link, old)
    assert killed(tmp_path, place) == -signal.SIGKILL
    assert link.resolve() == old.resolve()
    found = steps(tmp_path).run("live_step")
    assert link.resolve() == Path(found["model"]).resolve()
    assert files(link.resolve()) == files(candidate)
    assert read_config(link.resolve()).name == read_config(candidate).name
    assert not list((tmp_path / "models").rglob(".part-*"))
    # And once more, as after a kill that came before the diary was written.
    assert steps(tmp_path).run("live_step") == found
