"""A front whose WebSockets echo and whose only page is ``/hello``; a process of its own for tests.

    python -m testkit.echo_server

prints the port on its first line and serves until it is ended.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import uvloop
from aiohttp import web

from greenroom_server.transport.front import Accepted, Front, FrontOptions
from greenroom_server.transport.handshake import Handshake
from greenroom_server.transport.websocket import WebSocket


class Echo:
    """Sends every message back."""

    def __init__(self) -> None:
        self._socket: WebSocket

    def on_open(self, socket: WebSocket) -> None:
        self._socket = socket

    def on_message(self, data: bytes, is_text: bool) -> None:
        self._socket.send(data, is_text)

    def on_blocked(self) -> None:
        self._socket.pause_reading()

    def on_writable(self) -> None:
        self._socket.resume_reading()

    def on_close(self, code: int) -> None:
        del self._socket


def accept_all(handshake: Handshake) -> Accepted:
    """Admit everybody, agreeing to the first subprotocol offered."""
    return Accepted(Echo(), handshake.subprotocols[0] if handshake.subprotocols else "")


def hello_app() -> web.Application:
    """An HTTP application with one page, which also takes a body."""

    async def hello(request: web.Request) -> web.Response:
        return web.Response(text=f"hello {len(await request.read())}")

    app = web.Application()
    app.router.add_route("*", "/hello", hello)
    return app


async def _serve() -> None:
    front = Front(accept_all, hello_app(), FrontOptions())
    await front.start("127.0.0.1", 0)
    print(front.port, flush=True)  # noqa: T201 - the parent reads it
    await asyncio.Event().wait()


@contextmanager
def running_echo_server() -> Iterator[int]:
    """Run the server on uvloop in a process of its own; gives its port."""
    command = [sys.executable, "-m", __name__]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


if __name__ == "__main__":
    uvloop.run(_serve())
