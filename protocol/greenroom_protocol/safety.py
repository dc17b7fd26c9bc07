"""Safety: block somebody, and report something to the marketplace's moderators.

Source: protocol/spec/safety.md.
"""

from typing import Annotated

from msgspec import Meta, Struct

from greenroom_protocol import limits
from greenroom_protocol.bases import Command, Reply
from greenroom_protocol.fields import Cid, CommandId, Seq, ThreadId, UserId


class PeerBlock(Command, tag="peer.block"):
    """End all contact with somebody, both ways and in every thread; they are not told. May be repeated."""

    id: CommandId
    user: UserId
    """Who is blocked."""
    reason: Annotated[str, Meta(max_length=200)] = ""
    """A note to oneself; only one's own list shows it."""


class PeerUnblock(Command, tag="peer.unblock"):
    """Lift one's own block; that of the other side or of the marketplace stays. May be repeated."""

    id: CommandId
    user: UserId
    """Who was blocked."""


class PeerBlocked(Command, tag="peer.blocked"):
    """List whom one has blocked."""

    id: CommandId


class ReportCreate(Command, tag="report.create"):
    """Report a thread, or one item of it, to the marketplace's moderators; the other side is not told."""

    id: CommandId
    cid: Cid
    thread: ThreadId
    category: Annotated[str, Meta(min_length=1, max_length=32)]
    """One of the marketplace's list; see [safety.md](safety.md)."""
    note: Annotated[str, Meta(max_length=limits.NOTE_CODE_POINTS)] = ""
    """What happened, for the moderators only; not screened."""
    target: Seq | None = None
    """Seq of the item that is meant."""
    block: bool = False
    """Block the other side, too."""


class MetricsAppeal(Command, tag="metrics.appeal"):
    """Ask the marketplace's moderators to leave one of one's own obligations out; only who owes or owed it may."""

    id: CommandId
    cid: Cid
    obligation: Annotated[str, Meta(min_length=5, max_length=100)]
    """`id` of a row of `metrics.rows`."""
    note: Annotated[str, Meta(min_length=1, max_length=limits.NOTE_CODE_POINTS)]
    """Why it should not count, for the moderators only; not screened."""


class PeerBlockReply(Reply, tag="peer.block"):
    """Blocked: nothing of theirs gets in from now on."""


class PeerUnblockReply(Reply, tag="peer.unblock"):
    """No longer blocked by you."""


class BlockView(Struct, kw_only=True):
    """One whom one has blocked."""

    user: str
    name: str
    at: int
    """Since when, UTC ms."""
    reason: str
    """One's own note."""


class PeerBlockedPage(Reply, tag="peer.blocked"):
    """Whom one has blocked, the newest first."""

    users: list[BlockView]
    """At most as many as the marketplace lets one block."""


class ReportReply(Reply, tag="report.create"):
    """The moderators have it."""

    report: str
    """Names the report to the marketplace's support."""
    at: int
    dup: bool
    """True: this cid was answered before; nothing was written now."""


class MetricsAppealed(Reply, tag="metrics.appeal"):
    """The moderators have it; `metrics.rows` shows what comes of it."""

    report: str
    """Names the appeal to the marketplace's support."""
    at: int
    dup: bool
    """True: this cid was answered before; nothing was written now."""


Commands = PeerBlock | PeerUnblock | PeerBlocked | ReportCreate | MetricsAppeal
Replies = PeerBlockReply | PeerUnblockReply | PeerBlockedPage | ReportReply | MetricsAppealed
