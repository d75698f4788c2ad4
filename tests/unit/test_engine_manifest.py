"""The manifest of the local node: complete, consistent, and strict about mistakes."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from plugin.engine.manifest import CONFIG, MANIFEST, Manifest, artifacts_of, digest_of, load


def test_every_artifact_has_its_checksum_and_version() -> None:
    manifest = load()
    everything = artifacts_of(manifest.components)
    assert len(everything) > 60
    ours = [a for a in everything if a.parts[0].startswith("org.opensearch")]
    assert {a.parts[2] for a in ours} == {manifest.opensearch, f"{manifest.opensearch}.0"}


def test_every_root_is_among_its_artifacts() -> None:
    for component in load().components:
        assert set(component.roots) <= {a.coordinates for a in component.artifacts}, component.folder


def test_modules_do_not_repeat_what_lib_has() -> None:
    components = {component.folder: component for component in load().components}
    in_lib = {a.parts[:2] for a in components["lib"].artifacts}
    for folder, component in components.items():
        if folder.startswith("modules/"):
            assert not in_lib & {a.parts[:2] for a in component.artifacts}
            assert component.descriptor is not None


def test_policies_exist() -> None:
    named = {component.policy for component in load().components if component.policy}
    assert named == {path.name for path in (CONFIG / "policies").iterdir()}


def test_flavours_grow() -> None:
    manifest = load()
    light, full = manifest.select(full=False, secure=False), manifest.select(full=True, secure=False)
    both = manifest.select(full=True, secure=True)
    assert {c.name for c in full} - {c.name for c in light} == {"opensearch-job-scheduler", "opensearch-ml"}
    assert {c.name for c in both} - {c.name for c in full} == {"opensearch-security"}
    assert len({digest_of(light), digest_of(full), digest_of(both)}) == 3


def _raw() -> dict:
    return json.loads(MANIFEST.read_text("utf-8"))


def test_a_changed_checksum_changes_the_digest() -> None:
    raw = _raw()
    before = digest_of(Manifest.model_validate(raw).components)
    raw["components"][-1]["artifacts"][0]["sha256"] = "0" * 64
    assert digest_of(Manifest.model_validate(raw).components) != before


@pytest.mark.parametrize(
    ("field", "value"),
    [("sha256", "abc"), ("size", 0), ("coordinates", "only-a-name"), ("coordinates", "a:b:1:../../x")],
)
def test_a_malformed_artifact_is_refused(field: str, value: object) -> None:
    raw = _raw()
    raw["components"][0]["artifacts"][0][field] = value
    with pytest.raises(ValidationError, match=field):
        Manifest.model_validate(raw)


def test_two_checksums_for_one_file_are_refused() -> None:
    raw = _raw()
    first = raw["components"][0]["artifacts"][0]
    raw["components"][1]["artifacts"].append({**first, "sha256": "0" * 64})
    with pytest.raises(ValidationError, match="different checksums"):
        Manifest.model_validate(raw)
