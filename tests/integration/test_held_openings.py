"""Invitations, proposals and first messages that wait for a moderator, with and without a thread to go to."""

import asyncio
from collections.abc import Iterator

import pytest

from testkit.hub import HubProcess, Room, api, put
from testkit.moderation import decide, moderated, queue
from testkit.wire import Frame, Wire, cid

MANY = " ".join(f"a{number}@shop{number}.com" for number in range(21))
"""More contacts than the filter decides about by itself: a moderator has to."""
CLEAN = "I have drawn logos for three bakeries."


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    folder = tmp_path_factory.mktemp("moderated")
    with HubProcess(folder, env=moderated(folder)) as process:
        yield process


def opening(room: Room, jonas: Wire, kind: str = "thread.open", body: str = MANY, job: str = "") -> Frame:
    command: Frame = {"type": kind, "cid": cid(), "body": body}
    if kind != "proposal.submit":
        command["freelancer"] = jonas.user
    if job or kind != "thread.open":
        command["job"] = room.id(job or "logo")
    return command


async def names(wire: Wire) -> list[str]:
    return [row["thread"] for row in (await wire.ask({"type": "thread.list"}))["rows"]]


async def balance(wire: Wire) -> int:
    found: int = (await wire.ask({"type": "connects.get"}))["connects"]["balance"]
    return found


def named(reply: Frame) -> str:
    """Give the name of what is held, from the reply that says so."""
    name: str = reply["mid"] if reply["type"] == "thread.open" else reply["held"]
    return name


KINDS = {
    "thread.open": "message.sent",
    "invitation.send": "invitation.sent",
    "proposal.submit": "proposal.changed",
}


@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_of_it_is_there_until_it_is_released(room: Room, kind: str) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        writer, peer = (jonas, maya) if kind == "proposal.submit" else (maya, jonas)
        command = opening(room, jonas, kind)
        reply, again = await writer.ask(command), await writer.ask(command)
        assert (reply["type"], reply["state"], reply["seq"]) == (kind, "held", 0), reply
        assert reply["policy"]["action"] == "hold"
        assert (again["thread"], named(again), again["state"], again["dup"]) == (
            reply["thread"], named(reply), "held", True,
        )  # fmt: skip
        assert (await writer.ask({**command, "body": CLEAN}))["code"] == "idempotency.conflict"
        thread = reply["thread"]
        assert (await writer.event("message.held", held=named(reply)))["thread"] == thread
        listed = {"type": "held.list", "thread": thread}
        assert [each["body"] for each in (await writer.ask(listed))["held"]] == [MANY]
        assert (await peer.ask(listed))["code"] == "not_found"
        assert (await writer.ask({"type": "thread.get", "thread": thread}))["code"] == "not_found"
        assert thread not in await names(writer) + await names(peer)
        [item] = await queue(room, thread)
        assert (item["held"], item["text"], item["by"]) == (named(reply), MANY, writer.user)

        decided = await decide(room, named(reply), "release")
        sent = await peer.event(KINDS[kind], cid=command["cid"])
        assert (sent["body"], sent["submitted_at"], sent["seq"]) == (MANY, reply["at"], 1)
        assert sent["at"] >= sent["submitted_at"]
        assert (decided["state"], decided["seq"]) == ("released", 1)
        assert thread in await names(peer)
        done = await writer.ask(command)
        assert (done["thread"], done["seq"], done["dup"]) == (thread, 1, True)
        assert done["state"] in ("sent", "")
        with pytest.raises(RuntimeError, match=r"held\.decided"):
            await decide(room, named(reply), "reject")
        assert await queue(room, thread) == []


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_rejected_or_taken_back_opens_nothing(room: Room, kind: str) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        writer = jonas if kind == "proposal.submit" else maya
        first, second = opening(room, jonas, kind), opening(room, jonas, kind)
        reply, other = await writer.ask(first), await writer.ask(second)
        assert reply["thread"] != other["thread"], "each has a thread-to-be of its own"
        await decide(room, named(reply), "reject")
        assert (await writer.event("message.rejected", held=named(reply)))["code"] == "held.rejected"
        assert (await writer.ask({"type": "held.withdraw", "held": named(other)}))["held"] == named(other)
        assert (await writer.ask(first))["code"] == "held.rejected"
        assert (await writer.ask(second))["code"] == "held.withdrawn"
        assert await names(maya) == await names(jonas) == []
        passing = await writer.ask(opening(room, jonas, kind, CLEAN))
        assert passing["type"] == kind, passing


async def test_a_held_proposal_is_paid_when_it_is_released(room: Room) -> None:
    async with Wire(room, "maya"), Wire(room, "jonas") as jonas:
        reply = await jonas.ask(opening(room, jonas, "proposal.submit"))
        assert (reply["cost"], await balance(jonas)) == (0, 60)
        await decide(room, named(reply), "release")
        await jonas.event("connects.changed", change="proposal")
        assert await balance(jonas) == 58


