"""Pushes: frames the server sends unasked.

Only `inbox.changed` is durable (it can be read again); the others are never stored and are shed first.

Source: protocol/spec/frames.md (generated from this file).
"""

from typing import Literal

from msgspec import field

from greenroom_protocol import community
from greenroom_protocol.bases import Push
from greenroom_protocol.events import AnyEvent
from greenroom_protocol.profiles import SpeedView


class InboxChanged(Push, tag="inbox.changed"):
    """One row of the inbox grew; `events` are the thread's events above `from`, up to `seq`.

    A hole in `mark` (not the last mark plus one): ask `inbox.changes`. `events` may be empty or start above
    `from` + 1: then read the thread when it is shown.
    """

    mark: int
    thread: str
    epoch: int
    from_seq: int = field(name="from")
    seq: int
    n: int
    read: int
    state: str
    last_at: int
    muted_until: int = 0
    archived_n: int = -1
    events: list[AnyEvent] = field(default_factory=list)


class InboxReset(Push, tag="inbox.reset"):
    """The inbox began a new epoch: reconnect with the position you have and take the snapshot."""

    epoch: int


class ReceiptMoved(Push, tag="receipt.moved"):
    """Another participant has read or received more; only grows."""

    thread: str
    user: str
    read: int = 0
    delivered: int = 0


class TypingChanged(Push, tag="typing.changed"):
    """Somebody is typing, or stopped; without a repeat it is over after six seconds."""

    thread: str
    user: str
    is_typing: bool


class PresenceChanged(Push, tag="presence.changed"):
    """A watched user's presence changed."""

    user: str
    state: Literal["active", "background", "offline"]


class MetricsChanged(Push, tag="metrics.changed"):
    """One's own response speed changed."""

    speed: SpeedView


class Heartbeat(Push, tag="heartbeat"):
    """Answer with `delivered` (or any frame) within the pong time-out."""

    now: int


class Draining(Push, tag="session.draining"):
    """This server is about to stop: reconnect after the given time."""

    reconnect_in_ms: int


AnyPush = (
    InboxChanged
    | InboxReset
    | ReceiptMoved
    | TypingChanged
    | PresenceChanged
    | MetricsChanged
    | Heartbeat
    | Draining
    | community.Pushes
)
