"""Codecs: bytes to typed frames and back, JSON or MessagePack, with one set of types.

A frame holds one command (or server frame) or an array of them. Decoding validates; the only error it raises is
`RemoteProtocolError`. Encoding is total for our own types. A server refuses what it does not know; a client skips
frames and events of kinds it does not know, so that kinds can be added.

Source: protocol/spec/encoding.md.
"""

from typing import Any, Final, Generic, TypeVar

import msgspec

from greenroom_protocol import limits
from greenroom_protocol.bases import Command
from greenroom_protocol.commands import AnyCommand
from greenroom_protocol.errors import RemoteProtocolError
from greenroom_protocol.events import AnyEvent
from greenroom_protocol.pushes import AnyPush
from greenroom_protocol.replies import AnyReply

ServerFrame = AnyReply | AnyPush
_F = TypeVar("_F")

_NAMES: Final = {limits.SUBPROTOCOL_JSON: "json", limits.SUBPROTOCOL_MSGPACK: "msgpack"}
_MODULES: Final[dict[str, Any]] = {"json": msgspec.json, "msgpack": msgspec.msgpack}


def tags_of(union: Any) -> frozenset[str]:
    """Give the `type` of each struct in a union."""
    return frozenset(kind.__struct_config__.tag for kind in union.__args__)


_EVENT_TAGS: Final = tags_of(AnyEvent)


class _Head(msgspec.Struct):
    """What can still be read of a frame that is not valid."""

    id: int | None = None
    type: str | None = None


class Codec(Generic[_F]):
    """One encoding of the wire, for one side of it.

    `decode` gives the frames in the order they stand in. The wrapper of an array costs nothing when there is none.
    """

    def __init__(self, name: str, frame_type: Any, *, skips_unknown: bool) -> None:
        """Make a codec.

        Args:
            name: "json" or "msgpack".
            frame_type: union of the structs that the peer may send.
            skips_unknown: leave out frames and events of unknown kinds instead of refusing them.
        """
        module = _MODULES[name]
        self.name = name
        self.is_text = name == "json"
        """Whether frames travel as WebSocket text (JSON) or binary (MessagePack)."""
        self._tags = tags_of(frame_type)
        self._frame_type = frame_type
        self._skips_unknown = skips_unknown
        self._decode_any = module.decode
        self._decode_one = module.Decoder(frame_type | list[frame_type]).decode
        self._decode_head = module.Decoder(_Head | list[_Head]).decode
        self.encode: Any = module.Encoder().encode
        """Give the bytes of one frame, or of an array when given a list."""

    def decode(self, data: bytes) -> list[_F]:
        """Decode and validate one frame.

        Returns:
            1 to `limits.COMMANDS_PER_FRAME` frames; fewer when unknown kinds were left out.

        Raises:
            RemoteProtocolError: not a valid frame; `command_id` is set when it could be read.
        """
        try:
            frame = self._decode_one(data)
        except RecursionError:
            raise RemoteProtocolError("bad_request", detail="nested too deep") from None
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
            if self._skips_unknown and isinstance(error, msgspec.ValidationError):
                return self._decode_known(data, error)
            raise self._explain(data, error) from None
        if type(frame) is not list:
            return [frame]
        if not 1 <= len(frame) <= limits.COMMANDS_PER_FRAME:
            raise RemoteProtocolError("bad_request.batch", detail=f"{len(frame)} commands")
        return frame

    def _decode_known(self, data: bytes, error: msgspec.ValidationError) -> list[_F]:
        """Decode once more without the frames and events of unknown kinds; slow, and rarely needed."""
        try:
            raw = self._decode_any(data)
            known = [frame for frame in (raw if isinstance(raw, list) else [raw]) if frame["type"] in self._tags]
            for frame in known:
                for holder in (frame, *frame.get("threads", ())):
                    if "events" in holder:
                        holder["events"] = [event for event in holder["events"] if event["type"] in _EVENT_TAGS]
            return msgspec.convert(known, list[self._frame_type])  # type: ignore[name-defined]  # a type made at run time
        except (msgspec.DecodeError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise self._explain(data, error) from None

    def _explain(self, data: bytes, error: Exception) -> RemoteProtocolError:
        """Say what is wrong, and with which command, without repeating the peer's values."""
        try:
            head = self._decode_head(data)
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError):
            if isinstance(error, msgspec.ValidationError):
                return RemoteProtocolError("bad_request", detail=_where(error))
            return RemoteProtocolError(f"bad_request.{self.name}")
        if isinstance(head, list):
            return RemoteProtocolError("bad_request", detail=_where(error))
        command_id = head.id if head.id is not None and 1 <= head.id <= limits.MAX_INTEGER else None
        if head.type not in self._tags:
            return RemoteProtocolError("bad_request.type", command_id=command_id)
        code = "bad_request.body" if "`$.body`" in str(error) else "bad_request.field"
        return RemoteProtocolError(code, command_id=command_id, detail=_where(error))


def _where(error: Exception) -> str:
    """Keep the path and the expectation of a validation error; drop anything the peer wrote."""
    if not isinstance(error, msgspec.ValidationError):
        return ""
    text = str(error)
    return text.rpartition(" - at ")[2] if text.startswith("Invalid") else text


def server_codec(subprotocol: str) -> "Codec[Command]":
    """Make the server's side of a codec: decodes commands.

    Raises:
        KeyError: not one of the two subprotocols.
    """
    return Codec(_NAMES[subprotocol], AnyCommand, skips_unknown=False)


def client_codec(subprotocol: str) -> "Codec[ServerFrame]":
    """Make a client's side of a codec: decodes replies and pushes.

    Raises:
        KeyError: not one of the two subprotocols.
    """
    return Codec(_NAMES[subprotocol], ServerFrame, skips_unknown=True)
