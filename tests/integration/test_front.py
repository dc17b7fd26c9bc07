"""One port for WebSocket and HTTP: who gets which connection, and what hostile first requests get."""

import asyncio
import logging

import aiohttp
import pytest
import websockets

from greenroom_server.transport.front import Front, FrontOptions
from greenroom_server.transport.handshake import Handshake, Refused
from testkit.echo_server import accept_all, hello_app
from testkit.front import on_uvloop, running
from testkit.raw_websocket import close_frame, frame, raw_connection, raw_websocket, request

TEXT, CLOSE = 0x81, 0x88
GET_HELLO = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"


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
