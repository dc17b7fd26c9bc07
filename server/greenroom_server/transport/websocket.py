"""One WebSocket: frames in and out of a TCP transport, messages for the handler above.

What a conforming server owes its peer is done here and nowhere else: fragments are put together, text is
UTF-8, pings are answered, CLOSE is exchanged, and nothing is processed after it.

Source: RFC 6455; server/docs/conformance.md; server/docs/adr/0002-picows.md.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from greenroom_server.transport.fragments import Fragments
from greenroom_server.transport.frames import (
    CLOSE,
    FINAL,
    PING,
    PONG,
    TEXT,
    WHOLE_BINARY,
    WHOLE_TEXT,
    CloseCode,
    FrameError,
    decode_close,
    encode_close,
    encode_message,
    encode_pong,
    is_utf8,
    next_frame,
)

_FRAMES_PER_TURN = 64
"""A connection that sends more at once waits for the others after so many frames."""
_LINGER_S = 1.0
"""How long the peer may take to read the CLOSE before the socket goes away."""


class WebSocketHandler(Protocol):
    """What the hub does with one socket; all callbacks run on the event loop and must not raise."""

    def on_open(self, socket: "WebSocket") -> None:
        """The handshake is answered; ``socket`` may be written to."""

    def on_message(self, data: bytes, is_text: bool) -> None:
        """One whole message arrived; text is valid UTF-8."""

    def on_blocked(self) -> None:
        """The kernel takes no more bytes: stop sending until ``on_writable``."""

    def on_writable(self) -> None:
        """What was buffered has mostly left."""

    def on_close(self, code: int) -> None:
        """The connection is over; called exactly once, 1006 when the peer vanished."""


@dataclass(frozen=True, slots=True)
class WebSocketLimits:
    """What one connection may cost."""

    max_message_bytes: int = 65536
    """Longest message taken from a peer, all fragments together; a longer one closes with 1009."""
    close_timeout_s: float = 3.0
    """How long the peer may take to answer our CLOSE."""


class _Gone:
    """The handler of a connection that has already been told about its end."""

    def on_open(self, socket: "WebSocket") -> None: ...
    def on_message(self, data: bytes, is_text: bool) -> None: ...
    def on_blocked(self) -> None: ...
    def on_writable(self) -> None: ...
    def on_close(self, code: int) -> None: ...


_GONE = _Gone()


class _State(Enum):
    OPEN = 1
    CLOSING = 2  # our CLOSE is sent, only the peer's is still of interest
    CLOSED = 3  # whatever comes is dropped unread


# Globals: an Enum member costs a dictionary look-up more on every message.
_OPEN, _CLOSING, _CLOSED = _State.OPEN, _State.CLOSING, _State.CLOSED


class WebSocket(asyncio.Protocol):
    """One accepted WebSocket connection; the front makes it and switches the transport to it."""

    __slots__ = (
        "_close_code",
        "_fragments",
        "_handler",
        "_is_blocked",
        "_is_paused",
        "_limits",
        "_loop",
        "_needed_bytes",
        "_on_lost",
        "_owed_pong",
        "_partial",
        "_queue",
        "_queued_bytes",
        "_room_bytes",
        "_state",
        "_timer",
        "_transport",
        "subprotocol",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        handler: WebSocketHandler,
        subprotocol: str,
        *,
        limits: WebSocketLimits,
        on_lost: Callable[["WebSocket"], None],
    ) -> None:
        self.subprotocol = subprotocol
        self._transport = transport
        self._handler = handler
        self._limits = limits
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._state = _OPEN
        self._close_code: int = CloseCode.ABNORMAL
        self._timer: asyncio.TimerHandle | None = None
        self._partial: bytearray | None = None
        self._needed_bytes = 0
        self._fragments: Fragments | None = None
        self._room_bytes = limits.max_message_bytes
        self._is_paused = False
        self._queue: list[bytes] = []
        self._queued_bytes = 0
        self._is_blocked = False
        self._owed_pong: bytes | None = None

    # --- for the handler

    @property
    def is_open(self) -> bool:
        """Whether messages still pass; False as soon as either side sent CLOSE."""
        return self._state is _OPEN

    @property
    def buffered_bytes(self) -> int:
        """Bytes accepted by ``send`` that the kernel has not taken yet."""
        return self._queued_bytes + self._transport.get_write_buffer_size()

    def send(self, data: bytes, is_text: bool) -> None:
        """Send one message; does nothing on a connection that is no longer open."""
        self.send_frame(encode_message(data, is_text))

    def send_frame(self, frame: bytes) -> None:
        """Send what ``encode_message`` made; a message for many sockets is encoded once."""
        if self._state is _OPEN:
            self._write_soon(frame)

    def close(self, code: int, reason: str = "") -> None:
        """Send CLOSE after what is queued, await the peer's for a few seconds, then drop.

        Raises:
            ValueError: the code may not be sent, or the reason is too long; nothing was done.
        """
        if self._state is not _OPEN:
            return
        self._write_soon(encode_close(code, reason))
        self._flush()
        self._state = _CLOSING
        self._close_code = code
        self._timer = self._loop.call_later(self._limits.close_timeout_s, self._transport.abort)
        self.resume_reading()

    def abort(self) -> None:
        """Drop the connection at once, and with it everything that is queued."""
        self._state = _CLOSED
        self._queue.clear()
        self._transport.abort()

    def pause_reading(self) -> None:
        """Deliver no message until ``resume_reading``; the peer soon feels it as back-pressure."""
        if self._state is _OPEN:
            self._is_paused = True
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Deliver messages again, on a later turn of the loop."""
        if self._is_paused:
            self._is_paused = False
            self._loop.call_soon(self._continue)

    # --- reading

    def open(self, rest: bytes) -> None:
        """Tell the handler, and take what the peer sent right behind its handshake."""
        self._handler.on_open(self)
        if rest:
            self.data_received(rest)

    def data_received(self, data: bytes) -> None:
        """Take bytes from the transport; an incomplete frame waits for its rest."""
        if self._partial is not None:
            self._partial += data
            if len(self._partial) < self._needed_bytes:
                return
            data, self._partial = bytes(self._partial), None
        if self._state is not _CLOSED:
            try:
                self._consume(data)
            except FrameError as error:
                self._fail(error.code)

    def _consume(self, data: bytes) -> None:
        start, size = 0, len(data)
        last_turn = _FRAMES_PER_TURN
        needed = 2
        while size - start >= 2:
            if self._is_paused or not last_turn:
                self._stall()
                needed = size
                break
            first, payload, end = next_frame(data, start, self._room_bytes)
            if payload is None:
                needed = end - start
                break
            start = end
            last_turn -= 1
            if first == WHOLE_TEXT and self._fragments is None and self._state is _OPEN:
                if not (payload.isascii() or is_utf8(payload)):
                    raise FrameError(CloseCode.INVALID_TEXT)
                self._handler.on_message(payload, True)
            else:
                self._take(first, payload)
            if self._state is _CLOSED:
                return
        if start < size:
            self._partial = bytearray(data[start:])
            self._needed_bytes = needed

    def _stall(self) -> None:
        """Leave the rest of what arrived for later, and read nothing meanwhile."""
        self._transport.pause_reading()
        if not self._is_paused:
            self._loop.call_soon(self._continue)

    def _continue(self) -> None:
        if self._is_paused or self._state is _CLOSED:
            return
        data, self._partial = self._partial, None
        self._transport.resume_reading()
        if data:
            self.data_received(bytes(data))

    def _take(self, first: int, payload: bytes) -> None:
        """Anything but a whole text message."""
        opcode = first & 0x0F
        if opcode == CLOSE:
            self._take_close(payload)
        elif self._state is not _OPEN or opcode == PONG:
            return
        elif opcode == PING:
            if self._is_blocked:
                self._owed_pong = payload  # only the latest ping needs an answer: RFC 6455 section 5.5.3
            else:
                self._write_soon(encode_pong(payload))
        elif first == WHOLE_BINARY and self._fragments is None:
            self._handler.on_message(payload, False)
        else:
            self._take_fragment(first, payload)

    def _take_fragment(self, first: int, payload: bytes) -> None:
        starts = first & 0x0F != 0
        if starts == (self._fragments is not None):
            raise FrameError(CloseCode.PROTOCOL_ERROR)
        fragments = self._fragments or Fragments(is_text=first & 0x0F == TEXT)
        fragments.add(payload, is_last=first >= FINAL)
        if first < FINAL:
            self._fragments = fragments
            self._room_bytes = self._limits.max_message_bytes - fragments.size_bytes
        else:
            self._fragments = None
            self._room_bytes = self._limits.max_message_bytes
            self._handler.on_message(fragments.message(), fragments.is_text)

    # --- writing

    def _write_soon(self, frame: bytes) -> None:
        """Queue a frame: all of one loop turn leave in one write."""
        if not self._queue:
            self._loop.call_soon(self._flush)
        self._queue.append(frame)
        self._queued_bytes += len(frame)

    def _flush(self) -> None:
        queue = self._queue
        if queue:
            frames = queue[0] if len(queue) == 1 else b"".join(queue)
            queue.clear()
            self._queued_bytes = 0
            self._transport.write(frames)

    def pause_writing(self) -> None:
        """The transport's buffer is above its mark."""
        self._is_blocked = True
        self._handler.on_blocked()

    def resume_writing(self) -> None:
        """The transport's buffer is below its mark again."""
        self._is_blocked = False
        if self._owed_pong is not None and self._state is _OPEN:
            self._write_soon(encode_pong(self._owed_pong))
        self._owed_pong = None
        self._handler.on_writable()

    # --- the end

    def _take_close(self, payload: bytes) -> None:
        code = decode_close(payload)
        if self._state is _OPEN:
            self._write_soon(encode_close(code))
            self._close_code = code
        self._finish()

    def _fail(self, code: CloseCode) -> None:
        """The peer broke the protocol: say so, and listen no longer."""
        if self._state is _OPEN:
            self._write_soon(encode_close(code))
            self._close_code = code
        self._finish()

    def _finish(self) -> None:
        """Both CLOSE frames that there will be have been seen: end our half, await the peer's.

        Closing at once would reset the connection if the peer has bytes under way, and the reset
        would overtake our CLOSE.
        """
        self._flush()
        self._state = _CLOSED
        self._partial = self._fragments = None
        self._transport.write_eof()
        self._transport.resume_reading()
        self._end_in(_LINGER_S)
        self._report()

    def _end_in(self, delay_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(delay_s, self._transport.abort)

    def _report(self) -> None:
        handler, self._handler = self._handler, _GONE
        handler.on_close(self._close_code)

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is gone, by either side's doing."""
        self._state = _CLOSED
        self._queue.clear()
        self._queued_bytes = 0
        self._partial = self._fragments = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._on_lost(self)
        self._report()
