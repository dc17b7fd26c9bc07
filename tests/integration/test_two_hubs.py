"""Two hubs on one store: what happens on one reaches the people who are connected to the other."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from greenroom_server.domain.ids import thread_partition, user_partition
from greenroom_server.store import keys
from greenroom_server.store.records import Owed
from greenroom_server.usecases import repair
from testkit.history import Acked, chatter, check_history, read_thread
from testkit.hub import HubProcess, Room, api
from testkit.node import node_here
from testkit.store import StoreNode, Talk, now_ms, store_node
from testkit.valkey import RealValkey, eventually, real_valkey
from testkit.wire import Frame, Wire, cid


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealValkey]:
    with real_valkey(tmp_path_factory.mktemp("v")) as server:
        yield server


def a_hub(folder: Path, store: RealValkey) -> HubProcess:
    return HubProcess(folder, env={"GREENROOM_VALKEY_URL": f"unix://{store.socket}"})


@pytest.fixture(scope="module")
def hubs(tmp_path_factory: pytest.TempPathFactory, store: RealValkey) -> Iterator[tuple[HubProcess, HubProcess]]:
    folder = tmp_path_factory.mktemp("hubs")
    first = a_hub(folder / "a", store)
    first.start(wait=False)
    try:
        with a_hub(folder / "b", store) as second:
            first.until_healthy()
            yield first, second
    finally:
        first.stop()


class TwoRooms(Room):
    """One marketplace, reached through either hub; maya's inbox and jonas's are in different partitions."""

    def __init__(self, first: HubProcess, second: HubProcess) -> None:
        super().__init__(first)
        while user_partition(self.id("maya")) == user_partition(self.id("jonas")):
            super().__init__(first)
        self.second = second
        self.thread = ""
        """Of maya and jonas."""

    def here(self, name: str, device: str = "phone") -> Wire:
        """Give a socket to the first hub."""
        return Wire(self, name, device=device)

    def there(self, name: str, device: str = "phone") -> Wire:
        """Give a socket to the second hub."""
        return Wire(self.second, self.id(name), device=device)


@pytest.fixture
async def rooms(hubs: tuple[HubProcess, HubProcess]) -> TwoRooms:
    """A furnished marketplace; the hubs know of each other."""
    rooms = TwoRooms(*hubs)
    await rooms.furnish()
    async with rooms.here("maya") as maya, rooms.there("jonas") as jonas:
        rooms.thread = await opened(maya, jonas.user)
        await jonas.event("message.sent", body="Hello!")
        for one, other in ((maya, jonas), (jonas, maya)):
            await told_again({"type": "typing.set", "thread": rooms.thread}, one, other, "typing.changed")
    return rooms


async def told_again(command: Frame, by: Wire, to: Wire, kind: str) -> Frame:
    """Tell again and again, as clients do while somebody types, until the other hub is known and the push comes."""
    async with asyncio.timeout(20):
        while True:
            await by.tell(command)
            try:
                return await to.until(lambda push: push["type"] == kind, within_s=0.2)
            except TimeoutError:
                continue


async def talk_of(node: StoreNode, thread: str) -> Talk:
    """Give a thread to a node that commits and never touches, which is what a hub leaves that dies in between."""
    partition = thread_partition(thread)
    assert partition is not None
    found = await node.threads.head(thread)
    assert found is not None
    node.epochs[partition] = int(await node.committer.call("HGET", keys.epoch(partition), "epoch"))
    return Talk(node, found[0].client, found[0].freelancer, thread)


async def test_a_conversation_goes_both_ways_across_hubs(rooms: TwoRooms) -> None:
    async with rooms.here("maya") as maya, rooms.there("jonas") as jonas:
        for number in range(20):
            author, reader = (maya, jonas) if number % 2 else (jonas, maya)
            sent = await author.say(rooms.thread, f"Line {number}.")
            seen = await reader.event("message.sent", body=f"Line {number}.")
            assert (seen["seq"], seen["at"]) == (sent["seq"], sent["at"])
        for device in (maya, jonas):
            await device.event("message.sent", body="Line 19.")
            assert [event["seq"] for event in device.events(rooms.thread)] == list(range(2, 22))


async def test_two_devices_on_different_hubs_see_the_same_marks(rooms: TwoRooms) -> None:
    phone, laptop = rooms.here("maya", "phone"), rooms.there("maya", "laptop")
    async with phone, laptop, rooms.here("jonas") as jonas:
        await asyncio.gather(*(author.say(rooms.thread, "And?") for author in (phone, laptop, jonas) * 10))
        await laptop.ask({"type": "thread.read", "thread": rooms.thread, "n": 31})
        for device in (phone, laptop):
            await device.until(lambda push: push.get("read") == 31)
        assert inbox_of(phone) == inbox_of(laptop)
        marks = [push["mark"] for push in inbox_of(phone)]
        assert marks == list(range(phone.connected["mark"] + 1, marks[-1] + 1))


def inbox_of(device: Wire) -> list[Frame]:
    """Give the inbox's pushes without their events, which a hub may leave to the thread."""
    pushes = [push for push in device.pushes if push["type"] == "inbox.changed"]
    return [{name: value for name, value in push.items() if name not in ("events", "from")} for push in pushes]


