"""``hybridrank demo``: the main job in one go."""

from __future__ import annotations

from typing import Annotated

import typer

from .console import IndexOption, fail, one_line_errors, settings, stderr
from .engine import progress_display

PortOption = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port of the web page.")]
HOST = "127.0.0.1"


def demo(*, port: PortOption = 8000, index: IndexOption = None) -> None:
    """Find or start OpenSearch, index the sample catalogue, serve the web page; Ctrl-C stops what was started."""
    from ..demo import run

    with one_line_errors():
        chosen = settings(index=index)
        try:
            status = run(chosen, host=HOST, port=port, say=_say, display=progress_display)
        except KeyboardInterrupt:
            stderr.print("stopped")
            return
    if status != 0:
        raise fail(f"the service ended with status {status}; what it said stands above")


def _say(text: str) -> None:
    stderr.print(text, markup=False, soft_wrap=True)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)
