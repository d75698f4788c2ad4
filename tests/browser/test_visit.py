"""What the page tells the service, what it shows of it, and that the order follows; real Chromium, real service."""

from __future__ import annotations

import json
import uuid

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.fixtures_service import INDEX, Running

from .conftest import TIMEOUT_MS
from .test_page import PHONE, ask, cards

pytestmark = [pytest.mark.engine, pytest.mark.browser]


@pytest.fixture
def shop(page: Page, service: Running) -> Page:
    page.goto(service.url)
    page.wait_for_selector(".card")
    return page


def wait_stored(page: Page, action: str) -> None:
    """Wait until such an event about the answer on the page is stored."""
    page.wait_for_function(
        "([action, query]) => JSON.parse(sessionStorage.getItem('hybridrank-events') ?? '[]')"
        ".some(({event, status}) => event.action_name === action && event.query_id === query && status === 'stored')",
        arg=[action, page.locator("#results").get_attribute("data-query-id")],
    )


def told(page: Page) -> list[dict]:
    return json.loads(page.evaluate("sessionStorage.getItem('hybridrank-events') ?? '[]'"))


def close_and_wait(page: Page) -> None:
    """Close the sheet and wait until the order that was asked for anew is drawn."""
    page.locator("#detail-close").click()
    expect(page.locator("#moves")).to_be_visible()


def test_what_is_done_is_told_and_shown_in_the_drawer(shop, engine_url):
    ask(shop, "desk lamp")
    query_id = shop.locator("#results").get_attribute("data-query-id")
    wait_stored(shop, "impression")
    first = cards(shop)[0]
    title = shop.locator(".card .title").first.inner_text()
    shop.locator(".card").first.click()
    shop.locator("[data-act=add_to_cart]").click()
    expect(shop.locator(".acted")).to_have_text("In your bag")
    shop.locator("[data-act=purchase]").click()
    for action in ("click", "add_to_cart", "purchase"):
        wait_stored(shop, action)
    close_and_wait(shop)
    expect(shop.locator("#session-count")).to_have_text("3")
    shop.locator("#session-open").click()
    expect(shop.locator("#drawer")).to_be_visible()
    for action, words in (("click", "Clicked"), ("add_to_cart", "Added to bag"), ("purchase", "Bought")):
        line = shop.locator(f".event[data-action={action}]")
        expect(line).to_have_attribute("data-status", "stored")
        expect(line).to_contain_text(words)
        expect(line).to_contain_text(title)
    assert shop.locator(".event[data-action=impression]").count() >= 3
    shop.keyboard.press("Escape")
    expect(shop.locator("#drawer")).to_be_hidden()
    expect(shop.locator("#session-open")).to_be_focused()
    events = [entry["event"] for entry in told(shop)]
    bought = next(event for event in events if event["action_name"] == "purchase")
    assert bought["query_id"] == query_id
    assert bought["event_attributes"]["object"]["object_id"] == first
    assert bought["event_attributes"]["position"]["ordinal"] == 1
    assert bought["event_attributes"]["price"] > 0
    stored = httpx.get(f"{engine_url}/ubi_events/_doc/{INDEX}:{bought['event_id']}", timeout=60).json()
    assert stored["_source"]["client_id"] == bought["client_id"]
    assert stored["_source"]["session_id"].startswith("s.")


def test_a_click_counts_once_a_card_and_answer(shop):
    ask(shop, "desk lamp")
    wait_stored(shop, "impression")
    shop.mouse.wheel(0, 2000)
    shop.mouse.wheel(0, -2000)
    shop.locator(".card").nth(1).click()
    wait_stored(shop, "click")
    query_id = shop.locator("#results").get_attribute("data-query-id")
    seen = [e["event"] for e in told(shop) if e["event"]["action_name"] == "impression"]
    ids = [e["event_attributes"]["object"]["object_id"] for e in seen if e["query_id"] == query_id]
    assert len(ids) == len(set(ids)) > 0


