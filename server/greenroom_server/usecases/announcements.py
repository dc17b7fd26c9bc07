"""`announcement.list`, `announcement.read`, `announcement.mute`, and the marketplace's own announcing.

Announcements are a topic that readers pull. Nothing of them is looked at when somebody connects: who has muted is asked
once for each new announcement, by the node that pushes it.
"""

from typing import Final

import msgspec
import structlog

from greenroom_protocol import announcements as a
from greenroom_server.delivery.hub import Hub
from greenroom_server.delivery.topic_watch import tell
from greenroom_server.domain.community_policy import CommunityPolicy
from greenroom_server.domain.topic import ANNOUNCEMENTS, is_title
from greenroom_server.store.announcements import AnnouncementMarks, ReadMark
from greenroom_server.store.errors import StoreError
from greenroom_server.store.subscriber import TopicPublished
from greenroom_server.store.topic_records import Written
from greenroom_server.store.topics import TopicChange, TopicStore
from greenroom_server.telemetry.tasks import Tasks
from greenroom_server.usecases.commits import Done
from greenroom_server.usecases.read_community import ReadCommunity
from greenroom_server.usecases.results import Refused, RefusedError
from greenroom_server.usecases.topic_commits import TopicCommits, encode_view

log = structlog.get_logger()

_decode = msgspec.json.Decoder(a.AnnouncementView).decode
_HEAD: Final = {"kind": "announcement", "title": "Announcements", "tags": "", "by": ""}


class Announcements:
    """Announcements and how far each user has read them."""

    def __init__(
        self, topics: TopicCommits, store: TopicStore, reads: ReadCommunity, marks: AnnouncementMarks, hub: Hub,
        policy: CommunityPolicy, tasks: Tasks,
    ) -> None:  # fmt: skip
        self._topics = topics
        self._store = store
        self._reads = reads
        self._marks = marks
        self._hub = hub
        self._policy = policy
        self._tasks = tasks

    async def announce(self, title: str, body: str, cid: str) -> Done:
        """Say something to everybody; its place in the log is in the answer."""
        if not is_title(title) or len(title) > self._policy.title_code_points:
            raise RefusedError(Refused("bad_request.field", detail="title"))
        writer = self._topics.writer("", cid, "announce", title, body)
        view = a.AnnouncementView(seq=0, n=0, at=0, title=title, body=body)
        change = TopicChange(
            entry=Written(by="", cid=cid, title=title, body=body), cid=cid, body_hash=writer.body_hash, makes=_HEAD,
            frame="announcement", view=encode_view(view),
        )  # fmt: skip

        async def make() -> TopicChange:
            return change

        done = await self._topics.commit(ANNOUNCEMENTS, writer, make)
        if not done.dup:
            topic = (await self._topics.read(ANNOUNCEMENTS, done.seq)).topic
            self._push(topic.epoch, msgspec.structs.replace(view, seq=done.seq, n=done.n, at=done.at))
        return done

    def published(self, news: TopicPublished) -> None:
        """Another node announced something."""
        view = _decode(news.view)
        view.seq, view.n, view.at = news.seq, news.posts, news.at
        self._push(news.epoch, view)

    async def page(self, user: str, command: a.AnnouncementList) -> a.AnnouncementPage:
        """Read announcements, newest first, with the user's own read mark."""
        mark, muted = await self._marks.of(user)
        try:
            stretch = await self._reads.stretch(ANNOUNCEMENTS, None, command.before, command.limit)
        except RefusedError:  # nothing was ever announced
            return a.AnnouncementPage(
                id=command.id, epoch=0, announcements=[], read=0, unread=0, muted=muted, before=None
            )
        views = []
        for item in reversed(stretch.items):
            written, view = item.written(), item.view()
            if written is not None and not view.gone:
                views.append(
                    a.AnnouncementView(seq=item.seq, n=item.n, at=item.at, title=written.title, body=view.body)
                )
        return a.AnnouncementPage(
            id=command.id, epoch=stretch.topic.epoch, announcements=views, read=mark.seq,
            unread=max(0, stretch.topic.posts - mark.announced), muted=muted,
            before=stretch.after + 1 if stretch.after else None,
        )  # fmt: skip

    async def read(self, user: str, command: a.AnnouncementRead) -> a.AnnouncementsRead:
        """Move one's own read mark."""
        stretch = await self._store.read(ANNOUNCEMENTS, None, None, 1)
        if stretch is None:
            return a.AnnouncementsRead(id=command.id, seq=0, unread=0)
        seq = min(command.seq, stretch.topic.seq)
        count = await self._store.count_up_to(ANNOUNCEMENTS, seq)
        mark = await self._marks.move(user, ReadMark(seq, count))
        return a.AnnouncementsRead(id=command.id, seq=mark.seq, unread=max(0, stretch.topic.posts - mark.announced))

    async def mute(self, user: str, command: a.AnnouncementMute) -> a.AnnouncementsMuted:
        """Say whether new ones are pushed to one's devices."""
        await self._marks.mute(user, on=command.on)
        return a.AnnouncementsMuted(id=command.id, on=command.on)

    def _push(self, epoch: int, view: a.AnnouncementView) -> None:
        self._tasks.spawn(self._push_all(a.AnnouncementPosted(epoch=epoch, announcement=view)), "announce")

    async def _push_all(self, frame: a.AnnouncementPosted) -> None:
        """Push to every connection here whose user has not muted, one encoding for all."""
        try:
            muted = await self._marks.muted(self._hub.users())
        except StoreError:
            log.warning("announcement_not_pushed")  # whoever looks finds it
            return
        feeds = [self._hub.feed(user) for user in self._hub.users() if user not in muted]
        sinks = [sink for feed in feeds if feed is not None for sink in feed.sinks]
        tell(sinks, frame, f"announcement {frame.announcement.seq}")
