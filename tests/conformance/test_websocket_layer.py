"""What the WebSocket layer does with peers that break the protocol, on the wire and on uvloop."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenroom_server.transport.frames import FrameError, encode_close, next_frame
from testkit.echo_server import running_echo_server
from testkit.raw_websocket import close_frame, frame, raw_connection, raw_websocket, request

LIMIT = 65536
TEXT, BINARY, PING, PONG, CLOSE = 0x81, 0x82, 0x89, 0x8A, 0x88
START_TEXT, MIDDLE, LAST = 0x01, 0x00, 0x80

BROKEN_FRAMES = {
    "unmasked": b"\x81\x01a",
    "unmasked_empty": b"\x81\x00",
    "rsv1": frame(0xC1, b"a"),
    "rsv2": frame(0xA1, b"a"),
    "rsv3": frame(0x91, b"a"),
    "opcode_3": frame(0x83, b"a"),
    "opcode_7": frame(0x87, b"a"),
    "opcode_11": frame(0x8B),
    "opcode_15": frame(0x8F),
    "long_ping": frame(PING, b"x" * 126),
    "long_ping_header_only": b"\x89\xfe",
    "fragmented_ping": frame(0x09, b"a"),
    "continuation_without_start": frame(LAST, b"a"),
    "start_inside_a_message": frame(START_TEXT, b"a") + frame(TEXT, b"b"),
    "length_125_in_two_bytes": frame(TEXT, b"x" * 125, length_bytes=2),
    "length_65535_in_eight_bytes": frame(TEXT, b"x" * 65535, length_bytes=8),
    "length_above_63_bits": frame(TEXT, announced=1 << 63),
    "half_a_close_code": frame(CLOSE, b"\x03"),
}
TOO_BIG = {
    "announced": frame(TEXT, announced=LIMIT + 1),
    "announced_huge": frame(BINARY, announced=(1 << 63) - 1),
    "all_fragments_together": frame(START_TEXT, b"x" * LIMIT) + frame(LAST, b"x"),
}
NOT_UTF8 = {
    "whole": frame(TEXT, b"a\xff"),
    "lone_surrogate": frame(TEXT, b"\xed\xa0\x80"),
    "overlong": frame(TEXT, b"\xc0\xaf"),
    "truncated": frame(TEXT, b"\xe2\x82"),
    "over_fragments": frame(START_TEXT, b"\xe2\x82") + frame(LAST, b"\x28"),
    "cut_at_the_last_fragment": frame(START_TEXT, b"a") + frame(LAST, b"\xe2\x82"),
    "before_the_last_fragment": frame(START_TEXT, b"\xff"),
    "reason_of_close": close_frame(1000, b"\xff"),
}


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with running_echo_server() as port:
        yield port


async def _closed_with(port: int, hostile: bytes) -> int:
    async with raw_websocket(port) as socket:
        socket.send(hostile)
        return await socket.close_code()


@pytest.mark.parametrize("hostile", BROKEN_FRAMES.values(), ids=BROKEN_FRAMES.keys())
async def test_broken_framing_closes_with_1002(port: int, hostile: bytes) -> None:
    assert await _closed_with(port, hostile) == 1002


@pytest.mark.parametrize("hostile", TOO_BIG.values(), ids=TOO_BIG.keys())
async def test_a_message_above_the_limit_closes_with_1009_at_its_header(port: int, hostile: bytes) -> None:
    assert await _closed_with(port, hostile) == 1009


@pytest.mark.parametrize("hostile", NOT_UTF8.values(), ids=NOT_UTF8.keys())
async def test_text_that_is_not_utf8_closes_with_1007(port: int, hostile: bytes) -> None:
    assert await _closed_with(port, hostile) == 1007


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535])
async def test_a_close_code_that_may_not_be_sent_is_answered_1002(port: int, code: int) -> None:
    assert await _closed_with(port, close_frame(code)) == 1002


@pytest.mark.parametrize("code", [1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999])
async def test_a_valid_close_code_is_echoed(port: int, code: int) -> None:
    assert await _closed_with(port, close_frame(code, "gr\u00fc\u00dfe".encode())) == code


async def test_a_close_without_a_code_is_answered_without_one(port: int) -> None:
    assert await _closed_with(port, frame(CLOSE)) == 1005


async def test_nothing_is_processed_after_close(port: int) -> None:
    assert await _closed_with(port, close_frame(1000) + frame(TEXT, b"late") + frame(PING, b"late")) == 1000


async def test_messages_before_a_broken_frame_are_still_answered_and_come_first(port: int) -> None:
    async with raw_websocket(port) as socket:
        socket.send(frame(TEXT, b"good") + frame(PING, b"p") + frame(0xC1, b"bad"))
        assert await socket.frame() == (TEXT, b"good")
        assert await socket.frame() == (PONG, b"p")
        assert await socket.close_code() == 1002


async def test_fragments_without_end_close_with_1008(port: int) -> None:
    async with raw_websocket(port) as socket:
        socket.send(frame(START_TEXT) + frame(MIDDLE) * 2000)
        assert await socket.close_code() == 1008


async def test_a_message_of_exactly_the_limit_passes(port: int) -> None:
    async with raw_websocket(port) as socket:
        socket.send(frame(TEXT, b"x" * LIMIT))
        assert await socket.frame() == (TEXT, b"x" * LIMIT)


@pytest.mark.parametrize("text", ["", "\0", "\ufeffbom", "\U0010ffff", "x" * 126, "\u20ac" * 21845])
async def test_legal_text_comes_back_byte_for_byte(port: int, text: str) -> None:
    async with raw_websocket(port) as socket:
        socket.send(frame(TEXT, text.encode()))
        assert await socket.frame() == (TEXT, text.encode())


async def test_a_ping_between_fragments_is_answered_at_once(port: int) -> None:
    async with raw_websocket(port) as socket:
        socket.send(frame(START_TEXT, b"\xe2\x82") + frame(PING, b"now") + frame(LAST, b"\xac"))
        assert await socket.frame() == (PONG, b"now")
        assert await socket.frame() == (TEXT, b"\xe2\x82\xac")


async def test_a_pong_nobody_asked_for_is_ignored(port: int) -> None:
    async with raw_websocket(port) as socket:
        socket.send(frame(PONG, b"x") + frame(BINARY, b"\xff"))
        assert await socket.frame() == (BINARY, b"\xff")


async def test_bytes_right_behind_the_handshake_are_not_lost(port: int) -> None:
    async with raw_connection(port) as socket:
        socket.send(request() + frame(TEXT, b"early") + frame(TEXT, b"cut")[:5])
        await socket.head()
        assert await socket.frame() == (TEXT, b"early")
        socket.send(frame(TEXT, b"cut")[5:])
        assert await socket.frame() == (TEXT, b"cut")


async def test_a_burst_longer_than_one_turn_is_answered_in_order(port: int) -> None:
    async with raw_websocket(port) as socket:
        socket.send(b"".join(frame(BINARY, bytes((n % 256, n // 256))) for n in range(1000)))
        for n in range(1000):
            assert await socket.frame() == (BINARY, bytes((n % 256, n // 256)))


async def test_frames_that_come_byte_by_byte_are_put_together(port: int) -> None:
    async with raw_websocket(port) as socket:
        for byte in frame(TEXT, b"x" * 130):
            socket.send(bytes((byte,)))
            await asyncio.sleep(0)
        assert await socket.frame() == (TEXT, b"x" * 130)


async def test_no_extension_is_agreed_to(port: int) -> None:
    async with raw_connection(port) as socket:
        socket.send(request(Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits"))
        assert "extensions" not in (await socket.head()).lower()


@given(data=st.binary(min_size=2, max_size=200), room_bytes=st.integers(0, 200))
@settings(max_examples=300)
def test_any_bytes_are_a_frame_an_incomplete_frame_or_a_frame_error(data: bytes, room_bytes: int) -> None:
    try:
        first, payload, end = next_frame(data, 0, room_bytes)
    except FrameError:
        return
    if payload is None:
        assert end > len(data)
    else:
        assert end <= len(data)
        assert len(payload) <= (room_bytes if first < CLOSE else 125)


@pytest.mark.parametrize("code", [0, 999, 1006, 1015, 5000])
def test_the_hub_cannot_send_a_close_code_that_may_not_be_sent(code: int) -> None:
    with pytest.raises(ValueError):
        encode_close(code)
