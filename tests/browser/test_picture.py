"""Search by picture on the page, in a real Chromium."""

from __future__ import annotations

import base64
import json

import pytest
from playwright.sync_api import Page, expect

from service.sample import SampleFolder
from service.settings import Settings
from tests.fixtures_service import Running

pytestmark = [pytest.mark.engine, pytest.mark.browser]

PASTE = """([data, kind]) => {
  const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], 'picture.webp', { type: 'image/webp' }));
  const event = kind === 'paste'
    ? new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true })
    : new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true });
  document.body.dispatchEvent(event);
}"""


@pytest.fixture
def shop(page: Page, service: Running) -> Page:
    page.goto(service.url)
    page.wait_for_selector(".card")
    return page


@pytest.fixture
def products(service_home):
    """Some products of the catalogue, with the files of their pictures."""
    folder = SampleFolder.of(Settings(home=service_home))
    made = [json.loads(line) for line in folder.products.read_text("utf-8").splitlines()[:3]]
    return [(product, folder.folder / product["image"]) for product in made]


def first_is(shop: Page, product: str) -> None:
    shop.wait_for_function("id => document.querySelector('.card')?.dataset.id === id", arg=product, timeout=60_000)


def test_a_picture_is_chosen_pasted_dropped_and_taken_away(shop, products):
    before = shop.locator("#status strong").inner_text()
    (one, chosen), (two, pasted), (three, dropped) = products
    shop.locator("#picture-file").set_input_files(chosen)
    first_is(shop, one["id"])
    expect(shop.locator("#picture span")).to_contain_text("Like this picture: likeness")
    assert shop.locator("#picture img").get_attribute("src").startswith("data:image/jpeg")
    for kind, file, product in (("paste", pasted, two), ("drop", dropped, three)):
        shop.evaluate(PASTE, [base64.b64encode(file.read_bytes()).decode(), kind])
        first_is(shop, product["id"])
    shop.get_by_role("button", name="Without the picture").click()
    expect(shop.locator("#picture")).to_be_hidden()
    expect(shop.locator("#status strong")).to_have_text(before)


def test_words_beside_the_picture_and_a_file_that_is_none(shop, products, tmp_path):
    (product, file), *_ = products
    shop.locator("#picture-file").set_input_files(file)
    first_is(shop, product["id"])
    shop.locator("#query").fill(product["category"][-1])
    expect(shop.locator("#picture span")).to_contain_text("and by your words", timeout=60_000)
    (tmp_path / "notes.txt").write_text("no picture")
    shop.locator("#picture-file").set_input_files(tmp_path / "notes.txt")
    expect(shop.locator("#picture span")).to_have_text("This file is no picture that can be read.")


def test_the_second_of_a_clip_is_shown(shop):
    def with_moment(route):
        answer = route.fetch()
        found = answer.json()
        found["results"][0]["moment"] = (
            67.4  # the sample has no clips; that the service finds the second is tested there
        )
        route.fulfill(response=answer, json=found)

    shop.route("**/v1/search", with_moment)
    shop.locator("#query").fill("lamp")
    expect(shop.locator(".card .clip")).to_have_text("▶ 1:07")
    shop.locator(".card").first.click()
    expect(shop.locator("#detail .clip")).to_be_visible()
