"""Frames of RFC 6455 as a server sees them: masked ones come in, bare ones go out. No I/O."""

from enum import IntEnum

from websockets.speedups import apply_mask

TEXT = 0x1
BINARY = 0x2
CLOSE = 0x8
PING = 0x9
PONG = 0xA

FINAL = 0x80
"""Bit of a frame's first byte: the message ends here."""
WHOLE_TEXT = FINAL | TEXT
WHOLE_BINARY = FINAL | BINARY

_CONTROL_PAYLOAD_BYTES = 125
_UNMASKED_BELOW = 0x80
_FIRST_BYTES = frozenset({0x00, TEXT, BINARY, FINAL, WHOLE_TEXT, WHOLE_BINARY, 0x88, 0x89, 0x8A})
"""Every legal first byte: no reserved bit, no reserved opcode, no fragmented control frame."""

_SHORT_TEXT = tuple(bytes((WHOLE_TEXT, size)) for size in range(126))
_SHORT_BINARY = tuple(bytes((WHOLE_BINARY, size)) for size in range(126))


class CloseCode(IntEnum):
    """The close codes this layer itself sends or reports.

    Source: RFC 6455 section 7.4.1.
    """

    NORMAL = 1000
    PROTOCOL_ERROR = 1002
    NO_CODE = 1005
    ABNORMAL = 1006
    INVALID_TEXT = 1007
    POLICY = 1008
    TOO_BIG = 1009
    RESTART = 1012


class FrameError(Exception):
    """The peer broke the framing; the connection must be failed with ``code``."""

    def __init__(self, code: CloseCode) -> None:
        super().__init__(code.name)
        self.code = code


def next_frame(data: bytes, start: int, room_bytes: int) -> tuple[int, bytes | None, int]:
    """Read the frame at ``start``; refuse a bad header before its payload is there.

    Args:
        data: what the peer sent; two bytes or more from ``start`` on.
        start: offset of the frame.
        room_bytes: longest payload a data frame may announce.

    Returns:
        First byte, unmasked payload and offset of the next frame; while the frame is incomplete,
        the payload is None and the offset is the least that ``data`` must grow to.

    Raises:
        FrameError: 1002 for anything RFC 6455 section 5.2 forbids, 1009 above ``room_bytes``.
    """
    first = data[start]
    size = data[start + 1] - _UNMASKED_BELOW
    if first not in _FIRST_BYTES or size < 0:
        raise FrameError(CloseCode.PROTOCOL_ERROR)
    begin = start + 6
    if size > _CONTROL_PAYLOAD_BYTES:
        begin += 2 if size == 126 else 8
        if first >= FINAL | CLOSE:
            raise FrameError(CloseCode.PROTOCOL_ERROR)
        if len(data) < begin - 4:
            return first, None, begin
        if size == 126:
            size = data[start + 2] << 8 | data[start + 3]
            shortest = _CONTROL_PAYLOAD_BYTES + 1
        else:
            size = int.from_bytes(data[start + 2 : start + 10], "big")
            shortest = 1 << 16
        if not shortest <= size < 1 << 63:
            raise FrameError(CloseCode.PROTOCOL_ERROR)
    if size > room_bytes and first < FINAL | CLOSE:
        raise FrameError(CloseCode.TOO_BIG)
    end = begin + size
    if len(data) < end:
        return first, None, end
    return first, apply_mask(data[begin:end], data[begin - 4 : begin]), end


def encode_message(data: bytes, is_text: bool) -> bytes:
    """One whole message as one frame; the same bytes may go to any number of sockets."""
    size = len(data)
    if size < 126:
        return (_SHORT_TEXT if is_text else _SHORT_BINARY)[size] + data
    first = WHOLE_TEXT if is_text else WHOLE_BINARY
    if size < 1 << 16:
        return bytes((first, 126)) + size.to_bytes(2, "big") + data
    return bytes((first, 127)) + size.to_bytes(8, "big") + data


def encode_pong(payload: bytes) -> bytes:
    """The answer to a ping, which carries its payload back (at most 125 bytes)."""
    return bytes((FINAL | PONG, len(payload))) + payload


def encode_close(code: int, reason: str = "") -> bytes:
    """A CLOSE frame; ``CloseCode.NO_CODE`` gives the one without a payload.

    Raises:
        ValueError: the code may not be sent, or the reason is longer than 123 bytes of UTF-8.
    """
    if code == CloseCode.NO_CODE:
        return bytes((FINAL | CLOSE, 0))
    payload = code.to_bytes(2, "big") + reason.encode()
    if not may_be_sent(code) or len(payload) > _CONTROL_PAYLOAD_BYTES:
        raise ValueError(f"no CLOSE frame holds code {code} and {len(payload) - 2} bytes of reason")
    return bytes((FINAL | CLOSE, len(payload))) + payload


def decode_close(payload: bytes) -> int:
    """The code in a CLOSE frame's payload, ``CloseCode.NO_CODE`` when it is empty.

    Raises:
        FrameError: 1002 for a code that may not be sent or half a code, 1007 for a bad reason.
    """
    if not payload:
        return CloseCode.NO_CODE
    code = int.from_bytes(payload[:2], "big")
    if len(payload) == 1 or not may_be_sent(code):
        raise FrameError(CloseCode.PROTOCOL_ERROR)
    if not is_utf8(payload[2:]):
        raise FrameError(CloseCode.INVALID_TEXT)
    return code


def may_be_sent(code: int) -> bool:
    """Whether a code may stand in a CLOSE frame.

    Source: RFC 6455 section 7.4 and the IANA registry of close codes (1012 to 1014).
    """
    return 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999


def is_utf8(data: bytes) -> bool:
    """Whether the bytes are UTF-8 without surrogates."""
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
