"""What a frame that is not valid gets: the documented error or close code, and the hub goes on.

Source: protocol/spec/connection.md, "Frames that are not valid"; protocol/spec/encoding.md.
"""

import asyncio
import json
from typing import Any

import msgpack
import pytest
import websockets

from greenroom_protocol import limits
from testkit.hub import Room
from testkit.wire import Frame, Wire, cid

PACKED = limits.SUBPROTOCOL_MSGPACK
PING = b'{"type":"ping","id":1}'
SEND = {"type": "message.send", "id": 1, "thread": "t1_x", "cid": "0" * 36, "body": "x"}


async def verdict(wire: Wire, data: bytes | str, command_id: int = 0) -> tuple[str, int]:
    """Send bytes; give the code of the error with that id ("" for none) and the close code (0 while it goes on)."""
    await wire.send_raw(data)
    if command_id:
        frame = await wire.until(lambda push: push.get("id") == command_id)
        alive = await wire.ask({"type": "ping"})
        return frame.get("code", frame["type"]), 0 if alive["type"] == "ping" else -1
    close = await wire.closed()
    return next((push["code"] for push in wire.pushes if push["type"] == "error" and push["id"] == 0), ""), close


def ping(extra: str) -> str:
    return f'{{"type":"ping","id":900,"x":{extra}}}'


def send(**fields: Any) -> str:
    return json.dumps({**SEND, "id": 900, **fields})


@pytest.mark.parametrize(
    ("data", "code", "close"),
    [
        # not JSON at all
        ("", "", 1007),
        ('{"type":"ping","id":1', "", 1007),
        ('{"type":"ping","id":1}}', "", 1007),
        ('{"type":"ping","id":1}{"type":"ping","id":2}', "", 1007),
        ("{'type':'ping'}", "", 1007),
        ('\ufeff{"type":"ping","id":1}', "", 1007),
        ('{"type":"ping","id":NaN}', "", 1007),
        ('{"type":"ping","id":1,"x":"\\ud800"}', "", 1007),
        (send(body="\ud800 alone"), "", 1007),
        # JSON, but nothing that can be answered
        ("null", "bad_request", 1002),
        ('"connect"', "bad_request", 1002),
        ("17", "bad_request", 1002),
        ("{}", "bad_request.type", 1002),
        ('{"type":"ping"}', "bad_request.field", 1002),
        ('{"type":["ping"],"id":1}', "bad_request", 1002),
        ("[" * 60_000, "bad_request", 1002),
        (ping("[" * 50_000), "bad_request", 1002),
        (ping('{"a":' * 10_000), "bad_request", 1002),
        *(
            (f'{{"type":"ping","id":{number}}}', "bad_request.field", 1002)
            for number in ("0", "-0", "-1", "null", "9007199254740992", "9007199254740993", "1" * 500)
        ),
        *(
            (f'{{"type":"ping","id":{number}}}', "bad_request", 1002)
            for number in ("1.0", "1e2", "1e999", '"1"', "true", "1" * 60_000)
        ),
        # arrays, refused as a whole
        ("[]", "bad_request.batch", 1002),
        ("[[]]", "bad_request", 1002),
        (json.dumps([{"type": "ping", "id": 7}] * 65), "bad_request.batch", 1002),
        ('[{"type":"ping","id":7},{"type":"ping","id":0}]', "bad_request", 1002),
        ('[{"type":"ping","id":7},{"type":"no.such","id":8}]', "bad_request", 1002),
    ],
)
async def test_a_json_frame_that_cannot_be_answered_closes_with_the_documented_code(
    room: Room, data: str, code: str, close: int
) -> None:
    wire = Wire(room, "maya")
    await wire.open()
    assert await verdict(wire, data) == (code, close)
    assert not any(push["type"] == "ping" for push in wire.pushes), "nothing of a refused array is executed"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ('{"type":"no.such","id":900}', "bad_request.type"),
        ('{"type":"__proto__","id":900}', "bad_request.type"),
        ('{"id":900}', "bad_request.type"),
        ('{"type":"message.send","id":900}', "bad_request.field"),
        (send(thread=1), "bad_request.field"),
        (send(thread="t"), "bad_request.field"),
        (send(cid="short"), "bad_request.field"),
        (send(seen=-1), "bad_request.field"),
        (send(seen=1.5), "bad_request.field"),
        (send(auto=1), "bad_request.field"),
        (send(body=None), "bad_request.body"),
        (send(body=["x"]), "bad_request.body"),
        (send(body=""), "bad_request.body"),
        (send(body="x" * 10_001), "bad_request.body"),
        (send().replace('"x"', "1e999"), "bad_request.body"),
        ('{"type":"connect","type":"ping","id":900}', "bad_request.field"),
        ('{"type":"thread.list","id":900,"limit":0}', "bad_request.field"),
        ('{"type":"thread.list","id":900,"limit":301}', "bad_request.field"),
        (json.dumps({"type": "presence.watch", "id": 900, "users": ["u"] * 101}), "bad_request.field"),
        # strange, and still valid: what is not known is ignored, of a key given twice the last one counts
        (ping("1e999"), "ping"),
        (ping("-0"), "ping"),
        (ping("9007199254740993"), "ping"),
        (ping("1" * 60_000), "ping"),
        (ping("[" * 500 + "]" * 500), "ping"),
        ('{"id":1,"type":"ping","id":900,"id":900}', "ping"),
        ('{"__proto__":{"id":1},"constructor":null,"type":"ping","id":900}', "ping"),
        (json.dumps({**{str(i): 0 for i in range(5_000)}, "type": "ping", "id": 900}), "ping"),
        (f"\n [ {ping('0')} ]\t", "ping"),
    ],
)
async def test_a_command_whose_id_can_be_read_is_answered_and_the_session_goes_on(
    room: Room, data: str, code: str
) -> None:
    async with Wire(room, "maya") as wire:
        assert await verdict(wire, data, 900) == (code, 0)


