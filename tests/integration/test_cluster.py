"""Every function of the store on a real cluster of three nodes: each touches one slot only, its channels too.

One server accepts what a cluster refuses, so nothing but a cluster proves this. The last tests prove that a mistake
would show here.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from typing import Final

import pytest

from greenroom_protocol.connects import ConnectsChanged
from greenroom_protocol.events import MessageSent
from greenroom_server.domain.connects import period_of
from greenroom_server.domain.ids import PARTITION_COUNT, own_log, thread_id
from greenroom_server.domain.webhook import DeadLetter
from greenroom_server.store import keys
from greenroom_server.store.append import Charge, Committed, Elsewhere, Rare, Repeat
from greenroom_server.store.candidacies import Candidacies
from greenroom_server.store.change_log import ChangeLog
from greenroom_server.store.dead_letters import DeadLetters
from greenroom_server.store.errors import StoreRefused, Unavailable
from greenroom_server.store.library import FUNCTIONS
from greenroom_server.store.own_logs import OwnLogs
from greenroom_server.store.purses import Entered, Purses
from greenroom_server.store.records import Owed, pack
from greenroom_server.store.subscriber import DeviceReplaced, FramePublished, PresencePublished, RowPublished
from testkit import community_cluster, moderation_cluster, people_cluster, safety_cluster
from testkit.store import Ear, StoreNode, Talk, ear, new_cid, now_ms, person, store_node
from testkit.valkey import RealValkey, real_cluster

EVENTS: Final = pack([(1, 1, 1001, '{"type":"message.sent","by":"maya","cid":"c","body":"Hello."}')])


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[RealValkey]]:
    with real_cluster(tmp_path_factory.mktemp("c")) as nodes:
        yield nodes


class Place:
    """A partition, the hub's connection to the cluster node that owns it, and another hub that listens there."""

    def __init__(self, node: StoreNode, partition: int, neighbour: int, elsewhere: int, listener: Ear) -> None:
        self.node = node
        self.partition = partition
        self.elsewhere = elsewhere
        """A partition on another cluster node."""
        self.neighbour = neighbour
        """Another partition on this cluster node."""
        self.listener = listener
        self.other = node.other("n2")

    async def talk(self) -> Talk:
        """Open a thread here: the freelancer's inbox is here, the client's on another cluster node."""
        return await self.node.opened(freelancer_in=self.partition, client_in=self.elsewhere)

    async def local_talk(self) -> Talk:
        """Open a thread here with both inboxes here, and the freelancer connected to the other hub as well."""
        talk = await self.node.opened(freelancer_in=self.partition, client_in=self.partition)
        await self.attended(talk.freelancer)
        return talk

    async def attended(self, user: str = "") -> str:
        """Connect somebody of this partition to the other hub."""
        user = user or person(self.partition)
        await self.other.live(self.partition)
        await self.other.presence.attend(user, "background", "phone", "c1")
        return user

    async def touched(self) -> str:
        """Give somebody with one row in their inbox, who is connected to the other hub."""
        user = await self.attended()
        assert await self.node.touch(user, "t1_x", Owed(1, 1, 1, "direct", 1, 0, 0), EVENTS)
        assert isinstance(await self.listener.next(), RowPublished)
        return user


async def owner_of(partition: int, nodes: list[StoreNode]) -> StoreNode:
    """Ask the nodes which of them owns a partition's slot."""
    for node in nodes:
        with suppress(Unavailable):  # store.moved
            await node.committer.call("EXISTS", keys.epoch(partition))
            return node
    raise AssertionError("nobody owns the slot")


@pytest.fixture
async def places(servers: list[RealValkey]) -> AsyncIterator[list[Place]]:
    """One place on each node of the cluster."""
    async with AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(store_node(server.address)) for server in servers]
        owned: dict[StoreNode, list[int]] = {node: [] for node in nodes}
        for partition in range(PARTITION_COUNT):
            owned[await owner_of(partition, nodes)].append(partition)
        found = []
        for number, node in enumerate(nodes):
            partition, neighbour, *_ = owned[node]
            elsewhere, *_ = owned[nodes[number - 1]]
            await node.confirm(partition)
            await node.live(partition)
            listener = await stack.enter_async_context(ear(servers[number].address, "n2", [partition]))
            found.append(Place(node, partition, neighbour, elsewhere, listener))
        yield found


