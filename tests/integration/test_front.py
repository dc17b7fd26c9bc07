"""One port for WebSocket and HTTP: who gets which connection, and what hostile first requests get."""

import asyncio
import functools
import logging
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest
import uvloop
import websockets

from greenroom_server.transport.front import Accepted, Admit, Front, FrontOptions
from greenroom_server.transport.handshake import Handshake, Refused
from greenroom_server.transport.websocket import WebSocket
from testkit.echo_server import accept_all, hello_app
from testkit.raw_websocket import close_frame, frame, raw_connection, raw_websocket, request

TEXT, PING, PONG, CLOSE = 0x81, 0x89, 0x8A, 0x88
GET_HELLO = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"


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


async def _answer(port: int, sent: bytes) -> str:
    async with raw_connection(port) as connection:
        connection.send(sent)
        return (await connection.rest()).decode("latin-1")


@on_uvloop
async def test_one_port_serves_http_and_websocket() -> None:
    async with running() as front:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"http://127.0.0.1:{front.port}/hello", data=b"x" * 100_000) as answer,
        ):
            assert await answer.text() == "hello 100000"
        async with websockets.connect(f"ws://127.0.0.1:{front.port}/ws", proxy=None) as client:
            await client.send("hello")
            assert await client.recv() == "hello"


@on_uvloop
async def test_an_http_connection_stays_open_for_more_requests() -> None:
    async with running() as front, raw_connection(front.port) as connection:
        for _ in range(3):
            connection.send(GET_HELLO)
            assert (await connection.head()).startswith("HTTP/1.1 200 ")
            assert await connection.reader.readexactly(7) == b"hello 0"


@pytest.mark.parametrize(
    ("sent", "status"),
    {
        b"\x16\x03\x01\x02\x00\x01\x00\x01": 400,  # a TLS greeting
        b"\0": 400,
        b"hello\r\n\r\n": 400,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n": 400,
        b"GET /hello\r\n\r\n": 400,
        b"GET /hello HTTP/1.1\r\nno colon\r\n\r\n": 400,
        b"GET /hello HTTP/1.1\r\n folded: x\r\n\r\n": 400,
        b"GET /hello HTTP/1.1\r\na b: x\r\n\r\n": 400,
        b"GET /hello HTTP/1.1\r\na: x\0y\r\n\r\n": 400,
        b"GET /hello HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n": 400,
        b"GET /" + b"x" * 9000: 431,
        b"GET / HTTP/1.1\r\n" + b"a: " + b"x" * 9000 + b"\r\n\r\n": 431,
        b"GET / HTTP/1.1\r\n" + b"a: x\r\n" * 129 + b"\r\n": 431,
        request(Sec_WebSocket_Key="short"): 400,
        request(Sec_WebSocket_Key=None): 400,
        request(Sec_WebSocket_Key="\u00e9" * 24): 400,
        request(Sec_WebSocket_Version="12"): 426,
        request(Connection="keep-alive"): 400,
        request(Host=None): 400,
        request(Content_Length="5"): 400,
        request().replace(b"HTTP/1.1", b"HTTP/1.0"): 400,
    }.items(),
)
@on_uvloop
async def test_a_bad_first_request_is_answered_and_the_port_lives(
    sent: bytes, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with running() as front:
        answer = await _answer(front.port, sent)
        assert answer[:8] in ("HTTP/1.1", "HTTP/1.0")
        assert answer[8:].startswith(f" {status} ")
        assert "Traceback" not in answer
        assert not caplog.records
        assert (await _answer(front.port, GET_HELLO[:-2] + b"Connection: close\r\n\r\n")).startswith("HTTP/1.1 200")


@on_uvloop
async def test_garbage_after_a_good_request_is_answered_400_and_leaves_no_trace_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "greenroom.http")
    async with running() as front, raw_connection(front.port) as connection:
        connection.send(GET_HELLO)
        assert " 200 OK" in await connection.head()
        connection.send(b"GET / HTTP/1.1\r\nAuthorization: secret\0\r\n\r\n")
        answer = (await connection.rest()).decode()
    assert " 400 Bad Request" in answer
    assert "Traceback" not in answer
    assert not caplog.records


@pytest.mark.parametrize(
    "sent",
    [
        request("POST /ws"),
        request("GET /other"),
        request("GET /ws/"),
        request(Upgrade="notwebsocket"),
        request(Upgrade=None),
    ],
)
@on_uvloop
async def test_only_a_get_that_asks_for_websocket_on_its_path_is_upgraded(sent: bytes) -> None:
    async with running() as front, raw_connection(front.port) as connection:
        connection.send(sent)
        assert (await connection.head()).startswith("HTTP/1.1 404 ")


