"""The server's side of a session, without I/O: what is admissible when, and which deadline comes next.

Theory. A connection is `waiting` until its `connect` arrives, `connecting` while the server looks at the token and
reads the inbox, `live` until it is `closed`. What each state does with a command is the table ADMISSION; nothing else
decides it. Time is an argument (seconds, monotonic); the caller asks `tick` at least once a second.

Heartbeat: after `PING_INTERVAL_S` without a frame from the peer a heartbeat is due; if nothing is heard for another
`PONG_TIMEOUT_S` the connection is dead. Any frame counts as a sign of life.

Source: protocol/spec/session.md.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from greenroom_protocol import codes, limits
from greenroom_protocol.bases import Command
from greenroom_protocol.commands import Connect
from greenroom_protocol.errors import LocalProtocolError


class SessionState(StrEnum):
    """Where a session stands."""

    WAITING = "waiting"
    CONNECTING = "connecting"
    LIVE = "live"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A command that is not admissible now."""

    code: str
    """Key of `codes.ERRORS`, for the reply."""
    close: int | None = None
    """Close code, when the connection cannot go on after the reply."""


NOT_CONNECTED: Final = Refusal("session.not_connected", codes.PROTOCOL_ERROR)
ALREADY_CONNECTED: Final = Refusal("session.already_connected", codes.PROTOCOL_ERROR)
DRAINING: Final = Refusal("server.draining")

ADMISSION: Final[dict[tuple[SessionState, bool], Refusal | None]] = {
    # (state, is the command `connect`?) -> None when it is admitted
    (SessionState.WAITING, True): None,
    (SessionState.WAITING, False): NOT_CONNECTED,
    (SessionState.CONNECTING, True): ALREADY_CONNECTED,
    (SessionState.CONNECTING, False): NOT_CONNECTED,
    (SessionState.LIVE, True): ALREADY_CONNECTED,
    (SessionState.LIVE, False): None,
    (SessionState.CLOSED, True): DRAINING,
    (SessionState.CLOSED, False): DRAINING,
}

TRANSITIONS: Final[dict[SessionState, frozenset[SessionState]]] = {
    SessionState.WAITING: frozenset({SessionState.CONNECTING, SessionState.CLOSED}),
    SessionState.CONNECTING: frozenset({SessionState.LIVE, SessionState.CLOSED}),
    SessionState.LIVE: frozenset({SessionState.CLOSED}),
    SessionState.CLOSED: frozenset(),
}


class Beat(StrEnum):
    """What is due now."""

    NOTHING = "nothing"
    HEARTBEAT = "heartbeat"
    CLOSE = "close"


class ServerSession:
    """One connection's session on the server."""

    __slots__ = (
        "_bad_frames",
        "_beat_sent_s",
        "_first_beat_early_s",
        "_heard_s",
        "_opened_s",
        "close_code",
        "expires_s",
        "state",
    )

    def __init__(self, now_s: float, *, first_beat_early_s: float = 0.0) -> None:
        """Begin to wait for `connect`.

        Args:
            now_s: monotonic seconds.
            first_beat_early_s: jitter, so that connections made together do not beat together.
        """
        self.state = SessionState.WAITING
        self.close_code = 0
        """Why the session is closed; 0 while it is open."""
        self.expires_s = 0.0
        """When the token expires, monotonic seconds; 0 before `connect`."""
        self._opened_s = now_s
        self._heard_s = now_s
        self._first_beat_early_s = first_beat_early_s
        self._beat_sent_s: float | None = None
        self._bad_frames = 0

    def heard(self, now_s: float) -> None:
        """Note a sign of life."""
        self._heard_s = now_s
        self._beat_sent_s = None

    def admit(self, command: Command) -> Refusal | None:
        """Say whether a command is admissible; `connect` moves the session to `connecting`."""
        is_connect = type(command) is Connect
        refusal = ADMISSION[self.state, is_connect]
        if refusal is None and is_connect:
            self._move(SessionState.CONNECTING)
        return refusal

    def connected(self, expires_s: float) -> None:
        """The token was good and the reply is on its way."""
        self._move(SessionState.LIVE)
        self.expires_s = expires_s
        self._heard_s -= self._first_beat_early_s

    def refreshed(self, expires_s: float) -> None:
        """A new token of the same user was accepted."""
        if self.state is not SessionState.LIVE:
            raise LocalProtocolError("token refreshed outside a live session")
        self.expires_s = expires_s

    def bad_frame(self) -> int | None:
        """Count a refused frame; gives the close code when there were too many."""
        self._bad_frames += 1
        return codes.TOO_MANY_ERRORS if self._bad_frames >= limits.BAD_FRAMES else None

    def close(self, code: int) -> None:
        """End the session; the first code stands."""
        if self.state is not SessionState.CLOSED:
            self._move(SessionState.CLOSED)
            self.close_code = code

    def tick(self, now_s: float) -> Beat:
        """Say what is due; after `CLOSE` the reason is in `close_code`."""
        state = self.state
        if state is SessionState.CLOSED:
            return Beat.NOTHING
        if state is not SessionState.LIVE:
            if now_s - self._opened_s < limits.CONNECT_TIMEOUT_S:
                return Beat.NOTHING
            return self._over(codes.NO_CONNECT)
        if now_s >= self.expires_s:
            return self._over(codes.TOKEN_EXPIRED)
        if self._beat_sent_s is not None:
            if now_s - self._beat_sent_s < limits.PONG_TIMEOUT_S:
                return Beat.NOTHING
            return self._over(codes.PONG_TIMEOUT)
        if now_s - self._heard_s < limits.PING_INTERVAL_S:
            return Beat.NOTHING
        self._beat_sent_s = now_s
        return Beat.HEARTBEAT

    def _over(self, code: int) -> Beat:
        self.close(code)
        return Beat.CLOSE

    def _move(self, to: SessionState) -> None:
        if to not in TRANSITIONS[self.state]:
            raise LocalProtocolError(f"session cannot move from {self.state} to {to}")
        self.state = to
