"""What all tests share: the session's OpenSearch, and a service over the sample catalogue in it.

Hypothesis draws the same examples in every run, and no example has a deadline: how fast the machine is, and how busy,
decides nothing.
"""

import pytest
from hypothesis import HealthCheck, settings

from tests.needs import missing

pytest_plugins = ["tests.fixtures_engine", "tests.fixtures_servers", "tests.fixtures_service"]

settings.register_profile(
    "steady", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


def pytest_collection_finish(session: pytest.Session) -> None:
    """End at once, in one line, on a machine that lacks what the chosen tests need."""
    reason = missing({mark.name for item in session.items for mark in item.iter_markers()})
    if reason is not None and not session.config.getoption("collectonly"):
        pytest.exit(reason, returncode=1)