async def commit(place: Place) -> None:
    talk = await place.local_talk()
    what = talk.message(talk.client, rare=Rare(set={"rev": 2}, timers=[(1, "x")], amend=(1, False), index="logo"))
    assert isinstance(await talk.append(what), Committed)
    published = await place.listener.next()
    assert isinstance(published, RowPublished)
    assert (published.user, [event.seq for event in published.events]) == (talk.freelancer, [2])
    assert isinstance(await talk.append(what), Repeat)
    remote = await place.talk()
    assert [user for user, _ in (await remote.say(remote.freelancer)).owed] == [remote.client]


async def open_(place: Place) -> None:
    talk = await place.talk()
    assert await talk.open() == Elsewhere(talk.thread, can_adopt=False)


async def touch(place: Place) -> None:
    await place.touched()


async def read(place: Place) -> None:
    user = await place.touched()
    moved = await place.node.inboxes.read(user, "t1_x", 1)
    assert moved is not None
    assert isinstance(await place.listener.next(), RowPublished)


async def settle(place: Place) -> None:
    talk = await place.talk()
    said = await talk.say(talk.freelancer)
    assert await place.node.settle(place.partition, *((user, talk.thread, value) for user, value in said.owed)) == 1


async def owed(place: Place) -> None:
    talk = await place.talk()
    found = await place.node.inboxes.owed(place.partition, 1000, 0, 100)
    assert talk.thread in {debt.thread for debt in found}


async def refuse(place: Place) -> None:
    assert await (await place.talk()).refuse(new_cid(), "hash") == 1


async def recall(place: Place) -> None:
    talk, cid = await place.talk(), new_cid()
    await talk.refuse(cid, "hash")
    assert isinstance(await talk.recall(cid, "hash"), Repeat)


async def changes(place: Place) -> None:
    assert len((await place.node.inboxes.changes(await place.touched(), 0, 10)).rows) == 1


async def top(place: Place) -> None:
    assert len((await place.node.inboxes.top(await place.touched(), None, 10)).rows) == 1


async def attend(place: Place) -> None:
    user = await place.attended()
    await place.other.presence.watch(user, begins=True)
    attended = await place.node.presence.attend(user, "active", "phone", "c2")
    assert attended == (place.node.epochs[place.partition], "active", "background")
    assert await place.listener.next() == DeviceReplaced(user, "phone", "c2")
    assert await place.listener.next() == PresencePublished(user, "active")


async def leave(place: Place) -> None:
    user = person(place.partition)
    await place.other.live(place.partition)
    await place.node.presence.attend(user, "active", "phone", "c1")
    await place.other.presence.watch(user, begins=True)
    assert await place.node.presence.leave(user) == "offline"
    assert await place.listener.next() == PresencePublished(user, "offline")


async def watch(place: Place) -> None:
    assert await place.node.presence.watch(await place.attended(), begins=True) == "background"


async def forward(place: Place) -> None:
    user = await place.attended()
    await place.node.presence.forward(user, b"{}")
    assert await place.listener.next() == FramePublished(user, b"{}")


async def receipt(place: Place) -> None:
    talk = await place.talk()
    assert await place.node.inboxes.receipt(place.partition, talk.thread, talk.freelancer, 1, 1) == [1, 1]


async def epoch(place: Place) -> None:
    assert await place.node.confirm(place.partition) == []


async def due(place: Place) -> None:
    await place.node.committer.call("ZADD", keys.timers(place.partition), now_ms() - 1, "past")
    assert "past" in await place.node.timers.due(place.partition, 1000, 10)


async def pair(place: Place) -> None:
    people, client, freelancer = place.node.people, person(place.elsewhere), person(place.partition)
    assert await people.save_pair(client, freelancer, 0, await people.pair(client, freelancer))


async def enrol(place: Place) -> None:
    assert await place.node.call("enrol", [keys.followers(place.partition)], "rules") == 1


