"""The steps of the loop. Each reads what the ones before it left, and may be done again at any time: what it writes
appears whole or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from multimodal import load_text_encoder
from personal.clicklogs import exposures, learned
from personal.eventscan import asked, events
from personal.judgments import JudgmentBook, by_query
from plugin.catalogue import lookup
from ranker.errors import JudgmentError
from ranker.folder import DEFAULT_MODEL, SERVED, digest, read_config
from ranker.qrels import read_qrels, read_queries
from ranker.windows import write_windows

from ..clicklogs import Moments
from ..models import point
from ..parts import Parts
from ..report import Judged
from ..trained import register_trained
from ..windows import judged_windows
from . import shoppers
from .measure import compared, values_of
from .state import Diary, State, model_of

SAME = 1e-6
"""How near the live model's measure must come to the candidate's, on the same windows."""


class Refused(Exception):
    """The candidate does not go live; the message says why."""


class RolledBack(Exception):
    """The candidate was live, and is not any more; the message says why."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What a candidate must reach.

    Attributes:
        queries: judged queries at least.
        margin: how much nDCG@10 the 95 % interval of the difference may reach below 0.
        slower: what a window may take, as a multiple of what it takes now.
        pages: that both filled in turn and that got a click, at least.
    """

    queries: int
    margin: float
    slower: float
    pages: int


@dataclass(frozen=True, slots=True)
class Told:
    """What a run was told beside its gate.

    Attributes:
        index: the catalogue.
        queries: file of judged queries; ``None`` takes those in the engine.
        qrels: with it.
        epochs: of training.
        seed: of training and tosses.
        shoppers: simulated, who are shown both; 0 leaves interleaving out.
        live_share: of the live shoppers, who are shown both in the simulated ones' place; 0 nobody.
        days: how long they shop, or how long live ones are waited for.
        per_signal: candidates of each signal in a training window.
        until_ms: events up to here.
    """

    index: str
    queries: str | None
    qrels: str | None
    epochs: float
    seed: int
    shoppers: int
    live_share: float
    days: int
    per_signal: int
    until_ms: int


class Steps:
    """The steps over one catalogue.

    Args:
        parts: engine, encoders.
        diary: where the run is kept.
        state: of the run.
        told: what it was told.
        gate: what a candidate must reach.
        link: what names the live model.
        say: told how it goes.
    """

    def __init__(
        self,
        parts: Parts,
        diary: Diary,
        state: State,
        *,
        told: Told,
        gate: Gate,
        link: Path,
        say: Callable[[str], None],
    ) -> None:
        self._parts, self._diary, self._state = parts, diary, state
        self._told, self._gate, self._link, self._say = told, gate, link, say

    def run(self, name: str) -> dict[str, Any]:
        """Do one step; returns what it found.

        Raises:
            Refused: the run ends here, and nothing has changed.
            Waiting: it goes on when live shoppers have clicked more.
            RolledBack: what was live before is live again.
        """
        step: Callable[[], dict[str, Any]] = getattr(self, f"_{name}")
        return step()

    def _file(self, name: str) -> Path:
        return self._diary.work(self._state, name)

    def _judgments(self) -> dict[str, Any]:
        """Events to debiased judgments: grades of query and product, without anybody in them."""
        told = self._told
        lookup(self._parts.engine, told.index)
        queries = asked(self._parts.engine, told.index)
        stream = events(self._parts.engine, told.index, ("impression", "click"), until_ms=told.until_ms)
        moments = Moments()
        found = learned(exposures(moments.of(stream), queries))
        if not found.grades:
            raise Refused("no query has clicks enough to learn from; wait for more events")
        _write(self._file("grades.json"), found.grades)
        return {
            "queries": len(found.grades),
            "left_out": found.left_out,
            "seen": moments.both,
            "eta": found.eta,
            "eta_estimated": found.estimated,
        }

    def _windows(self) -> dict[str, Any]:
        grades: dict[str, dict[str, float]] = json.loads(self._file("grades.json").read_text("utf-8"))
        texts = {f"c{number:06d}": text for number, text in enumerate(grades)}
        settings = self._parts.settings
        encoder = load_text_encoder(settings.text_encoder, settings.home, threads=settings.threads)
        made = judged_windows(
            self._parts.engine,
            encoder,
            self._told.index,
            texts,
            {name: grades[text] for name, text in texts.items()},
            source=f"clicks of {self._told.index}",
            k=self._told.per_signal,
            unjudged=0,
        )
        first, last = self._state.done["judgments"]["seen"]
        dated = (replace(window, seen=(first, last)) for window in made)
        count = write_windows(self._file("windows.jsonl.gz"), dated)
        if count < 2:
            raise Refused("too few queries bring what was clicked; wait for more events")
        return {"windows": count}

    def _finetune(self) -> dict[str, Any]:
        """A new head over the live model's own reading. Goes on from its checkpoint."""
        from .training import train_head

        live = self._live()
        return train_head(
            live,
            self._file("windows.jsonl.gz"),
            self._file("candidate"),
            name=model_of(self._state),
            catalogue=self._told.index,
            epochs=self._told.epochs,
            seed=self._told.seed,
            say=self._say,
        )

    def _compress(self) -> dict[str, Any]:
        """The served form. The reading is the live model's int8 graph, byte for byte, so there is nothing to lose."""
        candidate = self._file("candidate")
        config = read_config(candidate)
        live = read_config(self._live())
        if config.digests["head.onnx"] == live.digests["head.onnx"]:
            raise Refused("training found nothing better than what is live")
        same = config.digests["pair.onnx"] == live.digests["pair.onnx"]
        bytes_ = {name: (candidate / name).stat().st_size for name in SERVED}
        return {"reading_unchanged": same, "bytes": bytes_}

    def _gate_step(self) -> dict[str, Any]:
        judged = self._trusted()
        live = self._live()
        found = compared(
            self._parts, self._told.index, judged, live=live, candidate=self._file("candidate"), say=self._say
        )
        if len(judged.texts) < self._gate.queries:
            raise Refused(
                f"only {len(judged.texts)} judged queries, {self._gate.queries} are needed to trust a measure; "
                "judge more (the page's Judge button, or hybridrank judgments import), or lower --least-queries"
            )
        difference = found.difference
        text = f"nDCG@10 {difference.mean:+.4f} ({difference.low:+.4f} to {difference.high:+.4f})"
        if difference.mean < 0 or difference.low < -self._gate.margin:
            raise Refused(f"{text} on {found.queries} judged queries; it may lose {self._gate.margin:g} at most")
        if found.speed > self._gate.slower:
            raise Refused(f"a window takes {found.speed:.2f} times as long; {self._gate.slower:g} is allowed")
        return {**asdict(found), "previous": str(live)}

    def _interleave(self) -> dict[str, Any]:
        """Whom shoppers prefer: live ones where the run was told so, else simulated ones."""
        told, pages = self._told, self._gate.pages
        try:
            if told.live_share > 0:
                who, model = "live", self._published().name
                found = shoppers.live(
                    self._parts, told.index, model, share=told.live_share, pages=pages, days=told.days, say=self._say
                )
            elif told.shoppers == 0:
                return {"skipped": "no shoppers"}
            else:
                who, folders = "simulated", (self._previous(), self._file("candidate"))
                found = shoppers.simulated(
                    self._parts, told.index, folders, people=told.shoppers, days=told.days, seed=told.seed
                )
        except shoppers.TooFew as few:
            raise self._too_few(few.clicked) from few
        told_of = shoppers.told(found, who)
        if told_of["clicked_pages"] < pages:
            raise self._too_few(told_of["clicked_pages"])
        if found.high < 0.5:
            raise Refused(
                f"{who} shoppers prefer what is live: the candidate won {found.preference:.3f} of the pages "
                f"({found.low:.3f} to {found.high:.3f})"
            )
        return told_of

    def _too_few(self, clicked: int) -> Refused:
        more = "--live or --days" if self._told.live_share > 0 else "--shoppers or --days"
        return Refused(
            f"only {clicked} of the pages that both filled got a click, {self._gate.pages} are needed to tell which is "
            f"liked better; raise {more}, or lower --least-pages (--shoppers 0 without --live leaves this step out)"
        )

    def _published(self) -> Path:
        """Where the candidate lies among the models; copied there whole, once, and entered into their register."""
        target = self._parts.settings.home / "models" / "rankers" / model_of(self._state)
        if not target.exists():
            part = target.with_name(f".part-{target.name}")
            shutil.rmtree(part, ignore_errors=True)
            ignore = shutil.ignore_patterns("checkpoint*", "logs")
            shutil.copytree(self._file("candidate"), part, ignore=ignore)
            part.rename(target)
        register_trained(self._parts.settings, target)
        return target

    def _live_step(self) -> dict[str, Any]:
        """Move the candidate among the models, and let the link name it."""
        target = self._published()
        point(self._link, target)
        return {"model": str(target)}

    def _check(self) -> dict[str, Any]:
        """Look at what is live now, through the link: it must rank as what the gate let through.

        Both are measured now: clicks since the gate have moved live signals, and with them what either measures.
        """
        if self._link.resolve() != Path(self._state.done["live"]["model"]).resolve():
            # Set back by a check that was cut off, or by somebody: then it is not for this run to set it again.
            raise RolledBack(f"the link names {self._link.resolve().name}, which is not the model of this run")
        try:
            folders = (self._link, self._file("candidate"))
            value, expected = values_of(self._parts, self._told.index, self._trusted(), folders)
        except Exception as error:
            point(self._link, self._previous())
            raise RolledBack(f"the live model cannot be used ({type(error).__name__})") from error
        if abs(value - expected) > SAME:
            point(self._link, self._previous())
            raise RolledBack(f"nDCG@10 {value:.4f} is not the {expected:.4f} of what the gate let through")
        return {"ndcg@10": value, "digest": digest(self._link / "head.onnx")}

    def _live(self) -> Path:
        """The folder of the live model when this run looked first."""
        return self._link.resolve() if self._link.exists() else DEFAULT_MODEL

    def _previous(self) -> Path:
        return Path(self._state.done["gate"]["previous"])

    def _trusted(self) -> Judged:
        told = self._told
        if told.queries is not None and told.qrels is not None:
            return Judged.of(read_queries(Path(told.queries)), read_qrels(Path(told.qrels)))
        texts, grades = by_query(JudgmentBook(self._parts.engine).all(told.index))
        try:
            return Judged.of(texts, grades)
        except JudgmentError as error:
            raise Refused(
                "nothing is judged, so nothing can be trusted; judge results in the page, import judgments, "
                "or give --queries and --qrels"
            ) from error


def _write(path: Path, value: object) -> None:
    part = path.with_name(f".part-{path.name}")
    part.write_text(json.dumps(value, ensure_ascii=False) + "\n", "utf-8")
    part.replace(path)