async def test_typing_receipts_and_presence_reach_the_other_hub(rooms: TwoRooms) -> None:
    async with rooms.here("maya") as maya:
        watching = await maya.ask({"type": "presence.watch", "users": [rooms.id("jonas")]})
        assert watching["users"] == {rooms.id("jonas"): "offline"}
        async with rooms.there("jonas") as jonas:
            await maya.until(lambda push: push.get("state") == "active")
            await jonas.tell({"type": "typing.set", "thread": rooms.thread})
            typing = await maya.until(lambda push: push["type"] == "typing.changed")
            assert (typing["user"], typing["is_typing"]) == (jonas.user, True)
            await jonas.ask({"type": "thread.read", "thread": rooms.thread, "n": 1})
            receipt = await maya.until(lambda push: push["type"] == "receipt.moved" and push.get("read") == 1)
            assert receipt["user"] == jonas.user
        await maya.until(lambda push: push.get("state") == "offline")


async def test_a_device_that_connects_to_one_hub_is_closed_on_the_other(rooms: TwoRooms) -> None:
    old, tablet = rooms.here("maya", "phone"), rooms.here("maya", "tablet")
    await old.open()
    async with tablet, rooms.there("maya", "phone") as new:
        assert await old.closed() == 4505
        assert (await tablet.ask({"type": "ping"}))["type"] == "ping"
        assert (await new.ask({"type": "ping"}))["type"] == "ping"


async def test_suspending_through_one_hub_closes_the_socket_on_the_other(rooms: TwoRooms) -> None:
    here, there = rooms.here("maya", "laptop"), rooms.there("maya", "phone")
    await here.open()
    await there.open()
    await api(rooms.hub, "PUT", f"/api/v1/users/{there.user}", {"name": "Maya", "suspended": True})
    assert await there.closed(within_s=2) == 4502
    assert await here.closed(within_s=2) == 4502
    refused = await there.open()
    assert refused["type"] == "error"
    assert await there.closed() == 4502


async def test_a_commit_whose_hub_died_before_its_touch_is_repaired_and_pushed(
    rooms: TwoRooms, store: RealValkey
) -> None:
    async with rooms.there("maya") as maya, store_node(store.address, "dead") as node:
        talk = await talk_of(node, rooms.thread)
        said = await talk.say(talk.freelancer, "My last words.")
        assert [user for user, _ in said.owed] == [maya.user]
        seen = await maya.event("message.sent", body="My last words.")
        assert (seen["seq"], seen["n"]) == (said.seq, said.n)
        await eventually_settled(node, talk.partition, f"{maya.user}/{rooms.thread}")


async def eventually_settled(node: StoreNode, partition: int, field: str) -> None:
    """Wait until a touch is owed no longer."""
    async with asyncio.timeout(10):
        while await node.committer.call("HEXISTS", keys.dirty(partition), field):  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0.02)


