"""Team members over real sockets: what they see, what they may do, and what is left when they go."""

import asyncio

import pytest

from testkit.hub import Room, api, put
from testkit.team import adding, history, interview, removing, row, staff
from testkit.wire import Wire, cid


async def test_a_member_reads_everything_writes_for_their_side_and_types(room: Room) -> None:
    await staff(room, "nina", of="jonas")
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas, Wire(room, "nina") as nina:
        thread = await interview(room, maya, jonas)
        added = await jonas.ask(adding(room, thread, "nina"))
        assert (added["type"], added["seq"], added["state"]) == ("member.add", 5, "candidacy")
        for wire in (maya, jonas):
            event = await wire.event("member.added")
            assert (event["user"], event["side"], event["history"]) == (nina.user, "freelancer", "all")
        push = await nina.until(lambda push: push.get("thread") == thread)
        assert (push["seq"], push["n"], push["read"]) == (5, 2, 2), "nothing is unread for who comes in"
        assert [event["seq"] for event in await history(nina, thread)] == [1, 2, 3, 4, 5]
        said = await nina.say(thread, "We can start on Monday.", seen=2)
        assert said["type"] == "message.send"
        assert (await maya.event("message.sent", body="We can start on Monday."))["by"] == nina.user
        assert (await nina.until(lambda push: push.get("seq") == said["seq"]))["read"] == 3
        await nina.tell({"type": "typing.set", "thread": thread})
        assert (await maya.until(lambda push: push["type"] == "typing.changed"))["user"] == nina.user
        view = await maya.ask({"type": "thread.get", "thread": thread})
        people = {each["user"]: each for each in view["participants"]}
        assert (people[nina.user]["name"], people[nina.user]["role"]) == ("Nina", "freelancer")
        assert (people[nina.user]["is_member"], people[jonas.user].get("is_member")) == (True, None)


async def test_a_members_answer_settles_what_their_side_owed(room: Room) -> None:
    await staff(room, "nina", of="jonas")
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas, Wire(room, "nina") as nina:
        thread = await interview(room, maya, jonas)
        await jonas.say(thread, "What is it about?")
        await jonas.ask(adding(room, thread, "nina"))
        await maya.say(thread, "Could you tell me what a logo of that kind would cost us?")
        before = (await jonas.ask({"type": "metrics.rows"}))["rows"]
        await nina.say(thread, "About 900.")
        after = (await jonas.ask({"type": "metrics.rows"}))["rows"]
        assert [each["outcome"] for each in before if each["kind"] == "followup"] == ["open"]
        assert [each["outcome"] for each in after if each["kind"] == "followup"] == ["answered"]


async def test_a_member_from_now_on_sees_nothing_of_before(room: Room) -> None:
    await staff(room, "cleo")
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas, Wire(room, "cleo") as cleo:
        thread = await interview(room, maya, jonas)
        await maya.ask(adding(room, thread, "cleo", history="from_now"))
        await jonas.say(thread, "Welcome!")
        await cleo.event("message.sent", body="Welcome!")
        assert [event["type"] for event in await history(cleo, thread)] == ["member.added", "message.sent"]
        assert [event["type"] for event in await history(cleo, thread, after=0)] == ["member.added", "message.sent"]
        assert "Hello!" not in str(cleo.pushes)
        quoted = await cleo.say(thread, "As you said.", quote=3)
        assert quoted["code"] == "message.quote_target"
        react = {"type": "message.react", "thread": thread, "target": 3, "emoji": "\U0001f44d"}
        assert (await cleo.ask(react))["code"] == "reaction.target"
        resumed = Wire(room, "cleo", device="laptop")
        page = await resumed.open(
            resume={"epoch": cleo.connected["epoch"], "mark": 0, "threads": {thread: {"epoch": 0, "seq": 0}}}
        )
        assert [event["type"] for event in page["threads"][0]["events"]] == ["member.added", "message.sent"]
        await resumed.close()


async def test_a_member_does_only_what_was_delegated(room: Room) -> None:
    await staff(room, "nina", "otto", of="jonas")
    await staff(room, "cleo")
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas, Wire(room, "nina") as nina:
        thread = await interview(room, maya, jonas)
        await jonas.ask(adding(room, thread, "nina"))
        assert (await nina.ask(adding(room, thread, "otto")))["code"] == "perm.principal_only"
        withdraw = {"type": "proposal.withdraw", "thread": thread, "cid": cid()}
        assert (await nina.ask(withdraw))["code"] == "perm.principal_only"
        assert (await nina.ask(adding(room, thread, "cleo", rights=["accept"])))["code"] == "perm.principal_only"
        await jonas.ask(removing(room, thread, "nina"))
        await jonas.ask(adding(room, thread, "nina", rights=["add"]))
        refused = await nina.ask(adding(room, thread, "otto", rights=["accept"]))
        assert refused["code"] == "perm.denied", "a right that one lacks cannot be passed on"
        assert (await nina.ask(adding(room, thread, "otto", rights=["add"])))["type"] == "member.add"


