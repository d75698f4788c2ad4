"""Catalogues: an alias each, over one generation of its index at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import resources
from .client import Engine
from .document import DEFAULT_IMAGE_DIMENSION, IMAGE_VECTOR, OWN, TEXT_VECTOR, vector_mapping
from .errors import EncoderMismatch, EngineError, InvalidQuery, UnknownCatalogue
from .making import make_index
from .names import (
    CATALOGUE_PREFIX,
    LAST_GENERATION,
    PhysicalIndex,
    generations_pattern,
    parse_physical,
)

VECTORS_APART = {"knn.derived_source.enabled": True}
"""Vectors are left out of the stored documents and read back from the vector field itself, as float32, where a document
is asked for with them. A window of hits then needs not read past megabytes of numbers to come to its texts."""


@dataclass(frozen=True, slots=True)
class EncoderInfo:
    """Which encoder a catalogue's vectors come from: the values of ``multimodal.encoder.EncoderId``."""

    name: str
    revision: str
    dimension: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A catalogue as the cluster has it.

    Attributes:
        name: the alias.
        index: the generation that the alias shows.
        uuid: of ``index``; one that is made anew under the same name has another.
        language: its analysis.
        shards: primary shards of ``index``.
        text_encoder: whose vectors ``text_vector`` holds; ``None`` when it was made without.
        image_encoder: the same of ``image_vector``.
        schema: digest of the templates that it was made from, ``""`` when unknown.
        fields: top-level fields of its mapping.
        generations: every index of this catalogue, oldest first, the unfinished ones included.
        pictured: false where it is known that no product has an image vector; see :func:`is_pictured`.
    """

    name: str
    index: str
    uuid: str
    language: str
    shards: int
    text_encoder: EncoderInfo | None
    image_encoder: EncoderInfo | None
    schema: str
    fields: frozenset[str]
    generations: tuple[str, ...]
    pictured: bool = True

    def require_text_encoder(self, name: str, revision: str) -> None:
        """Raise :class:`~plugin.errors.EncoderMismatch` unless queries by this encoder can be compared here."""
        _require(self.name, "text", self.text_encoder, name, revision)

    def require_image_encoder(self, name: str, revision: str) -> None:
        """Raise :class:`~plugin.errors.EncoderMismatch` unless query images by this encoder can be compared here."""
        _require(self.name, "image", self.image_encoder, name, revision)


def create_generation(
    engine: Engine,
    name: str,
    *,
    language: str = "en",
    text_encoder: EncoderInfo | None,
    image_encoder: EncoderInfo | None = None,
    shards: int = 1,
    image_dimension: int = DEFAULT_IMAGE_DIMENSION,
    settings: Mapping[str, Any] | None = None,
    extra_meta: Mapping[str, Any] | None = None,
) -> str:
    """Make the next, empty index of a catalogue; nobody sees it until :func:`publish`.

    Args:
        engine: a cluster with the templates installed.
        name: the catalogue.
        language: one of :func:`plugin.resources.languages`.
        text_encoder: goes to the mapping's ``_meta``; its dimension is ``text_vector``'s. ``None``: no such field.
        image_encoder: the same of ``image_vector``. ``None``: the field is made with ``image_dimension``.
        shards: primary shards.
        image_dimension: length of image vectors while no image encoder is named.
        settings: more index settings, such as ``{"refresh_interval": "-1"}`` while it is filled.
        extra_meta: more values for ``_meta.hybridrank``.

    Returns:
        The index's name.
    """
    body = _definition(
        engine,
        language=language,
        text_encoder=text_encoder,
        image_encoder=image_encoder,
        shards=shards,
        image_dimension=image_dimension,
        settings=settings,
        extra_meta=extra_meta,
    )
    while True:
        index = _next(name, language, _of_pattern(engine, name))
        if make_index(engine, index, body):
            return index


def create_published(
    engine: Engine,
    name: str,
    *,
    language: str,
    text_encoder: EncoderInfo | None,
    image_encoder: EncoderInfo | None = None,
) -> tuple[str, bool]:
    """Make a catalogue that does not exist yet, alias included, in one step; of many who do so at once, one makes it.

    Returns:
        The index that the alias shows, and whether this call made it. The arguments are those of
        :func:`create_generation`; another call's index may have been made with others.
    """
    body = _definition(engine, language=language, text_encoder=text_encoder, image_encoder=image_encoder)
    body["aliases"] = {name: {}}
    while True:
        there = _of_pattern(engine, name)
        for index, answer in there.items():
            if name in answer.get("aliases", {}):
                return index, False
        index = _next(name, language, there)
        if make_index(engine, index, body):
            return index, True


def create_shared(
    engine: Engine,
    name: str,
    *,
    language: str,
    text_encoder: EncoderInfo | None,
    image_encoder: EncoderInfo | None = None,
    settings: Mapping[str, Any],
    plan: Mapping[str, Any],
) -> tuple[str, bool]:
    """Make or join the unpublished generation that several runs fill together.

    Args:
        engine: a cluster with the templates installed.
        name: the catalogue.
        language: as for :func:`create_generation`.
        text_encoder: as for :func:`create_generation`.
        image_encoder: as for :func:`create_generation`.
        settings: as for :func:`create_generation`.
        plan: what the runs have in common; it stands in ``_meta.hybridrank.plan``, and runs of equal plans meet.

    Returns:
        The index, and whether this call made it.
    """
    extra = {"plan": dict(plan)}
    body = _definition(
        engine,
        language=language,
        text_encoder=text_encoder,
        image_encoder=image_encoder,
        settings=settings,
        extra_meta=extra,
    )
    while True:
        there = _of_pattern(engine, name)
        for index in reversed(there):
            if name in there[index].get("aliases", {}):
                break
            if there[index]["mappings"].get("_meta", {}).get(OWN, {}).get("plan") == extra["plan"]:
                return index, False
        index = _next(name, language, there)
        if make_index(engine, index, body):
            return index, True


def _definition(
    engine: Engine,
    *,
    language: str,
    text_encoder: EncoderInfo | None,
    image_encoder: EncoderInfo | None,
    shards: int = 1,
    image_dimension: int = DEFAULT_IMAGE_DIMENSION,
    settings: Mapping[str, Any] | None = None,
    extra_meta: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The body that makes an index; see :func:`create_generation`."""
    schemas = resources.languages()
    if language not in schemas:
        raise InvalidQuery("language", f"no analysis for {language!r}; there is {', '.join(sorted(schemas))}")
    meta: dict[str, Any] = {"schema": schemas[language], "language": language, **(extra_meta or {})}
    properties = {IMAGE_VECTOR: vector_mapping(image_encoder.dimension if image_encoder else image_dimension)}
    if text_encoder is not None:
        properties[TEXT_VECTOR] = vector_mapping(text_encoder.dimension)
        meta["text_encoder"] = _encoder_meta(text_encoder)
    if image_encoder is not None:
        meta["image_encoder"] = _encoder_meta(image_encoder)
    if not engine.request("HEAD", f"/_index_template/hybridrank-catalogue-{language}"):
        raise EngineError(f"the index template for {language!r} is not installed; run: hybridrank install")
    return {
        "settings": {"index": {"number_of_shards": shards, **VECTORS_APART, **(settings or {})}},
        "mappings": {"_meta": {OWN: meta}, "properties": properties},
    }


