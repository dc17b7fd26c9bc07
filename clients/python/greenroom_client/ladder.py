"""Which transport the next attempt takes: WebSocket first, HTTP where that fails.

Source: protocol/spec/fallback.md, When to use it.
"""

from typing import Final, Literal

from greenroom_client.links import Kind

Transport = Literal["auto", "websocket", "stream", "poll"]
"""What an application may choose."""

WEBSOCKET_TRIES: Final = 2
"""Failed attempts by WebSocket before one by HTTP."""
REMEMBERED_S: Final = 600.0
"""For so long what has worked is tried first; then WebSocket gets its chance again."""


class Ladder:
    """Remembers what failed and what worked."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._failures = 0
        self._worked: Kind = "websocket"
        self._worked_s = 0.0

    @property
    def may_poll(self) -> bool:
        """Whether a stream that is kept back may go over to polls."""
        return self._transport == "auto"

    def next(self, now_s: float) -> Kind:
        """Give the transport of the next attempt."""
        if self._transport != "auto":
            return self._transport
        if not self._failures and now_s - self._worked_s < REMEMBERED_S:
            return self._worked
        return "stream" if self._failures >= WEBSOCKET_TRIES else "websocket"

    def worked(self, kind: Kind, now_s: float) -> None:
        """A hub answered by it."""
        if kind != self._worked or self._failures:
            self._worked, self._worked_s = kind, now_s
        self._failures = 0

    def failed(self, kind: Kind) -> None:
        """Nobody answered by it."""
        if kind == "websocket":
            self._failures += 1
        else:
            self._failures, self._worked = 0, "websocket"
