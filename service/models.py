"""The models that a service may serve: folders below ``models/rankers`` in the home, and the link that names one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ranker.errors import ModelError
from ranker.folder import DEFAULT_MODEL, read_config

from .settings import Settings

SHIPPED = "default"
"""The name of the model that comes with hybridrank."""
MODEL = "model:"
"""Before a model's name, where a system is named: the service with that model."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class ModelFixed(RuntimeError):
    """The model that is served cannot be changed from here; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model that may be served.

    Attributes:
        name: of its folder.
        folder: where it lies.
        served: whether it is the one.
        fault: why it cannot be served; empty where it can.
        training: what its configuration says of how it was made.
    """

    name: str
    folder: Path
    served: bool
    fault: str
    training: dict[str, object]


class Models:
    """The models below a home."""

    def __init__(self, settings: Settings) -> None:
        self.root = settings.home / "models" / "rankers"
        self._served = Path(settings.model) if settings.model else None

    @property
    def link(self) -> Path | None:
        """The link that names the served model; ``None`` where the service was given a folder, or nothing."""
        return self._served if self._served is not None and self._served.is_symlink() else None

    def all(self) -> list[Model]:
        """Every model by name, the shipped one first."""
        folders = {SHIPPED: DEFAULT_MODEL}
        if self.root.is_dir():
            there = sorted(self.root.iterdir())
            folders |= {
                one.name: one for one in there if one.is_dir() and not one.is_symlink() and _NAME.fullmatch(one.name)
            }
        now = (self._served or DEFAULT_MODEL).resolve()
        found = []
        for name, folder in folders.items():
            try:
                training, fault = dict(read_config(folder).training), ""
            except ModelError as error:
                training, fault = {}, str(error)
            found.append(Model(name, folder, folder.resolve() == now, fault, training))
        return found

    def folder(self, name: str) -> Path:
        """The folder of a model.

        Raises:
            ModelError: there is none of that name, or it cannot be served.
        """
        folder = DEFAULT_MODEL if name == SHIPPED else self.root / name
        if not _NAME.fullmatch(name) or not folder.is_dir():
            raise ModelError("model: there is none of that name below models/rankers in the home")
        read_config(folder)
        return folder

    def serve(self, name: str) -> None:
        """Let the link name another model; workers that follow it swap at their next request.

        Raises:
            ModelFixed: there is no link.
            ModelError: as :meth:`folder`.
        """
        if self._served is None or not (self._served.is_symlink() or not self._served.exists()):
            raise ModelFixed("the served model is fixed; let HYBRIDRANK_MODEL name a link, and start the service anew")
        point(self._served, self.folder(name))


def point(link: Path, folder: Path) -> None:
    """Set a link anew, at once: who reads it sees the old folder or the new one, never neither."""
    part = link.with_name(f".part-{link.name}")
    part.unlink(missing_ok=True)
    link.parent.mkdir(parents=True, exist_ok=True)
    part.symlink_to(folder.resolve(), target_is_directory=True)
    part.replace(link)
