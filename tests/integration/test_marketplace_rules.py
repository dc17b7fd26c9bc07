"""Rules of the marketplace at their edges: adoption, blocks that excuse nobody, late answers, plans, suspensions."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from testkit.grants import request
from testkit.hub import HubProcess, Room, api
from testkit.interview import act, interviewed, invitation, invited, log_of, view
from testkit.policy import SHIPPED
from testkit.wire import Frame, Wire, cid

EMAIL = "Write to jonas@studio-jonas.de."


def opening(room: Room, **fields: str) -> Frame:
    return {"type": "thread.open", "freelancer": room.id("jonas"), "cid": cid(), "body": "Hello there!", **fields}


# --- one thread for a pair and a job


async def test_an_invitation_leaves_a_thread_alone_that_is_more_than_a_first_contact(room: Room) -> None:
    async with Wire(room, "maya") as maya:
        opened = await maya.ask(opening(room))
        await room.move(opened["thread"], "start_contract")
        thread = await invited(room, maya)
        assert thread != opened["thread"]
        assert [(await view(maya, each))["state"] for each in (opened["thread"], thread)] == ["contract", "invited"]


async def test_two_invitations_at_once_adopt_the_pairs_thread_once(room: Room) -> None:
    await room.client("maya", "second")
    async with Wire(room, "maya") as maya, Wire(room, "maya", device="laptop") as laptop:
        opened = await maya.ask(opening(room))
        both = await asyncio.gather(
            maya.ask(invitation(room)), laptop.ask({**invitation(room), "job": room.id("second")})
        )
        threads = [reply["thread"] for reply in both]
        assert len(set(threads)) == 2
        assert opened["thread"] in threads
        jobs = [(await view(maya, thread))["job"] for thread in threads]
        assert jobs == [room.id("logo"), room.id("second")]


async def test_a_message_about_a_job_gets_a_thread_of_its_own(room: Room) -> None:
    async with Wire(room, "maya") as maya:
        opened = await maya.ask(opening(room))
        about = await maya.ask(opening(room, job=room.id("logo")))
        assert (about["created"], about["thread"] == opened["thread"]) == (True, False)
        again = await maya.ask(opening(room, job=room.id("logo")))
        assert (again["created"], again["thread"]) == (False, about["thread"])


async def test_opening_again_under_one_cid_gets_its_first_answer_after_a_job_took_the_thread(room: Room) -> None:
    async with Wire(room, "maya") as maya:
        command = opening(room)
        first = await maya.ask(command)
        assert await invited(room, maya) == first["thread"]
        again = await maya.ask(command)
        assert (again["thread"], again["seq"], again["dup"]) == (first["thread"], 1, True)
        assert len(await log_of(maya, first["thread"])) == 2


async def test_a_repeat_gets_its_first_answer_whatever_came_since(room: Room) -> None:
    job = {"client": room.id("maya"), "title": "A logo", "open": False}
    async with Wire(room, "maya") as maya:
        opens, invites = opening(room, job=room.id("logo")), invitation(room)
        firsts = [await maya.ask(opens), await maya.ask(invites)]
        await api(room.hub, "PUT", f"/api/v1/jobs/{room.id('logo')}", job)
        await maya.event("thread.closed")
        await api(room.hub, "PUT", f"/api/v1/users/{room.id('jonas')}", {"name": "Jonas", "suspended": True})
        await maya.ask({"type": "peer.block", "user": room.id("jonas")})
        for command, first in zip((opens, invites), firsts, strict=True):
            again = await maya.ask(command)
            assert (again["thread"], again["seq"], again["at"]) == (first["thread"], first["seq"], first["at"])
            assert again["dup"] is True
            assert (await maya.ask({**command, "cid": cid()}))["code"] == "job.closed"
            assert (await maya.ask({**command, "body": "Something else."}))["code"] == "idempotency.conflict"


async def test_a_contract_for_a_job_starts_beside_one_without_a_job(room: Room) -> None:
    async with Wire(room, "maya") as maya:
        opened = await maya.ask(opening(room))
        await room.move(opened["thread"], "start_contract")
        path = f"/api/v1/pairs/{room.id('maya')}/{room.id('jonas')}/contracts"
        started = await api(room.hub, "POST", path, {"job": room.id("logo")})
        assert started["thread"] != opened["thread"]
        assert (await view(maya, str(started["thread"])))["state"] == "contract"


# --- answers


async def test_whoever_answers_late_learns_when_it_was_answered(room: Room) -> None:
    phone, laptop = Wire(room, "jonas", device="phone"), Wire(room, "jonas", device="laptop")
    async with Wire(room, "maya") as maya, phone, laptop:
        thread = await invited(room, maya)
        accepted = await phone.ask(act("invitation.accept", thread))
        for late in (
            await laptop.ask(act("invitation.decline", thread, reason="budget")),
            await maya.ask(act("invitation.withdraw", thread)),
            await laptop.ask(act("invitation.ignore", thread)),
        ):
            assert late["code"] == "invitation.already_answered"
            assert abs(late["data"]["at"] - accepted["at"]) < 5_000
        assert [event["type"] for event in await log_of(maya, thread)] == ["invitation.sent", "invitation.accepted"]


async def test_an_ignored_invitation_is_put_away_and_can_still_be_answered(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await invited(room, maya)
        assert (await jonas.ask(act("invitation.ignore", thread)))["type"] == "invitation.ignore"
        assert (await jonas.ask({"type": "thread.list"}))["rows"] == []
        away = (await jonas.ask({"type": "thread.list", "archived": True}))["rows"]
        assert [(row["thread"], row["state"]) for row in away] == [(thread, "invited")]
        assert len((await maya.ask({"type": "thread.list"}))["rows"]) == 1, "nobody else learns of it"
        assert [row["outcome"] for row in (await jonas.ask({"type": "metrics.rows"}))["rows"]] == ["open"]
        assert (await jonas.ask(act("invitation.accept", thread)))["state"] == "accepted"


async def test_a_meeting_elsewhere_is_refused_with_what_each_side_can_do_instead(room: Room) -> None:
    text = "Let us talk here: https://us02web.zoom.us/j/84512345678"
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interviewed(room, maya, jonas)
        replies = [await wire.say(thread, text) for wire in (maya, jonas)]
        assert [reply["policy"]["code"] for reply in replies] == ["policy.external_meeting_link"] * 2
        assert [reply["policy"]["hint"] for reply in replies] == ["call.request", "call.hint"]


async def test_only_ones_own_young_messages_are_edited(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interviewed(room, maya, jonas)
        sent = await maya.say(thread, "About 900.")
        edit = {"type": "message.edit", "thread": thread, "body": "About 950."}
        assert (await jonas.ask({**edit, "cid": cid(), "target": sent["seq"]}))["code"] == "perm.author_only"
        assert (await maya.ask({**edit, "cid": cid(), "target": 1}))["code"] == "message.not_editable"
        assert (await maya.ask({**edit, "cid": cid(), "target": sent["seq"]}))["type"] == "message.edit"


async def test_after_reopening_the_client_writes_first(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await invited(room, maya)
        await jonas.ask(act("invitation.decline", thread, reason="budget"))
        assert (await maya.ask(act("thread.reopen", thread)))["state"] == "direct"
        assert (await jonas.say(thread, "Well then!"))["code"] == "thread.not_first"
        assert (await view(jonas, thread))["policy"]["why_not"] == "thread.not_first"
        assert (await maya.say(thread, "Automatic.", auto=True))["state"] == "sent"
        assert (await jonas.say(thread, "Well then!"))["code"] == "thread.not_first"
        await maya.say(thread, "I thought about your price.")
        assert (await jonas.say(thread, "Well then!"))["state"] == "sent"


# --- who is owed an answer


async def test_ones_own_block_excuses_nobody_from_answering(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await invited(room, maya)

        async def outcomes() -> list[str]:
            return [row["outcome"] for row in (await jonas.ask({"type": "metrics.rows"}))["rows"]]

        await jonas.ask({"type": "peer.block", "user": maya.user})
        assert await outcomes() == ["open"], "a block is no way out of what one owes"
        await maya.ask({"type": "peer.block", "user": jonas.user})
        assert await outcomes() == ["excluded_blocked"]
        await maya.ask({"type": "peer.unblock", "user": jonas.user})
        declined = await jonas.ask(act("invitation.decline", thread, reason="other"))
        assert declined["state"] == "closed", "a blocker may still decline"
        assert await outcomes() == ["declined"]


async def test_a_block_of_the_marketplaces_counts_at_once(room: Room) -> None:
    pair = f"/api/v1/pairs/{room.id('maya')}/{room.id('jonas')}"
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        await invited(room, maya)
        rows = (await jonas.ask({"type": "metrics.rows"}))["rows"]
        assert rows[0]["outcome"] == "open"
        await maya.ask({"type": "presence.watch", "users": [jonas.user]})
        await api(room.hub, "PUT", pair, {"blocked": True})
        assert (await jonas.ask({"type": "metrics.rows"}))["rows"][0]["outcome"] == "excluded_blocked"
        assert await maya.until(lambda push: push["type"] == "presence.changed" and push["state"] == "offline")


async def test_nobody_who_is_suspended_is_found(room: Room) -> None:
    path = f"/api/v1/users/{room.id('jonas')}"
    word = room.id("jonas").replace("_", "")
    profile = {"name": "Jonas", "headline": f"Designer {word}", "skills": ["logo"]}
    await api(room.hub, "PUT", f"/api/v1/freelancers/{room.id('jonas')}", profile)
    async with Wire(room, "maya") as maya:

        async def found() -> list[str]:
            page = await maya.ask({"type": "directory.search", "text": word})
            return [each["freelancer"] for each in page["profiles"]]

        assert await found() == [room.id("jonas")]
        await api(room.hub, "PUT", path, {"name": "Jonas", "suspended": True})
        assert await found() == []
        assert (await maya.ask(invitation(room)))["code"] == "peer.unavailable"
        await api(room.hub, "PUT", path, {"name": "Jonas", "suspended": False})
        assert await found() == [room.id("jonas")]


# --- switches of the policy


@pytest.fixture(scope="module")
def other_rules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub whose marketplace knows exempt plans, and has no access grants."""
    folder: Path = tmp_path_factory.mktemp("other")
    text = SHIPPED.replace("may_exempt_plans = false", "may_exempt_plans = true")
    text = text.replace("edit_window_s = 900", "edit_window_s = 0", 1)
    text = text.replace("blocked_users_max = 500", "blocked_users_max = 1")
    grants = text.index("[access_grants]")
    text = text[:grants] + text[grants:].replace("is_enabled = true", "is_enabled = false", 1)
    path = folder / "policy.toml"
    path.write_text(text, "utf-8")
    with HubProcess(folder / "hub", env={"GREENROOM_MARKETPLACE_POLICY": str(path)}) as process:
        yield process


