"""``hybridrank train federated``: several shops train one ranker, and each keeps its data to itself."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .. import console
from .finetune import CatalogueOption, FilesArgument, TestFiles
from .shared import PerStepOption, SeedOption, StartOption, ThreadsOption, interruptible, need_torch

if TYPE_CHECKING:
    from ranker.training.federated.rounds import Round
    from ranker.training.federated.settings import FederatedSettings

    from ...federated.certificates import Certificates

MethodOption = Annotated[str, typer.Option(help="What is trained: head, signals, lora, or bottleneck.")]
RoundsOption = Annotated[int, typer.Option(help="How often the shops' weights are put together.", min=1)]
SecureOption = Annotated[bool, typer.Option("--secure", help="Only sums are seen (SecAgg+); three shops or more.")]
RuleOption = Annotated[
    str, typer.Option(help="How updates are put together: mean, or against bad shops median, trimmed, krum.")
]
TolerateOption = Annotated[int, typer.Option(help="Bad shops that a robust rule holds against.", min=1)]
PassesOption = Annotated[float, typer.Option("--epochs", help="Passes over a shop's windows in a round.", min=0.001)]
HeadRate = Annotated[float, typer.Option(help="Learning rate of the head.")]
AdapterRate = Annotated[float, typer.Option(help="Learning rate of adapters.")]
RankOption = Annotated[int, typer.Option(help="Rank of LoRA.", min=1)]
CapOption = Annotated[int, typer.Option(help="A shop's part in a mean grows with its windows up to here.", min=1)]
NameOption = Annotated[str, typer.Option(help="The model's name.")]
ModelOption = Annotated[Path, typer.Option(help="The model's folder.")]
AuthorityOption = Annotated[Path, typer.Option(help="PEM of the authority that made all certificates.")]
OwnOption = Annotated[Path, typer.Option(help="PEM of this side's certificate; a shop's name is its common name.")]
KeyOption = Annotated[Path, typer.Option(help="PEM of that certificate's key.")]
PatienceOption = Annotated[float, typer.Option(help="Seconds to wait for the other side.", min=1)]


def group() -> typer.Typer:
    """The commands below ``train federated``."""
    about = "Several shops train one ranker, and each keeps its data to itself (needs the 'federated' extra)."
    made = typer.Typer(help=about, no_args_is_help=True)
    for command in (simulate, lead, join):
        made.command()(command)
    return made


def simulate(
    files: FilesArgument,
    out: ModelOption,
    start: StartOption = "all-MiniLM-L6-v2",
    name: NameOption = "federated",
    method: MethodOption = "head",
    rounds: RoundsOption = 10,
    secure: SecureOption = False,
    rule: RuleOption = "mean",
    tolerate: TolerateOption = 1,
    epochs: PassesOption = 1.0,
    head_rate: HeadRate = 1e-3,
    adapter_rate: AdapterRate = 3e-4,
    rank: RankOption = 8,
    weight_cap: CapOption = 1000,
    per_step: PerStepOption = 4,
    seed: SeedOption = 7,
    threads: ThreadsOption = 2,
    test_file: TestFiles = None,
    catalogue: CatalogueOption = None,
    as_json: console.JsonFlag = False,
) -> None:
    """Try it out in one process: each windows file stands for a shop, named after the file."""
    need_flower()
    with console.one_line_errors(), interruptible():
        settings = agreed(locals(), len(files))
        from ...federated.run import Lead
        from ...federated.run import simulate as run

        led = Lead(start, name, out, settings, test_file or ())
        finish(run(led, files, catalogues=catalogue or (), report=teller(rounds)), out, as_json)


def lead(
    address: Annotated[str, typer.Argument(help="Where to listen.", metavar="HOST:PORT")],
    out: ModelOption,
    shops: Annotated[int, typer.Option(help="How many shops take part.", min=2)],
    authority: AuthorityOption,
    certificate: OwnOption,
    key: KeyOption,
    start: StartOption = "all-MiniLM-L6-v2",
    name: NameOption = "federated",
    method: MethodOption = "head",
    rounds: RoundsOption = 10,
    secure: SecureOption = False,
    rule: RuleOption = "mean",
    tolerate: TolerateOption = 1,
    epochs: PassesOption = 1.0,
    head_rate: HeadRate = 1e-3,
    adapter_rate: AdapterRate = 3e-4,
    rank: RankOption = 8,
    weight_cap: CapOption = 1000,
    per_step: PerStepOption = 4,
    seed: SeedOption = 7,
    threads: ThreadsOption = 2,
    test_file: TestFiles = None,
    patience: PatienceOption = 600.0,
    as_json: console.JsonFlag = False,
) -> None:
    """Lead shops that join over the network, and write the model. The first round begins when all are there."""
    need_flower()
    with console.one_line_errors(), interruptible():
        settings = agreed(locals(), shops)
        from ...federated.run import Lead, listen

        led = Lead(start, name, out, settings, test_file or ())
        papers = certificates(authority, certificate, key)

        def listening(port: int) -> None:
            console.stderr.print(f"waiting for {shops} shops on port {port}", markup=False)

        told = listen(led, address, papers, patience=patience, report=teller(rounds), listening=listening)
        finish(told, out, as_json)


def join(
    address: Annotated[str, typer.Argument(help="Where the leader listens.", metavar="HOST:PORT")],
    files: FilesArgument,
    authority: AuthorityOption,
    certificate: OwnOption,
    key: KeyOption,
    start: StartOption = "all-MiniLM-L6-v2",
    secure: Annotated[bool, typer.Option("--secure", help="Take part only where nothing but sums is seen.")] = False,
    catalogue: CatalogueOption = None,
    patience: PatienceOption = 60.0,
) -> None:
    """Take part as one shop. Its windows stay here; the leader decides how is trained, and sends no code."""
    need_flower()
    with console.one_line_errors(), interruptible():
        from ...federated.run import join as run
        from ...federated.run import shop_of

        shop = shop_of("this shop", files, start, secure=secure, catalogues=catalogue or ())
        count = run(shop, address, certificates(authority, certificate, key), patience=patience)
    console.stdout.print(f"done: {count} messages answered; the leader has the model", markup=False)


def need_flower() -> None:
    """End with one line where the extra is not installed. Flower counts its uses at its makers', if one lets it."""
    need_torch()
    if importlib.util.find_spec("flwr") is None:
        raise console.fail(
            "federated training needs the 'federated' extra in an environment of its own: see docs/federated.md"
        )
    os.environ["FLWR_TELEMETRY_ENABLED"] = "0"


