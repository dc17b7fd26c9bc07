"""Offers between the two and contracts of the marketplace: terms, answers, deadlines, the gate - over real sockets."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from testkit.hub import HubProcess, Room, api
from testkit.interview import act, interviewed, invitation, invited, log_of, view
from testkit.policy import policy_env
from testkit.wire import Wire, cid

TERMS = {"note": "As we said: logo and fonts.", "amount": "900.50", "currency": "EUR"}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    folder = tmp_path_factory.mktemp("hub")
    with HubProcess(folder, env=policy_env(folder, {"client_start_lead_s": "0"})) as process:
        yield process


def in_ms(ms: int) -> int:
    return time.time_ns() // 1_000_000 + ms


async def test_an_accepted_offer_opens_the_gate_at_its_seq(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interviewed(room, maya, jonas)
        sent = await maya.ask(act("offer.send", thread, terms=TERMS))
        assert (sent["type"], sent["state"], sent["dup"]) == ("offer.send", "offer", False)
        told = await jonas.event("offer.changed", change="sent")
        assert (told["seq"], told["terms"]["amount"], told["terms"]["note"]) == (sent["seq"], "900.50", TERMS["note"])
        offered = await view(jonas, thread)
        assert offered["offer"]["by"] == room.id("maya")
        assert offered["expires_at"] == offered["offer"]["expires_at"] == told["terms"]["expires_at"]
        assert "offer.accept" in offered["policy"]["actions"]
        accept = act("offer.accept", thread)
        started = await jonas.ask(accept)
        assert (started["type"], started["state"]) == ("offer.accept", "contract")
        for device in (maya, jonas):
            contract = await device.event("contract.changed", change="started")
            assert (contract["seq"], contract["terms"]["amount"]) == (started["seq"], "900.50")
            policy = await device.event("policy.changed")
            assert (policy["contact"], policy["payment"]) == ("allowed", "blocked")
        assert (await jonas.ask(accept))["dup"] is True
        assert "offer" not in await view(maya, thread)
        again = await maya.ask(act("offer.send", thread, terms={}))
        assert (again["code"], again["hint"]) == ("contract.already_started", "message.send")
        pair = await api(room.hub, "GET", f"/api/v1/pairs/{room.id('maya')}/{room.id('jonas')}")
        assert abs(int(str(pair["first_contract_at"])) - started["at"]) < 5_000


async def test_a_refused_offer_leads_back_to_the_interview(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interviewed(room, maya, jonas)
        await maya.ask(act("offer.send", thread, terms=TERMS))
        second = await maya.ask(act("offer.send", thread, terms=TERMS))
        assert (second["code"], second["hint"]) == ("offer.open", "offer.withdraw")
        note = "Too little, write to jonas@studio-jonas.de then."
        declined = await jonas.ask(act("offer.decline", thread, note=note))
        assert (declined["state"], declined["policy"]["action"]) == ("candidacy", "redact")
        told = await maya.event("offer.changed", change="declined")
        assert "studio-jonas" not in told["note"]
        assert told["hidden"]
        await maya.ask(act("offer.send", thread, terms={"amount": "1000", "currency": "EUR"}))
        assert (await maya.ask(act("offer.withdraw", thread)))["state"] == "candidacy"
        late = await jonas.ask(act("offer.accept", thread))
        assert late["code"] == "offer.none"
        assert (await jonas.say(thread, "What a pity."))["state"] == "sent"


async def test_an_offer_is_screened_like_a_message(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interviewed(room, maya, jonas)
        command = act("offer.send", thread, terms={"note": "What is your WhatsApp number?"})
        bounced = await maya.ask(command)
        assert (bounced["code"], bounced["policy"]["action"]) == ("policy.contact_request", "bounce")
        assert (await view(maya, thread))["state"] == "candidacy"
        masked = await maya.ask(act("offer.send", thread, terms={"note": "Write to maya@studio-maya.com."}))
        assert masked["policy"]["action"] == "redact"
        assert "studio-maya" not in str(await view(jonas, thread))


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        ({"amount": "900"}, "amount and currency"),
        ({"currency": "EUR"}, "amount and currency"),
        ({"expires_at": 5}, "expires_at"),
        ({"starts_at": 5}, "starts_at"),
    ],
)
async def test_terms_that_cannot_be_are_named(room: Room, terms: dict[str, object], told: str) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interviewed(room, maya, jonas)
        refused = await maya.ask(act("offer.send", thread, terms=terms))
        assert refused["code"] == "offer.terms"
        assert told in refused["message"]


async def test_who_may_not_offer_is_told_what_to_do(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await invited(room, maya)
        early = await maya.ask(act("offer.send", thread, terms=TERMS))
        assert (early["code"], early["hint"]) == ("offer.no_interview", "invitation.send")
        assert (await jonas.ask(act("offer.send", thread, terms=TERMS)))["code"] == "perm.client_only"
        own = await maya.ask(act("offer.accept", thread))
        assert (own["code"], own["hint"]) == ("perm.freelancer_only", "offer.withdraw")
        theirs = await jonas.ask(act("offer.withdraw", thread))
        assert (theirs["code"], theirs["hint"]) == ("perm.client_only", "offer.decline")


async def test_an_offer_expires_at_its_deadline_and_a_withdrawn_one_never(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interviewed(room, maya, jonas)
        await maya.ask(act("offer.send", thread, terms={"expires_at": in_ms(400)}))
        await maya.ask(act("offer.withdraw", thread))
        deadline = in_ms(1_500)
        await maya.ask(act("offer.send", thread, terms={"expires_at": deadline}))
        expired = await jonas.event("offer.changed", change="expired")
        assert expired["at"] >= deadline
        assert [e["change"] for e in await log_of(maya, thread) if e["type"] == "offer.changed"] == [
            "sent",
            "withdrawn",
            "sent",
            "expired",
        ]
        assert (await jonas.ask(act("offer.accept", thread)))["code"] == "offer.none"


async def test_the_start_date_of_an_offer_opens_the_gate_though_nobody_accepted(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interviewed(room, maya, jonas)
        starts_at = in_ms(700)
        await maya.ask(act("offer.send", thread, terms={"starts_at": starts_at}))
        contract = await jonas.event("contract.changed", change="started")
        assert contract["at"] >= starts_at
        assert contract["starts_at"] == starts_at
        assert (await jonas.event("policy.changed"))["contact"] == "allowed"
        pair = await api(room.hub, "GET", f"/api/v1/pairs/{room.id('maya')}/{room.id('jonas')}")
        assert pair["first_contract_at"]


async def test_the_marketplace_offers_and_the_freelancer_accepts(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interviewed(room, maya, jonas)
        body = {"move": "offer", "terms": TERMS}
        assert (await api(room.hub, "POST", f"/api/v1/threads/{thread}/moves", body))["state"] == "offer"
        assert (await api(room.hub, "GET", f"/api/v1/threads/{thread}"))["offer"]["amount"] == "900.50"  # type: ignore[index]
        assert (await jonas.ask(act("offer.accept", thread)))["state"] == "contract"


async def test_a_pause_and_an_end_keep_the_gate_open(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interviewed(room, maya, jonas)
        await room.move(thread, "start_contract")
        text = "Write to jonas@studio-jonas.de from now on."
        for move, change in (("pause_contract", "paused"), ("resume_contract", "resumed"), ("end_contract", "ended")):
            await room.move(thread, move)
            for device in (maya, jonas):
                await device.event("contract.changed", change=change)
            sent = await jonas.say(thread, text)
            assert (await maya.event("message.sent", seq=sent["seq"]))["body"] == text
        assert (await room.move(thread, "start_contract"))["state"] == "contract"
        opened = [event for event in await log_of(maya, thread) if event["type"] == "policy.changed"]
        assert len(opened) == 1, "it opened once and never shut"


def contracts(room: Room) -> str:
    return f"/api/v1/pairs/{room.id('maya')}/{room.id('jonas')}/contracts"


async def test_a_contract_of_two_who_never_met_makes_their_thread(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        year_ms = 365 * 86_400_000
        started_at = in_ms(-year_ms)
        body = {
            "job": room.id("logo"),
            "cid": cid(),
            "starts_at": started_at,
            "terms": {"amount": "5", "currency": "EUR"},
        }
        made = await api(room.hub, "POST", contracts(room), body)
        assert (made["state"], made["dup"], made["seq"]) == ("contract", False, 1)
        for device in (maya, jonas):
            contract = await device.event("contract.changed")
            assert (contract["starts_at"], contract["terms"]["amount"]) == (started_at, "5")
            await device.event("policy.changed")
        again = await api(room.hub, "POST", contracts(room), body)
        assert (again["dup"], again["thread"], again["seq"]) == (True, made["thread"], 1)
        with pytest.raises(RuntimeError, match=r"contract\.already_started"):
            await api(room.hub, "POST", contracts(room), {"job": room.id("logo")})
        text = "My number is +49 170 1234567."
        assert (await jonas.say(str(made["thread"]), text))["state"] == "sent"
        assert (await maya.event("message.sent"))["body"] == text
        shown = await view(maya, str(made["thread"]))
        assert (shown["title"], shown["job"]) == ("A logo for a bakery", room.id("logo"))
        assert shown["policy"]["pay"]["days_until_exempt"] == 365
        duplicate = await maya.ask(invitation(room))
        assert duplicate["code"] == "invitation.duplicate"


async def test_a_contract_takes_the_pairs_thread_without_a_job(room: Room) -> None:
    async with Wire(room, "maya") as maya:
        open_it = {"type": "thread.open", "freelancer": room.id("jonas"), "cid": cid(), "body": "Hello there!"}
        thread = (await maya.ask(open_it))["thread"]
        made = await api(room.hub, "POST", contracts(room), {"job": room.id("logo"), "cid": cid()})
        assert (made["thread"], made["state"]) == (thread, "contract")
        found = await api(room.hub, "GET", f"{contracts(room)[:-9]}threads?job={room.id('logo')}")
        assert [row["thread"] for row in found["threads"]] == [thread]  # type: ignore[attr-defined]
        assert (await api(room.hub, "GET", f"{contracts(room)[:-9]}threads"))["threads"] == []


async def test_ten_starts_of_one_contract_make_one(room: Room) -> None:
    starts = (api(room.hub, "POST", contracts(room), {"job": room.id("logo")}) for _ in range(10))
    results = await asyncio.gather(*starts, return_exceptions=True)
    made = [result for result in results if isinstance(result, dict)]
    assert len(made) == 1
    assert all("contract.already_started" in str(result) for result in results if not isinstance(result, dict))
    async with Wire(room, "maya") as maya:
        kinds = [event["type"] for event in await log_of(maya, str(made[0]["thread"]))]
        assert kinds == ["contract.changed", "policy.changed"]


async def test_a_closed_thread_gets_the_contract_that_the_marketplace_made(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interviewed(room, maya, jonas)
        await room.move(thread, "close_job")
        assert (await room.move(thread, "start_contract"))["state"] == "contract"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"move": "close_job", "terms": {}}, "bad_request.field"),
        ({"move": "offer", "starts_at": 5}, "bad_request.field"),
        ({"move": "start_contract", "starts_at": 10**14}, "offer.terms"),
        ({"move": "offer", "terms": {"amount": "1"}}, "offer.terms"),
    ],
)
async def test_the_marketplace_is_told_of_terms_that_cannot_be(room: Room, body: dict[str, object], told: str) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interviewed(room, maya, jonas)
        with pytest.raises(RuntimeError, match=told):
            await api(room.hub, "POST", f"/api/v1/threads/{thread}/moves", body)