async def test_where_they_have_a_thread_by_then_it_goes_there(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        command = opening(room, jonas)
        reply = await maya.ask(command)
        opened = await maya.ask(opening(room, jonas, body=CLEAN))
        assert (opened["state"], opened["created"]) == ("sent", True), opened
        assert (await maya.ask(command))["state"] == "held", "its cid still stands for what waits"
        decided = await decide(room, named(reply), "release")
        sent = await jonas.event("message.sent", body=MANY)
        assert (sent["submitted_at"], decided["seq"]) == (reply["at"], sent["seq"])
        done = await maya.ask(command)
        assert (done["thread"], done["seq"], done["state"], done["dup"]) == (
            opened["thread"], sent["seq"], "sent", True,
        )  # fmt: skip
        assert await names(jonas) == [opened["thread"]]
        assert (await maya.ask({"type": "held.list", "thread": reply["thread"]}))["code"] == "not_found"


async def test_in_a_thread_that_is_there_they_wait_in_their_order(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = (await maya.ask(opening(room, jonas, body=CLEAN, job="logo")))["thread"]
        message = await maya.ask(opening(room, jonas, job="logo"))
        invitation = await maya.ask(opening(room, jonas, "invitation.send"))
        assert (message["thread"], message["state"], message["created"]) == (thread, "held", False)
        assert (invitation["thread"], invitation["state"]) == (thread, "held")
        with pytest.raises(RuntimeError, match=r"held\.earlier_first"):
            await decide(room, named(invitation), "release")
        await decide(room, named(message), "release")
        await decide(room, named(invitation), "release")
        sent = await jonas.event("invitation.sent")
        assert (sent["body"], sent["state"], sent["seq"]) == (MANY, "invited", 3)
        accepted = await jonas.ask({"type": "invitation.accept", "thread": thread, "cid": cid()})
        assert accepted["type"] == "invitation.accept", accepted


@pytest.mark.parametrize("kind", ["invitation.send", "proposal.submit"])
async def test_the_pairs_thread_without_a_job_is_taken_when_it_is_released(room: Room, kind: str) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = (await maya.ask(opening(room, jonas, body=CLEAN)))["thread"]
        writer, peer = (jonas, maya) if kind == "proposal.submit" else (maya, jonas)
        reply = await writer.ask(opening(room, jonas, kind))
        assert (reply["state"], reply["thread"] == thread) == ("held", False)
        await decide(room, named(reply), "release")
        sent = await peer.event(KINDS[kind])
        assert (sent["seq"], sent["submitted_at"]) == (2, reply["at"])
        assert await names(peer) == [thread]
        assert (await peer.ask({"type": "thread.get", "thread": thread}))["job"] == room.id("logo")


async def test_a_proposal_waits_in_the_thread_of_its_job(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = (await maya.ask(opening(room, jonas, body=CLEAN, job="logo")))["thread"]
        command = opening(room, jonas, "proposal.submit")
        reply = await jonas.ask(command)
        assert (reply["thread"], reply["state"], reply["cost"]) == (thread, "held", 0)
        await decide(room, named(reply), "release")
        card = await maya.event("proposal.changed", change="submitted")
        assert (card["state"], card["submitted_at"]) == ("proposed", reply["at"])
        assert (await jonas.ask(command))["seq"] == card["seq"]


async def test_a_release_that_is_not_possible_any_more_is_refused(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        reply = await maya.ask(opening(room, jonas, "invitation.send"))
        body = {"client": room.id("maya"), "title": "A logo for a bakery", "open": False}
        await put(room.hub, f"/api/v1/jobs/{room.id('logo')}", body)
        with pytest.raises(RuntimeError, match=r"job\.closed"):
            await decide(room, named(reply), "release")
        [item] = await queue(room, reply["thread"])
        assert item["state"] == "held", "the moderator may still reject it"
        assert await names(jonas) == []


async def test_two_moderators_and_the_sender_at_once_open_one_thread_at_most(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        for _ in range(4):
            job = cid()
            await api(room.hub, "PUT", f"/api/v1/jobs/{job}", {"client": maya.user, "title": "A menu", "open": True})
            reply = await maya.ask({**opening(room, jonas, "invitation.send"), "job": job})
            name = named(reply)
            outcomes = await asyncio.gather(
                decide(room, name, "release"),
                decide(room, name, "release"),
                maya.ask({"type": "held.withdraw", "held": name}),
                return_exceptions=True,
            )
            [item] = await queue(room, reply["thread"], open="false")
            is_released = item["state"] == "released"
            assert item["state"] in ("released", "withdrawn"), outcomes
            assert (reply["thread"] in await names(jonas)) is is_released, outcomes
            if is_released:
                page = await jonas.ask({"type": "thread.history", "thread": reply["thread"]})
                assert [event["type"] for event in page["events"]] == ["invitation.sent"]
