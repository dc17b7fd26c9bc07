"""The fallback's door by itself: what its requests do when nothing happens, when time is up, and when it is full.

Source: protocol/spec/fallback.md.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from aiohttp import web

from greenroom_server.telemetry.counters import Counters
from greenroom_server.transport.fallback import Fallback, FallbackOptions
from greenroom_server.transport.fallback_socket import BLOCKED_BYTES, WRITABLE_BYTES
from greenroom_server.transport.socket import Socket
from testkit.fallback_wire import Door

QUICK = FallbackOptions(poll_s=0.05, comment_s=0.02, stream_s=0.2, linger_s=0.05, max_connections_count=2)
PATIENT = FallbackOptions()


class Recorder:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.over = asyncio.Event()
        self.socket: Socket

    def on_open(self, socket: Socket) -> None:
        self.socket = socket

    def on_message(self, data: bytes, is_text: bool) -> None:
        assert is_text
        self.told.append(data.decode())

    def on_blocked(self) -> None:
        self.told.append("blocked")
        self.socket.pause_reading()

    def on_writable(self) -> None:
        self.told.append("writable")
        self.socket.resume_reading()

    def on_close(self, code: int) -> None:
        self.told.append(f"close {code}")
        self.over.set()


class Served:
    """A door on a port of its own."""

    def __init__(self) -> None:
        self.handlers: list[Recorder] = []
        self.is_draining = False
        self.url = ""

    def make(self, _subprotocol: str) -> Recorder:
        self.handlers.append(Recorder())
        return self.handlers[-1]


@asynccontextmanager
async def served(options: FallbackOptions) -> AsyncIterator[tuple[Served, Callable[[], Door]]]:
    here = Served()
    fallback = Fallback(here.make, lambda _: None, lambda: here.is_draining, Counters(), options)
    app = web.Application()
    fallback.add_to(app)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    here.url = f"http://127.0.0.1:{runner.addresses[0][1]}/ws"
    doors: list[Door] = []

    def door() -> Door:
        doors.append(Door(here.url))
        return doors[-1]

    try:
        yield here, door
    finally:
        for each in doors:
            await each.session.close()
        await runner.cleanup()


async def test_a_poll_without_events_ends_empty_and_a_stream_shows_that_it_lives() -> None:
    async with served(QUICK) as (_, new_door):
        door = new_door()
        assert await door.send(1, b"1") == 204
        assert await door.receive() == (200, [])
        async with door.session.post(f"{door.url}/stream", headers=door.headers(None, 0, {})) as got:
            text = await got.text()  # until its time is up
        assert text.startswith(": open\n\n:\n\n:\n\n")


async def test_a_stream_ends_after_so_many_bytes_and_goes_on_where_it_was() -> None:
    async with served(replace(PATIENT, stream_bytes=1000)) as (here, new_door):
        door = new_door()
        assert await door.send(1, b"1") == 204
        here.handlers[0].socket.send(b"x" * 2000, True)
        assert [event.id for event in (await door.receive(kind="stream"))[1]] == [1]
        here.handlers[0].socket.send(b"y" * 2000, True)
        assert [event.id for event in (await door.receive(1, kind="stream"))[1]] == [2]


async def test_the_end_can_be_read_for_a_while_and_is_forgotten_then() -> None:
    async with served(QUICK) as (here, new_door):
        door = new_door()
        assert await door.send(1, b"1") == 204
        here.handlers[0].socket.close(4000)
        here.handlers[0].socket.close(4008)
        assert [event[1:] for event in (await door.receive())[1]] == [("close", "4000")]
        await here.handlers[0].over.wait()
        assert here.handlers[0].told == ["1", "close 4000"]
        while (await door.receive())[0] == 200:
            pass
        assert await door.send(2, b"2") == 404


async def test_a_full_door_and_one_that_is_being_emptied_open_nothing() -> None:
    async with served(replace(PATIENT, max_connections_count=1)) as (here, new_door):
        first, second = new_door(), new_door()
        assert await first.send(1, b"1") == 204
        assert await second.send(1, b"1") == 503
        assert await first.send(2, b"2") == 204
        here.is_draining = True
        assert await first.send(3, b"3") == 204
        assert len(here.handlers) == 1


async def test_levels_are_told_in_turn_and_a_blocked_peer_is_not_taken_from() -> None:
    async with served(PATIENT) as (here, new_door):
        door = new_door()
        assert await door.send(1, b"1") == 204
        handler = here.handlers[0]
        piece = WRITABLE_BYTES // 2
        for _ in range(BLOCKED_BYTES // piece + 1):
            handler.socket.send(b"x" * piece, True)
        assert await door.send(2, b"2") == 503
        assert await door.send(2, b"2", ack=1) == 503
        assert await door.send(2, b"2", ack=4) == 204
        assert handler.told == ["1", "blocked", "writable", "2"]
        assert await door.send(3, b"3", ack=2) == 204  # an older acknowledgement takes nothing back


async def test_elements_of_an_array_are_messages_of_their_own() -> None:
    async with served(PATIENT) as (here, new_door):
        door = new_door()
        for number, body in enumerate([b"1", b" [1, [2] ,{}]", b"[]", b"[1,", b"[" + b"1," * 64 + b"1]"], 1):
            assert await door.send(number, body) == 204
        assert here.handlers[0].told == ["1", "1", "[2]", "{}", "[]", "[1,", "[" + "1," * 64 + "1]"]


async def test_closing_ends_the_stream_that_waits_with_the_close_event() -> None:
    async with served(PATIENT) as (here, new_door):
        door = new_door()
        assert await door.send(1, b"1") == 204
        async with door.session.post(f"{door.url}/stream", headers=door.headers(None, 0, {})) as got:
            assert await got.content.readuntil(b"\n\n") == b": open\n\n"
            here.handlers[0].socket.close(4002)
            assert await got.content.read() == b"id: 1\nevent: close\ndata: 4002\n\n"
