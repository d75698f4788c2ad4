"""The configuration files of one node."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import LocalNodeError
from .account import Account
from .manifest import CONFIG

LOOPBACK = "127.0.0.1"
FOLDERS = ("config", "data", "logs", "tmp")

ML_COMMONS: dict[str, Any] = {
    "plugins.ml_commons.only_run_on_ml_node": False,
    # Remote models may only be on this machine: our own service is the one that is meant.
    "plugins.ml_commons.connector.private_ip_enabled": True,
    "plugins.ml_commons.trusted_connector_endpoints_regex": [r"^https?://(127\.0\.0\.1|localhost)(:[0-9]+)?(/.*)?$"],
}
"""What the full node adds to ``opensearch.yml``."""


@dataclass(frozen=True, slots=True)
class Node:
    """One node of the local cluster: its name, its folder, and its two ports on loopback."""

    name: str
    folder: Path
    http_port: int
    transport_port: int

    @property
    def config(self) -> Path:
        """The folder of its configuration; also what its process is recognised by."""
        return self.folder / "config"


def check_heap(heap: str) -> str:
    """A heap size as Java takes it; raises :class:`LocalNodeError` for anything else."""
    if not re.fullmatch(r"[1-9][0-9]*[mg]", heap):
        raise LocalNodeError(f"heap: {heap!r} is not a size such as 512m or 2g")
    return heap


def configure(node: Node, cluster: Sequence[Node], *, cluster_name: str, heap: str, extra: dict[str, Any]) -> None:
    """Write ``config/`` anew and make the folders that the node writes to.

    Args:
        node: the node to configure.
        cluster: all nodes, this one included.
        extra: further settings of ``opensearch.yml``.
    """
    for name in FOLDERS:
        (node.folder / name).mkdir(parents=True, exist_ok=True)
        (node.folder / name).chmod(0o700)
    settings: dict[str, Any] = {
        "cluster.name": cluster_name,
        "node.name": node.name,
        "path.data": str(node.folder / "data"),
        "path.logs": str(node.folder / "logs"),
        "network.host": LOOPBACK,
        "http.port": node.http_port,
        "transport.port": node.transport_port,
        "discovery.seed_hosts": [f"{LOOPBACK}:{other.transport_port}" for other in cluster if other != node],
        # Free space in absolute terms: the default percentages would stop a large, well-filled disk.
        "cluster.routing.allocation.disk.watermark.low": "2gb",
        "cluster.routing.allocation.disk.watermark.high": "1gb",
        "cluster.routing.allocation.disk.watermark.flood_stage": "500mb",
        **extra,
    }
    if node == cluster[0]:
        # The first node alone founds the cluster, so that more can join it later.
        settings["cluster.initial_cluster_manager_nodes"] = [node.name]
    lines = [f"{name}: {json.dumps(value)}\n" for name, value in settings.items()]
    (node.config / "opensearch.yml").write_text("".join(lines), "utf-8")
    shutil.copyfile(CONFIG / "log4j2.properties", node.config / "log4j2.properties")
    (node.config / "jvm.options").write_text("".join(f"{option}\n" for option in _jvm_options(node, heap)), "utf-8")


def hand_over(node: Node, account: Account | None) -> None:
    """Let the account that runs the node reach its folder and own what lies in it, and nobody else read that."""
    if account is not None:
        node.folder.chmod(0o755)
        account.own(*(node.folder / name for name in FOLDERS))
    for path in node.config.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)


def _jvm_options(node: Node, heap: str) -> list[str]:
    tmp = node.folder / "tmp"
    return [
        f"-Xms{heap}",
        f"-Xmx{heap}",
        "-Xss1m",
        "-XX:+UseG1GC",
        "-XX:G1ReservePercent=25",
        "-XX:InitiatingHeapOccupancyPercent=30",
        "-XX:+ExitOnOutOfMemoryError",
        f'"-XX:ErrorFile={node.folder}/logs/java_error_%p.log"',
        "-Djava.awt.headless=true",
        "-Dfile.encoding=UTF-8",
        "-Djna.nosys=true",
        "-Dio.netty.noUnsafe=true",
        "-Dio.netty.noKeySetOptimization=true",
        "-Dio.netty.recycler.maxCapacityPerThread=0",
        "-Dlog4j.shutdownHookEnabled=false",
        "-Dlog4j2.disable.jmx=true",
        "-Dopensearch.networkaddress.cache.ttl=60",
        "-Djava.locale.providers=SPI,COMPAT",
        "-Djava.security.manager=allow",
        f'"-Djava.io.tmpdir={tmp}"',
    ]
