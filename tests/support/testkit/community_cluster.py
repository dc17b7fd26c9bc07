"""Each function of the community's store, as one node of a cluster runs it: called for its keys and channels alone."""

import itertools
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from greenroom_server.domain.topic import SHELVES
from greenroom_server.store import keys
from greenroom_server.store.announcements import AnnouncementMarks, ReadMark
from greenroom_server.store.append import Repeat
from greenroom_server.store.errors import Unavailable
from greenroom_server.store.feedback import FeedbackLog, Opinion
from greenroom_server.store.topic_records import Acted, Written
from greenroom_server.store.topics import TopicChange, TopicChanged, TopicStore
from testkit.store import StoreNode, new_cid, person

_numbers = itertools.count(1)


async def _shelf_of(node: StoreNode) -> int:
    """Find a shelf whose slot this node of the cluster owns; each of the three owns some."""
    for shelf in SHELVES:
        with suppress(Unavailable):  # store.moved
            await node.committer.call("EXISTS", keys.epoch(shelf))
            return shelf
    raise AssertionError("no shelf is on this node of the cluster")


async def _opened(node: StoreNode) -> tuple[TopicStore, str]:
    """Open a topic that another node, which lives, has open."""
    shelf = await _shelf_of(node)
    store, topic = TopicStore(node.committer, node.name), f"c{shelf}_{next(_numbers):016x}"
    change = TopicChange(
        entry=Written(by="maya", body="Which?"), cid=new_cid(), body_hash="hash", is_new=True,
        makes={"kind": "question", "title": "Rates", "tags": "pricing", "by": "maya"},
        lists=["all", "tag:pricing"], joins=["word:rates"], audit=b"\x80",
    )  # fmt: skip
    assert isinstance(await store.append(topic, change), TopicChanged)
    repeat = await store.append(topic, change)
    assert isinstance(repeat, Repeat)
    other = node.other("n2")
    await other.live(shelf)
    assert await TopicStore(other.committer, "n2").watch(topic, begins=True) is not None
    return store, topic


async def _topic(node: StoreNode) -> None:
    store, topic = await _opened(node)
    erases = TopicChange(
        entry=Acted(by="maya", what="erase"), target=1, becomes="erase", tomb="{}", leaves=["word:rates"], view=b"{}"
    )  # fmt: skip
    erased = await store.append(topic, erases)
    assert isinstance(erased, TopicChanged)
    assert erased.seq == 2
    announces = TopicChange(entry=Written(by="", body="Hello."), frame="announcement", view=b"{}")
    assert isinstance(await store.append(topic, announces), TopicChanged)


async def _topic_read(node: StoreNode) -> None:
    store, topic = await _opened(node)
    stretch = await store.read(topic, 0, None, 10)
    assert stretch is not None
    assert [item.seq for item in stretch.items] == [1]


async def _topic_page(node: StoreNode) -> None:
    store, topic = await _opened(node)
    shelf = await _shelf_of(node)
    walk = await store.walk_shelf(shelf, ["word:rates", "all"], None, 1000)
    assert topic in [hit.topic for hit in walk.hits]


async def _topic_watch(node: StoreNode) -> None:
    store, topic = await _opened(node)
    assert await store.watch(topic, begins=True) is not None
    assert await store.watch(topic, begins=False) is not None


async def _topic_mark(node: StoreNode) -> None:
    user = person(await _shelf_of(node))
    marks = AnnouncementMarks(node.committer)
    assert await marks.move(user, ReadMark(5, 2)) == ReadMark(5, 2)
    assert await marks.move(user, ReadMark(4, 1)) == ReadMark(5, 2)


async def _feedback(node: StoreNode) -> None:
    opinion = Opinion(by="maya", category="idea", body="A dark mode.")
    with suppress(Unavailable):  # store.moved: feedback lies in partition 0
        assert isinstance(await FeedbackLog(node.committer).add(opinion, new_cid(), "hash", "", 10), int)


EXERCISES: Final[dict[str, Callable[[StoreNode], Awaitable[None]]]] = {
    "topic": _topic,
    "topic_read": _topic_read,
    "topic_page": _topic_page,
    "topic_watch": _topic_watch,
    "topic_mark": _topic_mark,
    "feedback": _feedback,
}
