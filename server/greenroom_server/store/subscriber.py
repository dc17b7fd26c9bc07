"""What other nodes publish to this one: one connection, subscribed to this node's channel in every partition.

Publishing is a hint and may be lost; after every (re)subscribe the owner compares positions, so a loss is noticed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import structlog

from greenroom_protocol.events import AnyEvent
from greenroom_server.domain.ids import PARTITION_COUNT
from greenroom_server.store import keys
from greenroom_server.store.connect import StoreAddress, open_stream
from greenroom_server.store.errors import StoreError
from greenroom_server.store.records import Row, read_event, unpack
from greenroom_server.store.resp import pack

log = structlog.get_logger()


class RowPublished(NamedTuple):
    """Another node touched a row of a user who is connected here."""

    user: str
    thread: str
    epoch: int
    row: Row
    events: list[AnyEvent]


class FramePublished(NamedTuple):
    """An ephemeral frame (JSON) for a user's connections."""

    user: str
    frame: bytes


class DeviceReplaced(NamedTuple):
    """A device connected to another node; its socket here is stale unless it is `connection`."""

    user: str
    device: str
    connection: str


class PresencePublished(NamedTuple):
    """The presence of a watched user changed."""

    user: str
    state: str


class TopicPublished(NamedTuple):
    """Another node wrote into a community topic: one that somebody here has open, or the announcements."""

    topic: str
    epoch: int
    seq: int
    posts: int
    """Written so far."""
    at: int
    accepted: int
    locked: int
    pinned: int
    deleted: int
    view: str
    """The post or announcement, JSON; empty without one."""
    name: str
    """Display name of the post's author."""


class AnnouncementPublished(NamedTuple):
    """The marketplace announced something."""

    news: TopicPublished


Published = RowPublished | FramePublished | DeviceReplaced | PresencePublished | TopicPublished | AnnouncementPublished


def read_published(raw: bytes) -> Published | None:
    """Read a published frame; None when it is not of a kind this version knows."""
    kind, *rest = unpack(raw)
    if kind == "row":
        user, thread, epoch, row, events = rest
        return RowPublished(user, thread, epoch, Row(*row), [read_event(e[3], e[0], e[1], e[2]) for e in events or []])
    if kind == "frame":
        return FramePublished(rest[0], rest[1].encode())
    if kind == "replaced":
        return DeviceReplaced(*rest)
    if kind == "presence":
        return PresencePublished(*rest)
    if kind == "topic":
        return TopicPublished(*rest)
    if kind == "announcement":
        return AnnouncementPublished(TopicPublished(*rest))
    return None


class Subscriber:
    """Keeps this node subscribed; calls back for each published frame and after each (re)subscribe."""

    def __init__(
        self,
        address: StoreAddress,
        node: str,
        on_published: Callable[[Published], object],
        on_subscribed: Callable[[], Awaitable[None]],
    ) -> None:
        self._address = address
        self._node = node
        self._on_published = on_published
        self._on_subscribed = on_subscribed

    async def run(self) -> None:
        """Stay subscribed until cancelled."""
        delay_s = 0.05
        while True:
            try:
                await self._listen()
                delay_s = 0.05
            except (OSError, StoreError, TimeoutError) as error:
                log.warning("subscriber_lost", store=self._address.label, reason=type(error).__name__)
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, 1.0)

    async def _listen(self) -> None:
        async with asyncio.timeout(5):
            stream = await open_stream(self._address, lambda: None)
        subscribed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waits: list[asyncio.Future[Any]] = [stream.lost, subscribed]
        missing = PARTITION_COUNT

        def pushed(reply: Any) -> None:
            nonlocal missing
            if type(reply) is not list:
                stream.abort("the subscription was refused")
            elif reply[0] == b"smessage":
                self._publish(reply[2])
            elif reply[0] == b"ssubscribe":
                missing -= 1
                if not missing and not subscribed.done():
                    subscribed.set_result(None)

        try:
            stream.on_push = pushed
            channels = (keys.channel(partition, self._node) for partition in range(PARTITION_COUNT))
            stream.subscribe(b"".join(pack(("SSUBSCRIBE", channel)) for channel in channels))
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if subscribed.done():
                await self._on_subscribed()
                await asyncio.wait({stream.lost})
            log.warning("subscriber_lost", store=self._address.label, reason=stream.lost.result())
        finally:
            stream.abort("closed")

    def _publish(self, raw: Any) -> None:
        published = read_published(raw)
        if published is not None:
            self._on_published(published)
