"""The web page in a real Chromium, over a real service, a real OpenSearch and the sample catalogue."""

from __future__ import annotations

import time

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.fixtures_service import Running

pytestmark = [pytest.mark.engine, pytest.mark.browser]

PHONE = (390, 844)


def cards(page: Page) -> list[str]:
    return page.locator(".card").evaluate_all("cards => cards.map(card => card.dataset.id)")


def ask(page: Page, query: str) -> None:
    """Type a query and wait until its own answer is drawn."""
    before = page.locator("#results").get_attribute("data-query-id")
    page.locator("#query").fill(query)
    page.wait_for_function("before => document.querySelector('#results').dataset.queryId !== before", arg=before)
    page.locator("#query").blur()


@pytest.fixture
def shop(page: Page, service: Running) -> Page:
    page.goto(service.url)
    page.wait_for_selector(".card")
    return page


def test_results_come_as_one_types_with_pictures_prices_and_a_bar_a_signal(shop):
    ask(shop, "insulated coffee press")
    assert len(cards(shop)) == 24
    first = shop.locator(".card").first
    expect(first.locator(".title")).not_to_be_empty()
    expect(first.locator(".cost")).not_to_be_empty()
    expect(first.locator(".stock")).to_have_text("In stock")
    for signal in ("bm25", "text_vector"):
        bar = first.locator(f"[data-signal={signal}]")
        assert bar.locator("i").bounding_box()["width"] > 1
        assert any(digit.isdigit() for digit in bar.get_attribute("title"))
    shop.wait_for_function("() => document.querySelector('.card img')?.naturalWidth > 100")
    expect(shop.locator("#degraded")).to_be_hidden()


def test_filters_narrow_and_can_be_taken_away(shop):
    total = int(shop.locator("#status strong").inner_text().replace(",", ""))
    box = shop.locator("#facets input").first
    name = box.get_attribute("value")
    box.click()
    expect(shop.locator("#chips button")).to_have_text(name)
    shop.wait_for_function(
        "total => Number(document.querySelector('#status strong').textContent.replace(',', '')) < total", arg=total
    )
    narrowed = int(shop.locator("#status strong").inner_text().replace(",", ""))
    assert name in shop.url.replace("+", " ").replace("%26", "&")
    shop.locator("#price-max").fill("40")
    shop.wait_for_function(
        "some => Number(document.querySelector('#status strong').textContent.replace(',', '')) < some", arg=narrowed
    )
    prices = [float(text) for text in shop.locator("#results .cost").all_inner_texts()]
    assert prices
    assert max(prices) <= 40
    shop.locator("#clear").click()
    expect(shop.locator("#status strong")).to_have_text(str(total))


def test_in_stock_only_and_sorting(shop):
    shop.locator(".switch").click()
    shop.locator("#sort").select_option("price:asc")
    shop.wait_for_function("() => !document.querySelector('.stock.out') && !document.querySelector('.results.busy')")
    prices = [float(text) for text in shop.locator("#results .cost").all_inner_texts()]
    assert prices == sorted(prices)


def test_pages_follow_each_other_and_back_works(shop):
    first = cards(shop)
    shop.locator("#next").click()
    expect(shop.locator("#page-number")).to_have_text("Page 2 of 13")
    expect(shop.locator(".place").first).to_have_text("25")
    assert not set(first) & set(cards(shop))
    shop.go_back()
    expect(shop.locator("#page-number")).to_have_text("Page 1 of 13")
    assert cards(shop) == first


def test_an_address_brings_its_question_into_the_box(shop, service):
    for query in ("desk lamp", "tent"):
        shop.goto(f"{service.url}/?q={query}")
        expect(shop.locator("#query")).to_have_value(query)
    shop.wait_for_selector(".card [data-signal=bm25]")
    shop.go_back()
    expect(shop.locator("#query")).to_have_value("desk lamp")


def test_did_you_mean_is_one_click(shop):
    ask(shop, "insulated cofee")
    expect(shop.locator("#suggestion")).to_be_visible()
    suggested = shop.locator("#suggested").inner_text()
    shop.locator("#suggested").click()
    expect(shop.locator("#query")).to_have_value(suggested)
    expect(shop.locator("#suggestion")).to_be_hidden()


