"""One virtual user: a raw connection that sends messages and accounts for everything that comes back."""

import asyncio
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import msgspec

from greenroom_loadtest import texts, wire
from greenroom_loadtest.ledger import Ledger
from greenroom_protocol import limits

_HISTORY_ID = 1 << 40
"""Above every message's number."""
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER 0: no socket of thousands stays in TIME_WAIT."""


class BenchError(Exception):
    """The run means nothing: a connection was lost, or the server did what it should not."""


@dataclass(slots=True)
class Run:
    """What all users of a run share."""

    ledger: Ledger
    failure: asyncio.Future[None]
    """Gets the exception that ends the run."""
    is_closed_loop: bool = False
    """Whether each answer is followed by the next message at once."""
    is_over: bool = False
    """From here on lost connections are no failures."""
    users: list["VirtualUser"] = field(default_factory=list)

    def fail(self, reason: str) -> None:
        """End the run."""
        if not self.is_over and not self.failure.done():
            self.failure.set_exception(BenchError(reason))


class VirtualUser(asyncio.Protocol):
    """A user with one device and at most one thread."""

    def __init__(self, run: Run, index: int, token: str) -> None:
        """Make a user; ``index`` is its place among the pairs, -1 for one that stays idle."""
        loop = asyncio.get_running_loop()
        self.index = index
        self.thread = ""
        self.mark = 0
        """Last mark that arrived."""
        self.connected: asyncio.Future[None] = loop.create_future()
        self.opened: asyncio.Future[None] = loop.create_future()
        self._run = run
        self._ledger = run.ledger
        self._token = token
        self._seq = 0
        self._n = 0
        self._first_mark = 0
        self._push_count = 0
        self._told_mark = 0
        self._rest = b""
        self._front = b""
        self._history: asyncio.Future[wire.History] | None = None
        self._receive: Callable[[bytes], None] = self._receive_head
        self._transport: asyncio.Transport

    # Connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's transports do not derive from it
        plain: socket.socket = transport.get_extra_info("socket")
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._transport.write(wire.UPGRADE)

    def connection_lost(self, _error: Exception | None) -> None:
        """End the run, unless it is over."""
        self._run.fail("a connection was lost")

    def abort(self) -> None:
        """Drop the connection."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take bytes in."""
        self._receive(data)

    def _receive_head(self, data: bytes) -> None:
        head, end, rest = (self._rest + data).partition(wire.END_OF_HEAD)
        if not end:
            self._rest = head
            return
        if not head.startswith(b"HTTP/1.1 101 "):
            self._run.fail(f"no upgrade: {head[:60].decode('latin-1')}")
            return
        self._rest = b""
        self._receive = self._receive_frames
        self._command({"type": "connect", "id": 1, "v": 1, "token": self._token, "device": "bench"})
        if rest:
            self._receive_frames(rest)

    def _receive_frames(self, data: bytes) -> None:
        now = time.monotonic()
        frames, self._rest = wire.split_frames(self._rest + data if self._rest else data)
        for first, payload in frames:
            if first == wire.TEXT:
                self._receive_text(payload, now)
            elif first == wire.CLOSE:
                self._run.fail(f"the server closed a connection with {int.from_bytes(payload[:2], 'big')}")
            elif first == wire.PING:
                self._transport.write(wire.encode_frame(payload, wire.PONG))

    def _receive_text(self, payload: bytes, now: float) -> None:
        try:
            frame = wire.decode(payload)
        except msgspec.DecodeError:
            self._ledger.problems[f"frame not expected: {payload[:40].decode('latin-1')}"] += 1
            return
        for one in frame if type(frame) is list else (frame,):
            if type(one) is wire.Changed:
                self._changed(one, now)
            elif type(one) is wire.Sent:
                self._ledger.acked(self.index, one.id, one.seq, is_dup=one.dup, now=now)
                if self._run.is_closed_loop:
                    self.send(now)
            else:
                self._rare(one, now)

    # What comes in

    def _changed(self, push: wire.Changed, now: float) -> None:
        ledger = self._ledger
        if push.mark > self.mark:
            self.mark = push.mark
        else:
            ledger.reordered += 1
        self._push_count += 1
        self._n = push.n
        if not self._front:
            self._join(push.thread)
        for event in push.events:
            is_new = ledger.delivered(self.index, event.cid, event.seq, now)
            if event.seq > self._seq:
                self._seq = event.seq
            elif is_new:
                ledger.reordered += 1

    def _rare(self, frame: object, now: float) -> None:
        if isinstance(frame, wire.Connected):
            self.mark = self._first_mark = frame.mark
            self.connected.set_result(None)
        elif isinstance(frame, wire.Opened):
            self._ledger.acked(self.index, frame.id, frame.seq, is_dup=frame.dup, now=now)
            self._join(frame.thread)
        elif isinstance(frame, wire.History):
            assert self._history is not None, "only `history` asks"
            self._history.set_result(frame)
        elif isinstance(frame, wire.Heartbeat):
            self.tell_delivered()
        elif isinstance(frame, wire.Refused):
            self._ledger.problems[f"refused: {frame.code}"] += 1
            self._run.fail(f"a command was refused with {frame.code}")

    def _join(self, thread: str) -> None:
        if not self._front:
            self.thread = thread
            self._front = f'{{"type":"message.send","thread":"{thread}","cid":"{self._ledger.cid_front}'.encode()
            self.opened.set_result(None)

    # What goes out

    def send(self, due_at: float) -> None:
        """Send the next message; ``due_at`` is when it should have been sent, by `time.monotonic`."""
        number = self._ledger.add(self.index, due_at)
        payload = b'%b%012x","body":"%b","seen":%d,"id":%d}' % (
            self._front, number, texts.body(number).encode(), self._n, number,
        )  # fmt: skip
        self._transport.write(wire.encode_frame(payload))

    def open_thread(self, freelancer: str) -> None:
        """Send the pair's first message, which opens the thread; `opened` is done when it is known."""
        number = self._ledger.add(self.index, time.monotonic())
        cid = f"{self._ledger.cid_front}{number:012x}"
        body = texts.body(number)
        self._command({"type": "thread.open", "id": number, "cid": cid, "freelancer": freelancer, "body": body})

    def tell_delivered(self, *, only_if_moved: bool = False) -> None:
        """Say up to which mark everything has arrived."""
        if self.mark > self._told_mark or not only_if_moved:
            self._told_mark = self.mark
            self._command({"type": "delivered", "mark": self.mark})

    async def history(self) -> list[wire.LoggedEvent]:
        """Read the whole log of the thread."""
        events: list[wire.LoggedEvent] = []
        after, more = 0, True
        while more:
            self._history = asyncio.get_running_loop().create_future()
            page_of = {"thread": self.thread, "after": after, "limit": limits.PAGE_ITEMS}
            self._command({"type": "thread.history", "id": _HISTORY_ID, **page_of})
            page = await self._history
            events += page.events
            after, more = page.to, page.more
        return events

    def audit(self) -> None:
        """Note deliveries that are missing by their marks, even if no message is."""
        missing = self.mark - self._first_mark - self._push_count
        if missing:
            self._ledger.problems["delivery missing, by its mark"] += missing

    def _command(self, command: dict[str, object]) -> None:
        self._transport.write(wire.encode_frame(msgspec.json.encode(command)))
