"""What one connection still has to be sent, with a cap: a slow peer never costs the others anything.

Bytes the peer has not taken yet are counted by the socket. Above half of the cap frames that may be shed are kept
back (the newest of each key) and go out when the socket has room; at the cap the connection is closed as slow, and
the client resumes.

Source: protocol/spec/connection.md, Slow connections.
"""

from collections.abc import Callable
from typing import Final

CAP_BYTES: Final = 1024 * 1024
SHED_BYTES: Final = CAP_BYTES // 2


class SendQueue:
    """Decides what goes out now, what is shed, and when it is enough."""

    __slots__ = ("_buffered", "_held", "_send", "_too_slow", "shed_count")

    def __init__(
        self, send: Callable[[bytes], None], buffered: Callable[[], int], too_slow: Callable[[], None]
    ) -> None:
        self._send = send
        self._buffered = buffered
        self._too_slow = too_slow
        self._held: dict[str, bytes] = {}
        self.shed_count = 0
        """Ephemeral frames that were replaced by newer ones or dropped."""

    def durable(self, frame: bytes) -> None:
        """Send a reply or a push that must not be lost while the connection lives."""
        if self._held:
            self.writable()  # no event says so when all that was queued left in one write
        if self._buffered() + len(frame) > CAP_BYTES:
            self._too_slow()
            return
        self._send(frame)

    def ephemeral(self, frame: bytes, key: str) -> None:
        """Send a frame that may be shed."""
        if self._held:
            self.writable()
        if self._held or self._buffered() > SHED_BYTES:
            self.shed_count += key in self._held
            self._held[key] = frame
            return
        self._send(frame)

    def writable(self) -> None:
        """Let the newest of what was kept back out, as far as the socket has room again."""
        while self._held and self._buffered() <= SHED_BYTES:
            key = next(iter(self._held))
            self._send(self._held.pop(key))
