"""One connection that speaks RESP2: batches go out, replies are matched to them by position."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, cast

import hiredis

from greenroom_server.store.errors import Uncertain, from_error_reply

Argument = bytes | str | int
"""Text is sent as UTF-8, integers in decimal."""

Done = Callable[[Any], object]
"""Takes the reply of one command: bytes, int, list, None, or a `StoreError`. Called exactly once."""

pack = cast(Callable[[tuple[Argument, ...]], bytes], hiredis.pack_command)
"""One command as RESP, length-prefixed throughout; `TypeError` for anything but an `Argument`."""

_INCOMPLETE = object()
_WRITE_BUFFER_BYTES = 1 << 20


class ReplyStream(asyncio.Protocol):
    """One connection to a store; lives from connecting until it is lost, and is not reused.

    A command that was sent keeps its place until its reply came or the connection ended: nobody can take an
    entry out, so no reply can reach another waiter. On any doubt about positions the connection is closed.

    Source: CVE-2023-28858 and CVE-2023-28859 (what happens otherwise).
    """

    def __init__(self, on_writable: Callable[[], None]) -> None:
        """``on_writable`` is called when ``is_paused`` turns false again."""
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader(replyError=from_error_reply, notEnoughData=_INCOMPLETE)
        self._transport: asyncio.Transport | None = None
        self._on_writable = on_writable
        self._drain_is_due = False
        self._fault: str | None = None
        self.waiting: deque[Done] = deque()
        """The callbacks of all commands sent and not yet answered, oldest first."""
        self.heard_at = 0.0
        """Loop time in seconds of the last bytes received, or of the first command sent after all was quiet."""
        self.on_push: Callable[[Any], object] | None = None
        """Takes replies that no command waits for, on a connection that is used to subscribe."""
        self.is_open = False
        """Commands may be sent."""
        self.is_paused = False
        """The peer reads too slowly; what is written now would only queue up as uncertain."""
        self.lost: asyncio.Future[str] = self._loop.create_future()
        """Resolves once to the reason, in words without user data, when the connection has ended."""

    def send(self, data: bytes, waiters: Iterable[Done]) -> None:
        """Write the packed commands; from here on each waiter gets its reply or `Uncertain`.

        Must not be called unless ``is_open``.
        """
        assert self._transport is not None
        if not self.waiting:
            self.heard_at = self._loop.time()
        self.waiting.extend(waiters)
        self._transport.write(data)

    def subscribe(self, data: bytes) -> None:
        """Write packed subscriptions; everything that comes back goes to ``on_push``."""
        assert self._transport is not None
        self._transport.write(data)

    async def ask(self, *args: Argument) -> Any:
        """Send one command at once, outside any batch; returns its reply, which may be a `StoreError`."""
        reply: asyncio.Future[Any] = self._loop.create_future()
        self.send(pack(args), [partial(resolve, reply)])
        return await reply

    def abort(self, reason: str) -> None:
        """Close without waiting for anything; every waiter gets `Uncertain`."""
        if self._fault is None:
            self._fault = reason
            self.is_open = False
            if self._transport is not None:
                self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=_WRITE_BUFFER_BYTES)
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        self.heard_at = self._loop.time()
        if not self._drain_is_due:
            self._drain_is_due = True
            self._loop.call_soon(self._drain)

    def pause_writing(self) -> None:
        self.is_paused = True

    def resume_writing(self) -> None:
        self.is_paused = False
        self._on_writable()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        reason = self._fault or (type(exc).__name__ if exc else "closed by the store")
        self._loop.call_soon(self._end, reason)

    def _drain(self) -> None:
        """Answer everything that is complete; a callback that raises does not cost the others their reply."""
        self._drain_is_due = False
        if self._fault is not None:
            return
        next_reply, waiting = self._reader.gets, self.waiting
        is_finished = False
        try:
            while (reply := next_reply()) is not _INCOMPLETE:
                if not waiting:
                    if self.on_push is not None:
                        self.on_push(reply)
                        continue
                    self.abort("a reply that nobody asked for")
                    break
                waiting.popleft()(reply)
            is_finished = True
        except hiredis.ProtocolError:
            self.abort("bytes that are not RESP")
            is_finished = True
        finally:
            if not is_finished:  # the callback's exception goes to the loop's handler, the rest is answered next
                self._drain_is_due = True
                self._loop.call_soon(self._drain)

    def _end(self, reason: str) -> None:
        if self._drain_is_due:  # replies that arrived before the end are still true
            self._loop.call_soon(self._end, reason)
            return
        while self.waiting:
            self._loop.call_soon(self.waiting.popleft(), Uncertain("store.lost"))
        if not self.lost.done():
            self.lost.set_result(reason)


def resolve(future: asyncio.Future[Any], reply: Any) -> None:
    """A `Done` for somebody who awaits; one who stopped waiting is passed over."""
    if not future.done():
        future.set_result(reply)
