"""The story: invitation, interview, contact filter, contract, response speed - over real sockets."""

import asyncio
from typing import Any

from testkit.hub import Room, api
from testkit.wire import Frame, Wire, cid


async def invited(room: Room, maya: Wire, body: str = "Would you like to talk about our logo?") -> str:
    """Invite jonas to job logo."""
    reply = await maya.ask(invitation(room, body))
    assert reply["type"] == "invitation.send", reply
    thread: str = reply["thread"]
    return thread


def invitation(room: Room, body: str = "Would you like to talk?") -> Frame:
    return {
        "type": "invitation.send",
        "job": room.id("logo"),
        "freelancer": room.id("jonas"),
        "cid": cid(),
        "body": body,
    }


def answer(verb: str, thread: str, **fields: Any) -> Frame:
    return {"type": f"invitation.{verb}", "thread": thread, "cid": cid(), **fields}


async def test_an_invitation_becomes_an_interview_when_the_client_answers(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await invited(room, maya)
        card = await jonas.event("invitation.sent")
        assert (card["state"], card["title"], card["n"]) == ("invited", "A logo for a bakery", 1)
        assert (await jonas.say(thread, "Hi!"))["code"] == "candidacy.not_open"
        accepted = await jonas.ask(answer("accept", thread, note="With pleasure."))
        assert accepted["state"] == "accepted"
        assert (await maya.event("invitation.accepted"))["note"] == "With pleasure."
        assert (await jonas.say(thread, "Hi!"))["code"] == "candidacy.not_open"
        await maya.say(thread, "Great. What would it cost?")
        assert (await jonas.event("interview.started"))["seq"] == 4
        assert (await jonas.say(thread, "About 900."))["state"] == "sent"
        view = await jonas.ask({"type": "thread.get", "thread": thread})
        assert (view["state"], view["policy"]["contact"], view["policy"]["may_write"]) == ("candidacy", "blocked", True)


async def test_contact_details_are_masked_until_the_contract_starts(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await invited(room, maya)
        await jonas.ask(answer("accept", thread))
        await maya.say(thread, "Hello!")
        text = "You can write to jonas@studio-jonas.de about the files."
        sent = await jonas.say(thread, text)
        assert (sent["state"], sent["policy"]["action"], sent["policy"]["code"]) == (
            "sent",
            "redact",
            "policy.contact_email",
        )
        masked = await maya.event("message.sent", by=room.id("jonas"))
        assert "studio-jonas" not in masked["body"]
        hidden = masked["hidden"][0]
        assert masked["body"][hidden["start"] : hidden["end"]] == "[email hidden until a contract starts]"
        history = await maya.ask({"type": "thread.history", "thread": thread})
        assert "studio-jonas" not in str(history)
        await room.move(thread, "start_contract")
        await maya.event("contract.changed", change="started")
        policy = await jonas.event("policy.changed")
        assert (policy["contact"], policy["payment"], policy["notice"]) == (
            "allowed",
            "blocked",
            "notice.offplatform_risk",
        )
        passed = await jonas.say(thread, text)
        assert passed["policy"]["notice"] == "notice.offplatform_risk"
        assert (await maya.event("message.sent", body=text))["seq"] == passed["seq"]


async def test_an_ask_for_contact_bounces_and_the_cid_keeps_its_verdict(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await invited(room, maya)
        await jonas.ask(answer("accept", thread))
        await maya.say(thread, "Hello!")
        command = {"type": "message.send", "thread": thread, "cid": cid(), "body": "What is your WhatsApp number?"}
        first, second = await maya.ask(command), await maya.ask(command)
        assert (first["type"], first["retry"], first["policy"]["action"]) == ("error", "never", "bounce")
        assert first["code"].startswith("policy.")
        assert second == {**first, "id": second["id"]}
        changed = await maya.ask({**command, "body": "What is your rate?"})
        assert changed["code"] == "idempotency.conflict"
        checked = await maya.ask({"type": "message.check", "thread": thread, "body": command["body"]})
        assert checked["policy"]["action"] == "bounce"
        history = await jonas.ask({"type": "thread.history", "thread": thread})
        assert "WhatsApp" not in str(history)


async def test_exactly_one_terminal_answer_wins_a_race(room: Room) -> None:
    phone, laptop = Wire(room, "jonas", device="phone"), Wire(room, "jonas", device="laptop")
    async with Wire(room, "maya") as maya, phone, laptop:
        thread = await invited(room, maya)
        replies = await asyncio.gather(
            phone.ask(answer("accept", thread)),
            laptop.ask(answer("decline", thread, reason="budget")),
            maya.ask(answer("withdraw", thread)),
        )
        won = [reply for reply in replies if reply["type"] != "error"]
        lost = [reply["code"] for reply in replies if reply["type"] == "error"]
        assert len(won) == 1
        assert set(lost) <= {"invitation.already_answered", "invitation.withdrawn", "thread.closed"}
        history = await maya.ask({"type": "thread.history", "thread": thread})
        assert len(history["events"]) == 2


async def test_an_answer_that_is_repeated_gets_its_first_result(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await invited(room, maya)
        accept = answer("accept", thread)
        first = await jonas.ask(accept)
        await maya.say(thread, "Hello!")
        again = await jonas.ask(accept)
        assert (again["type"], again["seq"], again["dup"]) == ("invitation.accept", first["seq"], True)


async def test_ignoring_leaves_the_invitation_open(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await invited(room, maya)
        assert (await jonas.ask(answer("ignore", thread)))["type"] == "invitation.ignore"
        assert (await jonas.ask(answer("accept", thread)))["state"] == "accepted"
        assert (await jonas.ask(answer("ignore", thread)))["code"] == "invitation.already_answered"


async def test_a_declined_thread_is_closed_until_the_client_reopens_it(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await invited(room, maya)
        await jonas.ask(answer("decline", thread, reason="not_available", note="Sorry, next month."))
        assert (await maya.event("invitation.declined"))["note"] == "Sorry, next month."
        refused = await maya.say(thread, "What a pity.")
        assert (refused["code"], refused["hint"]) == ("thread.closed", "thread.reopen")
        assert (await jonas.ask({"type": "thread.reopen", "thread": thread, "cid": cid()}))[
            "code"
        ] == "perm.client_only"
        reopened = await maya.ask({"type": "thread.reopen", "thread": thread, "cid": cid()})
        assert reopened["state"] == "direct"
        assert (await maya.say(thread, "What a pity."))["state"] == "sent"


async def test_an_invitation_adopts_the_pairs_thread_without_a_job(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        opened = await maya.ask(
            {"type": "thread.open", "freelancer": room.id("jonas"), "cid": cid(), "body": "Hello there!"}
        )
        thread = await invited(room, maya)
        assert thread == opened["thread"]
        again = await maya.ask(invitation(room))
        assert again["code"] == "invitation.duplicate"
        view = await jonas.ask({"type": "thread.get", "thread": thread})
        assert (view["job"], view["state"]) == (room.id("logo"), "invited")


async def test_only_the_owner_invites_and_nobody_talks_to_themselves(room: Room) -> None:
    await room.client("eve")
    async with Wire(room, "eve") as eve, Wire(room, "jonas") as jonas, Wire(room, "maya") as maya:
        assert (await eve.ask(invitation(room)))["code"] == "job.not_owner"
        cold = {"type": "thread.open", "freelancer": room.id("maya"), "cid": cid(), "body": "Need a designer?"}
        assert (await jonas.ask(cold))["code"] == "perm.client_only"
        own = {"type": "thread.open", "freelancer": room.id("maya"), "cid": cid(), "body": "Me?"}
        assert (await maya.ask(own))["code"] == "thread.self"
        thread = await invited(room, maya)
        for command in (
            {"type": "thread.get", "thread": thread},
            {"type": "thread.history", "thread": thread},
            {"type": "thread.read", "thread": thread, "n": 1},
            {"type": "message.check", "thread": thread, "body": "x"},
            {"type": "message.send", "thread": thread, "cid": cid(), "body": "x"},
            {"type": "message.edit", "thread": thread, "cid": cid(), "target": 1, "body": "x"},
            {"type": "message.erase", "thread": thread, "cid": cid(), "target": 1},
            answer("accept", thread),
            answer("decline", thread),
            answer("withdraw", thread),
            answer("ignore", thread),
            {"type": "thread.reopen", "thread": thread, "cid": cid()},
        ):
            assert (await eve.ask(command))["code"] == "not_found", command


async def test_answers_make_the_response_speed_on_the_profile(room: Room) -> None:
    for name in ("anna", "ben", "carl", "dora"):
        await room.client(name, f"job-{name}")
    clients = {name: Wire(room, name) for name in ("anna", "ben", "carl", "dora", "maya")}
    async with Wire(room, "jonas") as jonas:
        before = await api(room.hub, "GET", f"/api/v1/freelancers/{room.id('jonas')}")
        speed = before["speed"]
        assert isinstance(speed, dict)
        assert (speed["t50_s"], speed["reason"], speed["have"], speed["need"]) == (None, "insufficient_data", 0, 5)
        for name, wire in clients.items():
            async with wire:
                job = room.id("logo" if name == "maya" else f"job-{name}")
                sent = await wire.ask({**invitation(room), "job": job})
                verb = "decline" if name == "ben" else "accept"
                assert (await jonas.ask(answer(verb, sent["thread"])))["type"] == f"invitation.{verb}"
        push = await jonas.until(lambda push: push["type"] == "metrics.changed" and push["speed"]["have"] == 5)
        assert (push["speed"]["rate24"], push["speed"]["label"]) == (1.0, "within_1h")
        await clients["maya"].open()
        profile = await clients["maya"].ask({"type": "profile.get", "freelancer": room.id("jonas")})
        await clients["maya"].close()
        assert profile["profile"]["speed"]["n"] == 5
        rows = await jonas.ask({"type": "metrics.rows"})
        assert sorted(row["outcome"] for row in rows["rows"]) == ["accepted"] * 4 + ["declined"]


async def test_automation_never_counts_as_a_response(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        opened = await maya.ask(
            {"type": "thread.open", "freelancer": room.id("jonas"), "cid": cid(), "body": "Hello there!"}
        )
        await jonas.say(opened["thread"], "I am away until Monday.", auto=True)
        rows = (await jonas.ask({"type": "metrics.rows"}))["rows"]
        assert [(row["kind"], row["outcome"]) for row in rows] == [("first", "open")]
        await jonas.say(opened["thread"], "Now I am here.")
        rows = (await jonas.ask({"type": "metrics.rows"}))["rows"]
        assert [(row["kind"], row["outcome"]) for row in rows] == [("first", "answered")]


async def test_the_marketplace_blocks_a_pair_at_once(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas"):
        opened = await maya.ask(
            {"type": "thread.open", "freelancer": room.id("jonas"), "cid": cid(), "body": "Hello there!"}
        )
        await maya.say(opened["thread"], "Still there?")
        path = f"/api/v1/pairs/{room.id('maya')}/{room.id('jonas')}"
        await api(room.hub, "PUT", path, {"blocked": True})
        assert (await maya.say(opened["thread"], "Hello?"))["code"] == "peer.blocked"
        await api(room.hub, "PUT", path, {"blocked": False})
        assert (await maya.say(opened["thread"], "Hello?"))["state"] == "sent"


async def test_an_external_pair_may_share_anything(room: Room) -> None:
    await api(room.hub, "PUT", f"/api/v1/pairs/{room.id('maya')}/{room.id('jonas')}", {"origin": "external"})
    async with Wire(room, "maya") as maya:
        body = "My address is maya@studio-maya.com, as always."
        opened = await maya.ask({"type": "thread.open", "freelancer": room.id("jonas"), "cid": cid(), "body": body})
        assert "policy" not in opened
        assert (await maya.event("message.sent"))["body"] == body
