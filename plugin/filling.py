"""Which shares of a generation are filled: hidden aliases of its index, so that they come and go with it.

An alias is added in one step of the cluster's state, whoever adds others at that moment, needs no index of its own, and
is gone when the generation is. Its name tells the share and how many documents that put there.
"""

from __future__ import annotations

import re
from typing import Any

from .catalogue import publish
from .client import Engine
from .errors import EngineRejected
from .names import CATALOGUE_PREFIX

_PREFIX = "hybridrank-filled."
_MARK = re.compile(r"hybridrank-filled\..+\.([0-9]+)-of-([0-9]+)\.([0-9]+)")


def mark_filled(engine: Engine, index: str, number: int, count: int, documents: int) -> dict[int, int]:
    """Note that a share is whole; noting it again replaces what stood there.

    Args:
        engine: the cluster.
        index: the generation, not published yet.
        number: of the share, from 1.
        count: of shares.
        documents: how many of them are in the index.

    Returns:
        Documents by share, of all that are whole.
    """
    alias = f"{_PREFIX}{index.removeprefix(CATALOGUE_PREFIX)}.{number}-of-{count}.{documents}"
    own = [name for name in _marks(engine, index) if name != alias and _read(name)[:2] == (number, count)]
    actions: list[dict[str, Any]] = [{"remove": {"index": index, "alias": name}} for name in own]
    actions.append({"add": {"index": index, "alias": alias, "is_hidden": True}})
    engine.request("POST", "/_aliases", {"actions": actions})
    return {share: held for share, of, held in map(_read, _marks(engine, index)) if of == count}


def publish_filled(engine: Engine, index: str) -> None:
    """Let the catalogue's alias show a generation that is whole, and take the marks away."""
    publish(engine, index)
    for name in _marks(engine, index):
        try:
            engine.request("DELETE", f"/{index}/_alias/{name}")
        except EngineRejected as error:
            if error.status != 404:  # another share, which ended at this moment, took it away
                raise


def _marks(engine: Engine, index: str) -> list[str]:
    answer = engine.request("GET", f"/{index}/_alias", params={"expand_wildcards": "all"})
    return sorted(name for name in answer[index]["aliases"] if _MARK.fullmatch(name))


def _read(name: str) -> tuple[int, int, int]:
    """Number, count and documents of a mark."""
    found = _MARK.fullmatch(name)
    if found is None:
        raise ValueError(f"{name!r} is no mark")
    return int(found[1]), int(found[2]), int(found[3])
