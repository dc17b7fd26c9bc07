"""Moderation: texts that wait for the marketplace's moderators, and appeals against what the filter did.

Source: protocol/spec/moderation.md.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from greenroom_protocol import limits
from greenroom_protocol.bases import Command, Event, Reply
from greenroom_protocol.fields import Cid, CommandId, HeldId, ThreadId


class HeldList(Command, tag="held.list"):
    """List what of oneself waits for a moderator in a thread, the oldest first."""

    id: CommandId
    thread: ThreadId


class HeldWithdraw(Command, tag="held.withdraw"):
    """Take back a text of one's own that waits for a moderator. May be repeated."""

    id: CommandId
    held: HeldId
    """`mid` of the reply that said `held`."""


class VerdictAppeal(Command, tag="verdict.appeal"):
    """Ask the marketplace's moderators to look at a message of one's own that bounced or was masked."""

    id: CommandId
    thread: ThreadId
    cid: Cid
    """Of the message; one appeal for each."""
    note: Annotated[str, Meta(max_length=limits.NOTE_CODE_POINTS)] = ""
    """Why it should pass, for the moderators only; not screened."""


class HeldView(Struct, kw_only=True):
    """One text that waits."""

    held: str
    cid: str
    """Under which it was sent."""
    body: str
    """As it was written; with parts replaced where the marketplace keeps no originals."""
    at: int
    """When it was sent, UTC ms."""
    expires_at: int
    """When it is given back if nobody has decided, UTC ms."""
    code: str
    """Why it waits."""


class HeldPage(Reply, tag="held.list"):
    """What waits."""

    held: list[HeldView]


class HeldWithdrawn(Reply, tag="held.withdraw"):
    """It is taken back; nobody else has seen it."""

    held: str


class VerdictAppealed(Reply, tag="verdict.appeal"):
    """The moderators have it; `appeal.decided` tells what comes of it."""

    appeal: str
    """Names the appeal to the marketplace's support."""
    at: int
    dup: bool
    """True: there was one for this message before; nothing was written now."""


class MessageHeld(Event, tag="message.held"):
    """A message of one's own waits for a moderator; in one's own log. `held.list` gives its text."""

    thread: str
    held: str
    code: str
    """Why."""


class MessageRejected(Event, tag="message.rejected"):
    """A message of one's own that waited was not delivered; in one's own log."""

    thread: str
    held: str
    code: Literal["held.rejected", "held.expired", "held.withdrawn"]
    """A moderator said no, nobody decided in time, or one took it back."""
    reason: str = ""
    """Code of the filter: why it waited."""


class AppealDecided(Event, tag="appeal.decided"):
    """The moderators have decided one's own appeal; in one's own log."""

    thread: str
    appeal: str
    decision: Literal["upheld", "overturned"]
    """upheld: what the filter did stands."""
    may_resend: bool = False
    """The same text passes once when it is sent again; else it was delivered now."""


Commands = HeldList | HeldWithdraw | VerdictAppeal
Replies = HeldPage | HeldWithdrawn | VerdictAppealed
Events = MessageHeld | MessageRejected | AppealDecided
