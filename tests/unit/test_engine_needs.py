"""What the local node needs of a machine, and the one line that says what is missing."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import psutil
import pytest

from plugin.engine import LocalCluster, java, maven
from plugin.engine.account import Account
from plugin.engine.ports import QUIET_PORTS, free_ports, is_free, require_free
from plugin.errors import LocalNodeError


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an empty search path and no Java in the usual folders."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(java, "JVM_FOLDERS", ())
    return tmp_path


def _java_that_lists(folder: Path, modules: str) -> Path:
    executable = folder / "bin" / "java"
    executable.parent.mkdir(parents=True)
    executable.write_text(f"#!/bin/sh\nprintf '{modules}'\n")
    executable.chmod(0o755)
    return folder


def test_no_java_is_said(bare_machine: Path) -> None:
    with pytest.raises(LocalNodeError, match=r"^missing: a JDK 17 or 21 [^\n]*JAVA_HOME\)$"):
        java.find_java()


@pytest.mark.parametrize(
    ("modules", "reason"),
    [
        (r"java.base@25.0.1\njdk.localedata@25.0.1\n", "version 25"),
        (r"java.base@11\njdk.localedata@11\n", "version 11"),
        (r"java.base@17.0.15\n", "lacks the module jdk.localedata"),
        (r"java.base@21\njdk.localedata@21\n", "lacks the module jdk.incubator.vector"),
    ],
)
def test_a_java_that_does_not_fit_is_named_with_the_reason(bare_machine: Path, modules: str, reason: str) -> None:
    home = _java_that_lists(bare_machine / "jdk", modules)
    with pytest.raises(LocalNodeError) as caught:
        java.find_java(home)
    assert f"found only {home}/bin/java ({reason})" in str(caught.value)


def test_a_fitting_java_is_taken(bare_machine: Path) -> None:
    home = _java_that_lists(
        bare_machine / "jdk", r"java.base@21.0.4\njdk.localedata@21.0.4\njdk.incubator.vector@21.0.4\n"
    )
    found = java.find_java(home)
    assert found.major == 21
    assert found.options == ["--add-modules=jdk.incubator.vector"]


def test_no_maven_is_said(bare_machine: Path) -> None:
    with pytest.raises(LocalNodeError, match=r"^missing: Maven"):
        maven.find_maven()


def test_a_taken_port_names_its_holder() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        assert not is_free(port)
        me = psutil.Process()
        with pytest.raises(LocalNodeError) as caught:
            require_free(port)
        assert str(caught.value).startswith(f"port {port} is taken by process {me.pid} ({me.name()})")


def test_free_ports_differ_and_are_none_that_an_outgoing_connection_could_take() -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20
    assert set(ports) <= set(QUIET_PORTS)
    given = Path("/proc/sys/net/ipv4/ip_local_port_range")
    if given.exists():
        assert max(ports) < int(given.read_text().split()[0])
    assert all(is_free(port) for port in ports)


@pytest.mark.parametrize(
    ("options", "field"), [({"heap": "lots"}, "heap"), ({"nodes": 0}, "nodes"), ({"port": 70000}, "port")]
)
def test_a_bad_option_is_named(tmp_path: Path, options: dict, field: str) -> None:
    with pytest.raises(LocalNodeError, match=rf"^{field}:"):
        LocalCluster(tmp_path).start(**options)


def test_an_account_enters_only_what_is_open_all_the_way_up(tmp_path: Path) -> None:
    other = Account("other", os.getuid() + 1, os.getgid() + 1)
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    for path in (folder, *folder.parents):
        if path.stat().st_uid == os.getuid() and path.is_relative_to(tmp_path):
            path.chmod(0o755)
    closed = [p for p in tmp_path.parents if not p.stat().st_mode & stat.S_IXOTH]
    assert other.can_enter(folder) == (not closed)
    (tmp_path / "a").chmod(0o700)
    assert not other.can_enter(folder)
    assert Account("me", os.getuid(), os.getgid()).can_enter(folder) or os.getuid() == 0
