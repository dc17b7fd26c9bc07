"""Announcements of the marketplace, and feedback to it: the rest of the community.

Source: protocol/spec/community.md.
"""

from typing import Literal

from msgspec import Struct

from greenroom_protocol.bases import Command, PolicyView, Push, Reply
from greenroom_protocol.fields import Body, Cid, CommandId, CommunityLimit, Count, Seq


class AnnouncementView(Struct, omit_defaults=True, kw_only=True):
    """An announcement of the marketplace."""

    seq: int
    """Position in the log of announcements."""
    n: int
    """Number of the announcement, from 1."""
    at: int
    title: str
    body: str


class AnnouncementList(Command, tag="announcement.list"):
    """Read announcements, the newest first, with one's own read mark."""

    id: CommandId
    before: Seq | None = None
    """Read on below this seq; none starts at the newest."""
    limit: CommunityLimit = 20


class AnnouncementRead(Command, tag="announcement.read"):
    """Move one's own read mark of the announcements; it never moves back."""

    id: CommandId
    seq: Count
    """Everything up to here was read."""


class AnnouncementMute(Command, tag="announcement.mute"):
    """Say whether new announcements are pushed to one's devices; they can always be read."""

    id: CommandId
    on: bool = True
    """True: nothing is pushed any more."""


class FeedbackSubmit(Command, tag="feedback.submit"):
    """Send an idea or a complaint to the marketplace; nobody else sees it."""

    id: CommandId
    cid: Cid
    body: Body
    category: Literal["idea", "problem", "praise", "other"] = "other"


Commands = AnnouncementList | AnnouncementRead | AnnouncementMute | FeedbackSubmit


class AnnouncementPage(Reply, tag="announcement.list"):
    """Announcements, the newest first."""

    epoch: int
    """Epoch of the log of announcements."""
    announcements: list[AnnouncementView]
    read: int
    """One's own read mark, a seq."""
    unread: int
    muted: bool
    """New ones are not pushed."""
    before: int | None
    """Ask on with this; null at the end. A page may be short, or even empty, before it."""


class AnnouncementsRead(Reply, tag="announcement.read"):
    """One's own read mark now."""

    seq: int
    unread: int


class AnnouncementsMuted(Reply, tag="announcement.mute"):
    """Whether new ones are kept back now."""

    on: bool


class FeedbackTaken(Reply, tag="feedback.submit"):
    """The marketplace has it."""

    at: int
    dup: bool
    policy: PolicyView | None = None


Replies = AnnouncementPage | AnnouncementsRead | AnnouncementsMuted | FeedbackTaken


class AnnouncementPosted(Push, tag="announcement.posted"):
    """The marketplace has something to say to everybody."""

    epoch: int
    """Epoch of the log of announcements."""
    announcement: AnnouncementView


Pushes = AnnouncementPosted
