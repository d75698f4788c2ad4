"""The session's real OpenSearch: the one that ``OPENSEARCH_URL`` names, or a light local node of the session's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugin.engine import LocalCluster, addons
from plugin.engine.ports import free_ports
from service.local_plugin import built_zip
from service.settings import Settings

from .engine.door import Door


@pytest.fixture(scope="session")
def engine_downloads() -> Path:
    """Where fetched artifacts are kept between test sessions: the user's own home, so nothing is fetched twice."""
    return Settings().home / "engine" / "downloads"


PLUGIN_SETTINGS = {
    # Wide budgets, for these machines are slow and shared; the faults' tests set their own.
    "hybridrank.budget.query": "120s",
    "hybridrank.budget.rank": "120s",
    "hybridrank.budget.embed": "240s",
    "hybridrank.breaker.pause": "1s",
}


@pytest.fixture(scope="session")
def plugin_door() -> Iterator[Door]:
    """Where the engine's plugin finds the service: a door that a test points to one, or puts into trouble."""
    with Door() as door:
        yield door


def add_plugin(home: Path, service_url: str, key: str = "hr_of-the-tests") -> None:
    """Let a home's node have hybridrank's own plugin, where ``make plugin`` has built it."""
    file = built_zip()
    if file is not None:
        settings = {"hybridrank.service.url": service_url, **PLUGIN_SETTINGS}
        addons.add(home, file, settings=settings, secrets={"hybridrank.service.key": key})


@pytest.fixture(scope="session")
def engine_url(tmp_path_factory: pytest.TempPathFactory, engine_downloads: Path, plugin_door: Door) -> Iterator[str]:
    """The URL of an OpenSearch that answers; started once a session, stopped and deleted at its end.

    Tests name their indices so that they do not meet each other's.
    """
    given = os.environ.get("OPENSEARCH_URL")
    if given:
        yield given
        return
    home = tmp_path_factory.mktemp("engine")
    add_plugin(home, plugin_door.url)
    cluster = LocalCluster(home, downloads=engine_downloads)
    try:
        yield cluster.start(port=free_ports(1)[0], java_home=Settings().java_home).url
    finally:
        cluster.remove()
