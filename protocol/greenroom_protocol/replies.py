"""Replies: exactly one for each command with an `id`, of the command's own type, or `error`.

Source: protocol/spec/frames.md (generated from this file).
"""

from typing import Literal

from msgspec import Struct, field

from greenroom_protocol import (
    access,
    availability,
    community,
    connects,
    moderation,
    offers,
    personal,
    policies,
    proposals,
    reactions,
    safety,
    team,
)
from greenroom_protocol.access import GrantView
from greenroom_protocol.bases import PolicyView, Reply
from greenroom_protocol.connects import ConnectsView
from greenroom_protocol.events import AnyEvent
from greenroom_protocol.fields import Right
from greenroom_protocol.offers import OfferView
from greenroom_protocol.policies import ThreadPolicy
from greenroom_protocol.profiles import JobView, MetricsRow, ProfileView, SpeedView


class Row(Struct, omit_defaults=True, kw_only=True):
    """One row of an inbox: where a thread stands for this user. Unread = n - read."""

    thread: str
    mark: int
    epoch: int
    """Epoch of the thread's log; compare (epoch, seq), not seq alone."""
    seq: int
    n: int
    read: int
    state: str
    last_at: int
    muted_until: int = 0
    """Silent for this user until then, UTC ms; 0: not muted."""
    archived_n: int = -1
    """The user put the thread away; it is archived while `archived_n >= n`."""


class ThreadEvents(Struct, omit_defaults=True, kw_only=True):
    """Events of one thread, complete between `after` and `to` but for what was erased."""

    thread: str
    epoch: int
    reset: bool = False
    """True: what the device has is from another epoch; drop it, these are the newest events."""
    after: int
    to: int
    events: list[AnyEvent]


class Error(Reply, tag="error"):
    """The command was refused; see the code table for what each means."""

    code: str
    message: str
    retry: Literal["never", "later", "after_resume", "after_refresh"]
    retry_after_ms: int | None = None
    hint: str | None = None
    policy: PolicyView | None = None
    data: dict[str, int] | None = None
    """Numbers that belong to the code, for example `need`, `have` and `next_refill_at` of `connects.insufficient`."""


class LimitsView(Struct, kw_only=True):
    """Limits of this server that a client needs."""

    client_frame_bytes: int
    server_frame_bytes: int
    body_code_points: int
    body_bytes: int
    commands_per_frame: int
    page_items: int
    shown_threads: int
    watched_users: int
    edit_window_s: int
    reconnect_min_s: float
    reconnect_max_s: float
    pong_timeout_s: float


class Connected(Reply, tag="connect"):
    """The session is open; the first page of what was missed, then pushes."""

    v: int
    session: str
    user: str
    now: int
    """Server clock, UTC ms; date cids with it."""
    expires_at: int
    """When the token expires, UTC ms."""
    ping_s: float
    caps: list[str]
    recovered: bool
    """False: no position was given, or it is unknown here: `rows` is a snapshot from the top, drop what you had."""
    epoch: int
    mark: int
    """The position after applying this page."""
    more: bool
    """True: ask `inbox.changes` from `mark` until it says false. A snapshot never has more: page with `thread.list`."""
    complete: bool
    """False: the inbox is being rebuilt after a loss; rows may still be missing."""
    rows: list[Row]
    threads: list[ThreadEvents]
    limits: LimitsView
    connects: ConnectsView | None = None
    """Of a freelancer with a profile."""


class TokenRefreshed(Reply, tag="token.refresh"):
    """The session lives on with the new token."""

    expires_at: int


class Pong(Reply, tag="ping"):
    """A sign of life."""

    now: int


class InboxChangesPage(Reply, tag="inbox.changes"):
    """Rows that changed after the mark, oldest change first."""

    recovered: bool
    epoch: int
    mark: int
    more: bool
    rows: list[Row]


class Sent(Reply, tag="message.send"):
    """The message is on disk (`sent`) or waits for a moderator (`held`)."""

    mid: str
    seq: int
    n: int
    at: int
    state: Literal["sent", "held"]
    dup: bool
    """True: this cid was answered before; nothing was written."""
    policy: PolicyView | None = None


class Opened(Reply, tag="thread.open"):
    """The thread and its message. While that is `held`, `mid` names it, and its thread may not be there yet."""

    thread: str
    created: bool
    mid: str
    seq: int
    n: int
    at: int
    state: Literal["sent", "held"]
    dup: bool
    policy: PolicyView | None = None


class ParticipantView(Struct, omit_defaults=True, kw_only=True):
    """A person in a thread."""

    user: str
    role: Literal["client", "freelancer"]
    name: str = ""
    from_seq: int = 0
    until_seq: int = 0
    read: int = 0
    delivered: int = 0
    is_member: bool = False
    """Brought in by their side; see [team.md](team.md)."""
    rights: list[Right] = field(default_factory=list)
    """What this member may do besides reading and writing."""
    is_quiet: bool = False
    """It is within their quiet hours now."""


