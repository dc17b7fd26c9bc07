"""Golden vectors: frames that must decode to the same value in both codecs, and input that must be refused.

What a hostile input must give is written down here by hand, never computed, so that the vectors judge the codec.
"""

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from greenroom_protocol import limits
from greenroom_protocol.codec import Codec, client_codec, server_codec
from greenroom_protocol.commands import Delivered, MessageSend, Ping, ThreadRead
from greenroom_protocol.events import AnyEvent, ErasedItem, MessageErased
from greenroom_protocol.generate_samples import CID, NOW_MS, all_kinds, event_sample, message_sample, sample
from greenroom_protocol.pushes import Heartbeat, InboxChanged

_JSON, _MSGPACK = limits.SUBPROTOCOL_JSON, limits.SUBPROTOCOL_MSGPACK


def valid_vectors() -> str:
    """Write `valid.json`."""
    cases = [_valid_case(name, direction, frame) for name, direction, frame in _valid_frames()]
    return _lines(cases)


def hostile_vectors() -> str:
    """Write `hostile.json`."""
    cases = [_hostile_case("json", *row) for row in _hostile_json()]
    cases += [_hostile_case("msgpack", *row) for row in _hostile_msgpack()]
    return _lines(cases)


def _valid_frames() -> Iterator[tuple[str, str, Any]]:
    for direction, kind in all_kinds():
        tag = kind.__struct_config__.tag
        is_reply = direction == "server" and "id" in kind.__struct_fields__
        name = f"{'reply' if is_reply else 'push' if direction == 'server' else 'command'} {tag}"
        yield f"{name}, required fields", direction, sample(kind, full=False)
        yield f"{name}, all fields", direction, sample(kind, full=True)
    for kind in AnyEvent.__args__:
        tag = kind.__struct_config__.tag
        yield f"event {tag}", "server", _push_of(event_sample(kind, full=False))
        yield f"event {tag}, all fields", "server", _push_of(event_sample(kind, full=True))
    yield from _edges()


def _edges() -> Iterator[tuple[str, str, Any]]:
    def send(body: str) -> MessageSend:
        return MessageSend(id=7, thread="t17_k3v9q2", cid=CID, body=body)

    yield "largest integers", "client", ThreadRead(id=limits.MAX_INTEGER, thread="t1_", n=limits.MAX_INTEGER)
    yield "smallest integers", "client", ThreadRead(id=1, thread="t1_", n=0)
    yield "one character", "client", send("?")
    yield "quotes, backslash, control characters", "client", send('"\\/\b\f\n\r\t\x00\x1f\x7f')
    yield "four-byte characters count as one code point", "client", send("\U0001f3d7\ufe0f ok \U0001d54f")
    yield (
        "combining marks and right-to-left text are kept as they are",
        "client",
        send("cafe\u0301 \u05e9\u05dc\u05d5\u05dd"),
    )
    yield "line separators are ordinary characters", "client", send("a\u2028b\u2029c\ufeffd")
    yield "a body of as many code points as allowed", "client", send("\u00e9" * limits.BODY_CODE_POINTS)
    yield "an array of commands", "client", [Delivered(mark=829), send("first"), Ping(id=8)]
    yield "an array of one", "client", [Ping(id=8)]
    yield "as many commands as allowed", "client", [Ping(id=i) for i in range(1, limits.COMMANDS_PER_FRAME + 1)]
    erased = [ErasedItem(seq=40, at=NOW_MS, n=15, erased_seq=41), MessageErased(seq=41, at=NOW_MS, target=40)]
    yield "a push with several events", "server", _push_of(*erased, message_sample())
    yield "a push without events", "server", _push_of()
    yield "an array of pushes", "server", [_push_of(message_sample()), Heartbeat(now=NOW_MS)]


def _push_of(*events: Any) -> InboxChanged:
    return InboxChanged(
        mark=829,
        thread="t17_k3v9q2",
        epoch=NOW_MS - 1_000_000_000,
        from_seq=42 - len(events),
        seq=42,
        n=17,
        read=15,
        state="candidacy",
        last_at=NOW_MS,
        events=list(events),
    )


def _valid_case(name: str, direction: str, frame: Any) -> dict[str, Any]:
    make = server_codec if direction == "client" else client_codec
    as_json: Codec[Any] = make(_JSON)
    as_msgpack: Codec[Any] = make(_MSGPACK)
    return {
        "name": name,
        "from": direction,
        "frame": msgspec.to_builtins(frame),
        "json": as_json.encode(frame).decode(),
        "msgpack_hex": as_msgpack.encode(frame).hex(),
    }


