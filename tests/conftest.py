"""What all tests share: the session's OpenSearch, and a service over the sample catalogue in it.

Hypothesis draws the same examples in every run, and no example has a deadline: how fast the machine is, and how busy,
decides nothing.
"""

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.fixtures_engine", "tests.fixtures_service"]

settings.register_profile(
    "steady", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")
