"""Recommendations on the page move by themselves; real Chromium, real service."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.fixtures_service import Running

from .test_page import ask

pytestmark = [pytest.mark.engine, pytest.mark.browser]


def ids(page: Page, place: str) -> list[str]:
    return page.locator(f"{place} .pick").evaluate_all("cards => cards.map(card => card.dataset.id)")


def test_the_list_beside_a_product_moves_after_a_purchase(page: Page, service: Running) -> None:
    page.goto(service.url)
    page.wait_for_selector(".card")
    ask(page, "desk lamp")
    page.locator(".card").first.click()
    beside = "#detail .beside"
    page.wait_for_selector(f"{beside} .pick")
    first = ids(page, beside)
    assert len(first) == len(set(first)) == 8
    assert page.locator("#detail .sheet").get_attribute("data-id") not in first
    expect(page.locator(f"{beside} .why").first).not_to_be_empty()
    version = page.locator(f"{beside} .picks").get_attribute("data-version")
    page.locator("[data-act=purchase]").click()
    page.wait_for_function("was => document.querySelector('#detail .picks').dataset.version !== was", arg=version)
    page.locator("#detail-close").click()
    # The order is asked for anew after the sheet closes, and the strip follows what then stands on the page.
    page.wait_for_function(
        "() => { const idsOf = (cards) => [...document.querySelectorAll(cards)].map((card) => card.dataset.id);"
        " const picks = idsOf('#strip .pick'); const shown = new Set(idsOf('#results .card'));"
        " return picks.length > 0 && picks.every((pick) => !shown.has(pick)); }"
    )
