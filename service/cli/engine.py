"""``hybridrank engine``: the local OpenSearch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Display

from plugin.engine import ClusterInfo, LocalCluster, Progress

from .console import JsonFlag, fail, one_line_errors, print_json, settings, stderr, stdout

PortOption = Annotated[int, typer.Option("--port", min=1, max=65535, help="HTTP port of the first node.")]
NodesOption = Annotated[int, typer.Option("--nodes", min=1, max=9, help="How many nodes.")]
FullOption = Annotated[bool, typer.Option("--full", help="With ml-commons (370 MB more to download).")]
SecureOption = Annotated[bool, typer.Option("--secure", help="With the security plugin: TLS and logins.")]
HeapOption = Annotated[str, typer.Option("--heap", help="Java heap of each node.")]
DataOption = Annotated[bool, typer.Option("--remove-data", help="Also delete the cluster and all its data.")]


@contextmanager
def progress_display() -> Iterator[Progress]:
    """Show on a terminal how far fetching and starting are; show nothing elsewhere."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Display(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as display:
        task = display.add_task("looking for OpenSearch", total=None)

        def progress(what: str, done: int, total: int) -> None:
            display.update(task, description=what, completed=done, total=total)

        yield progress


def start(
    *,
    port: PortOption = 9200,
    nodes: NodesOption = 1,
    full: FullOption = False,
    secure: SecureOption = False,
    heap: HeapOption = "512m",
    json_output: JsonFlag = False,
) -> None:
    """Start the local OpenSearch, or find it running; returns when it answers."""
    with one_line_errors(), progress_display() as progress:
        chosen = settings()
        info = LocalCluster(chosen.home).start(
            port=port,
            nodes=nodes,
            full=full,
            secured=secure,
            heap=heap,
            java_home=chosen.java_home,
            progress=progress,
        )
    _show(info, json_output)


def stop(remove_data: DataOption = False, json_output: JsonFlag = False) -> None:
    """Stop the local OpenSearch; its data stays."""
    with one_line_errors():
        cluster = LocalCluster(settings().home)
        stopped = cluster.stop()
        if remove_data:
            cluster.remove()
    if json_output:
        print_json({"stopped": stopped})
    else:
        stdout.print(f"stopped {stopped} process{'' if stopped == 1 else 'es'}" if stopped else "nothing was running")


def status(json_output: JsonFlag = False) -> None:
    """Say whether the local OpenSearch runs, and where; exits with 3 when it does not."""
    with one_line_errors():
        info = LocalCluster(settings().home).status()
    if info is not None:
        _show(info, json_output)
        return
    if json_output:
        print_json({"running": False})
        raise typer.Exit(3)
    raise fail("the local OpenSearch is not running; start it with: hybridrank engine start", 3)


def _show(info: ClusterInfo, json_output: bool) -> None:
    if json_output:
        print_json({"running": True, **info.as_dict()})
        return
    verb = "found" if info.found else "started"
    stdout.print(f"{verb} OpenSearch {info.version} at {info.url} ({info.status})")
    stdout.print(
        f"  nodes {len(info.pids)}, running as {info.user}, data and logs in {info.run_folder}", soft_wrap=True
    )
    if info.ca is not None:
        stdout.print(f"  CA {info.ca}, password of admin in {info.password_file}", soft_wrap=True)


def register(app: typer.Typer) -> None:
    """Add the ``engine`` group."""
    group = typer.Typer(help="The local OpenSearch node.", no_args_is_help=True)
    for command in (start, stop, status):
        group.command()(command)
    app.add_typer(group, name="engine")
