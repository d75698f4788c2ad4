"""Plugins that a home adds to the published parts of its node: their zips, settings and secrets."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import LocalNodeError
from .configure import Node
from .download import sha256_of
from .java import Java

DESCRIPTOR = "plugin-descriptor.properties"
KEYSTORE = "opensearch.keystore"
TOOL = "org.hybridrank.KeystoreTool"
_NAME = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(frozen=True, slots=True)
class Addon:
    """A plugin of a home.

    Attributes:
        name: as its descriptor says.
        zip: the file, in the form that OpenSearch's own plugin tool installs.
        sha256: of the file.
        settings: of ``opensearch.yml``.
        secrets: setting of the keystore to the file that holds its value.
    """

    name: str
    zip: Path
    sha256: str
    settings: Mapping[str, str]
    secrets: Mapping[str, Path]


def folder_of(home: Path) -> Path:
    """Where a home keeps them."""
    return home / "engine" / "plugins"


def read_addons(home: Path) -> tuple[Addon, ...]:
    """All of a home's plugins, by name."""
    found = []
    for path in sorted(folder_of(home).glob("*/addon.json")):
        stored = json.loads(path.read_text("utf-8"))
        secrets = {name: path.parent / file for name, file in stored["secrets"].items()}
        file = path.parent / "plugin.zip"
        found.append(Addon(path.parent.name, file, sha256_of(file), stored["settings"], secrets))
    return tuple(found)


def add(home: Path, file: Path, *, settings: Mapping[str, str], secrets: Mapping[str, str]) -> bool:
    """Let a home's node have a plugin from its next start on.

    Args:
        home: the home.
        file: the plugin's zip.
        settings: of ``opensearch.yml``.
        secrets: of the keystore; kept in files that only their owner reads.

    Returns:
        Whether anything changed.

    Raises:
        LocalNodeError: it is no zip of a plugin.
    """
    name = plugin_name(file)
    place = folder_of(home) / name
    before = next((addon for addon in read_addons(home) if addon.name == name), None)
    if (
        before is not None
        and before.sha256 == sha256_of(file)
        and dict(before.settings) == dict(settings)
        and {key: path.read_text("utf-8") for key, path in before.secrets.items()} == dict(secrets)
    ):
        return False
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copyfile(file, place / "plugin.zip")
    files = {}
    for number, (key, value) in enumerate(secrets.items()):
        files[key] = f"secret-{number}"
        _write_private(place / files[key], value)
    (place / "addon.json").write_text(json.dumps({"settings": dict(settings), "secrets": files}), "utf-8")
    return True


def remove(home: Path, name: str) -> bool:
    """Let a home's node do without a plugin from its next start on; returns whether it had it."""
    place = folder_of(home) / name
    if not place.is_dir():
        return False
    shutil.rmtree(place)
    return True


def plugin_name(file: Path) -> str:
    """The name in a plugin's descriptor; raises :class:`LocalNodeError` where it is no plugin."""
    try:
        with zipfile.ZipFile(file) as archive:
            lines = archive.read(DESCRIPTOR).decode("utf-8").splitlines()
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise LocalNodeError(f"{file} is no OpenSearch plugin: it has no {DESCRIPTOR}") from error
    name = next((line.partition("=")[2].strip() for line in lines if line.startswith("name=")), "")
    if not _NAME.fullmatch(name):
        raise LocalNodeError(f"{file} is no OpenSearch plugin: its {DESCRIPTOR} has no name")
    return name


def settings_of(addons: Sequence[Addon]) -> dict[str, str]:
    """The settings of all of them together."""
    return {name: value for addon in addons for name, value in addon.settings.items()}


def fill_keystore(addons: Sequence[Addon], node: Node, distribution: Path, java: Java) -> None:
    """Make a node's keystore anew, with the secrets in it; one that names a setting of no plugin would end its start.

    Raises:
        LocalNodeError: it could not be written.
    """
    (node.config / KEYSTORE).unlink(missing_ok=True)
    pairs = [word for addon in addons for name, path in addon.secrets.items() for word in (name, str(path))]
    if not pairs:
        return
    jars = ":".join([f"{distribution}/lib/*", *(f"{distribution}/plugins/{addon.name}/*" for addon in addons)])
    made = subprocess.run(
        [str(java.executable), "-cp", jars, TOOL, str(node.config), *pairs],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        reason = made.stderr.strip().partition("\n")[0]
        raise LocalNodeError(f"the keystore of {node.name} could not be written: {reason}")


def _write_private(path: Path, value: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(value)
