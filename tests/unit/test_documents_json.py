"""The JSON that the pages show has the form of what the code takes and gives."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from multimodal.training.settings import ClipSettings
from personal.merchandising import read_rule
from personal.subject import Subject
from service.audit import AuditLog
from service.persons import mint
from service.schemas.explain import ExplainOut
from service.schemas.recommend import RecommendOut
from service.schemas.search import SearchBody, SearchOut
from tests.documents import ALL, ROOT, Block

BLOCKS = [block for block in ALL if block.language == "json"]
IN_ENGINE = {
    "docs/howto/catalogue.md": "its commands are run with it, by test_documents_run.py",
    "docs/howto/metarank.md": "its commands are run with it, by test_documents_run.py",
    "docs/indexing.md": "test_documents_shown.py makes such a letter",
}


def values(text: str) -> list[Any]:
    """The values in a text, side by side."""
    found, at, text = [], 0, text.strip()
    while at < len(text):
        value, end = json.JSONDecoder().raw_decode(text, at)
        found.append(value)
        at = end + len(text[end:]) - len(text[end:].lstrip())
    return found


def is_of(model: type[BaseModel]) -> Callable[[Any, Path], None]:
    """What is shown is a value of the model, and no name in it is unknown there."""

    def check(shown: Any, _: Path) -> None:
        read = model.model_validate(shown)
        assert json.loads(read.model_dump_json(exclude_unset=True, by_alias=True)) == shown

    return check


def token_head(shown: Any, folder: Path) -> None:
    made = mint(folder / "person-tokens.json", Subject("default", "customer-4711"), make_key=True)
    parts = [json.loads(base64.urlsafe_b64decode(part + "==")) for part in made.split(".")[:2]]
    like = next(part for part in parts if ("sub" in part) == ("sub" in shown))
    assert set(shown) <= set(like)
    for name in ("alg", "sub", "aud", "tenant"):
        assert shown.get(name) == like.get(name)


def audit_line(shown: Any, folder: Path) -> None:
    AuditLog(folder).write(role="shop", tenant="default", endpoint="profile.held", status=200, owner="u.5f0c")
    (file,) = [path for path in folder.rglob("*") if path.is_file()]
    made = json.loads(file.read_text("utf-8"))
    assert list(made) == list(shown)
    assert made["endpoint"] == shown["endpoint"]


def shipped_settings(shown: Any, _: Path) -> None:
    made = json.loads((ROOT / "multimodal/models/light/clip.json").read_text("utf-8"))["training"]["settings"]
    assert shown == made
    is_of(ClipSettings)(shown, _)


def rules(shown: Any, _: Path) -> None:
    assert [read_rule(rule) for rule in shown.values()]


def problem(shown: Any, _: Path) -> None:
    """test_documents_shown.py compares it with the service's answer."""
    assert shown["type"].startswith("urn:hybridrank:problem:")


CHECKS: dict[tuple[str, str], Callable[[Any, Path], None]] = {
    ("docs/http.md", "alg"): token_head,
    ("docs/http.md", "sub"): token_head,
    ("docs/http.md", "query"): is_of(SearchBody),
    ("docs/http.md", "query_id"): is_of(SearchOut),
    ("docs/http.md", "id"): is_of(ExplainOut),
    ("docs/http.md", "recommendations"): is_of(RecommendOut),
    ("docs/http.md", "type"): problem,
    ("docs/merchandising.md", "desk lamp"): rules,
    ("docs/personal.md", "time"): audit_line,
    ("multimodal/models/light/README.md", "loss"): shipped_settings,
}
"""By page and the first name in the value."""


@pytest.mark.parametrize("block", [one for one in BLOCKS if one.page not in IN_ENGINE], ids=lambda block: block.page)
def test_json_that_is_shown_has_the_form_of_the_code(block: Block, tmp_path: Path) -> None:
    for shown in values(block.text):
        CHECKS[block.page, next(iter(shown))](shown, tmp_path)


def test_nothing_is_checked_that_no_page_shows() -> None:
    there = {(block.page, next(iter(shown))) for block in BLOCKS for shown in values(block.text.replace('"…', '"'))}
    assert set(CHECKS) <= there
    assert set(IN_ENGINE) <= {page for page, _ in there}
