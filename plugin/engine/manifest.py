"""What the local node is made of: every artifact by coordinates, size and SHA-256, read from ``manifest.json``."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

MANIFEST = Path(__file__).with_name("manifest.json")
CONFIG = Path(__file__).with_name("config")

Flavour = Literal["light", "full", "secure"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Artifact(_Strict):
    """One file of a Maven repository: ``group:artifact:version[:type]``, with its SHA-256 and its size in bytes."""

    coordinates: str = Field(pattern=r"^[\w.-]+:[\w.-]+:[\w.-]+(:zip)?$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(gt=0)

    @property
    def parts(self) -> tuple[str, str, str, str]:
        """Group, artifact, version and type (``jar`` unless said)."""
        return split(self.coordinates)

    @property
    def filename(self) -> str:
        """The name that a Maven repository gives it."""
        _, artifact, version, kind = self.parts
        return f"{artifact}-{version}.{kind}"

    @property
    def path(self) -> Path:
        """Where it lies under a folder of downloads."""
        return Path(self.parts[0]) / self.filename


class Descriptor(_Strict):
    """What ``plugin-descriptor.properties`` says of a module."""

    classname: str
    description: str
    extends: tuple[str, ...] = ()


class Component(_Strict):
    """One folder of the node: ``lib``, ``modules/NAME`` (jars) or ``plugins/NAME`` (one zip).

    ``roots`` is what one asks Maven for; ``artifacts`` is what that came to, and what is installed.
    """

    folder: str = Field(pattern=r"^(lib|(modules|plugins)/[a-z0-9-]+)$")
    flavour: Flavour
    roots: tuple[str, ...]
    descriptor: Descriptor | None = None
    policy: str | None = None
    artifacts: tuple[Artifact, ...] = Field(min_length=1)

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.folder.rpartition("/")[2]


class Manifest(_Strict):
    """All of the node, of every flavour."""

    opensearch: str
    maven_plugin: str
    components: tuple[Component, ...]

    @field_validator("components")
    @classmethod
    def _one_digest_each(cls, components: tuple[Component, ...]) -> tuple[Component, ...]:
        seen: dict[str, Artifact] = {}
        for artifact in (artifact for component in components for artifact in component.artifacts):
            if seen.setdefault(artifact.coordinates, artifact) != artifact:
                raise ValueError(f"{artifact.coordinates} stands twice with different checksums")
        return components

    def select(self, *, full: bool, secure: bool) -> tuple[Component, ...]:
        """The components of a light node, with those of ml-commons and of the security plugin if asked for."""
        wanted = {"light"} | ({"full"} if full else set()) | ({"secure"} if secure else set())
        return tuple(component for component in self.components if component.flavour in wanted)


def artifacts_of(components: tuple[Component, ...]) -> tuple[Artifact, ...]:
    """Every artifact of some components, once."""
    return tuple({a.coordinates: a for component in components for a in component.artifacts}.values())


def digest_of(components: tuple[Component, ...]) -> str:
    """Twelve hex digits that change when anything that is installed changes, the files of ``config/`` included."""
    state = hashlib.sha256()
    for component in components:
        state.update(component.model_dump_json().encode())
        if component.policy:
            state.update((CONFIG / "policies" / component.policy).read_bytes())
    return state.hexdigest()[:12]


def split(coordinates: str) -> tuple[str, str, str, str]:
    """Group, artifact, version and type of ``group:artifact:version[:type]``."""
    group, artifact, version, *kind = coordinates.split(":")
    return group, artifact, version, kind[0] if kind else "jar"


def load(path: Path = MANIFEST) -> Manifest:
    """Read and check the manifest; raises :class:`pydantic.ValidationError` for a malformed one."""
    return Manifest.model_validate(json.loads(path.read_text("utf-8")))
