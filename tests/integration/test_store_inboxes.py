"""What the store's functions of inboxes, presence, deadlines, pairs and epochs answer and change; a real Valkey."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from greenroom_server.store import keys
from greenroom_server.store.records import Owed, Row, pack, read_owed
from greenroom_server.store.subscriber import DeviceReplaced, FramePublished, PresencePublished, RowPublished
from testkit.store import HERE, THERE, StoreNode, Talk, ear, now_ms, person, store_node
from testkit.valkey import RealValkey, real_valkey

THREAD = f"t{HERE}_abc"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealValkey]:
    folder: Path = tmp_path_factory.mktemp("v")
    with real_valkey(folder) as running:
        yield running


@pytest.fixture
async def node(server: RealValkey) -> AsyncIterator[StoreNode]:
    async with store_node(server.address, "n1", (HERE, THERE)) as connected:
        yield connected


@pytest.fixture
async def talk(node: StoreNode) -> Talk:
    """A thread with one message of the client's, whose inbox is in another partition."""
    return await node.opened()


# --- touch, settle, owed


def owed(seq: int, n: int, *, epoch: int = 1, read: int = 0) -> Owed:
    return Owed(epoch, seq, n, "direct", 1000 + seq, read, 0)


async def test_a_touch_gives_the_row_with_the_seq_it_had_before_or_nothing(node: StoreNode) -> None:
    user = person(THERE)
    assert await node.touch(user, THREAD, owed(3, 2)) == Row(1, 0, 3, 2, 0, "direct", 1003)
    assert await node.touch(user, THREAD, owed(3, 2)) is None
    assert await node.touch(user, THREAD, owed(2, 1)) is None
    assert await node.touch(user, THREAD, owed(5, 4, read=9)) == Row(2, 3, 5, 4, 4, "direct", 1005)
    assert await node.touch(user, THREAD, owed(1, 1, epoch=2)) == Row(3, 0, 1, 1, 1, "direct", 1001)
    assert await node.touch(user, THREAD, owed(9, 9)) is None, "of an epoch that is over"
    assert await node.inboxes.mark(user) == 3


async def test_a_touch_that_changes_nothing_still_writes(node: StoreNode) -> None:
    user = person(THERE)
    for _ in range(3):
        await node.touch(user, THREAD, owed(1, 1))
    assert await node.committer.call("HGET", keys.inbox_keys(user)[1], "#repeats") == b"2"


async def test_what_is_owed_is_listed_when_old_enough_and_by_one_node_at_a_time(talk: Talk) -> None:
    inboxes = talk.node.inboxes
    assert talk.thread not in {debt.thread for debt in await inboxes.owed(HERE, 5000, 60_000, 100)}
    [debt] = [debt for debt in await inboxes.owed(HERE, 5000, 0, 100) if debt.thread == talk.thread]
    assert (debt.user, debt.touch.seq, debt.touch.n) == (talk.client, 1, 1)
    other = talk.node.other("n2").inboxes
    assert await other.owed(HERE, 5000, 0, 100) == []
    await talk.node.committer.call("DEL", keys.lock(HERE, "repair"))
    assert talk.thread in {debt.thread for debt in await other.owed(HERE, 5000, 0, 100)}
    await talk.node.committer.call("DEL", keys.lock(HERE, "repair"))


async def test_looking_for_owed_touches_that_are_still_young_takes_no_lock(talk: Talk) -> None:
    await talk.node.inboxes.owed(HERE, 5000, 60_000, 100)
    assert await talk.node.committer.call("EXISTS", keys.lock(HERE, "repair")) == 0


async def test_an_owed_touch_is_settled_only_with_the_value_that_was_touched(talk: Talk) -> None:
    first = (await talk.say(talk.client)).owed[0][1]
    second = (await talk.say(talk.client)).owed[0][1]
    assert await talk.node.settle(HERE, (talk.client, talk.thread, first)) == 0
    assert await talk.node.settle(HERE, (talk.client, talk.thread, second), ("nobody", "t1_x", second)) == 1
    assert await talk.node.settle(HERE, (talk.client, talk.thread, second)) == 0


