"""Both pages against axe-core, in light and dark, English and Chinese, wide and narrow, and without motion."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.conftest import TIMEOUT_MS
from tests.fixtures_service import Running

pytestmark = [pytest.mark.engine, pytest.mark.browser]

FOLDER = Path(__file__).parents[2] / "service" / "page"
LOOKS = {
    "light": {"locale": "en-GB", "color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark-zh": {"locale": "zh-CN", "color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    "phone-still": {
        "locale": "en-GB",
        "color_scheme": "light",
        "reduced_motion": "reduce",
        "viewport": {"width": 390, "height": 844},
    },
}


def faults(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {[node['html'][:120] for node in one['nodes'][:3]]}" for one in found]


def still(page: Page) -> None:
    page.wait_for_function("() => document.getAnimations().every(one => one.playState !== 'running')")


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing(browser: Browser, service: Running, look: str) -> None:
    context = browser.new_context(**LOOKS[look])
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    elsewhere: list[str] = []
    page.on("request", lambda sent: elsewhere.append(sent.url) if not ours(sent.url, service.url) else None)
    page.goto(f"{service.url}/?q=desk lamp")
    page.wait_for_selector(".card")
    page.locator("#judge-open").click()
    page.wait_for_selector(".grades")
    still(page)
    assert faults(page) == []
    page.locator("#judge-open").click()
    page.locator("#session-open").click()
    still(page)
    assert faults(page) == []
    page.locator("#drawer-close").click()
    page.locator(".card").first.click()
    page.locator(".why-here summary").click()
    page.wait_for_selector(".why-body[data-done=true]")
    still(page)
    assert faults(page) == []
    page.goto(f"{service.url}/tune?q=desk lamp")
    page.wait_for_selector("[data-side=b] .lines li")
    page.locator("#deal").click()
    page.wait_for_selector("#dealt li")
    still(page)
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= LOOKS[look]["viewport"]["width"]
    context.close()
    assert elsewhere == []


def ours(address: str, own: str) -> bool:
    return address.startswith((own, "data:", "blob:"))


def test_the_desk_is_worked_by_keyboard_alone(page: Page, service: Running) -> None:
    page.goto(f"{service.url}/tune")
    page.wait_for_selector("#models li")
    reached: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
        if reached[-1] == "query":
            break
    assert reached[0] == "skip"
    assert [name for name in reached if name.startswith("weight-")] == [
        f"weight-{name}"
        for name in (
            "bm25", "text_vector", "image_vector", "behaviour", "profile", "session", "price", "popularity", "recency"
        )
    ]  # fmt: skip
    assert {"save", "served", "reset", "export"} <= set(reached)
    page.keyboard.type("desk lamp")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-side=b] .lines li")
    for wanted in ("a", "b"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == wanted
    page.keyboard.press("ArrowUp")
    page.wait_for_selector("[data-side=b] .lines li")


def test_the_language_is_the_browsers_until_another_is_chosen(service: Running) -> None:
    with httpx.Client(base_url=service.url, timeout=60) as client:
        for path in ("/", "/tune"):
            for accepted, language in (("zh-CN,zh;q=0.9", "zh"), ("de, en;q=0.5", "en"), ("fr", "en")):
                answer = client.get(path, headers={"Accept-Language": accepted})
                assert answer.headers["Content-Language"] == language
                assert f'<html lang="{language}">' in answer.text
        assert client.get("/?lang=zh", headers={"Accept-Language": "en"}).headers["Content-Language"] == "zh"
        assert client.get("/tune", headers={"Accept-Language": "en"}).headers["Content-Language"] == "zh"
        assert client.get("/?lang=xx").headers["Content-Language"] == "zh"


def test_every_message_is_there_in_every_language_with_the_same_places() -> None:
    english, chinese = (json.loads((FOLDER / "messages" / f"{code}.json").read_text("utf-8")) for code in ("en", "zh"))
    assert english.keys() == chinese.keys()
    for key, text in english.items():
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", chinese[key])), key
    written = "".join(file.read_text("utf-8") for file in FOLDER.iterdir() if file.suffix in {".js", ".html"})
    named = set(re.findall(r"""\bt\(\s*"([\w.]+)\"""", written)) | set(re.findall(r'\bt\["([\w.]+)"\]', written))
    assert named <= english.keys()
    assert len(named) > 100
