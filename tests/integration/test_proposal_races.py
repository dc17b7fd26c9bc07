"""Two hubs on one store: whoever races whom for a job, there is one candidacy, paid once, the same for everybody."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from testkit.hub import HubProcess, Room, put
from testkit.valkey import RealValkey, real_valkey
from testkit.wire import Frame, Wire, cid

ROUNDS = 8


class Hubs(NamedTuple):
    """Two hubs on one store."""

    first: HubProcess
    second: HubProcess


def a_hub(folder: Path, store: RealValkey) -> HubProcess:
    return HubProcess(folder, env={"GREENROOM_VALKEY_URL": f"unix://{store.socket}"})


@pytest.fixture(scope="module")
def hubs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hubs]:
    folder = tmp_path_factory.mktemp("hubs")
    with real_valkey(folder / "v") as store:
        first = a_hub(folder / "a", store)
        first.start(wait=False)
        try:
            with a_hub(folder / "b", store) as second:
                first.until_healthy()
                yield Hubs(first, second)
        finally:
            first.stop()


@pytest.fixture
async def room(hubs: Hubs) -> Room:
    room = Room(hubs.first)
    await room.furnish()
    await room.client("maya", *(f"job-{number}" for number in range(ROUNDS)))
    return room


def proposal(room: Room, job: str, name: str = "") -> Frame:
    return {"type": "proposal.submit", "job": room.id(job), "cid": name or cid(), "body": "Here I am."}


def invitation(room: Room, job: str) -> Frame:
    return {
        "type": "invitation.send",
        "job": room.id(job),
        "freelancer": room.id("jonas"),
        "cid": cid(),
        "body": "Hi!",
    }


async def balances(*wires: Wire) -> set[int]:
    pages = [await wire.ask({"type": "connects.get"}) for wire in wires]
    return {page["connects"]["balance"] for page in pages}


async def test_two_hubs_racing_for_one_job_make_one_proposal(room: Room, hubs: Hubs) -> None:
    phone, laptop = Wire(room, "jonas"), Wire(hubs.second, room.id("jonas"), device="laptop")
    async with phone, laptop, Wire(room, "maya") as maya:
        threads = []
        for number in range(ROUNDS):
            commands = [proposal(room, f"job-{number}") for _ in range(4)]
            wires = (phone, laptop, phone, laptop)
            replies = await asyncio.gather(*(wire.ask(what) for wire, what in zip(wires, commands, strict=True)))
            won = [reply for reply in replies if reply["type"] != "error"]
            assert len(won) == 1, replies
            assert {reply["code"] for reply in replies if reply["type"] == "error"} == {"proposal.duplicate"}
            threads.append(won[0]["thread"])
        assert await balances(phone, laptop) == {60 - 2 * ROUNDS}
        for wire in (phone, laptop, maya):
            listed = await wire.ask({"type": "candidacy.list", "limit": 50})
            assert sorted(row["thread"] for row in listed["rows"]) == sorted(threads)
        history = await maya.ask({"type": "thread.history", "thread": threads[0]})
        assert [event["type"] for event in history["events"]] == ["proposal.changed"]


async def test_one_proposal_sent_again_over_another_hub_has_one_answer(room: Room, hubs: Hubs) -> None:
    phone, laptop = Wire(room, "jonas"), Wire(hubs.second, room.id("jonas"), device="laptop")
    async with phone, laptop:
        for number in range(ROUNDS):
            command = proposal(room, f"job-{number}")
            one, other = await asyncio.gather(phone.ask(command), laptop.ask(command))
            assert [reply["type"] for reply in (one, other)] == ["proposal.submit"] * 2
            assert sorted(reply["dup"] for reply in (one, other)) == [False, True]
            assert (one["thread"], one["seq"], one["at"]) == (other["thread"], other["seq"], other["at"])
        assert await balances(phone, laptop) == {60 - 2 * ROUNDS}


async def test_a_proposal_and_an_invitation_that_cross_have_one_outcome(room: Room, hubs: Hubs) -> None:
    async with Wire(room, "jonas") as jonas, Wire(hubs.second, room.id("maya")) as maya:
        proposed = 0
        for number in range(ROUNDS):
            job = f"job-{number}"
            mine, theirs = await asyncio.gather(jonas.ask(proposal(room, job)), maya.ask(invitation(room, job)))
            if mine["type"] != "error":
                proposed += 1
                assert theirs["code"] == "invitation.duplicate"
            else:
                assert mine["code"] == "proposal.invited"
                assert theirs["type"] == "invitation.send"
            thread = mine["thread"] if mine["type"] != "error" else theirs["thread"]
            views = [await wire.ask({"type": "thread.get", "thread": thread}) for wire in (jonas, maya)]
            assert {view["state"] for view in views} == {"proposed" if mine["type"] != "error" else "invited"}
        assert await balances(jonas) == {60 - 2 * proposed}


async def test_withdrawing_declining_and_closing_at_once_gives_back_at_most_once(room: Room, hubs: Hubs) -> None:
    async with Wire(room, "jonas") as jonas, Wire(hubs.second, room.id("maya")) as maya:
        expected = 60
        for number in range(ROUNDS):
            job = f"job-{number}"
            thread = (await jonas.ask(proposal(room, job)))["thread"]
            withdraw = {"type": "proposal.withdraw", "thread": thread, "cid": cid()}
            decline = {"type": "proposal.decline", "thread": thread, "cid": cid(), "reason": "job_cancelled"}
            closed = {"client": room.id("maya"), "title": "A logo for a bakery", "open": False}
            replies = await asyncio.gather(
                jonas.ask(withdraw), maya.ask(decline), put(hubs.second, f"/api/v1/jobs/{room.id(job)}", closed)
            )
            assert sum(reply.get("type") != "error" for reply in replies[:2]) <= 1
            await jonas.until(lambda push, thread=thread: push.get("thread") == thread and push["state"] == "closed")
            view = await maya.ask({"type": "thread.get", "thread": thread})
            expected -= 2 if view["why"] == "proposal_withdrawn" else 0
        assert await balances(jonas) == {expected}


async def test_a_notice_reaches_the_devices_on_both_hubs(room: Room, hubs: Hubs) -> None:
    phone, laptop = Wire(room, "jonas"), Wire(hubs.second, room.id("jonas"), device="laptop")
    async with phone, laptop:
        await phone.ask(proposal(room, "logo"))
        for wire in (phone, laptop):
            assert (await wire.event("connects.changed"))["balance"] == 58
