"""What a client's session asks its caller to do, and what it gives to the application.

Source: protocol/spec/session.md.
"""

from dataclasses import dataclass

from greenroom_protocol.bases import Command
from greenroom_protocol.events import AnyEvent
from greenroom_protocol.pushes import MetricsChanged, PresenceChanged, ReceiptMoved, TypingChanged
from greenroom_protocol.replies import AnyReply, Connected, Error, Row

# -- for the application ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MessageEvent:
    """The next event of a shown thread: a message, an edit, an invitation, a change of state."""

    thread: str
    epoch: int
    """Epoch of the thread's log."""
    event: AnyEvent


@dataclass(frozen=True, slots=True)
class RowChanged:
    """A row of the inbox grew."""

    row: Row


@dataclass(frozen=True, slots=True)
class ThreadReset:
    """A shown thread's log lost its end: read the thread again; what is new in it follows as events."""

    thread: str


@dataclass(frozen=True, slots=True)
class ThreadHidden:
    """A shown thread can no longer be read; it is not shown any more."""

    thread: str
    code: str
    """Why, as a key of `codes.ERRORS`."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """Every row that changed while away has been given."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All rows were replaced: at the first connection, and when the position was lost."""

    complete: bool
    """False: the server is still rebuilding the inbox; rows may follow."""


SessionEvent = (
    MessageEvent
    | RowChanged
    | ThreadReset
    | ThreadHidden
    | Recovered
    | Snapshot
    | ReceiptMoved
    | TypingChanged
    | PresenceChanged
    | MetricsChanged
)

# -- for the caller -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Send:
    """Send a command."""

    command: Command


@dataclass(frozen=True, slots=True)
class Deliver:
    """Give this to the application, in this order."""

    event: SessionEvent


@dataclass(frozen=True, slots=True)
class Answer:
    """A command of the application was answered."""

    id: int
    reply: AnyReply


@dataclass(frozen=True, slots=True)
class WentLive:
    """The server accepted `connect`: the application's commands may go."""

    reply: Connected


@dataclass(frozen=True, slots=True)
class Refused:
    """The server refused `connect` and is about to close."""

    error: Error


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """The token is near its end: get another and call `refresh_token`."""


@dataclass(frozen=True, slots=True)
class Reconnect:
    """Drop this connection and open another at once."""

    reason: str
    is_dead: bool = False
    """Nothing is heard: do not wait for a goodbye."""


Effect = Send | Deliver | Answer | WentLive | Refused | RefreshToken | Reconnect
