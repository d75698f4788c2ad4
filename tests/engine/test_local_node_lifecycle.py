"""The life of a local node, through the command line: start twice, crash, come back, stop."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConnectionError as NoConnection

from plugin.engine import ClusterInfo, LocalCluster
from plugin.engine.configure import Node
from plugin.engine.health import get, is_ready
from plugin.engine.ports import free_ports
from plugin.engine.state import Shape, write_shape
from plugin.errors import LocalNodeError
from service.engine import cluster_of, engine_from
from service.settings import Settings
from tests.documents import ALL

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, engine_downloads: Path) -> Iterator[Path]:
    """A home of its own, which shares the downloads."""
    home = tmp_path_factory.mktemp("home")
    (home / "engine").mkdir()
    engine_downloads.mkdir(parents=True, exist_ok=True)
    (home / "engine" / "downloads").symlink_to(engine_downloads)
    yield home
    LocalCluster(home).remove()


@pytest.fixture(scope="module")
def port() -> int:
    return free_ports(1)[0]


def _hybridrank(home: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "service", "engine", *arguments]
    environment = {**os.environ, "HYBRIDRANK_HOME": str(home)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _run(home: Path, *arguments: str) -> tuple[int, str, str]:
    with _hybridrank(home, *arguments) as process:
        out, err = process.communicate(timeout=400)
    return process.returncode, out, err


def _nodes_of(home: Path) -> list[psutil.Process]:
    run = (home / "engine" / "run").resolve()
    return [p for p in psutil.process_iter() if any(str(run) in argument for argument in _command(p))]


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.fixture(scope="module")
def started(home: Path, port: int) -> dict[str, object]:
    """Two starts at the same moment; what the one says that started it."""
    both = [_hybridrank(home, "start", "--port", str(port), "--json") for _ in range(2)]
    answers = []
    for process in both:
        with process:
            out, err = process.communicate(timeout=400)
        assert process.returncode == 0, err
        answers.append(json.loads(out))
    assert sorted(answer.pop("found") for answer in answers) == [False, True]
    assert answers[0] == answers[1]
    return answers[0]


def test_two_starts_at_once_make_one_node_that_outlives_them(started: dict[str, object], home: Path, port: int) -> None:
    assert started["url"] == f"http://127.0.0.1:{port}"
    (node,) = _nodes_of(home)
    assert [node.pid] == started["pids"]
    assert node.uids().real != 0, "never as root"
    assert os.getsid(node.pid) != os.getsid(0)


def test_only_loopback_is_listened_on(started: dict[str, object], home: Path) -> None:
    (node,) = _nodes_of(home)
    listening = [c.laddr.ip for c in node.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert len(listening) == 2
    assert {address.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}


def test_status_and_another_start_find_it(started: dict[str, object], home: Path) -> None:
    code, out, _ = _run(home, "status", "--json")
    assert code == 0
    assert json.loads(out)["pids"] == started["pids"]
    found = LocalCluster(home).start(port=free_ports(1)[0])
    assert found.found
    assert (found.url, list(found.pids)) == (started["url"], started["pids"])
    with LocalCluster(home).running() as borrowed:
        assert borrowed.found
    assert LocalCluster(home).status() is not None, "what was found is left running"


def test_without_an_address_commands_speak_to_the_home_s_own_node(
    started: dict[str, object], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENSEARCH_URL", raising=False)
    assert cluster_of(Settings(home=home)).shown == started["url"]
    with engine_from(Settings(home=home)) as engine:
        assert engine.check().version == started["version"]
    assert cluster_of(Settings(home=tmp_path)).shown == "http://127.0.0.1:9200"
    assert cluster_of(Settings(home=home, opensearch_url="http://127.0.0.1:1")).shown == "http://127.0.0.1:1"
    # One that ran and does not any more is nobody's.
    (tmp_path / "engine").mkdir()
    write_shape(tmp_path, Shape(ports=((9, 10),), full=False, secure=False))
    assert cluster_of(Settings(home=tmp_path)).shown == "http://127.0.0.1:9200"


def test_what_the_page_shows_of_it_runs(
    started: dict[str, object], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (block,) = [one for one in ALL if one.page == "docs/engine.md" and one.language == "python"]
    exec(compile(block.text.replace("~/.hybridrank", str(home)), block.page, "exec"), {})
    assert str(started["url"]) in capsys.readouterr().out
    assert LocalCluster(home).status() is not None


def test_another_kind_of_cluster_is_refused_while_it_runs(started: dict[str, object], home: Path) -> None:
    with pytest.raises(LocalNodeError, match=r"a light node already runs in .* engine stop"):
        LocalCluster(home).start(full=True)


def test_a_taken_port_is_one_line_that_names_the_holder(started: dict[str, object], tmp_path: Path, port: int) -> None:
    code, out, err = _run(tmp_path, "start", "--port", str(port))
    assert (code, out) == (1, "")
    (pid,) = started["pids"]
    assert err == f"hybridrank: port {port} is taken by process {pid} (java); choose another with --port\n"


def test_another_home_s_node_on_the_port_is_not_taken_for_one_s_own(
    started: dict[str, object], tmp_path: Path, port: int
) -> None:
    root = get(port, "/")
    assert root is not None
    node = Node("node-1", tmp_path, port, port + 1)
    assert is_ready(node, 1, None, root[1]["cluster_name"])
    assert not is_ready(node, 1, None, "hybridrank-of-another-home")


def test_kill_9_in_the_middle_of_indexing_loses_no_acknowledged_document(
    started: dict[str, object], home: Path, port: int
) -> None:
    acknowledged: set[str] = set()
    enough = threading.Event()

    def index_until_it_dies() -> None:
        number = 0
        with OpenSearch(str(started["url"]), timeout=60, max_retries=0) as client:
            while True:
                ids = [str(n) for n in range(number, number + 50)]
                number += 50
                body = [line for one in ids for line in ({"index": {"_id": one}}, {"title": f"product {one}"})]
                try:
                    answer = client.bulk(index="crash", body=body)
                except NoConnection:
                    return
                acknowledged.update(item["index"]["_id"] for item in answer["items"] if item["index"]["status"] == 201)
                if len(acknowledged) >= 500:
                    enough.set()

    writer = threading.Thread(target=index_until_it_dies)
    writer.start()
    assert enough.wait(200)
    (node,) = _nodes_of(home)
    node.kill()
    writer.join(60)
    assert not writer.is_alive()
    code, _, err = _run(home, "status")
    assert code == 3
    assert err.startswith("hybridrank: the local OpenSearch is not running")

    again: ClusterInfo = LocalCluster(home).start(port=port)
    assert not again.found
    with OpenSearch(again.url, timeout=60) as client:
        client.indices.refresh(index="crash")
        ids = sorted(acknowledged)
        held = {
            document["_id"]
            for at in range(0, len(ids), 1000)
            for document in client.mget(index="crash", body={"ids": ids[at : at + 1000]}, _source=False)["docs"]
            if document["found"]
        }
    assert held == acknowledged


def test_stop_leaves_no_process_and_touches_no_other(engine_url: str, home: Path) -> None:
    code, out, _ = _run(home, "stop", "--json")
    assert (code, json.loads(out)) == (0, {"stopped": 1})
    assert _nodes_of(home) == []
    with OpenSearch(engine_url, timeout=60) as client:
        assert client.ping(), "the session's node is another home's"
    code, out, _ = _run(home, "stop")
    assert (code, out) == (0, "nothing was running\n")
