"""The loop as a whole: step after step, each written down when it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from personal.event_times import now_ms
from ranker.folder import DEFAULT_MODEL

from ..models import point
from ..parts import Parts
from ..settings import Settings
from .shoppers import Waiting, ended
from .state import STEPS, Diary, LoopError, State, begun, model_of
from .steps import Gate, Refused, RolledBack, Steps, Told

METHODS = {"gate": "gate_step", "live": "live_step"}
"""Steps whose method has another name than the step."""
ASKED = "interleave"
"""The step after which nobody needs to see two models in turn any more."""


def link_of(settings: Settings) -> Path:
    """The link that names the live model; made where it is missing.

    Raises:
        LoopError: the service was given a folder, or nothing, so nothing can be put live.
    """
    if not settings.model:
        raise LoopError(
            f"HYBRIDRANK_MODEL: not set; let it name a link, such as {settings.home}/models/live, for 'serve' too"
        )
    link = Path(settings.model)
    if link.exists() and not link.is_symlink():
        raise LoopError(f"HYBRIDRANK_MODEL: {link} is a folder; let it name a link to that folder, for 'serve' too")
    if not link.exists():
        point(link, DEFAULT_MODEL)
    return link


def diary_of(settings: Settings, index: str) -> Diary:
    """Where the loop of a catalogue is written down."""
    return Diary(settings.home / "loop" / index)


def run(parts: Parts, told: Told, gate: Gate, *, fresh: bool, say: Callable[[str], None]) -> State:
    """Go on with the open run of the catalogue, or begin one, and bring it to its end.

    Args:
        parts: engine and encoders.
        told: what to do; ``until_ms`` is taken of the open run where there is one.
        gate: what a candidate must reach.
        fresh: drop an open run.
        say: told how it goes.

    Returns:
        the run with its outcome; without one, it waits for live shoppers, as its reason says.

    Raises:
        LoopError: another loop runs, an open run was told something else, or nothing can be put live.
        EngineError, EncoderError, RankerError: what a step met; the same command goes on from there.
    """
    link = link_of(parts.settings)
    diary = diary_of(parts.settings, told.index)
    with diary.alone():
        options = {**_options(told), "gate": asdict(gate)}
        state = diary.read()
        if state is not None and (fresh or state.outcome or ASKED in state.done):
            ended(parts.settings, told.index, model_of(state))
        if state is None or state.outcome or fresh:
            state = begun(told.index, {**options, "until_ms": told.until_ms or now_ms()})
            diary.write(state)
        elif {**state.options, "until_ms": 0} != {**options, "until_ms": 0}:
            raise LoopError(
                f"run {state.run} is open and was told something else; repeat its options, or add --fresh to drop it"
            )
        told = Told(**{name: state.options[name] for name in _options(told)})
        steps = Steps(parts, diary, state, told=told, gate=gate, link=link, say=say)
        for number, name in enumerate(STEPS, 1):
            if name in state.done:
                continue
            say(f"{number} of {len(STEPS)}: {name}")
            state.running, state.reason = name, ""
            diary.write(state)
            try:
                state.done[name] = steps.run(METHODS.get(name, name))
            except Refused as refused:
                state.outcome, state.reason = "refused", str(refused)
            except RolledBack as back:
                state.outcome, state.reason = "rolled_back", str(back)
            except Waiting as waits:
                state.reason = str(waits)
                diary.write(state)
                return state
            state.running = None
            diary.write(state)
            # Only now: a run that is cut off before it wrote down what shoppers liked asks the same experiment again.
            if state.outcome or name == ASKED:
                ended(parts.settings, told.index, model_of(state))
            if state.outcome:
                return state
        state.outcome = "kept"
        state.reason = f"{Path(state.done['live']['model']).name} is live"
        diary.write(state)
    return state


def roll_back(settings: Settings, index: str) -> str:
    """Put live again what was live before the last run; returns its folder's name.

    Raises:
        LoopError: no run has put anything live.
    """
    link = link_of(settings)
    diary = diary_of(settings, index)
    with diary.alone():
        state = diary.read()
        if state is None or "live" not in state.done:
            raise LoopError("no run of this catalogue has put a model live; there is nothing to go back to")
        previous = Path(state.done["gate"]["previous"])
        point(link, previous)
        state.outcome, state.reason = "rolled_back", "by hand"
        diary.write(state)
    return previous.name


def _options(told: Told) -> dict[str, object]:
    return asdict(told)