@pytest.mark.parametrize(
    ("data", "code", "close"),
    [
        (b"", "", 1007),
        (b"\xc1", "", 1007),
        (b"\xdd\xff\xff\xff\xff", "", 1007),  # an array of 2^32 - 1 items, of which none comes
        (b"\xdf\xff\xff\xff\xff", "", 1007),
        (b"\xdb\xff\xff\xff\xffabc", "", 1007),
        (b"\xc6\xff\xff\xff\xff", "", 1007),
        (b"\xc9\xff\xff\xff\xff\x01", "", 1007),
        (msgpack.packb({"type": "ping", "id": 1})[:-1], "", 1007),
        (msgpack.packb({"type": "ping", "id": 1}) + b"\0", "", 1007),
        (b"\x83\xa4type\xa4ping\xa2id\x01\xa1x\xdd\xff\xff\xff\xff", "", 1007),
        (b"\x83\xa4type\xa4ping\xa2id\x01\xa1x\xdf\xff\xff\xff\xff", "", 1007),
        (b"\x82\xa4type\xa4pin\xff\xa2id\x01", "", 1007),
        (b"\x91" * 60_000, "bad_request", 1002),
        (b"\x83\xa4type\xa4ping\xa2id\x01\xa1x" + b"\x91" * 60_000, "bad_request", 1002),
        (msgpack.packb(msgpack.Timestamp(1, 2)), "bad_request", 1002),
        (msgpack.packb(msgpack.ExtType(5, b"x")), "bad_request", 1002),
        (msgpack.packb({"type": "ping", "id": msgpack.ExtType(5, b"x")}), "bad_request", 1002),
        (msgpack.packb({"type": "ping", "id": msgpack.Timestamp(1)}), "bad_request", 1002),
        (msgpack.packb({"type": "ping", "id": 1.0}), "bad_request", 1002),
        (msgpack.packb({"type": "ping", "id": 2**63}), "bad_request.field", 1002),
        (msgpack.packb({"type": b"ping", "id": 1}), "bad_request", 1002),
        (msgpack.packb({1: 2, "type": "ping", "id": 1}), "bad_request", 1002),
        (msgpack.packb([]), "bad_request.batch", 1002),
    ],
)
async def test_a_messagepack_frame_that_cannot_be_answered_closes_with_the_documented_code(
    room: Room, data: bytes, code: str, close: int
) -> None:
    wire = Wire(room, "maya", subprotocol=PACKED)
    await wire.open()
    assert await verdict(wire, data) == (code, close)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"x": msgpack.Timestamp(1, 2)}, "ping"),
        ({"x": msgpack.ExtType(5, b"x")}, "ping"),
        ({"x": b"\xff"}, "ping"),
        ({"type": "message.check", "thread": "t1_x", "body": b"bytes"}, "bad_request.body"),
        ({"type": "message.check", "thread": msgpack.Timestamp(1), "body": "x"}, "bad_request.field"),
        ({"type": "thread.list", "limit": 5.0}, "bad_request.field"),
    ],
)
async def test_messagepack_kinds_the_protocol_does_not_use_convert_to_nothing(
    room: Room, fields: Frame, code: str
) -> None:
    async with Wire(room, "maya", subprotocol=PACKED) as wire:
        data = msgpack.packb({"type": "ping", "id": 900, **fields})
        assert await verdict(wire, data, 900) == (code, 0)


