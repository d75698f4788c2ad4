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