def _next(name: str, language: str, there: Mapping[str, Any]) -> str:
    """The index after the newest of those that are there."""
    last = max((found.generation for index in there if (found := parse_physical(index)) is not None), default=0)
    if last >= LAST_GENERATION:
        raise EngineError(f"index: catalogue {name!r} has no generation left after {last}")
    return str(PhysicalIndex(name, last + 1, language))


def publish(engine: Engine, index: str) -> None:
    """Let the catalogue's alias show ``index`` and no other, in one step: no search sees none or both."""
    wanted = parse_physical(index)
    if wanted is None:
        raise InvalidQuery("index", f"{index!r} is not the index of a catalogue")
    actions: list[dict[str, Any]] = [
        {"remove": {"index": old, "alias": wanted.catalogue}}
        for old in _alias_targets(engine, wanted.catalogue)
        if old != index
    ]
    actions.append({"add": {"index": index, "alias": wanted.catalogue}})
    engine.request("POST", "/_aliases", {"actions": actions})


def lookup(engine: Engine, name: str) -> Catalogue:
    """What is known about a catalogue; raises :class:`~plugin.errors.UnknownCatalogue`."""
    found = _of_pattern(engine, name)
    shown = [index for index, answer in found.items() if name in answer.get("aliases", {})]
    if not shown:
        raise UnknownCatalogue(name)
    return _describe(name, shown[-1], found[shown[-1]], tuple(found))


