"""Proposals over real sockets: paid once, screened, answered, ended, and given back when the job goes."""

import asyncio
from typing import Any

import pytest

from greenroom_server.domain.ids import own_log
from testkit.hub import Room, api, put
from testkit.wire import Frame, Wire, cid

BODY = "I have drawn logos for three bakeries."


def proposal(room: Room, job: str = "logo", body: str = BODY) -> Frame:
    return {"type": "proposal.submit", "job": room.id(job), "cid": cid(), "body": body}


async def submitted(room: Room, jonas: Wire, job: str = "logo") -> str:
    reply = await jonas.ask(proposal(room, job))
    assert reply["type"] == "proposal.submit", reply
    thread: str = reply["thread"]
    return thread


async def balance(wire: Wire) -> int:
    reply = await wire.ask({"type": "connects.get"})
    found: int = reply["connects"]["balance"]
    return found


async def close_job(room: Room, job: str = "logo", *, is_open: bool = False) -> None:
    body = {"client": room.id("maya"), "title": "A logo for a bakery", "open": is_open}
    await put(room.hub, f"/api/v1/jobs/{room.id(job)}", body)


def closing(thread: str, verb: str, **fields: Any) -> Frame:
    return {"type": f"proposal.{verb}", "thread": thread, "cid": cid(), **fields}