async def test_what_is_owed_again_is_owed_since_the_first_time(talk: Talk) -> None:
    value = read_owed((await talk.say(talk.client)).owed[0][1])
    field = f"{talk.client}/{talk.thread}"
    await talk.node.committer.call("HSET", keys.dirty(HERE), field, pack(value._replace(since=5)))
    again = read_owed((await talk.say(talk.freelancer)).owed[0][1])
    assert (again.since, again.seq, again.read) == (5, 3, 2)


# --- changes, top, read, receipt


async def test_an_inbox_is_read_in_pages_from_both_ends(node: StoreNode) -> None:
    user = person(THERE)
    threads = [f"t{HERE}_{i}" for i in range(5)]
    for thread in [*threads, threads[1]]:
        row = await node.inboxes.row(user, thread)
        await node.touch(user, thread, owed(row.seq + 1 if row else 1, 1))
    page = await node.inboxes.changes(user, 1, 2)
    assert (page.epoch, page.mark, page.is_complete, page.more) == (node.epochs[THERE], 6, True, True)
    assert [(name, row.mark) for name, row in page.rows] == [(threads[2], 3), (threads[3], 4)]
    page = await node.inboxes.changes(user, 4, 2)
    assert ([row.mark for _, row in page.rows], page.more) == ([5, 6], False)
    page = await node.inboxes.top(user, None, 3)
    assert ([row.mark for _, row in page.rows], page.more) == ([6, 5, 4], True)
    page = await node.inboxes.top(user, 4, 3)
    assert ([row.mark for _, row in page.rows], page.more) == ([3, 1], False)
    assert (await node.inboxes.changes(person(THERE), 0, 9)).rows == []


async def test_read_moves_forward_only_and_never_passes_n(node: StoreNode) -> None:
    user = person(THERE)
    assert await node.inboxes.read(user, THREAD, 1) is None
    await node.touch(user, THREAD, owed(9, 5))
    epoch, row, read = await node.inboxes.read(user, THREAD, 3) or (0, None, 0)
    assert (epoch, row, read) == (1, Row(2, 9, 9, 5, 3, "direct", 1009), 3)
    assert await node.inboxes.read(user, THREAD, 2) == (1, None, 3)
    assert (await node.inboxes.read(user, THREAD, 1_000_000) or (0, None, 0))[2] == 5
    assert await node.inboxes.read(user, THREAD, 6) == (1, None, 5)
    assert await node.inboxes.mark(user) == 3


async def test_receipts_only_grow_and_belong_to_participants(talk: Talk) -> None:
    for _ in range(3):
        await talk.say(talk.client)
    receipt, user = talk.node.inboxes.receipt, talk.freelancer
    assert await receipt(HERE, talk.thread, user, 0, 3) == [0, 3]
    assert await receipt(HERE, talk.thread, user, 2, 0) == [2, 3]
    assert await receipt(HERE, talk.thread, user, 1, 1) is None
    assert await receipt(HERE, talk.thread, user, 99, 0) == [4, 4]
    assert await receipt(HERE, talk.thread, "stranger", 1, 1) is None
    assert await receipt(HERE, "t17_nothing", user, 1, 1) is None


# --- attend, leave, watch, forward


async def test_presence_is_the_best_of_the_live_nodes(node: StoreNode) -> None:
    user, other = person(HERE), node.other("n2")
    await other.live(HERE)
    assert await node.presence.attend(user, "background", "phone", "c1") == (node.epochs[HERE], "background", "offline")
    assert (await other.presence.attend(user, "active", "laptop", "c2"))[1:] == ("active", "background")
    assert await other.presence.leave(user) == "background"
    assert await node.presence.watch(user, begins=True) == "background"
    assert await node.presence.leave(user) == "offline"
    gone = node.other("gone")
    await gone.live(HERE, for_ms=-1)
    await gone.presence.attend(user, "active", "phone", "c3")
    assert await node.presence.watch(user, begins=False) == "offline", "its lease has lapsed"


