"""The store's functions as a hub calls them, without a hub: one node, threads of people chosen by partition."""

import asyncio
import itertools
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final, Self

from greenroom_protocol.bases import Event
from greenroom_protocol.cid import cid_time_ms, make_cid
from greenroom_protocol.events import MessageSent
from greenroom_protocol.team import MemberAdded, MemberRemoved
from greenroom_server.domain.head import Head, Participant
from greenroom_server.domain.ids import thread_id, user_partition
from greenroom_server.domain.relationship import Relationship
from greenroom_server.domain.thread_state import Role, ThreadState
from greenroom_server.store import epochs, keys, records
from greenroom_server.store.append import Append, Committed, Outcome, Rare
from greenroom_server.store.committer import Committer
from greenroom_server.store.connect import StoreAddress, open_stream
from greenroom_server.store.inboxes import Inboxes
from greenroom_server.store.library import library
from greenroom_server.store.obligations import Obligations
from greenroom_server.store.people import People
from greenroom_server.store.presence import LEASE_MS, PresenceStore
from greenroom_server.store.records import InboxRow, Owed, Row, read_owed, unpack, write_membership, write_participant
from greenroom_server.store.resp import Argument, pack
from greenroom_server.store.subscriber import Published, read_published
from greenroom_server.store.thread_ref import ThreadRef
from greenroom_server.store.threads import Threads
from greenroom_server.store.timers import Timers

HERE: Final = 17
"""Partition of the freelancers of these threads, and so of the threads."""
THERE: Final = 71
"""Another partition."""
_numbers = itertools.count(1)


def person(partition: int, name: str = "user") -> str:
    """Give the id of somebody new whose inbox is in a partition."""
    stem = f"{name}_{os.getpid()}_{next(_numbers)}"
    return next(user for i in itertools.count() if user_partition(user := f"{stem}_{i}") == partition)


def now_ms() -> int:
    """Give the time, UTC ms."""
    return time.time_ns() // 1_000_000


def new_cid(*, age_ms: int = 0) -> str:
    """Make a cid as of some time ago."""
    return make_cid(now_ms() - age_ms, os.urandom(10))


async def answer(start: Callable[[Callable[[Any], object]], object]) -> Any:
    """Await what a function gives to its callback."""
    given: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    start(given.set_result)
    return await given


