"""Two hubs on one store: members come and go while others write through the other hub."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from testkit.hub import HubProcess, Room
from testkit.team import adding, history, interview, removing, staff
from testkit.valkey import RealValkey, real_valkey
from testkit.wire import Frame, Wire

Hubs = tuple[HubProcess, HubProcess]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealValkey]:
    with real_valkey(tmp_path_factory.mktemp("v")) as server:
        yield server


@pytest.fixture(scope="module")
def hubs(tmp_path_factory: pytest.TempPathFactory, store: RealValkey) -> Iterator[Hubs]:
    def a_hub(folder: Path) -> HubProcess:
        return HubProcess(folder, env={"GREENROOM_VALKEY_URL": f"unix://{store.socket}"})

    folder = tmp_path_factory.mktemp("hubs")
    first = a_hub(folder / "a")
    first.start(wait=False)
    try:
        with a_hub(folder / "b") as second:
            first.until_healthy()
            yield first, second
    finally:
        first.stop()


class Stage:
    """Maya here, jonas there, in an interview; cleo is maya's staff."""

    def __init__(self, hubs: Hubs) -> None:
        self.room = Room(hubs[0])
        self.maya = Wire(self.room, "maya")
        self.jonas = Wire(hubs[1], self.room.id("jonas"))
        self.cleo = Wire(hubs[1], self.room.id("cleo"))
        self.thread = ""

    async def __aenter__(self) -> "Stage":
        await self.room.furnish()
        await staff(self.room, "cleo")
        for wire in (self.maya, self.jonas, self.cleo):
            await wire.open()
        self.thread = await interview(self.room, self.maya, self.jonas)
        return self

    async def __aexit__(self, *_error: object) -> None:
        for wire in (self.maya, self.jonas, self.cleo):
            await wire.close()

    async def chatter(self, wire: Wire, count: int) -> list[Frame]:
        """Write one message after the other."""
        return [await wire.say(self.thread, f"Line {number} of {wire.user}.") for number in range(count)]


@pytest.mark.parametrize("kind", ["all", "from_now"])
async def test_who_joins_amid_messages_gets_exactly_what_is_theirs(hubs: Hubs, kind: str) -> None:
    async with Stage(hubs) as stage:
        maya, jonas, cleo, thread = stage.maya, stage.jonas, stage.cleo, stage.thread
        join = stage.maya.ask(adding(stage.room, thread, "cleo", history=kind))
        ours, theirs, joined = await asyncio.gather(stage.chatter(maya, 30), stage.chatter(jonas, 30), join)
        assert joined["type"] == "member.add", joined
        last = max(sent["seq"] for sent in ours + theirs)
        await cleo.until(lambda push: push.get("thread") == thread and push["seq"] >= last)
        first = 1 if kind == "all" else joined["seq"]
        assert [event["seq"] for event in await history(cleo, thread, after=0)] == list(range(first, last + 1))
        assert min(event["seq"] for event in cleo.events(thread)) >= joined["seq"]
        row = next(push for push in cleo.pushes if push.get("thread") == thread)
        before = [sent["n"] for sent in ours + theirs if sent["seq"] < joined["seq"]]
        assert row["read"] >= max(before, default=2), "nothing of before is unread"


async def test_whoever_is_taken_out_amid_their_messages_has_written_only_before(hubs: Hubs) -> None:
    async with Stage(hubs) as stage:
        maya, cleo, thread = stage.maya, stage.cleo, stage.thread
        await maya.ask(adding(stage.room, thread, "cleo"))
        await cleo.until(lambda push: push.get("thread") == thread)
        sends, removed, _ = await asyncio.gather(
            stage.chatter(cleo, 20), maya.ask(removing(stage.room, thread, "cleo")), stage.chatter(stage.jonas, 20)
        )
        acked = [sent["seq"] for sent in sends if sent["type"] == "message.send"]
        refused = {sent["code"] for sent in sends if sent["type"] == "error"}
        assert all(seq < removed["seq"] for seq in acked)
        assert refused <= {"not_found"}
        await cleo.until(lambda push: push.get("thread") == thread and push["seq"] == removed["seq"])
        seen = await history(cleo, thread)
        assert [event["seq"] for event in seen] == list(range(1, removed["seq"] + 1))
        assert max(event["seq"] for event in cleo.events(thread)) <= removed["seq"]


