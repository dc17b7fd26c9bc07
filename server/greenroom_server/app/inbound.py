"""What reaches this node from the others: rows, frames, presence, replaced devices, changed accounts."""

from collections.abc import Callable
from typing import Final

import msgspec

from greenroom_protocol.events import MessageSent
from greenroom_protocol.pushes import AnyPush
from greenroom_server.delivery.frames import EventBytes
from greenroom_server.delivery.hub import Hub
from greenroom_server.store.people import Account, People
from greenroom_server.store.presence import PresenceStore
from greenroom_server.store.subscriber import (
    AnnouncementPublished,
    DeviceReplaced,
    FramePublished,
    PresencePublished,
    Published,
    RowPublished,
    TopicPublished,
)
from greenroom_server.telemetry.tasks import Tasks
from greenroom_server.transport.registry import Registry
from greenroom_server.usecases.deliver import change_of
from greenroom_server.usecases.live import PAIR_CHANGED, Live, PairChange
from greenroom_server.usecases.sessions import closes_session

_ACCOUNT_CHANGED: Final = b"!account"
"""A frame between nodes, never to a client: read the account again."""


class Inbound:
    """Hands what was published to the part it is for."""

    def __init__(
        self, hub: Hub, registry: Registry, live: Live, people: People, presence: PresenceStore, tasks: Tasks
    ) -> None:
        self._hub = hub
        self._registry = registry
        self._live = live
        self._people = people
        self._presence = presence
        self._tasks = tasks
        self._push_decoder = msgspec.json.Decoder(AnyPush)
        self.on_account: Callable[[Account], object] = lambda _account: None
        """Called with an account that changed, on every node that serves its user."""
        self.on_topic: Callable[[TopicPublished], object] = lambda _news: None
        self.on_announcement: Callable[[TopicPublished], object] = lambda _news: None

    def published(self, published: Published) -> None:
        """Take what another node published."""
        if isinstance(published, RowPublished):
            if any(type(event) is not MessageSent for event in published.events):
                self._live.thread_changed(published.thread)
            events = EventBytes(published.events) if published.events else None
            change = change_of(published.thread, published.epoch, published.row, events)
            self._hub.changed(published.user, change)
        elif isinstance(published, PresencePublished):
            self._live.presence_published(published.user, published.state)
        elif isinstance(published, TopicPublished):
            self.on_topic(published)
        elif isinstance(published, AnnouncementPublished):
            self.on_announcement(published.news)
        elif isinstance(published, DeviceReplaced):
            self._registry.device_replaced(published.user, published.device, published.connection)
        else:
            self._frame_published(published)

    def _frame_published(self, published: FramePublished) -> None:
        if published.frame == _ACCOUNT_CHANGED:
            self._tasks.spawn(self._end_sessions(published.user), "end sessions")
            return
        if published.frame.startswith(PAIR_CHANGED):
            change = msgspec.json.decode(published.frame.removeprefix(PAIR_CHANGED), type=PairChange)
            self._live.pair_told(published.user, change.peer, change.threads, change.is_blocked)
            return
        frame = self._push_decoder.decode(published.frame)
        self._live.tell(published.user, frame, f"{frame.__struct_config__.tag} {published.user}")

    def account_changed(self, account: Account) -> None:
        """Close what an account may no longer have open, here and on the other nodes."""
        self._tasks.spawn(self._end_sessions(account.user), "end sessions")
        self._tasks.spawn(self._presence.forward(account.user, _ACCOUNT_CHANGED), "tell nodes")

    async def _end_sessions(self, user: str) -> None:
        account = await self._people.account(user)
        if account is None:
            return
        if self._hub.feed(user) is not None:
            self._live.read_privately(user, is_on=account.reads_in_private)
        self.on_account(account)
        for connection in self._registry.of(user):
            close = closes_session(account, connection.issued_at_s)
            if close:
                connection.close(close)
