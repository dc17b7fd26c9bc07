"""The community: topics that every signed-in user reads and writes; with what `announcements` adds.

A topic is a log of its own with a dense `seq`; nobody's inbox knows it. A reader pulls with a position of their own.

Source: protocol/spec/community.md.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from greenroom_protocol import announcements, limits
from greenroom_protocol.bases import Command, PolicyView, Push, Reply, Span
from greenroom_protocol.fields import (
    Body,
    Cid,
    CommandId,
    CommunityLimit,
    Count,
    Cursor,
    SearchText,
    Seq,
    Tag,
    Title,
    TopicId,
    TopicKind,
)

# --- parts


class TopicView(Struct, omit_defaults=True, kw_only=True):
    """A topic as it stands now."""

    topic: str
    epoch: int
    """Epoch of the topic's log; with another one than before, what was read of it is to be read anew."""
    kind: TopicKind
    title: str
    tags: list[str]
    by: str
    """User who opened it; empty for the marketplace."""
    created_at: int
    seq: int
    """Seq of the log's last entry."""
    posts: int
    """Posts written so far, the first one included; erased ones stay counted."""
    last_at: int
    """Time of the last post."""
    accepted: int = 0
    """Seq of the accepted answer; 0 while there is none."""
    is_locked: bool = False
    """Nobody can write or edit here any more."""
    is_pinned: bool = False
    """Stands above the others."""


class PostView(Struct, omit_defaults=True, kw_only=True):
    """A post as it stands now."""

    seq: int
    """Position in the topic's log; it names the post."""
    n: int
    """Number of the post in its topic, from 1."""
    at: int
    by: str
    """User who wrote it; empty for the marketplace."""
    cid: str = ""
    """The writer's cid, so that a device finds its own optimistic row."""
    body: str = ""
    """Empty when the post is gone."""
    hidden: list[Span] = field(default_factory=list)
    """Parts of `body` that are placeholders, by code points of `body`."""
    reply_to: int = 0
    """Seq of the post that it answers; 0: the topic."""
    edited_at: int = 0
    """When its text was replaced last; 0: never."""
    gone: Literal["", "erased", "hidden"] = ""
    """Why there is no text: its author erased it, or a moderator hid it."""


class TopicPosition(Struct, kw_only=True):
    """Where a topic's log stands."""

    epoch: int
    seq: int


# --- commands


class TopicCreate(Command, tag="topic.create"):
    """Open a topic with its first post; announcements are the marketplace's alone."""

    id: CommandId
    cid: Cid
    kind: TopicKind
    title: Title
    body: Body
    tags: Annotated[list[Tag], Meta(max_length=limits.TOPIC_TAGS)] = field(default_factory=list)
    """Lower-case words by which the topic is found."""


class TopicList(Command, tag="topic.list"):
    """List topics, pinned ones first, then by their last post, the newest first."""

    id: CommandId
    kind: Literal["discussion", "question"] | None = None
    """Only of this kind."""
    tag: Tag | None = None
    """Only with this tag."""
    cursor: Cursor | None = None
    limit: CommunityLimit = 20


class TopicSearch(Command, tag="topic.search"):
    """Find topics by whole words of title, tags and first post; all words must occur; the newest topic first."""

    id: CommandId
    text: SearchText
    cursor: Cursor | None = None
    limit: CommunityLimit = 20


class TopicRead(Command, tag="topic.read"):
    """Read a stretch of a topic's log, as its posts stand now; without a position the newest."""

    id: CommandId
    topic: TopicId
    after: Count | None = None
    """Read on above this seq, with what changed since about earlier posts; not together with `before`."""
    before: Seq | None = None
    """Read back, below this seq."""
    limit: CommunityLimit = 50


class TopicPost(Command, tag="topic.post"):
    """Write into a topic."""

    id: CommandId
    cid: Cid
    topic: TopicId
    body: Body
    reply_to: Count = 0
    """Seq of the post that this answers; 0: the topic."""


