"""What a run leaves for the next one: a lock, and the generation that a rebuild has not finished."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from .errors import IndexerError

Writes = Literal["live", "rebuild", "share of a rebuild"]
"""What a run writes: into the live generation, or all or a share of a new one."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A generation that is being filled.

    Attributes:
        index: its name.
        inputs: identity of the files that it is filled from.
        encoder: revision of the encoder.
        cluster: identity of the cluster that holds it.
    """

    index: str
    inputs: str
    encoder: str
    cluster: str


class State:
    """The folder of one catalogue's runs, below ``HYBRIDRANK_HOME/state``."""

    def __init__(self, home: Path, catalogue: str) -> None:
        self.folder = home / "state" / "index" / catalogue
        self._rebuild = self.folder / "rebuild.json"

    @contextmanager
    def locked(self, writes: Writes) -> Iterator[None]:
        """Keep runs of different kinds of this home apart; the lock ends with the process.

        Runs that write into the live generation may run side by side: versions order them. So may the shares of one
        rebuild. A rebuild and a run of another kind may not, for what the latter writes would be missing in the
        generation that is published.

        Raises:
            IndexerError: another run holds the catalogue.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as live, (self.folder / "lock.shares").open("w") as shares:
            mine, other = (shares, live) if writes == "share of a rebuild" else (live, shares)
            with (self.folder / "lock.gate").open("w") as gate:
                fcntl.flock(gate, fcntl.LOCK_EX)  # one at a time decides
                try:
                    fcntl.flock(mine, (fcntl.LOCK_EX if writes == "rebuild" else fcntl.LOCK_SH) | fcntl.LOCK_NB)
                    fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    fcntl.flock(other, fcntl.LOCK_UN)
                except BlockingIOError as error:
                    raise IndexerError(
                        f"index: another run is indexing catalogue {self.folder.name!r}; wait until it has ended"
                    ) from error
            yield

    def unfinished(self) -> Unfinished | None:
        """The generation that a rebuild was filling when it ended, if there is one."""
        try:
            return Unfinished(**json.loads(self._rebuild.read_text()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise IndexerError(f"{self._rebuild}: is damaged; delete it and run the rebuild again") from error

    def begin(self, unfinished: Unfinished) -> None:
        """Remember a generation, before its first document is written."""
        part = self._rebuild.with_suffix(".part")
        with part.open("w") as file:
            json.dump(asdict(unfinished), file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._rebuild)

    def finish(self) -> None:
        """Forget it: it is published, or deleted."""
        self._rebuild.unlink(missing_ok=True)
