"""What time brings to a client's session: silence, the token's end, a drain, acknowledgements that are owed.

All times are monotonic seconds of the caller; the server's clock is kept as a difference to them.

Source: protocol/spec/session.md.
"""

from typing import Final

from greenroom_protocol import limits
from greenroom_protocol.client_effects import Effect, Reconnect, RefreshToken

REFRESH_AT: Final = 0.8
"""Part of a token's life after which another is asked for."""


class ClientTimers:
    """The deadlines of one connection, and the server's clock."""

    __slots__ = (
        "_acked_mark",
        "_acked_s",
        "_heard_s",
        "_leave_s",
        "_refresh_s",
        "_server_ms",
        "_silence_s",
        "_stale_s",
    )

    def __init__(self) -> None:
        self._server_ms: float | None = None
        self._stale_s = float("inf")
        self._acked_s = float("-inf")
        self.begin(0.0)

    def begin(self, now_s: float) -> None:
        """A connection begins: the answer to `connect` is awaited."""
        self._heard_s = now_s
        self._silence_s = limits.CONNECT_TIMEOUT_S
        self._leave_s: float | None = None
        self._refresh_s: float | None = None
        self._acked_mark: int | None = 0

    def heard(self, now_s: float) -> None:
        """Note a sign of life."""
        self._heard_s = now_s

    def expect(self, silence_s: float) -> None:
        """From now on the connection is dead after so much silence."""
        self._silence_s = silence_s

    def leave_at(self, at_s: float) -> None:
        """Change to another server at this time."""
        self._leave_s = at_s

    def set_clock(self, server_ms: int, now_s: float) -> None:
        """Note the server's clock, UTC ms."""
        self._server_ms = server_ms - now_s * 1000

    def server_now_ms(self, now_s: float) -> int | None:
        """Give the server's clock, UTC ms; None before the first connection."""
        return None if self._server_ms is None else int(self._server_ms + now_s * 1000)

    def token_ends(self, expires_at: int, now_s: float) -> None:
        """Note when the token expires, UTC ms of the server; another is asked for before that."""
        server_ms = self.server_now_ms(now_s)
        life_s = 0.0 if server_ms is None else max(0.0, (expires_at - server_ms) / 1000)
        self._stale_s = self._refresh_s = now_s + life_s * REFRESH_AT

    def refresh_at(self, at_s: float) -> None:
        """Ask for another token at this time."""
        self._refresh_s = at_s

    def has_token_left(self, now_s: float) -> bool:
        """Whether the token may be used for another connection: a fifth of its life is not enough."""
        return now_s < self._stale_s

    def beat(self) -> None:
        """The server asks for a sign of life: an acknowledgement is owed at once."""
        self._acked_mark = None
        self._acked_s = float("-inf")

    def acknowledges(self, mark: int, now_s: float) -> bool:
        """Say whether `mark` is to be acknowledged now, and take it as done."""
        if mark == self._acked_mark or now_s < self._acked_s + limits.DELIVERED_INTERVAL_S:
            return False
        self._acked_mark = mark
        self._acked_s = now_s
        return True

    def due_s(self, mark: int | None) -> float:
        """Say when something is due; `mark` is what could be acknowledged, None before the session is live."""
        due = self._heard_s + self._silence_s
        for at_s in (self._leave_s, self._refresh_s):
            if at_s is not None:
                due = min(due, at_s)
        if mark is not None and mark != self._acked_mark:
            due = min(due, self._acked_s + limits.DELIVERED_INTERVAL_S)
        return due

    def tick(self, now_s: float) -> list[Effect]:
        """Do what is due."""
        if now_s >= self._heard_s + self._silence_s:
            return [Reconnect("silence", is_dead=True)]
        effects: list[Effect] = []
        if self._leave_s is not None and now_s >= self._leave_s:
            self._leave_s = None
            effects.append(Reconnect("server_drain"))
        if self._refresh_s is not None and now_s >= self._refresh_s:
            self._refresh_s = None
            effects.append(RefreshToken())
        return effects
