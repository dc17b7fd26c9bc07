"""Commands: what a client may ask. One struct per verb; each gets exactly one reply.

A frame is one command or an array of them. `type` names the verb, `id` comes back in the reply. `delivered`,
`typing.set` and the answer to a heartbeat take no `id` and get no reply.

Source: protocol/spec/frames.md (generated from this file).
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from greenroom_protocol import (
    access,
    availability,
    community,
    connects,
    limits,
    moderation,
    offers,
    personal,
    policies,
    proposals,
    reactions,
    safety,
    team,
)
from greenroom_protocol.bases import Command
from greenroom_protocol.fields import (
    Body,
    Cid,
    CommandId,
    Count,
    Cursor,
    DeviceId,
    JobId,
    Mark,
    Note,
    Ordinal,
    PageLimit,
    SearchText,
    Seq,
    ThreadId,
    Token,
    UserId,
)


class ThreadPosition(Struct, kw_only=True):
    """How much of a thread's log a device has."""

    epoch: Count
    """Epoch of the thread's log, from its row."""
    seq: Count
    """Last seq applied without a hole."""


class Resume(Struct, omit_defaults=True, kw_only=True):
    """Where this device stopped, so that it gets what it missed."""

    epoch: Count
    """Epoch of the inbox, from the last `connect` reply."""
    mark: Mark
    """Last mark the device has applied without a hole."""
    threads: Annotated[dict[ThreadId, ThreadPosition], Meta(max_length=limits.SHOWN_THREADS)] = field(
        default_factory=dict
    )
    """Threads the device shows and what it has of each; their missed events come along."""


class Connect(Command, tag="connect"):
    """Open the session: the first command on every connection."""

    id: CommandId
    v: int
    """Protocol version, 1."""
    token: Token
    """Short-lived signed token naming the user."""
    device: DeviceId
    """Stable per installation; a newer socket of the same device replaces the older one."""
    caps: Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=32)] = field(default_factory=list)
    """Capabilities the client knows; the reply names the ones that are on."""
    resume: Resume | None = None
    state: Literal["active", "background"] = "active"
    """Whether a person is looking; `background` still receives everything."""


class TokenRefresh(Command, tag="token.refresh"):
    """Replace the token before it expires; it must name the same user."""

    id: CommandId
    token: Token


class Ping(Command, tag="ping"):
    """Ask for a sign of life and the server's clock."""

    id: CommandId


class Delivered(Command, tag="delivered"):
    """Say that everything up to `mark` has arrived; also answers a heartbeat. No reply."""

    mark: Mark


class InboxChanges(Command, tag="inbox.changes"):
    """Read the rows that changed after a mark; repairs a hole in `mark`."""

    id: CommandId
    epoch: Count
    mark: Mark
    limit: PageLimit = limits.PAGE_ITEMS


class ThreadOpen(Command, tag="thread.open"):
    """Write to a freelancer from search or a profile: opens the thread with its first message.

    Gives the existing thread of the pair and job if there is one (`created` is false, the message is sent into it).
    """

    id: CommandId
    cid: Cid
    freelancer: UserId
    body: Body
    job: JobId | None = None
    origin: Literal["search", "profile", "referral", "other"] = "profile"
    origin_ref: Annotated[str, Meta(max_length=64)] = ""
    """Id of the search or code of the referral; shaped like an id, for the marketplace only."""


class ThreadGet(Command, tag="thread.get"):
    """Read a thread's head: state, participants, marks and what is allowed now."""

    id: CommandId
    thread: ThreadId


class ThreadList(Command, tag="thread.list"):
    """Page through the inbox, the most recently changed thread first."""

    id: CommandId
    before: Mark | None = None
    """Give rows with a smaller mark; none starts at the top."""
    limit: PageLimit = 50
    archived: bool | None = False
    """False: without the archived ones; true: those alone; null: all."""


class ThreadHistory(Command, tag="thread.history"):
    """Read a page of a thread's log, as it stands now (edits applied, erased messages as tombstones)."""

    id: CommandId
    thread: ThreadId
    before: Seq | None = None
    """Events below this seq, the newest page first; not together with `after`."""
    after: Count | None = None
    """Events above this seq, in order."""
    limit: PageLimit = 50


class ThreadRead(Command, tag="thread.read"):
    """Move one's own read mark; it never moves back."""

    id: CommandId
    thread: ThreadId
    n: Ordinal


class ThreadReopen(Command, tag="thread.reopen"):
    """Open a closed thread again (client only)."""

    id: CommandId
    cid: Cid
    thread: ThreadId


class MessageSend(Command, tag="message.send"):
    """Send a message; acked when it is on disk. The same `cid` always gets the first answer."""

    id: CommandId
    thread: ThreadId
    cid: Cid
    body: Body
    prev_cid: Cid | None = None
    """cid of the message this device sent before in this thread, so that order survives retries."""
    seen: Ordinal | None = None
    """Last `n` that was on screen when the person wrote."""
    auto: bool = False
    """A program wrote it; never counts as a response."""
    no_reply_needed: bool = False
    """Opens no obligation for the other side."""
    quote: Seq | None = None
    """Seq of the message of this thread that it answers to."""


