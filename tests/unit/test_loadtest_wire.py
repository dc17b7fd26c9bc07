"""What the load generator puts on the wire and reads from it."""

import msgspec
import pytest

from greenroom_loadtest import texts, wire
from greenroom_protocol import replies
from greenroom_protocol.events import MessageSent
from greenroom_protocol.pushes import Heartbeat, InboxChanged
from greenroom_server.screening.context import Context
from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.screening.screen import Screen
from greenroom_server.screening.verdict import Action


def server_frame(payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    return (
        b"\x81\x7e" + size.to_bytes(2, "big") + payload if size < 1 << 16 else b"\x81\x7f" + size.to_bytes(8) + payload
    )


@pytest.mark.parametrize("size", [0, 1, 125, 126, 300, 65_535, 65_536])
def test_frames_of_every_size_are_split_wherever_the_stream_is_cut(size: int) -> None:
    payload = b"x" * size
    data = server_frame(payload) + server_frame(b"next")
    for cut in {0, 1, 2, 3, 5, 9, 11, len(data) // 2, len(data) - 1, len(data)}:
        first, rest = wire.split_frames(data[:cut])
        second, rest = wire.split_frames(rest + data[cut:])
        assert first + second == [(0x81, payload), (0x81, b"next")]
        assert rest == b""


@pytest.mark.parametrize("size", [0, 125, 126, 400])
def test_frames_that_are_sent_are_masked(size: int) -> None:
    frame = wire.encode_frame(b"y" * size)
    assert frame[0] == 0x81
    assert frame[1] & 0x80
    assert frame[-size or len(frame) :] == b"y" * size
    assert len(frame) == size + (6 if size < 126 else 8)


@pytest.mark.parametrize(
    "frame",
    [
        replies.Sent(id=7, mid="t1_a.3", seq=3, n=2, at=1, state="sent", dup=True),
        InboxChanged(
            mark=4, thread="t1_a", epoch=9, from_seq=2, seq=3, n=2, read=1, state="direct", last_at=1,
            events=[MessageSent(seq=3, n=2, at=1, by="u", cid="c", body="b")],
        ),
        replies.Error(id=3, code="rate.sends", message="slow down", retry="later"),
        Heartbeat(now=1),
    ],
)  # fmt: skip
def test_frames_of_the_protocol_are_read(frame: msgspec.Struct) -> None:
    read = wire.decode(msgspec.json.encode(frame))
    assert not isinstance(read, list)
    for name in read.__struct_fields__:
        if name != "events":
            assert getattr(read, name) == getattr(frame, name)
    if isinstance(frame, InboxChanged):
        assert isinstance(read, wire.Changed)
        assert [(event.seq, event.cid) for event in read.events] == [(3, "c")]


def test_texts_are_clean_distinct_and_need_no_escaping() -> None:
    screen = Screen(ScreeningPolicy.default())
    bodies = [texts.body(number) for number in range(2, 5000)]
    assert len(set(bodies)) == len(bodies)
    for body in bodies:
        assert 100 <= len(body) <= 200
        assert msgspec.json.encode(body) == f'"{body}"'.encode()
    for body in bodies[:200]:
        assert screen(body, Context("direct")).action is Action.ALLOW