def test_the_keyboard_alone_is_enough(shop):
    shop.locator("body").click(position={"x": 5, "y": 500})
    shop.keyboard.press("/")
    expect(shop.locator("#query")).to_be_focused()
    shop.keyboard.type("desk lamp")
    # A slow machine may ask for the words in parts; a later answer would take the focus off a card of an earlier one.
    shop.wait_for_function(
        "() => new URLSearchParams(location.search).get('q') === 'desk lamp'"
        " && !document.querySelector('.results.busy')"
    )
    shop.keyboard.press("Enter")
    expect(shop.locator(".card [data-signal=bm25]").first).to_be_visible()
    expect(shop.locator("#suggestions")).to_be_hidden()
    shop.keyboard.press("ArrowDown")
    expect(shop.locator(".card").first).to_be_focused()
    shop.keyboard.press("Enter")
    expect(shop.locator("#detail")).to_be_visible()
    expect(shop.locator("#detail-title")).to_have_text(shop.locator(".card .title").first.inner_text())
    shop.keyboard.press("Escape")
    expect(shop.locator("#detail")).to_be_hidden()
    expect(shop.locator("#moves")).to_be_visible()
    shop.locator(".card").first.focus()
    shop.keyboard.press("ArrowRight")
    expect(shop.locator(".card").nth(1)).to_be_focused()
    shop.keyboard.press("ArrowDown")
    # One row down in the second column; the cards may still be gliding to their places.
    shop.wait_for_function(
        """() => {
            const [first, second] = [...document.querySelectorAll(".card")].map((card) => card.getBoundingClientRect());
            const focused = document.activeElement.getBoundingClientRect();
            return focused.top > second.top && Math.abs(focused.left - second.left) < 1 && second.left > first.left;
        }"""
    )
    for _ in range(3):
        shop.keyboard.press("ArrowUp")
    expect(shop.locator("#query")).to_be_focused()


def test_suggestions_come_as_one_types_and_are_taken_by_keyboard_or_mouse(shop, service):
    until = time.monotonic() + 90
    while not httpx.get(service.url + "/v1/suggest?q=lam", timeout=60).json()["suggestions"]:
        assert time.monotonic() < until, "a worker reads what can be suggested soon after it has started"
        time.sleep(0.3)
    box, options = shop.locator("#query"), shop.locator("#suggestions li")
    box.press_sequentially("lam", delay=30)
    expect(options.first).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")
    texts = shop.locator("#suggestions .words-of").all_inner_texts()
    assert all("lam" in text.lower() for text in texts)
    shop.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", "suggestion-0")
    shop.keyboard.press("ArrowUp")
    expect(shop.locator("#suggestions [aria-selected=true]")).to_have_count(0)
    shop.keyboard.press("ArrowDown")
    shop.keyboard.press("Enter")
    expect(box).to_have_value(texts[0])
    expect(shop.locator("#suggestions")).to_be_hidden()
    shop.wait_for_selector(".card [data-signal=bm25]")
    box.fill("lam")
    expect(options.first).to_be_visible()
    shop.keyboard.press("Escape")
    expect(shop.locator("#suggestions")).to_be_hidden()
    expect(box).to_have_value("lam")
    box.fill("lamp")
    expect(options.first).to_be_visible()
    chosen = shop.locator("#suggestions .words-of").last.inner_text()
    options.last.click()
    expect(box).to_have_value(chosen)


def test_what_a_person_types_never_becomes_markup(shop):
    ask(shop, "<img src=x onerror=alert(1)>")
    assert shop.locator("img[src=x]").count() == 0
    assert shop.evaluate("document.querySelectorAll('script[src], script:not([type])').length") == 1


def test_a_service_that_does_not_answer_is_said(shop, complaints):
    shop.route("**/v1/search", lambda route: route.fulfill(status=503, json={"detail": "OpenSearch does not answer."}))
    shop.locator("#sort").select_option("price:desc")
    expect(shop.locator("#problem")).to_have_text("OpenSearch does not answer.")
    assert cards(shop) == []
    assert [text for text in complaints if "503" in text] == complaints
    complaints.clear()


def everything_fits(shop: Page) -> None:
    """Nothing is wider than the phone: neither the page, nor a card, nor what is in it."""
    assert shop.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    for part in (".card", ".card .title", ".card .stock"):
        boxes = [shop.locator(part).nth(place).bounding_box() for place in range(3)]
        assert all(box["x"] >= 0 and box["x"] + box["width"] <= PHONE[0] for box in boxes), part


@pytest.mark.parametrize("page", [PHONE], indirect=True, ids=["phone"])
def test_a_phone_shows_everything_within_its_width(shop):
    everything_fits(shop)
    ask(shop, "running shoes")
    everything_fits(shop)
    expect(shop.locator("#filters")).to_be_hidden()
    shop.locator("#filters-open").click()
    expect(shop.locator("#filters")).to_be_visible()
    shop.locator("#facets input").first.click()
    shop.locator("#filters-close").click()
    expect(shop.locator("#filter-count")).to_have_text("1")
