"""A shop as a node of Flower: answers messages of the leader, and minds what it is asked."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import numpy as np
from flwr.app import Context, Error, Message, MessageType, RecordDict
from flwr.client import NumPyClient
from flwr.client.mod import secaggplus_mod
from flwr.clientapp import ClientApp
from flwr.common.secure_aggregation.secaggplus_constants import RECORD_KEY_CONFIGS, Key, Stage

from ...errors import TrainingDataError
from ...people import trained_on
from ...tokens import PairTokenizer
from ...windows import Window
from ..finetune import FusedRanker
from ..settings import FinetuneSettings
from .masks import take_over
from .settings import LEAST_IN_A_SUM, Told
from .shop import ShopTraining, Weights, digest_of

take_over(import_module(secaggplus_mod.__module__))

CLIP = 8.0
"""Weights beyond it cannot be summed securely. A head begins within 3, and no run has left 5."""
GONE, REFUSED = 1, 2
"""Codes of errors: the shop is gone; it does not do what it was asked."""
log = logging.getLogger(__name__)

Started = Callable[[], tuple[FusedRanker, Callable[[FinetuneSettings], PairTokenizer]]]
"""Makes the model that all begin with, and its tokenizer for given lengths."""


class Shop(NumPyClient):  # type: ignore[misc]
    """Learns from the shop's windows when asked.

    Args:
        name: what the model card calls the shop, where all are in one process.
        secure: whether it takes part in sums only, or else in no other than plain rounds.
        catalogues: under which names the shop logs what windows of behaviour come from; else the windows' sources.
    """

    def __init__(
        self, name: str, windows: Sequence[Window], start: Started, *, secure: bool, catalogues: Sequence[str] = ()
    ) -> None:
        self.name, self.windows, self.secure = name, list(windows), secure
        self._start, self._catalogues = start, catalogues
        self._training: tuple[str, ShopTraining] | None = None

    def fit(self, parameters: Weights, config: dict[str, Any]) -> tuple[Weights, int, dict[str, Any]]:
        """One round; ``config`` as :mod:`.rounds` makes it.

        Raises:
            TrainingDataError: the leader begins with another model, or asks for another way of putting together.
        """
        if bool(config["secure"]) != self.secure:
            raise TrainingDataError("secure: the leader does not aggregate as this shop agreed to")
        learned = self._ready(config).learn(int(config["round"]), parameters)
        if self.secure and any(np.abs(array).max(initial=0.0) > CLIP for array in learned):
            raise TrainingDataError(f"weights: one left +-{CLIP:g}, which a secure sum cannot hold; lower the rates")
        told = Told(
            windows=len(self.windows),
            sources=dict(Counter(window.source for window in self.windows)),
            people=trained_on(self.windows, catalogues=self._catalogues),
        )
        return learned, min(len(self.windows), int(config["weight_cap"])), {"told": told.model_dump_json()}

    def _ready(self, config: dict[str, Any]) -> ShopTraining:
        agreed = json.dumps([config["settings"], config["rounds"], config["start"]])
        if self._training is None or self._training[0] != agreed:
            settings = FinetuneSettings.model_validate_json(str(config["settings"]))
            model, tokenizer = self._start()
            if digest_of(model) != config["start"]:
                raise TrainingDataError("start: this shop begins with another model than the leader; give all the same")
            made = ShopTraining(model, self.windows, tokenizer(settings), settings, int(config["rounds"]))
            self._training = agreed, made
        return self._training[1]


class Node:
    """What stands behind a connection: a shop, its state between messages, and an answer to each message."""

    def __init__(self, number: int, shop: Shop) -> None:
        self.name = shop.name
        mods = [careful, secaggplus_mod] if shop.secure else []
        self._app = ClientApp(client_fn=lambda _: shop.to_client(), mods=mods)
        self._context = Context(run_id=1, node_id=number, node_config={}, state=RecordDict(), run_config={})

    def answer(self, message: Message) -> Message:
        """The reply. What goes wrong is told here, and to the leader without any of the shop's words."""
        try:
            if message.metadata.message_type != MessageType.TRAIN:
                raise TrainingDataError("message: a shop is asked to train and for nothing else")
            return self._app(message, self._context)
        except Exception as error:  # noqa: BLE001 - whatever it is, the leader must hear of it and the shop go on
            log.warning("round refused: %s: %s", type(error).__name__, error)
            reason = str(error) if isinstance(error, Refused) else type(error).__name__
            return Message(Error(code=REFUSED, reason=reason), reply_to=message)


class Refused(Exception):
    """A shop does not take part in a sum that would show its own update."""


def careful(message: Message, context: Context, call_next: Callable[[Message, Context], Message]) -> Message:
    """Refuse a secure round that would tell the leader a single update.

    Flower's protocol trusts the leader with the threshold, and with not asking for both secrets of one shop.
    """
    asked = message.content.config_records[RECORD_KEY_CONFIGS]
    if asked[Key.STAGE] == Stage.SETUP:
        shops, threshold = int(asked[Key.SAMPLE_NUMBER]), int(asked[Key.THRESHOLD])
        if threshold < max(LEAST_IN_A_SUM, shops // 2 + 1) or int(asked[Key.SHARE_NUMBER]) < threshold:
            raise Refused(f"threshold: {threshold} of {shops} shops is no majority of {LEAST_IN_A_SUM} or more")
        if float(asked[Key.CLIPPING_RANGE]) != CLIP:
            raise Refused(f"clipping range: it is {CLIP:g}")
    if asked[Key.STAGE] == Stage.UNMASK:
        active, dead = set(asked[Key.ACTIVE_NODE_ID_LIST]), set(asked[Key.DEAD_NODE_ID_LIST])
        if active & dead or message.metadata.dst_node_id not in active:
            raise Refused("unmask: asked for both secrets of a shop")
    return call_next(message, context)
