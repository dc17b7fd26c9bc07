"""A backend that takes webhooks: it verifies them with a code of its own, keeps them, and answers as it is told."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from testkit.valkey import free_port

WEBHOOK_SECRET = "whsec_" + base64.b64encode(b"a secret of the tests, 32 bytes.").decode()
OLD_SECRET = "whsec_" + base64.b64encode(b"an older secret of the tests....").decode()
Event = dict[str, Any]


class Receiver:
    """One address and everything that came to it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}/hooks?key=hidden"
        self.tries: list[Event] = []
        """Bodies in the order in which they came, whatever was answered."""
        self.taken: list[Event] = []
        """Those that were answered with 2xx."""
        self.status: Callable[[Event], int | Awaitable[int]] = lambda _event: 204
        """What to answer."""
        self._news = asyncio.Condition()

    async def handle(self, request: web.Request) -> web.Response:
        """Take one request; one whose signature does not fit is a failure of the test."""
        body = await request.read()
        signed = b".".join(
            (request.headers["webhook-id"].encode(), request.headers["webhook-timestamp"].encode(), body)
        )
        given = request.headers["webhook-signature"].split(" ")
        assert expected(WEBHOOK_SECRET, signed) in given
        event = json.loads(body)
        assert event["id"] == request.headers["webhook-id"]
        event["signatures"] = len(given)
        self.tries.append(event)
        status = self.status(event)
        status = status if isinstance(status, int) else await status
        if 200 <= status < 300:
            self.taken.append(event)
        async with self._news:
            self._news.notify_all()
        return web.Response(status=status, headers={"Location": "/elsewhere"} if status == 302 else None)

    async def until(self, is_enough: Callable[[], bool], *, within_s: float = 30.0) -> None:
        """Wait until enough has come."""
        async with asyncio.timeout(within_s), self._news:
            await self._news.wait_for(is_enough)

    def seqs(self, thread: str) -> list[int]:
        """Give the seqs taken of a thread, openings aside."""
        return [e["seq"] for e in self.taken if e.get("thread") == thread and e["type"] != "thread.opened"]


def expected(secret: str, signed: bytes) -> str:
    """Sign as a receiver does, to compare."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


@asynccontextmanager
async def receiver(port: int | None = None) -> AsyncIterator[Receiver]:
    """Serve an address on this machine."""
    backend = Receiver(port or free_port())
    app = web.Application()
    app.router.add_post("/hooks", backend.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", backend.port).start()
    try:
        yield backend
    finally:
        await runner.cleanup()
