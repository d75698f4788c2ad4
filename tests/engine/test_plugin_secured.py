"""A full, secured node with our plugin: TLS and logins everywhere, roles of least privilege, and the stock way."""

from __future__ import annotations

import datetime
import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from plugin.engine import LocalCluster
from plugin.engine.ports import free_ports
from service.local_plugin import built_zip
from service.settings import Settings
from tests.fixtures_service import Running, start_service

from .door import Door

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(1800)]

INDEX = "secured"
WORDS = "insulated coffee press"
ROLES = {"service": ["hybridrank_service"], "indexer": ["hybridrank_indexer"], "storefront": ["hybridrank_storefront"]}
ROLES["stock"] = ["hybridrank_storefront", "hybridrank_stock"]


def password(login: str) -> str:
    """One that the security plugin finds strong: long, and not like the login."""
    return f"Correct-Horse-Battery-{sum(login.encode())}"


@dataclass
class Secured:
    """The node, and the doors to it."""

    url: str
    home: Path
    ca: Path
    admin: str
    door: Door
    service: Running | None = None

    def call(self, login: str, method: str, path: str, body: Any = None) -> httpx.Response:
        secret = self.admin if login == "admin" else password(login)
        context = ssl.create_default_context(cafile=str(self.ca))
        with httpx.Client(verify=context, auth=(login, secret), timeout=300) as client:
            return client.request(method, self.url + path, json=body)

    def environment(self, login: str) -> dict[str, str]:
        return {
            "OPENSEARCH_URL": self.url,
            "OPENSEARCH_USER": login,
            "OPENSEARCH_PASSWORD": self.admin if login == "admin" else password(login),
            "OPENSEARCH_CA": str(self.ca),
            "HYBRIDRANK_HOME": str(self.home),
            "HYBRIDRANK_INDEX": INDEX,
            "HYBRIDRANK_OPENSEARCH_TIMEOUT_S": "120",
            "HYBRIDRANK_RERANK_BUDGET_MS": "120000",
            "HYBRIDRANK_RERANK_REQUEST_BUDGET_MS": "240000",
            "HYBRIDRANK_BEHAVIOUR_BUDGET_MS": "60000",
            "HYBRIDRANK_RERANK_DEPTH": "10",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
        }

    def command(self, login: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "service", *arguments],
            env=self.environment(login),
            capture_output=True,
            text=True,
            check=False,
        )


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for loopback that signs itself, and its key."""
    import ipaddress

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a service")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "service.pem", folder / "service.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return public, private


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory, engine_downloads: Path, service_home: Path) -> Iterator[Secured]:
    """Installed by the administrator, indexed and served by logins of one role each; the plugin's calls go by TLS."""
    if built_zip() is None:
        pytest.fail("the plugin is not built: make plugin")
    home = tmp_path_factory.mktemp("secured")
    (home / "models").symlink_to((service_home / "models").resolve())
    (home / "engine").mkdir()
    (home / "engine" / "downloads").symlink_to(engine_downloads)
    public, private = certificate(home)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    cluster = LocalCluster(home)
    with Door() as door, Door() as plain:
        door.socket = context.wrap_socket(door.socket, server_side=True)
        try:
            started = cluster.start(
                port=free_ports(1)[0], full=True, secured=True, heap="768m", java_home=Settings().java_home
            )
            assert started.ca is not None
            assert started.password_file is not None
            admin = started.password_file.read_text("utf-8").strip()
            node = Secured(started.url, home, started.ca, admin, door)
            tls = f"https://127.0.0.1:{door.server_address[1]}"
            put = node.command("admin", "install", "--service", tls, "--service-ca", str(public))
            assert put.returncode == 0, put.stderr
            assert "restarted with the plugin" in put.stderr
            stock = node.command("admin", "install", "--no-plugin", "--stock", "--service", plain.url, "--json")
            assert stock.returncode == 0, stock.stderr
            assert "search pipeline hybridrank-stock" in json.loads(stock.stdout)["wrote"]
            budgets = {f"hybridrank.budget.{name}": "240s" for name in ("query", "rank", "embed")}
            assert node.call("admin", "PUT", "/_cluster/settings", {"persistent": budgets}).status_code == 200
            for login, roles in ROLES.items():
                user = {"password": password(login), "opendistro_security_roles": roles}
                path = f"/_plugins/_security/api/internalusers/{login}"
                assert node.call("admin", "PUT", path, user).status_code == 201
            sample = node.command("indexer", "sample", str(home / "shop"), "--products", "120")
            assert sample.returncode == 0, sample.stderr
            indexed = node.command("indexer", "index", str(home / "shop" / "products.jsonl"))
            assert indexed.returncode == 0, indexed.stderr
            node.service = start_service(home, **node.environment("service"))
            door.target = plain.target = node.service.url
            yield node
        finally:
            if "node" in locals() and node.service is not None:
                node.service.stop()
            cluster.remove()


