"""Three nodes with a replica: one is killed under load; nothing that was acknowledged is lost, and searches go on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures_service import INDEX

from .failover import deployment, kill_one

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(1800)]


def test_a_killed_node_loses_nothing_and_is_missed_for_a_moment_only(tmp_path: Path, engine_downloads: Path) -> None:
    with deployment(tmp_path, engine_downloads) as there:
        copies = there.engine.request("GET", f"/_cat/shards/{INDEX}", params={"format": "json"})
        assert sorted(copy["prirep"] for copy in copies) == ["p", "r"], "a catalogue has a replica by itself"
        for what in ("primary", "manager"):
            result = kill_one(what, there)  # ends when no search has failed for a while
            assert result.lost == 0
            assert result.acknowledged > 20
            assert result.searches > result.failed_searches
