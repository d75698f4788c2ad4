"""How messages of Flower travel between leader and shops: one gRPC stream a shop, TLS with certificates on both sides.

Flower's own SuperNode runs code that the leader sends it, which a shop that keeps its data to itself cannot want, and
its ``start_client``, which does not, knows no secure aggregation. Here each side runs its own installed code, and only
the messages are Flower's.
"""

from __future__ import annotations

import queue
import threading
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import grpc
from flwr.app import Error, Message
from flwr.common.serde import message_from_proto, message_to_proto
from flwr.proto.message_pb2 import Message as Proto

from ranker.errors import TrainingDataError
from ranker.training.federated.local import Answers, LocalGrid
from ranker.training.federated.node import GONE

from .certificates import Certificates

METHOD = "/hybridrank.Federated/Join"
LARGEST = 256 * 2**20
"""Bytes of one message. The head is some hundred kilobytes, LoRA of rank 8 one megabyte."""
OPTIONS = [
    ("grpc.max_receive_message_length", LARGEST),
    ("grpc.max_send_message_length", LARGEST),
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
    ("grpc.so_reuseport", 0),
]


@dataclass(slots=True, eq=False)
class _Joined:
    """A shop at the other end."""

    name: str
    number: int
    to_send: queue.SimpleQueue[bytes | None] = field(default_factory=queue.SimpleQueue)


class WireGrid(LocalGrid):
    """The shops that are connected; a context manager that listens while it is open.

    Args:
        address: ``HOST:PORT``; port 0 takes a free one, which :attr:`port` tells.
        patience: seconds that an answer may take, and that enough shops may take to come.
    """

    def __init__(self, address: str, certificates: Certificates, *, patience: float, most: int) -> None:
        super().__init__({})
        self._patience = patience
        self._lock = threading.Condition()
        self._joined: dict[int, _Joined] = {}
        self._replies: dict[str, Message] = {}
        self._waited_for: dict[str, int] = {}
        self._names: dict[int, str] = {}
        self._numbers = iter(range(10, 2**31))
        # A stream holds a thread for as long as it lasts.
        self._server = grpc.server(ThreadPoolExecutor(most + 8), options=OPTIONS)
        handler = grpc.stream_stream_rpc_method_handler(self._join)
        service, method = METHOD.strip("/").split("/")
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {method: handler}),))
        authority, own, key = certificates.read()
        credentials = grpc.ssl_server_credentials([(key, own)], authority, require_client_auth=True)
        try:
            self.port = self._server.add_secure_port(address, credentials)
        except RuntimeError as error:
            raise TrainingDataError(f"listen: {address} cannot be listened on, or a certificate is broken") from error

    def __enter__(self) -> WireGrid:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            for one in self._joined.values():
                one.to_send.put(None)
        self._server.stop(grace=5).wait()

    def wait_for(self, count: int) -> None:
        """Until so many shops are there.

        Raises:
            TrainingDataError: they did not come in time.
        """
        with self._lock:
            if not self._lock.wait_for(lambda: len(self._joined) >= count, self._patience):
                there = ", ".join(sorted(one.name for one in self._joined.values())) or "nobody"
                raise TrainingDataError(f"shops: {count} are needed, {there} came within {self._patience:g} s")

    def get_node_ids(self) -> Iterable[int]:
        """Who is there."""
        with self._lock:
            return list(self._joined)

    def name_of(self, number: int) -> str:
        """The common name of the shop's certificate."""
        with self._lock:
            return self._names[number]

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> list[Message]:
        """The replies; a shop that is gone, or does not answer in time, has an error for its reply."""
        asked = {}
        with self._lock:
            for message in messages:
                name = uuid.uuid4().hex
                # By it a reply finds its message; a SuperLink would have set it.
                message.metadata.__dict__["_message_id"] = name
                asked[name] = message
                one = self._joined.get(message.metadata.dst_node_id)
                if one is not None:
                    self._waited_for[name] = one.number
                    one.to_send.put(message_to_proto(message).SerializeToString())
            self._lock.wait_for(lambda: not asked.keys() & self._waited_for.keys(), timeout or self._patience)
            for name in asked:
                self._waited_for.pop(name, None)
            return [self._replies.pop(name, None) or _gone(message) for name, message in asked.items()]

    def _join(self, incoming: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        common = context.auth_context().get("x509_common_name", [])
        name = common[0].decode() if common else ""
        with self._lock:
            taken = any(one.name == name for one in self._joined.values())
            if not taken and name:
                me = _Joined(name, next(self._numbers))
                self._joined[me.number] = me
                self._names[me.number] = name
                self._lock.notify_all()
        if taken or not name:
            context.abort(grpc.StatusCode.ALREADY_EXISTS, "a shop by the name of this certificate is here already")
        context.add_callback(lambda: self._leave(me))
        threading.Thread(target=self._listen, args=(incoming, me), daemon=True).start()
        while (content := me.to_send.get()) is not None:
            yield content

    def _listen(self, incoming: Iterator[bytes], me: _Joined) -> None:
        try:
            for content in incoming:
                reply = message_from_proto(Proto.FromString(content))
                name = reply.metadata.reply_to_message_id
                # Who a reply is from is decided by the stream that it came through, never by what it says.
                reply.metadata.__dict__["_src_node_id"] = me.number
                with self._lock:
                    if self._waited_for.get(name) == me.number:
                        del self._waited_for[name]
                        self._replies[name] = reply
                        self._lock.notify_all()
        except grpc.RpcError:
            pass  # the stream has ended; the callback of its context says so to everybody
        finally:
            me.to_send.put(None)

    def _leave(self, me: _Joined) -> None:
        with self._lock:
            self._joined.pop(me.number, None)
            for name in [name for name, number in self._waited_for.items() if number == me.number]:
                del self._waited_for[name]
            self._lock.notify_all()
        me.to_send.put(None)


def _gone(message: Message) -> Message:
    return Message(Error(code=GONE, reason="gone"), reply_to=message)


def answer_until_done(address: str, certificates: Certificates, node: Answers, *, patience: float) -> int:
    """Join a leader and answer until it ends the run; returns how many messages were answered.

    Args:
        patience: seconds to wait for a leader who is not there yet.

    Raises:
        TrainingDataError: no secure connection came about, the leader refused this shop, or the connection broke off.
    """
    authority, own, key = certificates.read()
    credentials = grpc.ssl_channel_credentials(authority, key, own)
    replies: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    count = 0
    with grpc.secure_channel(address, credentials, OPTIONS) as channel:
        try:
            grpc.channel_ready_future(channel).result(patience)
        except grpc.FutureTimeoutError as error:
            raise TrainingDataError(
                f"leader: no secure connection to {address} within {patience:g} s: nobody listens there, or its "
                "certificate or this shop's is not of the authority, or is for another host"
            ) from error
        try:
            for content in channel.stream_stream(METHOD)(iter(replies.get, None)):
                reply = node.answer(message_from_proto(Proto.FromString(content)))
                replies.put(message_to_proto(reply).SerializeToString())
                count += 1
        except grpc.RpcError as error:
            refused = error.code() is grpc.StatusCode.ALREADY_EXISTS
            reason = error.details() if refused else "the connection broke off; join again for the rounds to come"
            raise TrainingDataError(f"leader: {address}: {reason}") from error
        finally:
            replies.put(None)
    return count
