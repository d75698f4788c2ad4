"""The parts that one worker process holds: engine client, encoder, ranker."""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from multimodal.errors import EncoderError
from personal.erasure import Erasure
from personal.errors import KeyStoreUnusable, PersonalError, SecretUnusable
from personal.friends import Friends
from personal.keystore import KeyStore
from personal.trail import Documents
from personal.trainedmodels import TrainedModels
from plugin.catalogue import lookup
from plugin.client import Engine
from plugin.errors import EngineError, EngineUnsupported, UnknownCatalogue
from plugin.products import Products
from ranker.errors import RankerError
from ranker.folder import DEFAULT_MODEL
from ranker.model import Ranker

from . import metrics
from .behaviour import Behaviour
from .blends import Blends
from .encoders import Encoders
from .engine import engine_from
from .eventletters import expire
from .experiments import Experiments
from .foreground import Foreground
from .itemvectors import ItemVectors
from .keystores import open_keystore
from .loops import keep_doing
from .media import Media
from .people import People
from .sequences import Sequences
from .settings import Settings
from .signalweights import SignalWeights
from .streams import Streams
from .suggest import Suggest

if TYPE_CHECKING:
    from .inside import Inside
    from .recommend import RecommendService
    from .rivals import Rivals
    from .search import SearchService
    from .weighing import Weighing

log = logging.getLogger("hybridrank.service")

READY_WITHIN_S = 3.0
"""How long OpenSearch may take to answer one question of a look at the parts."""
WARM_EVERY_S = 5.0
"""How often it is looked whether texts of related queries lack a vector."""
STOP_WITHIN_S = 10.0
"""How long a worker that ends waits for what it does beside answering."""
BESIDE = 8
"""Threads of a worker that ask for parts of an answer beside each other."""
SWEEP_EVERY_S = 60.0
SWEPT_FOR_S = 600
"""For how long an erasure is swept again."""
SESSION_DAYS = 30
"""After how many days without anything new the record of a visit is deleted."""
READY_FOR_S = 1.0
"""How long one look at the parts counts, so that many probes are one call to the engine."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether this worker can answer a search, part by part; the reason is empty where a part is well."""

    reasons: dict[str, str]

    @property
    def ready(self) -> bool:
        """Every part is well."""
        return not any(self.reasons.values())


