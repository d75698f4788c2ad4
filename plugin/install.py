"""Installing hybridrank into a cluster, naming what drifted, and removing it again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from . import resources
from .catalogue import Catalogue, delete_index, list_catalogues
from .client import Engine, EngineInfo
from .errors import EngineRejected
from .making import make_index
from .names import (
    BEHAVIOUR,
    DUELS,
    JUDGMENTS,
    MERCHANDISING,
    PIPELINE_MINMAX,
    PIPELINE_RRF,
    PLUGIN,
    PROFILES,
    SOCIAL,
    SUGGESTIONS,
    UBI_EVENTS,
    UBI_QUERIES,
    parse_physical,
)
from .resources import Resource

INDICES = {
    UBI_QUERIES: "hybridrank-ubi-queries",
    UBI_EVENTS: "hybridrank-ubi-events",
    BEHAVIOUR: "hybridrank-behaviour",
    MERCHANDISING: "hybridrank-merchandising",
    PROFILES: "hybridrank-profiles",
    SUGGESTIONS: "hybridrank-suggestions",
    SOCIAL: "hybridrank-social",
    JUDGMENTS: "hybridrank-judgments",
    DUELS: "hybridrank-duels",
}
"""The indices that an install makes, and the template of each."""
CONTENTS = {
    MERCHANDISING: "merchandising",
    PROFILES: "people",
    SOCIAL: "people",
    JUDGMENTS: "judgments",
    DUELS: "interleaving",
}
"""What an index holds documents of; of behaviour where it is not named."""
MADE_OF_OTHERS = frozenset({BEHAVIOUR, SUGGESTIONS})
"""A function of the logs and the catalogues, so nothing is lost with them."""

DEFAULT_PIPELINES = ("index.search.default_pipeline", "index.default_pipeline", "index.final_pipeline")
"""Settings of an index that name a pipeline which its requests run without asking."""
_PIPELINES = frozenset({PLUGIN, PIPELINE_MINMAX, PIPELINE_RRF})


@dataclass(frozen=True, slots=True)
class Drift:
    """One place where the cluster is not what the files say.

    Attributes:
        what: the thing, and inside it the dotted path of the value.
        expected: what the file says.
        found: what the engine has; ``absent`` when it lacks it.
    """

    what: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.what}: expected {self.expected}, found {self.found}"


@dataclass(frozen=True, slots=True)
class Changes:
    """What :func:`install` did: names of what it ``wrote``, and how many were ``unchanged``."""

    wrote: tuple[str, ...]
    unchanged: int


@dataclass(slots=True)
class Removal:
    """What :func:`remove` did: what is gone, and what stays with the reason."""

    removed: list[str] = field(default_factory=list)
    stays: list[str] = field(default_factory=list)


def install(engine: Engine) -> Changes:
    """Bring the cluster to what the files say; a second call changes nothing.

    Raises:
        EngineUnsupported: the cluster's version or plugins do not fit.
        EngineRejected: the login may not, or another template takes the same names with the same priority.
    """
    wrote: list[str] = []
    unchanged = 0
    for resource in _fitting(engine, engine.check()):
        if _drift_of(engine, resource):
            engine.request("PUT", resource.path, resource.body)
            wrote.append(str(resource))
        else:
            unchanged += 1
    for index in INDICES:
        if engine.request("HEAD", f"/{index}"):
            unchanged += 1
        else:
            body = {"mappings": {"_meta": {"hybridrank": {"created": True}}}}
            if make_index(engine, index, body):
                wrote.append(f"index {index}")
            else:
                unchanged += 1  # another install made it at this moment
    return Changes(tuple(wrote), unchanged)


def check(engine: Engine) -> list[Drift]:
    """Name every difference between the files and the cluster; empty when there is none."""
    drifts: list[Drift] = []
    for resource in _fitting(engine, engine.check()):
        drifts += _drift_of(engine, resource)
    for index, template in INDICES.items():
        drifts += _index_drift(engine, index, template)
    known = resources.languages()
    for catalogue in list_catalogues(engine):
        drifts += _catalogue_drift(catalogue, known)
    return drifts


def remove(engine: Engine, *, catalogues: bool = False) -> Removal:
    """Take out what :func:`install` put in.

    Args:
        engine: the cluster.
        catalogues: delete the catalogues as well; without it they stay searchable, but cannot be rebuilt.

    Returns:
        What was removed and what stays: catalogues, behaviour that was collected, and indices of others.
    """
    done = Removal()
    for catalogue in list_catalogues(engine):
        for index in catalogue.generations:
            if catalogues:
                delete_index(engine, index)
                done.removed.append(f"index {index}")
            else:
                done.stays.append(f"catalogue {catalogue.name} ({index}); remove it with --catalogues")
    for index in INDICES:
        _remove_index(engine, index, done)
    done.removed += _forget_defaults(engine)
    for resource in reversed(_fitting(engine, engine.info(), gone=PLUGIN)):
        if _get(engine, resource) is not None:
            engine.request("DELETE", resource.path)
            done.removed.append(str(resource))
    others = engine.request("GET", "/hybridrank-*", params={"expand_wildcards": "all", "filter_path": "*.aliases"})
    done.stays += [
        f"index {index}, which install did not make"
        for index in others
        if parse_physical(index) is None and index not in INDICES
    ]
    return done


def _fitting(engine: Engine, info: EngineInfo, *, gone: str | None = None) -> list[Resource]:
    """What can be in a cluster: what needs a plugin, only where every node has it, or had it (``gone``).

    Roles are an administrator's alone to see: for another login they are left out.
    """
    there = info.plugins
    if resources.SECURITY in there and not _sees_roles(engine):
        there -= {resources.SECURITY}
    return [found for found in resources.load() if found.needs in {None, gone} or found.needs in there]


def _sees_roles(engine: Engine) -> bool:
    try:
        engine.request("GET", "/_plugins/_security/api/roles")
    except EngineRejected as error:
        if error.status in {401, 403}:
            return False
        raise
    return True


def _forget_defaults(engine: Engine) -> list[str]:
    """Take our pipelines out of the settings of indices; one that names a pipeline which is gone answers nothing."""
    answer = engine.request("GET", "/_all/_settings", params={"flat_settings": "true", "expand_wildcards": "all"})
    forgotten = []
    for index, found in answer.items():
        settings = found["settings"]
        ours = {name: None for name in DEFAULT_PIPELINES if settings.get(name) in _PIPELINES}
        if ours:
            engine.request("PUT", f"/{index}/_settings", ours)
            forgotten.append(f"default pipeline of {index}")
    return forgotten


def _remove_index(engine: Engine, index: str, done: Removal) -> None:
    if not engine.request("HEAD", f"/{index}"):
        return
    mapping = next(iter(engine.request("GET", f"/{index}/_mapping").values()))["mappings"]
    engine.request("POST", f"/{index}/_refresh")
    count = engine.request("GET", f"/{index}/_count")["count"]
    if not mapping.get("_meta", {}).get("hybridrank", {}).get("created"):
        done.stays.append(f"index {index}, which was there before")
    elif count and index not in MADE_OF_OTHERS:
        what = CONTENTS.get(index, "behaviour")
        done.stays.append(f"index {index} with {count} documents of {what}; delete it by hand")
    else:
        engine.request("DELETE", f"/{index}")
        done.removed.append(f"index {index}")


def _get(engine: Engine, resource: Resource) -> dict[str, Any] | None:
    """The engine's copy in the form of the file; ``None`` when it has none."""
    try:
        answer = engine.request("GET", resource.path)
    except EngineRejected as error:
        if error.status == 404:
            return None
        raise
    if resource.kind == "component template":
        found = answer["component_templates"][0]["component_template"]
    elif resource.kind == "index template":
        found = answer["index_templates"][0]["index_template"]
    elif resource.kind == "role":
        found = _role(answer[resource.name])
    else:
        found = answer[resource.name]
    return dict(found)


