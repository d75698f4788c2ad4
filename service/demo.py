"""The main job in one go: an OpenSearch, the sample catalogue in it, the page over it; all stopped at the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from types import FrameType

from indexer.target import live
from plugin.candidates import gather
from plugin.catalogue import lookup
from plugin.client import Engine
from plugin.engine import LocalCluster, Progress
from plugin.engine.ports import free_ports, is_free
from plugin.query import SearchRequest

from .engine import engine_from
from .sample import SampleFolder, Say
from .settings import Settings

ENGINE_PORT = 9200
CHILD_STOP_S = 15.0

Display = Callable[[], AbstractContextManager[Progress]]


class DemoError(OSError):
    """The demo cannot go on; the message says what to do."""


def run(settings: Settings, *, host: str, port: int, say: Say, display: Display) -> int:
    """Run the demo until it is stopped.

    Args:
        settings: home, catalogue and engine.
        host: where the page is served.
        port: likewise.
        say: told each step, in words.
        display: shows how far fetching and starting OpenSearch are.

    Returns:
        The exit status of what served; 0 after an orderly stop.

    Raises:
        DemoError: the catalogue's name is taken by other products, or a step failed.
        PortTaken: somebody else listens on ``port``.
        LocalNodeError: there is no OpenSearch and none can be started.
    """
    from .gunicorn import check_port

    check_port(host, port)
    with stoppable(), opensearch(settings, say, display) as url:
        folder = SampleFolder.of(settings)
        ids = folder.write(say, settings.sample_products)
        environment = {
            **os.environ,
            "OPENSEARCH_URL": url,
            "HYBRIDRANK_HOME": str(settings.home),
            "HYBRIDRANK_INDEX": settings.index,
        }
        here = settings.model_copy(update={"opensearch_url": url})
        with engine_from(here) as engine:
            refuse_others(engine, settings.index, ids)
        say(f"indexing the sample catalogue of {len(ids)} products (what is unchanged is left alone)")
        status = child(["index", str(folder.products), "--images", str(folder.folder)], environment)
        if status != 0:
            raise DemoError(
                f"the sample catalogue could not be indexed (exit status {status}); the reason stands above"
            )
        with engine_from(here) as engine:
            typed = folder.write_query_log(engine, settings.index)
        if typed:
            say(f"wrote a log of {typed} queries of simulated shoppers, for suggestions")
        return child(["serve", "--demo", "--host", host, "--port", str(port)], environment)


@contextmanager
def opensearch(settings: Settings, say: Say, display: Display) -> Iterator[str]:
    """The address of an OpenSearch: the one of ``OPENSEARCH_URL``, else the local node, which is stopped afterwards if
    it was started here."""
    if settings.opensearch_url is not None:
        with engine_from(settings) as engine:
            found = engine.check()
            say(f"using OpenSearch {found.version} at {engine.config.shown}")
        yield settings.opensearch_url
        return
    cluster = LocalCluster(settings.home)
    found_running = cluster.status() is not None
    try:
        port = ENGINE_PORT if found_running or is_free(ENGINE_PORT) else free_ports(1)[0]
        with display() as progress:
            info = cluster.start(port=port, java_home=settings.java_home, progress=progress)
        say(f"{'found' if info.found else 'started'} OpenSearch {info.version} at {info.url}")
        yield info.url
    finally:
        if not found_running:
            say("stopping OpenSearch")
            cluster.stop()


def refuse_others(engine: Engine, index: str, ids: set[str]) -> None:
    """See that the catalogue is absent or holds nothing but the sample.

    Raises:
        DemoError: it holds other products.
    """
    if live(engine, index) is None:
        return
    catalogue = lookup(engine, index)
    everything = gather(engine, catalogue, SearchRequest(size=0)).total
    ours = gather(engine, catalogue, SearchRequest(size=0, filters={"id": sorted(ids)})).total
    if everything != ours:
        raise DemoError(
            f"catalogue {index!r} holds {everything - ours} products that are not the sample's; "
            "give the demo a name of its own with --index"
        )


def child(arguments: list[str], environment: Mapping[str, str]) -> int:
    """Run one of our own commands until it ends; when we are stopped, it is stopped first."""
    process = subprocess.Popen([sys.executable, "-m", "service", *arguments], env=dict(environment))
    try:
        return process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(CHILD_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def stoppable() -> Iterator[None]:
    """Make SIGTERM and SIGHUP end a phase as Ctrl-C does; once that has begun, further signals do not interrupt it."""
    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(_number: int, _frame: FrameType | None) -> None:
        for name in names:
            signal.signal(name, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {name: signal.signal(name, stop) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
