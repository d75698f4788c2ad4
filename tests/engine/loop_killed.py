"""Runs ``hybridrank loop`` again and again, each time to its end by SIGKILL at one place.

It reads lines of JSON, a list of a place and the command's arguments, and answers each by a line with the exit status
of the process that ran it, negative for a signal. Each run is a process of its own, forked from one that has imported
what they all need and done nothing else. It is killed from within, so that it ends at that very place, however fast the
machine is. A run to its own end is not made here: libraries that were loaded before the fork cannot be trusted to
close themselves down after it.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ranker.training import checkpoint
from service.__main__ import main
from service.loop import steps, training
from service.loop.state import STEPS, Diary, State

PLACES = (
    "begun judgments",
    "done judgments",
    "writing windows",
    "done windows",
    "checkpoint of finetune",
    "saved by finetune",
    "done finetune",
    "begun compress",
    "done compress",
    "begun gate",
    "done gate",
    "begun interleave",
    "done interleave",
    "copied by live",
    "renamed by live",
    "linking by live",
    "done live",
    "begun check",
    "done check",
)
"""In the order in which a run comes by them. ``done`` is before the diary says so."""
ROLLED_BACK = "rolled back by check"
"""What is live does not measure what it should; the link was set back, and the diary does not say so yet."""

MISSED = 70
"""The exit status of a run that came to its own end without coming by its place."""


def die() -> None:
    """As a power cut would, but for what the system still writes."""
    os.kill(os.getpid(), signal.SIGKILL)


def before(owner: Any, name: str, when: Callable[..., bool]) -> None:
    """Die instead of a call."""
    call = getattr(owner, name)

    @functools.wraps(call)
    def dies(*arguments: Any, **options: Any) -> Any:
        if when(*arguments):
            die()
        return call(*arguments, **options)

    setattr(owner, name, dies)


def after(owner: Any, name: str) -> None:
    """Die once a call has returned."""
    call = getattr(owner, name)

    @functools.wraps(call)
    def dies(*arguments: Any, **options: Any) -> Any:
        call(*arguments, **options)
        die()

    setattr(owner, name, dies)


def _named(part: str) -> Callable[..., bool]:
    return lambda path, *_: isinstance(path, Path) and path.name.startswith(part)


def in_diary(place: str) -> None:
    """Die when the diary is to say, or has said, that a step is done or begun."""
    what, step = place.split()
    write = Diary.write

    def dies(self: Diary, state: State) -> None:
        last = next((name for name in reversed(STEPS) if name in state.done), None)
        if what == "done" and state.running is None and last == step and not state.outcome:
            die()
        write(self, state)
        if what == "begun" and state.running == step:
            die()

    Diary.write = dies  # type: ignore[method-assign]


def prepare(place: str) -> None:
    """Let this process end at a place."""
    if place == "writing windows":
        before(Path, "replace", _named(".part-windows"))
    elif place == "checkpoint of finetune":
        after(checkpoint, "write")
    elif place == "saved by finetune":
        after(training, "save_served")
    elif place == "copied by live":
        after(shutil, "copytree")
    elif place == "renamed by live":
        before(steps, "register_trained", lambda *_: True)
    elif place == "linking by live":
        before(Path, "replace", _named(".part-live"))
    elif place == ROLLED_BACK:
        steps.SAME = -1.0
        write = Diary.write

        def dies(self: Diary, state: State) -> None:
            if state.outcome == "rolled_back":
                die()
            write(self, state)

        Diary.write = dies  # type: ignore[method-assign]
    else:
        in_diary(place)


def serve() -> None:
    """Answer lines until there are no more."""
    for line in sys.stdin:
        place, *arguments = json.loads(line)
        child = os.fork()
        if not child:
            os.dup2(2, 1)  # what the command prints is no answer of ours
            sys.argv[1:] = arguments
            prepare(place)
            with contextlib.suppress(SystemExit):
                main()
            sys.stderr.flush()
            os._exit(MISSED)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
