"""Judging in the page, by keyboard alone."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.test_page import ask, cards, shop  # noqa: F401 - a fixture
from tests.fixtures_service import INDEX

pytestmark = [pytest.mark.engine, pytest.mark.browser]


def test_the_keys_0_to_3_judge_and_go_on_to_the_next_product(shop, service):  # noqa: F811
    query = "blue thing for the wall"
    ask(shop, query)
    shop.locator("#judge-open").focus()
    shop.keyboard.press("Enter")
    expect(shop.locator("#judge-open")).to_have_attribute("aria-pressed", "true")
    shop.wait_for_selector(".grades")
    ids = cards(shop)[:3]
    shop.locator(".card").first.focus()
    for grade in (3, 0, 2):
        with shop.expect_response("**/v1/judgments"):
            shop.keyboard.press(str(grade))
    expect(shop.locator(f'[data-grades="{ids[2]}"] [data-grade="2"]')).to_have_attribute("aria-pressed", "true")
    expect(shop.locator("#judge-status")).to_contain_text("3 of these 24 judged")
    # The second is taken back by pressing its grade once more.
    with shop.expect_response("**/v1/judgments"):
        shop.locator(f'[data-grades="{ids[1]}"] [data-grade="0"]').click()
    kept = httpx.get(f"{service.url}/v1/judgments", params={"query": query, "index": INDEX}, timeout=60).json()
    assert {one["id"]: one["grade"] for one in kept["judgments"]} == {ids[0]: 3, ids[2]: 2}
    shop.reload()
    shop.wait_for_selector(".card")
    shop.locator("#judge-open").click()
    expect(shop.locator(f'[data-grades="{ids[0]}"] [data-grade="3"]')).to_have_attribute("aria-pressed", "true")
