"""Which index a run writes to: the live generation, or a new one that is published when it is whole."""

from __future__ import annotations

from dataclasses import dataclass, replace

from multimodal.encoder import EncoderId
from plugin import catalogue as catalogues
from plugin.catalogue import Catalogue, EncoderInfo
from plugin.client import Engine
from plugin.errors import EncoderMismatch, InvalidQuery, UnknownCatalogue
from plugin.filling import mark_filled, publish_filled

from .errors import IndexingFailed
from .sharding import Share
from .state import State, Unfinished

DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class Target:
    """Where documents go.

    Attributes:
        index: the generation that is written.
        donor: the generation whose vectors may be taken over; ``None`` when there is none.
        same_encoder: whether the donor's text vectors come from this run's encoder.
        same_image_encoder: whether its image vectors come from the encoder that the index names.
        language: its analysis.
        empty: it was made a moment ago, so there is nothing to compare with.
        created: the catalogue did not exist before.
        publish: the alias does not show it yet.
        share: which share of it this run fills; ``None`` is all of it.
    """

    index: str
    donor: str | None
    same_encoder: bool
    same_image_encoder: bool
    language: str
    empty: bool
    created: bool
    publish: bool
    share: Share | None = None


def live(engine: Engine, name: str) -> Catalogue | None:
    """The catalogue as it stands; ``None`` when there is none of that name."""
    try:
        return catalogues.lookup(engine, name)
    except UnknownCatalogue:
        return None


