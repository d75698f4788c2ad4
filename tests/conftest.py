"""What all tests share: the session's OpenSearch."""

pytest_plugins = ["tests.fixtures_engine"]
