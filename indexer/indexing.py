"""One run: files in, documents out; reading, encoding and ``_bulk`` go on at the same time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from multimodal.encoder import ImageEncoder, TextEncoder
from plugin.catalogue import Catalogue
from plugin.client import Engine
from plugin.errors import EngineUnavailable
from plugin.install import install
from plugin.names import check_catalogue_name

from . import checking, target
from .bulk import BulkSender, Verdict
from .checking import Batch, Checker
from .deadletters import DeadLetters, new_stem
from .encoding import documents
from .errors import IndexingFailed
from .inputs import Inputs
from .mediasources import MediaSources
from .patience import Patience
from .picturing import Picturing
from .prefetch import prefetched
from .records import Item, Rejection
from .settling import Settler
from .sharding import Share
from .state import State, Writes
from .summary import OnProgress, OnRejection, Progress, Summary
from .webpictures import WebPictures

READ_AHEAD = 2
"""Batches that are read and compared while one is encoded."""
SENDERS = 2
"""Requests under way while the next batch is encoded."""
FIRST_ANSWER_S = 5.0
"""How long a run waits for an engine that does not answer at its start; later it is more patient."""


def run(
    files: Sequence[str | Path],
    *,
    engine: Engine,
    catalogue: str,
    home: Path,
    encoder: TextEncoder,
    language: str | None = None,
    rebuild: bool = False,
    share: Share | None = None,
    images: Path | None = None,
    image_encoder: ImageEncoder | None = None,
    web: WebPictures | None = None,
    threads: int = 2,
    on_progress: OnProgress = lambda _: None,
    on_rejection: OnRejection = lambda _: None,
    patience: Patience | None = None,
) -> Summary:
    """Index catalogue files.

    The same call again, also after the process was killed, goes on where it stopped: what the engine holds already
    is neither encoded nor written again.

    Args:
        files: JSON Lines, CSV or Parquet; ``-`` is JSON Lines on standard input.
        engine: the cluster; what is not yet installed there is installed.
        catalogue: its name; made when it does not exist.
        home: where state and dead letters are kept.
        encoder: makes the text vectors.
        language: analysis of the text; ``None`` is the catalogue's own, for a new one English.
        rebuild: fill a new generation and let the alias show it when it is whole, in one step.
        share: index only these lines. Runs of all shares of the same files do what one run without a share does; in a
            rebuild they fill one generation, and the run that completes it publishes it.
        images: folder of the files that ``image`` and ``video`` name; without it they are left out.
        image_encoder: makes the image vectors; ``None`` makes none and leaves those that are there. A catalogue that
            was made without an image encoder gets none before a rebuild.
        web: fetches pictures by URL; without it they are left out.
        threads: pictures that are read and encoded side by side.
        on_progress: called as lines are done.
        on_rejection: called for each line that could not be taken.
        patience: how long the engine is waited for.

    Raises:
        CatalogueError: a file is no catalogue; nothing was written if it was so from the start.
        EncoderMismatch: the catalogue's vectors come from another encoder (text or image), and this is no rebuild.
        IndexingFailed: the engine did not take everything; the same call again goes on.
    """
    check_catalogue_name(catalogue)
    patience = patience or Patience()
    state = State(home, catalogue)
    started = time.monotonic()
    summary = Summary(catalogue, encoder=encoder.id.name, shard=str(share) if share is not None else None)
    with Inputs(files, state.folder) as inputs, state.locked(_writes(rebuild, share)):
        Patience(give_up_s=FIRST_ANSWER_S).call(engine.check)
        summary.installed = list(patience.call(lambda: install(engine)).wrote)
        found = patience.call(lambda: target.live(engine, catalogue))
        if found is not None and not rebuild:
            target.require_fit(found, encoder.id, language)
            image_encoder = _fitting(found, image_encoder)
        media = MediaSources(images, web) if image_encoder is not None else None
        summary.image_encoder = image_encoder.id.name if image_encoder is not None else None
        checker = Checker(media)
        with checking.count(inputs, checker, on_progress, share) as last:
            chosen: target.Target | None = None
            if last.distinct() or (rebuild and share is not None):
                pictured_by = image_encoder.id if image_encoder is not None else None
                wanted = target.Wanted(
                    catalogue, encoder.id, pictured_by, language, rebuild, inputs.identity, share, inputs.shape
                )
                chosen = patience.call(lambda: target.choose(engine, wanted, found, state))
                summary.created = chosen.created
            summary.language = chosen.language if chosen else found.language if found else None
            with (
                DeadLetters(home / "deadletters" / catalogue, new_stem()) as letters,
                Picturing(image_encoder, media, threads=threads)
                if image_encoder is not None and media is not None
                else nullcontext() as picturing,
            ):
                told = (summary, last.lines, on_progress, on_rejection)
                job = _Job(engine, encoder, picturing, chosen, patience, letters, *told)
                job.work(checking.batches(inputs, checker, last))
                summary.dead_letters = str(letters.path) if letters.count else None
        if chosen is not None:
            _finish(engine, chosen, summary, state, patience)
    summary.retries = patience.retries
    summary.seconds = time.monotonic() - started
    summary.check()
    return summary


def _writes(rebuild: bool, share: Share | None) -> Writes:
    if not rebuild:
        return "live"
    return "rebuild" if share is None else "share of a rebuild"


def _fitting(found: Catalogue, encoder: ImageEncoder | None) -> ImageEncoder | None:
    """The image encoder, where the catalogue has a place for its vectors."""
    if encoder is None or found.image_encoder is None:
        return None
    found.require_image_encoder(encoder.id.name, encoder.id.revision)
    return encoder


def _finish(engine: Engine, chosen: target.Target, summary: Summary, state: State, patience: Patience) -> None:
    """Make what was written visible."""
    if not chosen.publish:
        patience.call(lambda: engine.request("POST", f"/{chosen.index}/_refresh", timeout_s=120.0))
        return
    whole = summary.indexed + summary.unchanged - summary.duplicates
    share = chosen.share
    if share is not None:
        left = patience.call(lambda: target.publish_share(engine, summary.index, chosen, share, whole))
        summary.shares_to_come, summary.rebuilt = left, left == 0
        return
    if not whole:
        target.drop(engine, chosen, state)
        raise IndexingFailed(
            f"index: the engine took none of {summary.read} lines, so catalogue {summary.index!r} stays as it was; "
            f"see {summary.dead_letters}"
        )
    patience.call(lambda: target.publish(engine, summary.index, chosen, whole, state))
    summary.rebuilt = True


@dataclass(slots=True)
class _Job:
    engine: Engine
    encoder: TextEncoder
    picturing: Picturing | None
    target: target.Target | None
    patience: Patience
    letters: DeadLetters
    summary: Summary
    total: int
    on_progress: OnProgress
    on_rejection: OnRejection

    def work(self, batches: Iterator[Batch]) -> None:
        """Put every batch through; on the way out no thread of the job is left."""
        # Microseconds: later runs have higher versions, and a double still holds them exactly.
        version = time.time_ns() // 1000
        sender = BulkSender(self.engine, self.target.index if self.target else "", version, self.patience)
        under_way: deque[tuple[list[Item], Future[list[Verdict]]]] = deque()
        try:
            with (
                prefetched(self._settled(batches), READ_AHEAD) as ready,
                ThreadPoolExecutor(SENDERS, "indexer-send") as senders,
            ):
                try:
                    for batch in ready:
                        self._note(batch)
                        sent, encoded = documents(batch.items, self.encoder)
                        self.summary.encoded += encoded
                        for item in batch.items:
                            self._note_pictures(item)
                        self.summary.reused_vectors += len(sent) - encoded
                        if sent:
                            under_way.append((batch.items, senders.submit(sender.send, sent)))
                        while under_way and (len(under_way) > SENDERS or under_way[0][1].done()):
                            self._collect(*under_way.popleft())
                    while under_way:
                        self._collect(*under_way.popleft())
                except BaseException:
                    self.patience.stop.set()
                    raise
        except EngineUnavailable as error:
            raise IndexingFailed(
                f"{error}; {self.summary.indexed} documents were written before; run the same command again, it "
                "goes on where it stopped"
            ) from error

    def _settled(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        if self.target is None:
            yield from batches
            return
        settler = Settler(
            self.engine,
            self.patience,
            target=None if self.target.empty else self.target.index,
            donor=self.target.donor,
            same_encoder=self.target.same_encoder,
            same_image_encoder=self.target.same_image_encoder,
        )
        for batch in batches:
            settled = settler.settle(batch)
            if self.picturing is not None:
                self.summary.pictures_left_out += self.picturing.begin(settled.items)
            yield settled

    def _note(self, batch: Batch) -> None:
        self.summary.read += batch.read
        self.summary.duplicates += batch.duplicates
        self.summary.unchanged += batch.duplicates + batch.unchanged
        for rejection in batch.rejections:
            self._reject(rejection)
        self._progress()

    def _note_pictures(self, item: Item) -> None:
        """Count what became of a product's pictures; a broken one costs the product nothing but itself."""
        if item.pictured is None:
            return
        pictured = item.pictured.result()
        self.summary.pictures += pictured.pictures
        self.summary.clips += pictured.clips
        row = item.row
        for place, reason in pictured.troubles:
            rejection = Rejection(row.place, row.form, row.raw, place, f"{reason}; the product is indexed without it")
            self.letters.write(rejection)
            self.summary.note_picture(rejection)
            self.on_rejection(rejection)

    def _collect(self, items: list[Item], sent: Future[list[Verdict]]) -> None:
        for item, verdict in zip(items, sent.result(), strict=True):
            if verdict.kind == "written":
                self.summary.indexed += 1
            elif verdict.kind == "newer":
                self.summary.newer += 1
                self.summary.unchanged += 1
            else:
                row = item.row
                self._reject(Rejection(row.place, row.form, row.raw, verdict.field, verdict.reason))
        self._progress()

    def _reject(self, rejection: Rejection) -> None:
        self.letters.write(rejection)
        self.summary.note(rejection)
        self.on_rejection(rejection)

    def _progress(self) -> None:
        summary = self.summary
        done = summary.indexed + summary.unchanged + summary.dead_lettered
        self.on_progress(Progress("index", done, self.total, summary.dead_lettered))
