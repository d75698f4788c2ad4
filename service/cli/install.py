"""``hybridrank install``: what OpenSearch needs before the first catalogue."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from plugin.client import Engine
from plugin.install import check, install, remove
from plugin.names import PLUGIN
from plugin.stock_rerank import install_stock, remove_stock

from .. import keys, local_plugin
from ..engine import engine_from
from ..settings import Settings
from . import console
from .engine import progress_display

PluginOption = Annotated[
    Path | None,
    typer.Option("--plugin", exists=True, dir_okay=False, help="The plugin's zip, where it is not built here."),
]
WithOption = Annotated[bool, typer.Option("--with-plugin/--no-plugin", help="Whether the local node gets the plugin.")]
ServiceOption = Annotated[str, typer.Option("--service", help="Where OpenSearch finds the service.")]
CaOption = Annotated[
    Path | None,
    typer.Option("--service-ca", exists=True, dir_okay=False, help="Certificates (PEM) of an https service."),
]
StockOption = Annotated[
    bool,
    typer.Option("--stock", help="Also the way without the plugin: an ml-commons model, a pipeline."),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="install")(run)


def run(
    check_only: Annotated[bool, typer.Option("--check", help="Change nothing; name what differs.")] = False,
    removing: Annotated[bool, typer.Option("--remove", help="Take out what install put in.")] = False,
    catalogues: Annotated[bool, typer.Option("--catalogues", help="With --remove: the catalogues too.")] = False,
    plugin: PluginOption = None,
    with_plugin: WithOption = True,
    service: ServiceOption = "http://127.0.0.1:8000",
    service_ca: CaOption = None,
    stock: StockOption = False,
    as_json: console.JsonFlag = False,
) -> None:
    """Install templates and pipelines into OPENSEARCH_URL; a second time changes nothing.

    Where that is the local node, and the plugin is built (make plugin) or given, the node gets it, and is restarted for
    that. Exits with 1 when --check finds a difference.
    """
    if check_only and removing:
        raise console.fail("--check and --remove: give one of them", 2)
    if catalogues and not removing:
        raise console.fail("--catalogues: only with --remove", 2)
    with console.one_line_errors():
        chosen = console.settings()
        if not check_only and not removing and with_plugin:
            _put_in(chosen, plugin, service, service_ca)
        with engine_from(chosen) as engine:
            if check_only:
                _check(engine, as_json)
            elif removing:
                _remove(engine, catalogues, as_json)
            else:
                wrote = _stock(engine, chosen, service) if stock else []
                _install(engine, wrote, as_json)
        if removing and local_plugin.local_node(chosen) is not None:
            with progress_display() as progress:
                if local_plugin.take_out(chosen, progress):
                    console.stderr.print("the local OpenSearch was restarted without the plugin")


def _put_in(chosen: Settings, given: Path | None, service: str, service_ca: Path | None) -> None:
    """Put the plugin into the local node, where there is one and there is a plugin."""
    file = given or local_plugin.built_zip()
    if local_plugin.local_node(chosen) is None:
        if given is not None:
            raise console.fail(
                "--plugin: OPENSEARCH_URL is not this home's local node; install it on every node of the cluster with "
                f"opensearch-plugin install file://{given.resolve()}",
                2,
            )
        return
    if file is None:
        console.stderr.print("without the plugin, which is not built (make plugin)", style="dim")
        return
    with progress_display() as progress:
        if local_plugin.put_in(chosen, file, service, progress, service_ca=service_ca):
            console.stderr.print(f"the local OpenSearch was restarted with the plugin {file.name}", soft_wrap=True)


def _stock(engine: Engine, chosen: Settings, service: str) -> list[str]:
    def make_key() -> str:
        return keys.add(chosen.keys_path, tenant=keys.DEFAULT_TENANT, role="engine")

    return install_stock(engine, service, make_key)


def _install(engine: Engine, before: list[str], as_json: bool) -> None:
    changes = install(engine)
    changes = replace(changes, wrote=(*before, *changes.wrote))
    has_plugin = PLUGIN in engine.info().plugins
    if as_json:
        console.print_json({"wrote": list(changes.wrote), "unchanged": changes.unchanged, "plugin": has_plugin})
        return
    for name in changes.wrote:
        console.stdout.print(f"wrote {name}", markup=False)
    if not has_plugin:
        console.stdout.print("the cluster has no hybridrank plugin, so the pipeline 'hybridrank' is left out")
    console.stdout.print(f"{len(changes.wrote)} written, {changes.unchanged} unchanged")


def _check(engine: Engine, as_json: bool) -> None:
    drifts = check(engine)
    if as_json:
        console.print_json({"drift": [asdict(drift) for drift in drifts]})
    for drift in () if as_json else drifts:
        console.stdout.print(str(drift), markup=False, soft_wrap=True)
    if drifts:
        raise console.fail(f"{len(drifts)} differences; bring them up to date with: hybridrank install")
    if not as_json:
        console.stdout.print("no difference")


def _remove(engine: Engine, catalogues: bool, as_json: bool) -> None:
    stock = remove_stock(engine)
    done = remove(engine, catalogues=catalogues)
    done.removed[:0] = stock
    if as_json:
        console.print_json({"removed": done.removed, "stays": done.stays})
        return
    for name in done.removed:
        console.stdout.print(f"removed {name}", markup=False)
    for name in done.stays:
        console.stdout.print(f"stays: {name}", markup=False, soft_wrap=True)