def certificates(authority: Path, own: Path, key: Path) -> Certificates:
    """Files of a side."""
    from ...federated.certificates import Certificates

    return Certificates(authority, own, key)


def agreed(given: dict[str, Any], shops: int) -> FederatedSettings:
    """What the options say."""
    from ranker.training.federated.settings import FederatedSettings
    from ranker.training.settings import FinetuneSettings

    taken = ("method", "epochs", "head_rate", "adapter_rate", "rank", "seed", "threads")
    training = FinetuneSettings(
        **{name: given[name] for name in taken}, windows_per_step=given["per_step"], validation_share=0.0
    )
    shared = {name: given[name] for name in ("rounds", "secure", "rule", "tolerate", "weight_cap")}
    return FederatedSettings(shops=shops, training=training, **shared)


def teller(rounds: int) -> Callable[[Round], None]:
    """Tells each round in a line."""

    def report(one: Round) -> None:
        who = f"{len(one.taken)} shops" if one.taken else "lost; the weights stay"
        console.stderr.print(f"round {one.number}/{rounds}: {who}, moved {one.moved:.4f}", markup=False)

    return report


def finish(told: dict[str, Any], out: Path, as_json: bool) -> None:
    """Enter the model in the register where it learnt from people, and print what came of it."""
    from ...trained import register_trained
    from .finetune import tell

    register_trained(console.settings(), out)
    if as_json:
        console.print_json(told)
        return
    console.stdout.print(f"{told['federated']['mode']}; {told['federated']['shops']} shops", markup=False)
    tell(told, as_json)