def require_fit(found: Catalogue, encoder: EncoderId, language: str | None) -> None:
    """Raise unless a run with this encoder and language may write into the live generation.

    Raises:
        EncoderMismatch: its vectors come from another encoder.
        InvalidQuery: its text is analysed as another language.
    """
    have = found.text_encoder
    if have is None or have.revision != encoder.revision:
        shown = f"{have.name} ({have.revision})" if have else "no encoder"
        raise EncoderMismatch(
            f"index: catalogue {found.name!r} has text vectors of {shown}, this run makes those of {encoder.name} "
            f"({encoder.revision}); use that encoder, or index all of it again with --rebuild"
        )
    if language is not None and language != found.language:
        raise InvalidQuery(
            "language",
            f"catalogue {found.name!r} is analysed as {found.language!r}; leave --language out, or index all of it "
            "again with --rebuild",
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run was called with.

    Attributes:
        name: the catalogue.
        encoder: makes the text vectors.
        image_encoder: makes the image vectors; ``None``: this run makes none.
        language: as asked for; ``None`` is the catalogue's own.
        rebuild: into a new generation.
        inputs: identity of the files.
        share: of the files' lines; ``None`` is all.
        shape: of the files; see :class:`~indexer.inputs.Inputs`.
    """

    name: str
    encoder: EncoderId
    image_encoder: EncoderId | None
    language: str | None
    rebuild: bool
    inputs: str
    share: Share | None = None
    shape: str = ""


def choose(engine: Engine, wanted: Wanted, found: Catalogue | None, state: State) -> Target:
    """Find or make the index that a run writes to; ``found`` is the catalogue as it stands."""
    name, encoder, language = wanted.name, wanted.encoder, wanted.language
    chosen = language or (found.language if found else DEFAULT_LANGUAGE)
    info = EncoderInfo(encoder.name, encoder.revision, encoder.dimension)
    images = _info(wanted.image_encoder)
    if found is not None and not wanted.rebuild:
        require_fit(found, encoder, language)
        return Target(found.index, found.index, True, True, found.language, empty=False, created=False, publish=False)
    if not wanted.rebuild:
        index, made = catalogues.create_published(
            engine, name, language=chosen, text_encoder=info, image_encoder=images
        )
        if not made:  # by another run, at this moment
            return choose(engine, wanted, catalogues.lookup(engine, name), state)
        # An index that an earlier run made and was killed before it published.
        catalogues.delete_old_generations(engine, name)
        return Target(index, None, False, False, chosen, empty=True, created=True, publish=False)
    donor = found.index if found else None
    same = found is not None and found.text_encoder is not None and found.text_encoder.revision == encoder.revision
    # A run that makes no image vectors takes those over that are there.
    images = images or (found.image_encoder if found else None)
    same_images = found is not None and images is not None and found.image_encoder == images
    kinds = f"{encoder.revision} {images.revision if images else ''} {chosen}"
    if wanted.share is not None:
        shared, made = catalogues.create_shared(
            engine,
            name,
            language=chosen,
            text_encoder=info,
            image_encoder=images,
            settings={"refresh_interval": "-1"},
            plan={"shares": wanted.share.count, "inputs": wanted.shape, "encoders": kinds},
        )
        created = found is None
        return Target(
            shared, donor, same, same_images, chosen, empty=made, created=created, publish=True, share=wanted.share
        )
    plan = Unfinished("", wanted.inputs, kinds, _cluster(engine))
    resumed = _resumed(engine, found, plan, state)
    index = resumed or catalogues.create_generation(
        engine,
        name,
        language=chosen,
        text_encoder=info,
        image_encoder=images,
        settings={"refresh_interval": "-1"},
    )
    if resumed is None:
        state.begin(replace(plan, index=index))
    return Target(index, donor, same, same_images, chosen, empty=resumed is None, created=found is None, publish=True)


def _info(encoder: EncoderId | None) -> EncoderInfo | None:
    return EncoderInfo(encoder.name, encoder.revision, encoder.dimension) if encoder else None


def publish(engine: Engine, name: str, target: Target, expected: int, state: State) -> None:
    """Show a whole new generation in place of the old one, in one step, and delete the old one.

    Raises:
        IndexingFailed: it does not hold as many documents as were written; the live generation stays.
    """
    _make_visible(engine, name, target, expected)
    catalogues.publish(engine, target.index)
    state.finish()
    catalogues.delete_old_generations(engine, name)


def publish_share(engine: Engine, name: str, target: Target, share: Share, expected: int) -> int:
    """Note that a share is whole; the last one publishes the generation as :func:`publish` does.

    Returns:
        How many shares are still to come; 0 when the generation is live.

    Raises:
        IndexingFailed: the generation does not hold as many documents as all shares have written, or none at all.
    """
    if _is_live(engine, name, target):
        return 0  # by an earlier try whose answer was lost
    whole = mark_filled(engine, target.index, share.number, share.count, expected)
    missing = share.count - len(whole)
    if missing:
        # Another share's run may have found all marks, published, and taken them away at this moment.
        return 0 if _is_live(engine, name, target) else missing
    if not sum(whole.values()):
        raise IndexingFailed(f"index: the engine took no line of any share, so catalogue {name!r} stays as it was")
    _make_visible(engine, name, target, sum(whole.values()))
    publish_filled(engine, target.index)
    catalogues.delete_old_generations(engine, name)
    return 0


def _is_live(engine: Engine, name: str, target: Target) -> bool:
    shown = live(engine, name)
    return shown is not None and shown.index == target.index


def _make_visible(engine: Engine, name: str, target: Target, expected: int) -> None:
    engine.request("PUT", f"/{target.index}/_settings", {"index": {"refresh_interval": None}})
    engine.request("POST", f"/{target.index}/_refresh", timeout_s=120.0)
    count = int(engine.request("GET", f"/{target.index}/_count")["count"])
    if count != expected:
        raise IndexingFailed(
            f"index: the new generation of {name!r} holds {count} documents, {expected} were expected; the live one "
            "stays as it was"
        )


def drop(engine: Engine, target: Target, state: State) -> None:
    """Delete a generation that will not be published."""
    catalogues.delete_index(engine, target.index)
    state.finish()


def _resumed(engine: Engine, found: Catalogue | None, wanted: Unfinished, state: State) -> str | None:
    """The unfinished generation when this is the same command again; one of another command is deleted."""
    left = state.unfinished()
    if left is None or left.cluster != wanted.cluster:
        return None
    if found is not None and left.index == found.index:
        state.finish()
        return None
    there = bool(engine.request("HEAD", f"/{left.index}"))
    if there and (left.inputs, left.encoder) == (wanted.inputs, wanted.encoder):
        return left.index
    if there:
        catalogues.delete_index(engine, left.index)
    state.finish()
    return None


def _cluster(engine: Engine) -> str:
    return str(engine.request("GET", "/")["cluster_uuid"])