async def test_one_of_two_racing_adds_wins_and_one_of_two_racing_removals(hubs: Hubs) -> None:
    async with Stage(hubs) as stage:
        thread = stage.thread
        other = Wire(hubs[1], stage.maya.user, device="laptop")
        await other.open()
        adds = [adding(stage.room, thread, "cleo", history=kind) for kind in ("all", "from_now")]
        replies = await asyncio.gather(stage.maya.ask(adds[0]), other.ask(adds[1]))
        assert sorted(reply.get("code", "") for reply in replies) == ["", "team.duplicate"]
        removals = [removing(stage.room, thread, "cleo") for _ in range(2)]
        replies = await asyncio.gather(stage.maya.ask(removals[0]), other.ask(removals[1]))
        assert sorted(reply.get("code", "") for reply in replies) == ["", "team.not_member"]
        kinds = [event["type"] for event in await history(stage.maya, thread)]
        assert (kinds.count("member.added"), kinds.count("member.removed")) == (1, 1)
        await other.close()


async def test_what_the_other_hub_still_remembers_lets_nobody_read_on(hubs: Hubs) -> None:
    async with Stage(hubs) as stage:
        maya, jonas, cleo, thread = stage.maya, stage.jonas, stage.cleo, stage.thread
        await maya.ask(adding(stage.room, thread, "cleo"))
        await cleo.until(lambda push: push.get("thread") == thread)
        await cleo.say(thread, "I am here.")
        removed = await maya.ask(removing(stage.room, thread, "cleo"))
        await maya.say(thread, "Between us.")
        assert max(event["seq"] for event in await history(cleo, thread)) == removed["seq"]
        assert (await cleo.say(thread, "Still here?"))["code"] == "not_found"
        check = {"type": "message.react", "thread": thread, "target": 3, "emoji": "\U0001f44d"}
        assert (await cleo.ask(check))["code"] == "not_found"
        await jonas.event("message.sent", body="Between us.")
        await typing_seen(jonas, maya, thread)
        await cleo.ask({"type": "ping"})
        assert not [push for push in cleo.pushes if push["type"] == "typing.changed" and push["user"] == jonas.user]


async def typing_seen(by: Wire, to: Wire, thread: str) -> None:
    """Type again and again, as clients do, until the hubs know of each other and it arrives."""
    async with asyncio.timeout(20):
        while True:
            await by.tell({"type": "typing.set", "thread": thread})
            try:
                await to.until(lambda push: push["type"] == "typing.changed", within_s=0.2)
            except TimeoutError:
                continue
            return


async def test_reactions_through_two_hubs_make_one_set(hubs: Hubs) -> None:
    async with Stage(hubs) as stage:
        ask = {"type": "message.react", "thread": stage.thread, "target": 3, "emoji": "\U0001f44d"}
        replies = await asyncio.gather(*(wire.ask(ask) for wire in (stage.maya, stage.jonas) * 4))
        assert [reply["dup"] for reply in replies].count(False) == 2
        shown = await history(stage.jonas, stage.thread)
        [reaction] = next(event for event in shown if event["seq"] == 3)["reactions"]
        assert sorted(reaction["users"]) == sorted([stage.maya.user, stage.jonas.user])


async def test_archiving_on_one_hub_shows_on_the_device_at_the_other(hubs: Hubs) -> None:
    async with Stage(hubs) as stage:
        laptop = Wire(hubs[0], stage.jonas.user, device="laptop")
        await laptop.open()
        assert (await stage.jonas.ask({"type": "thread.archive", "thread": stage.thread}))["archived_n"] == 2
        await laptop.until(lambda push: push.get("archived_n") == 2)
        await stage.jonas.ask({"type": "settings.set", "quiet_hours": None, "private_read": True})
        sent = await stage.maya.say(stage.thread, "Back to you.")
        push = await laptop.until(lambda push: push.get("n") == sent["n"])
        assert push["archived_n"] < push["n"], "it is back in the list"
        await laptop.close()
