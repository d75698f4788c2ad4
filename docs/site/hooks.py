"""What the site shows that is generated: its home, references of commands, HTTP and Python, model cards."""

from __future__ import annotations

import json
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from typer.cli import get_docs_for_click
from typer.main import get_command

from service.app import create_app
from service.cli import build
from service.settings import Settings

ROOT = Path(__file__).parents[2]
PORTRAIT = ROOT / "ranker/models/default/pictures"
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)\s]+)\)")

MODULES = {
    "Ranking": ["ranker.candidate", "ranker.model", "ranker.signals", "ranker.metrics", "ranker.significance"],
    "The engine": ["plugin.query", "plugin.document", "plugin.client"],
    "Encoders": ["multimodal.encoder", "multimodal.load"],
    "People": ["personal.keystore", "personal.envelope", "personal.behaviour"],
}
"""The modules that a program would import, by subject."""


OPENAPI = """# OpenAPI

The document that `/openapi.json` answers.

<swagger-ui src="openapi.json"/>
"""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages to those that lie in ``docs/``."""
    pages = {
        "index.md": _moved(ROOT / "README.md", "docs/"),
        "README.zh.md": _moved(ROOT / "README.zh.md", "docs/").replace("README.md#", "index.md#"),
        "SECURITY.md": _moved(ROOT / "SECURITY.md", "docs/"),
        "CONTRIBUTING.md": _moved(ROOT / "CONTRIBUTING.md", "docs/").replace("CHANGELOG.md", "reference/changelog.md"),
        "reference/changelog.md": _moved(ROOT / "CHANGELOG.md", "docs/", "../"),
        "reference/ranker.md": _moved(ROOT / "ranker/models/default/README.md", "../../../docs/", "../").replace(
            "](../pictures/", "](../model-pictures/"
        ),
        "reference/pictures.md": _moved(ROOT / "multimodal/models/light/README.md", "../../../docs/", "../"),
        "reference/cli.md": _commands(),
        "reference/openapi.md": OPENAPI,
        "reference/openapi.json": json.dumps(create_app(Settings(), demo=True).spec),
        "reference/client.md": _moved(ROOT / "clients/python/README.md", "../../docs/", "../")
        + _modules(["hybridrank_client"]),
        "reference/python.md": "# Python\n"
        + "".join(f"\n# {title}\n" + _modules(names) for title, names in MODULES.items()),
    }
    for path, content in pages.items():
        files.append(File.generated(config, path, content=content))
    for file in PORTRAIT.iterdir():
        files.append(File.generated(config, f"model-pictures/{file.name}", abs_src_path=str(file)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links to what lies beside ``docs/`` in the repository lead to its page of the site."""
    markdown = markdown.replace("](../ranker/models/default/pictures/", "](model-pictures/")
    return markdown.replace("](../clients/python/README.md)", "](reference/client.md)")


def _moved(path: Path, prefix: str, up: str = "") -> str:
    """A page that lies elsewhere in the repository, with its links as they are from the site."""

    def link(match: re.Match[str]) -> str:
        target = match[1]
        return f"]({up}{target.removeprefix(prefix)})"

    # What code quotes, such as the line that names the docs folder, stays.
    return LINK.sub(link, path.read_text("utf-8")).replace("`docs/", "`")


def _commands() -> str:
    application = get_command(build())
    context = application.context_class(application, info_name="hybridrank")
    return get_docs_for_click(obj=application, ctx=context, name="hybridrank", title="Command line")


def _modules(names: list[str]) -> str:
    return "".join(f"\n::: {name}\n" for name in names)