def ids(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [hit["_id"] for hit in answer.json()["hits"]["hits"]]


def test_a_storefront_gets_the_order_of_the_service(secured: Secured) -> None:
    body = {"query": {"match": {"title": WORDS}}, "size": 10}
    answer = secured.call("storefront", "POST", f"/{INDEX}/_search?search_pipeline=hybridrank", body)
    assert "degraded" not in answer.json()["ext"]["hybridrank"], answer.text
    command = secured.command("service", "search", WORDS, "--size", "10", "--json")
    assert ids(answer) == [result["id"] for result in json.loads(command.stdout)["results"]]
    assert {path for path, _, _ in secured.door.seen} == {"/v1/plugin/query", "/v1/plugin/rank"}


def test_the_stock_way_reranks_by_text(secured: Secured) -> None:
    body = {
        "query": {"match": {"description": WORDS}},
        "size": 10,
        "ext": {"rerank": {"query_context": {"query_text": WORDS}}},
    }
    path = f"/{INDEX}/_search?search_pipeline="
    reranked = secured.call("stock", "POST", path + "hybridrank-stock", body)
    plain = secured.call("stock", "POST", path + "_none", {key: body[key] for key in ("query", "size")})
    assert sorted(ids(reranked)) == sorted(ids(plain))
    scores = [hit["_score"] for hit in reranked.json()["hits"]["hits"]]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    refused = secured.call("storefront", "POST", path + "hybridrank-stock", body)
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("login", "method", "path", "body"),
    [
        ("storefront", "POST", "/hybridrank-profiles/_search", {}),
        ("storefront", "POST", "/hybridrank-behaviour/_search", {}),
        ("storefront", "POST", "/ubi_events/_search", {}),
        ("storefront", "POST", "/ubi_queries/_search", {}),
        ("storefront", "DELETE", f"/{INDEX}/_doc/x", None),
        ("storefront", "PUT", f"/{INDEX}/_doc/x", {"id": "x"}),
        ("storefront", "GET", "/_plugins/_hybridrank/stats", None),
        ("service", "PUT", f"/{INDEX}/_doc/x", {"id": "x"}),
        ("service", "PUT", "/others/_doc/x", {"id": "x"}),
        ("service", "POST", "/others/_search", {}),
        ("service", "DELETE", "/ubi_events", None),
        ("indexer", "POST", "/hybridrank-profiles/_search", {}),
        ("indexer", "PUT", "/others/_doc/x", {"id": "x"}),
    ],
)
def test_a_role_may_do_no_more(secured: Secured, login: str, method: str, path: str, body: Any) -> None:
    assert secured.call(login, method, path, body).status_code == 403


def test_a_storefront_sends_events(secured: Secured) -> None:
    event = {"application": INDEX, "action_name": "click", "client_id": "c", "timestamp": "2025-01-01T00:00:00Z"}
    assert secured.call("storefront", "POST", "/ubi_events/_doc", event).status_code == 201


def test_the_key_is_in_no_setting_and_no_log(secured: Secured) -> None:
    key = next((secured.home / "engine" / "plugins" / "hybridrank").glob("secret-0")).read_text("utf-8")
    assert key.startswith("hr_")
    for path in ("/_cluster/state", "/_cluster/settings?include_defaults=true", "/_nodes"):
        assert key not in secured.call("admin", "GET", path).text
    for log in (secured.home / "engine" / "run" / "node-1" / "logs").glob("*.log"):
        assert key not in log.read_text("utf-8")


def test_removal_leaves_searches_working(secured: Secured) -> None:
    catalogue = secured.call("admin", "GET", f"/_alias/{INDEX}").json()
    index = next(iter(catalogue))
    default = {"index.search.default_pipeline": "hybridrank"}
    assert secured.call("admin", "PUT", f"/{index}/_settings", default).status_code == 200
    body = {"query": {"match": {"title": WORDS}}}
    assert "ext" in secured.call("storefront", "POST", f"/{INDEX}/_search", body).json()
    health = secured.call("admin", "GET", "/_cluster/health").json()["status"]
    gone = secured.command("admin", "install", "--remove", "--json")
    assert gone.returncode == 0, gone.stderr
    assert f"default pipeline of {index}" in json.loads(gone.stdout)["removed"]
    plain = secured.call("admin", "POST", f"/{INDEX}/_search", body)
    assert plain.status_code == 200
    assert plain.json()["hits"]["hits"]
    assert "ext" not in plain.json()
    assert secured.call("admin", "GET", "/_cluster/health").json()["status"] == health
    assert "hybridrank" not in secured.call("admin", "GET", "/_cat/plugins").text
    assert secured.call("admin", "GET", "/_search/pipeline/hybridrank").status_code == 404
