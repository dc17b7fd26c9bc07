"""Two accounts of one person become one: threads, standing and response speed go on under one name."""

import pytest

from testkit.grants import interview
from testkit.hub import Room, api, put, token
from testkit.interview import act, invitation, log_of, view
from testkit.team import adding, staff
from testkit.wire import Frame, Wire, cid


async def merge(room: Room, user: str, into: str) -> Frame:
    return await api(room.hub, "POST", f"/api/v1/users/{room.id(user)}/merge", {"into": room.id(into)})


async def rows(wire: Wire) -> list[Frame]:
    found: list[Frame] = (await wire.ask({"type": "metrics.rows"}))["rows"]
    return found


async def test_a_merged_freelancer_goes_on_under_the_other_name(room: Room) -> None:
    await room.freelancer("juno")
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas, Wire(room, "juno") as juno:
        thread = await interview(room, maya, jonas)
        owed = [row["id"] for row in await rows(jonas)]
        assert (await merge(room, "jonas", "juno"))["threads"] == 1
        assert await jonas.closed() == 4501
        assert await log_of(juno, thread) == await log_of(maya, thread)
        assert (await juno.say(thread, "It is me, from my other account."))["type"] == "message.send"
        await maya.event("message.sent", by=juno.user)
        head = await view(maya, thread)
        present = {each["user"]: each["role"] for each in head["participants"] if not each.get("until_seq")}
        assert present == {maya.user: "client", juno.user: "freelancer"}
        assert [row["id"] for row in await rows(juno)] == owed
        assert (await merge(room, "jonas", "juno"))["threads"] == 1, "a repeat changes nothing"
        assert len(await log_of(maya, thread)) == 7
        again = Wire(room, "jonas")
        assert (await again.open(tok=token(jonas.user)))["code"] == "auth.revoked"
        await again.close()
        cold = {"type": "thread.open", "freelancer": jonas.user, "cid": cid(), "body": "Hello?"}
        assert (await maya.ask(cold))["code"] == "peer.unavailable"


async def test_a_merged_client_keeps_jobs_threads_and_decisions(room: Room) -> None:
    await room.client("mona")
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas, Wire(room, "mona") as mona:
        thread = (await maya.ask(invitation(room)))["thread"]
        await merge(room, "maya", "mona")
        assert (await mona.ask(invitation(room)))["code"] == "invitation.duplicate", "there is no second thread"
        assert (await mona.ask(act("invitation.withdraw", thread)))["state"] == "closed"
        assert (await mona.ask(invitation(room)))["thread"] == thread
        assert (await jonas.ask(act("invitation.accept", thread)))["state"] == "accepted"
        await mona.say(thread, "Great, what would it cost?")
        assert await jonas.event("interview.started")
        assert [job["job"] for job in (await mona.ask({"type": "job.list"}))["jobs"]] == [room.id("logo")]


async def test_blocks_hold_for_every_name_of_a_person(room: Room) -> None:
    await room.freelancer("juno")
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas, Wire(room, "juno") as juno:
        thread = await interview(room, maya, jonas)
        await maya.ask({"type": "peer.block", "user": jonas.user})
        await merge(room, "jonas", "juno")
        cold = {"type": "thread.open", "freelancer": juno.user, "cid": cid(), "body": "Hello?"}
        assert (await maya.ask(cold))["code"] == "peer.blocked"
        assert (await juno.say(thread, "Hello?"))["code"] == "peer.unavailable"
        await maya.ask({"type": "peer.unblock", "user": juno.user})
        assert (await juno.say(thread, "Hello again."))["type"] == "message.send"
        await juno.ask({"type": "peer.block", "user": maya.user})
        assert (await maya.say(thread, "Hello?"))["code"] == "peer.unavailable"
        await juno.ask({"type": "peer.unblock", "user": maya.user})
        await put(room.hub, f"/api/v1/users/{juno.user}", {"name": "Juno", "suspended": True})
        assert (await maya.say(thread, "Hello?"))["code"] == "peer.unavailable"


async def test_the_two_parties_of_a_thread_are_not_one_person(room: Room) -> None:
    await staff(room, "cleo")
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        await maya.ask(adding(room, thread, "cleo"))
        for user, into in (("maya", "jonas"), ("jonas", "maya"), ("jonas", "cleo"), ("cleo", "jonas")):
            with pytest.raises(RuntimeError, match=r"409.*merge\.two_parties"):
                await merge(room, user, into)
        await room.freelancer("juno")
        await merge(room, "jonas", "juno")
        for user, into in (("juno", "jonas"), ("jonas", "cleo")):
            with pytest.raises(RuntimeError, match=r"409.*merge\.done"):
                await merge(room, user, into)
        with pytest.raises(RuntimeError, match=r"404.*not_found"):
            await merge(room, "maya", "nobody")