async def news(place: Place) -> None:
    talk = await place.talk()
    await talk.say(talk.client, rare=Rare(change="interview.started"))
    names = [keys.changes(place.partition), keys.followers(place.partition)]
    assert (await place.node.call("news", names, "nobody"))[0] == 0


async def follow(place: Place) -> None:
    log = ChangeLog(place.node.committer, place.node.name)
    await log.note(place.partition, "profile.metrics", "jonas", {})
    held = await log.follow(place.partition, "rules", 1000, reached="", after="", limit=500, keeps=False)
    assert held is not None
    assert held.pointers[-1].kinds == ("profile.metrics",)


async def bury(place: Place) -> None:
    letter = DeadLetter(endpoint="x", event="e", kind="k", died_at=1, tries=1, status=0, body="{}")
    with suppress(Unavailable):  # store.moved: dead letters lie in partition 0
        assert await DeadLetters(place.node.committer).bury(letter, 10) == (1, 0)


async def unbury(place: Place) -> None:
    with suppress(Unavailable):
        await DeadLetters(place.node.committer).unbury("x.e")


async def personal(place: Place) -> None:
    user = await place.touched()
    assert await place.node.inboxes.personal(user, "t1_x", "muted", 5) is not None
    published = await place.listener.next()
    assert isinstance(published, RowPublished)
    assert (published.row.muted_until, published.row.archived_n) == (5, -1)


async def notice(place: Place) -> None:
    user = await place.attended()
    event = ConnectsChanged(change="grant", amount=1, balance=1)
    noticed = await OwnLogs(place.node.committer, "n1").append(user, event)
    assert noticed.row.seq == 1
    assert isinstance(await place.listener.next(), RowPublished)


async def connects(place: Place) -> None:
    purses, user = await purse(place)
    page = await purses.page(user, period_of(now_ms(), 1), 60, None, 5)
    assert page is not None
    assert (page.balance, len(page.entries)) == (60, 1)


async def account(place: Place) -> None:
    purses, user = await purse(place)
    entered = await purses.enter(user, "order", "purchase", 5, period_of(now_ms(), 1), 60)
    assert isinstance(entered, Entered)
    assert entered.entry.balance == 65
    talk = Talk(place.node, person(place.elsewhere), user, thread_id(user, "0123456789abcdef"))
    charge = Charge("proposal", -2, "", (), 0, own_log(user))
    outcome = await talk.open(talk.message(user, events=[MessageSent(by=user, body="x")], rare=Rare(ledger=charge)))
    assert isinstance(outcome, Committed), outcome
    assert outcome.told is not None
    assert outcome.told.event.balance == 63  # type: ignore[attr-defined]  # it is a ConnectsChanged


async def candidacies(place: Place) -> None:
    talk = await place.local_talk()
    page = await Candidacies(place.node.committer).page(talk.client, ["direct"], None, 5)
    assert [thread for thread, _ in page.rows] == [talk.thread]


async def purse(place: Place) -> tuple[Purses, str]:
    """Give somebody with a profile, and who keeps their Connects."""
    user = person(place.partition)
    await place.node.committer.call("HSET", keys.profile(place.partition, user), "name", "Jonas")
    return Purses(place.node.committer, OwnLogs(place.node.committer, "n1")), user


EXERCISES: Final[dict[str, Callable[[Place], Awaitable[None]]]] = {
    exercise.__name__.rstrip("_"): exercise
    for exercise in (
        *(commit, open_, touch, read, settle, owed, refuse, recall, changes, top),
        *(attend, leave, watch, forward, receipt, epoch, due, pair, personal),
        *(enrol, news, follow, bury, unbury),
        *(notice, connects, account, candidacies),
    )
}


def on_node(run: Callable[[StoreNode], Awaitable[None]]) -> Callable[[Place], Awaitable[None]]:
    return lambda place: run(place.node)


EXERCISES.update({name: on_node(run) for name, run in community_cluster.EXERCISES.items()})
EXERCISES.update({name: on_node(run) for name, run in people_cluster.EXERCISES.items()})
EXERCISES.update({name: on_node(run) for name, run in safety_cluster.EXERCISES.items()})
EXERCISES.update({name: on_node(run) for name, run in moderation_cluster.EXERCISES.items()})


