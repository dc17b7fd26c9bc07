"""A front inside the test's own process, and a handler that notes what it is told."""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import uvloop

from greenroom_server.transport.front import Accepted, Admit, Front, FrontOptions
from greenroom_server.transport.websocket import WebSocket
from testkit.echo_server import accept_all, hello_app


def on_uvloop(test: Callable[..., Coroutine[None, None, None]]) -> Callable[..., None]:
    """Run a test on the event loop that the hub runs on."""

    @functools.wraps(test)
    def run(*args: object, **kwargs: object) -> None:
        uvloop.run(test(*args, **kwargs))

    return run


@dataclass
class Recorder:
    """A handler that notes what it is told."""

    messages: list[bytes] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    socket: WebSocket = field(init=False)

    def on_open(self, socket: WebSocket) -> None:
        self.socket = socket
        self._note("open")

    def on_message(self, data: bytes, is_text: bool) -> None:
        self.messages.append(data)
        self._note("message")

    def on_blocked(self) -> None:
        self._note("blocked")

    def on_writable(self) -> None:
        self._note("writable")

    def on_close(self, code: int) -> None:
        self._note(f"close {code}")

    def _note(self, what: str) -> None:
        self.told.append(what)
        self.changed.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not holds():
                self.changed.clear()
                await self.changed.wait()

    async def until_told(self, what: str) -> None:
        await self.until(lambda: what in self.told)


@asynccontextmanager
async def running(admit: Admit = accept_all, options: FrontOptions | None = None) -> AsyncIterator[Front]:
    front = Front(admit, hello_app(), options)
    await front.start("127.0.0.1", 0)
    try:
        yield front
    finally:
        await front.close()


@asynccontextmanager
async def recording(options: FrontOptions | None = None) -> AsyncIterator[tuple[Front, Recorder]]:
    recorder = Recorder()
    async with running(lambda _: Accepted(recorder, ""), options) as front:
        yield front, recorder