@pytest.mark.parametrize(
    ("subprotocol", "data"), [(limits.SUBPROTOCOL_JSON, PING), (PACKED, PING.decode())], ids=["json", "msgpack"]
)
async def test_the_other_kind_of_websocket_message_closes_with_1003(
    room: Room, subprotocol: str, data: bytes | str
) -> None:
    wire = Wire(room, "maya", subprotocol=subprotocol)
    await wire.open()
    assert await verdict(wire, data) == ("", 1003)


async def test_a_message_of_64_kib_passes_and_one_byte_more_closes_with_1009(room: Room) -> None:
    wire = Wire(room, "maya")
    await wire.open()
    room_for = limits.CLIENT_FRAME_BYTES - len(ping('""'))
    assert await verdict(wire, ping(f'"{"x" * room_for}"'), 900) == ("ping", 0)
    assert await verdict(wire, ping(f'"{"x" * (room_for + 1)}"')) == ("", 1009)


@pytest.mark.parametrize("extra", ["1" * 1_000_000, "[" * 100_000], ids=["a long number", "deep nesting"])
async def test_a_frame_above_the_limit_is_never_looked_into(room: Room, extra: str) -> None:
    wire = Wire(room, "maya")
    await wire.open()
    assert await verdict(wire, ping(extra)) == ("", 1009)


async def test_text_that_is_not_utf8_closes_with_1007(room: Room) -> None:
    wire = Wire(room, "maya")
    await wire.open_socket()
    socket: websockets.ClientConnection = wire._socket
    await socket.send(b'{"type":"ping","id":1,"x":"\xff"}', text=True)
    assert await wire.closed() == 1007


@pytest.mark.parametrize("is_connected", [True, False], ids=["connected", "before connect"])
async def test_the_sixteenth_bad_command_closes_with_4504(room: Room, is_connected: bool) -> None:
    wire = Wire(room, "maya")
    await (wire.open() if is_connected else wire.open_socket())
    for number in range(1, limits.BAD_FRAMES):
        await wire.send_raw(json.dumps({"type": "no.such", "id": 1000 + number}))
        await wire.until(lambda push, number=number: push["id"] == 1000 + number)
    assert wire.close_code == 0
    await wire.send_raw(json.dumps({"type": "no.such", "id": 2000}))
    assert await wire.closed() == 4504
    assert wire.pushes[-1]["code"] == "bad_request.type"


async def test_refusals_for_other_reasons_never_count_towards_the_sixteen(room: Room) -> None:
    async with Wire(room, "maya") as wire:
        asked = [wire.ask({"type": "thread.get", "thread": "t1_nowhere"}) for _ in range(2 * limits.BAD_FRAMES)]
        assert {reply["code"] for reply in await asyncio.gather(*asked)} == {"not_found"}
        assert (await wire.ask({"type": "ping"}))["type"] == "ping"


async def opened(maya: Wire, **fields: Any) -> Frame:
    freelancer = maya.user.replace("maya", "jonas")
    command = {"type": "thread.open", "freelancer": freelancer, "cid": cid(), "body": "Hello!"}
    return await maya.ask({**command, **fields})


