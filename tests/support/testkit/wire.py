"""A plain client of the wire for tests: it sends what it is told and keeps what comes, and hides nothing."""

import asyncio
import itertools
import json
import os
import time
from types import TracebackType
from typing import Any, Self

import msgpack
import websockets

from greenroom_protocol import limits
from greenroom_protocol.cid import make_cid
from testkit.hub import HubProcess, Room, token

Frame = dict[str, Any]


def cid(*, age_s: float = 0.0) -> str:
    """Make a cid as of some time ago."""
    return make_cid(int((time.time() - age_s) * 1000), os.urandom(10))


class Wire:
    """One socket of one device."""

    def __init__(
        self, room: Room | HubProcess, name: str, *, device: str = "phone", subprotocol: str = limits.SUBPROTOCOL_JSON
    ) -> None:
        self.hub = room.hub if isinstance(room, Room) else room
        self.user = room.id(name) if isinstance(room, Room) else name
        self.device = device
        self.subprotocol = subprotocol
        self.connected: Frame = {}
        """The reply to `connect`."""
        self.pushes: list[Frame] = []
        """Everything pushed so far, in order."""
        self.close_code = 0
        self._ids = itertools.count(1)
        self._replies: dict[int, asyncio.Future[Frame]] = {}
        self._news = asyncio.Condition()
        self._reader: asyncio.Task[None] | None = None
        self._socket: websockets.ClientConnection

    async def open(self, *, resume: Frame | None = None, tok: str | None = None, **fields: Any) -> Frame:
        """Connect the socket and the session; gives the reply, which may be an error."""
        await self.open_socket()
        command: Frame = {"type": "connect", "v": 1, "token": tok or token(self.user), "device": self.device, **fields}
        if resume is not None:
            command["resume"] = resume
        self.connected = await self.ask(command)
        return self.connected

    async def open_socket(self, **options: Any) -> None:
        """Connect the socket alone."""
        self._socket = await websockets.connect(
            self.hub.ws_url, subprotocols=[websockets.Subprotocol(self.subprotocol)], compression=None,
            max_size=limits.SERVER_FRAME_BYTES, **options,
        )  # fmt: skip
        self._reader = asyncio.create_task(self._read())

    async def ask(self, command: Frame, *, within_s: float = 20.0) -> Frame:
        """Send a command and wait for its reply."""
        number = next(self._ids)
        reply: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._replies[number] = reply
        await self.send_raw(self.encode({"type": command["type"], "id": number, **command}))
        return await asyncio.wait_for(reply, within_s)

    async def say(self, thread: str, body: str, **fields: Any) -> Frame:
        """Send a message."""
        return await self.ask({"type": "message.send", "thread": thread, "cid": cid(), "body": body, **fields})

    async def tell(self, command: Frame) -> None:
        """Send a command that gets no reply."""
        await self.send_raw(self.encode(command))

    async def send_raw(self, data: bytes | str) -> None:
        """Send one WebSocket message as it is; a closed connection is a `ConnectionError`."""
        try:
            await self._socket.send(data)
        except websockets.ConnectionClosed as closed:
            raise ConnectionError(str(closed)) from closed

    def encode(self, frame: Any) -> bytes | str:
        """Encode in this connection's codec, with an encoder that is not the hub's."""
        if self.subprotocol == limits.SUBPROTOCOL_MSGPACK:
            packed: bytes = msgpack.packb(frame)
            return packed
        return json.dumps(frame)

    async def until(self, wanted: Any, *, within_s: float = 20.0) -> Frame:
        """Wait until some push satisfies a predicate; gives the first that does."""

        def found() -> Frame | None:
            return next((push for push in self.pushes if wanted(push)), None)

        async with asyncio.timeout(within_s), self._news:
            await self._news.wait_for(lambda: found() is not None)
        push = found()
        assert push is not None
        return push

    async def event(self, kind: str, **fields: Any) -> Frame:
        """Wait for a thread event of a kind, pushed to this device."""

        def has(push: Frame) -> bool:
            return any(matches(event) for event in push.get("events", ()))

        def matches(event: Frame) -> bool:
            return event["type"] == kind and all(event.get(name) == value for name, value in fields.items())

        push = await self.until(has)
        return next(event for event in push["events"] if matches(event))

    def events(self, thread: str | None = None) -> list[Frame]:
        """Give all thread events pushed so far, in order."""
        changes = [push for push in self.pushes if push["type"] == "inbox.changed"]
        return [e for push in changes if thread in (None, push["thread"]) for e in push.get("events", ())]

    @property
    def mark(self) -> int:
        """The position: the last mark given."""
        marks = [push["mark"] for push in self.pushes if push["type"] == "inbox.changed"]
        return int(max([self.connected.get("mark", 0), *marks]))

    async def closed(self, *, within_s: float = 20.0) -> int:
        """Wait for the end of the connection; gives the close code."""
        assert self._reader is not None
        await asyncio.wait_for(asyncio.shield(self._reader), within_s)
        return self.close_code

    async def close(self) -> None:
        """Close the socket."""
        await self._socket.close()
        if self._reader is not None:
            await self._reader

    async def drop(self) -> None:
        """Vanish without a goodbye."""
        self._socket.transport.abort()
        if self._reader is not None:
            await self._reader

    async def _read(self) -> None:
        try:
            async for data in self._socket:
                decoded = json.loads(data) if isinstance(data, str) else msgpack.unpackb(data)
                for frame in decoded if isinstance(decoded, list) else [decoded]:
                    await self._take(frame)
        except websockets.ConnectionClosed:
            pass
        await self._socket.wait_closed()  # the transport, too: nothing of a test outlives its loop
        self.close_code = self._socket.close_code or 0
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(ConnectionError(f"closed with {self.close_code}"))
                reply.exception()

    async def _take(self, frame: Frame) -> None:
        reply = self._replies.pop(frame.get("id", -1), None)
        if reply is not None:
            if not reply.done():
                reply.set_result(frame)
            return
        async with self._news:
            self.pushes.append(frame)
            self._news.notify_all()

    async def __aenter__(self) -> Self:
        reply = await self.open()
        assert reply["type"] == "connect", reply
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()
