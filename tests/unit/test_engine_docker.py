"""The Docker files agree with the manifest, the packages and each other."""

from __future__ import annotations

import tomllib
from pathlib import Path

import yaml

from plugin.engine.manifest import load

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text("utf-8"))
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text("utf-8")


def test_compose_runs_the_version_that_the_local_node_is() -> None:
    assert COMPOSE["services"]["opensearch"]["image"].rpartition(":")[2] == load().opensearch


def test_compose_publishes_on_loopback_only() -> None:
    published = [port for service in COMPOSE["services"].values() for port in service["ports"]]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_compose_builds_the_dockerfile_that_is_there() -> None:
    build = COMPOSE["services"]["service"]["build"]
    context = (ROOT / "docker" / build["context"]).resolve()
    assert context == ROOT
    assert (context / build["dockerfile"]).is_file()
    assert set(COMPOSE["volumes"]) == {
        volume.partition(":")[0] for service in COMPOSE["services"].values() for volume in service["volumes"]
    }


def test_image_copies_every_package_and_runs_as_nobody_special() -> None:
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]["find"]
    ignored = (ROOT / "docker" / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    for package in packages["include"]:
        name = package.rstrip("*")
        assert f"COPY {name} {name}\n" in DOCKERFILE
        assert f"!{name}" in ignored
    assert "\nUSER 10001\n" in DOCKERFILE
    assert "[train]" not in DOCKERFILE


def test_the_service_writes_to_its_state_only() -> None:
    service = COMPOSE["services"]["service"]
    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp"]
    assert service["volumes"] == ["state:/state"]
