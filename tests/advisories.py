"""Known weaknesses of what is pinned, by pip-audit; says so where no advisories can be reached.

``python -m tests.advisories CONSTRAINTS [--required]``. pip-audit itself calls a version that its source does not know
"skipped" and ends with 0, also where that is all of them, as behind a mirror that has packages and no advisories. So
first a version is asked about that is known to be weak: a source that does not know it knows nothing. Ends with 1
where something is weak; with ``--required`` also where anything could not be looked up.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KNOWN_WEAK = "jinja2==2.4.1"
"""Has had advisories since 2014, none of them withdrawn."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a report of pip-audit says.

    Attributes:
        looked_up: how many versions the source knows.
        skipped: names of those that it does not.
        weak: ``name version: advisory`` each.
    """

    looked_up: int
    skipped: tuple[str, ...]
    weak: tuple[str, ...]

    @classmethod
    def of(cls, report: dict[str, Any]) -> Findings:
        """Read pip-audit's JSON."""
        found = report["dependencies"]
        weak = [
            f"{one['name']} {one['version']}: {each['id']}, mended in {', '.join(each['fix_versions']) or 'none'}"
            for one in found
            for each in one.get("vulns", [])
        ]
        skipped = tuple(one["name"] for one in found if "skip_reason" in one)
        return cls(len(found) - len(skipped), skipped, tuple(weak))


def audited(file: Path) -> Findings | None:
    """Ask about every version of a requirements file; ``None`` where the source does not answer."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        options = ("--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json", "--output", report)
        command = [sys.executable, "-m", "pip_audit", "--requirement", file, *options]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if not report.exists() or not report.stat().st_size:
            lines = run.stderr.strip().splitlines()
            print(f"pip-audit: {lines[-1] if lines else 'no report'}", file=sys.stderr)  # noqa: T201 - a command
            return None
        return Findings.of(json.loads(report.read_text("utf-8")))


def verdict(control: Findings | None, found: Findings | None, *, required: bool) -> tuple[int, list[str]]:
    """The exit status, and what to say."""
    if control is None or not control.weak or found is None:
        said = f"NOT AUDITED: no advisories could be reached ({KNOWN_WEAK} is not known to be weak there)"
        return int(required), [said, "  run this where https://pypi.org answers"]
    lines = [f"audited {found.looked_up} pinned versions: {len(found.weak)} known weaknesses"]
    if found.skipped:
        lines.append(f"NOT AUDITED, unknown there: {', '.join(found.skipped)}")
    return int(bool(found.weak or (required and found.skipped))), [*lines, *found.weak]


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask and tell; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--required", action="store_true")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        known = Path(folder) / "known-weak.txt"
        known.write_text(KNOWN_WEAK + "\n", "utf-8")
        control = audited(known)
    found = audited(given.file) if control is not None and control.weak else None
    status, lines = verdict(control, found, required=given.required)
    print("\n".join(lines))  # noqa: T201 - a command
    return status


if __name__ == "__main__":
    sys.exit(main())
