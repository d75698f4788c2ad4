"""Which Java runs the node: a full JDK or JRE of 17 or 21."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import LocalNodeError
from .account import Account

MAJORS = (17, 21)
"""OpenSearch 2.19 needs the security manager, which is gone in 24, and is tested on these two."""

VECTORS = "jdk.incubator.vector"
"""The module that lets Lucene compare vectors with SIMD instructions; of use to it from 20 on."""

JVM_FOLDERS = ("/usr/lib/jvm", "/usr/java", "/opt/java", "/Library/Java/JavaVirtualMachines")


@dataclass(frozen=True, slots=True)
class Java:
    """A Java that can run the node."""

    executable: Path
    major: int

    @property
    def options(self) -> list[str]:
        """What this version wants beside the options of every version."""
        return [f"--add-modules={VECTORS}"] if self.major >= 20 else []


def find_java(java_home: Path | None = None, account: Account | None = None) -> Java:
    """The first fitting Java of ``java_home``, the search path and the usual folders.

    Args:
        java_home: what ``JAVA_HOME`` says, if anything.
        account: whom the node will run as; a Java that this account cannot execute is passed over.

    Raises:
        LocalNodeError: none fits; the message names those that were seen and why they do not.
    """
    passed_over: list[str] = []
    for executable in dict.fromkeys(_candidates(java_home)):
        reason = _why_not(executable, account)
        if isinstance(reason, int):
            return Java(executable, reason)
        passed_over.append(f"{executable} ({reason})")
    seen = f"; found only {', '.join(passed_over)}" if passed_over else ""
    raise LocalNodeError(
        f"missing: a JDK 17 or 21 (Debian: apt-get install openjdk-17-jdk-headless; or set JAVA_HOME){seen}"
    )


def _candidates(java_home: Path | None) -> Iterator[Path]:
    if java_home is not None:
        yield java_home / "bin" / "java"
    on_path = shutil.which("java")
    if on_path:
        yield Path(on_path).resolve()
    for folder in JVM_FOLDERS:
        for pattern in ("*/bin/java", "*/Contents/Home/bin/java"):
            yield from sorted(path.resolve() for path in Path(folder).glob(pattern))


def _why_not(executable: Path, account: Account | None) -> int | str:
    """The major version if this Java fits, else the reason why it does not."""
    try:
        listed = subprocess.run(
            [str(executable), "--list-modules"],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            cwd="/",
            **(account.popen() if account else {}),
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        return f"does not run: {type(error).__name__}"
    modules = dict(line.partition("@")[::2] for line in listed.split())
    match = re.match(r"\d+", modules.get("java.base", ""))
    major = int(match.group()) if match else 0
    if major not in MAJORS:
        return f"version {major or 'unknown'}"
    # A trimmed Java starts and then fails: locale data are read by the date formats of mappings.
    needed = ["jdk.localedata", *([VECTORS] if major >= 20 else [])]
    lacking = [name for name in needed if name not in modules]
    return f"lacks the module {lacking[0]}" if lacking else major