def _hostile_case(codec: str, name: str, data: bytes, code: str, command_id: int | None, close: int | None) -> Any:
    """One case; `close` is the close code that follows, None when the connection goes on."""
    case: dict[str, Any] = {"name": name, "codec": codec, "hex": data.hex()}
    if codec == "json" and len(data) < 200 and data.isascii():
        case["text"] = data.decode()
    return case | {"code": code, "id": command_id, "close": close}


_Row = tuple[str, bytes, str, int | None, int | None]


def _hostile_json() -> Iterator[_Row]:
    cid = CID.encode()
    send = b'{"type":"message.send","id":7,"thread":"t17_k3v9q2","cid":"' + cid + b'","body":'
    yield "empty", b"", "bad_request.json", None, 1007
    yield "only spaces", b"   ", "bad_request.json", None, 1007
    yield "truncated object", b'{"type":"ping","id":7', "bad_request.json", None, 1007
    yield "truncated string", b'{"type":"ping","id":7,"x":"', "bad_request.json", None, 1007
    yield "text after the value", b'{"type":"ping","id":7}}', "bad_request.json", None, 1007
    yield "two values", b'{"type":"ping","id":7} {"type":"ping","id":8}', "bad_request.json", None, 1007
    yield "byte order mark", b'\xef\xbb\xbf{"type":"ping","id":7}', "bad_request.json", None, 1007
    yield "single quotes", b"{'type':'ping','id':7}", "bad_request.json", None, 1007
    yield "trailing comma", b'{"type":"ping","id":7,}', "bad_request.json", None, 1007
    yield "NaN", b'{"type":"ping","id":7,"x":NaN}', "bad_request.json", None, 1007
    yield "comment", b'{"type":"ping","id":7} // hello', "bad_request.json", None, 1007
    yield "unescaped control character", b'{"type":"ping","id":7,"x":"a\nb"}', "bad_request.json", None, 1007
    yield "lone surrogate", send + b'"\\ud800"}', "bad_request.json", None, 1007
    yield "MessagePack", b"\x82\xa4type\xa4ping\xa2id\x07", "bad_request.json", None, 1007
    yield "HTTP", b"GET / HTTP/1.1\r\n\r\n", "bad_request.json", None, 1007
    yield "number", b"7", "bad_request", None, 1002
    yield "null", b"null", "bad_request", None, 1002
    yield "string", b'"ping"', "bad_request", None, 1002
    yield "array in an array", b'[[{"type":"ping","id":7}]]', "bad_request", None, 1002
    yield "array with a bad command", b'[{"type":"ping","id":7},{"type":"nope","id":8}]', "bad_request", None, 1002
    yield "empty array", b"[]", "bad_request.batch", None, 1002
    pings = b",".join(b'{"type":"ping","id":%d}' % i for i in range(1, limits.COMMANDS_PER_FRAME + 2))
    yield "one command too many", b"[" + pings + b"]", "bad_request.batch", None, 1002
    yield "nested deeply", b'{"type":"ping","id":7,"x":' + b"[" * 2000 + b"]" * 2000 + b"}", "bad_request", None, 1002
    yield "no id", b'{"type":"ping"}', "bad_request.field", None, 1002
    yield "id is zero", b'{"type":"ping","id":0}', "bad_request.field", None, 1002
    yield "id is negative", b'{"type":"ping","id":-7}', "bad_request.field", None, 1002
    yield "id is too large", b'{"type":"ping","id":9007199254740992}', "bad_request.field", None, 1002
    yield "id is huge", b'{"type":"ping","id":' + b"9" * 400 + b"}", "bad_request.field", None, 1002
    yield "id is a string", b'{"type":"ping","id":"7"}', "bad_request", None, 1002
    yield "id is a number with a point", b'{"type":"ping","id":7.0}', "bad_request", None, 1002
    yield "id is true", b'{"type":"ping","id":true}', "bad_request", None, 1002
    yield "the frame of another protocol", b'{"op":2,"d":{}}', "bad_request.type", None, 1002
    yield "a bad command that has no id", b'{"type":"typing.set"}', "bad_request.field", None, 1002
    yield "no type", b'{"id":7}', "bad_request.type", 7, None
    yield "unknown type", b'{"type":"message.sned","id":7}', "bad_request.type", 7, None
    yield "type in capitals", b'{"type":"PING","id":7}', "bad_request.type", 7, None
    yield "the type of an event", b'{"type":"message.sent","id":7}', "bad_request.type", 7, None
    yield "missing field", b'{"type":"thread.get","id":7}', "bad_request.field", 7, None
    yield "wrong type of a field", b'{"type":"thread.get","id":7,"thread":17}', "bad_request.field", 7, None
    yield "null where none may be", b'{"type":"thread.get","id":7,"thread":null}', "bad_request.field", 7, None
    yield "string too short", b'{"type":"thread.get","id":7,"thread":"t1"}', "bad_request.field", 7, None
    yield "string too long", b'{"type":"thread.get","id":7,"thread":"' + b"t" * 81 + b'"}', "bad_request.field", 7, None
    yield "not one of the values", b'{"type":"presence.set","id":7,"state":"away"}', "bad_request.field", 7, None
    yield "page too large", b'{"type":"thread.list","id":7,"limit":301}', "bad_request.field", 7, None
    yield "number for a flag", send + b'"hello","auto":1}', "bad_request.field", 7, None
    yield "cid too short", send.replace(cid, cid[1:]) + b'"hello"}', "bad_request.field", 7, None
    yield "no body", send[:-8] + b"}", "bad_request.field", 7, None
    yield "empty body", send + b'""}', "bad_request.body", 7, None
    yield "body is an object", send + b'{"text":"hello"}}', "bad_request.body", 7, None
    body = b'"' + b"x" * (limits.BODY_CODE_POINTS + 1) + b'"}'
    yield "body too long", send + body, "bad_request.body", 7, None
    many = b",".join(b'"t%d_x":{"epoch":1,"seq":1}' % i for i in range(limits.SHOWN_THREADS + 1))
    resume = b'"resume":{"epoch":1,"mark":1,"threads":{' + many + b"}}}"
    connect = b'{"type":"connect","id":7,"v":1,"token":"x","device":"d",'
    yield "too many threads in a resume", connect + resume, "bad_request.field", 7, None
    yield "position without its epoch", connect + b'"resume":{"mark":817}}', "bad_request.field", 7, None


