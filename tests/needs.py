"""What a machine must have for the tests that are about to run, found out before the first of them.

``python -m tests.needs engine browser`` ends with a line that says what tests with these marks lack, or in silence.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Collection
from pathlib import Path

from plugin.engine.account import account_for_node
from plugin.engine.java import find_java
from plugin.engine.maven import find_maven
from plugin.errors import LocalNodeError
from service.settings import Settings


def chromium() -> str | None:
    """The path of the browser: ``CHROMIUM``, else on the search path."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium")


def postgres_binaries() -> Path | None:
    """The folder of PostgreSQL's programs: Debian keeps them off the search path, the newest version's is taken."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).parent
    kept = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return kept[-1].parent if kept else None


def redis_server() -> str | None:
    """The path of ``redis-server``."""
    return shutil.which("redis-server")


def missing(marks: Collection[str]) -> str | None:
    """One line that says what tests with these marks lack here; ``None`` when they lack nothing."""
    try:
        if "engine" in marks:
            find_maven()
            find_java(Settings().java_home, account_for_node())
    except LocalNodeError as error:
        return str(error)
    if "browser" in marks and chromium() is None:
        return "missing: Chromium (bash tests/system-packages.sh installs it, or set CHROMIUM to its path)"
    return None


if __name__ == "__main__":
    sys.exit(missing(sys.argv[1:]))
