"""`topic.list`, `topic.search`, `topic.read`, `topic.watch`: everybody reads with a position of their own."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from greenroom_protocol import community as c
from greenroom_protocol import limits
from greenroom_server.delivery.feed import Sink
from greenroom_server.delivery.topic_watch import TopicWatch
from greenroom_server.domain.topic import ANNOUNCEMENTS, SEARCHED_WORDS, Place, read_cursor, topic_partition, words_of
from greenroom_server.store.errors import StoreError
from greenroom_server.store.people import People
from greenroom_server.store.subscriber import TopicPublished
from greenroom_server.store.topic_records import Stretch
from greenroom_server.store.topics import TopicChanged, TopicStore, Walk
from greenroom_server.telemetry.tasks import Tasks
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError
from greenroom_server.usecases.topic_commits import news_of

_BOTH: Final = Refused("bad_request.field", detail="after and before")


class ReadCommunity:
    """What people read in the community, and what they are told of it."""

    def __init__(self, store: TopicStore, watch: TopicWatch, people: People, tasks: Tasks) -> None:
        self._store = store
        self._watch = watch
        self._people = people
        self._tasks = tasks

    async def listing(self, command: c.TopicList) -> c.TopicListPage:
        """List topics by their last post."""
        lists = [f"tag:{command.tag}"] if command.tag is not None else []
        if command.kind is not None:
            lists.append(f"kind:{command.kind}")
        topics, cursor = await self._page(lists or ["all"], command.cursor, command.limit)
        return c.TopicListPage(id=command.id, topics=topics, names=await self._names_of(topics), cursor=cursor)

    async def search(self, command: c.TopicSearch) -> c.TopicSearchPage:
        """Find topics in which all words of a text occur."""
        words = words_of((command.text,), SEARCHED_WORDS)
        topics: list[c.TopicView] = []
        cursor: str | None = None
        if words:
            topics, cursor = await self._page([f"word:{word}" for word in words], command.cursor, command.limit)
        return c.TopicSearchPage(id=command.id, topics=topics, names=await self._names_of(topics), cursor=cursor)

    async def read(self, command: c.TopicRead) -> c.TopicPage:
        """Read a stretch of a topic."""
        if command.after is not None and command.before is not None:
            raise RefusedError(_BOTH)
        stretch = await self.stretch(command.topic, command.after, command.before, command.limit)
        posts = [item.view() for item in stretch.items]
        changed = [item.view() for item in stretch.changed]
        is_onward = command.after is not None
        return c.TopicPage(
            id=command.id, topic=stretch.topic, after=stretch.after, to=stretch.to, posts=posts, changed=changed,
            names=await self._names(post.by for post in (*posts, *changed)),
            more=stretch.to < stretch.topic.seq if is_onward else stretch.after > 0,
        )  # fmt: skip

    async def stretch(self, topic: str, after: int | None, before: int | None, limit: int) -> Stretch:
        """Read a stretch that fits into a frame.

        Raises:
            RefusedError: there is no such topic.
        """
        while topic_partition(topic) is not None:
            stretch = await self._store.read(topic, after, before, limit)
            if stretch is None:
                break
            size_bytes = sum(item.size_bytes for item in (*stretch.items, *stretch.changed))
            if size_bytes <= limits.PAGE_BYTES or limit == 1:
                return stretch
            limit //= 2
        raise RefusedError(NOT_FOUND)

    async def watch(self, sink: Sink, command: c.TopicWatch) -> c.TopicsWatched:
        """Replace the topics whose news a connection is pushed."""
        wanted = [t for t in dict.fromkeys(command.topics) if topic_partition(t) is not None and t != ANNOUNCEMENTS]
        # Noted before the store is asked: if that fails, or the peer leaves, what was registered is still taken back.
        ended = self._watch.replace(sink, wanted)
        found, _ = await asyncio.gather(
            asyncio.gather(*(self._store.watch(topic, begins=True) for topic in wanted)), self._end(ended)
        )
        for topic, position in zip(wanted, found, strict=True):
            if position is None:
                self._watch.drop(sink, topic)
        return c.TopicsWatched(
            id=command.id, topics={topic: at for topic, at in zip(wanted, found, strict=True) if at is not None}
        )

    def left(self, sink: Sink) -> None:
        """A connection is gone."""
        ended = self._watch.replace(sink, ())
        if ended:
            self._tasks.spawn(self._end_quietly(ended), "unwatch topics")

    async def register_again(self) -> None:
        """Say again what this node has open: its lease had lapsed, so the others took it for gone."""
        await asyncio.gather(*(self._store.watch(topic, begins=True) for topic in self._watch.topics()))

    def published(self, news: TopicPublished) -> None:
        """Another node wrote into a topic that somebody here has open."""
        changed = TopicChanged(
            news.seq, news.posts, news.at, news.epoch, news.accepted, bool(news.locked), bool(news.pinned)
        )
        view = news.view.encode()
        self._watch.push(news.topic, news_of(news.topic, view, news.name, changed, is_deleted=bool(news.deleted)))

    async def _end(self, topics: Sequence[str]) -> None:
        await asyncio.gather(*(self._store.watch(topic, begins=False) for topic in topics))
        again = [topic for topic in topics if self._watch.is_watched(topic)]
        await asyncio.gather(*(self._store.watch(topic, begins=True) for topic in again))

    async def _end_quietly(self, topics: Sequence[str]) -> None:
        try:
            await self._end(topics)
        except StoreError:
            return  # what is published for nobody is dropped here; a dead node's interest goes with its lease

    async def _page(self, lists: Sequence[str], cursor: str | None, limit: int) -> tuple[list[c.TopicView], str | None]:
        below = None if cursor is None else read_cursor(cursor)
        if cursor is not None and below is None:
            raise RefusedError(Refused("bad_request.field", detail="cursor"))
        places, more = merged(await self._store.walk(lists, below, limit), limit)
        views = await self._store.views([place.topic for place in places])
        return views, None if more is None else more.cursor()

    async def _names_of(self, topics: Sequence[c.TopicView]) -> dict[str, str]:
        return await self._names(topic.by for topic in topics)

    async def _names(self, users: Iterable[str]) -> dict[str, str]:
        wanted = sorted({user for user in users if user})
        accounts = await asyncio.gather(*(self._people.account(user) for user in wanted))
        return {account.user: account.name for account in accounts if account is not None}


def merged(walks: Sequence[Walk], limit: int) -> tuple[list[Place], Place | None]:
    """Merge what the shelves had into one page; gives it with the place to go on from, None at the end.

    A shelf that was not walked to its end is known down to the last topic it looked at; what another shelf had below
    that may have to stand after something not seen yet, and waits for the next page.
    """
    floor = max((walk.to for walk in walks if walk.to is not None), key=lambda place: place.order, default=None)
    hits = sorted((hit for walk in walks for hit in walk.hits), key=lambda place: place.order, reverse=True)
    sure = [hit for hit in hits if floor is None or hit.order >= floor.order]
    if len(sure) > limit or (len(sure) == limit and floor is not None):
        return sure[:limit], sure[limit - 1]
    return sure, floor
