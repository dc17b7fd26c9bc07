"""What is pushed and never stored in a log: read and delivered marks, typing, presence."""

import asyncio
from collections.abc import Callable, Iterable, Mapping

import msgspec

from greenroom_protocol.bases import Push
from greenroom_protocol.commands import PresenceWatch, ThreadRead, TypingSet
from greenroom_protocol.pushes import PresenceChanged, ReceiptMoved, TypingChanged
from greenroom_protocol.replies import PresenceSnapshot, ReadMoved
from greenroom_server.delivery.feed import Sink
from greenroom_server.delivery.hub import Hub
from greenroom_server.domain.ids import is_name, thread_partition
from greenroom_server.store.errors import StoreError
from greenroom_server.store.inboxes import Inboxes
from greenroom_server.store.presence import PresenceStore
from greenroom_server.telemetry.tasks import Tasks
from greenroom_server.usecases.deliver import Deliver, change_of
from greenroom_server.usecases.heads import Heads, Loaded
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError

_encode = msgspec.json.Encoder().encode


class Live:
    """Marks, typing and presence."""

    def __init__(
        self, inboxes: Inboxes, presence: PresenceStore, heads: Heads, hub: Hub, deliver: Deliver, tasks: Tasks
    ) -> None:
        self._inboxes = inboxes
        self._presence = presence
        self._heads = heads
        self._hub = hub
        self._deliver = deliver
        self._tasks = tasks

    async def read(self, user: str, command: ThreadRead) -> ReadMoved:
        """Move one's own read mark: first in the own inbox, then in the thread's head, then tell the others."""
        moved = await self._inboxes.read(user, command.thread, command.n)
        if moved is None:
            raise RefusedError(NOT_FOUND)
        epoch, row, read = moved
        if row is not None:
            self._hub.changed(user, change_of(command.thread, epoch, row, None))
        await self._receipt(user, command.thread, read, read)
        return ReadMoved(id=command.id, n=read)

    def delivered(self, user: str, horizons: Mapping[str, int]) -> None:
        """Note what a device has received, by thread and ordinal; in the background, nothing depends on it."""

        async def note() -> None:
            for thread, n in horizons.items():
                try:
                    await self._receipt(user, thread, 0, n)
                except StoreError:
                    return  # a later mark covers it

        self._tasks.spawn(note(), "delivered marks")

    def typing(self, user: str, command: TypingSet) -> None:
        """Tell the others that somebody types; from somebody who is not in the thread it goes nowhere."""
        loaded = self._heads.cached(command.thread)
        if loaded is not None:
            self._typing(user, command, loaded)
        else:
            self._heads.load(command.thread, lambda loaded: self._typing(user, command, loaded))

    def _typing(self, user: str, command: TypingSet, loaded: Loaded | StoreError | None) -> None:
        if isinstance(loaded, Loaded) and loaded.head.role_of(user) is not None:
            frame = TypingChanged(thread=command.thread, user=user, is_typing=command.is_typing)
            self._tell_others(user, loaded.head.participants, frame, f"typing {command.thread} {user}")

    async def attend(self, user: str, state: str, device: str, connection: str) -> None:
        """Register a connection; its user's presence may change by it."""
        attended = await self._presence.attend(user, state, device, connection)
        self._presence_moved(user, attended.before, attended.now)

    async def leave(self, user: str) -> None:
        """The user's last connection here is gone."""
        now = await self._presence.leave(user)
        if self._hub.feed(user) is not None:  # they came back while this was under way
            await self.attend(user, "active", "", "")
            return
        self._presence_moved(user, "", now)

    async def register_again(self, presence_of: Callable[[str], str]) -> None:
        """Say again whom this node serves and watches: its lease had lapsed, so the others took it for gone."""
        served, watched = self._hub.users(), tuple(self._hub.watched())
        await asyncio.gather(*(self.attend(user, presence_of(user), "", "") for user in served))
        states = await asyncio.gather(*(self._presence.watch(user, begins=True) for user in watched))
        for user, state in zip(watched, states, strict=True):
            self.presence_published(user, state)

    async def watch(self, sink: Sink, old: Iterable[str], command: PresenceWatch) -> PresenceSnapshot:
        """Replace whom a connection watches."""
        if not all(is_name(name) for name in command.users):
            raise RefusedError(Refused("bad_request.field", detail="users"))
        _, ends = self._hub.watch(sink, old, command.users)
        wanted = list(dict.fromkeys(command.users))
        states = await asyncio.gather(*(self._presence.watch(name, begins=True) for name in wanted))
        await asyncio.gather(*(self._presence.watch(name, begins=False) for name in ends - set(wanted)))
        return PresenceSnapshot(id=command.id, users=dict(zip(wanted, states, strict=True)))  # type: ignore[arg-type]  # the store gives these words

    def unwatch(self, sink: Sink, old: Iterable[str]) -> None:
        """A connection is gone; end what nobody here watches any more."""
        _, ends = self._hub.watch(sink, old, ())

        async def end() -> None:
            try:
                await asyncio.gather(*(self._presence.watch(name, begins=False) for name in ends))
            except StoreError:
                return  # a dead node's interest is dropped with its lease

        if ends:
            self._tasks.spawn(end(), "unwatch")

    def presence_published(self, user: str, state: str) -> None:
        """Another node saw a watched user's presence change."""
        self._hub.presence(user, PresenceChanged(user=user, state=state))  # type: ignore[arg-type]  # the store gives these words

    def _presence_moved(self, user: str, before: str, now: str) -> None:
        if now != before:
            self.presence_published(user, now)

    async def _receipt(self, user: str, thread: str, read: int, delivered: int) -> None:
        partition = thread_partition(thread)
        if partition is None:
            return
        moved = await self._inboxes.receipt(partition, thread, user, read, delivered)
        loaded = await self._heads.get(thread) if moved is not None else None
        if moved is not None and loaded is not None:
            frame = ReceiptMoved(thread=thread, user=user, read=moved[0], delivered=moved[1])
            self._tell_others(user, loaded.head.participants, frame, f"receipt {thread} {user}")

    def _tell_others(self, user: str, participants: Iterable[str], frame: Push, key: str) -> None:
        others = [other for other in participants if other != user]
        for other in others:
            self._hub.ephemeral(other, frame, key)
        if not self._deliver.is_alone:
            self._tasks.spawn(self._forward(others, frame), "forward")

    async def _forward(self, users: Iterable[str], frame: Push) -> None:
        data = _encode(frame)
        try:
            await asyncio.gather(*(self._presence.forward(user, data) for user in users))
        except StoreError:
            return  # ephemeral: shed rather than retried
