"""What is remembered of a home's cluster between two commands."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from .configure import LOOPBACK, Node


class Shape(BaseModel):
    """How the cluster was last started. ``ports`` are pairs of HTTP and transport port, one a node."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ports: tuple[tuple[int, int], ...]
    full: bool
    secure: bool
    heap: str = "512m"

    def nodes(self, run: Path) -> list[Node]:
        """The nodes under a run folder, the first being the one that is spoken to."""
        return [Node(f"node-{n}", run / f"node-{n}", *pair) for n, pair in enumerate(self.ports, 1)]

    def urls(self, run: Path) -> tuple[str, ...]:
        """Where each node answers."""
        scheme = "https" if self.secure else "http"
        return tuple(f"{scheme}://{LOOPBACK}:{node.http_port}" for node in self.nodes(run))

    @property
    def words(self) -> str:
        """For messages: ``a full, secured cluster of 3 nodes``."""
        kind = ", ".join(["full" if self.full else "light", *(["secured"] if self.secure else [])])
        return f"a {kind} node" if len(self.ports) == 1 else f"a {kind} cluster of {len(self.ports)} nodes"


@dataclass(frozen=True, slots=True)
class ClusterInfo:
    """A local cluster that answers.

    Attributes:
        url: of the first node; ``urls`` has all.
        pids: process ids, by node.
        version: what the engine says that it is.
        user: the account that the processes run as.
        run_folder: where data and logs lie.
        ca: the certificate authority of a secured node, else ``None``; so too ``password_file``.
        found: it was running already, nothing was started.
    """

    url: str
    urls: tuple[str, ...]
    pids: tuple[int, ...]
    version: str
    status: str
    full: bool
    secure: bool
    home: Path
    run_folder: Path
    user: str
    ca: Path | None
    password_file: Path | None
    found: bool

    def as_dict(self) -> dict[str, Any]:
        """As JSON knows it; paths become text."""
        names = ("url", "urls", "pids", "version", "status", "full", "secure", "home", "run_folder", "user")
        named = {name: getattr(self, name) for name in (*names, "ca", "password_file", "found")}
        return {name: str(value) if isinstance(value, Path) else value for name, value in named.items()}


def _file(home: Path) -> Path:
    return home / "engine" / "cluster.json"


def read_shape(home: Path) -> Shape | None:
    """How this home's cluster was last started, if it ever was."""
    path = _file(home)
    return Shape.model_validate(json.loads(path.read_text("utf-8"))) if path.is_file() else None


def write_shape(home: Path, shape: Shape) -> None:
    """Remember it; the file is replaced whole."""
    path = _file(home)
    draft = path.with_suffix(".tmp")
    draft.write_text(shape.model_dump_json(), "utf-8")
    draft.replace(path)


def forget_shape(home: Path) -> None:
    """Nothing is remembered any more."""
    _file(home).unlink(missing_ok=True)
