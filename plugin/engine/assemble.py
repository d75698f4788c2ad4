"""Put the downloaded artifacts together into the folder that OpenSearch calls its home; shared by all nodes."""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from pathlib import Path

from .addons import Addon
from .manifest import CONFIG, Component, Manifest, digest_of

STAMP = "files.json"
"""Sizes of all files of the folder; written last, so a folder without it is not complete."""


def distribution(run: Path, components: tuple[Component, ...], addons: tuple[Addon, ...] = ()) -> Path:
    """The folder for these components and plugins; its name changes with any of them."""
    added = "".join(f"-{addon.sha256[:12]}" for addon in addons)
    return run / f"opensearch-{digest_of(components)}{added}"


def is_complete(folder: Path) -> bool:
    """Whether every file is there at its right size."""
    stamp = folder / STAMP
    if not stamp.is_file():
        return False
    sizes: dict[str, int] = json.loads(stamp.read_text("utf-8"))
    return all((folder / name).is_file() and (folder / name).stat().st_size == size for name, size in sizes.items())


def assemble(
    run: Path, downloads: Path, components: tuple[Component, ...], manifest: Manifest, addons: tuple[Addon, ...] = ()
) -> Path:
    """Build the folder beside its place and move it there whole; what lies there already is replaced.

    Args:
        run: the run folder of the node.
        downloads: where every artifact of the components lies, checked.
        components: the published parts.
        manifest: that they are of.
        addons: the home's own plugins.
    """
    target = distribution(run, components, addons)
    for left_by_a_crash in run.glob("assemble-*"):
        shutil.rmtree(left_by_a_crash)
    building = Path(tempfile.mkdtemp(prefix="assemble-", dir=run))
    building.chmod(0o755)
    for name in ("bin", "extensions", "modules", "plugins"):
        (building / name).mkdir()
    for component in components:
        folder = building / component.folder
        folder.mkdir()
        for artifact in component.artifacts:
            source = downloads / artifact.path
            if artifact.parts[3] == "zip":
                with zipfile.ZipFile(source) as archive:
                    archive.extractall(folder)
            else:
                shutil.copyfile(source, folder / artifact.filename)
        if component.descriptor is not None:
            (folder / "plugin-descriptor.properties").write_text(_descriptor(component, manifest.opensearch), "utf-8")
        if component.policy is not None:
            shutil.copyfile(CONFIG / "policies" / component.policy, folder / "plugin-security.policy")
    for addon in addons:
        with zipfile.ZipFile(addon.zip) as archive:
            archive.extractall(building / "plugins" / addon.name)
    sizes = {str(p.relative_to(building)): p.stat().st_size for p in sorted(building.rglob("*")) if p.is_file()}
    for path in building.rglob("*"):
        # Whatever the umask and the zip said: the account that runs the node reads, and changes nothing.
        path.chmod(0o755 if path.is_dir() else 0o644)
    (building / STAMP).write_text(json.dumps(sizes), "utf-8")
    (building / STAMP).chmod(0o644)
    if target.exists():
        shutil.rmtree(target)
    building.rename(target)
    return target


def _descriptor(component: Component, version: str) -> str:
    assert component.descriptor is not None
    values = {
        "name": component.name,
        "description": component.descriptor.description,
        "version": version,
        "opensearch.version": version,
        "java.version": "11",
        "classname": component.descriptor.classname,
        "extended.plugins": ",".join(component.descriptor.extends),
        "has.native.controller": "false",
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())
