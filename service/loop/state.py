"""Where a run of the loop stands, in a file: a step is done when the file says so, and not before."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

STEPS: tuple[str, ...] = (
    "judgments", "windows", "finetune", "compress", "gate", "interleave", "live", "check"
)  # fmt: skip
FORMAT = 1


class LoopError(OSError):
    """The loop cannot go on; the message says what to do."""


@dataclass(slots=True)
class State:
    """One run.

    Attributes:
        run: its name, the time at which it began.
        index: the catalogue.
        options: what it was told; the same run goes on only with the same.
        done: what each finished step found.
        running: the step under way; it is begun anew by whoever goes on.
        outcome: ``kept``, ``refused`` or ``rolled_back``; empty while it is open.
        reason: of the outcome, or of waiting, in words.
    """

    run: str
    index: str
    options: dict[str, Any]
    done: dict[str, dict[str, Any]] = field(default_factory=dict)
    running: str | None = None
    outcome: str = ""
    reason: str = ""
    format: int = FORMAT


class Diary:
    """The state of a catalogue's loop, below a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "state.json"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep a second loop of the same catalogue out.

        Raises:
            LoopError: there is one.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise LoopError("another loop of this catalogue is running; wait for its end") from error
        try:
            yield
        finally:
            lock.release()

    def read(self) -> State | None:
        """The last run; ``None`` where there was none.

        Raises:
            LoopError: the file is damaged.
        """
        try:
            value = json.loads(self.file.read_text("utf-8"))
            return State(**value) if value.get("format") == FORMAT else None
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, AttributeError) as error:
            raise LoopError(f"{self.file}: is damaged; delete it to begin anew") from error

    def write(self, state: State) -> None:
        """Replace the file at once."""
        part = self.file.with_name(".part-state.json")
        part.write_text(json.dumps(asdict(state), indent=2) + "\n", "utf-8")
        part.replace(self.file)

    def work(self, state: State, name: str) -> Path:
        """A file or folder of a run."""
        folder = self.folder / state.run
        folder.mkdir(parents=True, exist_ok=True)
        return folder / name


def model_of(state: State) -> str:
    """The name of the model that a run makes, below ``models/rankers``."""
    return f"loop-{state.run}"


def begun(index: str, options: Mapping[str, Any]) -> State:
    """A new run."""
    return State(time.strftime("%Y%m%d-%H%M%S", time.gmtime()), index, dict(options))
