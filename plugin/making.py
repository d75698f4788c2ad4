"""Making an index exactly once, though an answer may be lost and others may make one of the same name."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Mapping
from typing import Any

from .client import Engine
from .document import OWN
from .errors import EngineRejected

_MADE = "made"
"""In ``_meta.hybridrank``: a random word of the call that made the index."""


def make_index(engine: Engine, index: str, body: Mapping[str, Any]) -> bool:
    """Make an index; false when somebody else's stands there.

    The client sends a request again when the connection broke before the answer came, and the engine then refuses the
    second one because of the first. The word in the mapping tells this from an index of others.

    Raises:
        EngineRejected: the engine refuses it for another reason.
    """
    named = copy.deepcopy(dict(body))
    word = uuid.uuid4().hex
    named.setdefault("mappings", {}).setdefault("_meta", {}).setdefault(OWN, {})[_MADE] = word
    try:
        engine.request("PUT", f"/{index}", named)
    except EngineRejected as error:
        if "resource_already_exists_exception" not in error.reason:
            raise
        found = engine.request("GET", f"/{index}/_mapping")
        meta = found[index]["mappings"].get("_meta", {}).get(OWN, {})
        return bool(meta.get(_MADE) == word)
    return True
