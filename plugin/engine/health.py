"""Does the cluster answer, and if it does not, why."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import LocalNodeError
from .configure import LOOPBACK, Node


@dataclass(frozen=True, slots=True)
class Login:
    """How to reach a secured node: the CA that signed its certificate, and the administrator's password."""

    ca: Path
    password_file: Path
    user: str = "admin"


def get(port: int, path: str, login: Login | None = None, timeout_s: float = 10.0) -> tuple[int, dict[str, Any]] | None:
    """GET JSON from a local node: status and body, or ``None`` when nothing that speaks HTTP answers."""
    headers = {}
    connection: http.client.HTTPConnection
    try:
        if login is None:
            connection = http.client.HTTPConnection(LOOPBACK, port, timeout=timeout_s)
        else:
            context = ssl.create_default_context(cafile=str(login.ca))
            connection = http.client.HTTPSConnection(LOOPBACK, port, timeout=timeout_s, context=context)
            pair = f"{login.user}:{login.password_file.read_text('utf-8').strip()}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        try:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            return response.status, _object(response.read())
        finally:
            connection.close()
    except (OSError, http.client.HTTPException):
        return None


def _object(body: bytes) -> dict[str, Any]:
    """A JSON object; empty for anything else, such as the plain text of a refused login."""
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def is_ready(node: Node, nodes: int, login: Login | None, cluster_name: str) -> bool:
    """Whether a node answers, sees at least ``nodes`` of them, and every primary shard is there (yellow or green).

    What answers under another cluster's name is not ours: two homes that start at once may choose one port, and the
    node that comes second ends a moment later.

    Raises:
        LocalNodeError: it answers, but refuses our password.
    """
    path = f"/_cluster/health?wait_for_nodes=%3E%3D{nodes}&wait_for_status=yellow&timeout=1s"
    answer = get(node.http_port, path, login)
    if answer is None:
        return False
    status, health = answer
    if login is not None and status == 401:
        raise LocalNodeError(
            f"the password in {login.password_file} is not that of the cluster's data; put the old one back, "
            "or delete the data with: hybridrank engine stop --remove-data"
        )
    if health.get("cluster_name") != cluster_name:
        return False
    return status == 200 and health.get("status") in ("yellow", "green") and health.get("number_of_nodes", 0) >= nodes


def why_it_ended(node: Node) -> str:
    """The engine's own reason, out of the log of a node that ended; one line."""
    for name in ("console.log", "opensearch.log"):
        log = node.folder / "logs" / name
        if not log.is_file():
            continue
        lines = log.read_text("utf-8", errors="replace").splitlines()
        telling = [
            line for line in lines if line.startswith(("Caused by:", "Likely root cause:", "Error", "Exception"))
        ]
        errors = [line for line in lines if "][ERROR]" in line or "][FATAL]" in line or "exception" in line.lower()]
        for found in (telling, errors):
            if found:
                return f"{found[-1].strip()[:300]} (log: {node.folder / 'logs'})"
    return f"see {node.folder / 'logs'}"
