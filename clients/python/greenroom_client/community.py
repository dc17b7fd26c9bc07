"""The community: topics that everybody reads and writes, the marketplace's announcements, and feedback to it."""

from collections.abc import Sequence
from typing import Literal

from greenroom_client.asking import Area
from greenroom_protocol import announcements, community

FeedbackCategory = Literal["idea", "problem", "praise", "other"]


class Community(Area):
    """`client.community`: topics and their posts. A post is named by its `seq` in the topic's log."""

    __slots__ = ()

    async def create(
        self, kind: Literal["discussion", "question"], title: str, body: str, *, tags: Sequence[str] = ()
    ) -> community.TopicCreated:
        """Open a topic with its first post; at most 5 tags, lower-case words."""
        command = community.TopicCreate(id=0, cid=self._cid(), kind=kind, title=title, body=body, tags=list(tags))
        return await self._ask(command, community.TopicCreated)

    async def list(
        self,
        *,
        kind: Literal["discussion", "question"] | None = None,
        tag: str | None = None,
        cursor: str | None = None,
        limit: int = 20,
    ) -> community.TopicListPage:
        """List topics, pinned ones first, then by their last post, 1 to 100 a page."""
        command = community.TopicList(id=0, kind=kind, tag=tag, cursor=cursor, limit=limit)
        return await self._ask(command, community.TopicListPage)

    async def search(self, text: str, *, cursor: str | None = None, limit: int = 20) -> community.TopicSearchPage:
        """Find topics by whole words of title, tags and first post; go on while there is a `cursor`."""
        command = community.TopicSearch(id=0, text=text, cursor=cursor, limit=limit)
        return await self._ask(command, community.TopicSearchPage)

    async def read(
        self, topic: str, *, after: int | None = None, before: int | None = None, limit: int = 50
    ) -> community.TopicPage:
        """Read a stretch of a topic: above seq `after`, below seq `before`, or the newest; 1 to 100 entries."""
        command = community.TopicRead(id=0, topic=topic, after=after, before=before, limit=limit)
        return await self._ask(command, community.TopicPage)

    async def post(self, topic: str, body: str, *, reply_to: int = 0) -> community.TopicPosted:
        """Write into a topic; `reply_to` is the post that this answers."""
        command = community.TopicPost(id=0, cid=self._cid(), topic=topic, body=body, reply_to=reply_to)
        return await self._ask(command, community.TopicPosted)

    async def edit(self, topic: str, target: int, body: str) -> community.PostEdited:
        """Replace the text of one's own post within the edit window."""
        command = community.TopicEdit(id=0, cid=self._cid(), topic=topic, target=target, body=body)
        return await self._ask(command, community.PostEdited)

    async def erase(self, topic: str, target: int) -> community.PostErased:
        """Erase one's own post."""
        command = community.TopicErase(id=0, cid=self._cid(), topic=topic, target=target)
        return await self._ask(command, community.PostErased)

    async def accept(self, topic: str, target: int) -> community.AnswerAccepted:
        """Accept an answer to one's own question; another one replaces it."""
        command = community.TopicAccept(id=0, cid=self._cid(), topic=topic, target=target)
        return await self._ask(command, community.AnswerAccepted)

    async def watch(self, topics: Sequence[str]) -> community.TopicsWatched:
        """Replace the list of topics whose news come as `TopicNews`; kept over reconnections, at most 20.

        After a reconnection `TopicPositions` says where they stand: read on from the seq you have.
        """
        return await self._ask(community.TopicWatch(id=0, topics=list(topics)), community.TopicsWatched)


class Announcements(Area):
    """`client.announcements`: what the marketplace says to everybody, and what one says to it."""

    __slots__ = ()

    async def list(self, *, before: int | None = None, limit: int = 20) -> announcements.AnnouncementPage:
        """Read announcements, the newest first, 1 to 100; go on with the page's `before` until it is None."""
        command = announcements.AnnouncementList(id=0, before=before, limit=limit)
        return await self._ask(command, announcements.AnnouncementPage)

    async def read(self, seq: int) -> announcements.AnnouncementsRead:
        """Say that everything up to seq was read."""
        return await self._ask(announcements.AnnouncementRead(id=0, seq=seq), announcements.AnnouncementsRead)

    async def mute(self, on: bool = True) -> announcements.AnnouncementsMuted:
        """Say whether new ones are kept back from one's devices; they can always be read."""
        return await self._ask(announcements.AnnouncementMute(id=0, on=on), announcements.AnnouncementsMuted)

    async def feedback(self, body: str, category: FeedbackCategory = "other") -> announcements.FeedbackTaken:
        """Send an idea or a complaint to the marketplace; nobody else sees it."""
        command = announcements.FeedbackSubmit(id=0, cid=self._cid(), body=body, category=category)
        return await self._ask(command, announcements.FeedbackTaken)
