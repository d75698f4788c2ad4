"""Allowances: exactly so many requests are answered, whichever worker is asked; what is left is told."""

from __future__ import annotations

import re
import time
from collections import Counter

import httpx
import pytest
from flask import jsonify

from personal.subject import Subject
from plugin.engine.ports import free_ports
from service import allowances, keys, persons
from service.allowances import AllowanceError, Allowances
from service.app import create_app
from service.keys import KeyRing
from service.settings import Settings
from tests.fixtures_servers import PASSWORD, Redis
from tests.fixtures_service import Running, start_service

WHO = "/v1/related"
VISIT = "visit-0123456789"


@pytest.fixture(params=["memory", "redis"])
def url(request):
    """Where requests are counted."""
    if request.param == "memory":
        return None
    server: Redis = request.getfixturevalue("redis")
    return server.url


def application(home, url, limits):
    """The application for keys of two tenants, with one endpoint that answers anybody."""
    file = home / "keys.json"
    made = {tenant: keys.add(file, tenant=tenant, role="shop") for tenant in ("acme", "other")}
    app = create_app(Settings(home=home, allowances=limits), ring=KeyRing(file))
    app.view_functions["related.related"] = lambda: jsonify(done=True)
    allowances.install(app, Allowances(allowances.parsed(limits), url, workers=1))
    client = app.test_client()

    def ask(tenant="acme", person=None, visit=None):
        headers = {"Authorization": f"Bearer {made[tenant]}"}
        if person is not None:
            token = persons.mint(home / "secrets" / "person-tokens.json", Subject(tenant, person), make_key=True)
            headers["X-Hybridrank-Person"] = token
        if visit is not None:
            headers["X-Hybridrank-Session"] = visit
        return client.get(WHO, headers=headers)

    return ask


def test_each_tenant_has_its_own_and_is_told_what_is_left(tmp_path, url):
    ask = application(tmp_path, url, {"shop": "3/hour"})
    left = []
    for _ in range(3):
        answer = ask()
        assert answer.status_code == 200
        assert answer.headers["RateLimit-Policy"] == '"shop";q=3;w=3600'
        left.append(re.fullmatch(r'"shop";r=(\d);t=\d+', answer.headers["RateLimit"])[1])
    assert left == ["2", "1", "0"]
    refused = ask()
    assert refused.status_code == 429
    assert refused.json["type"] == "urn:hybridrank:problem:rate-limited"
    assert 1 <= int(refused.headers["Retry-After"]) <= 7200
    assert refused.headers["RateLimit"].startswith('"shop";r=0;t=')
    assert ask("other").status_code == 200


def test_a_person_s_is_their_own_and_takes_nothing_of_the_shop_s_when_it_is_used_up(tmp_path, url):
    ask = application(tmp_path, url, {"shop": "7/hour", "person": "2/hour", "visit": "1/hour"})
    statuses = Counter(ask(person="ann").status_code for _ in range(6))
    assert statuses == {200: 2, 429: 4}
    assert ask(person="ann", visit=VISIT).status_code == 429, "another visit makes nobody another person"
    both = ask(person="ben")
    assert both.status_code == 200
    assert both.headers["RateLimit-Policy"] == '"person";q=2;w=3600, "shop";q=7;w=3600'
    assert [ask(visit=VISIT).status_code for _ in range(2)] == [200, 429]
    assert [ask().status_code for _ in range(4)] == [200, 200, 200, 429], "3 + 1 of 7 were used"


def test_what_is_open_to_anyone_costs_nothing(tmp_path, url):
    app = create_app(Settings(home=tmp_path), demo=True)
    allowances.install(app, Allowances(allowances.parsed({"admin": "1/hour"}), url, workers=1))
    client = app.test_client()
    for _ in range(3):
        answer = client.get("/healthz")
        assert answer.status_code == 200
        assert "RateLimit" not in answer.headers
    assert [client.get("/demo/shopper").status_code for _ in range(2)] == [200, 429]


