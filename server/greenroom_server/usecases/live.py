"""What is pushed and never stored in a log: read and delivered marks, typing, presence."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final

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
PAIR_CHANGED: Final = b"!pair"
"""Begins a frame between nodes, never to a client: two people blocked or unblocked each other."""
HiddenFrom = Callable[[str, Sequence[str]], Awaitable[frozenset[str]]]


class PairChange(msgspec.Struct, array_like=True):
    """What follows `PAIR_CHANGED`, for the nodes that serve one of the two."""

    peer: str
    threads: list[str]
    is_blocked: bool


async def _nobody(_user: str, _peers: Sequence[str]) -> frozenset[str]:
    return frozenset()


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
        self._private: set[str] = set()
        """Users with a connection here who read in private."""
        self.on_pair: Callable[[str, str], object] = lambda _user, _peer: None
        """Called on every node that serves one of two people who blocked or unblocked each other."""
        self.hidden_from: HiddenFrom = _nobody
        """Says whom a user may not watch, of some others."""

    def read_privately(self, user: str, *, is_on: bool) -> None:
        """Note whether a user with a connection here reads in private."""
        (self._private.add if is_on else self._private.discard)(user)

    def thread_changed(self, thread: str) -> None:
        """Forget what another node has just changed of a thread."""
        self._heads.drop(thread)

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
        if not isinstance(loaded, Loaded):
            return
        role = loaded.head.role_of(user)
        if role is not None and not loaded.head.peer_code(role):
            frame = TypingChanged(thread=command.thread, user=user, is_typing=command.is_typing)
            self._tell_others(user, loaded.head.present, frame, f"typing {command.thread} {user}")

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
        self._private.discard(user)
        self._presence_moved(user, "", now)

    async def register_again(self, presence_of: Callable[[str], str]) -> None:
        """Say again whom this node serves and watches: its lease had lapsed, so the others took it for gone."""
        served, watched = self._hub.users(), tuple(self._hub.watched())
        await asyncio.gather(*(self.attend(user, presence_of(user), "", "") for user in served))
        states = await asyncio.gather(*(self._presence.watch(user, begins=True) for user in watched))
        for user, state in zip(watched, states, strict=True):
            self.presence_published(user, state)

    async def watch(self, user: str, sink: Sink, old: Iterable[str], command: PresenceWatch) -> PresenceSnapshot:
        """Replace whom a connection watches; who is blocked, either way, is shown as offline."""
        if not all(is_name(name) for name in command.users):
            raise RefusedError(Refused("bad_request.field", detail="users"))
        _, ends = self._hub.watch(sink, old, command.users)
        wanted = list(dict.fromkeys(command.users))
        # Registered first: a block at the same moment either is read here or finds the connection watching.
        hidden, *states = await asyncio.gather(
            self.hidden_from(user, wanted), *(self._presence.watch(name, begins=True) for name in wanted)
        )
        for name in hidden:
            self._hide(sink, name)
        await asyncio.gather(*(self._presence.watch(name, begins=False) for name in ends - set(wanted)))
        shown = {name: "offline" if name in hidden else state for name, state in zip(wanted, states, strict=True)}
        return PresenceSnapshot(id=command.id, users=shown)  # type: ignore[arg-type]  # the store gives these words

    def pair_changed(self, user: str, peer: str, threads: list[str], is_blocked: bool) -> None:
        """Two people blocked or unblocked each other: end presence and typing between them, on every node."""
        self.pair_told(user, peer, threads, is_blocked)
        for one, other in ((user, peer), (peer, user)):
            data = PAIR_CHANGED + _encode(PairChange(other, threads, is_blocked))
            self._tasks.spawn(self._forward_bytes([one], data), "tell nodes")

    def pair_told(self, user: str, peer: str, threads: Iterable[str], is_blocked: bool) -> None:
        """Take notice of it on a node that serves one of them."""
        self.on_pair(user, peer)
        for thread in threads:
            self._heads.drop(thread)
        for one, other in ((user, peer), (peer, user)) if is_blocked else ():
            feed = self._hub.feed(one)
            for sink in feed.sinks if feed is not None else ():
                self._hide(sink, other)

    def _hide(self, sink: Sink, user: str) -> None:
        if self._hub.hide(sink, user, PresenceChanged(user=user, state="offline")):
            self._tasks.spawn(self._end_watch([user]), "unwatch")

    async def _end_watch(self, users: Iterable[str]) -> None:
        try:
            await asyncio.gather(*(self._presence.watch(name, begins=False) for name in users))
        except StoreError:
            return  # a dead node's interest is dropped with its lease

    def unwatch(self, sink: Sink, old: Iterable[str]) -> None:
        """A connection is gone; end what nobody here watches any more."""
        _, ends = self._hub.watch(sink, old, ())
        if ends:
            self._tasks.spawn(self._end_watch(ends), "unwatch")

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
        if read and user in self._private:
            # In two steps, so that what is told says nothing of the reading, not even when it was.
            await self._receipt(user, thread, 0, delivered)
            await self._inboxes.receipt(partition, thread, user, read, 0)
            return
        moved = await self._inboxes.receipt(partition, thread, user, read, delivered)
        loaded = await self._heads.get(thread) if moved is not None else None
        role = loaded.head.role_of(user) if loaded is not None else None
        if moved is None or loaded is None or role is None or loaded.head.peer_code(role):
            return
        shown = 0 if user in self._private else moved[0]
        frame = ReceiptMoved(thread=thread, user=user, read=shown, delivered=moved[1])
        self._tell_others(user, loaded.head.present, frame, f"receipt {thread} {user}")

    def tell(self, user: str, frame: Push, key: str) -> None:
        """Show a user here a frame that may be shed; of read marks nothing to one who reads in private."""
        if isinstance(frame, ReceiptMoved) and frame.read and user in self._private:
            frame = msgspec.structs.replace(frame, read=0)
        self._hub.ephemeral(user, frame, key)

    def _tell_others(self, user: str, participants: Iterable[str], frame: Push, key: str) -> None:
        others = [other for other in participants if other != user]
        for other in others:
            self.tell(other, frame, key)
        if not self._deliver.is_alone:
            self._tasks.spawn(self._forward(others, frame), "forward")

    async def _forward(self, users: Iterable[str], frame: Push) -> None:
        await self._forward_bytes(users, _encode(frame))

    async def _forward_bytes(self, users: Iterable[str], data: bytes) -> None:
        try:
            await asyncio.gather(*(self._presence.forward(user, data) for user in users))
        except StoreError:
            return  # ephemeral: shed rather than retried
