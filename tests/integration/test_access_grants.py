"""Access grants over real sockets: ask, agree, share; what the filter then lets pass; every refusal."""

import asyncio

import pytest

from greenroom_protocol.codes import ERRORS
from testkit.grants import interview, request, shared, step
from testkit.hub import Room, api
from testkit.wire import Frame, Wire, cid

EMAIL = "jonas.b@studio-jonas.de"


def refused(reply: Frame) -> str:
    """Give the code of a refusal, which carries what the table says of it."""
    assert reply["type"] == "error", reply
    row = ERRORS[reply["code"]]
    assert (reply["retry"], reply.get("hint")) == (row.retry.value, row.hint)
    return str(reply["code"])


async def grants(wire: Wire, thread: str) -> list[tuple[int, str, str]]:
    view = await wire.ask({"type": "thread.get", "thread": thread})
    return [(grant["request"], grant["state"], grant["holder"]) for grant in view["grants"]]


async def test_an_address_is_shared_after_the_other_side_agreed(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        asked = await jonas.ask(request(thread))
        assert asked["grant"] == "requested"
        card = await maya.event("access.requested")
        assert (card["seq"], card["holder"], card["system"], card["n"]) == (
            asked["seq"], jonas.user, "code_host", asked["seq"] - 2,
        )  # fmt: skip
        assert "agreed" not in card
        number = asked["seq"]
        assert refused(await jonas.ask(step("share", thread, number, email=EMAIL))) == "access.not_agreed"
        assert (await maya.ask(step("confirm", thread, number)))["type"] == "access.confirm"
        assert (await jonas.event("access.granted"))["request"] == number
        sent = await jonas.ask(step("share", thread, number, email=EMAIL))
        assert (sent["type"], sent["notice"]) == ("access.share", "notice.keep_here")
        field = await maya.event("access.shared")
        assert (field["email"], field["system"], field["notice"], field["request"]) == (
            EMAIL, "code_host", "notice.keep_here", number,
        )  # fmt: skip
        for wire in (maya, jonas):
            assert await grants(wire, thread) == [(number, "shared", jonas.user)]
        history = await maya.ask({"type": "thread.history", "thread": thread})
        kinds = [event["type"] for event in history["events"] if event["type"].startswith("access.")]
        assert kinds == ["access.requested", "access.granted", "access.shared"]


@pytest.mark.parametrize(("holder", "other"), [("maya", "jonas"), ("jonas", "maya")])
async def test_asking_for_the_others_address_lets_them_share_at_once(room: Room, holder: str, other: str) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        people = {"maya": maya, "jonas": jonas}
        asked = await people[other].ask(request(thread, "peer"))
        assert asked["grant"] == "granted"
        assert (await people[holder].event("access.requested"))["agreed"] is True
        number = asked["seq"]
        assert refused(await people[other].ask(step("share", thread, number, email=EMAIL))) == "access.not_holder"
        assert (await people[holder].ask(step("share", thread, number, email=EMAIL)))["type"] == "access.share"
        assert (await people[other].event("access.shared"))["email"] == EMAIL


async def test_only_the_granted_address_passes_in_a_message(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        text = f"Please invite {EMAIL} to the repository."
        before = await jonas.say(thread, text)
        assert (before["policy"]["action"], before["policy"]["code"]) == ("redact", "policy.contact_email")
        number = await shared(jonas, maya, thread, "Jonas.B@studio-jonas.de")
        for author in (jonas, maya):
            passed = await author.say(thread, text)
            assert passed.get("policy") is None, passed
            assert (await maya.event("message.sent", seq=passed["seq"]))["body"] == text
        other = await jonas.say(thread, f"{EMAIL} or eve@studio-jonas.de, please.")
        assert other["policy"]["action"] == "redact"
        delivered = (await maya.event("message.sent", seq=other["seq"]))["body"]
        assert EMAIL in delivered
        assert "eve@" not in delivered
        moved = await jonas.say(thread, f"Write to me at {EMAIL} and let's continue by email.")
        assert moved["code"] == "policy.offplatform_interview"
        assert (await jonas.say(thread, "jonas.b at studio-jonas dot de"))["type"] == "error"
        await maya.ask(step("revoke", thread, number))
        after = await jonas.say(thread, text)
        assert after["policy"]["action"] == "redact"


async def test_an_address_passes_in_an_edit_and_counts_its_uses(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        await shared(jonas, maya, thread, EMAIL)
        sent = await jonas.say(thread, "Here is the address:")
        edit = {"type": "message.edit", "thread": thread, "cid": cid(), "target": sent["seq"], "body": f"Here: {EMAIL}"}
        assert (await jonas.ask(edit)).get("policy") is None
        for _ in range(9):
            assert (await maya.say(thread, f"I added {EMAIL}.")).get("policy") is None
        assert (await maya.say(thread, f"I added {EMAIL}."))["policy"]["action"] == "redact"


async def test_two_messages_at_once_use_a_grant_twice(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        await shared(jonas, maya, thread, EMAIL)
        replies = await asyncio.gather(*(author.say(thread, f"{EMAIL} it is.") for author in (maya, jonas) * 8))
        passed = [reply for reply in replies if reply["type"] == "message.send" and reply.get("policy") is None]
        conflicts = [reply for reply in replies if reply.get("code") == "conflict"]
        masked = [reply for reply in replies if reply.get("policy") is not None]
        assert len(passed) <= 10
        assert len(passed) + len(conflicts) + len(masked) == 16
        assert not masked or len(passed) == 10


async def test_a_refusal_and_a_revocation_are_final(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        first = (await jonas.ask(request(thread)))["seq"]
        assert (await maya.ask(step("refuse", thread, first)))["type"] == "access.refuse"
        assert (await jonas.event("access.refused"))["request"] == first
        for verb, wire in (("confirm", maya), ("refuse", maya), ("revoke", jonas)):
            assert refused(await wire.ask(step(verb, thread, first))) == "access.ended"
        second = (await maya.ask(request(thread, "peer")))["seq"]
        assert (await jonas.ask(step("refuse", thread, second)))["type"] == "access.refuse"
        third = (await maya.ask(request(thread, "peer")))["seq"]
        assert (await maya.ask(step("revoke", thread, third)))["type"] == "access.revoke"
        assert (await jonas.event("access.ended"))["why"] == "revoked"
        assert refused(await jonas.ask(step("share", thread, third, email=EMAIL))) == "access.ended"
        assert [state for _, state, _ in await grants(maya, thread)] == ["refused", "refused", "revoked"]
        fourth = await maya.ask(request(thread, "peer"))
        assert refused(fourth) == "rate.access_grant"
        assert 29 * 86_400_000 < fourth["retry_after_ms"] <= 30 * 86_400_000


async def test_every_refusal_has_its_code(room: Room) -> None:
    await room.client("eve", "other")
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas, Wire(room, "eve") as eve:
        thread = await interview(room, maya, jonas)
        assert refused(await eve.ask(request(thread))) == "not_found"
        assert refused(await eve.ask(step("confirm", thread, 3))) == "not_found"
        assert refused(await jonas.ask(request(thread, system="tennis_club"))) == "policy.access_system"
        assert refused(await jonas.ask(request(thread, purpose="   "))) == "bad_request.field"
        assert refused(await jonas.ask(step("revoke", thread, 1))) == "access.none"
        bounced = await jonas.ask(request(thread, purpose="What is your WhatsApp number?"))
        assert (bounced["policy"]["action"], bounced["code"][:7]) == ("bounce", "policy.")
        number = (await jonas.ask(request(thread)))["seq"]
        assert refused(await jonas.ask(step("confirm", thread, number))) == "access.not_counterparty"
        assert refused(await jonas.ask(step("refuse", thread, number))) == "access.not_counterparty"
        assert refused(await maya.ask(step("share", thread, number, email=EMAIL))) == "access.not_holder"
        await maya.ask(step("confirm", thread, number))
        assert refused(await maya.ask(step("confirm", thread, number))) == "access.already_agreed"
        for bad in ("jonas", "jonas@studio", "a@b.de, c@d.de", "Jonas <a@b.de>", "+49 170 1234567"):
            assert refused(await jonas.ask(step("share", thread, number, email=bad))) == "access.bad_address"
        await jonas.ask(step("share", thread, number, email=EMAIL))
        assert refused(await jonas.ask(step("share", thread, number, email=EMAIL))) == "access.already_shared"


async def test_there_is_no_grant_before_the_interview_and_none_is_needed_after_it(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        opened = await maya.ask({"type": "thread.open", "freelancer": jonas.user, "cid": cid(), "body": "Hello!"})
        for wire in (maya, jonas):
            assert refused(await wire.ask(request(opened["thread"]))) == "access.not_open"
        thread = await interview(room, maya, jonas)
        number = (await maya.ask(request(thread, "peer")))["seq"]
        await room.move(thread, "start_contract")
        await jonas.event("contract.changed")
        assert refused(await jonas.ask(step("share", thread, number, email=EMAIL))) == "access.not_needed"
        assert refused(await jonas.ask(request(thread))) == "access.not_needed"
        assert (await jonas.ask(step("refuse", thread, number)))["type"] == "access.refuse"


async def test_a_repeated_step_gets_its_first_answer(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        asking = request(thread)
        first, again = await jonas.ask(asking), await jonas.ask(asking)
        assert (again["dup"], again["seq"]) == (True, first["seq"])
        assert refused(await jonas.ask({**asking, "system": "e_sign"})) == "idempotency.conflict"
        confirming = step("confirm", thread, first["seq"])
        await maya.ask(confirming)
        assert (await maya.ask(confirming))["dup"] is True
        sharing = step("share", thread, first["seq"], email=EMAIL)
        await jonas.ask(sharing)
        assert (await jonas.ask(sharing))["dup"] is True
        assert refused(await jonas.ask({**sharing, "email": "other@x.org"})) == "idempotency.conflict"


async def test_of_racing_answers_one_wins(room: Room) -> None:
    phone, laptop = Wire(room, "maya", device="phone"), Wire(room, "maya", device="laptop")
    async with phone, laptop, Wire(room, "jonas") as jonas:
        thread = await interview(room, phone, jonas)
        for _ in range(3):
            number = (await jonas.ask(request(thread)))["seq"]
            await asyncio.gather(
                phone.ask(step("refuse", thread, number)),
                laptop.ask(step("refuse", thread, number)),
                jonas.ask(step("revoke", thread, number)),
            )
        history = await jonas.ask({"type": "thread.history", "thread": thread})
        ends = [e["request"] for e in history["events"] if e["type"] in ("access.refused", "access.ended")]
        assert len(ends) == len(set(ends)) == 3


async def test_the_purpose_is_screened_and_the_address_is_nowhere_else(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        asked = await jonas.ask(request(thread, purpose=f"Access for {EMAIL}, please."))
        if asked["type"] != "error":
            assert asked["policy"]["code"] == "policy.contact_email"
            assert EMAIL not in str(await maya.event("access.requested"))
        await shared(jonas, maya, thread, EMAIL)
        log = room.hub.log_path.read_text()
        assert "studio-jonas" not in log
        found = await api(room.hub, "GET", f"/api/v1/threads/{thread}/grants")
        assert EMAIL not in str(found)