def _hostile_msgpack() -> Iterator[_Row]:
    ping = b"\x82\xa4type\xa4ping\xa2id\x07"
    get = b"\x83\xa4type\xaathread.get\xa2id\x07\xa6thread"
    yield "empty", b"", "bad_request.msgpack", None, 1007
    yield "truncated map", ping[:-1], "bad_request.msgpack", None, 1007
    yield "truncated string", b"\x82\xa4type\xa4pi", "bad_request.msgpack", None, 1007
    yield "bytes after the value", ping + b"\x00", "bad_request.msgpack", None, 1007
    yield "the byte that is never used", b"\xc1", "bad_request.msgpack", None, 1007
    yield "map that claims four billion entries", b"\xdf\xff\xff\xff\xff", "bad_request.msgpack", None, 1007
    yield "array that claims four billion entries", b"\xdd\xff\xff\xff\xff", "bad_request.msgpack", None, 1007
    yield "string that claims four gigabytes", b"\xdb\xff\xff\xff\xffx", "bad_request.msgpack", None, 1007
    yield "type is not UTF-8", b"\x82\xa4type\xa4p\xffng\xa2id\x07", "bad_request.msgpack", None, 1007
    yield "integer", b"\x07", "bad_request", None, 1002
    yield "nil", b"\xc0", "bad_request", None, 1002
    yield "binary", b"\xc4\x04ping", "bad_request", None, 1002
    yield "empty array", b"\x90", "bad_request.batch", None, 1002
    yield "nested deeply", b"\x83\xa4type\xa4ping\xa2id\x07\xa1x" + b"\x91" * 2000 + b"\xc0", "bad_request", None, 1002
    yield "array in an array", b"\x91\x91" + ping, "bad_request", None, 1002
    yield "key is an integer", b"\x83\x01\x02" + ping[1:], "bad_request", None, 1002
    yield "type is binary", b"\x82\xa4type\xc4\x04ping\xa2id\x07", "bad_request", None, 1002
    yield "id is a float", b"\x82\xa4type\xa4ping\xa2id\xca\x40\xe0\x00\x00", "bad_request", None, 1002
    yield "id has 64 bits", b"\x82\xa4type\xa4ping\xa2id\xcf" + b"\xff" * 8, "bad_request.field", None, 1002
    yield "id is negative", b"\x82\xa4type\xa4ping\xa2id\xf9", "bad_request.field", None, 1002
    yield "unknown type", b"\x82\xa4type\xa4pong\xa2id\x07", "bad_request.type", 7, None
    yield "missing field", b"\x82\xa4type\xaathread.get\xa2id\x07", "bad_request.field", 7, None
    yield "nil where none may be", get + b"\xc0", "bad_request.field", 7, None
    yield "binary for a string", get + b"\xc4\x05t17_x", "bad_request.field", 7, None
    yield "extension for a string", get + b"\xd4\x01t", "bad_request.field", 7, None
    yield "string is not UTF-8", get + b"\xa4t17\xff", "bad_request.field", 7, None


def _lines(cases: list[Any]) -> str:
    """Write a list with one case a line, so that a difference shows the case."""
    return "[\n" + ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases) + "\n]\n"