@pytest.mark.parametrize("connection_header", ["Upgrade", "keep-alive, Upgrade", "upgrade, keep-alive"])
@on_uvloop
async def test_the_connection_headers_of_all_browsers_are_understood(connection_header: str) -> None:
    async with running() as front, raw_websocket(front.port, Connection=connection_header) as socket:
        socket.send(frame(TEXT, b"x"))
        assert await socket.frame() == (TEXT, b"x")


@on_uvloop
async def test_admission_sees_origin_subprotocols_and_query_and_may_refuse() -> None:
    seen: list[Handshake] = []

    def admit(handshake: Handshake) -> Refused:
        seen.append(handshake)
        return Refused(403, "origin not allowed")

    async with running(admit) as front:
        offered = "greenroom.v1.json, greenroom.v1.msgpack"
        one = request("GET /ws?token=x", Origin="https://a.example", Sec_WebSocket_Protocol=offered)
        answer = await _answer(front.port, one)
        await _answer(front.port, one.replace(b"Origin:", b"Origin: https://b.example\r\nOrigin:"))
        await _answer(front.port, request())
        assert not front.connections
    assert answer.startswith("HTTP/1.1 403 Forbidden\r\n")
    assert answer.endswith("\r\n\r\norigin not allowed")
    assert seen == [
        Handshake("/ws", "localhost", "https://a.example", 1, ("greenroom.v1.json", "greenroom.v1.msgpack"), True),
        Handshake("/ws", "localhost", None, 2, ("greenroom.v1.json", "greenroom.v1.msgpack"), True),
        Handshake("/ws", "localhost", None, 0, (), False),
    ]


@on_uvloop
async def test_the_subprotocol_agreed_to_is_named_in_the_answer() -> None:
    async with running() as front, raw_connection(front.port) as connection:
        connection.send(request(Sec_WebSocket_Protocol="greenroom.v1.msgpack"))
        assert "\r\nSec-WebSocket-Protocol: greenroom.v1.msgpack\r\n" in await connection.head()


@pytest.mark.parametrize("start", [b"", b"GET", GET_HELLO[:-2]])
@on_uvloop
async def test_a_slow_head_is_answered_408(start: bytes) -> None:
    async with running(options=FrontOptions(head_timeout_s=0.05)) as front:
        assert (await _answer(front.port, start)).startswith("HTTP/1.1 408 ")


@on_uvloop
async def test_half_open_connections_go_away_and_do_not_hinder_others() -> None:
    async with running(options=FrontOptions(head_timeout_s=0.5)) as front:
        idle = [await asyncio.open_connection("127.0.0.1", front.port) for _ in range(200)]
        async with raw_websocket(front.port) as socket:
            socket.send(frame(TEXT, b"x"))
            assert await socket.frame() == (TEXT, b"x")
        for reader, writer in idle:
            assert (await reader.read()).startswith(b"HTTP/1.1 408 ")
            writer.close()


@on_uvloop
async def test_a_peer_that_vanishes_is_reported_once_as_1006() -> None:
    async with recording() as (front, recorder):
        async with raw_websocket(front.port) as socket:
            socket.send(frame(TEXT, b"whole") + frame(TEXT, b"cut")[:4])
            await recorder.until(lambda: recorder.messages == [b"whole"])
        await recorder.until_told("close 1006")
        assert not recorder.socket.is_open
    assert recorder.told == ["open", "message", "close 1006"]


@on_uvloop
async def test_a_peer_that_says_goodbye_is_reported_with_its_code() -> None:
    async with recording() as (front, recorder), raw_websocket(front.port) as socket:
        socket.send(close_frame(4321) + frame(TEXT, b"late"))
        assert await socket.close_code() == 4321
    assert recorder.told == ["open", "close 4321"]


@on_uvloop
async def test_close_comes_after_what_is_queued_and_ends_with_the_answer_of_the_peer() -> None:
    async with recording() as (front, recorder), raw_websocket(front.port) as socket:
        await recorder.until_told("open")
        recorder.socket.send(b"last words", True)
        recorder.socket.close(4001, "bye")
        recorder.socket.send(b"too late", True)
        assert not recorder.socket.is_open
        assert await socket.frame() == (TEXT, b"last words")
        assert await socket.frame() == (CLOSE, (4001).to_bytes(2, "big") + b"bye")
        socket.send(frame(TEXT, b"ignored") + close_frame(4001))
        assert await socket.rest() == b""
        await recorder.until_told("close 4001")
    assert recorder.told == ["open", "close 4001"]


@on_uvloop
async def test_a_peer_that_never_answers_close_is_dropped() -> None:
    options = FrontOptions(close_timeout_s=0.05)
    async with recording(options) as (front, recorder), raw_websocket(front.port) as socket:
        await recorder.until_told("open")
        recorder.socket.close(4008)
        assert await socket.frame() == (CLOSE, (4008).to_bytes(2, "big"))
        await recorder.until_told("close 4008")


