"""What the hub's side of a WebSocket is told and may do: open, messages, back-pressure, the end."""

import asyncio
import random

import pytest

from greenroom_server.transport.front import Accepted, FrontOptions
from greenroom_server.transport.handshake import Handshake
from testkit.front import Recorder, on_uvloop, recording, running
from testkit.raw_websocket import close_frame, frame, raw_connection, raw_websocket, request

TEXT, PING, PONG, CLOSE = 0x81, 0x89, 0x8A, 0x88
GET_HELLO = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"


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