class Talk:
    """A thread, and how its people write in it."""

    def __init__(self, node: "StoreNode", client: str, freelancer: str, thread: str, job: str = "") -> None:
        people = {client: Participant(client, Role.CLIENT), freelancer: Participant(freelancer, Role.FREELANCER)}
        self.head = Head(
            thread=thread, rev="1", state=ThreadState.DIRECT, why=None, client=client, freelancer=freelancer, job=job,
            title="", gate_opened_at=0, expires_at=0, participants=people, relationship=Relationship(), bounces={},
        )  # fmt: skip
        self.node = node
        self.ref: ThreadRef = node.threads.ref(self.head)
        self.thread, self.client, self.freelancer = thread, client, freelancer
        self.partition = self.ref.partition

    def through(self, node: "StoreNode") -> "Talk":
        """Give the same thread, as another node writes in it."""
        return Talk(node, self.client, self.freelancer, self.thread, self.head.job)

    def message(self, actor: str, body: str = "Hello.", **fields: Any) -> Append:
        """Make a message; further fields are those of `Append`."""
        cid = fields.pop("cid", None) or new_cid()
        events: Sequence[Event] = fields.pop("events", None) or [MessageSent(by=actor, cid=cid, body=body)]
        what: dict[str, Any] = {
            "events": events, "actor": actor, "cid": cid, "cid_ms": cid_time_ms(cid), "body_hash": body,
            "op": "c1" if actor == self.client else "f", "state": "direct", **fields,
        }  # fmt: skip
        return Append(**what)

    async def open(self, what: Append | None = None, *, pair_rev: int = 0) -> Outcome:
        """Create the thread with the client's first message."""
        what = what or self.message(self.client, rare=Rare())
        head = self.head
        fields: dict[str, str | int] = {"state": "direct", "client": self.client, "freelancer": self.freelancer}
        fields |= {f"user:{p.user}": write_participant(p) for p in head.participants.values()}
        epoch = self.node.epochs[self.partition]
        outcome: Outcome = await answer(
            lambda done: self.node.threads.open(self.ref, epoch, pair_rev, fields, head.job, what, done)
        )
        return outcome

    async def append(self, what: Append, *, epoch: int | None = None, **head: Any) -> Outcome:
        """Commit; further arguments change the head that the decision is said to rest on."""
        outcome: Outcome = await answer(
            lambda done: self.node.threads.append(
                self.ref, replace(self.head, **head), epoch or self.node.epochs[self.partition], what, done
            )
        )
        return outcome

    async def say(self, actor: str, body: str = "Hello.", **fields: Any) -> Committed:
        """Send a message that is accepted."""
        outcome = await self.append(self.message(actor, body, **fields))
        assert isinstance(outcome, Committed), outcome
        return outcome

    async def join(self, user: str, *, sees_all: bool = True) -> Committed:
        """Bring in a member of the client's, who may ask for calls."""
        event = MemberAdded(by=self.client, user=user, side="client", history="all" if sees_all else "from_now")
        seat = (user, "client", 0 if sees_all else -1, 0, write_membership(["call"]))
        return await self._reseat(event, seat, joins=user)

    async def quit(self, user: str) -> Committed:
        """Let a member leave."""
        place = self.head.participants[user]
        event = MemberRemoved(by=user, user=user, side="client")
        return await self._reseat(event, (user, "client", place.from_seq, -1, write_membership(["call"])))

    async def _reseat(self, event: Event, seat: tuple[str, str, int, int, str], *, joins: str = "") -> Committed:
        rev = int(self.head.rev) + 1
        what = self.message(self.client, events=[event], op="-", rare=Rare(set={"rev": rev}, seat=seat))
        ref = self.node.threads.ref(self.head, joins) if joins else self.ref
        epoch = self.node.epochs[self.partition]
        outcome = await answer(lambda done: self.node.threads.append(ref, self.head, epoch, what, done))
        assert isinstance(outcome, Committed), outcome
        found = await self.node.threads.head(self.thread)
        assert found is not None
        self.head, _ = found
        self.ref = self.node.threads.ref(self.head)
        return outcome

    async def fields(self) -> dict[str, str]:
        """Read the head as it is stored."""
        reply = iter(await self.node.committer.call("HGETALL", keys.head(self.partition, self.thread)))
        pairs = zip(reply, reply, strict=True)
        return {name.decode(): value.decode() for name, value in pairs if name != b"tail"}

    async def set_last_at(self, at: int) -> None:
        """Put the time of the thread's last event elsewhere."""
        head = keys.head(self.partition, self.thread)
        tail = unpack(await self.node.committer.call("HGET", head, "tail"))
        tail[2] = at
        await self.node.committer.call("HSET", head, "tail", records.pack(tail))

    async def refuse(self, cid: str, body_hash: str, extra: str = "{}") -> Any:
        """Remember a bounce of the client's."""
        made_ms = cid_time_ms(cid) or 0
        return await answer(
            lambda done: self.node.threads.refuse(self.thread, self.client, cid, made_ms, body_hash, extra, b"", done)
        )

    async def recall(self, cid: str, body_hash: str) -> Any:
        """Ask what a cid of the client's was answered."""
        made_ms = cid_time_ms(cid) or 0
        return await answer(
            lambda done: self.node.threads.recall(self.thread, self.client, cid, made_ms, body_hash, done)
        )


