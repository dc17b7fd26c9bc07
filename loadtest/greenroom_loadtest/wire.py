"""The client's end of the wire, as cheap as it can be while every number is still read: frames, commands, replies.

Frames carry a mask of zeros: RFC 6455 asks for unpredictable masks so that scripts in browsers cannot forge bytes for
proxies on the way; there are none on loopback, and the server unmasks all the same.
"""

from typing import Final

import msgspec

from greenroom_protocol import limits

UPGRADE: Final = (
    b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Protocol: " + limits.SUBPROTOCOL_JSON.encode() + b"\r\n\r\n"
)
"""The opening handshake; the key is the sample of RFC 6455 section 1.3."""
END_OF_HEAD: Final = b"\r\n\r\n"
TEXT: Final = 0x81
CLOSE: Final = 0x88
PING: Final = 0x89
PONG: Final = 0x8A
_MASK: Final = b"\x00\x00\x00\x00"


class Sent(msgspec.Struct, tag_field="type", tag="message.send", gc=False):
    """What is read of the reply to a message."""

    id: int
    seq: int
    dup: bool


class Opened(msgspec.Struct, tag_field="type", tag="thread.open", gc=False):
    """What is read of the reply to the message that opens a thread."""

    id: int
    thread: str
    seq: int
    dup: bool


class Refused(msgspec.Struct, tag_field="type", tag="error", gc=False):
    """What is read of an error."""

    id: int
    code: str


class Connected(msgspec.Struct, tag_field="type", tag="connect", gc=False):
    """What is read of the reply to `connect`."""

    mark: int


class PlacedEvent(msgspec.Struct, gc=False):
    """What is read of an event in a push."""

    seq: int
    cid: str = ""


class LoggedEvent(msgspec.Struct, gc=False):
    """What is read of an event in a page of history."""

    seq: int
    cid: str = ""
    body: str = ""


class Changed(msgspec.Struct, tag_field="type", tag="inbox.changed", gc=False):
    """What is read of a delivery."""

    mark: int
    thread: str
    n: int
    events: list[PlacedEvent] = []


class History(msgspec.Struct, tag_field="type", tag="thread.history", gc=False):
    """What is read of a page of history."""

    id: int
    to: int
    more: bool
    events: list[LoggedEvent] = []


class Heartbeat(msgspec.Struct, tag_field="type", tag="heartbeat", gc=False):
    """The server wants a sign of life."""


class ReceiptMoved(msgspec.Struct, tag_field="type", tag="receipt.moved", gc=False):
    """The other side received or read more; read and dropped."""


class MetricsChanged(msgspec.Struct, tag_field="type", tag="metrics.changed", gc=False):
    """One's response speed changed; read and dropped."""


ServerFrame = Sent | Changed | Opened | Refused | Connected | History | Heartbeat | ReceiptMoved | MetricsChanged
decode: Final = msgspec.json.Decoder(ServerFrame | list[ServerFrame]).decode
"""Decode a frame, or an array of them; what the server should not send here raises `msgspec.ValidationError`."""


def encode_frame(payload: bytes, first: int = TEXT) -> bytes:
    """Make a client's frame of at most 65,535 bytes."""
    size = len(payload)
    if size < 126:
        return bytes((first, 0x80 | size)) + _MASK + payload
    return b"%c\xfe%b%b%b" % (first, size.to_bytes(2, "big"), _MASK, payload)


def split_frames(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """Split what arrived into frames.

    Returns:
        (first byte, payload) of each whole frame, and the bytes of the frame that has not ended.
    """
    frames = []
    at, end_of_data = 0, len(data)
    while end_of_data - at >= 2:
        size, start = data[at + 1], at + 2
        if size >= 126:
            start += 2 if size == 126 else 8
            if start > end_of_data:
                break
            size = int.from_bytes(data[at + 2 : start], "big")
        end = start + size
        if end > end_of_data:
            break
        frames.append((data[at], data[start:end]))
        at = end
    return frames, data[at:]
