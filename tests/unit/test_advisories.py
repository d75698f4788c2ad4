"""An audit that looked nothing up is not called a clean one."""

from __future__ import annotations

import pytest

from tests.advisories import Findings, verdict

WEAK = Findings.of(
    {
        "dependencies": [
            {
                "name": "jinja2",
                "version": "2.4.1",
                "vulns": [{"id": "PYSEC-2014-8", "fix_versions": ["2.7.2"], "aliases": [], "description": ""}],
            }
        ],
        "fixes": [],
    }
)
SKIPPED = Findings.of({"dependencies": [{"name": "jinja2", "skip_reason": "not found"}], "fixes": []})
CLEAN = Findings(3, (), ())
PARTLY = Findings(2, ("own",), ())


@pytest.mark.parametrize(
    ("control", "found", "by_itself", "required", "said"),
    [
        (WEAK, CLEAN, 0, 0, "audited 3 pinned versions: 0 known"),
        (WEAK, PARTLY, 0, 1, "NOT AUDITED, unknown there: own"),
        (WEAK, WEAK, 1, 1, "jinja2 2.4.1: PYSEC-2014-8, mended in 2.7.2"),
        (SKIPPED, CLEAN, 0, 1, "NOT AUDITED: no advisories"),
        (None, None, 0, 1, "NOT AUDITED: no advisories"),
        (WEAK, None, 0, 1, "NOT AUDITED: no advisories"),
    ],
)
def test_only_what_was_looked_up_counts_as_audited(
    control: Findings | None, found: Findings | None, by_itself: int, required: int, said: str
) -> None:
    status, lines = verdict(control, found, required=False)
    assert status == by_itself
    assert said in "\n".join(lines)
    assert verdict(control, found, required=True)[0] == required
