"""What the engine speaks through: frames out, frames in, an end. Here over WebSocket; `fallback.py` has HTTP."""

from collections.abc import Sequence
from typing import Final, Literal, Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from greenroom_client.options import ConnectionOptions
from greenroom_protocol import codes, limits
from greenroom_protocol.codec import Codec, ServerFrame, client_codec

Kind = Literal["websocket", "stream", "poll"]
"""How frames travel."""
SUBPROTOCOLS: Final = {"json": limits.SUBPROTOCOL_JSON, "msgpack": limits.SUBPROTOCOL_MSGPACK}
FRAME_SLACK_BYTES: Final = 64 * 1024


class LinkClosedError(Exception):
    """Nothing travels any more."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"closed with {code}")
        self.code = code
        """Close code, of the peer's or else of our side; None: it just broke."""


class Link(Protocol):
    """One open way to the hub."""

    kind: Kind
    codec: Codec[ServerFrame]

    async def send(self, frames: Sequence[bytes]) -> None:
        """Send encoded commands in this order.

        Raises:
            LinkClosedError: some may not have left.
        """

    async def receive(self) -> bytes:
        """Give the next frame.

        Raises:
            LinkClosedError: there will be none.
        """

    async def close(self, code: int = codes.NORMAL) -> None:
        """Say goodbye; may be repeated."""

    def abort(self) -> None:
        """Drop everything at once."""


class WebSocketLink:
    """Frames as WebSocket messages."""

    kind: Kind = "websocket"

    def __init__(self, socket: ClientConnection, subprotocol: str) -> None:
        self.codec = client_codec(subprotocol)
        self._socket = socket

    async def send(self, frames: Sequence[bytes]) -> None:
        try:
            for frame in frames:
                await self._socket.send(frame, text=self.codec.is_text)
        except ConnectionClosed as closed:
            raise LinkClosedError(_code_of(closed)) from closed

    async def receive(self) -> bytes:
        try:
            return await self._socket.recv(decode=False)
        except ConnectionClosed as closed:
            raise LinkClosedError(_code_of(closed)) from closed

    async def close(self, code: int = codes.NORMAL) -> None:
        await self._socket.close(code)

    def abort(self) -> None:
        self._socket.transport.abort()


async def dial_websocket(url: str, codec: Literal["json", "msgpack"], options: ConnectionOptions) -> WebSocketLink:
    """Open a WebSocket.

    Raises:
        OSError, TimeoutError, EOFError, InvalidHandshake, ConnectionClosed: it did not open.
    """
    subprotocol = Subprotocol(SUBPROTOCOLS[codec])
    socket = await connect(
        url,
        subprotocols=[subprotocol],
        compression=None,
        max_size=limits.SERVER_FRAME_BYTES + FRAME_SLACK_BYTES,
        open_timeout=options.connect_timeout_s,
        close_timeout=options.close_timeout_s,
        ping_interval=None,
        proxy=options.proxy,
    )
    return WebSocketLink(socket, subprotocol)


def _code_of(closed: ConnectionClosed) -> int | None:
    frame = closed.rcvd or closed.sent
    return frame.code if frame is not None else None
