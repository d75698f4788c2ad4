"""The larger local engines: three nodes, ml-commons, the security plugin."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from opensearchpy import OpenSearch
from opensearchpy.exceptions import AuthenticationException

from plugin.engine import LocalCluster
from plugin.engine.ports import free_ports
from plugin.errors import LocalNodeError

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(1200)]

PATIENCE_S = 600.0
"""Several Java processes on a busy machine of two cores take their time."""


@pytest.fixture
def cluster(tmp_path: Path, engine_downloads: Path) -> Iterator[LocalCluster]:
    made = LocalCluster(tmp_path / "home", downloads=engine_downloads)
    yield made
    made.remove()


def test_three_nodes_hold_copies_and_a_lost_one_comes_back(cluster: LocalCluster) -> None:
    port = free_ports(1)[0]
    info = cluster.start(port=port, nodes=3, timeout_s=PATIENCE_S)
    assert len(set(info.pids)) == len(set(info.urls)) == 3
    replicated = {"settings": {"number_of_shards": 3, "number_of_replicas": 1}}
    with OpenSearch(info.url, timeout=60) as client:
        assert client.cluster.health()["number_of_nodes"] == 3
        client.indices.create(index="spread", body=replicated, params={"wait_for_active_shards": "all"})
        for number in range(30):
            client.index(index="spread", id=str(number), body={"n": number})

    psutil.Process(info.pids[1]).kill()
    again = cluster.start(port=port, nodes=3, timeout_s=PATIENCE_S)
    assert (again.found, again.url) == (False, info.url)
    assert set(again.pids) & set(info.pids) == {info.pids[0], info.pids[2]}
    with OpenSearch(again.url, timeout=60) as client:
        client.indices.refresh(index="spread")
        assert client.count(index="spread")["count"] == 30

    assert cluster.stop() == 3
    with pytest.raises(LocalNodeError, match=r"holds the data of 3 nodes.*--nodes 3"):
        cluster.start(port=port)
    with cluster.running(port=port, nodes=3, timeout_s=PATIENCE_S) as back, OpenSearch(back.url, timeout=60) as client:
        assert client.cluster.health(params={"wait_for_status": "green"})["status"] == "green"
        assert client.count(index="spread")["count"] == 30
    assert cluster.status() is None, "what was started for the block is stopped with it"


def test_full_node_takes_a_connector_to_this_machine_only(cluster: LocalCluster) -> None:
    info = cluster.start(port=free_ports(1)[0], full=True, timeout_s=PATIENCE_S)
    connector = {
        "name": "ranker",
        "description": "a ranker",
        "version": "1",
        "protocol": "http",
        "parameters": {},
        "credential": {"key": "none"},
    }
    action = {"action_type": "predict", "method": "POST", "headers": {}, "request_body": "{}"}

    def create(client: OpenSearch, url: str) -> tuple[int, dict]:
        body = {**connector, "actions": [{**action, "url": url}]}
        return client.transport.perform_request(
            "POST", "/_plugins/_ml/connectors/_create", body=body, params={"ignore": 400}
        )

    with OpenSearch(info.url, timeout=60) as client:
        plugins = {plugin["component"] for plugin in client.cat.plugins(format="json")}
        assert {"opensearch-ml", "opensearch-knn", "opensearch-neural-search"} <= plugins
        assert "connector_id" in create(client, "http://127.0.0.1:8000/v2/rerank")
        assert "connector_id" not in create(client, "http://192.0.2.1/v2/rerank")


def test_secured_cluster_wants_a_login_over_tls_and_keeps_its_password(cluster: LocalCluster) -> None:
    port = free_ports(1)[0]
    info = cluster.start(port=port, nodes=2, secured=True, timeout_s=PATIENCE_S)
    assert info.url == f"https://127.0.0.1:{port}"
    assert info.ca is not None
    assert info.password_file is not None
    assert stat.S_IMODE(info.password_file.stat().st_mode) == 0o600
    password = info.password_file.read_text().strip()
    assert password not in str(info.as_dict())
    for process in map(psutil.Process, info.pids):
        assert password not in " ".join(process.cmdline())

    with (
        OpenSearch(info.url, ca_certs=str(info.ca), timeout=60) as stranger,
        pytest.raises(AuthenticationException),
    ):
        stranger.info()
    login = {"ca_certs": str(info.ca), "http_auth": ("admin", password), "timeout": 60}
    with OpenSearch(info.url, **login) as client:
        assert client.cluster.health()["number_of_nodes"] == 2
        client.index(index="kept", id="1", body={}, params={"refresh": "true"})
    found = cluster.address()
    assert found is not None
    assert (found.shown, found.login(), found.ca) == (info.url, ("admin", password), info.ca)
    assert password not in repr(found)
    guess = {**login, "http_auth": ("admin", "admin")}
    with OpenSearch(info.url, **guess) as client, pytest.raises(AuthenticationException):
        client.info()

    cluster.stop()
    again = cluster.start(port=port, nodes=2, secured=True, timeout_s=PATIENCE_S)
    with OpenSearch(again.url, **login) as client:
        assert client.exists(index="kept", id="1")

    cluster.stop()
    info.password_file.write_text("not the password\n")
    with pytest.raises(LocalNodeError, match="is not that of the cluster's data"):
        cluster.start(port=port, nodes=2, secured=True, timeout_s=PATIENCE_S)
