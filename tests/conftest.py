"""What all tests share: the session's OpenSearch, and a service over the sample catalogue in it."""

pytest_plugins = ["tests.fixtures_engine", "tests.fixtures_service"]
