"""These need Flower, which has an environment of its own: make test-federated."""

import importlib.util

import pytest

collect_ignore_glob = [] if importlib.util.find_spec("flwr") else ["test_*.py"]


def pytest_configure(config: pytest.Config) -> None:
    """The typer that Flower pins uses names that the newest click is about to drop."""
    config.addinivalue_line("filterwarnings", "ignore:'click:DeprecationWarning")
