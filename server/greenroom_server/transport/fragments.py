"""One message that arrives in several frames."""

import codecs

from greenroom_server.transport.frames import CloseCode, FrameError

_FRAGMENT_COUNT = 1024
"""More pieces than that of one message is an attack: the cap in bytes alone never ends empty ones."""


class Fragments:
    """Collects the pieces of one message and checks text as it comes in.

    The cap in bytes is kept by the reader of frames, which asks for ``size_bytes``.
    """

    __slots__ = ("_count", "_data", "_decoder", "is_text")

    def __init__(self, is_text: bool) -> None:
        self.is_text = is_text
        self._data = bytearray()
        self._decoder = codecs.getincrementaldecoder("utf-8")() if is_text else None
        self._count = 0

    @property
    def size_bytes(self) -> int:
        """Payload collected so far."""
        return len(self._data)

    def add(self, payload: bytes, is_last: bool) -> None:
        """Take the next piece.

        Raises:
            FrameError: 1007 as soon as the text cannot be UTF-8 any more, 1008 for too many pieces.
        """
        self._count += 1
        if self._count > _FRAGMENT_COUNT:
            raise FrameError(CloseCode.POLICY)
        if self._decoder is not None:
            try:
                self._decoder.decode(payload, is_last)
            except UnicodeDecodeError:
                raise FrameError(CloseCode.INVALID_TEXT) from None
        self._data += payload

    def message(self) -> bytes:
        """The whole message, once the last piece is in."""
        return bytes(self._data)
