"""The session's real OpenSearch: the one that ``OPENSEARCH_URL`` names, or a light local node of the session's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugin.engine import LocalCluster
from plugin.engine.ports import free_ports
from service.settings import Settings


@pytest.fixture(scope="session")
def engine_downloads() -> Path:
    """Where fetched artifacts are kept between test sessions: the user's own home, so nothing is fetched twice."""
    return Settings().home / "engine" / "downloads"


@pytest.fixture(scope="session")
def engine_url(tmp_path_factory: pytest.TempPathFactory, engine_downloads: Path) -> Iterator[str]:
    """The URL of an OpenSearch that answers; started once a session, stopped and deleted at its end.

    Tests name their indices so that they do not meet each other's.
    """
    given = os.environ.get("OPENSEARCH_URL")
    if given:
        yield given
        return
    cluster = LocalCluster(tmp_path_factory.mktemp("engine"), downloads=engine_downloads)
    try:
        yield cluster.start(port=free_ports(1)[0], java_home=Settings().java_home).url
    finally:
        cluster.remove()
