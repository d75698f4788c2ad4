"""``python -m service.serving``: gunicorn's master, in a process that has loaded no model library.

onnxruntime starts threads when it is imported. They do not exist in a forked worker, whose end then aborts or hangs;
so ``hybridrank serve`` checks everything and turns itself into this, and only the workers import the application.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .gunicorn import Service, Serving

if TYPE_CHECKING:
    from flask import Flask

FORBIDDEN = ("onnxruntime", "torch")


def make(*, demo: bool, slots: int, workers: int) -> Flask:
    """The application, in a worker: settings, keys and pictures are read here."""
    from . import allowances, overload
    from .app import create_app
    from .keys import KeyRing
    from .sample import SampleFolder
    from .settings import Settings

    settings = Settings()
    if demo:
        app = create_app(settings, demo=True, media=SampleFolder.of(settings).media(settings.index))
    else:
        app = create_app(settings, ring=KeyRing(settings.keys_path))
    allowed = allowances.of(settings, workers=workers)
    if allowed is not None:
        allowances.install(app, allowed)
    overload.install(app, overload.Gate(slots, settings.queue, settings.queue_wait_ms / 1000))
    return app


def main(argument: str) -> None:
    """Serve until stopped.

    Args:
        argument: JSON of ``serving`` (the fields of :class:`~service.gunicorn.Serving`), ``demo`` and ``metrics``,
            the folder in which several workers count together.
    """
    given = json.loads(argument)
    loaded = [name for name in FORBIDDEN if name in sys.modules]
    if loaded:
        raise RuntimeError(f"{', '.join(loaded)} must not be loaded before the workers are forked")
    serving = Serving(**given["serving"])
    shared = Path(given["metrics"]) if given["metrics"] else None
    master = os.getpid()
    try:
        Service(
            lambda: make(demo=given["demo"], slots=serving.threads, workers=serving.workers),
            serving,
            shared=shared,
        ).run()
    finally:
        # A worker that ends comes by here too; the folder is the others' then.
        if shared is not None and os.getpid() == master:
            shutil.rmtree(shared, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1])
