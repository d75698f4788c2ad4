"""Pins, hidden products and boosts, as shoppers see them."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from service.cli import build
from tests.fixtures_service import INDEX, Running, index_part, settings_of

pytestmark = pytest.mark.engine


SHELF = "shelf-sample"
"""A catalogue of its own: what is clicked elsewhere would move the order between two searches."""


def search(service: Running, **body: object) -> dict[str, Any]:
    answer = httpx.post(service.url + "/v1/search", json={"index": SHELF, **body}, timeout=90)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ids(found: dict[str, Any]) -> list[str]:
    return [result["id"] for result in found["results"]]


def test_a_rule_shapes_every_page_of_its_query_and_no_other(
    service: Running, engine_url: str, service_home: Path
) -> None:
    index_part(engine_url, service_home, SHELF, 120)
    query = f"wooden table {uuid.uuid4().hex[:6]}"
    before = search(service, query=query, size=30, facets=["in_stock"])
    order = ids(before)
    browsed = ids(search(service, size=100, sort="price:desc"))
    stranger = next(item for item in browsed if item not in order)
    rule = {
        "index": SHELF,
        "query": f"  {query.upper()} ",
        "pinned": [{"id": order[20], "place": 1}, {"id": stranger, "place": 3}],
        "hidden": [order[0]],
        "boosts": {order[15]: 1.0, order[16]: -1.0},
    }
    assert httpx.put(service.url + "/v1/merchandising", json=rule, timeout=60).status_code == 200
    try:
        first = search(service, query=query, size=10, facets=["in_stock"])
        assert ids(first)[0] == order[20]
        assert ids(first)[2] == stranger
        assert [r["rank"] for r in first["results"] if r.get("pinned")] == [1, 3]
        lifted = next(r for r in first["results"] if r["id"] == order[15])
        assert lifted["rank"] == 2
        assert lifted["signals"]["merchandising"] == 1.0
        assert order[0] not in ids(search(service, query=query, size=100))
        # The window shows what each signal brings, so another product may take the hidden one's place.
        assert first["total"] in {before["total"] - 1, before["total"]}
        second = search(service, query=query, size=10, **{"from": 10}, query_id=first["query_id"])
        whole = search(service, query=query, size=20, query_id=first["query_id"])
        assert ids(first) + ids(second) == ids(whole)
        assert len(set(ids(whole))) == 20
        cheap = search(service, query=query, size=100, filters={"price": {"lt": 0.01}})
        assert stranger not in ids(cheap)
    finally:
        which = {"query": query, "index": SHELF}
        gone = httpx.delete(service.url + "/v1/merchandising", params=which, timeout=60)
    assert gone.status_code == 200
    after = search(service, query=query, size=30)
    assert ids(after) == order
    assert not any("pinned" in result for result in after["results"])
    assert httpx.delete(service.url + "/v1/merchandising", params=which, timeout=60).status_code == 404


def test_rules_that_cannot_be_are_refused_by_name(service: Running) -> None:
    for body, field in (
        ({"query": "x", "pinned": [{"id": "a", "place": 0}]}, "pinned.0.place"),
        ({"query": "", "hidden": ["a"]}, "query"),
        ({"query": "*", "pinned": ["a"]}, "pinned"),
        ({"query": "x"}, "rule"),
        ({"hidden": ["a"]}, "query"),
        ({"query": "x", "boosts": {"a": 7}}, "boosts"),
    ):
        answer = httpx.put(service.url + "/v1/merchandising", json=body, timeout=60)
        assert answer.status_code == 422, answer.text
        assert field in {error["field"] for error in answer.json()["errors"]}
    body = {"query": "x", "hidden": ["a"], "index": "no-such-catalogue"}
    assert httpx.put(service.url + "/v1/merchandising", json=body, timeout=60).status_code == 404


def test_the_command_sets_lists_and_removes(
    service: Running, engine_url: str, service_home: Path, tmp_path: Path
) -> None:
    environment = settings_of(engine_url, service_home)

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(build(), ["merchandise", *arguments], env=environment)

    query = f"rule {uuid.uuid4().hex[:6]}"
    file = tmp_path / "rules.json"
    file.write_text(json.dumps({query: {"pinned": ["a", "b"], "boosts": {"c": 0.25}}}))
    assert run("set", str(file)).exit_code == 0
    listed = json.loads(run("list", "--json").stdout)
    expected = {"pinned": [{"id": "a", "place": 1}, {"id": "b", "place": 2}], "hidden": [], "boosts": {"c": 0.25}}
    assert listed[query] == expected
    shown = httpx.get(service.url + "/v1/merchandising", params={"query": query, "index": INDEX}, timeout=60).json()
    assert shown == {"rules": [{"query": query, **expected}]}
    assert query in run("list").stdout
    assert run("remove", query).exit_code == 0
    assert run("remove", query).exit_code == 1
    file.write_text(json.dumps({query: {"boosts": {"c": 5}}}))
    refused = run("set", str(file))
    assert refused.exit_code == 1
    assert "boosts" in refused.stderr
