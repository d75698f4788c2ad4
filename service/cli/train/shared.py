"""What the training commands share."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from .. import console


def bar() -> Progress:
    """A progress bar with the time left; silent where standard error is no terminal."""
    parts = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*parts, console=console.stderr, disable=not console.stderr.is_terminal)


def need_torch() -> None:
    """End with one line where the extra is not installed."""
    if importlib.util.find_spec("torch") is None:
        raise console.fail("training needs the 'train' extra: pip install 'hybridrank[train]'")


@contextmanager
def interruptible() -> Iterator[None]:
    """Say on Ctrl-C that nothing is lost."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise console.fail("interrupted; the same command goes on from the checkpoint", 130) from error
