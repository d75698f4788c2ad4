"""The panel that says why a product stands where it does; real Chromium, real service."""

from __future__ import annotations

import json
import math
import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.fixtures_service import Running

from .test_page import ask

pytestmark = [pytest.mark.engine, pytest.mark.browser]

PATIENT = {"limit_ms": 60_000}
"""How fast the machine is decides nothing here."""


def test_the_panel_draws_what_the_service_answers(page: Page, service: Running) -> None:
    page.goto(service.url)
    page.wait_for_selector(".card")
    ask(page, "wooden desk lamp")
    page.locator(".card").nth(1).click()
    panel = page.locator("#detail .why-here")
    expect(panel.locator("summary")).to_have_text("Why is it here?")
    expect(panel.locator(".waterfall")).to_have_count(0)
    with page.expect_response("**/v1/explain") as sent:
        panel.locator("summary").press("Enter")
    answer = sent.value.json()
    expect(panel.locator(".sentences li")).to_have_text(answer["why"])
    parts = panel.locator(".waterfall li").evaluate_all("rows => rows.map(row => row.dataset.part)")
    assert parts == ["base", *(part["name"] for part in answer["contributions"]), "sum"]
    shown = panel.locator(".waterfall .value").all_inner_texts()
    values = [float(text.replace("\u2212", "-")) for text in shown]
    assert math.isclose(sum(values[:-1]), values[-1], abs_tol=0.01 * len(values))
    assert panel.locator(".waterfall [data-part=sum] .part").inner_text().endswith(f"{answer['score']:.3f}")
    words = panel.locator(".why-words dd").first
    expect(words).to_have_text("wooden desk lamp")
    assert words.locator("mark").count() > 0
    # Each bar begins where the one before it ended.
    boxes = panel.locator(".waterfall .fall i").evaluate_all(
        "bars => bars.map(bar => { const box = bar.getBoundingClientRect(); return [box.left, box.right]; })"
    )
    for (left, right), (start, end), part in zip(boxes[1:-2], boxes[2:-1], answer["contributions"], strict=False):
        reached = right if part["value"] > 0 else left
        assert min(abs(reached - start), abs(reached - end)) < 3


def test_what_would_swap_two_is_sought_for_longer_where_there_was_no_time(page: Page, service: Running) -> None:
    def hurry(route: Route) -> None:
        body = route.request.post_data_json
        asked.append(body)
        route.continue_(post_data=json.dumps({**body, "limit_ms": 50} if len(asked) == 1 else {**body, **PATIENT}))

    asked: list[dict[str, object]] = []
    page.goto(service.url)
    page.wait_for_selector(".card")
    ask(page, "wooden desk lamp")
    page.route("**/v1/explain", hurry)
    page.locator(".card").nth(1).click()
    panel = page.locator("#detail .why-here")
    panel.locator("summary").press("Enter")
    panel.locator(".why-body[data-done]").wait_for()
    first, second = asked
    assert "limit_ms" not in first
    assert (second["passes"], second["limit_ms"]) == (0, 4000)
    # There was time enough: it says what would, or that nothing would.
    expect(panel.locator(".swaps")).not_to_have_text(re.compile("Looking further|in the time there was"))
    assert panel.locator(".waterfall").count() == 1


def test_a_recommendation_has_the_panel_with_the_words_of_both_products(page: Page, service: Running) -> None:
    page.goto(service.url)
    page.wait_for_selector(".card")
    ask(page, "wooden desk lamp")
    page.locator(".card").first.click()
    viewed = page.locator("#detail-title").inner_text()
    pick = page.locator("#detail .pick").first
    pick.wait_for()
    chosen = pick.get_attribute("data-id")
    pick.click()
    expect(page.locator("#detail-title")).not_to_have_text(viewed)
    panel = page.locator("#detail .why-here")
    with page.expect_response("**/v1/explain") as sent:
        panel.locator("summary").click()
    answer = sent.value.json()
    assert (answer["kind"], answer["id"]) == ("recommend", chosen)
    expect(panel.locator(".sentences li")).to_have_text(answer["why"])
    shown = panel.locator(".why-words dd")
    expect(panel.locator(".why-words dt").first).to_have_text("What you look at")
    expect(shown.first).to_have_text(answer["words"]["query_text"])
    assert answer["words"]["query_text"].startswith(viewed)
    expect(shown.nth(1)).to_have_text(answer["words"]["title_text"])


def test_a_list_that_nobody_ranked_has_no_panel(page: Page, service: Running) -> None:
    page.goto(service.url)
    page.wait_for_selector(".card")
    page.locator(".card").first.click()
    page.wait_for_selector("#detail .sheet")
    expect(page.locator("#detail .why-here")).to_have_count(0)
