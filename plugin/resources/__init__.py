"""What hybridrank installs in OpenSearch, one JSON file each, and how its copy in the engine is compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

from ..names import PLUGIN

Kind = Literal["component template", "index template", "search pipeline", "ingest pipeline", "role"]

SECURITY = "opensearch-security"
_FOLDERS: tuple[tuple[Kind, str, str, str | None], ...] = (
    ("component template", "component_templates", "/_component_template/", None),
    ("index template", "index_templates", "/_index_template/", None),
    ("search pipeline", "search_pipelines", "/_search/pipeline/", None),
    ("search pipeline", "plugin/search_pipelines", "/_search/pipeline/", PLUGIN),
    ("ingest pipeline", "plugin/ingest_pipelines", "/_ingest/pipeline/", PLUGIN),
    ("role", "security/roles", "/_plugins/_security/api/roles/", SECURITY),
)
_CATALOGUE_TEMPLATE = "hybridrank-catalogue-"


@dataclass(frozen=True, slots=True)
class Resource:
    """One file.

    Attributes:
        kind: what it is in the engine.
        name: under which name; the file's name without ``.json``.
        path: its address in the engine.
        body: what is sent, the digest included.
        digest: of the file's content, 16 hex digits.
        needs: the OpenSearch plugin without which it cannot be installed, or ``None``.
    """

    kind: Kind
    name: str
    path: str
    body: dict[str, Any]
    digest: str
    needs: str | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def load() -> list[Resource]:
    """Every resource in the order of installing: a template comes after what it is composed of."""
    found = []
    for kind, folder, address, needs in _FOLDERS:
        for file in sorted(files(__name__).joinpath(folder).iterdir(), key=lambda entry: entry.name):
            if not file.name.endswith(".json"):
                continue
            name = file.name.removesuffix(".json")
            body = json.loads(file.read_text(encoding="utf-8"))
            digest = digest_of(body)
            if kind.endswith("template"):  # nothing else has _meta in the engine's API
                body["_meta"]["hybridrank"]["digest"] = digest
            found.append(Resource(kind, name, address + name, body, digest, needs))
    return found


def languages() -> dict[str, str]:
    """The languages that a catalogue may have: code to schema digest, over all files that make its mapping."""
    resources = {(resource.kind, resource.name): resource for resource in load()}
    known = {}
    for (kind, name), template in resources.items():
        if kind == "index template" and name.startswith(_CATALOGUE_TEMPLATE):
            parts = [resources["component template", part].digest for part in template.body["composed_of"]]
            known[name.removeprefix(_CATALOGUE_TEMPLATE)] = digest_of([template.digest, *parts])
    return known


def digest_of(value: Any) -> str:
    """16 hex digits over the canonical JSON of a value."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def differences(expected: Any, found: Any) -> list[tuple[str, str, str]]:
    """Where two JSON values differ: (dotted path, expected, found), ``absent`` for what one side lacks.

    The engine answers numbers and booleans of settings as strings, and a single ``copy_to`` as a list of one; neither
    is a difference.
    """
    left, right = dict(_leaves(expected)), dict(_leaves(found))
    return [
        (path, left.get(path, "absent"), right.get(path, "absent"))
        for path in sorted(left.keys() | right.keys())
        if left.get(path) != right.get(path)
    ]


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and len(value) != 1:
        for place, item in enumerate(value):
            yield from _leaves(item, f"{path}[{place}]")
    elif isinstance(value, list):
        yield from _leaves(value[0], path)
    elif isinstance(value, bool):
        yield path, str(value).lower()
    else:
        yield path, str(value)
