"""Held messages under races and crashes: exactly one thing becomes of each, and nothing is lost."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from greenroom_server.domain.ids import own_log, thread_partition
from greenroom_server.store import keys
from testkit.grants import interview
from testkit.hub import API_KEY, HubProcess, Room
from testkit.moderation import ASK, ASK_AGAIN, bodies, decide, held_one, moderated, queue
from testkit.store import store_node
from testkit.valkey import RealValkey, real_valkey
from testkit.wire import Frame, Wire, cid


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealValkey]:
    with real_valkey(tmp_path_factory.mktemp("v")) as server:
        yield server


@pytest.fixture(scope="module")
def hubs(tmp_path_factory: pytest.TempPathFactory, store: RealValkey) -> Iterator[tuple[HubProcess, HubProcess]]:
    folder = tmp_path_factory.mktemp("hubs")
    env = {**moderated(folder, {"hold_expiry_s": "2"}), "GREENROOM_VALKEY_URL": f"unix://{store.socket}"}
    first = HubProcess(folder / "a", env=env)
    first.start(wait=False)
    try:
        with HubProcess(folder / "b", env=env) as second:
            first.until_healthy()
            yield first, second
    finally:
        first.stop()


@pytest.fixture
async def room(hubs: tuple[HubProcess, HubProcess]) -> Room:
    """A marketplace on the first of two hubs."""
    room = Room(hubs[0])
    await room.furnish()
    return room


async def held_by(jonas: Wire, thread: str) -> tuple[Frame, str]:
    """Hold a message of jonas's, who had one bounced before; gives the command and its name."""
    command = {"type": "message.send", "thread": thread, "cid": cid(), "body": ASK_AGAIN + " Thanks!"}
    reply = await jonas.ask(command)
    assert reply["state"] == "held", reply
    return command, reply["mid"]


async def settled(hub: HubProcess, thread: str, held: str) -> str:
    """Give what became of a held message, and that it is one thing only."""
    decided = [item for item in await queue(hub, thread, open="false") if item["held"] == held]
    waiting = [item for item in await queue(hub, thread) if item["held"] == held]
    assert len(decided) + len(waiting) == 1
    return str((decided or waiting)[0]["state"])


async def test_of_all_who_decide_at_once_exactly_one_wins(room: Room, hubs: tuple[HubProcess, HubProcess]) -> None:
    there = Wire(hubs[1], room.id("jonas"), device="laptop")
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas, there as laptop:
        thread = await interview(room, maya, jonas)
        await jonas.say(thread, ASK)
        delivered = 0
        for round_ in range(6):
            command, held = await held_by(jonas, thread)
            moderators = ["release", "reject", "release"][: 2 + round_ % 2]
            outcomes = await asyncio.gather(
                *(decide(hubs[number % 2], held, decision) for number, decision in enumerate(moderators)),
                laptop.ask({"type": "held.withdraw", "held": held}),
                return_exceptions=True,
            )
            state = await settled(hubs[0], thread, held)
            said = {o.get("state", o.get("type")) for o in outcomes if isinstance(o, dict) and o.get("type") != "error"}
            assert said == {{"withdrawn": "held.withdraw"}.get(state, state)}, outcomes
            delivered += state == "released"
            assert (await bodies(maya, thread)).count(command["body"]) == delivered
            again = await laptop.ask(command)
            assert again.get("code", again.get("state")) == {"released": "sent"}.get(state, f"held.{state}")
            assert (await jonas.ask({"type": "held.list", "thread": thread}))["held"] == []


async def test_a_message_that_nobody_looks_at_is_given_back(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        await jonas.say(thread, ASK)
        command, held = await held_by(jonas, thread)
        told = await jonas.event("message.rejected", held=held)
        assert (told["code"], told["cid"]) == ("held.expired", command["cid"])
        assert await settled(room.hub, thread, held) == "expired"
        assert (await jonas.ask(command))["code"] == "held.expired"
        with pytest.raises(RuntimeError, match=r"held\.decided"):
            await decide(room, held, "release")
        appealed = await jonas.ask({"type": "verdict.appeal", "thread": thread, "cid": command["cid"]})
        await decide(room, appealed["appeal"], "overturn")
        assert (await bodies(maya, thread))[-1] == command["body"]


async def test_release_races_the_end_of_the_conversation(room: Room, hubs: tuple[HubProcess, HubProcess]) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        await jonas.say(thread, ASK)
        command, held = await held_by(jonas, thread)
        release, _ = await asyncio.gather(
            decide(hubs[1], held, "release"),
            maya.ask({"type": "peer.block", "user": jonas.user}),
            return_exceptions=True,
        )
        is_delivered = command["body"] in await bodies(maya, thread)
        assert (await settled(hubs[0], thread, held) == "released") is is_delivered
        assert isinstance(release, dict) is is_delivered, release


async def test_the_store_holds_no_original_in_the_clear(room: Room, store: RealValkey) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        await jonas.say(thread, ASK_AGAIN)
        reply = await jonas.say(thread, "My Skype is jonas(at)example-design(dot)com, please keep it.")
        assert reply["state"] == "held", reply
        partition = thread_partition(thread)
        assert partition is not None
        async with store_node(store.address) as node:
            [raw] = await node.committer.call("HMGET", keys.held(partition), reply["mid"])
            assert b"example-design" not in raw
            day = int(reply["at"]) // 86_400_000
            sealed = await node.committer.call("HGET", keys.sealed(partition, day), reply["mid"])
            assert len(sealed) > 100
            assert b"example-design" not in sealed
            assert await node.committer.call("TTL", keys.sealed(partition, day)) > 30 * 86_400
        await jonas.ask({"type": "held.withdraw", "held": reply["mid"]})
        async with store_node(store.address) as node:
            assert await node.committer.call("HGET", keys.sealed(partition, day), reply["mid"]) is None


async def test_a_hub_that_is_killed_loses_nothing_that_is_held(tmp_path: Path) -> None:
    with HubProcess(tmp_path / "hub", env=moderated(tmp_path)) as hub:
        room = Room(hub)
        await room.furnish()
        maya, jonas = Wire(room, "maya"), Wire(room, "jonas")
        await maya.open()
        await jonas.open()
        thread = await interview(room, maya, jonas)
        reply = await held_one(jonas, thread)
        hub.kill()
        await jonas.closed()
        hub.start()
        await jonas.open()
        await maya.open()
        await until_counted(hub)
        [item] = await queue(hub, thread)
        assert (item["held"], item["text"], item["at"]) == (reply["mid"], ASK_AGAIN, reply["at"])
        await until_told(jonas, reply["mid"])
        await decide(hub, reply["mid"], "release")
        assert (await maya.event("message.sent", body=ASK_AGAIN))["submitted_at"] == reply["at"]
        await jonas.close()
        await maya.close()


async def until_counted(hub: HubProcess) -> None:
    """Wait until the figures say that one text waits; a hub counts first when it starts."""
    headers = {"Authorization": f"Bearer {API_KEY}"}
    async with asyncio.timeout(20), aiohttp.ClientSession(headers=headers) as session:
        while True:
            async with session.get(f"{hub.url}/metrics") as response:
                if "greenroom_held_count 1.0" in await response.text():
                    return


async def until_told(wire: Wire, held: str) -> None:
    """Wait until the own log tells of a held message; the hub may have died before it could push that."""
    log, found = own_log(wire.user), False
    async with asyncio.timeout(20):
        while not found:
            page = await wire.ask({"type": "thread.history", "thread": log})
            found = any(event.get("held") == held for event in page["events"])