@on_uvloop
async def test_abort_drops_at_once() -> None:
    async with recording() as (front, recorder), raw_websocket(front.port) as socket:
        await recorder.until_told("open")
        recorder.socket.send(b"never leaves", True)
        recorder.socket.abort()
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await socket.frame()
        await recorder.until_told("close 1006")


@on_uvloop
async def test_a_paused_connection_delivers_nothing_until_it_is_resumed() -> None:
    class PausesAfterEach(Recorder):
        def on_message(self, data: bytes, is_text: bool) -> None:
            self.socket.pause_reading()
            super().on_message(data, is_text)

    recorder = PausesAfterEach()
    async with running(lambda _: Accepted(recorder, "")) as front, raw_websocket(front.port) as socket:
        socket.send(b"".join(frame(TEXT, bytes((65 + n,))) for n in range(5)))
        for count in range(1, 6):
            await recorder.until(lambda count=count: len(recorder.messages) >= count)  # type: ignore[misc]
            assert len(recorder.messages) == count
            recorder.socket.resume_reading()
    assert b"".join(recorder.messages) == b"ABCDE"


@on_uvloop
async def test_a_reader_that_stops_blocks_its_own_socket_and_gets_one_pong_for_many_pings() -> None:
    async with recording() as (front, recorder), raw_websocket(front.port) as socket:
        await recorder.until_told("open")
        sent_count = 0
        while "blocked" not in recorder.told:
            recorder.socket.send(b"x" * 100_000, False)
            sent_count += 1
            await asyncio.sleep(0)
        buffered_bytes = recorder.socket.buffered_bytes
        assert buffered_bytes > 0
        socket.send(b"".join(frame(PING, bytes((n,))) for n in range(200)) + frame(TEXT, b"after"))
        await recorder.until(lambda: recorder.messages == [b"after"])
        assert recorder.socket.buffered_bytes <= buffered_bytes
        for _ in range(sent_count):
            assert await socket.frame() == (0x82, b"x" * 100_000)
        assert await socket.frame() == (PONG, bytes((199,)))
        await recorder.until_told("writable")


@on_uvloop
async def test_frames_of_one_turn_leave_in_one_write() -> None:
    async with recording() as (front, recorder), raw_websocket(front.port) as socket:
        await recorder.until_told("open")
        for n in range(10):
            recorder.socket.send(bytes((n,)), False)
        assert recorder.socket.buffered_bytes == 30
        assert await socket.reader.read(1000) == b"".join(bytes((0x82, 1, n)) for n in range(10))
        assert recorder.socket.buffered_bytes == 0


@on_uvloop
async def test_peers_that_break_off_anywhere_leave_nothing_behind(caplog: pytest.LogCaptureFixture) -> None:
    starts = [request(), request(), request(), GET_HELLO, b"GET /", b"junk"]
    pieces = [frame(TEXT, b"x" * 200) * 100, frame(TEXT, b"\xff"), frame(0x82, announced=70_000), close_frame(999)]
    pieces += [close_frame(1000), frame(PING), frame(0x01, b"a"), frame(0x80, b"b"), b"\x81", GET_HELLO, b"\0"]
    chance = random.Random(7)
    recorders: list[Recorder] = []

    def admit(_: Handshake) -> Accepted:
        recorders.append(Recorder())
        return Accepted(recorders[-1], "")

    async with running(admit) as front:
        for _ in range(300):
            async with raw_connection(front.port) as connection:
                connection.send(chance.choice(starts))
                for piece in chance.choices(pieces, k=chance.randrange(6)):
                    connection.send(piece)
                    await asyncio.sleep(0)
        for recorder in recorders:
            await recorder.until(lambda recorder=recorder: recorder.told[-1].startswith("close "))  # type: ignore[misc]
            assert [told[:5] for told in recorder.told].count("close") == 1
    assert len(recorders) > 50
    assert not caplog.records


@on_uvloop
async def test_stop_accepting_refuses_new_connections_and_keeps_the_old() -> None:
    async with running() as front, raw_websocket(front.port) as socket:
        port = front.port
        front.stop_accepting()
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", port)
        socket.send(frame(TEXT, b"still here"))
        assert await socket.frame() == (TEXT, b"still here")


@on_uvloop
async def test_close_of_the_front_tells_every_websocket_1012() -> None:
    front = Front(accept_all, hello_app())
    await front.start("127.0.0.1", 0)
    async with raw_websocket(front.port) as earlier:
        earlier.send(close_frame(1000))
        assert await earlier.close_code() == 1000
    async with raw_websocket(front.port) as socket, raw_connection(front.port) as undecided:
        undecided.send(b"GET ")
        closing = asyncio.create_task(front.close())
        assert await socket.frame() == (CLOSE, (1012).to_bytes(2, "big"))
        socket.send(close_frame(1012))
        assert await socket.rest() == b""
        assert not closing.done()
        socket.writer.close()
        await closing
    assert not front.connections
