"""Positions hold exactly as long as the history they belong to: restarts, lost histories, another store."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from greenroom_server.domain.ids import user_partition
from greenroom_server.store import keys
from greenroom_server.usecases import repair
from testkit.hub import HubProcess, Room
from testkit.node import NodeHere, node_here
from testkit.store import StoreNode, store_node
from testkit.valkey import RealValkey, real_valkey
from testkit.wire import Frame, Wire, cid

ALWAYS = {"appendonly": "yes", "appendfsync": "always"}
EVERYSEC = {"appendonly": "yes", "appendfsync": "everysec"}


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for what must be rebuilt more often."""
    monkeypatch.setattr(repair, "OWED_EVERY_S", 0.05)


@pytest.fixture
def store(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[RealValkey]:
    """A store with the options that the test names."""
    with real_valkey(tmp_path / "v", request.param) as server:
        yield server


always = pytest.mark.parametrize("store", [ALWAYS], indirect=True, ids=["always"])
everysec = pytest.mark.parametrize("store", [EVERYSEC], indirect=True, ids=["everysec"])


class TwoPartitions(Room):
    """A marketplace in which the inboxes of maya and jonas are in different partitions."""

    def __init__(self, hub: HubProcess) -> None:
        super().__init__(hub)
        while user_partition(self.id("maya")) == user_partition(self.id("jonas")):
            super().__init__(hub)

    async def opened(self) -> tuple[str, Frame]:
        """Furnish it and open a thread; gives the thread, and maya's position once she has its row."""
        await self.furnish()
        async with Wire(self, "maya") as maya:
            command = {"type": "thread.open", "freelancer": self.id("jonas"), "cid": cid(), "body": "Hello!"}
            thread: str = (await maya.ask(command))["thread"]
            await maya.event("message.sent")
            return thread, position(maya)

    def on(self, hub: NodeHere) -> "TwoPartitions":
        """Go to another hub, which has the same people."""
        self.hub = hub
        return self


def position(device: Wire) -> Frame:
    return {"epoch": device.connected["epoch"], "mark": device.mark, "threads": {}}


async def resumed(room: Room, at: Frame, name: str = "maya") -> Frame:
    device = Wire(room, name)
    reply = await device.open(resume=at)
    await device.close()
    return reply


def summary(reply: Frame) -> list[tuple[str, int, int, int]]:
    return [(row["thread"], row["seq"], row["n"], row["read"]) for row in reply["rows"]]


async def test_a_hub_that_restarts_with_its_own_store_keeps_every_position(tmp_path: Path) -> None:
    async with node_here(tmp_path / "hub") as hub:
        room = TwoPartitions(hub)
        _, at = await room.opened()
    async with node_here(tmp_path / "hub") as hub:
        reply = await resumed(room.on(hub), at)
        assert (reply["recovered"], reply["epoch"], reply["mark"], reply["rows"]) == (True, at["epoch"], at["mark"], [])


async def test_a_restored_backup_ends_all_positions_although_it_was_fsynced(tmp_path: Path) -> None:
    data, backup = tmp_path / "hub", tmp_path / "backup"
    async with node_here(data) as hub:
        room = TwoPartitions(hub)
        thread, _ = await room.opened()
    shutil.copytree(data / "valkey", backup)
    async with node_here(data) as hub, Wire(room.on(hub), "maya") as maya:
        await maya.say(thread, "This is not in the backup.")
        await maya.event("message.sent", body="This is not in the backup.")
        at = position(maya)
    shutil.rmtree(data / "valkey")
    shutil.copytree(backup, data / "valkey")
    async with node_here(data) as hub, Wire(room.on(hub), "maya", device="laptop") as maya:
        await maya.say(thread, "The mark grows past the old position again.")
        await maya.say(thread, "And once more.")
        reply = await resumed(room, at)
        assert reply["recovered"] is False
        assert reply["epoch"] > at["epoch"]


@everysec
async def test_a_restart_of_a_store_that_may_have_lost_acks_ends_all_positions(
    store: RealValkey, tmp_path: Path
) -> None:
    async with node_here(tmp_path / "hub", store.address) as hub:
        room = TwoPartitions(hub)
        thread, at = await room.opened()
        async with Wire(room, "jonas") as jonas:
            store.kill()
            store.start()
            assert await jonas.closed() == 4005
        reply = await resumed(room, at)
        assert reply["recovered"] is False
        assert reply["epoch"] > at["epoch"]
        assert summary(reply) == [(thread, 1, 1, 1)]
        async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
            sent = await maya.say(thread, "Are you still there?")
            assert sent["seq"] == 2
            push = await jonas.until(lambda push: push["type"] == "inbox.changed" and push["seq"] == 2)
            assert push["epoch"] == hub.node.epochs[user_partition(jonas.user)]


@everysec
async def test_a_hub_that_starts_on_a_store_it_knew_by_another_start_raises_its_epochs(
    store: RealValkey, tmp_path: Path
) -> None:
    async with node_here(tmp_path / "one", store.address) as hub:
        room = TwoPartitions(hub)
        thread, at = await room.opened()
    async with node_here(tmp_path / "two", store.address) as hub:
        assert (await resumed(room.on(hub), at))["recovered"] is True, "the store was up all the time"
    store.kill()
    store.start()
    async with node_here(tmp_path / "three", store.address) as hub:
        reply = await resumed(room.on(hub), at)
        assert (reply["recovered"], summary(reply)) == (False, [(thread, 1, 1, 1)])


@always
async def test_an_inbox_whose_partition_lost_its_history_is_rebuilt_from_the_heads(
    store: RealValkey, tmp_path: Path
) -> None:
    async with node_here(tmp_path / "one", store.address) as hub:
        room = TwoPartitions(hub)
        thread, at = await room.opened()
        async with Wire(room, "jonas") as jonas:
            await jonas.say(thread, "Hello, Maya.")
            await jonas.say(thread, "What is it about?")
            at_jonas = position(jonas)
        async with Wire(room, "maya") as maya:
            await maya.ask({"type": "thread.read", "thread": thread, "n": 2})
            before = position(maya)
    partition = user_partition(room.id("maya"))
    async with store_node(store.address, "repairer") as node:
        await lose_inbox(node, partition, room.id("maya"))
        async with node_here(tmp_path / "two", store.address) as hub:
            room.on(hub)
            assert (await resumed(room, at_jonas, "jonas"))["recovered"] is True, "of another partition"
            async with Wire(room, "maya") as maya:
                assert (maya.connected["complete"], maya.connected["rows"]) == (False, [])
                await node.committer.call("DEL", keys.lock(partition, "rebuild"))
                push = await maya.until(lambda push: push["type"] == "inbox.changed")
                assert (push["thread"], push["seq"], push["n"], push["read"], push["from"]) == (thread, 3, 3, 2, 0)
            while (reply := await resumed(room, before))["complete"] is False:
                pass
            assert reply["recovered"] is False
            assert summary(reply) == [(thread, 3, 3, 2)]
            assert reply["epoch"] == node.epochs[partition] > at["epoch"]


async def lose_inbox(node: StoreNode, partition: int, user: str) -> None:
    """Take an inbox away and raise its partition's epoch, as if another primary had taken over; nobody rebuilds yet."""
    inbox, rows, _ = keys.inbox_keys(user)
    await node.committer.call("DEL", inbox, rows)
    assert await node.confirm(partition, primary="another", keeps=False) == [partition]
    await node.committer.call("SET", keys.lock(partition, "rebuild"), "somebody else", "PX", 60_000)


@always
async def test_an_empty_store_knows_no_position_and_closes_every_socket(store: RealValkey, tmp_path: Path) -> None:
    async with node_here(tmp_path / "hub", store.address) as hub:
        room = TwoPartitions(hub)
        _, at = await room.opened()
        async with Wire(room, "maya") as maya:
            store.kill()
            shutil.rmtree(store.folder)
            store.folder.mkdir()
            store.start()
            assert await maya.closed() == 4005
        reply = await resumed(room, at)
        assert (reply["recovered"], reply["rows"], reply["mark"]) == (False, [], 0)
        assert reply["epoch"] != at["epoch"]
        again, _ = await room.opened()
        assert again, "and people can talk"


@always
async def test_a_restart_in_place_keeps_sockets_and_positions(store: RealValkey, tmp_path: Path) -> None:
    async with node_here(tmp_path / "hub", store.address) as hub:
        room = TwoPartitions(hub)
        thread, at = await room.opened()
        async with Wire(room, "jonas") as jonas:
            store.kill()
            store.start()
            name = cid()
            while (reply := await jonas.say(thread, "Still here.", cid=name))["type"] == "error":
                assert reply["code"] in ("unavailable", "uncertain")
            reply = await resumed(room, at)
            assert (reply["recovered"], summary(reply)) == (True, [(thread, 2, 2, 1)])
