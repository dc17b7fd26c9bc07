"""Held messages: who sees them, what becomes of them, and what they count as."""

from collections.abc import Iterator

import pytest

from testkit.grants import interview
from testkit.hub import HubProcess, Room
from testkit.moderation import ASK, ASK_AGAIN, bodies, decide, held_one, moderated, queue
from testkit.wire import Wire, cid


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    folder = tmp_path_factory.mktemp("moderated")
    with HubProcess(folder, env=moderated(folder)) as process:
        yield process


async def test_a_held_message_is_seen_by_its_sender_alone(room: Room) -> None:
    laptop = Wire(room, "jonas", device="laptop")
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas, laptop:
        thread = await interview(room, maya, jonas)
        command = {"type": "message.send", "thread": thread, "cid": cid(), "body": ASK_AGAIN}
        await jonas.say(thread, ASK)
        reply, again = await jonas.ask(command), await jonas.ask(command)
        assert (reply["state"], reply["policy"]["action"], reply["dup"]) == ("held", "hold", False)
        assert (again["mid"], again["state"], again["dup"]) == (reply["mid"], "held", True)
        assert (await jonas.ask({**command, "body": "Other words."}))["code"] == "idempotency.conflict"
        told = await laptop.event("message.held", held=reply["mid"])
        assert (told["thread"], told["cid"], told["code"]) == (thread, command["cid"], "policy.contact_request")
        listed = (await laptop.ask({"type": "held.list", "thread": thread}))["held"]
        assert [(item["held"], item["body"], item["cid"]) for item in listed] == [
            (reply["mid"], ASK_AGAIN, command["cid"])
        ]
        assert (await maya.ask({"type": "held.list", "thread": thread}))["held"] == []
        before = maya.mark
        await jonas.say(thread, "Something else.")
        await maya.event("message.sent", body="Something else.")
        assert maya.mark == before + 1
        assert "WhatsApp" not in str(maya.pushes) + str(await maya.ask({"type": "thread.history", "thread": thread}))
        assert "WhatsApp" not in room.hub.log_path.read_text()


