"""The tuning desk in a real Chromium, over a real service."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.fixtures_service import INDEX, Running

pytestmark = [pytest.mark.engine, pytest.mark.browser]

QUERY = "desk lamp"


@pytest.fixture
def desk(page: Page, service: Running) -> Page:
    shown = httpx.post(f"{service.url}/v1/search", json={"query": QUERY, "size": 6}, timeout=120).json()["results"]
    rows = [{"id": one["id"], "grade": (3, 0, 2, 0, 0, 1)[place]} for place, one in enumerate(shown)]
    body = {"query": QUERY, "index": INDEX, "judgments": rows}
    assert httpx.post(f"{service.url}/v1/judgments", json=body, timeout=60).status_code == 200
    page.goto(f"{service.url}/tune?q={QUERY}&a=bm25&b=weighted")
    page.wait_for_selector("[data-side=b] .lines li")
    return page


def moved(desk: Page, side: str) -> list[list[str]]:
    rows = desk.locator(f"[data-side={side}] .lines li")
    return rows.evaluate_all("rows => rows.map(row => [row.dataset.id, row.dataset.moved])")


def test_differences_are_marked_and_a_slider_moves_the_order_and_the_measure(desk):
    left, right = (dict(moved(desk, side)) for side in ("a", "b"))
    for item, kind in right.items():
        assert (kind == "new") == (item not in left)
    assert "new" in right.values()
    expect(desk.locator("[data-side=b] .grade")).not_to_have_count(0)
    desk.wait_for_selector("#measure[data-ready=true]")
    before = desk.locator("#gain").inner_text()
    assert desk.locator("#ndcg").inner_text() == desk.locator("#ndcg-base").inner_text()
    order = list(right)
    slider = desk.locator("#weight-price")
    slider.focus()
    desk.keyboard.press("End")
    expect(desk.locator("#value-price")).to_have_text("+5.0")
    desk.wait_for_function("before => document.querySelector('#gain').textContent !== before", arg=before)
    desk.wait_for_function(
        "order => JSON.stringify([...document.querySelectorAll('[data-side=b] .lines li')].map(r => r.dataset.id))"
        " !== JSON.stringify(order)",
        arg=order,
    )
    with desk.expect_download() as download:
        desk.locator("#export").click()
    assert json.loads(Path(download.value.path()).read_text("utf-8")) == {"weights": {"price": 5}}
    desk.locator("#reset").click()
    expect(desk.locator("#value-price")).to_have_text("0")
    expect(desk.locator("#models li")).to_contain_text(["default"])


def test_a_blind_page_counts_clicks_for_whoever_brought_the_product(desk, service):
    place = {"a": "bm25", "b": "text_vector", "index": INDEX}
    before = httpx.get(f"{service.url}/v1/tuning/duel", params=place, timeout=60).json()["b"]
    desk.locator("#b").select_option("text_vector")
    desk.locator("#deal").click()
    desk.wait_for_selector("#dealt button")
    only = next(item for item, kind in moved(desk, "b") if kind == "new")
    desk.locator(f'#dealt [data-id="{only}"]').click()
    expect(desk.locator(f'#dealt [data-id="{only}"]')).to_have_class("clicked")
    expect(desk.locator("#duel")).to_contain_text(f"right {before + 1}")
    duel = httpx.get(f"{service.url}/v1/tuning/duel", params=place, timeout=60).json()
    assert duel["b"] == before + 1


def test_an_answer_that_is_taken_back_half_way_is_no_answer(desk):
    said = desk.evaluate(
        """async () => {
            const { call } = await import("/page/api.js");
            const stop = new AbortController();
            const real = window.fetch;
            // The head of the answer has come; its body is still on the way when nobody wants it any more.
            window.fetch = async (...given) => {
                const response = await real(...given);
                stop.abort();
                return response;
            };
            try {
                return JSON.stringify(await call("GET", "/v1/tuning/weights", { signal: stop.signal }));
            } catch (error) {
                return error.name;
            } finally {
                window.fetch = real;
            }
        }"""
    )
    assert said == "AbortError"
