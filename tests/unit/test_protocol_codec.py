"""What the codecs do with frames that are not quite right."""

import json
from typing import Any

import msgspec
import pytest

from greenroom_protocol import limits
from greenroom_protocol.cid import make_cid
from greenroom_protocol.codec import client_codec, server_codec
from greenroom_protocol.commands import MessageSend, Ping, ThreadGet
from greenroom_protocol.errors import RemoteProtocolError
from greenroom_protocol.generate_samples import sample
from greenroom_protocol.pushes import Heartbeat, InboxChanged
from greenroom_protocol.replies import Connected

SERVER = server_codec(limits.SUBPROTOCOL_JSON)
CLIENT = client_codec(limits.SUBPROTOCOL_JSON)
SECRET = "SECRET - at `$.x`"
MESSAGE = {"type": "message.sent", "seq": 42, "body": "hello"}
CHANGED = msgspec.to_builtins(sample(InboxChanged, full=False)) | {"from": 40}


def encode(frame: Any) -> bytes:
    return json.dumps(frame).encode()


def refusal(frame: Any) -> RemoteProtocolError:
    with pytest.raises(RemoteProtocolError) as refused:
        SERVER.decode(encode(frame))
    return refused.value


@pytest.mark.parametrize("make", [server_codec, client_codec])
def test_only_the_two_subprotocols_have_a_codec(make: Any) -> None:
    with pytest.raises(KeyError):
        make("greenroom.v2.json")


def test_json_is_text_and_msgpack_is_binary() -> None:
    assert server_codec(limits.SUBPROTOCOL_JSON).is_text
    assert not server_codec(limits.SUBPROTOCOL_MSGPACK).is_text


def test_unknown_fields_are_ignored() -> None:
    assert SERVER.decode(encode({"type": "ping", "id": 7, "later": {"v": 2}})) == [Ping(id=7)]


def test_the_last_of_two_equal_keys_counts() -> None:
    assert SERVER.decode(b'{"type":"ping","id":7,"id":8}') == [Ping(id=8)]


def test_fields_come_in_any_order() -> None:
    assert SERVER.decode(b'{"thread":"t17_a","id":7,"type":"thread.get"}') == [ThreadGet(id=7, thread="t17_a")]


def test_defaults_are_left_out() -> None:
    cid = make_cid(0, bytes(10))
    frame = json.loads(SERVER.encode(MessageSend(id=7, thread="t17_a", cid=cid, body="hello", auto=False)))
    assert frame == {"type": "message.send", "id": 7, "thread": "t17_a", "cid": cid, "body": "hello"}


def test_an_array_keeps_its_order() -> None:
    assert SERVER.decode(SERVER.encode([Ping(id=9), Ping(id=3)])) == [Ping(id=9), Ping(id=3)]


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "presence.set", "id": 7, "state": SECRET},
        {"type": SECRET, "id": 7},
        {"type": "thread.get", "id": 7, "thread": [SECRET]},
        {"type": "connect", "id": 7, "v": SECRET, "token": SECRET, "device": "d"},
        {"type": "connect", "id": 7, "v": 1, "device": "d", "resume": {"epoch": 1, "mark": 1, "threads": {SECRET: []}}},
        {"type": "message.send", "id": 7, "thread": "t17_a", "cid": SECRET, "body": {SECRET: SECRET}},
        [{"type": "presence.set", "id": 7, "state": SECRET}],
    ],
)
def test_a_refusal_never_repeats_what_the_peer_wrote(frame: Any) -> None:
    assert "SECRET" not in str(refusal(frame))


def test_a_refusal_names_the_field() -> None:
    assert "$.state" in refusal({"type": "presence.set", "id": 7, "state": "away"}).detail
    assert "$.limit" in refusal({"type": "thread.list", "id": 7, "limit": 0}).detail


def test_tokens_do_not_hide_in_a_protocol_error() -> None:
    error = refusal({"type": "connect", "id": 7, "v": 1, "token": 5, "device": "d"})
    assert str(error).startswith("bad_request.field: Expected `str`")
    assert str(RemoteProtocolError("bad_request")) == "bad_request"


def test_a_client_skips_frames_of_a_kind_it_does_not_know() -> None:
    assert CLIENT.decode(encode({"type": "moon.changed", "phase": 3})) == []
    assert CLIENT.decode(encode([{"type": "moon.changed"}, {"type": "heartbeat", "now": 5}])) == [Heartbeat(now=5)]


def test_a_client_skips_events_of_a_kind_it_does_not_know() -> None:
    pinned = {"type": "message.pinned", "seq": 41, "target": 3}
    (push,) = CLIENT.decode(encode({**CHANGED, "events": [pinned, MESSAGE]}))
    assert isinstance(push, InboxChanged)
    assert [event.seq for event in push.events] == [42]
    assert (push.from_seq, push.seq) == (40, 42)


def test_a_client_skips_unknown_events_in_what_it_missed() -> None:
    events = [{"type": "message.pinned", "seq": 41}, MESSAGE]
    frame = msgspec.to_builtins(sample(Connected, full=True))
    frame["threads"][0]["events"] = events
    (reply,) = CLIENT.decode(encode(frame))
    assert isinstance(reply, Connected)
    assert [event.seq for event in reply.threads[0].events] == [42]


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "heartbeat", "now": "noon"},
        {**CHANGED, "events": [{"type": "message.sent", "seq": 42}]},
        {**CHANGED, "events": 5},
        {**CHANGED, "events": [5]},
        {**CHANGED, "threads": 5, "mark": "x"},
        [{"phase": 3}],
        [5],
        5,
    ],
)
def test_a_client_still_refuses_known_kinds_that_are_broken(frame: Any) -> None:
    with pytest.raises(RemoteProtocolError):
        CLIENT.decode(encode(frame))


def test_a_server_does_not_skip() -> None:
    assert refusal({"type": "moon.set", "id": 7}).code == "bad_request.type"
