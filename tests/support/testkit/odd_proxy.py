"""An HTTP proxy as some networks have them: no WebSocket, and perhaps no response before its end."""

import asyncio
from typing import Self

import aiohttp
from aiohttp import web

_HOP = frozenset({"connection", "transfer-encoding", "content-length", "keep-alive"})


class NoWebSocket:
    """Stands in front of a hub and refuses every upgrade."""

    def __init__(self, upstream: str, *, keeps_back: bool = False) -> None:
        """Prepare.

        Args:
            upstream: base URL of the hub.
            keeps_back: gives a response only when it is complete.
        """
        self.port = 0
        self.refused_count = 0
        self.passed_count = 0
        self._upstream = upstream
        self._keeps_back = keeps_back
        self._news = asyncio.Condition()

    async def refused(self, count: int) -> None:
        """Wait until so many upgrades were refused."""
        async with self._news:
            await self._news.wait_for(lambda: self.refused_count >= count)

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        self._runner = web.ServerRunner(web.Server(self._handle), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = int(self._runner.addresses[0][1])
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if "Upgrade" in request.headers:
            async with self._news:
                self.refused_count += 1
                self._news.notify_all()
            return web.Response(status=403)
        self.passed_count += 1
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP}
        url, body = self._upstream + request.path_qs, await request.read()
        async with self._session.request(request.method, url, headers=headers, data=body or None) as got:
            kept = {name: value for name, value in got.headers.items() if name.lower() not in _HOP}
            if self._keeps_back or got.status == 204:
                return web.Response(status=got.status, body=await got.read(), headers=kept)
            response = web.StreamResponse(status=got.status, headers=kept)
            await response.prepare(request)
            async for piece in got.content.iter_any():
                await response.write(piece)
            return response
