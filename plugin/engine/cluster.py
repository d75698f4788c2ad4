"""The local OpenSearch of one home: start, find again, stop."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypedDict, Unpack

import psutil
from filelock import FileLock, Timeout

from ..config import ClusterConfig
from ..errors import LocalNodeError
from . import secure
from .account import account_for_node, make_run_folder, remove_run_folder, run_folder
from .addons import fill_keystore, read_addons, settings_of
from .assemble import assemble, distribution, is_complete
from .configure import ML_COMMONS, check_heap, configure, hand_over
from .download import Progress, fetch, quiet
from .health import Login, get, is_ready, why_it_ended
from .java import find_java
from .manifest import artifacts_of, load
from .ports import free_ports, is_free, require_free
from .process import end_processes, find_processes, start_process
from .state import ClusterInfo, Shape, forget_shape, read_shape, write_shape

MAX_NODES = 9


class StartOptions(TypedDict, total=False):
    """The options of :meth:`LocalCluster.start`, which says what they mean."""

    port: int
    nodes: int
    full: bool
    secured: bool
    heap: str
    java_home: Path | None
    timeout_s: float
    progress: Progress


class LocalCluster:
    """A cluster on loopback that belongs to one home folder. It outlives the process that started it.

    Args:
        home: ``HYBRIDRANK_HOME``; everything lies under ``HOME/engine`` (what root cannot share from there: see
            :mod:`plugin.engine.account`).
        downloads: where fetched artifacts are kept; ``HOME/engine/downloads`` unless shared with another home.
    """

    def __init__(self, home: Path, *, downloads: Path | None = None) -> None:
        self.home = home.expanduser().resolve()
        self.downloads = downloads or self.home / "engine" / "downloads"

    @property
    def _run(self) -> Path:
        link = self.home / "engine" / "run"
        return link.readlink() if link.is_symlink() else run_folder(self.home, account_for_node())

    @property
    def _name(self) -> str:
        """The cluster's own name, by which it is told from another home's that took its port first."""
        return f"hybridrank-{hashlib.sha256(str(self._run).encode()).hexdigest()[:12]}"

    @contextmanager
    def _lock(self, progress: Progress = quiet) -> Iterator[None]:
        """One command at a time may change a home's cluster."""
        folder = self.home / "engine"
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            progress("waiting for another start or stop", 0, 1)
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def start(
        self,
        *,
        port: int = 9200,
        nodes: int = 1,
        full: bool = False,
        secured: bool = False,
        heap: str = "512m",
        java_home: Path | None = None,
        timeout_s: float = 300.0,
        progress: Progress = quiet,
    ) -> ClusterInfo:
        """Start the cluster, or find it running; returns when every node answers and has joined.

        Args:
            port: HTTP port of the first node; a cluster that already runs keeps its own.
            nodes: how many; data of a larger cluster is never opened by a smaller one.
            full: with ml-commons.
            secured: with the security plugin: TLS and logins.
            heap: Java heap of each node, such as ``512m``.
            java_home: a Java to prefer.
            timeout_s: seconds from the start of the processes until the cluster answers.
            progress: told what is being done.

        Raises:
            LocalNodeError: in one line, what is missing, taken, or went wrong.
        """
        check_heap(heap)
        if not 1 <= nodes <= MAX_NODES:
            raise LocalNodeError(f"nodes: {nodes} is not in 1..{MAX_NODES}")
        if not 1 <= port <= 65535:
            raise LocalNodeError(f"port: {port} is not in 1..65535")
        with self._lock(progress):
            known = read_shape(self.home)
            running = find_processes(self._run)
            if running and known is not None:
                shape = known
                if (len(known.ports), known.full, known.secure) != (nodes, full, secured):
                    raise LocalNodeError(
                        f"{known.words} already runs in {self.home}; stop it first: hybridrank engine stop"
                    )
            else:
                end_processes(self._run)
                self._refuse_to_split(nodes)
                shape = _choose(port, nodes, full, secured, heap)
            return self._bring_up(
                shape, set(running), heap=heap, java_home=java_home, timeout_s=timeout_s, progress=progress
            )

    def _bring_up(
        self,
        shape: Shape,
        running: set[str],
        *,
        heap: str,
        java_home: Path | None,
        timeout_s: float,
        progress: Progress,
    ) -> ClusterInfo:
        run = self._run
        missing = [node for node in shape.nodes(run) if node.name not in running]
        launched: list[str] = []
        try:
            if missing:
                account = account_for_node()
                java = find_java(java_home, account)
                manifest = load()
                components = manifest.select(full=shape.full, secure=shape.secure)
                run = make_run_folder(self.home, account)
                addons = read_addons(self.home)
                built = distribution(run, components, addons)
                if not is_complete(built):
                    fetch(artifacts_of(components), self.downloads, manifest.maven_plugin, progress)
                    progress("putting OpenSearch together", 0, 1)
                    assemble(run, self.downloads, components, manifest, addons)
                    if not running:
                        _remove_others(run, built)
                cluster = shape.nodes(run)
                write_shape(self.home, shape)
                if shape.secure:
                    secure.make_secrets(self.home)
                for node in missing:
                    extra = {**_settings(shape), **settings_of(addons)}
                    configure(node, cluster, cluster_name=self._name, heap=heap, extra=extra)
                    fill_keystore(addons, node, built, java)
                    if shape.secure:
                        secure.configure_security(self.home, node, built, java)
                    hand_over(node, account)
                    launched.append(node.name)
                    start_process(node, built, java, account)
            self._wait(shape, timeout_s, progress)
        except BaseException:
            if launched:
                end_processes(run, launched)
            raise
        info = self._describe(shape, found=not missing)
        if info is None:
            raise LocalNodeError("the local OpenSearch ended right after its start")
        return info

    def _login(self, shape: Shape) -> Login | None:
        return secure.login(self.home) if shape.secure else None

    def _wait(self, shape: Shape, timeout_s: float, progress: Progress) -> None:
        nodes, login = shape.nodes(self._run), self._login(shape)
        until = time.monotonic() + timeout_s
        ready: set[str] = set()
        while True:
            progress("starting OpenSearch", len(ready), len(nodes))
            alive = find_processes(self._run)
            for node in nodes:
                if node.name not in alive:
                    raise LocalNodeError(f"OpenSearch ended while starting: {why_it_ended(node)}")
                if node.name not in ready and is_ready(node, len(nodes), login, self._name):
                    ready.add(node.name)
            if len(ready) == len(nodes):
                progress("starting OpenSearch", len(ready), len(nodes))
                return
            if time.monotonic() > until:
                raise LocalNodeError(
                    f"OpenSearch does not answer after {timeout_s:.0f} s; log: {nodes[0].folder / 'logs'}"
                )
            time.sleep(0.2)

    def status(self) -> ClusterInfo | None:
        """The cluster if it runs and answers, else ``None``."""
        shape = read_shape(self.home)
        return None if shape is None else self._describe(shape, found=True)

    def address(self) -> ClusterConfig | None:
        """Where the cluster is while its processes live, with the login of a secured one; ``None`` while none does.

        It is not asked: a node that is busy or still starting is no reason to turn to another.
        """
        shape = read_shape(self.home)
        if shape is None or not find_processes(self._run):
            return None
        url = shape.urls(self._run)[0]
        login = self._login(shape)
        if login is None:
            return ClusterConfig(url)
        return ClusterConfig(url, login.user, login.password_file.read_text("utf-8").strip(), login.ca)

    def _describe(self, shape: Shape, *, found: bool) -> ClusterInfo | None:
        run = self._run
        processes = find_processes(run)
        nodes = shape.nodes(run)
        login = self._login(shape)
        root, health = get(nodes[0].http_port, "/", login), get(nodes[0].http_port, "/_cluster/health", login)
        if not processes or root is None or health is None or root[0] != 200 or health[0] != 200:
            return None
        if root[1].get("cluster_name") != self._name:
            return None
        urls = shape.urls(run)
        return ClusterInfo(
            url=urls[0],
            urls=urls,
            pids=tuple(process.pid for _, process in sorted(processes.items())),
            version=str(root[1]["version"]["number"]),
            status=str(health[1]["status"]),
            full=shape.full,
            secure=shape.secure,
            home=self.home,
            run_folder=run,
            user=_owner(processes),
            ca=login.ca if login else None,
            password_file=login.password_file if login else None,
            found=found,
        )

    def _refuse_to_split(self, nodes: int) -> None:
        """A cluster of three that finds one of its nodes has no majority: it would wait for ever."""
        held = sum((data / "nodes").is_dir() for data in self._run.glob("node-*/data"))
        if nodes < held:
            raise LocalNodeError(
                f"nodes: {self.home} holds the data of {held} nodes, which {nodes} cannot open; start with "
                f"--nodes {held}, or delete that data with: hybridrank engine stop --remove-data"
            )

    def stop(self) -> int:
        """End every process of the cluster, whoever started it; its data stays. Returns how many processes ended."""
        with self._lock():
            return end_processes(self._run)

    def restart(self, *, java_home: Path | None = None, progress: Progress = quiet) -> ClusterInfo:
        """Stop the cluster and start it in the same shape, as when its plugins have changed. Its data stays.

        Raises:
            LocalNodeError: it never ran, or what :meth:`start` raises.
        """
        shape = read_shape(self.home)
        if shape is None:
            raise LocalNodeError(f"no OpenSearch was ever started in {self.home}")
        self.stop()
        return self.start(
            port=shape.ports[0][0],
            nodes=len(shape.ports),
            full=shape.full,
            secured=shape.secure,
            heap=shape.heap,
            java_home=java_home,
            progress=progress,
        )

    @contextmanager
    def running(self, **options: Unpack[StartOptions]) -> Iterator[ClusterInfo]:
        """A cluster for as long as the block runs: what was started for it is stopped, what was found is left alone.

        Takes and raises what :meth:`start` does.
        """
        info = self.start(**options)
        try:
            yield info
        finally:
            if not info.found:
                self.stop()

    def remove(self) -> None:
        """Stop, and delete the cluster with its data; downloads stay."""
        with self._lock():
            end_processes(self._run)
            remove_run_folder(self.home)
            secure.forget_secrets(self.home)
            forget_shape(self.home)


def _settings(shape: Shape) -> dict[str, Any]:
    return {**(ML_COMMONS if shape.full else {}), **(secure.settings() if shape.secure else {})}


def _choose(port: int, nodes: int, full: bool, secured: bool, heap: str) -> Shape:
    require_free(port)
    spare = iter(free_ports(2 * nodes))
    http = [port]
    for candidate in range(port + 1, port + nodes):
        http.append(candidate if candidate <= 65535 and is_free(candidate) else next(spare))
    return Shape(ports=tuple((one, next(spare)) for one in http), full=full, secure=secured, heap=heap)


def _remove_others(run: Path, keep: Path) -> None:
    """Delete what earlier versions were put together to; the downloads can rebuild any of it."""
    for folder in run.glob("opensearch-*"):
        if folder != keep:
            shutil.rmtree(folder)


def _owner(processes: dict[str, psutil.Process]) -> str:
    return next(iter(processes.values())).username()
