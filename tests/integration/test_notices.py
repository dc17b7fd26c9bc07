"""A user's own log: notices reach all their devices on every node, and nobody else."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from greenroom_protocol.connects import ConnectsChanged
from greenroom_server.domain.ids import own_log, user_partition
from greenroom_server.store import keys
from greenroom_server.store.own_logs import OwnLogs
from greenroom_server.store.subscriber import RowPublished
from testkit.hub import Room
from testkit.node import NodeHere, node_here
from testkit.store import HERE, ear, now_ms, person, store_node
from testkit.valkey import real_valkey
from testkit.wire import Wire, cid

DAY_MS = 86_400_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[NodeHere]:
    async with node_here(tmp_path_factory.mktemp("n")) as running:
        yield running


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def room(here: NodeHere) -> Room:
    room = Room(here)
    await room.furnish()
    return room


def notice(amount: int) -> ConnectsChanged:
    return ConnectsChanged(change="purchase", amount=amount, balance=60 + amount)


async def test_a_notice_is_pushed_and_can_be_read_again(here: NodeHere, room: Room) -> None:
    log = own_log(room.id("jonas"))
    async with Wire(room, "jonas") as jonas, Wire(room, "jonas", device="laptop") as laptop:
        await here.node.parts.notices.tell(jonas.user, notice(1))
        await here.node.parts.notices.tell(jonas.user, notice(2))
        for device in (jonas, laptop):
            push = await device.until(lambda push: push.get("thread") == log and push["seq"] == 2)
            assert (push["state"], push["n"], push["read"], push["from"]) == ("self", 0, 0, 1)
            assert [event["amount"] for event in device.events(log)] == [1, 2]
        history = await jonas.ask({"type": "thread.history", "thread": log})
        assert [(event["seq"], event["balance"]) for event in history["events"]] == [(1, 61), (2, 62)]
        after = await jonas.ask({"type": "thread.history", "thread": log, "after": 1})
        assert [event["amount"] for event in after["events"]] == [2]


async def test_an_own_log_is_in_no_listing_but_in_the_changes(here: NodeHere, room: Room) -> None:
    async with Wire(room, "maya") as maya:
        threads = []
        for name in ("ines", "omar"):
            await room.freelancer(name)
            opened = await maya.ask(
                {"type": "thread.open", "freelancer": room.id(name), "cid": cid(), "body": "Hello there!"}
            )
            threads.insert(0, opened["thread"])
            await here.node.parts.notices.tell(maya.user, notice(1))
        for limit in (1, 2, 3):
            page = await maya.ask({"type": "thread.list", "limit": limit})
            assert [row["thread"] for row in page["rows"]] == threads[:limit]
            assert page.get("more", False) is (limit < 2)
        position = {"epoch": maya.connected["epoch"], "mark": 0}
        changes = await maya.ask({"type": "inbox.changes", **position})
        assert [row["thread"] for row in changes["rows"]] == [threads[1], threads[0], own_log(maya.user)]
        assert [row["mark"] for row in changes["rows"]] == [1, 3, 4]
    async with Wire(room, "maya") as fresh:
        assert [row["thread"] for row in fresh.connected["rows"]] == threads
        assert fresh.connected["mark"] == 4
    resumed = Wire(room, "maya")
    reply = await resumed.open(resume={"epoch": position["epoch"], "mark": 3, "threads": {}})
    assert [row["thread"] for row in reply["rows"]] == [own_log(resumed.user)]
    await resumed.close()


async def test_only_its_owner_reads_an_own_log_and_nobody_writes_into_it(here: NodeHere, room: Room) -> None:
    log = own_log(room.id("jonas"))
    await here.node.parts.notices.tell(room.id("jonas"), notice(1))
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        for wire in (maya, jonas):
            for command in (
                {"type": "thread.get", "thread": log},
                {"type": "message.send", "thread": log, "cid": cid(), "body": "x"},
                {"type": "message.erase", "thread": log, "cid": cid(), "target": 1},
                {"type": "invitation.accept", "thread": log, "cid": cid()},
            ):
                assert (await wire.ask(command))["code"] == "not_found", command
        assert (await maya.ask({"type": "thread.history", "thread": log}))["code"] == "not_found"
        assert (await jonas.ask({"type": "thread.read", "thread": log, "n": 5})).get("n", 0) == 0
        assert len((await jonas.ask({"type": "thread.history", "thread": log}))["events"]) == 1
        elsewhere = f"t{(user_partition(jonas.user) + 1) % 128}_self_{jonas.user}"
        assert (await jonas.ask({"type": "thread.history", "thread": elsewhere}))["code"] == "not_found"


async def test_a_notice_reaches_other_nodes_and_old_ones_leave(tmp_path_factory: pytest.TempPathFactory) -> None:
    with real_valkey(tmp_path_factory.mktemp("v")) as server:
        async with store_node(server.address, "n1", (HERE,)) as node, ear(server.address, "n2", (HERE,)) as other:
            await node.other("n2").live(HERE)
            user = person(HERE)
            await node.committer.call("HSET", keys.inbox_keys(user)[2], "n2", "active")
            logs = OwnLogs(node.committer, "n1")
            for amount in range(1, 503):
                await logs.append(user, notice(amount))
            first = await other.next()
            assert isinstance(first, RowPublished)
            assert (first.thread, first.row.state, first.events[0].seq) == (own_log(user), "self", 1)
            stream = keys.thread(HERE, own_log(user))
            kept = await node.threads.events(own_log(user), 0, None, 1000)
            assert [event.seq for event in kept] == list(range(3, 503))
            await node.committer.call("DEL", stream)
            for seq, age in ((1, 91), (2, 89)):
                await node.committer.call(
                    "XADD", stream, f"{seq}-0", "e", b'{"type":"thread.closed","why":""}',
                    "n", 0, "at", now_ms() - age * DAY_MS,
                )  # fmt: skip
            await logs.append(user, notice(1))
            kept = await node.threads.events(own_log(user), 0, None, 1000)
            assert [event.seq for event in kept] == [2, 503]