async def test_an_exempt_plan_opens_contacts_and_not_payments(other_rules: HubProcess) -> None:
    room = Room(other_rules)
    await room.furnish()
    pair = f"/api/v1/pairs/{room.id('maya')}/{room.id('jonas')}"
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interviewed(room, maya, jonas)
        assert (await jonas.say(thread, EMAIL))["policy"]["action"] == "redact"
        assert (await api(room.hub, "PUT", pair, {"exempt_plan": True}))["exempt_plan"] is True
        told = await maya.event("policy.changed")
        assert (told["contact"], told["payment"]) == ("allowed", "blocked")
        await jonas.say(thread, EMAIL)
        assert await maya.event("message.sent", body=EMAIL)
        assert (await jonas.say(thread, "Can you pay me by PayPal instead?"))["code"].startswith("policy.payment_")
        await api(room.hub, "PUT", pair, {"exempt_plan": False})
        assert (await jonas.say(thread, EMAIL))["policy"]["action"] in ("redact", "bounce")


async def test_plans_exempt_nobody_where_the_policy_knows_none(room: Room) -> None:
    pair = f"/api/v1/pairs/{room.id('maya')}/{room.id('jonas')}"
    with pytest.raises(RuntimeError, match=r"404.*not_available"):
        await api(room.hub, "PUT", pair, {"exempt_plan": True})


