"""The hot path to one primary: pipelined, grouped by event-loop turn, never sent twice."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from redis.exceptions import RedisError

from greenroom_server.store.connect import StoreAddress, is_replica, open_stream
from greenroom_server.store.errors import StoreError, StoreRefused, StoreUnfit, Unavailable, Uncertain
from greenroom_server.store.resp import Argument, Done, ReplyStream, pack, resolve

log = structlog.get_logger()

_FAILED_WAITS_BEFORE_UNREADY = 3
_CLOSE_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class CommitterOptions:
    """How much may wait, how long, and what an answer must have survived."""

    wait_replicas: int = 0
    """Replicas that must have received a write before it is answered; 0 on a store without replicas."""
    wait_timeout_ms: int = 500
    """How long a batch waits for its replicas before it becomes `Uncertain`."""
    window_commands: int = 20_000
    """Commands accepted and not yet answered; one more is answered `Unavailable`."""
    window_bytes: int = 32 * 1024 * 1024
    """Bytes accepted and not yet written; more is answered `Unavailable`."""
    reply_timeout_s: float = 5.0
    """A store that owes replies and is silent for longer is cut off; must exceed ``wait_timeout_ms``."""
    connect_timeout_s: float = 2.0
    """For connecting and the greeting, before it is tried again."""
    start_timeout_s: float = 10.0
    """How long `start` keeps trying; also the limit of one run of ``on_connected``."""
    backoff_min_s: float = 0.05
    """First pause between two attempts to connect; doubles, with jitter."""
    backoff_max_s: float = 1.0
    """Longest pause between two attempts."""

    def __post_init__(self) -> None:
        if self.reply_timeout_s * 1000 <= self.wait_timeout_ms:
            raise ValueError("reply_timeout_s must be longer than wait_timeout_ms")


class Committer:
    """A dedicated connection to one primary that keeps itself connected.

    All commands of one event-loop turn leave as one write. With ``wait_replicas`` each write ends in ``WAIT``,
    one such batch is in flight at a time, and nothing of it is answered before its ``WAIT`` is; without,
    batches overlap. A command is sent at most once: what was sent when the connection ends is `Uncertain`,
    what was not is `Unavailable`.

    Source: server/docs/architecture.md, Durability; Valkey WAIT.
    """

    def __init__(
        self,
        address: StoreAddress,
        options: CommitterOptions | None = None,
        *,
        on_connected: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """``on_connected`` runs on each new connection, before any `submit` is accepted (`call_on_connect`)."""
        self._address = address
        self._options = options or CommitterOptions()
        self._on_connected = on_connected
        self._loop = asyncio.get_running_loop()
        self._stream: ReplyStream | None = None
        self._is_accepting = False
        self._task: asyncio.Task[None] | None = None
        self._queue: list[bytes] = []
        self._queue_dones: list[Done] = []
        self._queue_bytes = 0
        self._flush_is_due = False
        self._batch_is_in_flight = False
        self._failed_waits = 0
        self._wait_command = pack(("WAIT", self._options.wait_replicas, self._options.wait_timeout_ms))

    @property
    def is_ready(self) -> bool:
        """Commands are accepted, and the replicas keep up (fewer than three failed ``WAIT`` in a row)."""
        is_connected = self._is_accepting and self._stream is not None and self._stream.is_open
        return is_connected and self._failed_waits < _FAILED_WAITS_BEFORE_UNREADY

    @property
    def pending_count(self) -> int:
        """Commands accepted and not yet answered."""
        return len(self._queue) + (len(self._stream.waiting) if self._stream else 0)

    async def start(self) -> None:
        """Connect, and stay connected until `close`.

        Raises:
            Unavailable: nobody answered within ``start_timeout_s``.
            StoreRefused: the credentials or the database are wrong.
            StoreUnfit: ``on_connected`` found the store unusable.
        """
        started: asyncio.Future[None] = self._loop.create_future()
        self._task = asyncio.create_task(self._run(started), name="committer")
        self._task.add_done_callback(partial(self._task_ended, started))
        is_started = False
        try:
            async with asyncio.timeout(self._options.start_timeout_s):
                await started
            is_started = True
        except TimeoutError:
            raise Unavailable("store.down") from None
        finally:
            if not is_started:
                await self.close()

    async def close(self) -> None:
        """Answer what was accepted, as far as the store does within two seconds, then disconnect."""
        self._is_accepting = False
        if self._stream is not None and self._stream.is_open and self.pending_count:
            last: asyncio.Future[Any] = self._loop.create_future()
            self._append(pack(("PING",)), partial(resolve, last))
            await asyncio.wait([last], timeout=_CLOSE_TIMEOUT_S)
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    def submit(self, args: tuple[Argument, ...], done: Done) -> None:
        """Queue one command for the write at the end of this event-loop turn.

        Args:
            args: the command and its arguments; a wrong type raises `TypeError` and queues nothing.
            done: called exactly once, with the reply (bytes, int, list or None) or with an instance of
                `Unavailable`, `Uncertain` or `StoreRefused`; inside this call when nothing can be queued.
        """
        if not self._is_accepting:
            done(Unavailable("store.down"))
            return
        self._enqueue(args, done)

    def submit_packed(self, packed: bytes, done: Done) -> None:
        """The same as `submit` for a command that is already packed; the hot path packs its constant front once."""
        if not self._is_accepting:
            done(Unavailable("store.down"))
            return
        self._enqueue_packed(packed, done)

    async def call(self, *args: Argument) -> Any:
        """Run one command and return its reply.

        Cancelling the caller drops the reply and nothing else: the command keeps its place.

        Raises:
            Unavailable: nothing was written, safe to send again.
            Uncertain: may have been written; send again only with the same ``cid``.
            StoreRefused: the store answered with an error.
        """
        if not self._is_accepting:
            raise Unavailable("store.down")
        return await self._enqueued(args)

    async def call_on_connect(self, *args: Argument) -> Any:
        """The same as `call`, for ``on_connected``: works on a connection that is not yet in general use."""
        return await self._enqueued(args)

    def _enqueue(self, args: tuple[Argument, ...], done: Done) -> None:
        self._enqueue_packed(pack(args), done)

    def _enqueue_packed(self, packed: bytes, done: Done) -> None:
        stream, options = self._stream, self._options
        if stream is None or not stream.is_open:
            done(Unavailable("store.down"))
        elif (
            len(self._queue) + len(stream.waiting) >= options.window_commands
            or self._queue_bytes + len(packed) > options.window_bytes
        ):
            done(Unavailable("store.busy"))
        else:
            self._append(packed, done)

    def _append(self, packed: bytes, done: Done) -> None:
        self._queue.append(packed)
        self._queue_dones.append(done)
        self._queue_bytes += len(packed)
        self._flush_soon()

    def _flush_soon(self) -> None:
        if not self._flush_is_due:
            self._flush_is_due = True
            self._loop.call_soon(self._flush)

    async def _enqueued(self, args: tuple[Argument, ...]) -> Any:
        reply: asyncio.Future[Any] = self._loop.create_future()
        self._enqueue(args, partial(resolve, reply))
        result = await reply
        if isinstance(result, StoreError):
            raise result
        return result

    def _flush(self) -> None:
        self._flush_is_due = False
        stream = self._stream
        if stream is None or not stream.is_open:
            self._drop_queue()
        elif self._queue and not stream.is_paused and not self._batch_is_in_flight:
            queue, dones = self._queue, self._queue_dones
            self._queue, self._queue_dones, self._queue_bytes = [], [], 0
            if self._options.wait_replicas:
                self._send_batch(stream, queue, dones)
            else:
                stream.send(b"".join(queue), dones)

    def _send_batch(self, stream: ReplyStream, queue: list[bytes], dones: list[Done]) -> None:
        """Send the commands and ``WAIT``; hold the replies until the last one has come."""
        replies: list[Any] = []
        self._batch_is_in_flight = True
        queue.append(self._wait_command)
        waiters: list[Done] = [replies.append] * len(dones)
        waiters.append(partial(self._settle_batch, dones, replies))
        stream.send(b"".join(queue), waiters)

    def _settle_batch(self, dones: list[Done], replies: list[Any], wait_reply: Any) -> None:
        self._batch_is_in_flight = False
        is_replicated = isinstance(wait_reply, int) and wait_reply >= self._options.wait_replicas
        if is_replicated:
            self._failed_waits = 0
        else:
            self._failed_waits += 1
        for done, reply in zip(dones, replies, strict=True):
            if not is_replicated and not isinstance(reply, StoreError):
                reply = Uncertain("store.not_replicated")
            self._loop.call_soon(done, reply)  # by turns of its own: one that raises must not stop the others
        self._flush_soon()

    def _drop_queue(self) -> None:
        dones, self._queue, self._queue_dones, self._queue_bytes = self._queue_dones, [], [], 0
        for done in dones:
            self._loop.call_soon(done, Unavailable("store.down"))

    async def _run(self, started: asyncio.Future[None]) -> None:
        options = self._options
        delay_s = options.backoff_min_s
        while True:
            try:
                try:
                    stream = await self._connect()
                    delay_s = options.backoff_min_s
                    if not started.done():
                        started.set_result(None)
                    reason = await self._watch(stream)
                finally:
                    await self._disconnect()
                log.warning("store_lost", store=self._address.label, reason=reason)
            except (OSError, StoreError, RedisError) as error:
                if isinstance(error, StoreUnfit | StoreRefused) and not started.done():
                    started.set_exception(error)
                    return
                log.warning("store_unreachable", store=self._address.label, reason=_reason(error))
            await asyncio.sleep(delay_s * random.uniform(0.5, 1.0))
            delay_s = min(delay_s * 2, options.backoff_max_s)

    async def _connect(self) -> ReplyStream:
        """Connect and prepare; commands are accepted afterwards."""
        async with asyncio.timeout(self._options.connect_timeout_s):
            stream = self._stream = await open_stream(self._address, self._flush)
        self._failed_waits = 0
        if self._on_connected is not None:
            async with asyncio.timeout(self._options.start_timeout_s):
                await self._on_connected()
        self._is_accepting = stream.is_open
        if not stream.is_open:
            raise Unavailable("store.down")
        log.info("store_connected", store=self._address.label, wait_replicas=self._options.wait_replicas)
        return stream

    async def _watch(self, stream: ReplyStream) -> str:
        """Wait until the connection is lost, and end it when it went silent or the store became a replica."""
        limit_s = self._options.reply_timeout_s
        while True:
            await asyncio.wait([stream.lost], timeout=limit_s / 4)
            if stream.lost.done():
                return stream.lost.result()
            if stream.waiting and self._loop.time() - stream.heard_at > limit_s:
                stream.abort(f"silent for {limit_s:g} s")
            elif stream.is_open and not stream.waiting:
                stream.send(pack(("ROLE",)), [partial(self._check_role, stream)])
                if self._failed_waits >= _FAILED_WAITS_BEFORE_UNREADY:
                    self._send_batch(stream, [], [])  # are the replicas back?

    def _check_role(self, stream: ReplyStream, role_reply: Any) -> None:
        if is_replica(role_reply):
            stream.abort("no longer the primary")

    async def _disconnect(self) -> None:
        """End the connection, if there is one, and see to it that every waiter is answered."""
        self._is_accepting = False
        stream = self._stream
        if stream is None:
            return
        stream.abort("closed")
        self._drop_queue()
        await asyncio.wait([stream.lost])
        self._stream = None

    def _task_ended(self, started: asyncio.Future[None], task: asyncio.Task[None]) -> None:
        """Report a bug in ``on_connected``: to `start` if it still waits, else to the loop's handler."""
        if task.cancelled() or (error := task.exception()) is None:
            return
        if not started.done():
            started.set_exception(error)
            return
        self._loop.call_exception_handler({"message": "the committer died", "exception": error, "task": task})


def _reason(error: Exception) -> str:
    if isinstance(error, StoreRefused | Unavailable | Uncertain):
        return error.code
    return type(error).__name__
