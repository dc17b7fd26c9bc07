"""Team members: people whom a side brings into a thread.

Source: protocol/spec/team.md.
"""

from typing import Annotated, Literal

from msgspec import Meta, field

from greenroom_protocol.bases import Command, Event, Written
from greenroom_protocol.fields import Cid, CommandId, Right, ThreadId, UserId


class MemberAdd(Command, tag="member.add"):
    """Bring one of one's own staff into an interview or a contract."""

    id: CommandId
    cid: Cid
    thread: ThreadId
    user: UserId
    history: Literal["all", "from_now"]
    """What they may read: everything, or what comes from now on."""
    rights: Annotated[list[Right], Meta(max_length=6)] = field(default_factory=list)
    """What they may do in the name of their side besides reading and writing."""


class MemberRemove(Command, tag="member.remove"):
    """Take a member of one's own side out of a thread; they keep what they could read until now."""

    id: CommandId
    cid: Cid
    thread: ThreadId
    user: UserId


class MemberLeave(Command, tag="member.leave"):
    """Leave a thread as a team member; what one could read until now stays readable."""

    id: CommandId
    cid: Cid
    thread: ThreadId


class MemberAddedReply(Written, tag="member.add"):
    """They are in."""


class MemberRemovedReply(Written, tag="member.remove"):
    """They are out."""


class MemberLeftReply(Written, tag="member.leave"):
    """One is out; this thread brings no more events."""


class MemberAdded(Event, tag="member.added"):
    """A side brought a team member in."""

    user: str
    side: Literal["client", "freelancer"]
    history: Literal["all", "from_now"]


class MemberRemoved(Event, tag="member.removed"):
    """A team member left (`by` is theirs) or was taken out."""

    user: str
    side: Literal["client", "freelancer"]


Commands = MemberAdd | MemberRemove | MemberLeave
Replies = MemberAddedReply | MemberRemovedReply | MemberLeftReply
Events = MemberAdded | MemberRemoved