def test_the_order_follows_what_people_do(browser: Browser, service: Running):
    query = f"something cosy for a garden {uuid.uuid4().hex[:6]}"
    item, places = None, []
    for _ in range(6):
        context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
        page = context.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        page.goto(service.url)
        page.wait_for_selector(".card")
        ask(page, query)
        shown = cards(page)
        item = item or shown[6]
        places.append(shown.index(item) + 1)
        page.locator(f'.card[data-id="{item}"]').click()
        page.locator("[data-act=add_to_cart]").click()
        page.locator("[data-act=purchase]").click()
        close_and_wait(page)
        after = page.locator(f'.card[data-id="{item}"]')
        places.append(int(after.locator(".place").inner_text()))
        expect(after.locator("[data-signal=behaviour]")).to_be_visible()
        moved = places[-1] < places[0]
        if moved and places[-1] < places[-2]:
            expect(after.locator(".moved.up")).to_have_text(f"▲ {places[-2] - places[-1]}")
            expect(page.locator("#moves")).to_contain_text(f"moved from place {places[-2]} to {places[-1]}")
        context.close()
        if moved:
            break
    assert places[-1] < places[0], places


def test_a_demo_shopper_is_chosen_by_keyboard_and_events_are_theirs(shop, engine_url):
    shop.locator("#session-open").focus()
    shop.keyboard.press("Enter")
    expect(shop.locator("#drawer-close")).to_be_focused()
    expect(shop.locator("[data-shopper='']")).to_have_attribute("aria-checked", "true")
    shop.locator("[data-shopper='']").focus()
    before = shop.locator("#results").get_attribute("data-query-id")
    shop.keyboard.press("ArrowRight")
    shop.keyboard.press("Enter")
    # The page asks its question anew for Ada; her answer must not be taken for that of the next question.
    shop.wait_for_function("before => document.querySelector('#results').dataset.queryId !== before", arg=before)
    expect(shop.locator("[data-shopper=Ada]")).to_have_attribute("aria-checked", "true")
    expect(shop.locator("#who")).to_have_text("Ada")
    assert "hybridrank_person" not in shop.evaluate("document.cookie")
    shop.keyboard.press("Escape")
    ask(shop, "coffee")
    shop.locator(".card").first.click()
    wait_stored(shop, "click")
    clicked = next(e["event"] for e in told(shop) if e["event"]["action_name"] == "click")
    stored = httpx.get(f"{engine_url}/ubi_events/_doc/{INDEX}:{clicked['event_id']}", timeout=60).json()
    assert stored["_source"]["client_id"] != clicked["client_id"]
    shop.locator("#detail-close").click()
    shop.reload()
    shop.wait_for_selector(".card")
    expect(shop.locator("#who")).to_have_text("Ada")
    shop.locator("#session-open").click()
    shop.locator("[data-shopper='']").click()
    expect(shop.locator("#who")).to_be_hidden()


def test_an_expired_visitor_goes_on_as_nobody(shop, complaints):
    url = shop.url
    shop.context.add_cookies([{"name": "hybridrank_person", "value": "stale", "url": url, "httpOnly": True}])
    ask(shop, "coffee")
    assert cards(shop)
    expect(shop.locator("#problem")).to_be_hidden()
    assert not [cookie for cookie in shop.context.cookies() if cookie["name"] == "hybridrank_person"]
    assert complaints
    assert all("401" in text for text in complaints)
    complaints.clear()


def test_events_that_cannot_be_sent_wait_and_are_sent_later(shop, complaints):
    shop.route("**/v1/events", lambda route: route.abort())
    ask(shop, "coffee")
    shop.locator(".card").first.click()
    shop.wait_for_function(
        "() => JSON.parse(sessionStorage.getItem('hybridrank-events') ?? '[]').some(e => e.status === 'waiting')"
    )
    shop.unroute("**/v1/events")
    wait_stored(shop, "click")
    assert all("ERR_FAILED" in text for text in complaints)
    complaints.clear()


@pytest.mark.parametrize("page", [PHONE], indirect=True, ids=["phone"])
def test_a_phone_has_the_sheet_and_the_drawer_within_its_width(shop):
    ask(shop, "running shoes")
    shop.locator(".card").nth(1).click()
    expect(shop.locator("#detail")).to_be_visible()
    box = shop.locator("#detail").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE[0]
    close_and_wait(shop)
    shop.locator("#session-open").click()
    shop.wait_for_function("() => document.querySelector('#drawer').getBoundingClientRect().left <= 0")
    drawer = shop.locator("#drawer").bounding_box()
    assert drawer["x"] + drawer["width"] <= PHONE[0]
    assert shop.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