def test_an_allowance_comes_back(url):
    counted = Allowances(allowances.parsed({"shop": "2/second"}), url, workers=1)
    until = time.monotonic() + 60
    seen = set()
    while seen != {True, False}:  # a window of a second may end between two requests
        seen.add(counted.take([("shop", "acme")])[0])
        assert time.monotonic() < until
    while not counted.take([("shop", "acme")])[0]:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_nobody_stands_in_redis_in_the_clear(tmp_path, redis):
    import redis as client

    ask = application(tmp_path, redis.url, {"shop": "9/hour", "person": "9/hour", "visit": "9/hour"})
    assert ask(person="canary@example.org").status_code == 200
    assert ask(visit="canary-of-a-visit").status_code == 200
    with client.Redis.from_url(redis.url) as asked:
        names = [name.decode() for name in asked.keys("*")]
    assert len(names) == 3
    assert not [name for name in names if "canary" in name or "acme" in name]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"shopper": "1/hour"}, "shopper: not one of"),
        ({"shop": "many"}, "shop: 'many' is not of the form"),
        ({"shop": "0/hour"}, "1 or more"),
    ],
)
def test_allowances_that_cannot_be_are_refused(tmp_path, given, words):
    with pytest.raises(AllowanceError, match=words):
        allowances.of(Settings(home=tmp_path, allowances=given), workers=1)


def test_several_workers_need_something_that_counts_for_all(tmp_path):
    given = Settings(home=tmp_path, allowances={"shop": "1/hour"})
    with pytest.raises(AllowanceError, match="HYBRIDRANK_REDIS"):
        allowances.of(given, workers=2)
    assert allowances.of(given, workers=1) is not None
    assert allowances.of(Settings(home=tmp_path), workers=8) is None
    for wrong in (f"http://:{PASSWORD}@127.0.0.1", f"redis://:{PASSWORD}@127.0.0.1:port"):
        with pytest.raises(AllowanceError, match="HYBRIDRANK_REDIS") as caught:
            allowances.of(Settings(home=tmp_path, allowances={"shop": "1/hour"}, redis=wrong), workers=2)
        assert PASSWORD not in str(caught.value)


def statuses_of(running: Running, key: str, count: int) -> Counter:
    """Of so many requests, each by a connection of its own, so that workers take turns; answered they are a 401, for
    they speak of nobody."""
    headers = {"Authorization": f"Bearer {key}"}
    return Counter(
        httpx.get(f"{running.url}/v1/profile", headers=headers, timeout=60).status_code for _ in range(count)
    )


def test_two_workers_answer_exactly_the_allowance_and_go_on_without_redis(tmp_path, redis, service_home):
    home = tmp_path / "home"
    home.mkdir()
    (home / "models").symlink_to(service_home / "models")
    environment = {
        "HYBRIDRANK_HOME": str(home),
        "OPENSEARCH_URL": f"http://127.0.0.1:{free_ports(1)[0]}",
        "HYBRIDRANK_IMAGE_ENCODER": "none",
        "HYBRIDRANK_ALLOWANCES": '{"shop": "41/hour"}',
        "HYBRIDRANK_REDIS": redis.url,
    }
    shop, watching = (keys.add(home / "keys.json", tenant="acme", role=role) for role in ("shop", "metrics"))
    running = start_service(tmp_path, "--workers", "2", **environment)
    try:
        assert statuses_of(running, shop, 80) == {401: 41, 429: 39}
        redis.stop()
        # Each worker now answers its share, 21; that both shares are used shows that both workers were asked.
        assert statuses_of(running, shop, 120) == {401: 42, 429: 78}
        told = httpx.get(f"{running.url}/metrics", headers={"Authorization": f"Bearer {watching}"}, timeout=60).text
        assert "hybridrank_allowances_alone_total 120.0" in told
        assert f'hybridrank_rate_limited_total{{allowance="shop"}} {39 + 78}.0' in told
        redis.start()
        until = time.monotonic() + 60
        while statuses_of(running, shop, 1)[429]:  # a new Redis remembers nothing
            assert time.monotonic() < until
            time.sleep(0.2)
    finally:
        assert running.stop() == 0
    log = running.log.read_text()
    assert "each worker counts alone" in log
    assert PASSWORD not in log
