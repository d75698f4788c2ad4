"""The worked case of the documentation runs, from shoppers' clicks to live recommendations, and keeps what it says."""

from __future__ import annotations

import json
import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from plugin.engine.ports import free_ports
from service.settings import Settings

NOTEBOOK = Path(__file__).parents[2] / "docs" / "quickstart.ipynb"


@pytest.mark.slow
@pytest.mark.engine
@pytest.mark.timeout(3600)
@pytest.mark.filterwarnings("ignore:Proactor|ignore::DeprecationWarning")
def test_the_notebook_runs_and_its_last_cell_holds(engine_url, tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    (home / "models").symlink_to(Settings().home / "models")
    for name, value in {
        "OPENSEARCH_URL": engine_url,
        "HYBRIDRANK_HOME": str(home),
        "QUICKSTART_FOLDER": str(tmp_path / "quickstart"),
        "QUICKSTART_PORT": str(free_ports(1)[0]),
        "PYTHONPATH": os.pathsep.join((str(NOTEBOOK.parents[1]), os.environ.get("PYTHONPATH", ""))),
    }.items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(notebook, timeout=3000, resources={"metadata": {"path": str(tmp_path)}})
    # The last cell asserts that the intervals of what was learned exclude zero.
    client.execute()
    assert json.loads((tmp_path / "quickstart" / "learned" / "metrics.json").read_text())["steps"] > 0


def test_the_notebook_is_kept_with_its_results():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert sum("image/png" in output.get("data", {}) for cell in cells for output in cell.outputs) >= 3
    assert not any(output.output_type == "error" for cell in cells for output in cell.outputs)
    assert "/work" not in NOTEBOOK.read_text("utf-8")