class TopicEdit(Command, tag="topic.edit"):
    """Replace the text of one's own post within the edit window; screened like a new one."""

    id: CommandId
    cid: Cid
    topic: TopicId
    target: Seq
    body: Body


class TopicErase(Command, tag="topic.erase"):
    """Erase one's own post; its text leaves the store, a tombstone keeps its place."""

    id: CommandId
    cid: Cid
    topic: TopicId
    target: Seq


class TopicAccept(Command, tag="topic.accept"):
    """Accept an answer to one's own question; another one replaces it."""

    id: CommandId
    cid: Cid
    topic: TopicId
    target: Seq


class TopicWatch(Command, tag="topic.watch"):
    """Replace the list of topics whose news this connection is pushed."""

    id: CommandId
    topics: Annotated[list[TopicId], Meta(max_length=limits.WATCHED_TOPICS)]
    """Topic ids; an empty list ends it."""


Commands = (
    TopicCreate
    | TopicList
    | TopicSearch
    | TopicRead
    | TopicPost
    | TopicEdit
    | TopicErase
    | TopicAccept
    | TopicWatch
    | announcements.Commands
)


# --- replies


class TopicCreated(Reply, tag="topic.create"):
    """The topic and its first post are on disk."""

    topic: str
    seq: int
    at: int
    dup: bool
    policy: PolicyView | None = None


class TopicListPage(Reply, tag="topic.list"):
    """Topics in their order; one that is written in meanwhile moves to the front."""

    topics: list[TopicView]
    names: dict[str, str]
    """Display names by user id."""
    cursor: str | None


class TopicSearchPage(Reply, tag="topic.search"):
    """Topics that match; with a `cursor` there may be more, even when the page is short."""

    topics: list[TopicView]
    names: dict[str, str]
    """Display names by user id."""
    cursor: str | None


class TopicPage(Reply, tag="topic.read"):
    """A stretch of the log: complete above `after` up to `to`."""

    topic: TopicView
    after: int
    to: int
    """Ask on from here."""
    posts: list[PostView]
    """Posts written in this stretch, in order, as they stand now."""
    changed: list[PostView]
    """Posts at or below `after` that this stretch changed, as they stand now."""
    names: dict[str, str]
    """Display names by user id."""
    more: bool


class TopicPosted(Reply, tag="topic.post"):
    """The post is on disk."""

    seq: int
    n: int
    """Number of the post in its topic."""
    at: int
    dup: bool
    policy: PolicyView | None = None


class PostEdited(Reply, tag="topic.edit"):
    """The new text is on disk."""

    seq: int
    at: int
    dup: bool
    policy: PolicyView | None = None


class PostErased(Reply, tag="topic.erase"):
    """The text is gone; a tombstone stays."""

    seq: int
    at: int
    dup: bool


class AnswerAccepted(Reply, tag="topic.accept"):
    """The answer is accepted."""

    seq: int
    at: int
    dup: bool


class TopicsWatched(Reply, tag="topic.watch"):
    """What is watched from now on."""

    topics: dict[str, TopicPosition]
    """Where each stands now; one that does not exist is left out."""


Replies = (
    TopicCreated
    | TopicListPage
    | TopicSearchPage
    | TopicPage
    | TopicPosted
    | PostEdited
    | PostErased
    | AnswerAccepted
    | TopicsWatched
    | announcements.Replies
)


# --- pushes


class TopicNews(Push, tag="topic.posted"):
    """Something was written into the log of a watched topic; a hole in `seq` is filled with `topic.read`."""

    topic: str
    epoch: int
    seq: int
    """The log's last entry now; a hole is more than one above your own."""
    at: int
    posts: int
    """Posts written so far."""
    accepted: int = 0
    """Seq of the accepted answer; 0 while there is none."""
    is_locked: bool = False
    is_pinned: bool = False
    is_deleted: bool = False
    """A moderator removed the topic."""
    post: PostView | None = None
    """The post that was written or changed, as it stands now."""
    name: str = ""
    """Display name of the post's author."""


Pushes = TopicNews | announcements.Pushes