class ThreadView(Reply, tag="thread.get"):
    """A thread's head."""

    thread: str
    epoch: int
    seq: int
    n: int
    state: str
    why: str
    job: str
    title: str
    role: str
    gate_opened_at: int
    expires_at: int
    """When the open invitation or offer expires, UTC ms; 0 when there is none."""
    participants: list[ParticipantView]
    policy: ThreadPolicy
    grants: list[GrantView] = field(default_factory=list)
    """Access grants, the oldest first; those that ended long ago are left out."""
    offer: OfferView | None = None


class ThreadListPage(Reply, tag="thread.list"):
    """Rows, the most recently changed first."""

    epoch: int
    mark: int
    """Mark of the inbox when the page was read."""
    rows: list[Row]
    more: bool


class HistoryPage(Reply, tag="thread.history"):
    """Events in order; a seq that is absent between `after` and `to` was erased or never for this user."""

    thread: str
    epoch: int
    after: int
    to: int
    events: list[AnyEvent]
    more: bool


class ReadMoved(Reply, tag="thread.read"):
    """One's own read mark now."""

    n: int


class Amended(Reply, tag="message.edit"):
    """The edit is on disk."""

    seq: int
    at: int
    dup: bool
    policy: PolicyView | None = None


class Erased(Reply, tag="message.erase"):
    """The text is gone; a tombstone stays."""

    seq: int
    at: int
    dup: bool


class Checked(Reply, tag="message.check"):
    """What would happen to this text now."""

    policy: PolicyView


class PresenceAccepted(Reply, tag="presence.set"):
    """Done."""


class PresenceSnapshot(Reply, tag="presence.watch"):
    """Presence of the watched users now."""

    users: dict[str, Literal["active", "background", "offline"]]


class Invited(Reply, tag="invitation.send"):
    """The invitation is on disk (`sent`) or waits for a moderator (`held`); then its thread may not be there yet."""

    thread: str
    seq: int
    at: int
    state: Literal["sent", "held"]
    dup: bool
    policy: PolicyView | None = None
    held: str = ""
    """Names it while it waits."""


class InvitationAcceptedReply(Reply, tag="invitation.accept"):
    """Accepted; the client writes next."""

    seq: int
    at: int
    state: str
    dup: bool
    policy: PolicyView | None = None


class InvitationDeclinedReply(Reply, tag="invitation.decline"):
    """Declined; the thread is closed."""

    seq: int
    at: int
    state: str
    dup: bool
    policy: PolicyView | None = None


class InvitationWithdrawnReply(Reply, tag="invitation.withdraw"):
    """Withdrawn; the thread is closed."""

    seq: int
    at: int
    state: str
    dup: bool


class InvitationIgnoredReply(Reply, tag="invitation.ignore"):
    """Archived; it can still be answered."""


class ReopenedReply(Reply, tag="thread.reopen"):
    """Open again."""

    seq: int
    at: int
    state: str
    dup: bool


class ProfilePage(Reply, tag="profile.get"):
    """One profile."""

    profile: ProfileView


class DirectoryPage(Reply, tag="directory.search"):
    """Profiles that match."""

    profiles: list[ProfileView]
    cursor: str | None


class JobPage(Reply, tag="job.list"):
    """One's own jobs."""

    jobs: list[JobView]


class MetricsRowsPage(Reply, tag="metrics.rows"):
    """The rows behind one's own response speed."""

    speed: SpeedView
    rows: list[MetricsRow]
    followups: SpeedView | None = None
    """Of later messages; only the freelancer sees it, and nothing public comes of it."""
    cursor: str | None = None


AnyReply = (
    Sent
    | Error
    | Connected
    | TokenRefreshed
    | Pong
    | InboxChangesPage
    | Opened
    | ThreadView
    | ThreadListPage
    | HistoryPage
    | ReadMoved
    | ReopenedReply
    | Amended
    | Erased
    | Checked
    | PresenceAccepted
    | PresenceSnapshot
    | Invited
    | InvitationAcceptedReply
    | InvitationDeclinedReply
    | InvitationWithdrawnReply
    | InvitationIgnoredReply
    | ProfilePage
    | DirectoryPage
    | JobPage
    | MetricsRowsPage
    | access.Replies
    | safety.Replies
    | availability.Replies
    | connects.Replies
    | proposals.Replies
    | offers.Replies
    | moderation.Replies
    | policies.Replies
    | team.Replies
    | reactions.Replies
    | personal.Replies
    | community.Replies
)
