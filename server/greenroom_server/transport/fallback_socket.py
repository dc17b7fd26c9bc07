"""One fallback connection: numbered batches in, numbered events out, kept until the peer has acknowledged them.

No HTTP in here: requests come and go, this is what stays between them. It is a `Socket` for the same `Connection`
that a WebSocket gets.

Source: protocol/spec/fallback.md; server/docs/adr/0014-fallback-over-http.md.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from enum import Enum
from itertools import islice
from typing import Final

import msgspec

from greenroom_protocol import limits
from greenroom_server.transport.frames import CloseCode, is_utf8
from greenroom_server.transport.socket import Kind, SocketHandler

BLOCKED_BYTES: Final = 256 * 1024
"""From so much unacknowledged on, commands wait."""
WRITABLE_BYTES: Final = 128 * 1024
"""Below so much they go on."""
_ARRAY: Final = msgspec.json.Decoder(list[msgspec.Raw])
CLOSE_TIMEOUT_S: Final = 3.0
"""How long a receiver may take to read the close event."""


def messages_in(batch: bytes) -> list[bytes]:
    """Split an array into its elements, so that a bad one costs only itself; what is none stays as it is."""
    if not batch.lstrip().startswith(b"["):
        return [batch]
    try:
        found = _ARRAY.decode(batch)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError):
        return [batch]  # and is refused as what it is
    if not 1 <= len(found) <= limits.COMMANDS_PER_FRAME:
        return [batch]
    return [bytes(element) for element in found]


class Taken(Enum):
    """What became of a batch."""

    TAKEN = "taken"
    REPEATED = "repeated"
    BUSY = "busy"
    """Not taken: the peer has too much to acknowledge first."""
    GAP = "gap"
    CLOSED = "closed"


class FallbackSocket:
    """What one fallback connection has said and heard."""

    __slots__ = (
        "_abort",
        "_acked",
        "_blocked",
        "_events",
        "_events_bytes",
        "_handler",
        "_is_paused",
        "_loop",
        "_news",
        "_on_over",
        "_receiver",
        "_taken",
        "close_code",
        "kind",
    )  # fmt: skip

    def __init__(self, handler: SocketHandler, on_over: Callable[[], None]) -> None:
        """Open a connection.

        Args:
            handler: told of everything, from now on.
            on_over: called once when no command is taken any more; events may still wait for the peer.
        """
        self.kind: Kind = "poll"
        """How the peer receives: as it last asked."""
        self.close_code = 0
        """Why it is over; 0 while it is open."""
        self._handler = handler
        self._on_over = on_over
        self._loop = asyncio.get_running_loop()
        self._taken = 0
        self._events: deque[bytes] = deque()
        self._events_bytes = 0
        self._acked = 0
        self._blocked = False
        self._is_paused = False
        self._news = asyncio.Event()
        self._receiver = 0
        self._abort: Callable[[], None] | None = None
        handler.on_open(self)

    # --- for the handler

    @property
    def buffered_bytes(self) -> int:
        """Bytes of events that the peer has not acknowledged."""
        return self._events_bytes

    def send(self, data: bytes, is_text: bool) -> None:
        """Queue one frame as the next event."""
        assert is_text, "the fallback carries JSON"
        if not self.close_code:
            self._add(b"data: %b" % data)
            if not self._blocked and self._events_bytes > BLOCKED_BYTES:
                self._loop.call_soon(self._look_at_level)

    def close(self, code: int, reason: str = "") -> None:
        """Queue the close event behind the others; no command is taken any more."""
        if self.close_code:
            return
        self._add(b"event: close\ndata: %d" % code)
        self._loop.call_later(CLOSE_TIMEOUT_S, self._drop_receiver)
        self._over(code)

    def pause_reading(self) -> None:
        """Answer batches with BUSY until ``resume_reading``."""
        self._is_paused = True

    def resume_reading(self) -> None:
        """Take batches again."""
        self._is_paused = False

    # --- for the door

    @property
    def is_done(self) -> bool:
        """Whether it is over and the peer has acknowledged everything."""
        return bool(self.close_code) and not self._events

    # --- what the peer sends

    def take(self, number: int, data: bytes) -> Taken:
        """Take a batch, unless it was taken before or is not the next.

        Args:
            number: of the batch, from 1.
            data: one frame, as bytes that should be UTF-8.
        """
        if number <= self._taken:
            return Taken.REPEATED
        if self.close_code:
            return Taken.CLOSED
        if number > self._taken + 1:
            return Taken.GAP
        if self._is_paused:
            return Taken.BUSY
        self._taken = number
        if not (data.isascii() or is_utf8(data)):
            self.close(CloseCode.INVALID_TEXT)
        for message in messages_in(data):
            if not self.close_code:
                self._handler.on_message(message, True)
        return Taken.TAKEN

    def acknowledge(self, event_id: int) -> bool:
        """Forget events that have arrived; False when there never was such an event."""
        if event_id > self._acked + len(self._events):
            return False
        while self._acked < event_id:
            self._acked += 1
            self._events_bytes -= len(self._events.popleft())
        self._look_at_level()
        return True

    def goodbye(self) -> None:
        """The peer leaves; nothing more needs to be said."""
        if not self.close_code:
            self._over(CloseCode.NORMAL)

    # --- what the peer receives

    def receive(self, kind: Kind, abort: Callable[[], None]) -> int:
        """Begin to give events to a request; the one before ends. Gives a number for `news`.

        Args:
            kind: how this request receives.
            abort: breaks the request off.
        """
        self.kind = kind
        self._receiver += 1
        self._abort = abort
        self._news.set()
        return self._receiver

    def received(self, receiver: int) -> None:
        """A request has ended."""
        if receiver == self._receiver:
            self._abort = None

    async def news(self, receiver: int, after: int) -> list[bytes] | None:
        """Wait for events above an id; gives them, or None when this receiver has nothing more to give.

        That is so after the close event, and when another request receives instead.
        """
        while receiver == self._receiver:
            events = list(islice(self._events, max(0, after - self._acked), None))
            if events:
                return events
            if self.close_code:
                return None
            self._news.clear()
            await self._news.wait()
        return None

    def first_after(self, event_id: int) -> int:
        """Give the highest id that needs not be sent any more to a peer which has so much."""
        return max(event_id, self._acked)

    # --- parts

    def _add(self, lines: bytes) -> None:
        event = b"id: %d\n%b\n\n" % (self._acked + len(self._events) + 1, lines)
        self._events.append(event)
        self._events_bytes += len(event)
        self._news.set()

    def _look_at_level(self) -> None:
        """Tell the handler when too much is unacknowledged, and when no longer; never inside its own `send`."""
        if self.close_code:
            return
        if not self._blocked and self._events_bytes > BLOCKED_BYTES:
            self._blocked = True
            self._handler.on_blocked()
        elif self._blocked and self._events_bytes < WRITABLE_BYTES:
            self._blocked = False
            self._handler.on_writable()

    def _over(self, code: int) -> None:
        self.close_code = code
        self._news.set()
        self._loop.call_soon(self._handler.on_close, code)
        self._on_over()

    def _drop_receiver(self) -> None:
        if self._abort is not None:
            self._abort()