async def test_an_error_never_repeats_what_the_peer_wrote(room: Room) -> None:
    async with Wire(room, "maya") as wire:
        await wire.send_raw(json.dumps({"type": "private-words", "id": 900}))
        await wire.send_raw(json.dumps({**SEND, "id": 901, "seen": "private-words"}))
        await wire.send_raw(json.dumps({"type": "presence.set", "id": 902, "state": "private-words"}))
        for number in (900, 901, 902):
            error = await wire.until(lambda push, number=number: push.get("id") == number)
            assert error["type"] == "error"
            assert "private" not in json.dumps(error)


async def test_forged_server_fields_are_ignored(room: Room) -> None:
    forged = {
        "seq": 999, "n": 999, "at": 1, "mark": 999, "mid": "t1_x.1", "state": "contract", "dup": True, "epoch": 1,
        "by": room.id("eve"), "user": room.id("eve"), "role": "service", "from": 7, "hidden": [], "edited_seq": 3,
        "client": room.id("eve"), "policy": {"action": "allow"}, "created": False, "gate_opened_at": 1,
    }  # fmt: skip
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        reply = await opened(maya, **forged)
        assert (reply["seq"], reply["n"], reply["state"], reply["created"], reply["dup"]) == (1, 1, "sent", True, False)
        thread = reply["thread"]
        sent = await maya.say(thread, "Second.", **{key: value for key, value in forged.items() if key != "user"})
        assert (sent["seq"], sent["n"], sent["dup"]) == (2, 2, False)
        event = await jonas.event("message.sent", seq=2)
        assert (event["by"], event["n"], event["at"]) == (room.id("maya"), 2, sent["at"])
        view = await jonas.ask({"type": "thread.get", "thread": thread, "role": "client", "user": room.id("maya")})
        assert (view["state"], view["role"], view.get("gate_opened_at", 0)) == ("direct", "freelancer", 0)
        assert {who["user"] for who in view["participants"]} == {room.id("maya"), room.id("jonas")}


@pytest.mark.parametrize(
    ("body", "is_accepted"),
    [
        ("x", True),
        ("word " * 2_000, True),
        ("é" * 10_000, True),
        ("語" * 10_000, True),
        ("a\0b", True),
        ("\u2028\u202e\x1b[31m\r\n", True),
        ("😀" * 8_192, True),  # 32 KiB in fewer code points
        ("😀" * 8_192 + "x", False),
        ("x" * 10_001, False),
        ("", False),
        (" \n\t\u2003", False),
    ],
    ids=lambda value: f"{len(value)} of {value[:1]!r}" if isinstance(value, str) else "",
)
async def test_both_limits_of_a_body_hold_and_what_passes_comes_back_as_it_was(
    room: Room, body: str, is_accepted: bool
) -> None:
    async with Wire(room, "maya", subprotocol=PACKED) as maya, Wire(room, "jonas") as jonas:
        thread = (await opened(maya))["thread"]
        reply = await maya.say(thread, body)
        if is_accepted:
            assert reply["type"] == "message.send", reply
            event = await jonas.event("message.sent", seq=2)
            assert event["body"] == body or reply["policy"]["action"] != "allow"
        else:
            assert (reply["type"], reply.get("code")) == ("error", "bad_request.body")


@pytest.mark.parametrize(("body", "code"), [("😀" * 8_193, "bad_request.body"), (" \n ", "bad_request.body")])
async def test_the_limits_of_a_body_hold_for_first_messages_edits_and_invitations(
    room: Room, body: str, code: str
) -> None:
    async with Wire(room, "maya", subprotocol=PACKED) as maya:
        assert (await opened(maya, body=body))["code"] == code
        invite = {"type": "invitation.send", "job": room.id("logo"), "freelancer": room.id("jonas"), "cid": cid()}
        assert (await maya.ask({**invite, "body": body}))["code"] == code
        thread = (await opened(maya))["thread"]
        edit = {"type": "message.edit", "thread": thread, "target": 1, "cid": cid(), "body": body}
        assert (await maya.ask(edit))["code"] == code
        assert (await opened(maya, body=body))["code"] == code
        assert (await maya.ask({**invite, "cid": cid(), "body": body}))["code"] == code
