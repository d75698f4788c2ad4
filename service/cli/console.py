"""What every command shares: where output goes, and how a failure ends it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console

from indexer.errors import IndexerError
from multimodal.errors import EncoderError
from personal.errors import PersonalError
from plugin.errors import EngineError, LocalNodeError
from ranker.errors import RankerError

from ..settings import Settings

stderr = Console(stderr=True, highlight=False)
stdout = Console(highlight=False)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print machine-readable JSON.")]
IndexOption = Annotated[str | None, typer.Option("--index", help="Which catalogue; the default is 'products'.")]

KNOWN_ERRORS = (EngineError, LocalNodeError, EncoderError, RankerError, IndexerError, PersonalError, OSError)


def print_json(value: Any) -> None:
    """Write one JSON document to standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def fail(reason: str, code: int = 1) -> typer.Exit:
    """Say in one line on standard error why a command ends; the caller raises what is returned."""
    stderr.print(f"hybridrank: {' '.join(reason.split())}", style="red", markup=False, soft_wrap=True)
    return typer.Exit(code)


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn the errors that we know into one line and a non-zero exit; anything else is a bug and keeps its trace."""
    try:
        yield
    except KNOWN_ERRORS as error:
        raise fail(str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise fail(f"setting {where}: {first['msg']}", 2) from error


def settings(**overrides: Any) -> Settings:
    """Read the settings; an override of ``None`` is no override."""
    return Settings(**{name: value for name, value in overrides.items() if value is not None})