async def test_killing_a_hub_under_load_loses_nothing_for_those_on_the_other(
    rooms: TwoRooms, store: RealValkey, tmp_path: Path
) -> None:
    victim = a_hub(tmp_path / "victim", store)
    victim.start()
    acked: list[Acked] = []
    talks: list[tuple[TwoRooms, str, Wire]] = []
    for writes_as in ("client", "freelancer", "client", "freelancer"):
        room = TwoRooms(victim, rooms.second)
        thread = await opened_by_jonas(room) if writes_as == "freelancer" else await opened_by_maya(room)
        jonas = room.there("jonas")
        await jonas.open()
        talks.append((room, thread, jonas))
    chats = [asyncio.create_task(chatter(room, thread, acked, asyncio.Event())) for room, thread, _ in talks]
    await eventually(lambda: len(acked) > 500, within_s=30)
    victim.kill()
    await ended(chats)
    for _, thread, jonas in talks:
        mine = [ack for ack in acked if ack.thread == thread]
        last = max(ack.seq for ack in mine)
        await jonas.until(lambda push, last=last: push["type"] == "inbox.changed" and push["seq"] >= last)
        check_history(mine, await read_thread(jonas, thread))
        assert {ack.cid for ack in mine} <= {event["cid"] for event in jonas.events(thread)}
        await jonas.close()


async def ended(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel tasks until they have ended: `wait_for` of Python 3.11 drops a cancel that meets the end of its future."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        done, pending = await asyncio.wait(pending, timeout=0.1)
        assert all(task.cancelled() for task in done), "none of them had given up before"


async def opened_by_maya(room: TwoRooms) -> str:
    """Open a thread in which maya is the client: a commit of hers touches jonas's inbox itself."""
    await room.furnish()
    async with room.here("maya") as maya:
        return await opened(maya, room.id("jonas"))


async def opened_by_jonas(room: TwoRooms) -> str:
    """Open a thread in which maya is the freelancer: a commit of hers leaves jonas's inbox to be touched."""
    await room.client("jonas")
    await room.freelancer("maya")
    async with room.here("jonas") as jonas:
        return await opened(jonas, room.id("maya"))


async def opened(client: Wire, freelancer: str) -> str:
    command = {"type": "thread.open", "freelancer": freelancer, "cid": cid(), "body": "Hello!"}
    thread: str = (await client.ask(command))["thread"]
    return thread


async def test_a_lost_last_publish_is_found_by_comparing_positions(
    store: RealValkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repair, "POSITIONS_EVERY_S", 0.1)
    async with node_here(tmp_path / "here", store.address) as hub:
        room = Room(hub)
        await room.furnish()
        async with Wire(room, "maya") as maya, store_node(store.address, hub.node.id) as same:
            row = Owed(1, 3, 3, "direct", now_ms(), 0, 0)
            await same.touch(maya.user, "t1_lost", row)  # as this node itself, so that nobody publishes it
            push = await maya.until(lambda push: push["type"] == "inbox.changed")
            assert (push["thread"], push["mark"], push["seq"], push["events"]) == ("t1_lost", 1, 3, [])


async def test_a_hub_whose_lease_was_lost_registers_everybody_again(
    store: RealValkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repair, "RENEW_S", 0.1)
    async with node_here(tmp_path / "here", store.address) as hub, store_node(store.address, "other") as other:
        room = Room(hub)
        await room.furnish()
        async with Wire(room, "maya") as maya:
            await maya.ask({"type": "presence.watch", "users": [room.id("jonas")]})
            await other.live(user_partition(room.id("jonas")))
            with store.client() as client:
                client.zrem(keys.nodes(user_partition(room.id("jonas"))), hub.node.id)
                client.zrem(keys.nodes(user_partition(maya.user)), hub.node.id)
                await other.touch(maya.user, "t1_x", Owed(1, 1, 1, "direct", 1, 0, 0))
                await other.presence.attend(room.id("jonas"), "background", "phone", "c1")
                where = keys.inbox_keys(maya.user)[2]
                await eventually(lambda: client.hget(where, hub.node.id) == b"active")
            assert (await maya.until(lambda push: push["type"] == "inbox.changed"))["seq"] == 1
            await other.touch(maya.user, "t1_x", Owed(1, 2, 2, "direct", 2, 0, 0))
            await maya.until(lambda push: push.get("seq") == 2)
            await other.presence.attend(room.id("jonas"), "active", "phone", "c1")
            await maya.until(lambda push: push.get("state") == "active")
