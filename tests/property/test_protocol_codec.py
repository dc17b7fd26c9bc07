"""For every frame: what is encoded decodes to the same, and no input at all breaks a decoder."""

import json
import math
from functools import cache
from typing import Any

import msgpack
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect

from greenroom_protocol import codes, limits
from greenroom_protocol.cid import cid_time_ms, make_cid
from greenroom_protocol.codec import Codec, ServerFrame, client_codec, server_codec
from greenroom_protocol.commands import AnyCommand
from greenroom_protocol.errors import RemoteProtocolError

SUBPROTOCOLS = (limits.SUBPROTOCOL_JSON, limits.SUBPROTOCOL_MSGPACK)
SERVER_CODECS: list[Codec[Any]] = [server_codec(name) for name in SUBPROTOCOLS]
CLIENT_CODECS: list[Codec[Any]] = [client_codec(name) for name in SUBPROTOCOLS]
CODECS = SERVER_CODECS + CLIENT_CODECS


@cache
def frames(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    """Give any valid instance of a struct; a field with a default is there or not."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    required = {field.name: values(field.type) for field in info.fields if field.required}
    optional = {field.name: values(field.type) for field in info.fields if not field.required}
    return st.fixed_dictionaries(required, optional=optional).map(lambda fields: kind(**fields))


def values(kind: inspect.Type) -> st.SearchStrategy[Any]:
    """Give any valid value of a field."""
    match kind:
        case inspect.Metadata():
            return values(kind.type)
        case inspect.StructType():
            return frames(kind.cls)
        case inspect.UnionType():
            return st.one_of([values(one) for one in kind.types])
        case inspect.ListType():
            return st.lists(values(kind.item_type), min_size=kind.min_length or 0, max_size=3)
        case inspect.DictType():
            return st.dictionaries(values(kind.key_type), values(kind.value_type), max_size=3)
        case inspect.LiteralType():
            return st.sampled_from(kind.values)
        case inspect.IntType():
            return st.integers(-limits.MAX_INTEGER if kind.ge is None else kind.ge, kind.le or limits.MAX_INTEGER)
        case inspect.FloatType():
            return st.floats(allow_nan=False, allow_infinity=False)
        case inspect.StrType():
            low = kind.min_length or 0
            if kind.pattern is not None:
                shaped = st.from_regex(kind.pattern, fullmatch=True)
                return shaped.filter(lambda text: low <= len(text) <= (kind.max_length or 12) and "\n" not in text)
            return st.text(min_size=low, max_size=min(low + 12, kind.max_length or 12))
        case inspect.BoolType():
            return st.booleans()
        case inspect.NoneType():
            return st.none()
    raise TypeError(kind)


commands = st.one_of([frames(kind) for kind in AnyCommand.__args__])
server_frames = st.one_of([frames(kind) for kind in ServerFrame.__args__])


def independent(codec: Codec[Any], data: bytes) -> Any:
    """Decode with a library that shares nothing with the codec."""
    return json.loads(data) if codec.is_text else msgpack.unpackb(data)


@given(commands | st.lists(commands, min_size=1, max_size=4))
def test_commands_survive_both_codecs(frame: Any) -> None:
    survives(SERVER_CODECS, frame)


@settings(max_examples=50)
@given(server_frames | st.lists(server_frames, min_size=1, max_size=4))
def test_server_frames_survive_both_codecs(frame: Any) -> None:
    survives(CLIENT_CODECS, frame)


def survives(codecs: list[Codec[Any]], frame: Any) -> None:
    for codec in codecs:
        data = codec.encode(frame)
        decoded = codec.decode(data)
        assert decoded == (frame if isinstance(frame, list) else [frame])
        assert independent(codec, data) == msgspec.to_builtins(frame)


def decode_or_refuse(codec: Codec[Any], data: bytes) -> list[Any]:
    """Decode; anything but frames or a documented refusal fails the test."""
    try:
        return codec.decode(data)
    except RemoteProtocolError as error:
        refusal = error
    assert refusal.code in codes.ERRORS
    assert refusal.command_id is None or 1 <= refusal.command_id <= limits.MAX_INTEGER
    return []


@given(st.binary(max_size=200))
def test_no_bytes_break_a_decoder(data: bytes) -> None:
    for codec in CODECS:
        decode_or_refuse(codec, data)


@given(commands | server_frames, st.sampled_from(CODECS), st.data())
def test_no_damaged_frame_breaks_a_decoder(frame: Any, codec: Codec[Any], data: st.DataObject) -> None:
    good = codec.encode(frame)
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, min(len(good), start + 4)))
    decode_or_refuse(codec, good[:start] + data.draw(st.binary(max_size=4)) + good[end:])


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=50)
@given(st.sampled_from([kind.__struct_config__.tag for kind in AnyCommand.__args__]), st.data())
def test_no_value_in_a_field_breaks_a_decoder(tag: str, data: st.DataObject) -> None:
    kind = next(kind for kind in AnyCommand.__args__ if kind.__struct_config__.tag == tag)
    names = [field.encode_name for field in msgspec.structs.fields(kind)]
    frame = {"type": tag, **data.draw(st.dictionaries(st.sampled_from(names), anything, max_size=6))}
    decode_or_refuse(SERVER_CODECS[0], json.dumps(frame).encode())
    decode_or_refuse(SERVER_CODECS[1], msgpack.packb(frame))


@settings(max_examples=50)
@given(commands, st.sampled_from([0, 1]), anything)
def test_unknown_fields_change_nothing(command: Any, i: int, value: Any) -> None:
    raw = {**msgspec.to_builtins(command), "field_of_tomorrow": value}
    data = json.dumps(raw, allow_nan=False).encode() if i == 0 and is_finite(value) else msgpack.packb(raw)
    codec = SERVER_CODECS[0] if data[:1] == b"{" else SERVER_CODECS[1]
    assert codec.decode(data) == [command]


def is_finite(value: Any) -> bool:
    """Say whether JSON can hold a value."""
    if isinstance(value, list):
        return all(map(is_finite, value))
    if isinstance(value, dict):
        return is_finite(list(value.values()))
    return not isinstance(value, float) or math.isfinite(value)


@pytest.mark.parametrize("depth", [10, 1_000, 15_000, 60_000])
@pytest.mark.parametrize("opening", [b"[", b'{"x":', b"\x91", b"\x81\xa1x", b'{"type":"ping","id":7,"x":' + b"["])
def test_no_depth_breaks_a_decoder(opening: bytes, depth: int) -> None:
    for codec in CODECS:
        decode_or_refuse(codec, (opening * depth)[: limits.CLIENT_FRAME_BYTES])


@settings(max_examples=50)
@given(server_frames, st.integers(0, 2))
def test_a_client_skips_what_it_does_not_know(frame: Any, place: int) -> None:
    known = [msgspec.to_builtins(frame)] * 2
    known.insert(place, {"type": "moon.changed", "phase": 3})
    assert CLIENT_CODECS[0].decode(json.dumps(known).encode()) == [frame] * 2
    assert CLIENT_CODECS[1].decode(msgpack.packb(known)) == [frame] * 2


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_a_cid_tells_the_time_it_was_made(now_ms: int, random_bytes: bytes) -> None:
    assert cid_time_ms(make_cid(now_ms, random_bytes)) == now_ms


@given(st.lists(st.integers(0, 2**48 - 1), min_size=2, max_size=2, unique=True), st.binary(min_size=10, max_size=10))
def test_cids_sort_by_time(times: list[int], random_bytes: bytes) -> None:
    earlier, later = sorted(times)
    assert make_cid(earlier, random_bytes) < make_cid(later, random_bytes)


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_a_cid(text: str) -> None:
    assert cid_time_ms(text) is None