async def test_other_nodes_are_told_of_rows_devices_presence_and_frames(server: RealValkey, node: StoreNode) -> None:
    user, other = person(HERE), node.other("n2")
    await other.live(HERE)
    async with ear(server.address, "n2", [HERE]) as listener:
        await other.presence.watch(user, begins=True)
        await other.presence.attend(user, "background", "phone", "c1")
        await node.presence.attend(user, "active", "phone", "c2")
        assert await listener.next() == DeviceReplaced(user, "phone", "c2")
        assert await listener.next() == PresencePublished(user, "active")
        event = '{"type":"message.sent","by":"maya","cid":"c","body":"Grüße"}'
        row = await node.touch(user, THREAD, owed(1, 1), pack([(1, 1, 1001, event)]))
        published = await listener.next()
        assert isinstance(published, RowPublished)
        assert (published.user, published.thread, published.epoch, published.row) == (user, THREAD, 1, row)
        assert [(e.seq, e.n, e.at, e.body) for e in published.events] == [(1, 1, 1001, "Grüße")]
        moved = await node.inboxes.read(user, THREAD, 1)
        assert await listener.next() == RowPublished(user, THREAD, 1, moved[1] if moved else None, [])  # type: ignore[arg-type]
        await node.presence.forward(user, b'{"type":"typing.changed"}')
        assert await listener.next() == FramePublished(user, b'{"type":"typing.changed"}')
        await other.presence.forward(user, b"nobody hears what they said themselves")
        await node.presence.leave(user)
        assert await listener.next() == PresencePublished(user, "background")
        assert listener.heard.empty()


async def test_a_node_whose_lease_has_lapsed_is_forgotten(node: StoreNode) -> None:
    user, gone = person(HERE), node.other("gone")
    await gone.presence.attend(user, "active", "phone", "c1")
    await gone.live(HERE, for_ms=-1)
    await node.touch(user, THREAD, owed(1, 1))
    assert await node.committer.call("HGETALL", keys.inbox_keys(user)[2]) == []


# --- due, pair, epoch


async def test_deadlines_are_due_to_one_node_and_stay_until_dropped(node: StoreNode) -> None:
    await node.committer.call("DEL", keys.timers(THERE), keys.lock(THERE, "timers"))
    await node.committer.call("ZADD", keys.timers(THERE), now_ms() - 5, "past", now_ms() + 60_000, "future")
    assert await node.timers.due(THERE, 5000, 10) == ["past"]
    assert await node.other("n2").timers.due(THERE, 5000, 10) == []
    assert await node.timers.due(THERE, 5000, 10) == ["past"]
    await node.timers.drop(THERE, "past")
    assert await node.timers.due(THERE, 5000, 10) == []
    await node.timers.drop(THERE, "future")
    score = await node.committer.call("ZSCORE", keys.timers(THERE), "future")
    assert score is not None, "a deadline that was set anew is not dropped with the old one"


async def test_flags_of_a_pair_change_by_compare_and_set(node: StoreNode) -> None:
    client, freelancer = person(THERE), person(HERE)
    flags = await node.people.pair(client, freelancer)
    assert flags.rev == 0
    assert await node.people.save_pair(client, freelancer, 0, flags)
    assert not await node.people.save_pair(client, freelancer, 0, flags)
    assert (await node.people.pair(client, freelancer)).rev == 1


async def test_an_epoch_is_raised_once_for_each_primary_that_may_have_lost_history(node: StoreNode) -> None:
    partition = 99
    assert await node.confirm(partition, primary="a") == []
    first = node.epochs[partition]
    assert first >= now_ms() - 60_000, "a restored backup never gives an epoch again"
    assert await node.confirm(partition, primary="a", keeps=False) == []
    assert await node.confirm(partition, primary="b") == [], "a restart in place keeps it"
    assert node.epochs[partition] == first
    assert await node.confirm(partition, primary="c", keeps=False) == [partition]
    assert await node.confirm(partition, primary="c", keeps=False) == []
    assert node.epochs[partition] > first
    user = next(user for user in iter(lambda: person(partition), None))
    assert (await node.inboxes.top(user, None, 1)).is_complete is False