def _role(answer: dict[str, Any]) -> dict[str, Any]:
    """A role without what the security plugin adds to it."""
    permissions = [
        {name: part for name, part in one.items() if name in {"index_patterns", "allowed_actions"}}
        for one in answer["index_permissions"]
    ]
    kept: dict[str, Any] = {"index_permissions": permissions}
    return kept | {name: answer[name] for name in ("description", "cluster_permissions") if name in answer}


def _drift_of(engine: Engine, resource: Resource) -> list[Drift]:
    found = _get(engine, resource)
    if found is None:
        return [Drift(str(resource), f"digest {resource.digest}", "absent")]
    return [
        Drift(f"{resource}, {path}", expected, actual)
        for path, expected, actual in resources.differences(resource.body, found)
    ]


def _index_drift(engine: Engine, index: str, template: str) -> list[Drift]:
    if not engine.request("HEAD", f"/{index}"):
        return [Drift(f"index {index}", f"made from {template}", "absent")]
    body = next(item.body for item in resources.load() if item.kind == "index template" and item.name == template)
    expected = body["template"]["mappings"]["properties"]
    found = next(iter(engine.request("GET", f"/{index}/_mapping").values()))["mappings"].get("properties", {})
    # more fields than ours do no harm; a field that is missing or of another type does
    return [
        Drift(f"index {index}, {path}", want, have)
        for path, want, have in resources.differences(expected, found)
        if want != "absent"
    ]


def _catalogue_drift(catalogue: Catalogue, known: dict[str, str]) -> list[Drift]:
    expected = known.get(catalogue.language)
    if catalogue.schema == expected:
        return []
    return [
        Drift(
            f"catalogue {catalogue.name}, mapping (hybridrank index --rebuild brings it up to date)",
            f"schema {expected or 'of a known language'}",
            f"schema {catalogue.schema or 'absent'}",
        )
    ]
