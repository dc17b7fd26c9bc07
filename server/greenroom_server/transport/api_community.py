"""Routes of the server API about the community: announcements, moderation, feedback."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from greenroom_protocol import limits
from greenroom_protocol.community import PostView, TopicView
from greenroom_server.transport.api_call import SAVES, ApiHandler, ApiServices, Call, Route, bad_field
from greenroom_server.transport.community_services import CommunityServices
from greenroom_server.usecases.results import Refused, RefusedError

_ID: Final = "^([0-9]{1,15}-[0-9]{1,15})?$"
Category = Literal["idea", "problem", "praise", "other"]


class AnnouncementPost(Struct, forbid_unknown_fields=True, kw_only=True):
    """Something to say to everybody; it is the marketplace's own text, so no filter reads it."""

    title: Annotated[str, Meta(min_length=1, max_length=limits.TITLE_CODE_POINTS, description="One line.")]
    body: Annotated[str, Meta(min_length=1, max_length=limits.BODY_CODE_POINTS)]
    cid: Annotated[str, Meta(min_length=36, max_length=36, description="UUIDv7; makes a retry safe.")] | None = None


class TopicMovePost(Struct, forbid_unknown_fields=True, kw_only=True):
    """What a moderator does to a topic or to one of its posts."""

    move: Literal["lock", "unlock", "pin", "unpin", "delete", "hide", "show"]
    post: Annotated[int, Meta(ge=0, le=limits.MAX_INTEGER, description="Seq of the post to hide or show.")] = 0


class PostsQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """Which part of a topic."""

    after: Annotated[int, Meta(ge=0, le=limits.MAX_INTEGER, description="From `to` of the page before.")] = 0
    limit: Annotated[int, Meta(ge=1, le=limits.COMMUNITY_ITEMS)] = 50


class FeedbackQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """Which part of the feedback."""

    after: Annotated[str, Meta(pattern=_ID, description="Id of the last entry that was read; empty: the oldest.")] = ""
    limit: Annotated[int, Meta(ge=1, le=100)] = 50


class AnnouncedView(Struct, kw_only=True):
    """The announcement is on disk."""

    seq: Annotated[int, Meta(description="Position in the log of announcements; `post` of the move that hides it.")]
    at: Annotated[int, Meta(description="UTC ms.")]
    dup: Annotated[bool, Meta(description="True: this cid was announced before; nothing was done now.")]


class TopicMoved(Struct, kw_only=True):
    """What a move did."""

    seq: Annotated[int, Meta(description="Last entry of the topic's log.")]
    at: Annotated[int, Meta(description="UTC ms.")]
    dup: Annotated[bool, Meta(description="True: it stood so already; nothing was done now.")]


class PostsPage(Struct, kw_only=True):
    """Posts as a moderator sees them: hidden ones with their text."""

    topic: TopicView
    posts: list[PostView]
    to: Annotated[int, Meta(description="Give it as `after` for the next page; the end is `topic.seq`.")]


class FeedbackEntry(Struct, kw_only=True):
    """What a user told the marketplace."""

    id: str
    at: Annotated[int, Meta(description="UTC ms.")]
    user: str
    category: Category
    body: str


class FeedbackPage(Struct, kw_only=True):
    """Feedback, the oldest first."""

    entries: list[FeedbackEntry]


ROUTES: Final = (
    Route(
        method="POST", path="/api/v1/announcements", operation="post_announcement",
        body=AnnouncementPost, reply=AnnouncedView, takes_idempotency_key=True,
        codes=("cid.invalid", "cid.outside_window", "idempotency.conflict", "not_available", *SAVES),
        summary="Say something to everybody.",
    ),
    Route(
        method="POST", path="/api/v1/topics/{topic}/moves", operation="post_topic_move",
        body=TopicMovePost, reply=TopicMoved,
        codes=("not_found", "not_available", "perm.denied", "post.erased", *SAVES),
        summary="Lock, pin or delete a topic; hide a post, or show it again.",
    ),
    Route(
        method="GET", path="/api/v1/topics/{topic}/posts", operation="get_topic_posts",
        query=PostsQuery, reply=PostsPage, codes=("not_found", "not_available"),
        summary="Read a topic as a moderator, in pages.",
    ),
    Route(
        method="GET", path="/api/v1/feedback", operation="get_feedback",
        query=FeedbackQuery, reply=FeedbackPage, codes=("not_available",),
        summary="Read what users told the marketplace, in pages.",
    ),
)  # fmt: skip


def _community(services: ApiServices) -> CommunityServices:
    if services.community is None:
        raise RefusedError(Refused("not_available"))
    services.community.require()
    return services.community


async def _post_announcement(services: ApiServices, call: Call) -> AnnouncedView:
    body: AnnouncementPost = call.body
    header = call.request.headers.get("Idempotency-Key")
    if header is not None and body.cid not in (None, header):
        raise bad_field("Idempotency-Key and cid differ")
    done = await _community(services).announcements.announce(body.title, body.body, body.cid or header or "")
    return AnnouncedView(seq=done.seq, at=done.at, dup=done.dup)


async def _post_topic_move(services: ApiServices, call: Call) -> TopicMoved:
    body: TopicMovePost = call.body
    done = await _community(services).moderation.move(call.ids["topic"], body.move, body.post)
    return TopicMoved(seq=done.seq, at=done.at, dup=done.dup)


async def _get_topic_posts(services: ApiServices, call: Call) -> PostsPage:
    query: PostsQuery = call.query
    topic, posts, to = await _community(services).moderation.posts(call.ids["topic"], query.after, query.limit)
    return PostsPage(topic=topic, posts=posts, to=to)


async def _get_feedback(services: ApiServices, call: Call) -> FeedbackPage:
    query: FeedbackQuery = call.query
    found = await _community(services).feedback.page(query.after, query.limit)
    return FeedbackPage(
        entries=[
            FeedbackEntry(
                id=each.id, at=each.at, user=each.opinion.by, category=each.opinion.category, body=each.opinion.body
            )
            for each in found
        ]
    )  # fmt: skip


HANDLERS: Final[dict[str, ApiHandler]] = {
    "post_announcement": _post_announcement,
    "post_topic_move": _post_topic_move,
    "get_topic_posts": _get_topic_posts,
    "get_feedback": _get_feedback,
}