class StoreNode:
    """What one node holds of a store."""

    def __init__(self, committer: Committer, name: str, epoch_of: dict[int, int] | None = None) -> None:
        self.committer = committer
        self.name = name
        self.threads = Threads(committer, name)
        self.inboxes = Inboxes(committer, name)
        self.presence = PresenceStore(committer, name)
        self.people = People(committer)
        self.obligations = Obligations(committer)
        self.timers = Timers(committer, name)
        self.epochs: dict[int, int] = {} if epoch_of is None else epoch_of

    def other(self, name: str) -> Self:
        """Give another node on the same connection."""
        return type(self)(self.committer, name, self.epochs)

    async def call(self, function: str, names: Sequence[str], *args: Argument) -> Any:
        """Call a function by its name in the library."""
        return await self.committer.call("FCALL", library().function(function), len(names), *names, *args)

    async def confirm(self, *partitions: int, primary: str = "p1", keeps: bool = True) -> list[int]:
        """Confirm epochs for a primary; gives which were raised."""
        raised = []
        for partition in partitions:
            epoch, is_raised = await self.call("epoch", [keys.epoch(partition)], primary, "1" if keeps else "0")
            self.epochs[partition] = epoch
            raised += [partition] * is_raised
        return raised

    async def live(self, *partitions: int, for_ms: int = LEASE_MS) -> None:
        """Hold this node's lease in some partitions."""
        for partition in partitions:
            await self.committer.call("ZADD", keys.nodes(partition), now_ms() + for_ms, self.name)

    def talk(self, *, freelancer_in: int = HERE, client_in: int = THERE, job: str = "") -> Talk:
        """Make up a pair; their thread is not yet in the store."""
        client, freelancer = person(client_in, "client"), person(freelancer_in, "freelancer")
        return Talk(self, client, freelancer, thread_id(freelancer, os.urandom(8).hex()), job)

    async def opened(self, **where: Any) -> Talk:
        """Give a new thread that holds the client's first message."""
        talk = self.talk(**where)
        outcome = await talk.open()
        assert isinstance(outcome, Committed), outcome
        return talk

    async def touch(self, user: str, thread: str, owed: Owed | bytes, events: bytes = b"") -> Row | None:
        """Touch a row."""
        what = read_owed(owed) if isinstance(owed, bytes) else owed
        row: Row | None = await answer(lambda done: self.inboxes.touch(user, thread, what, events, done))
        return row

    async def settle(self, partition: int, *done_touches: tuple[str, str, bytes]) -> int:
        """Forget owed touches; gives how many were removed."""
        gone: int = await answer(lambda done: self.inboxes.settle(partition, list(done_touches), done))
        return gone

    async def row(self, user: str, thread: str) -> InboxRow:
        """Read a row that is there."""
        row = await self.inboxes.row(user, thread)
        assert row is not None
        return row


@asynccontextmanager
async def store_node(
    address: StoreAddress, name: str = "n1", partitions: Sequence[int] = ()
) -> AsyncIterator[StoreNode]:
    """Connect to a store, load the functions and confirm the epochs of some partitions."""
    committer = Committer(address, on_connected=lambda: epochs.load_library(committer))
    await committer.start()
    try:
        node = StoreNode(committer, name)
        await node.confirm(*partitions)
        await node.live(*partitions)
        yield node
    finally:
        await committer.close()


class Ear:
    """What is published to one node."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[Published] = asyncio.Queue()

    async def next(self) -> Published:
        """Wait for the next frame."""
        async with asyncio.timeout(10):
            return await self.heard.get()


@asynccontextmanager
async def ear(address: StoreAddress, node: str, partitions: Sequence[int]) -> AsyncIterator[Ear]:
    """Listen to what is published to a node in some partitions."""
    stream = await open_stream(address, lambda: None)
    listener, subscribed = Ear(), asyncio.Semaphore(0)

    def pushed(reply: Any) -> None:
        assert isinstance(reply, list), reply
        if reply[0] == b"ssubscribe":
            subscribed.release()
        else:
            published = read_published(reply[2])
            assert published is not None
            listener.heard.put_nowait(published)

    stream.on_push = pushed
    for partition in partitions:
        stream.subscribe(pack(("SSUBSCRIBE", keys.channel(partition, node))))
        await subscribed.acquire()
    try:
        yield listener
    finally:
        stream.abort("closed")
        await stream.lost