class MessageEdit(Command, tag="message.edit"):
    """Replace the text of one's own message within the edit window; screened like a new one."""

    id: CommandId
    thread: ThreadId
    cid: Cid
    target: Seq
    body: Body


class MessageErase(Command, tag="message.erase"):
    """Erase one's own message; its text leaves the store, a tombstone keeps its `n`."""

    id: CommandId
    thread: ThreadId
    cid: Cid
    target: Seq


class MessageCheck(Command, tag="message.check"):
    """Screen a text without sending it, as `message.send` would now."""

    id: CommandId
    thread: ThreadId
    body: Body


class TypingSet(Command, tag="typing.set"):
    """Tell the others that one is typing; repeated every few seconds. No reply."""

    thread: ThreadId
    is_typing: bool = True


class PresenceSet(Command, tag="presence.set"):
    """Say whether a person is looking at this device."""

    id: CommandId
    state: Literal["active", "background"]


class PresenceWatch(Command, tag="presence.watch"):
    """Replace the list of users whose presence this connection is told."""

    id: CommandId
    users: Annotated[list[UserId], Meta(max_length=limits.WATCHED_USERS)]


class InvitationSend(Command, tag="invitation.send"):
    """Invite a freelancer to interview for one's job (job owner only)."""

    id: CommandId
    cid: Cid
    job: JobId
    freelancer: UserId
    body: Body


class InvitationAccept(Command, tag="invitation.accept"):
    """Accept an invitation; counts as a response."""

    id: CommandId
    cid: Cid
    thread: ThreadId
    note: Note = ""
    auto: bool = False


class InvitationDecline(Command, tag="invitation.decline"):
    """Decline an invitation with a reason; counts as a response."""

    id: CommandId
    cid: Cid
    thread: ThreadId
    reason: Literal[
        "not_interested", "not_available", "budget", "skills", "unclear_job", "asked_off_platform", "other"
    ] = "other"
    note: Note = ""
    auto: bool = False


class InvitationWithdraw(Command, tag="invitation.withdraw"):
    """Take an unanswered invitation back (client only)."""

    id: CommandId
    cid: Cid
    thread: ThreadId


class InvitationIgnore(Command, tag="invitation.ignore"):
    """Archive an invitation without answering; it stays open and does not count as an answer."""

    id: CommandId
    cid: Cid
    thread: ThreadId


class ProfileGet(Command, tag="profile.get"):
    """Read a freelancer's public profile with its response speed."""

    id: CommandId
    freelancer: UserId


class DirectorySearch(Command, tag="directory.search"):
    """Find freelancers by words of their name, headline and skills, by skill, by badge; in the order of their ids."""

    id: CommandId
    text: SearchText = ""
    skills: Annotated[list[Annotated[str, Meta(min_length=1, max_length=50)]], Meta(max_length=10)] = field(
        default_factory=list
    )
    """Whole skills; each must be one of the profile's, without regard to case."""
    available: bool = False
    """Only freelancers whose availability badge is on."""
    cursor: Cursor | None = None
    limit: Annotated[int, Meta(ge=1, le=50)] = 20


class JobList(Command, tag="job.list"):
    """List one's own jobs, newest first."""

    id: CommandId


class MetricsRows(Command, tag="metrics.rows"):
    """List the obligations behind one's own response speed, newest first."""

    id: CommandId
    side: Literal["freelancer", "client"] = field(default="freelancer", name="as")
    """`client`: how readily one answers proposals and acceptances."""
    cursor: Cursor | None = None
    """From the page before; none starts at the newest."""
    limit: PageLimit = limits.PAGE_ITEMS


AnyCommand = (
    MessageSend
    | Delivered
    | TypingSet
    | ThreadRead
    | Connect
    | TokenRefresh
    | Ping
    | InboxChanges
    | ThreadOpen
    | ThreadGet
    | ThreadList
    | ThreadHistory
    | ThreadReopen
    | MessageEdit
    | MessageErase
    | MessageCheck
    | PresenceSet
    | PresenceWatch
    | InvitationSend
    | InvitationAccept
    | InvitationDecline
    | InvitationWithdraw
    | InvitationIgnore
    | ProfileGet
    | DirectorySearch
    | JobList
    | MetricsRows
    | access.Commands
    | safety.Commands
    | availability.Commands
    | connects.Commands
    | proposals.Commands
    | offers.Commands
    | moderation.Commands
    | policies.Commands
    | team.Commands
    | reactions.Commands
    | personal.Commands
    | community.Commands
)

VERBS: dict[str, type[Command]] = {cls.__struct_config__.tag: cls for cls in AnyCommand.__args__}
