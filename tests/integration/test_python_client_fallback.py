"""The Python client where no WebSocket gets through: it falls back by itself, and loses nothing on the way.

Source: protocol/spec/fallback.md.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import aiohttp
import pytest
from aiohttp import web

from greenroom_client import Client, ConnectionOptions, EventStream, MessageEvent, StateChanged
from greenroom_protocol.events import MessageSent
from testkit.fallback_wire import text
from testkit.fault_proxy import FaultProxy
from testkit.hub import API_KEY, HubProcess, Room, token
from testkit.odd_proxy import NoWebSocket

FAST = ConnectionOptions(reconnect_min_s=0.01, reconnect_max_s=0.05, proxy=None)
KINDS: tuple[Literal["stream", "poll"], ...] = ("stream", "poll")


def a_client(room: Room, name: str, *, port: int | None = None, **options: Any) -> Client:
    url = f"ws://127.0.0.1:{port or room.hub.port}/ws"
    return Client(url, **{"token": token(room.id(name)), "show_all": True, "options": FAST} | options)


async def until_connected(events: EventStream) -> None:
    async for event in events:
        if isinstance(event, StateChanged) and event.state == "connected":
            return


async def bodies(events: EventStream, thread: str, last: str) -> list[str]:
    """Collect the texts of a thread up to one of them."""
    found: list[str] = []
    async for event in events:
        if isinstance(event, MessageEvent) and event.thread == thread and isinstance(event.event, MessageSent):
            found.append(event.event.body)
            if found[-1] == last:
                return found
    raise AssertionError(found)


@pytest.mark.parametrize("kind", KINDS)
async def test_everything_works_over_either_way(room: Room, kind: Literal["stream", "poll"]) -> None:
    async with a_client(room, "maya", transport=kind) as maya, a_client(room, "jonas", transport=kind) as jonas:
        heard = jonas.events()
        await until_connected(heard)
        assert jonas.transport == kind
        opened = await maya.open(room.id("jonas"), "Hello!")
        for number in range(20):
            maya.post(opened.thread, text(number))
        assert await bodies(heard, opened.thread, text(19)) == ["Hello!", *(text(n) for n in range(20))]
        await jonas.read(opened.thread, 5)
        assert (await jonas.thread(opened.thread)).thread == opened.thread


@pytest.mark.parametrize("kind", KINDS)
async def test_messages_arrive_once_and_in_order_however_often_requests_are_cut(
    room: Room, kind: Literal["stream", "poll"]
) -> None:
    dice = random.Random(7)
    async with FaultProxy(room.hub.port) as network, a_client(room, "jonas") as jonas:
        heard = jonas.events()
        await until_connected(heard)
        async with a_client(room, "maya", port=network.port, transport=kind) as maya:
            own = maya.events()
            opened = await maya.open(room.id("jonas"), "Hello!")
            for start in range(0, 60, 10):
                network.cut_after(dice.randrange(200, 1500))
                for number in range(start, start + 10):
                    maya.post(opened.thread, text(number))
                await network.was_cut()
            network.heal()
            wanted = ["Hello!", *(text(n) for n in range(60))]
            assert await bodies(heard, opened.thread, text(59)) == wanted
            assert await bodies(own, opened.thread, text(59)) == wanted


async def test_falls_back_by_itself_where_no_websocket_gets_through(room: Room) -> None:
    async with NoWebSocket(room.hub.url) as proxy, a_client(room, "maya", port=proxy.port) as maya:
        await until_connected(maya.events())
        assert maya.transport == "stream"
        assert proxy.refused_count == 2
        assert (await maya.open(room.id("jonas"), "Hello!")).created


async def test_goes_over_to_polls_where_responses_are_kept_back(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("greenroom_client.fallback.FIRST_BYTE_S", 0.3)
    async with NoWebSocket(room.hub.url, keeps_back=True) as proxy, a_client(room, "maya", port=proxy.port) as maya:
        await until_connected(maya.events())
        assert maya.transport == "poll"
        assert (await maya.open(room.id("jonas"), "Hello!")).created


async def test_stays_on_websocket_when_told_so(room: Room) -> None:
    async with NoWebSocket(room.hub.url) as proxy, a_client(room, "maya", port=proxy.port, transport="websocket"):
        await proxy.refused(5)
        assert not proxy.passed_count


async def test_killed_hub_is_survived(tmp_path: Path) -> None:
    with HubProcess(tmp_path / "hub") as hub:
        room = Room(hub)
        await room.furnish()
        async with a_client(room, "maya", transport="stream") as maya:
            own = maya.events()
            opened = await maya.open(room.id("jonas"), "Hello!")
            await maya.send(opened.thread, "before")
            hub.kill()
            waiting = maya.post(opened.thread, "meanwhile")
            await asyncio.to_thread(hub.start)
            await asyncio.wait_for(waiting.settled(), 20)
            assert waiting.state == "sent"
            assert await bodies(own, opened.thread, "meanwhile") == ["Hello!", "before", "meanwhile"]


async def test_token_is_renewed_and_the_end_of_one_is_survived(room: Room) -> None:
    asked = 0

    async def fresh() -> str:
        nonlocal asked
        asked += 1
        return token(room.id("maya"), ttl_s=2)

    async with a_client(room, "maya", transport="stream", token=fresh) as maya:
        opened = await maya.open(room.id("jonas"), "Hello!")
        while asked < 3:
            await maya.send(opened.thread, "again")
            await asyncio.sleep(0.05)
        assert maya.state == "connected"


async def test_leaving_says_goodbye(room: Room) -> None:
    async def goodbyes() -> float:
        headers = {"Authorization": f"Bearer {API_KEY}"}
        async with (
            aiohttp.ClientSession(headers=headers) as web_session,
            web_session.get(f"{room.hub.url}/metrics") as got,
        ):
            lines = (await got.text()).splitlines()
        return sum(
            float(line.split()[1]) for line in lines if line.startswith('greenroom_disconnects_total{code="1000"}')
        )

    before = await goodbyes()
    for kind in KINDS:
        async with a_client(room, "maya", transport=kind) as maya:
            await until_connected(maya.events())
    assert await goodbyes() == before + 2
    assert "Traceback" not in room.hub.log_path.read_text()


async def test_large_answers_are_acknowledged_as_they_come(room: Room) -> None:
    async with a_client(room, "maya", transport="stream") as maya:
        opened = await maya.open(room.id("jonas"), "Hello!")
        for number in range(12):
            await maya.send(opened.thread, text(number) + "\u20ac" * 9_900)
        pages = await asyncio.gather(*(maya.history(opened.thread) for _ in range(12)))
        assert len({len(page.events) for page in pages}) == 1
        assert maya.state == "connected"


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def a_server(handler: Handler) -> AsyncIterator[int]:
    """Serve anything at all on a free port."""
    runner = web.ServerRunner(web.Server(handler))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    "body", [b"id: 7\ndata: {}\n\n", b"id: x\ndata: {}\n\n", b"id: 1\n\n", b"<html>\n\n", b"\n\n" * 9]
)
async def test_what_is_no_hub_does_not_disturb_the_client(room: Room, body: bytes) -> None:
    asked = asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("send"):
            return web.Response(status=204)
        if request.path.endswith("poll"):
            asked.set()
        return web.Response(body=body)

    async with a_server(handler) as port, a_client(room, "maya", port=port, transport="poll") as maya:
        await asked.wait()
        assert maya.state in ("connecting", "waiting")
