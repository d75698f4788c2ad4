"""What every command shares: where output goes, and how a failure ends it."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from rich.console import Console
from typer.core import TyperGroup

from indexer.errors import IndexerError
from multimodal.errors import EncoderError, MediaError
from personal.errors import PersonalError
from plugin.errors import EngineError, LocalNodeError
from ranker.errors import RankerError
from ranker.faults import first_fault

from ..settings import Settings

stderr = Console(stderr=True, highlight=False)
stdout = Console(highlight=False)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print machine-readable JSON.")]
IndexOption = Annotated[str | None, typer.Option("--index", help="Which catalogue; the default is 'products'.")]

KNOWN_ERRORS = (
    EngineError,
    LocalNodeError,
    EncoderError,
    MediaError,
    RankerError,
    IndexerError,
    PersonalError,
    OSError,
)


def print_json(value: Any) -> None:
    """Write one JSON document to standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def _words(error: Exception) -> str:
    """What an error says, and what to do; the system's own errors by file and reason, without their number."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    said, hint = str(error), getattr(error, "hint", "")
    return f"{said}; {hint}" if hint and ";" not in said else said


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
        raise fail(_words(error)) from error
    except ValidationError as error:
        raise fail(f"setting {first_fault(error)}", 2) from error
    except SettingsError as error:  # a list or an object that is no JSON; the message names the setting, not its value
        raise fail(f"settings: {error}; write it as JSON", 2) from error
    except tomllib.TOMLDecodeError as error:
        raise fail(f"hybridrank.toml: {error}", 2) from error


class Commands(TyperGroup):
    """The command line as a whole: what it cannot read is one line too, and not a box of several."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command; in standalone mode the process ends with its exit status."""
        run = partial(super().main, args, prog_name, complete_var, False, windows_expand_args, **extra)
        if not standalone_mode:
            return run()
        try:
            status = run()
        except typer.TyperException as error:
            reason = error.format_message()
            context = getattr(error, "ctx", None)
            if reason:  # empty where the help was shown for want of arguments
                fail(f"{reason.rstrip('.')}; see {context.command_path} --help" if context else reason)
            sys.exit(error.exit_code)
        except typer.Abort:
            fail("stopped")
            sys.exit(1)
        sys.exit(status if isinstance(status, int) else 0)


def settings(**overrides: Any) -> Settings:
    """Read the settings; an override of ``None`` is no override."""
    return Settings(**{name: value for name, value in overrides.items() if value is not None})
