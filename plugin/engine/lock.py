"""Regenerate ``manifest.json``: ``python -m plugin.engine.lock``.

Change versions under ``roots`` (and ``opensearch``) by hand, run this, read the difference. Each root is
resolved with its dependencies; what ``lib`` has is left out of the modules; every file is fetched through an
empty local repository and its SHA-256 written down.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from . import maven
from .download import sha256_of
from .manifest import MANIFEST, load, split

_LINE = re.compile(r"^\s+([\w.-]+):([\w.-]+):jar:([\w.-]+):(?:compile|runtime)\b")


def resolve(roots: list[str], plugin: str, folder: Path) -> list[str]:
    """The coordinates of some roots and all that they need at run time."""
    if all(split(root)[3] == "zip" for root in roots):
        return roots
    wanted = "".join(
        f"<dependency><groupId>{g}</groupId><artifactId>{a}</artifactId><version>{v}</version></dependency>"
        for g, a, v, _ in map(split, roots)
    )
    pom, listing = folder / "pom.xml", folder / "list.txt"
    pom.write_text(
        f"{maven.HEAD}<groupId>local</groupId><artifactId>resolve</artifactId><version>1</version>"
        f"<packaging>pom</packaging><dependencies>{wanted}</dependencies></project>",
        "utf-8",
    )
    maven.run(pom, f"{plugin}:list", f"-DoutputFile={listing}", "-DincludeScope=runtime")
    found = [_LINE.match(line) for line in listing.read_text("utf-8").splitlines()]
    return sorted(":".join(match.groups()) for match in found if match)


def regenerate(path: Path = MANIFEST) -> None:
    """Resolve, fetch and write the manifest in place."""
    manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
    plugin: str = manifest["maven_plugin"]
    in_lib: set[str] = set()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for component in manifest["components"]:
            names = resolve(component["roots"], plugin, folder)
            if component["folder"] == "lib":
                in_lib = {name.rpartition(":")[0] for name in names}
            else:
                names = [name for name in names if name.rpartition(":")[0] not in in_lib]
            component["artifacts"] = names
        everything = sorted({name for component in manifest["components"] for name in component["artifacts"]})
        files = maven.copy(everything, folder, plugin, repository=folder / "repository")
        for component in manifest["components"]:
            component["artifacts"] = [
                {"coordinates": name, "sha256": sha256_of(files[name]), "size": files[name].stat().st_size}
                for name in component["artifacts"]
            ]
    path.write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    load(path)


if __name__ == "__main__":
    regenerate()
    sys.stdout.write(f"wrote {MANIFEST}\n")
