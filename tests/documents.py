"""The fenced blocks of the project's pages."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "clients").rglob("*.md"),
        *(ROOT / "ranker").rglob("*.md"),
        *(ROOT / "multimodal").rglob("*.md"),
    ]
)
FENCE = re.compile(r'^```(?P<language>\w*)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)^```$', re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        page: its page, from the root of the project.
        language: as the fence says; ``sh`` can be run as it is, none is a synopsis or a picture.
        title: the file that it is, where it is one.
        text: what stands in it.
    """

    page: str
    language: str
    title: str | None
    text: str

    def commands(self) -> Iterator[list[str]]:
        """The command lines in it, as words, without comments; continued lines joined."""
        for line in self.text.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words:
                yield words


def blocks(page: Path) -> list[Block]:
    """All fenced blocks of a page, in order."""
    name = str(page.relative_to(ROOT))
    return [
        Block(name, match["language"], match["title"], match["text"])
        for match in FENCE.finditer(page.read_text("utf-8"))
    ]


ALL = [block for page in PAGES for block in blocks(page)]

COMMAND = re.compile(
    r"(?:hybridrank|python3?|make|pip|bin/\S+|federated/bin/\S+|export|GET|PUT|POST|DELETE|PATCH) \S|[A-Z][A-Z_]+=\S"
)
"""How a line begins that is a command or a request."""
INLINE = re.compile(r"`(hybridrank (?:[a-z-]+ )*(?:-|[A-Z])[^`\n]*)`")
"""A command within a sentence, where it has an option or an operand."""
ANSWER = "-> "


@dataclass(frozen=True)
class Form:
    """A command or a request that a page shows as a form to fill in, or as an example, and not as a script.

    Attributes:
        page: its page, from the root of the project.
        text: the line, continued lines joined, without what is said of it beside.
        answer: the line below that says what is answered, where there is one.
    """

    page: str
    text: str
    answer: str | None = None


def _forms_of(block: Block) -> Iterator[Form]:
    lines = re.sub(r"\s*\\\n\s*", " ", block.text).splitlines()
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if COMMAND.match(line):
            text = re.split(r" {2,}| +# ", line)[0]
            yield Form(
                block.page, " ".join(text.split()), after.removeprefix(ANSWER) if after.startswith(ANSWER) else None
            )


def forms() -> list[Form]:
    """All of them, each text once: those of blocks without a language, and those within sentences."""
    found: dict[str, Form] = {}
    for page in PAGES:
        name = str(page.relative_to(ROOT))
        if name == "CHANGELOG.md":
            continue
        within = [Form(name, match[1]) for match in INLINE.finditer(page.read_text("utf-8"))]
        blocks_of = [block for block in ALL if block.page == name and not block.language and not block.title]
        for form in [*(form for block in blocks_of for form in _forms_of(block)), *within]:
            found.setdefault(form.text, form)
    return list(found.values())
