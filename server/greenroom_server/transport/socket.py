"""What a connection needs of the thing it talks through, and what it owes it: WebSocket or HTTP fallback."""

from typing import Literal, Protocol

Kind = Literal["websocket", "stream", "poll"]
"""How frames travel; closed, since it is a label of metrics."""


class Socket(Protocol):
    """Whole messages to one peer, in order."""

    @property
    def buffered_bytes(self) -> int:
        """Bytes accepted by ``send`` that the peer has not taken yet."""

    def send(self, data: bytes, is_text: bool) -> None:
        """Send one message; does nothing on a connection that is no longer open."""

    def close(self, code: int, reason: str = "") -> None:
        """Say why after what is queued, then end; repeated it does nothing."""

    def pause_reading(self) -> None:
        """Deliver no message until ``resume_reading``."""

    def resume_reading(self) -> None:
        """Deliver messages again."""


class SocketHandler(Protocol):
    """What the hub does with one peer; all callbacks run on the event loop and must not raise."""

    def on_open(self, socket: Socket) -> None:
        """``socket`` may be written to."""

    def on_message(self, data: bytes, is_text: bool) -> None:
        """One whole message arrived; text is valid UTF-8."""

    def on_blocked(self) -> None:
        """The peer takes no more: stop sending until ``on_writable``."""

    def on_writable(self) -> None:
        """What was buffered has mostly left."""

    def on_close(self, code: int) -> None:
        """The connection is over; called exactly once."""