def test_every_function_is_exercised_here() -> None:
    assert EXERCISES.keys() == set(FUNCTIONS)


@pytest.mark.parametrize("function", FUNCTIONS)
async def test_a_function_works_on_every_node_of_a_cluster(places: list[Place], function: str) -> None:
    for place in places:
        await EXERCISES[function](place)


async def test_a_message_crosses_from_one_cluster_node_to_another_through_the_dirty_set(places: list[Place]) -> None:
    here = places[0]
    there = next(place for place in places if place.partition == here.elsewhere)
    talk = await here.talk()
    await there.attended(talk.client)
    [(user, value)] = (await talk.say(talk.freelancer)).owed
    assert await there.node.touch(user, talk.thread, value) is not None
    published = await there.listener.next()
    assert isinstance(published, RowPublished)
    assert (published.user, published.thread, published.row.seq) == (talk.client, talk.thread, 2)
    assert await here.node.settle(here.partition, (user, talk.thread, value)) == 1


async def test_a_member_whose_inbox_is_on_another_cluster_node_gets_their_row(places: list[Place]) -> None:
    here = places[0]
    there = next(place for place in places if place.partition == here.elsewhere)
    talk, member = await here.talk(), await there.attended()
    joined = await talk.join(member)
    owed = dict(joined.owed)
    assert set(owed) == {talk.client, member}
    assert (await there.node.touch(member, talk.thread, owed[member])) is not None
    published = await there.listener.next()
    assert isinstance(published, RowPublished)
    assert (published.user, published.row.from_seq, published.row.seq) == (member, 0, joined.seq)
    assert (published.row.n, published.row.read) == (joined.n, joined.n)
    said = await talk.say(member)
    assert set(dict(said.owed)) == {talk.client, member}
    assert (await there.node.touch(member, talk.thread, dict(said.owed)[member])) is not None
    assert isinstance(await there.listener.next(), RowPublished)
    left = await talk.quit(member)
    assert (await there.node.touch(member, talk.thread, dict(left.owed)[member])) is not None
    assert set(dict((await talk.say(talk.freelancer)).owed)) == {talk.client}
    assert (await there.node.row(member, talk.thread)).seq == left.seq


async def test_a_member_whose_inbox_is_beside_the_thread_is_touched_in_the_commit(places: list[Place]) -> None:
    here = places[0]
    talk, member = await here.talk(), await here.attended()
    joined = await talk.join(member, sees_all=False)
    [row] = [row for user, row in joined.rows if user == member]
    assert (row.from_seq, row.seq, row.n, row.read) == (0, joined.seq, joined.n, joined.n)
    assert isinstance(await here.listener.next(), RowPublished)
    assert (await talk.fields())[f"user:{member}"] == f"client {joined.seq - 1} 0 member call"
    left = await talk.quit(member)
    assert (await talk.fields())[f"user:{member}"] == f"client {joined.seq - 1} {left.seq} member call"


# --- would a mistake show?


@pytest.mark.parametrize("name", ["dirty", "nodes", "epoch"])
async def test_a_key_of_another_slot_is_refused(
    places: list[Place], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = getattr(keys, name)
    for wrong in (places[0].elsewhere, places[0].neighbour):
        monkeypatch.setattr(keys, name, lambda _, partition=wrong: build(partition))
        with pytest.raises(AssertionError, match="CROSSSLOT"):
            await places[0].talk()


async def test_a_channel_of_another_slot_is_refused(places: list[Place], monkeypatch: pytest.MonkeyPatch) -> None:
    place = places[0]
    user = await place.attended()
    for partition in (place.elsewhere, place.neighbour):
        monkeypatch.setattr(keys, "tag", lambda _, wrong=partition: f"{{p{wrong}}}")
        with pytest.raises(StoreRefused, match="access"):
            await place.node.presence.forward(user, b"{}")
    monkeypatch.undo()
    await place.node.presence.forward(user, b"{}")
    assert await place.listener.next() == FramePublished(user, b"{}")