async def test_proposal_debits_connects_once(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        assert jonas.connected["connects"]["balance"] == 60
        assert "connects" not in maya.connected, "a client has none"
        command = proposal(room)
        first = await jonas.ask(command)
        assert (first["state"], first["n"], first["cost"], first["dup"]) == ("proposed", 1, 2, False)
        card = await maya.event("proposal.changed", change="submitted")
        assert (card["body"], card["n"], card["state"]) == (BODY, 1, "proposed")
        notice = await jonas.event("connects.changed")
        assert (notice["change"], notice["amount"], notice["balance"], notice["thread"]) == (
            "proposal", -2, 58, first["thread"],
        )  # fmt: skip
        again = await jonas.ask(command)
        assert (again["thread"], again["seq"], again["n"], again["at"], again["dup"]) == (
            first["thread"], first["seq"], first["n"], first["at"], True,
        )  # fmt: skip
        refused = await jonas.ask(proposal(room))
        assert refused["code"] == "proposal.duplicate"
        page = await jonas.ask({"type": "connects.get", "limit": 1})
        assert (page["connects"]["balance"], page["connects"]["monthly_free"]) == (58, 60)
        assert [(e["kind"], e["amount"], e["balance"]) for e in page["entries"]] == [("proposal", -2, 58)]
        page = await jonas.ask({"type": "connects.get", "limit": 5, "cursor": page["cursor"]})
        assert [(e["kind"], e["amount"], e["balance"]) for e in page["entries"]] == [("grant", 60, 60)]
        assert page["cursor"] is None
        assert len(jonas.events(own_log(jonas.user))) == 1
    async with Wire(room, "jonas", device="laptop") as laptop:
        assert laptop.connected["connects"]["balance"] == 58


async def test_no_refused_proposal_costs_anything(room: Room) -> None:
    await room.client("eve")
    for client, flag in (("stan", {"suspended": True}), ("ben", {})):
        await room.client(client, f"job-{client}")
        await put(room.hub, f"/api/v1/users/{room.id(client)}", {"name": client.title(), **flag})
    await put(room.hub, f"/api/v1/pairs/{room.id('ben')}/{room.id('jonas')}", {"blocked": True})
    await room.client("carl", "job-carl")
    closed = {"client": room.id("carl"), "title": "Over", "open": False}
    await put(room.hub, f"/api/v1/jobs/{room.id('job-carl')}", closed)
    async with Wire(room, "jonas") as jonas, Wire(room, "maya") as maya, Wire(room, "eve") as eve:
        for command, code in (
            (proposal(room, "nothing"), "not_found"),
            (proposal(room, "job-carl"), "job.closed"),
            (proposal(room, "job-stan"), "peer.unavailable"),
            (proposal(room, "job-ben"), "peer.blocked"),
            ({**proposal(room), "cid": "0" * 36}, "cid.invalid"),
            ({**proposal(room), "cid": cid(age_s=30 * 86_400)}, "cid.outside_window"),
            (proposal(room, body="   "), "bad_request.body"),
            (proposal(room, body="Please tell me your WhatsApp number."), "policy."),
        ):
            refused = await jonas.ask(command)
            assert refused["type"] == "error", (command, refused)
            assert refused["code"].startswith(code), refused
        assert (await maya.ask(proposal(room)))["code"] == "thread.self"
        assert (await eve.ask(proposal(room)))["code"] == "proposal.no_profile"
        await maya.ask(
            {"type": "invitation.send", "job": room.id("logo"), "freelancer": jonas.user, "cid": cid(), "body": "Hi!"}
        )
        invited = await jonas.ask(proposal(room))
        assert (invited["code"], invited["hint"]) == ("proposal.invited", "invitation.accept")
        assert await balance(jonas) == 60
        assert (await eve.ask({"type": "connects.get"}))["code"] == "not_found"
        assert jonas.events(own_log(jonas.user)) == []


async def test_a_job_tells_what_a_proposal_costs_before_one_is_made(room: Room) -> None:
    async with Wire(room, "jonas") as jonas:
        ask = {"type": "job.get", "job": room.id("logo")}
        job = (await jonas.ask(ask))["job"]
        assert job == {
            "job": room.id("logo"), "title": "A logo for a bakery", "is_open": True, "client": room.id("maya"),
            "client_name": "Maya", "cost": 2, "thread": "",
        }  # fmt: skip
        thread = await submitted(room, jonas)
        await close_job(room)
        job = (await jonas.ask(ask))["job"]
        assert (job["is_open"], job["thread"]) == (False, thread)
        assert (await jonas.ask({"type": "job.get", "job": "nowhere"}))["code"] == "not_found"


async def test_the_clients_answer_to_a_proposal_opens_the_interview(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await submitted(room, jonas)
        assert (await jonas.say(thread, "Did you see it?"))["code"] == "candidacy.not_open"
        assert (await maya.say(thread, "Interesting, tell me more."))["type"] == "message.send"
        await jonas.event("interview.started")
        assert (await jonas.say(thread, "Gladly."))["state"] == "sent"


async def test_a_proposal_adopts_the_pairs_direct_thread_without_a_job(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        opened = await maya.ask({"type": "thread.open", "freelancer": jonas.user, "cid": cid(), "body": "Hello!"})
        assert await submitted(room, jonas) == opened["thread"]
        view = await maya.ask({"type": "thread.get", "thread": opened["thread"]})
        assert (view["job"], view["title"], view["state"]) == (room.id("logo"), "A logo for a bakery", "proposed")
        await room.client("maya", "second")
        second = await submitted(room, jonas, "second")
        assert second != opened["thread"]
        assert await balance(jonas) == 56


async def test_a_thread_that_is_past_direct_is_not_adopted(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        opened = await maya.ask({"type": "thread.open", "freelancer": jonas.user, "cid": cid(), "body": "Hello!"})
        await room.move(opened["thread"], "start_contract")
        thread = await submitted(room, jonas)
        assert thread != opened["thread"]
        view = await maya.ask({"type": "thread.get", "thread": opened["thread"]})
        assert (view["job"], view["state"]) == ("", "contract")


async def test_a_proposal_moves_the_pairs_direct_thread_for_the_job(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        opened = await maya.ask(
            {"type": "thread.open", "freelancer": jonas.user, "job": room.id("logo"), "cid": cid(), "body": "Hello!"}
        )
        command = proposal(room)
        first = await jonas.ask(command)
        assert (first["thread"], first["seq"], first["n"]) == (opened["thread"], 2, 2)
        assert (await jonas.ask(command))["dup"] is True
        await close_job(room)
        await jonas.event("connects.changed", change="refund")
        assert await balance(jonas) == 60
        late = await jonas.ask(command)
        assert (late["seq"], late["dup"]) == (2, True), "a repeat gets its first answer, whatever came since"
        assert (await jonas.ask(proposal(room)))["code"] == "job.closed"


@pytest.mark.parametrize(
    ("side", "command", "why", "back"),
    [
        ("jonas", {"verb": "withdraw"}, "proposal_withdrawn", 0),
        ("maya", {"verb": "decline", "reason": "budget", "note": "Too dear for us."}, "proposal_declined", 0),
        ("maya", {"verb": "decline", "reason": "job_cancelled"}, "proposal_declined", 2),
    ],
)
async def test_only_a_cancelled_job_gives_a_proposals_connects_back(
    room: Room, side: str, command: Frame, why: str, back: int
) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await submitted(room, jonas)
        actor, other = (jonas, maya) if side == "jonas" else (maya, jonas)
        wrong = await other.ask(closing(thread, **command))
        assert wrong["code"] == ("perm.freelancer_only" if side == "jonas" else "perm.client_only")
        ended = closing(thread, **command)
        done = await actor.ask(ended)
        assert (done["state"], done["dup"]) == ("closed", False)
        assert (await actor.ask(ended))["dup"] is True
        event = await other.event("proposal.changed", change=command["verb"] + ("d" if side == "maya" else "n"))
        if "note" in command:
            assert (event["body"], event["reason"]) == (command["note"], "budget")
        view = await maya.ask({"type": "thread.get", "thread": thread})
        assert (view["state"], view["why"]) == ("closed", why)
        await close_job(room)
        assert await balance(jonas) == 58 + back


async def test_an_interview_can_be_ended_by_either_side(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await submitted(room, jonas)
        await maya.say(thread, "Hello!")
        note = "Please write to me at maya@studio-maya.com instead."
        masked = await maya.ask(closing(thread, "decline", note=note))
        assert masked["policy"]["action"] in ("redact", "bounce")
        if masked["type"] == "error":
            assert (await maya.ask(closing(thread, "decline")))["state"] == "closed"
        assert "studio-maya" not in str(await jonas.ask({"type": "thread.history", "thread": thread}))


async def test_a_closed_job_closes_its_threads_and_gives_back_once(room: Room) -> None:
    for name in ("ines", "omar", "lea"):
        await room.freelancer(name)
    people = {name: Wire(room, name) for name in ("jonas", "ines", "omar", "lea")}
    jonas, ines, omar, lea = people.values()
    async with Wire(room, "maya") as maya, jonas, ines, omar, lea:
        threads = {name: await submitted(room, people[name]) for name in ("jonas", "ines", "lea")}
        await maya.say(threads["ines"], "Tell me more.")
        await room.move(threads["lea"], "start_contract")
        invited = await maya.ask(
            {"type": "invitation.send", "job": room.id("logo"), "freelancer": omar.user, "cid": cid(), "body": "Hi!"}
        )
        threads["omar"] = invited["thread"]
        await close_job(room)
        for name in ("jonas", "ines", "omar"):
            event = await people[name].event("thread.closed")
            assert (event["why"], event["state"]) == ("job_closed", "closed")
        for name in ("jonas", "ines"):
            refund = await people[name].event("connects.changed", change="refund")
            assert (refund["amount"], refund["thread"]) == (2, threads[name])
        await close_job(room)
        await close_job(room, is_open=True)
        await close_job(room)
        balances = [await balance(wire) for wire in people.values()]
        assert balances == [60, 60, 60, 58]
        view = await lea.ask({"type": "thread.get", "thread": threads["lea"]})
        assert view["state"] == "contract", "a contract outlives its listing"
        await close_job(room, is_open=True)
        view = await maya.ask({"type": "thread.get", "thread": threads["jonas"]})
        assert (view["state"], view["why"]) == ("closed", "job_closed"), "reopening a job reopens no thread"


async def test_a_proposal_that_loses_the_race_against_closing_is_closed_and_given_back(room: Room) -> None:
    async with Wire(room, "jonas") as jonas:
        spent = 0
        for number in range(8):
            job = f"race-{number}"
            await room.client("maya", job)
            reply, _ = await asyncio.gather(jonas.ask(proposal(room, job)), close_job(room, job))
            if reply["type"] == "error":
                assert reply["code"] == "job.closed"
                continue
            spent += 1
            await jonas.until(lambda push, thread=reply["thread"]: closes(push, thread))
        assert await balance(jonas) == 60
        refunds = [event for event in jonas.events() if event.get("change") == "refund"]
        assert len(refunds) == spent


def closes(push: Frame, thread: str) -> bool:
    return push.get("thread") == thread and push["state"] == "closed"


async def test_a_reopened_thread_takes_another_proposal_which_costs_again(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await submitted(room, jonas)
        await jonas.ask(closing(thread, "withdraw"))
        assert (await jonas.ask(proposal(room)))["code"] == "thread.closed"
        await maya.ask({"type": "thread.reopen", "thread": thread, "cid": cid()})
        assert await submitted(room, jonas) == thread
        assert await balance(jonas) == 56
        await close_job(room)
        await jonas.event("connects.changed", change="refund")
        assert await balance(jonas) == 58, "what the withdrawn one cost stays spent"


async def test_the_backend_closes_single_threads_too(room: Room) -> None:
    async with Wire(room, "jonas") as jonas:
        thread = await submitted(room, jonas)
        await api(room.hub, "POST", f"/api/v1/threads/{thread}/moves", {"move": "close_job"})
        await jonas.event("connects.changed", change="refund")
        assert await balance(jonas) == 60
