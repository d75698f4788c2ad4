"""All shops in one process, one after the other: for trying out, and for measuring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from flwr.app import Error, Message, RecordDict
from flwr.common.serde import message_from_proto, message_to_proto
from flwr.serverapp.grid import Grid

from .node import GONE


class Answers(Protocol):
    """A node, or what a test puts in its place to see how the rest bears it."""

    name: str

    def answer(self, message: Message) -> Message:
        """The reply.

        Raises:
            ConnectionError: the shop is gone.
        """


class LocalGrid(Grid):  # type: ignore[misc]
    """Nodes by their number."""

    def __init__(self, nodes: Mapping[int, Answers]) -> None:
        self.nodes = dict(nodes)

    def get_node_ids(self) -> Iterable[int]:
        """Who is there."""
        return list(self.nodes)

    def name_of(self, number: int) -> str:
        """What a shop is called."""
        return self.nodes[number].name

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> list[Message]:
        """The replies, in the order of the messages."""
        return [self._one(message) for message in messages]

    def _one(self, message: Message) -> Message:
        try:
            node = self.nodes[message.metadata.dst_node_id]
            # Through its wire form, as between processes: a node may do with its message what it likes.
            return message_from_proto(message_to_proto(node.answer(message_from_proto(message_to_proto(message)))))
        except (ConnectionError, KeyError):
            return Message(Error(code=GONE, reason="gone"), reply_to=message)

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        """Not how a run here goes."""
        raise NotImplementedError("send_and_receive does both")

    def pull_messages(self, message_ids: Iterable[str]) -> Iterable[Message]:
        """Not how a run here goes."""
        raise NotImplementedError("send_and_receive does both")

    def create_message(
        self, content: RecordDict, message_type: str, dst_node_id: int, group_id: str, ttl: float | None = None
    ) -> Message:
        """Flower's old way to make one."""
        return Message(content, dst_node_id, message_type, ttl=ttl, group_id=group_id)

    def set_run(self, run: Any) -> None:
        """Needed by a SuperLink, which is not here."""

    @property
    def run(self) -> Any:
        """There is no other run."""
        raise NotImplementedError("no SuperLink, no run")