async def test_access_grants_that_are_switched_off_are_not_available(other_rules: HubProcess) -> None:
    room = Room(other_rules)
    await room.furnish()
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interviewed(room, maya, jonas)
        assert (await jonas.ask(request(thread)))["code"] == "not_available"
        assert "access.request" not in (await view(jonas, thread))["policy"]["actions"]


async def test_a_message_is_edited_inside_its_window_alone(other_rules: HubProcess) -> None:
    room = Room(other_rules)
    await room.furnish()
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interviewed(room, maya, jonas)
        sent = await maya.say(thread, "About 900.")
        edit = {"type": "message.edit", "thread": thread, "cid": cid(), "target": sent["seq"], "body": "About 950."}
        assert (await maya.ask(edit))["code"] == "message.edit_window"


async def test_a_user_blocks_so_many_people_and_no_more(other_rules: HubProcess) -> None:
    room = Room(other_rules)
    await room.furnish()
    await room.freelancer("lena")
    async with Wire(room, "maya") as maya:
        block = {"type": "peer.block", "user": room.id("jonas")}
        assert (await maya.ask(block))["type"] == "peer.block"
        assert (await maya.ask({**block, "user": room.id("lena")}))["code"] == "peer.too_many"
        assert (await maya.ask(block))["type"] == "peer.block", "again is no other one"
