"""One port for WebSocket and HTTP: the first request of a connection decides.

A connection starts with a small protocol that reads one request head under a size and a time limit, and
then switches the transport, for good, to a WebSocket or to aiohttp with the bytes already read.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import cast

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from greenroom_server.transport.frames import CloseCode
from greenroom_server.transport.handshake import (
    Handshake,
    Refused,
    RequestHead,
    check_upgrade,
    encode_refusal,
    encode_upgrade,
    may_be_http,
    parse_head,
)
from greenroom_server.transport.websocket import WebSocket, WebSocketHandler, WebSocketLimits

_HEAD_END = b"\r\n\r\n"
_LINGER_S = 1.0


@dataclass(frozen=True, slots=True)
class Accepted:
    """Answer 101 and let ``handler`` have the connection."""

    handler: WebSocketHandler
    subprotocol: str
    """One of those the peer offered; "" to agree on none."""


Admit = Callable[[Handshake], Accepted | Refused]
"""Decides about one well-formed handshake; must not raise."""


@dataclass(frozen=True, slots=True)
class FrontOptions:
    """Limits of the port."""

    websocket_path: str = "/ws"
    """The one path that may be upgraded; every other request is HTTP."""
    max_head_bytes: int = 8192
    """Longest head of a connection's first request; a longer one is answered 431."""
    head_timeout_s: float = 10.0
    """Time for the first request head to be complete; then 408."""
    max_message_bytes: int = 65536
    """Longest WebSocket message taken from a peer; a longer one closes with 1009."""
    close_timeout_s: float = 3.0
    """How long a WebSocket peer may take to answer our CLOSE."""
    http_idle_s: float = 30.0
    """How long an HTTP connection may wait for its next request."""
    backlog_count: int = 4096
    """Connections the kernel may hold before they are accepted."""


class Front:
    """The listening port and every connection made to it."""

    def __init__(
        self, admit: Admit, http_app: web.Application | web.AppRunner, options: FrontOptions | None = None
    ) -> None:
        self.options = options or FrontOptions()
        self.connections: set[WebSocket] = set()
        """Accepted WebSockets, until their transport is gone."""
        self._admit = admit
        self._runner = http_app if isinstance(http_app, web.AppRunner) else self._runner_for(http_app)
        self._limits = WebSocketLimits(self.options.max_message_bytes, self.options.close_timeout_s)
        self._undecided: set[_FirstRequest] = set()
        self._server: asyncio.Server | None = None
        self._all_gone = asyncio.Event()

    def _runner_for(self, app: web.Application) -> web.AppRunner:
        logger = logging.getLogger("greenroom.http")
        logger.addFilter(_without_the_peer)
        return web.AppRunner(
            app,
            handle_signals=False,
            access_log=None,
            logger=logger,
            keepalive_timeout=self.options.http_idle_s,
            max_line_size=self.options.max_head_bytes,
            max_field_size=self.options.max_head_bytes,
        )

    @property
    def port(self) -> int:
        """The port that was bound; of use when 0 was asked for."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self, host: str, port: int) -> None:
        """Set the HTTP application up and listen; port 0 takes any free one.

        Raises:
            OSError: the address cannot be bound; nothing listens.
        """
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        backlog = self.options.backlog_count
        self._server = await loop.create_server(lambda: _FirstRequest(self), host, port, backlog=backlog)

    def stop_accepting(self) -> None:
        """Stop listening; connections that exist go on."""
        if self._server is not None:
            self._server.close()

    async def close(self) -> None:
        """Stop listening and end every connection; WebSockets are told 1012 and may reconnect."""
        self.stop_accepting()
        for undecided in tuple(self._undecided):
            undecided.abort()
        for connection in tuple(self.connections):
            connection.close(CloseCode.RESTART)
        self._all_gone.clear()
        if self.connections:
            await self._all_gone.wait()
        await self._runner.cleanup()

    # --- for the first request of a connection

    def opened(self, connection: "_FirstRequest") -> None:
        """A connection was accepted that has not said yet what it wants."""
        self._undecided.add(connection)

    def decided(self, connection: "_FirstRequest") -> None:
        """The connection was switched over, or is gone."""
        self._undecided.discard(connection)

    def switch_to_http(self, transport: asyncio.Transport, received: bytes) -> None:
        """Hand the transport, and what was read from it, to aiohttp."""
        server = self._runner.server
        assert server is not None
        protocol = server()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        protocol.data_received(received)

    def switch_to_websocket(self, transport: asyncio.Transport, request: RequestHead, rest: bytes) -> Refused | None:
        """Hand the transport to a new WebSocket, unless form or admission refuse it."""
        checked = check_upgrade(request)
        if isinstance(checked, Refused):
            return checked
        handshake, accept = checked
        verdict = self._admit(handshake)
        if isinstance(verdict, Refused):
            return verdict
        connection = WebSocket(transport, verdict.handler, verdict.subprotocol, limits=self._limits, on_lost=self._lost)
        self.connections.add(connection)
        transport.set_protocol(connection)
        transport.write(encode_upgrade(accept, verdict.subprotocol))
        connection.open(rest)
        return None

    def _lost(self, connection: WebSocket) -> None:
        self.connections.discard(connection)
        if not self.connections:
            self._all_gone.set()


class _FirstRequest(asyncio.Protocol):
    """Reads one request head, then hands the connection over or refuses it."""

    __slots__ = ("_front", "_head", "_is_answered", "_timer", "_transport")

    def __init__(self, front: Front) -> None:
        self._front = front
        self._head = bytearray()
        self._is_answered = False
        self._transport: asyncio.Transport
        self._timer: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's transports do not derive from it
        late = Refused(HTTPStatus.REQUEST_TIMEOUT, "the request head took too long")
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._front.options.head_timeout_s, self._refuse, late)
        self._front.opened(self)

    def data_received(self, data: bytes) -> None:
        if self._is_answered:
            return
        self._head += data
        end = self._head.find(_HEAD_END)
        if not may_be_http(bytes(self._head[:17])):
            self._refuse(Refused(HTTPStatus.BAD_REQUEST, "not HTTP"))
        elif (len(self._head) if end < 0 else end) > self._front.options.max_head_bytes:
            self._refuse(Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the request head is too long"))
        elif end >= 0:
            self._decide(end)

    def _decide(self, end: int) -> None:
        request = parse_head(bytes(self._head[:end]))
        if isinstance(request, Refused):
            self._refuse(request)
            return
        if request.wants_websocket(self._front.options.websocket_path):
            rest = bytes(self._head[end + len(_HEAD_END) :])
            refused = self._front.switch_to_websocket(self._transport, request, rest)
            if refused is not None:
                self._refuse(refused)
                return
        else:
            self._front.switch_to_http(self._transport, bytes(self._head))
        self._forget()

    def _refuse(self, refused: Refused) -> None:
        """Answer, end our half, and give the peer a moment to read it."""
        self._is_answered = True
        self._head.clear()
        self._transport.write(encode_refusal(refused))
        self._transport.write_eof()
        self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(_LINGER_S, self._transport.abort)

    def abort(self) -> None:
        """Drop the connection."""
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()

    def _forget(self) -> None:
        self._timer.cancel()
        self._front.decided(self)


def _without_the_peer(record: logging.LogRecord) -> bool:
    """Keep what aiohttp quotes of a peer, its address and malformed requests, out of the log."""
    if record.exc_info and isinstance(record.exc_info[1], HttpProcessingError | web.RequestPayloadError):
        return False
    if record.args:
        record.args = tuple("-" for _ in record.args)
    return True