async def test_a_released_message_gets_a_new_place_and_keeps_its_time(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        command = {"type": "message.send", "thread": thread, "cid": cid(), "body": ASK_AGAIN}
        await jonas.say(thread, ASK)
        reply = await jonas.ask(command)
        [item] = await queue(room, thread)
        assert (item["held"], item["text"], item["is_original"], item["by"]) == (
            reply["mid"], ASK_AGAIN, True, jonas.user,
        )  # fmt: skip
        assert "messenger" in [found["kind"] for found in item["findings"]]
        later = await maya.say(thread, "Which colours do you like?")
        decided = await decide(room, reply["mid"], "release", "harmless")
        sent = await maya.event("message.sent", body=ASK_AGAIN)
        assert (sent["seq"], sent["cid"], sent["submitted_at"]) == (later["seq"] + 1, command["cid"], reply["at"])
        assert sent["at"] > sent["submitted_at"]
        assert (await jonas.event("message.sent", cid=command["cid"]))["seq"] == sent["seq"]
        assert (decided["state"], decided["seq"], decided["note"]) == ("released", sent["seq"], "harmless")
        assert (await decide(room, reply["mid"], "release"))["seq"] == sent["seq"]
        with pytest.raises(RuntimeError, match=r"held\.decided"):
            await decide(room, reply["mid"], "reject")
        again = await jonas.ask(command)
        assert (again["state"], again["seq"], again["dup"]) == ("sent", sent["seq"], True)
        assert await queue(room, thread) == []
        assert (await jonas.ask({"type": "held.list", "thread": thread}))["held"] == []
        assert await bodies(maya, thread) == ["Tell me about your work.", "Which colours do you like?", ASK_AGAIN]


async def test_a_held_message_that_followed_another_of_its_outbox_is_released(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        before = {"type": "message.send", "thread": thread, "cid": cid(), "body": "I sent the first sketch."}
        assert (await jonas.ask(before))["state"] == "sent"
        await jonas.say(thread, ASK)
        held = {"type": "message.send", "thread": thread, "cid": cid(), "prev_cid": before["cid"], "body": ASK_AGAIN}
        reply = await jonas.ask(held)
        assert reply["state"] == "held"
        assert (await decide(room, reply["mid"], "release"))["state"] == "released"
        assert (await maya.event("message.sent", body=ASK_AGAIN))["cid"] == held["cid"]


async def test_a_rejected_message_is_given_back(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        command = {"type": "message.send", "thread": thread, "cid": cid(), "body": ASK_AGAIN}
        await jonas.say(thread, ASK)
        reply = await jonas.ask(command)
        assert (await decide(room, reply["mid"], "reject"))["state"] == "rejected"
        told = await jonas.event("message.rejected", held=reply["mid"])
        assert (told["code"], told["reason"], told["cid"]) == (
            "held.rejected", "policy.contact_request", command["cid"],
        )  # fmt: skip
        assert (await jonas.ask(command))["code"] == "held.rejected"
        [item] = await queue(room, thread, open="false")
        assert (item["state"], item["text"], item["seq"]) == ("rejected", ASK_AGAIN, 0)
        assert await bodies(maya, thread) == ["Tell me about your work."]
        with pytest.raises(RuntimeError, match=r"held\.decided"):
            await decide(room, reply["mid"], "release")


async def test_the_sender_may_take_a_held_message_back(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        reply = await held_one(jonas, thread)
        withdraw = {"type": "held.withdraw", "held": reply["mid"]}
        assert (await maya.ask(withdraw))["code"] == "not_found"
        assert (await jonas.ask(withdraw))["held"] == (await jonas.ask(withdraw))["held"] == reply["mid"]
        assert (await jonas.event("message.rejected", held=reply["mid"]))["code"] == "held.withdrawn"
        [item] = await queue(room, thread, open="false")
        assert (item["state"], item["text"]) == ("withdrawn", "")
        with pytest.raises(RuntimeError, match=r"held\.decided"):
            await decide(room, reply["mid"], "release")
        assert (await jonas.ask({"type": "held.withdraw", "held": "h1_nothing"}))["code"] == "not_found"


async def test_held_messages_of_one_sender_are_released_in_their_order(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        first, second = await held_one(jonas, thread), await jonas.say(thread, "Do you have WhatsApp? Which number?")
        with pytest.raises(RuntimeError, match=r"held\.earlier_first"):
            await decide(room, second["mid"], "release")
        assert [item["held"] for item in await queue(room, thread)] == [first["mid"], second["mid"]]
        await decide(room, first["mid"], "reject")
        assert (await decide(room, second["mid"], "release"))["state"] == "released"


async def test_only_so_many_may_wait_in_a_thread(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        await jonas.say(thread, ASK)
        replies = [await jonas.say(thread, f"{ASK_AGAIN} {number}!") for number in range(6)]
        assert [reply.get("state", reply["type"]) for reply in replies] == ["held"] * 5 + ["error"]
        assert (replies[5]["code"], replies[5]["policy"]["action"]) == ("policy.contact_request", "bounce")


async def test_release_follows_the_rules_of_the_thread_as_they_are_then(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        reply = await held_one(jonas, thread)
        await maya.ask({"type": "peer.block", "user": jonas.user})
        with pytest.raises(RuntimeError, match=r"peer\."):
            await decide(room, reply["mid"], "release")
        await maya.ask({"type": "peer.unblock", "user": jonas.user})
        await room.move(thread, "start_contract")
        assert (await decide(room, reply["mid"], "release"))["state"] == "released"
        assert (await bodies(maya, thread))[-1] == ASK_AGAIN


async def test_an_answer_counts_from_when_it_was_submitted(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        opened = await maya.ask(
            {"type": "thread.open", "freelancer": jonas.user, "cid": cid(), "body": "What does a logo cost?"}
        )
        thread = opened["thread"]
        reply = await held_one(jonas, thread)
        rows = (await jonas.ask({"type": "metrics.rows"}))["rows"]
        assert [row["outcome"] for row in rows] == ["open"]
        await decide(room, reply["mid"], "release")
        rows = (await jonas.ask({"type": "metrics.rows"}))["rows"]
        assert [(row["outcome"], row["t0"], row["t1"]) for row in rows] == [("answered", opened["at"], reply["at"])]


async def test_what_was_held_answers_nothing_that_was_asked_later(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        await jonas.say(thread, "I do logos.")
        reply = await held_one(jonas, thread)
        asked = await maya.say(thread, "And what do you charge for a logo of that kind?")
        await decide(room, reply["mid"], "release")
        rows = (await jonas.ask({"type": "metrics.rows"}))["rows"]
        assert (rows[0]["t0"], rows[0]["outcome"], rows[0].get("t1")) == (asked["at"], "open", None)


async def test_a_clients_first_words_begin_to_count_when_they_are_released(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        invitation = await maya.ask(
            {"type": "invitation.send", "job": room.id("logo"), "freelancer": jonas.user, "cid": cid(), "body": "Hi!"}
        )
        thread = invitation["thread"]
        await jonas.ask({"type": "invitation.accept", "thread": thread, "cid": cid()})
        reply = await held_one(maya, thread)
        assert (await jonas.say(thread, "Hello?"))["code"] == "candidacy.not_open"
        await decide(room, reply["mid"], "release")
        sent = await jonas.event("message.sent", body=ASK_AGAIN)
        await jonas.event("interview.started")
        rows = (await jonas.ask({"type": "metrics.rows"}))["rows"]
        assert (rows[0]["kind"], rows[0]["t0"]) == ("first", sent["at"])
        assert (await jonas.say(thread, "I do not have one."))["state"] == "sent"


async def test_edits_bounce_where_messages_would_be_held(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        seq = (await jonas.say(thread, "I do logos and brands, mostly for bakeries."))["seq"]
        await jonas.say(thread, ASK)
        edit = {"type": "message.edit", "thread": thread, "cid": cid(), "target": seq, "body": ASK_AGAIN}
        assert (await jonas.ask(edit))["policy"]["action"] == "bounce"
        checked = await jonas.ask({"type": "message.check", "thread": thread, "body": ASK_AGAIN})
        assert checked["policy"]["action"] == "hold"


async def test_who_answers_an_ask_is_told_so_without_reproach(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        before = await maya.say(thread, "+49 151 23456789")
        assert before["policy"]["code"] == "policy.contact_phone"
        await decide(room, (await held_one(jonas, thread))["mid"], "release")
        await maya.event("message.sent", body=ASK_AGAIN)
        answer = await maya.say(thread, "+49 151 23456780")
        assert (answer["policy"]["action"], answer["policy"]["code"]) == ("redact", "policy.contact_answered")
        check = await maya.ask({"type": "message.check", "thread": thread, "body": "maya.k at gmail dot com"})
        assert (check["policy"]["code"], check["policy"]["hint"]) == ("policy.contact_answered", "access.request")
        await jonas.say(thread, "Please do not ask for that, it is against the rules here, and so on and so forth.")
        for day in ("Monday", "Tuesday", "Wednesday"):
            await jonas.say(thread, f"On {day} I can start.")
        later = await maya.say(thread, "+49 151 23456781")
        assert later["policy"]["code"] == "policy.contact_phone"
