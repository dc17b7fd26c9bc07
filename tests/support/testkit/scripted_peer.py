"""A WebSocket peer that speaks canned frames, for what a real hub never says: every close code, garbage, silence."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from greenroom_protocol import limits, replies
from greenroom_protocol.bases import Command
from greenroom_protocol.codec import server_codec
from greenroom_protocol.commands import Connect, Delivered

NOW_MS = 1_800_000_000_000
FAR_MS = NOW_MS + 3_600_000
_C = TypeVar("_C", bound=Command)


def limits_view(pong_timeout_s: float = limits.PONG_TIMEOUT_S) -> replies.LimitsView:
    """Give the limits as a hub announces them."""
    return replies.LimitsView(
        client_frame_bytes=limits.CLIENT_FRAME_BYTES,
        server_frame_bytes=limits.SERVER_FRAME_BYTES,
        body_code_points=limits.BODY_CODE_POINTS,
        body_bytes=limits.BODY_BYTES,
        commands_per_frame=limits.COMMANDS_PER_FRAME,
        page_items=limits.PAGE_ITEMS,
        shown_threads=limits.SHOWN_THREADS,
        watched_users=limits.WATCHED_USERS,
        edit_window_s=900,
        reconnect_min_s=limits.RECONNECT_MIN_S,
        reconnect_max_s=limits.RECONNECT_MAX_S,
        pong_timeout_s=pong_timeout_s,
    )


def connected(command_id: int, **changes: Any) -> replies.Connected:
    """Give the answer to a `connect`, with an empty inbox unless told otherwise."""
    values: dict[str, Any] = {
        "v": 1,
        "session": "s1",
        "user": "ana",
        "now": NOW_MS,
        "expires_at": FAR_MS,
        "ping_s": 25.0,
        "caps": [],
        "recovered": False,
        "epoch": 5,
        "mark": 0,
        "more": False,
        "complete": True,
        "rows": [],
        "threads": [],
        "limits": limits_view(),
    }
    return replies.Connected(id=command_id, **(values | changes))


class PeerConnection:
    """One connection of the client, seen from the peer."""

    def __init__(self, socket: ServerConnection) -> None:
        assert socket.subprotocol is not None
        self.socket = socket
        self._codec = server_codec(socket.subprotocol)
        self._commands: list[Command] = []

    async def receive(self, kind: type[_C]) -> _C:
        """Give the next command, which must be of this kind; acknowledgements are passed over unless wanted."""
        while True:
            while not self._commands:
                data = await self.socket.recv(decode=False)
                self._commands.extend(self._codec.decode(data))
            command = self._commands.pop(0)
            if isinstance(command, kind):
                return command
            assert isinstance(command, Delivered), f"unexpected {command.__struct_config__.tag}"

    async def send(self, frame: Any) -> None:
        """Send a frame."""
        await self.socket.send(self._codec.encode(frame), text=self._codec.is_text)

    async def accept(self, **changes: Any) -> Connect:
        """Answer the client's `connect`; gives it."""
        command = await self.receive(Connect)
        await self.send(connected(command.id, **changes))
        return command

    async def close(self, code: int) -> None:
        """Close with a code."""
        await self.socket.close(code)

    async def gone(self) -> None:
        """Stay until the client leaves."""
        await self.socket.wait_closed()


Script = Callable[[PeerConnection], Awaitable[None]]


class ScriptedPeer:
    """Runs the next script for each new connection; the last one serves all that follow.

    `async with ScriptedPeer(first, second) as peer:`; leaving raises what a script raised.
    """

    def __init__(self, *scripts: Script) -> None:
        self.url = ""
        self.connection_count = 0
        self._scripts = scripts
        self._errors: list[BaseException] = []
        self._server: Server | None = None
        self._done = [asyncio.Event() for _ in scripts]

    async def __aenter__(self) -> Self:
        names = [Subprotocol(name) for name in (limits.SUBPROTOCOL_JSON, limits.SUBPROTOCOL_MSGPACK)]
        self._server = await serve(self._handle, "127.0.0.1", 0, subprotocols=names, compression=None)
        self.url = f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/ws"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()
        if self._errors:
            raise self._errors[0]

    async def done(self, index: int = -1) -> None:
        """Wait until a script has come to its end."""
        await self._done[index].wait()
        if self._errors:
            raise self._errors[0]

    async def _handle(self, socket: ServerConnection) -> None:
        index = min(self.connection_count, len(self._scripts) - 1)
        self.connection_count += 1
        try:
            await self._scripts[index](PeerConnection(socket))
        except ConnectionClosed:
            return
        except Exception as error:  # noqa: BLE001 - given to the test by `done` and on leaving
            self._errors.append(error)
        finally:
            self._done[index].set()
