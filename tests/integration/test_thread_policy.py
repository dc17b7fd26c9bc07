"""What each side may do now, the notice of risks, payment outside, and who the two are to each other."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from greenroom_server.domain.relationship import Conversion
from greenroom_server.store.connect import StoreAddress
from testkit.hub import HubProcess, Room, api
from testkit.interview import act, interviewed, invited, log_of, view
from testkit.policy import policy_env
from testkit.store import store_node
from testkit.wire import Frame, Wire, cid

RISK = "notice.offplatform_risk"
FEE = "https://marketplace.example/fee?c={client}&f={freelancer}"
OUTSIDE = "Just pay me by PayPal to jonas@studio-jonas.de."


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    folder = tmp_path_factory.mktemp("hub")
    with HubProcess(folder, env=policy_env(folder, {"conversion_fee": f'"{FEE}"'})) as process:
        yield process


async def actions(wire: Wire, thread: str) -> set[str]:
    return set((await view(wire, thread))["policy"]["actions"])


def pair(room: Room) -> str:
    return f"/api/v1/pairs/{room.id('maya')}/{room.id('jonas')}"


async def test_the_list_of_actions_follows_the_story(room: Room) -> None:
    always = {"relationship.declare"}
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await invited(room, maya)
        assert await actions(maya, thread) >= {"message.send", "invitation.withdraw"}
        answers = {"invitation.accept", "invitation.decline", "invitation.ignore"}
        assert await actions(jonas, thread) == answers | always
        await jonas.ask(act("invitation.accept", thread))
        assert await actions(jonas, thread) == {"proposal.withdraw"} | always
        assert {"message.send", "offer.send", "proposal.decline"} <= await actions(maya, thread)
        await maya.say(thread, "Hello!")
        assert {"message.send", "proposal.withdraw"} <= await actions(jonas, thread)
        await maya.ask(act("offer.send", thread, terms={}))
        assert {"message.send", "offer.accept", "offer.decline"} <= await actions(jonas, thread)
        assert "offer.send" not in await actions(maya, thread)
        await jonas.ask(act("offer.accept", thread))
        assert {"message.send", "notice.ack"} <= await actions(jonas, thread)
        assert not {"offer.accept", "proposal.withdraw"} & await actions(jonas, thread)


async def test_whatever_is_listed_is_admitted_and_whatever_is_not_is_refused(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await invited(room, maya)
        await jonas.ask(act("invitation.decline", thread))
        assert await actions(jonas, thread) == {"relationship.declare"}
        assert "thread.reopen" in await actions(maya, thread)
        assert (await maya.ask(act("thread.reopen", thread)))["state"] == "direct"
        assert "thread.reopen" not in await actions(maya, thread)
        assert (await maya.ask(act("thread.reopen", thread)))["code"] == "thread.not_closed"


async def test_blocked_people_are_left_with_what_ends_things(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await invited(room, maya)
        await api(room.hub, "PUT", pair(room), {"blocked": True})
        left = await actions(jonas, thread)
        assert "invitation.decline" in left
        assert not {"invitation.accept", "message.send"} & left
        assert (await jonas.ask(act("invitation.accept", thread)))["code"] == "peer.blocked"
        assert (await jonas.ask(act("invitation.decline", thread)))["state"] == "closed"


async def test_the_notice_of_risks_is_shown_until_it_is_acknowledged(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interviewed(room, maya, jonas)
        ack = {"type": "notice.ack", "thread": thread, "notice": RISK}
        assert (await maya.ask(ack))["code"] == "notice.unknown"
        await room.move(thread, "start_contract")
        for device in (maya, jonas):
            assert (await view(device, thread))["policy"]["notice"] == RISK
        first = await maya.ask(ack)
        assert first["type"] == "notice.ack"
        assert (await maya.ask(ack))["at"] == first["at"], "the first time counts"
        assert (await view(maya, thread))["policy"]["notice"] == ""
        assert (await view(jonas, thread))["policy"]["notice"] == RISK
        assert (await jonas.ask({**ack, "notice": "notice.other"}))["code"] == "notice.unknown"
        entries = await api(room.hub, "GET", "/api/v1/audit?limit=200")
        mine = [row for row in entries["entries"] if row.get("thread") == thread]  # type: ignore[attr-defined]
        assert [row for row in mine if "notice.acknowledged" in str(row)]


async def test_the_first_contact_of_each_side_after_the_gate_comes_with_the_notice(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interviewed(room, maya, jonas)
        await room.move(thread, "start_contract")
        for device in (maya, jonas):
            assert "policy" not in await device.say(thread, "Shall we begin?")
            text = f"Write to {device.user}@studio-nord.com."
            first = await device.say(thread, text)
            assert (first["policy"]["action"], first["policy"]["notice"]) == ("notice", RISK)
            assert "policy" not in await device.say(thread, f"{text} Again.")
        bodies = [event["body"] for event in await log_of(maya, thread) if event["type"] == "message.sent"]
        assert all("hidden" not in body for body in bodies), "the notice never blocks"


async def test_payment_outside_names_what_would_make_it_possible(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interviewed(room, maya, jonas)
        before = (await view(jonas, thread))["policy"]["pay"]
        url = FEE.replace("{client}", room.id("maya")).replace("{freelancer}", room.id("jonas"))
        assert before == {"fee_required": True, "conversion": "none", "origin": "platform", "pay_url": url}
        await room.move(thread, "start_contract")
        assert (await view(jonas, thread))["policy"]["pay"]["days_until_exempt"] == 730
        bounced = await jonas.say(thread, OUTSIDE)
        assert bounced["code"].startswith("policy.payment_")
        assert bounced["hint"] == "conversion_fee"
        payment = bounced["policy"]["payment"]
        assert (payment["fee_required"], payment["pay_url"], payment["days_until_exempt"]) == (True, url, 730)
        await api(room.hub, "PUT", pair(room), {"conversion": "paid"})
        for device in (maya, jonas):
            told = await device.event("policy.changed", payment="allowed")
            assert told["contact"] == "allowed"
        assert (await view(jonas, thread))["policy"]["pay"] == {
            "fee_required": False,
            "conversion": "paid",
            "origin": "platform",
            "days_until_exempt": 730,
        }
        assert (await jonas.say(thread, OUTSIDE))["state"] == "sent"


async def test_threads_are_told_once_of_what_changed_for_their_pair(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interviewed(room, maya, jonas)
        for flags in ({"origin": "external"}, {"conversion": "paid"}, {"blocked": False}):
            await api(room.hub, "PUT", pair(room), flags)
        told = [event for event in await log_of(jonas, thread) if event["type"] == "policy.changed"]
        assert [(event["contact"], event["payment"]) for event in told] == [("allowed", "allowed")]
        with pytest.raises(RuntimeError, match=r"perm\.denied"):
            await api(room.hub, "PUT", pair(room), {"origin": "platform"})
        await api(room.hub, "PUT", pair(room), {"origin": "platform", "conversion": "none", "moderator": True})
        await maya.event("policy.changed", contact="blocked", payment="blocked")
        masked = await jonas.say(thread, "Write to jonas@studio-jonas.de.")
        assert masked["policy"]["action"] == "redact"


async def test_threads_are_told_of_a_change_whose_node_died_before_it_told_them(room: Room) -> None:
    client, freelancer = room.id("maya"), room.id("jonas")
    socket = room.hub.folder / "valkey" / "valkey.sock"
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interviewed(room, maya, jonas)
        async with store_node(StoreAddress.parse(f"unix://{socket}"), "dead") as node:
            old = await node.people.pair(client, freelancer)
            paid = replace(old, conversion=Conversion.PAID)
            assert await node.people.save_pair(client, freelancer, old.rev, paid)
        assert (await maya.event("policy.changed"))["payment"] == "allowed"
        assert (await jonas.say(thread, OUTSIDE))["state"] == "sent"


async def test_a_claim_to_an_older_relationship_goes_to_the_marketplace_and_changes_nothing(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interviewed(room, maya, jonas)
        claim = act("relationship.declare", thread, note="We worked together on the fair in 2019.")
        declared = await jonas.ask(claim)
        assert (declared["type"], declared["state"]) == ("relationship.declare", "candidacy")
        assert (await jonas.ask(claim))["dup"] is True
        seen = await maya.event("relationship.declared")
        assert (seen["by"], seen["seq"]) == (room.id("jonas"), declared["seq"])
        again = await jonas.ask(act("relationship.declare", thread, note="Really."))
        assert again["code"] == "relationship.declared"
        assert (await jonas.say(thread, "Write to jonas@studio-jonas.de."))["policy"]["action"] == "redact"
        asked = await maya.ask(act("relationship.declare", thread, note="What is your WhatsApp number?"))
        assert asked["policy"]["action"] == "bounce"
        paying = "Can you pay me by PayPal instead?"
        unverified = await jonas.say(thread, paying)
        assert (unverified["code"], unverified["policy"]["payment"]["origin"]) == (
            "policy.origin_unverified",
            "platform",
        )
        assert (await maya.say(thread, paying))["code"].startswith("policy.payment_"), "she has claimed nothing"
        await api(room.hub, "PUT", pair(room), {"origin": "external"})
        assert (await jonas.say(thread, paying))["type"] == "message.send"
        late = await maya.ask(act("relationship.declare", thread, note="Yes, the fair in 2019."))
        assert late["code"] == "relationship.known"


def opening(room: Room, **fields: str) -> Frame:
    return {"type": "thread.open", "freelancer": room.id("jonas"), "cid": cid(), "body": "Hello there!", **fields}


async def test_the_marketplace_learns_how_a_thread_began(room: Room) -> None:
    async with Wire(room, "maya") as maya:
        bad = await maya.ask(opening(room, origin="search", origin_ref="call me: 0170 1234567"))
        assert bad["code"] == "bad_request.field"
        opened = await maya.ask(opening(room, origin="search", origin_ref="q_4711"))
        shown = await api(room.hub, "GET", f"/api/v1/threads/{opened['thread']}")
        assert (shown["origin"], shown["origin_ref"]) == ("search", "q_4711")
