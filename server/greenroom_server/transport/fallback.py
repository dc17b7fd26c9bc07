"""The fallback door: the frames of a WebSocket over HTTP, by streamed responses or by long poll.

Four routes on the HTTP application of the port. A request finds its `FallbackSocket` by the digest of a key that the
client made; everything that is said on it is the business of the same `Connection` as on a WebSocket.

Source: protocol/spec/fallback.md; server/docs/adr/0014-fallback-over-http.md.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from greenroom_protocol import limits
from greenroom_server.telemetry.counters import Counters
from greenroom_server.transport.fallback_request import (
    BadRequestError,
    Check,
    answer,
    body_of,
    handshake_of,
    headers_for,
    key_of,
    number_of,
    preflight,
    refusal,
)
from greenroom_server.transport.fallback_socket import FallbackSocket, Taken
from greenroom_server.transport.frames import CloseCode
from greenroom_server.transport.socket import SocketHandler

_STATUS: Final = {Taken.TAKEN: 204, Taken.REPEATED: 204, Taken.BUSY: 503, Taken.GAP: 409, Taken.CLOSED: 410}


@dataclass(frozen=True, slots=True)
class FallbackOptions:
    """Limits of the door."""

    path: str = "/ws"
    """The routes lie below."""
    max_connections_count: int = 5000
    """At once on this node, those included whose end can still be read; one more is answered 503."""
    max_frame_bytes: int = limits.CLIENT_FRAME_BYTES
    """Longest batch; a longer one closes with 1009."""
    poll_s: float = 25.0
    """A poll without events ends after this."""
    comment_s: float = 15.0
    """A stream without events shows this often that bytes get through."""
    stream_s: float = 300.0
    """A stream ends after this; the client asks again."""
    stream_bytes: int = 1024 * 1024
    """A stream ends after so much: some clients keep all of a response in memory."""
    linger_s: float = 30.0
    """How long the last events of a connection that is over can still be had."""


class Fallback:
    """All fallback connections of this node."""

    def __init__(
        self,
        connection: Callable[[str], SocketHandler],
        check: Check,
        is_draining: Callable[[], bool],
        counters: Counters,
        options: FallbackOptions | None = None,
    ) -> None:
        """Make the door; `add_to` opens it.

        Args:
            connection: makes the handler of a connection that speaks a subprotocol.
            check: refuses requests by origin and form, as it does for WebSockets.
            is_draining: no connection is opened any more.
            counters: told what became of each request.
            options: limits.
        """
        self._connection = connection
        self._check = check
        self._is_draining = is_draining
        self._counters = counters
        self._options = options or FallbackOptions()
        self._sockets: dict[bytes, FallbackSocket] = {}

    def add_to(self, app: web.Application) -> None:
        """Add the routes."""
        for name, handler in (
            ("send", self._send),
            ("stream", self._stream),
            ("poll", self._poll),
            ("close", self._close),
        ):
            path = f"{self._options.path}/{name}"
            app.router.add_post(path, self._endpoint(name, handler))
            app.router.add_route("OPTIONS", path, self._preflight)

    def kinds(self) -> Counter[str]:
        """Count the open connections by how they receive."""
        return Counter(socket.kind for socket in self._sockets.values() if not socket.close_code)

    # --- requests

    def _endpoint(
        self, name: str, handler: Callable[[web.Request, bytes], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def endpoint(request: web.Request) -> web.StreamResponse:
            refused = self._check(handshake_of(request))
            if refused is not None:
                self._counters.fallback[name, refused.status] += 1
                return refusal(refused)
            try:
                response = await handler(request, key_of(request))
            except BadRequestError as error:
                response = answer(request, error.status, error.reason)
            self._counters.fallback[name, response.status] += 1
            return response

        return endpoint

    async def _preflight(self, request: web.Request) -> web.Response:
        return preflight(request, self._check)

    async def _send(self, request: web.Request, key: bytes) -> web.Response:
        number, ack = number_of(request, "Greenroom-Batch"), number_of(request, "Greenroom-Ack")
        if key not in self._sockets and (number != 1 or self._is_full()):
            return answer(request, 404 if number != 1 else 503)
        data = b"" if number is None else await body_of(request, self._options.max_frame_bytes)
        socket = self._sockets.get(key)  # after the body: two requests may bring the first batch
        if socket is None:
            if number != 1:
                return answer(request, 404)
            if data is None:
                return answer(request, 413)
            socket = self._open(key)
        if ack is not None and not socket.acknowledge(ack):
            return answer(request, 400, "Greenroom-Ack: there was no such event yet")
        if number is None:
            return answer(request, 410 if socket.close_code else 204)
        if data is None:
            socket.close(CloseCode.TOO_BIG)
            return answer(request, 413)
        return answer(request, _STATUS[socket.take(number, data)])

    async def _close(self, request: web.Request, key: bytes) -> web.Response:
        socket = self._sockets.get(key)
        if socket is not None:
            socket.goodbye()
        return answer(request, 204)

    async def _poll(self, request: web.Request, key: bytes) -> web.Response:
        socket, after = self._receiving(request, key)
        receiver = socket.receive("poll", lambda: None)
        try:
            async with asyncio.timeout(self._options.poll_s):
                events = await socket.news(receiver, after)
        except TimeoutError:
            events = None
        finally:
            socket.received(receiver)
        headers = {**headers_for(request), "Content-Type": "text/plain; charset=utf-8"}
        return web.Response(body=b"".join(events or ()), headers=headers)

    async def _stream(self, request: web.Request, key: bytes) -> web.StreamResponse:
        socket, after = self._receiving(request, key)
        headers = {**headers_for(request), "Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
        response = web.StreamResponse(headers=headers)
        receiver = socket.receive("stream", lambda: _abort(request))
        try:
            async with asyncio.timeout(self._options.stream_s):
                await response.prepare(request)
                await response.write(b": open\n\n")
                await self._give(response, socket, receiver, after)
        except (TimeoutError, ConnectionError):
            pass  # what was not acknowledged is given to the next request
        finally:
            socket.received(receiver)
        return response

    async def _give(self, response: web.StreamResponse, socket: FallbackSocket, receiver: int, after: int) -> None:
        left_bytes = self._options.stream_bytes
        while left_bytes > 0:
            try:
                async with asyncio.timeout(self._options.comment_s):
                    events = await socket.news(receiver, after)
            except TimeoutError:
                await response.write(b":\n\n")
                continue
            if events is None:
                return
            data = b"".join(events)
            after = socket.first_after(after) + len(events)
            left_bytes -= len(data)
            await response.write(data)

    # --- connections

    def _receiving(self, request: web.Request, key: bytes) -> tuple[FallbackSocket, int]:
        """Find the connection of a request for events, and what its peer has already."""
        ack = number_of(request, "Greenroom-Ack") or 0
        socket = self._sockets.get(key)
        if socket is None or socket.is_done:
            raise BadRequestError(404, "no such connection")
        if not socket.acknowledge(ack):
            raise BadRequestError(400, "Greenroom-Ack: there was no such event yet")
        return socket, ack

    def _is_full(self) -> bool:
        return self._is_draining() or len(self._sockets) >= self._options.max_connections_count

    def _open(self, key: bytes) -> FallbackSocket:
        handler = self._connection(limits.SUBPROTOCOL_JSON)
        socket = self._sockets[key] = FallbackSocket(handler, lambda: self._over(key))
        return socket

    def _over(self, key: bytes) -> None:
        """Keep the last events for a while, so that the client learns why."""
        asyncio.get_running_loop().call_later(self._options.linger_s, self._sockets.pop, key, None)


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