async def test_an_offer_is_accepted_by_the_member_it_was_delegated_to(room: Room) -> None:
    await staff(room, "nina", "otto", of="jonas")
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas, Wire(room, "nina") as nina:
        thread = await interview(room, maya, jonas)
        await jonas.ask(adding(room, thread, "otto"))
        await jonas.ask(adding(room, thread, "nina", rights=["accept"]))
        await room.move(thread, "offer")
        async with Wire(room, "otto") as otto:
            accept = {"type": "offer.accept", "thread": thread, "cid": cid()}
            assert (await otto.ask(accept))["code"] == "perm.principal_only"
            decline = {"type": "offer.decline", "thread": thread, "cid": cid()}
            assert (await nina.ask(decline))["code"] == "perm.principal_only"
            accepted = await nina.ask({**accept, "cid": cid()})
        assert accepted["state"] == "contract"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("stranger", "team.not_staff"),
        ("jonas", "team.other_side"),
        ("maya", "team.duplicate"),
        ("banned", "peer.unavailable"),
    ],
)
async def test_nobody_joins_who_should_not(room: Room, name: str, code: str) -> None:
    await staff(room, "banned")
    await put(room.hub, f"/api/v1/users/{room.id('banned')}", {"name": "B", "suspended": True})
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        refused = await maya.ask(adding(room, thread, name))
        assert (refused["code"], refused["retry"]) == (code, "never")


async def test_members_join_only_once_the_interview_has_begun(room: Room) -> None:
    await staff(room, "cleo")
    async with Wire(room, "maya") as maya:
        opened = await maya.ask(
            {"type": "thread.open", "freelancer": room.id("jonas"), "cid": cid(), "body": "Hello there!"}
        )
        assert (await maya.ask(adding(room, opened["thread"], "cleo")))["code"] == "team.not_open"


async def test_who_was_taken_out_keeps_what_they_could_read_and_no_more(room: Room) -> None:
    await staff(room, "cleo")
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas, Wire(room, "cleo") as cleo:
        thread = await interview(room, maya, jonas)
        await maya.ask(adding(room, thread, "cleo"))
        removed = await maya.ask(removing(room, thread, "cleo"))
        assert (await cleo.event("member.removed"))["seq"] == removed["seq"]
        await jonas.say(thread, "Now we are alone.")
        await maya.event("message.sent", body="Now we are alone.")
        assert (await cleo.say(thread, "Hello?"))["code"] == "not_found"
        assert [event["seq"] for event in await history(cleo, thread)] == list(range(1, removed["seq"] + 1))
        await room.move(thread, "start_contract")
        await maya.event("policy.changed")
        view = await cleo.ask({"type": "thread.get", "thread": thread})
        assert (view["seq"], view["n"], view["policy"]["may_write"]) == (removed["seq"], 2, False)
        assert (view["state"], view["gate_opened_at"], view["policy"]["contact"]) == ("candidacy", 0, "blocked")
        assert view["policy"]["notice"] == ""
        assert (await row(cleo, thread))["seq"] == removed["seq"]
        assert "alone" not in str(cleo.pushes)
        again = await maya.ask(removing(room, thread, "cleo"))
        assert again["code"] == "team.not_member"


async def test_who_comes_back_from_now_on_does_not_get_what_was_said_meanwhile(room: Room) -> None:
    await staff(room, "cleo")
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas, Wire(room, "cleo") as cleo:
        thread = await interview(room, maya, jonas)
        await maya.ask(adding(room, thread, "cleo"))
        await maya.ask(removing(room, thread, "cleo"))
        await jonas.say(thread, "A word between us.")
        back = await maya.ask(adding(room, thread, "cleo", history="from_now"))
        await cleo.until(lambda push: push.get("seq") == back["seq"])
        await jonas.say(thread, "Welcome back!")
        await cleo.event("message.sent", body="Welcome back!")
        assert "between us" not in str(cleo.pushes)
        assert "between us" not in str(await history(cleo, thread, after=0))


async def test_a_member_leaves_and_a_principal_cannot(room: Room) -> None:
    await staff(room, "cleo")
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas, Wire(room, "cleo") as cleo:
        thread = await interview(room, maya, jonas)
        await maya.ask(adding(room, thread, "cleo"))
        leave = {"type": "member.leave", "thread": thread, "cid": cid()}
        refused = await jonas.ask(leave)
        assert (refused["code"], refused["hint"]) == ("team.principal_stays", "thread.archive")
        left = await cleo.ask(leave)
        assert (await cleo.ask(leave))["seq"] == left["seq"], "a repeat gets the first answer"
        event = await jonas.event("member.removed")
        assert (event["by"], event["user"]) == (cleo.user, cleo.user)


async def test_adding_is_answered_once_per_cid(room: Room) -> None:
    await staff(room, "cleo")
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        add = adding(room, thread, "cleo")
        first, second = await asyncio.gather(maya.ask(add), maya.ask(add))
        assert first["seq"] == second["seq"]
        assert {first["dup"], second["dup"]} == {False, True}
        assert (await maya.ask({**add, "history": "from_now"}))["code"] == "idempotency.conflict"


async def test_the_marketplace_brings_members_in_and_takes_them_out(room: Room) -> None:
    await staff(room, "nina", of="jonas")
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas, Wire(room, "nina") as nina:
        thread = await interview(room, maya, jonas)
        path = f"/api/v1/threads/{thread}/members"
        body = {"user": nina.user, "side": "freelancer", "history": "all", "rights": ["call"], "cid": cid()}
        added = await api(room.hub, "POST", path, body)
        assert (added["seq"], (await api(room.hub, "POST", path, body))["dup"]) == (5, True)
        assert (await maya.event("member.added")).get("by", "") == ""
        with pytest.raises(RuntimeError, match=r"409 .*team\.other_side"):
            await api(room.hub, "POST", path, {**body, "side": "client", "cid": None})
        await api(room.hub, "DELETE", f"{path}/{nina.user}")
        await nina.event("member.removed")
        with pytest.raises(RuntimeError, match=r"409 .*team\.not_member"):
            await api(room.hub, "DELETE", f"{path}/{jonas.user}")
