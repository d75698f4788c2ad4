"""Takes the pictures of the page that the README and the documentation show, from a service that runs.

    hybridrank demo
    python -m benchmarks.page_pictures http://127.0.0.1:8000 docs/images

``page.webp``: a search of the sample catalogue. The time that it shows is the machine's, so take it when nothing else
runs: the search is made anew until its time is the median of five. ``why.png``: why the best of its results that a
small change would swap with its neighbour is there. ``--looks`` takes every view of the page instead (wide, narrow,
dark, Chinese), to be looked at.
"""

from __future__ import annotations

import argparse
import io
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from statistics import median_low
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

QUERY = "waterproof hiking boots"
SIZE = (1240, 736)
SHOWN = (1000, 593)
QUALITY = 82
TIMES = 5
MOST_TRIES = 40
PLACES = 10
MARGIN = 18
VIEWS: dict[str, dict[str, Any]] = {
    "wide": {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB"},
    "chinese": {"viewport": {"width": 1280, "height": 900}, "locale": "zh-CN"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 390, "height": 760}, "locale": "en-GB", "is_mobile": True, "has_touch": True},
    "narrow-chinese-dark": {"viewport": {"width": 390, "height": 760}, "locale": "zh-CN", "color_scheme": "dark"},
}


def main() -> None:
    """Take them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--looks", action="store_true", help="every view, into the folder")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        if chosen.looks:
            looks(browser, chosen.url, chosen.folder)
        else:
            page_picture(browser, chosen.url, chosen.folder / "page.webp")
            why_picture(browser, chosen.url, chosen.folder / "why.png")
        browser.close()


def search(page: Page, query: str) -> float:
    """Search and wait for the answer; returns the milliseconds that the page shows."""
    box = page.locator("#query")
    box.fill(query)
    # Typing alone asks nothing where the answer to it is what the page shows already; Enter always asks.
    with page.expect_response(
        lambda answer: answer.url.endswith("/v1/search") and query in (answer.request.post_data or "")
    ):
        box.press("Enter")
    page.wait_for_timeout(1500)
    found = re.search(r"([\d.,]+)[^\d]*$", page.locator("#status").inner_text())
    if found is None:
        raise SystemExit("the page shows no time; is hybridrank serving at this address?")
    return float(found[1].replace(",", ""))


def page_picture(browser: Browser, url: str, file: Path) -> None:
    """The search of the README."""
    context = browser.new_context(viewport=dict(zip(("width", "height"), SIZE, strict=True)), locale="en-GB")  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector(".card")
    times = [search(page, QUERY) for _ in range(TIMES)]
    usual = median_low(times)
    for _ in range(MOST_TRIES):
        if search(page, QUERY) <= usual:
            break
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        picture.convert("RGB").resize(SHOWN, Image.Resampling.LANCZOS).save(file, quality=QUALITY, method=6)
    print(f"{file}: {page.locator('#status').inner_text()}, median of {TIMES} searches {usual:g} ms")


def why_picture(browser: Browser, url: str, file: Path) -> None:
    """The panel of a result that a small change would swap with its neighbour."""
    page = browser.new_context(viewport={"width": 800, "height": 1500}, locale="en-GB").new_page()
    page.goto(url)
    page.wait_for_selector(".card")
    search(page, QUERY)
    panel = page.locator("#detail .why-here")
    for place in range(PLACES):
        page.locator(".card").nth(place).click()
        page.wait_for_selector("#detail .pick")
        panel.locator("summary").click()
        page.wait_for_selector("#detail .why-body[data-done]")
        if panel.locator(".changes li").count():
            panel.evaluate("box => box.scrollIntoView()")
            box = panel.bounding_box()
            assert box is not None, "an open panel has a place"
            clip = {"x": box["x"] - MARGIN, "y": box["y"], "width": box["width"] + 2 * MARGIN, "height": box["height"]}
            page.screenshot(path=file, clip=clip)  # type: ignore[arg-type]
            print(f"{file}: result {place + 1}; {panel.locator('.changes').inner_text()!r}")
            return
        page.locator("#detail-close").click()
        page.wait_for_timeout(1500)
    raise SystemExit(f"no small change swaps any of the first {PLACES} results with its neighbour")


def looks(browser: Browser, url: str, folder: Path) -> None:
    """Every view in every dress."""
    for dress, options in VIEWS.items():
        context = browser.new_context(**options)
        page = context.new_page()
        page.set_default_timeout(120_000)

        def shot(name: str, page: Page = page, dress: str = dress, *, full: bool = False) -> None:
            page.wait_for_timeout(400)
            page.screenshot(path=folder / f"{dress}-{name}.png", full_page=full)

        steps(page, url, shot)
        context.close()


def steps(page: Page, url: str, shot: Callable[..., None]) -> None:
    """Through the page as a visitor goes."""
    page.goto(url)
    page.wait_for_selector(".card")
    shot("start")
    search(page, QUERY)
    shot("search")
    page.locator(".card").first.click()
    page.wait_for_selector("#detail .pick")
    shot("sheet")
    page.locator("#detail .why-here summary").click()
    page.wait_for_selector("#detail .why-body[data-done], #detail .why-body [role=alert]")
    page.locator("#detail .why-here").scroll_into_view_if_needed()
    page.locator("#detail .why-here").evaluate("box => box.scrollIntoView()")
    shot("why")
    page.locator("#detail .pick").first.click()
    page.locator("#detail .why-here summary").click()
    page.wait_for_selector("#detail .why-body[data-done], #detail .why-body [role=alert]")
    page.locator("#detail .why-here").evaluate("box => box.scrollIntoView()")
    shot("why-recommended")
    page.locator("#detail-close").click()
    page.locator("#session-open").click()
    shot("visit")
    page.locator("#drawer-close").click()
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    shot("foot")
    page.evaluate("scrollTo(0, 0)")
    page.locator("#judge-open").click()
    shot("judge")
    page.goto(f"{url}/tune")
    page.wait_for_timeout(4000)
    shot("tune", full=True)


if __name__ == "__main__":
    main()