def is_pictured(engine: Engine, index: str) -> bool:
    """Whether some product that searches see has an image vector."""
    body = {"size": 0, "track_total_hits": 1, "query": {"exists": {"field": IMAGE_VECTOR}}}
    return bool(engine.search(index, body)["hits"]["total"]["value"])


def list_catalogues(engine: Engine) -> list[Catalogue]:
    """Every catalogue, by name; one whose first generation is not published yet is described by that generation."""
    answer = engine.request("GET", f"/{CATALOGUE_PREFIX}*", params={"expand_wildcards": "all"})
    by_name: dict[str, list[PhysicalIndex]] = {}
    for index in answer:
        found = parse_physical(index)
        if found is not None:
            by_name.setdefault(found.catalogue, []).append(found)
    catalogues = []
    for name, indices in sorted(by_name.items()):
        ordered = [str(index) for index in sorted(indices)]
        shown = [index for index in ordered if name in answer[index].get("aliases", {})] or ordered
        catalogues.append(_describe(name, shown[-1], answer[shown[-1]], tuple(ordered)))
    return catalogues


def delete_index(engine: Engine, index: str) -> None:
    """Delete one generation; deleting one that is gone is no failure."""
    if parse_physical(index) is None:
        raise InvalidQuery("index", f"{index!r} is not the index of a catalogue")
    engine.request("DELETE", f"/{index}", params={"ignore_unavailable": "true"})


def delete_old_generations(engine: Engine, name: str, *, keep: int = 0) -> list[str]:
    """Delete the generations older than the published one.

    Args:
        engine: the cluster.
        name: the catalogue; newer, unpublished generations are left alone, for they may be filled right now.
        keep: how many of the older ones stay.

    Returns:
        The deleted indices.
    """
    published = lookup(engine, name).index
    generations = _generations(engine, name)
    older = generations[: [str(found) for found in generations].index(published)]
    doomed = [str(found) for found in (older[:-keep] if keep else older)]
    for index in doomed:
        delete_index(engine, index)
    return doomed


def _of_pattern(engine: Engine, name: str) -> dict[str, Any]:
    """Every generation of a catalogue, oldest first: the engine's answer about each.

    They are asked for by their own names: a login needs no rights on an alias, nor on one that does not exist yet.
    """
    answer = engine.request("GET", f"/{generations_pattern(name)}", params={"expand_wildcards": "all"})
    known = [found for index in answer if (found := parse_physical(index)) is not None and found.catalogue == name]
    return {str(found): answer[str(found)] for found in sorted(known, key=lambda found: found.generation)}


def _generations(engine: Engine, name: str) -> list[PhysicalIndex]:
    return [found for index in _of_pattern(engine, name) if (found := parse_physical(index)) is not None]


def _alias_targets(engine: Engine, name: str) -> list[str]:
    return sorted(index for index, answer in _of_pattern(engine, name).items() if name in answer.get("aliases", {}))


def _describe(name: str, index: str, answer: Mapping[str, Any], generations: tuple[str, ...]) -> Catalogue:
    mappings = answer.get("mappings", {})
    meta = mappings.get("_meta", {}).get(OWN, {})
    found = parse_physical(index)
    return Catalogue(
        name=name,
        index=index,
        uuid=str(answer["settings"]["index"]["uuid"]),
        language=found.language if found else "",
        shards=int(answer["settings"]["index"]["number_of_shards"]),
        text_encoder=_encoder(meta.get("text_encoder")),
        image_encoder=_encoder(meta.get("image_encoder")),
        schema=str(meta.get("schema", "")),
        fields=frozenset(mappings.get("properties", {})),
        generations=generations,
    )


def _encoder_meta(encoder: EncoderInfo) -> dict[str, Any]:
    return {"name": encoder.name, "revision": encoder.revision, "dimension": encoder.dimension}


def _encoder(meta: Mapping[str, Any] | None) -> EncoderInfo | None:
    return EncoderInfo(str(meta["name"]), str(meta["revision"]), int(meta["dimension"])) if meta else None


def _require(catalogue: str, what: str, found: EncoderInfo | None, name: str, revision: str) -> None:
    if found is None:
        raise EncoderMismatch(f"index: catalogue {catalogue!r} names no {what} encoder; index it again with one")
    if found.revision != revision:
        raise EncoderMismatch(
            f"index: catalogue {catalogue!r} has {what} vectors of {found.name} ({found.revision}), the query's are of "
            f"{name} ({revision}); use that encoder, or index again with --rebuild"
        )
