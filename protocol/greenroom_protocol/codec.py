"""Codecs: bytes to typed frames and back, JSON or MessagePack, with one set of types.

A frame holds one command (or server frame) or an array of them. Decoding validates; the only error it raises is
`RemoteProtocolError`. Encoding is total for our own types.

Source: protocol/spec/frames.md.
"""

from typing import Any, Final, Generic, TypeVar

import msgspec

from greenroom_protocol import limits
from greenroom_protocol.commands import VERBS, AnyCommand, Command
from greenroom_protocol.errors import RemoteProtocolError
from greenroom_protocol.events import AnyEvent
from greenroom_protocol.pushes import AnyPush
from greenroom_protocol.replies import AnyReply

ServerFrame = AnyReply | AnyPush
_F = TypeVar("_F")

_MODULES: Final[dict[str, Any]] = {"json": msgspec.json, "msgpack": msgspec.msgpack}


class _Head(msgspec.Struct):
    """What can still be read of a frame that is not valid."""

    id: int | None = None
    type: str | None = None


class Codec(Generic[_F]):
    """One encoding of the wire, for one side of it.

    `decode` gives the frames in the order they stand in. The wrapper of an array costs nothing when there is none.
    """

    def __init__(self, name: str, is_text: bool, frame_type: Any) -> None:
        module = _MODULES[name]
        self.name = name
        self.is_text = is_text
        """Whether frames travel as WebSocket text (JSON) or binary (MessagePack)."""
        self._decode_one = module.Decoder(frame_type | list[frame_type]).decode
        self._decode_head = module.Decoder(_Head | list[_Head]).decode
        self.encode: Any = module.Encoder().encode
        """Give the bytes of one frame, or of an array when given a list."""

    def decode(self, data: bytes) -> list[_F]:
        """Decode and validate one frame.

        Raises:
            RemoteProtocolError: not a valid frame; `command_id` is set when it could be read.
        """
        try:
            frame = self._decode_one(data)
        except RecursionError:
            raise RemoteProtocolError("bad_request", detail="nested too deep") from None
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
            raise self._explain(data, error) from None
        if type(frame) is not list:
            return [frame]
        if not 1 <= len(frame) <= limits.COMMANDS_PER_FRAME:
            raise RemoteProtocolError("bad_request.batch", detail=f"{len(frame)} commands")
        return frame

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
        if head.type not in VERBS:
            return RemoteProtocolError("bad_request.type", command_id=command_id)
        code = "bad_request.body" if "`$.body`" in str(error) else "bad_request.field"
        return RemoteProtocolError(code, command_id=command_id, detail=_where(error))


def _where(error: Exception) -> str:
    """Keep the path and the expectation of a validation error; drop anything the peer wrote."""
    text = str(error)
    return text if isinstance(error, msgspec.ValidationError) and "Invalid value" not in text else ""


def server_codec(subprotocol: str) -> "Codec[Command]":
    """Make the server's side of a codec: decodes commands.

    Raises:
        KeyError: not one of the two subprotocols.
    """
    return _make(subprotocol, AnyCommand)


def client_codec(subprotocol: str) -> "Codec[ServerFrame]":
    """Make a client's side of a codec: decodes replies and pushes.

    Raises:
        KeyError: not one of the two subprotocols.
    """
    return _make(subprotocol, ServerFrame)


def _make(subprotocol: str, frame_type: Any) -> "Codec[Any]":
    name = {limits.SUBPROTOCOL_JSON: "json", limits.SUBPROTOCOL_MSGPACK: "msgpack"}[subprotocol]
    return Codec(name, name == "json", frame_type)


class EventCodec:
    """How an event is stored in its log: MessagePack, without what the store itself knows."""

    def __init__(self) -> None:
        self.encode = msgspec.msgpack.Encoder().encode
        self.decode = msgspec.msgpack.Decoder(AnyEvent).decode