class Parts:
    """Everything behind the endpoints of one worker.

    Nothing is loaded by making it; :meth:`load` loads the models, as a worker does after the fork. A part that
    failed to load is tried again by the next request that needs it.
    """

    def __init__(self, settings: Settings, *, demo: bool = False, media: Media | None = None) -> None:
        self.settings = settings
        self.demo = demo
        self.encoders = Encoders(settings)
        self.media = media or Media()
        self.weights = SignalWeights(settings.weights_path)
        self.sequences = Sequences(settings.sequence_path)
        self.blends = Blends(settings.blend_path)
        self.experiments = Experiments(settings.experiments_path)
        self.foreground = Foreground()
        self.streams = Streams(settings.streams)
        self.products = Products(settings.product_memory_mb * 2**20)
        self.beside = ThreadPoolExecutor(BESIDE, "beside")
        """Asks the engine for what a request need not wait for, one after the other. No task waits for another."""
        self._lock = threading.RLock()
        self._engine: Engine | None = None
        self._ranker: Ranker | None = None
        self._swapping = threading.Lock()
        self._refused: Path | None = None
        self._search: SearchService | None = None
        self._recommend: RecommendService | None = None
        self._rivals: Rivals | None = None
        self._weighing: Weighing | None = None
        self._inside: Inside | None = None
        self._behaviour: Behaviour | None = None
        self._item_vectors: ItemVectors | None = None
        self._keystore: KeyStore | None = None
        self._keystore_after = 0.0
        self._people: People | None = None
        self._suggest: Suggest | None = None
        self._stop = threading.Event()
        self._loops: list[threading.Thread] = []
        self._seen: tuple[float, Readiness] | None = None

    @property
    def engine(self) -> Engine:
        """The client of OpenSearch; making it needs no answer from there."""
        with self._lock:
            if self._engine is None:
                self._engine = engine_from(self.settings)
            return self._engine

    @property
    def ranker(self) -> Ranker:
        """The cross-encoder. Where the setting names a link that was set anew, it is the model that is behind it.

        A request that has the old one keeps it. One that cannot be loaded is said once, and the old one stays.

        Raises:
            RankerError: its folder is missing or broken, and there is no other.
        """
        folder = Path(self.settings.model).resolve() if self.settings.model else DEFAULT_MODEL
        with self._lock:
            if self._ranker is None:
                self._ranker = self._loaded(folder)
            found = self._ranker
        # One thread loads, the others go on with what is there.
        if folder not in (found.folder, self._refused) and self._swapping.acquire(blocking=False):
            try:
                swapped = self._loaded(folder)
                swapped.warm_up()
                with self._lock:
                    self._ranker, self._refused = swapped, None
                return swapped
            except RankerError as error:
                self._refused = folder
                metrics.SWAPS_FAILED.inc()
                log.error("the model that the link names is not served, the one before it is: %s", error)
            finally:
                self._swapping.release()
        return found

    def _loaded(self, folder: Path) -> Ranker:
        return Ranker(folder, threads=self.settings.threads, remembered=self.settings.reading_memory_mb * 2**20)

    @property
    def item_vectors(self) -> ItemVectors:
        """Text vectors of products that were found."""
        with self._lock:
            if self._item_vectors is None:
                self._item_vectors = ItemVectors(self.engine, self.settings.item_vectors)
            return self._item_vectors

    @property
    def behaviour(self) -> Behaviour:
        """Events, counters and rules.

        Raises:
            SecretUnusable: the key of pseudonyms cannot be read or made.
        """
        with self._lock:
            if self._behaviour is None:
                self._behaviour = Behaviour.of(self.settings, self.engine, self._teach)
            return self._behaviour

    @property
    def keystore(self) -> KeyStore:
        """The keys of people.

        Raises:
            KeyStoreUnusable: the store cannot be opened.
            SecretUnusable: its master keys cannot be used.
        """
        with self._lock:
            if self._keystore is None:
                if time.monotonic() < self._keystore_after:
                    raise KeyStoreUnusable("the store of people's keys could not be opened just now")
                try:
                    self._keystore = open_keystore(self.settings)
                except PersonalError:
                    # A KMS that does not answer takes seconds to say so: not for every request anew.
                    self._keystore_after = time.monotonic() + READY_FOR_S
                    raise
            return self._keystore

    @property
    def people(self) -> People:
        """Profiles and sessions; raises as :attr:`keystore` does."""
        with self._lock:
            if self._people is None:
                self._people = People(self.settings, self.engine, self.keystore)
            return self._people

    @property
    def suggest(self) -> Suggest:
        """Suggestions.

        Raises:
            SecretUnusable: the key of pseudonyms cannot be read or made.
        """
        with self._lock:
            if self._suggest is None:
                self._suggest = Suggest.of(self.settings, self.engine, self.behaviour.pseudonyms)
            return self._suggest

    @property
    def friends(self) -> Friends:
        """Friends and what they share; raises as :attr:`keystore` does."""
        return self.people.friends

    @property
    def erasure(self) -> Erasure:
        """Shows and erases what is held about people; raises as :attr:`keystore` and :attr:`behaviour` do."""
        with self._lock:
            return Erasure(
                self.engine,
                self.keystore,
                profiles=self.people.profiles,
                pseudonyms=self.behaviour.pseudonyms,
                counters=self.behaviour.counters,
                asked=self.suggest.asked,
                friends=self.people.friends,
                trained=TrainedModels(self.settings.trained_models_path, within_days=self.settings.retrain_days),
            )

    def _sweep(self) -> None:
        """Sweep once more what people left who were erased lately: what came in while they were."""
        try:
            self.erasure.replay(int(time.time()) - SWEPT_FOR_S, visits=False)
            self.people.profiles.vault.delete_idle(SESSION_DAYS)
        except PersonalError as error:
            log.warning("erasures could not be swept: %s", type(error).__name__)
        try:
            expire(self.settings.home)
        except OSError as error:
            log.warning("old dead letters could not be deleted: %s", type(error).__name__)

    def _teach(self, events: Documents) -> None:
        """Teach profiles what the reconciler found; a store of keys that does not work must not stop its counting."""
        try:
            people = self.people
        except PersonalError as error:
            metrics.UNTAUGHT.labels(type(error).__name__).inc()
            return
        people.learn_stored(events)

    @property
    def search(self) -> SearchService:
        """The search that is composed of the others."""
        from .search import SearchService

        with self._lock:
            if self._search is None:
                self._search = SearchService(self)
            return self._search

    @property
    def recommend(self) -> RecommendService:
        """The recommendations that are composed of the others."""
        from .recommend import RecommendService

        with self._lock:
            if self._recommend is None:
                self._recommend = RecommendService(self)
            return self._recommend

    @property
    def rivals(self) -> Rivals:
        """Systems to set against each other."""
        from .rivals import Rivals

        with self._lock:
            if self._rivals is None:
                self._rivals = Rivals(self)
            return self._rivals

    @property
    def weighing(self) -> Weighing:
        """The judged queries' windows, to try weights on."""
        from .weighing import Weighing

        with self._lock:
            if self._weighing is None:
                self._weighing = Weighing(self)
            return self._weighing

    @property
    def inside(self) -> Inside:
        """What answers OpenSearch's own pipeline."""
        from .inside import Inside

        with self._lock:
            if self._inside is None:
                self._inside = Inside(self)
            return self._inside

    def load(self) -> None:
        """Load the models now. A failure does not end the worker: ``/readyz`` tells it, a request tries again."""
        from .related import warm

        for part, reason in self._model_reasons().items():
            if reason:
                log.error("%s: %s", part, reason)
        try:
            reconciler, suggest = self.behaviour.reconciler, self.suggest
        except SecretUnusable as error:
            log.error("behaviour: %s", error)
            return
        self._stop = threading.Event()
        steps: list[tuple[str, Callable[[], None], float]] = [
            ("reconciler", lambda: metrics.RECONCILED.inc(reconciler.run()), self.settings.reconcile_s),
            ("suggestions", suggest.keep_up, self.settings.suggest_refresh_s),
            ("related queries", lambda: warm(self), WARM_EVERY_S),
            ("erasures", self._sweep, SWEEP_EVERY_S),
        ]
        begun = [keep_doing(name, step, every_s, self._stop) for name, step, every_s in steps]
        self._loops = [thread for thread in begun if thread is not None]

    def close(self) -> None:
        """Let go of every part; the next use would load it again."""
        self._stop.set()
        # A thread that is inside a model's library when the interpreter ends takes the process down with it.
        until = time.monotonic() + STOP_WITHIN_S
        for thread in self._loops:
            thread.join(max(0.0, until - time.monotonic()))
        self._loops = []
        with self._lock:
            engine, self._engine, self._search, self._ranker = self._engine, None, None, None
            self._rivals = self._weighing = None
            self._behaviour = self._recommend = self._inside = self._item_vectors = None
            keystore, self._keystore, self._people = self._keystore, None, None
            self._suggest = None
            self.encoders = Encoders(self.settings)
        if engine is not None:
            engine.close()
        if keystore is not None:
            keystore.close()
        gc.collect()

    def readiness(self) -> Readiness:
        """Use every part once; the answer counts for a second."""
        now = time.monotonic()
        with self._lock:
            seen = self._seen
        if seen is not None and now - seen[0] < READY_FOR_S:
            return seen[1]
        found = Readiness({"opensearch": self._engine_reason(), **self._model_reasons()})
        with self._lock:
            self._seen = (time.monotonic(), found)
        return found

    def _engine_reason(self) -> str:
        limit = min(READY_WITHIN_S, self.settings.opensearch_timeout_s)
        try:
            self.engine.check(limit)
            catalogue = lookup(self.engine, self.settings.index)
            if self.engine.is_red(catalogue.index, limit):
                return f"OpenSearch has lost a part of catalogue {self.settings.index} (its health is red)"
        except EngineUnsupported as error:
            return str(error)
        except UnknownCatalogue:
            return ""
        except EngineError as error:
            return f"OpenSearch does not answer ({type(error).__name__})"
        return ""

    def _model_reasons(self) -> dict[str, str]:
        reasons = {"text_encoder": "", "image_encoder": "", "model": ""}
        try:
            self.encoders.default.encode(["ready"], role="query")
        except EncoderError as error:
            reasons["text_encoder"] = str(error)
        try:
            if (images := self.encoders.image_default) is not None:
                images.encode_texts(["ready"])
        except EncoderError as error:
            reasons["image_encoder"] = str(error)
        try:
            self.ranker.warm_up()
        except RankerError as error:
            reasons["model"] = str(error)
        return reasons
