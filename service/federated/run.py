"""Composes federated runs: windows of shops in, one model folder out."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ranker.errors import TrainingDataError
from ranker.folder import read_config
from ranker.people import TrainedOn
from ranker.tokens import PairTokenizer
from ranker.training.federated.local import LocalGrid
from ranker.training.federated.node import Node, Shop
from ranker.training.federated.rounds import Round, Together, federate
from ranker.training.federated.settings import FederatedSettings
from ranker.training.federated.shop import check_method, digest_of, put_weights, weights_of
from ranker.training.finetune import FusedRanker, Outcome
from ranker.training.measure import tested
from ranker.training.methods import method_of
from ranker.training.settings import FinetuneSettings
from ranker.windows import read_windows

from ..private_training import scores
from ..training import (
    PACKAGED_BERT,
    load_start,
    measured,
    model_card,
    people_before,
    save_trained,
    start_folder,
)
from .certificates import Certificates
from .wire import WireGrid, answer_until_done

# Flower tells each message, and what it regards as old; what matters is told by us.
logging.getLogger("flwr").setLevel(logging.ERROR)

Report = Callable[[Round], None]


@dataclass(frozen=True, slots=True)
class Lead:
    """What the leader decides.

    Attributes:
        start: what all begin with.
        name: of the model.
        test: windows that nobody trains on, looked at once.
    """

    start: str
    name: str
    out: Path
    settings: FederatedSettings
    test: Sequence[Path] = ()


def shop_of(name: str, files: Sequence[Path], start: str, *, secure: bool, catalogues: Sequence[str] = ()) -> Shop:
    """A shop with its windows.

    Raises:
        TrainingDataError: a malformed line, or no windows.
    """
    begin = start_folder(start)
    windows = [window for file in files for window in read_windows(file)]
    if not windows:
        raise TrainingDataError(f"windows: {', '.join(map(str, files))} have none")

    def made() -> tuple[FusedRanker, Callable[[FinetuneSettings], PairTokenizer]]:
        return load_start(begin), lambda settings: PairTokenizer.of(begin, settings)

    return Shop(name, windows, made, secure=secure, catalogues=catalogues)


def simulate(lead: Lead, files: Sequence[Path], *, catalogues: Sequence[str], report: Report) -> dict[str, Any]:
    """All shops in this process, one for each file.

    Raises:
        TrainingDataError: see :func:`led`; or two files have the same name.
    """
    names = [path.name.split(".")[0] for path in files]
    if len(set(names)) < len(names):
        raise TrainingDataError("windows: two files have the same name, by which shops are told apart")
    secure = lead.settings.secure
    shops = [
        shop_of(name, [file], lead.start, secure=secure, catalogues=catalogues)
        for name, file in zip(names, files, strict=True)
    ]
    nodes = {number: Node(number, shop) for number, shop in enumerate(shops, 10)}
    return led(LocalGrid(nodes), lead, report=report)


def listen(
    lead: Lead,
    address: str,
    certificates: Certificates,
    *,
    patience: float,
    report: Report,
    listening: Callable[[int], None],
) -> dict[str, Any]:
    """Lead shops that join over the network; the first round begins when all are there.

    Args:
        listening: is told the port.

    Raises:
        TrainingDataError: see :func:`led`; or too few came.
    """
    first = [lead.settings.shops]
    with WireGrid(address, certificates, patience=patience, most=lead.settings.shops) as grid:
        listening(grid.port)

        def ready(count: int) -> None:
            grid.wait_for(first.pop() if first else count)

        return led(grid, lead, ready=ready, report=report)


def join(shop: Shop, address: str, certificates: Certificates, *, patience: float) -> int:
    """Take part as one shop; returns how many messages were answered."""
    return answer_until_done(address, certificates, Node(0, shop), patience=patience)


def led(grid: LocalGrid, lead: Lead, *, report: Report, ready: Callable[[int], None] | None = None) -> dict[str, Any]:
    """The leader's part, over whatever grid; writes the folder.

    Returns:
        as :func:`service.training.run_finetune`, with ``federated``.

    Raises:
        TrainingDataError: a method that cannot be federated, too few shops, or nothing came of it.
    """
    settings = lead.settings.training
    check_method(settings)
    begin = start_folder(lead.start)
    model, lengths = load_start(begin), PairTokenizer.of(begin, settings)
    start = digest_of(model)
    untouched = [window for file in lead.test for window in read_windows(file)]
    before = scores(model, lengths, untouched)
    method = method_of(model, settings, 1)
    started = time.monotonic()
    together = federate(grid, weights_of(model), lead.settings, start, ready=ready, report=report)
    put_weights(model, together.weights)
    counts = {"trained": method.trained_parameters, "all": method.all_parameters}
    method.merge()
    model.requires_grad_(True)
    model.eval()
    told = tested(untouched, before=before, after=scores(model, lengths, untouched)) if untouched else None
    parts = {"training": _windows(together), "validation": 0, "test": len(untouched)}
    outcome = Outcome({}, told, lead.settings.rounds, time.monotonic() - started, parts, counts)
    return _write(model, lead, together, outcome, lengths)


def _write(
    model: FusedRanker, lead: Lead, together: Together, outcome: Outcome, lengths: PairTokenizer
) -> dict[str, Any]:
    begin = start_folder(lead.start)
    sources: Counter[str] = Counter()
    for told in together.heard.values():
        sources.update(told.sources)
    federated = {
        "shops": len(together.heard),
        "mode": lead.settings.mode,
        "rounds": [{"number": one.number, "taken": list(one.taken), "moved": one.moved} for one in together.rounds],
        "learnt_from": {name: told.sources for name, told in sorted(together.heard.items())},
        **lead.settings.model_dump(include={"secure", "rule", "tolerate", "weight_cap"}),
    }
    training = {
        "start": lead.start if lead.start == PACKAGED_BERT else begin.name,
        "data": dict(sources),
        "hold_out": None,
        "settings": lead.settings.training.model_dump(),
        **measured(outcome),
        "federated": federated,
    }
    whose = people_of(together, people_before(begin))
    card = model_card(lead.name, training, whose, command="federated", more=section(federated))
    written = save_trained(
        model,
        lead.out,
        begin,
        outcome,
        name=lead.name,
        lengths=lengths,
        training=training,
        card=card,
        people=whose,
        more={"federated": federated},
    )
    return written | {"data": training["data"], "model": str(lead.out), "name": read_config(lead.out).name}


def section(federated: dict[str, Any]) -> str:
    """What the model card says of it, in Markdown."""
    rows = [
        f"| {name} | {sum(sources.values())} | {', '.join(f'`{source}`' for source in sorted(sources))} |"
        for name, sources in federated["learnt_from"].items()
    ]
    whole = [one for one in federated["rounds"] if one["taken"]]
    lost = len(federated["rounds"]) - len(whole)
    return "\n".join(
        (
            "\n## Federated",
            f"{federated['shops']} shops trained it together in {len(federated['rounds'])} rounds ({lost} of them "
            "lost); each kept its windows to itself.",
            f"{federated['mode'].capitalize()}. What a shop learnt from is what it says itself:\n",
            "| shop | windows | learnt from |",
            "| --- | --- | --- |",
            *rows,
            "",
        )
    )


def people_of(together: Together, before: TrainedOn | None) -> TrainedOn | None:
    """Whose behaviour the shops learnt from, as they say, put together."""
    found = [told.people for told in together.heard.values() if told.people]
    if not found:
        return before
    return TrainedOn(
        unit="person" if all(one.unit == "person" for one in found) else "query",
        first=min(one.first for one in found),
        last=max(one.last for one in found),
        catalogues=sorted({name for one in found for name in one.catalogues}),
        before=before,
    )


def _windows(together: Together) -> int:
    return sum(told.windows for told in together.heard.values())
