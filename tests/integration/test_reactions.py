"""Reactions, quotes, and what authors and moderators do to a message afterwards, over real sockets."""

import asyncio

import pytest

from greenroom_server.domain.ids import thread_partition
from testkit.hub import Room, api
from testkit.team import adding, history, interview, staff
from testkit.wire import Frame, Wire, cid

THUMB, HEART = "\U0001f44d", "\u2764\ufe0f"


def reacting(thread: str, target: int, emoji: str = THUMB, *, on: bool = True) -> Frame:
    return {"type": "message.react", "thread": thread, "target": target, "emoji": emoji, "on": on}


async def message(wire: Wire, thread: str, seq: int) -> Frame:
    return next(event for event in await history(wire, thread) if event["seq"] == seq)


async def test_reactions_are_sets_that_history_shows(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        first = await jonas.ask(reacting(thread, 3))
        assert (first["type"], first["seq"], first["dup"]) == ("message.react", 5, False)
        event = await maya.event("message.reacted")
        assert (event["target"], event["emoji"], event["by"], event.get("n", 0)) == (3, THUMB, jonas.user, 0)
        again = await jonas.ask(reacting(thread, 3))
        assert (again["seq"], again["dup"]) == (0, True)
        await jonas.ask(reacting(thread, 3, HEART))
        await maya.ask(reacting(thread, 3))
        for wire in (maya, jonas):
            assert (await message(wire, thread, 3))["reactions"] == [
                {"emoji": THUMB, "users": [jonas.user, maya.user]},
                {"emoji": HEART, "users": [jonas.user]},
            ]
        await jonas.ask(reacting(thread, 3, on=False))
        await jonas.ask(reacting(thread, 3, HEART, on=False))
        assert (await message(maya, thread, 3))["reactions"] == [{"emoji": THUMB, "users": [maya.user]}]
        await maya.ask(reacting(thread, 3, on=False))
        assert "reactions" not in await message(maya, thread, 3)
        assert (await maya.ask(reacting(thread, 3, on=False)))["dup"] is True


async def test_a_reaction_leaves_unread_and_obligations_alone(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        before = (await jonas.ask({"type": "metrics.rows"}))["rows"]
        reacted = await jonas.ask(reacting(thread, 3))
        push = await maya.until(lambda push: push.get("seq") == reacted["seq"])
        assert (push["n"], push["read"]) == (2, 2)
        assert [each["outcome"] for each in (await jonas.ask({"type": "metrics.rows"}))["rows"]] == [
            each["outcome"] for each in before
        ]


@pytest.mark.parametrize("emoji", ["hi", "7\ufe0f\u20e3", "\U0001f1e9\U0001f1ea", THUMB * 2, "\U0001f51f"])
async def test_a_reaction_that_could_spell_a_contact_is_refused(room: Room, emoji: str) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        assert (await jonas.ask(reacting(thread, 3, emoji)))["code"] == "reaction.invalid"


async def test_only_messages_that_are_there_take_reactions_and_only_twenty_kinds(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        for target in (1, 2, 99):
            assert (await jonas.ask(reacting(thread, target)))["code"] == "reaction.target"
        for number in range(20):
            assert "code" not in await jonas.ask(reacting(thread, 3, chr(0x1F400 + number)))
        assert (await jonas.ask(reacting(thread, 3)))["code"] == "reaction.too_many"
        assert (await maya.ask(reacting(thread, 3, chr(0x1F400))))["type"] == "message.react", "a kind that is there"


async def test_who_may_not_write_may_not_react(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas, Wire(room, "stranger") as stranger:
        thread = await interview(room, maya, jonas)
        assert (await stranger.ask(reacting(thread, 3)))["code"] == "not_found"
        pair = f"/api/v1/pairs/{maya.user}/{jonas.user}"
        await api(room.hub, "PUT", pair, {"blocked": True})
        assert (await jonas.ask(reacting(thread, 3)))["code"].startswith("peer.")
        await api(room.hub, "PUT", pair, {"blocked": False})
        await room.move(thread, "close_job")
        assert (await jonas.ask(reacting(thread, 3)))["code"] == "thread.closed"


async def test_a_reaction_does_not_open_an_interview(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        opened = await maya.ask(
            {"type": "thread.open", "freelancer": jonas.user, "job": room.id("logo"), "cid": cid(), "body": "Hello!"}
        )
        thread = opened["thread"]
        assert (await jonas.ask(reacting(thread, 1)))["type"] == "message.react"
        view = await maya.ask({"type": "thread.get", "thread": thread})
        assert view["state"] == "direct"


async def test_racing_reactions_of_two_people_are_both_there_once(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        replies = await asyncio.gather(*(wire.ask(reacting(thread, 3)) for wire in (maya, jonas) * 5))
        assert sorted(reply["dup"] for reply in replies) == [False, False] + [True] * 8
        [reaction] = (await message(maya, thread, 3))["reactions"]
        assert sorted(reaction["users"]) == sorted([maya.user, jonas.user])


async def test_a_quote_names_a_message_and_copies_nothing(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        secret = await maya.say(thread, "A secret budget.")
        send = {"type": "message.send", "thread": thread, "cid": cid(), "body": "Fine.", "quote": secret["seq"]}
        sent = await jonas.ask(send)
        assert (await maya.event("message.sent", body="Fine."))["quote"] == secret["seq"]
        await maya.ask({"type": "message.erase", "thread": thread, "cid": cid(), "target": secret["seq"]})
        shown = await history(jonas, thread)
        assert "secret budget" not in str(shown)
        assert next(event for event in shown if event["seq"] == sent["seq"])["quote"] == secret["seq"]
        assert (await jonas.ask(send))["dup"] is True, "what was sent stays sent"
        assert (await jonas.ask({**send, "quote": 1}))["code"] == "idempotency.conflict"
        for target in (secret["seq"], 2, 999):
            refused = await jonas.ask({**send, "cid": cid(), "quote": target})
            assert refused["code"] == "message.quote_target"
        assert (await jonas.ask({**send, "cid": cid(), "quote": 1}))["type"] == "message.send", "an invitation"


async def test_an_erased_message_keeps_its_place_and_loses_text_edits_and_reactions(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        await jonas.ask(reacting(thread, 3))
        await maya.ask({"type": "message.edit", "thread": thread, "cid": cid(), "target": 3, "body": "Hello there!"})
        erasing = {"type": "message.erase", "thread": thread, "cid": cid(), "target": 3}
        first, other = await asyncio.gather(maya.ask(erasing), maya.ask({**erasing, "cid": cid()}))
        assert sorted([first["type"], other["type"]]) == ["error", "message.erase"]
        assert next(reply for reply in (first, other) if reply["type"] == "error")["code"] == "message.erased"
        tomb = await message(jonas, thread, 3)
        assert (tomb["type"], tomb["n"], tomb["by"]) == ("item.erased", 2, maya.user)
        assert "Hello" not in str(await history(jonas, thread))
        assert (await jonas.ask(reacting(thread, 3)))["code"] == "reaction.target"


async def test_a_moderator_erases_anybodys_message(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        path = f"/api/v1/threads/{thread}/messages/3"
        once = {"cid": cid()}
        done = await api(room.hub, "POST", f"{path}/erase", once)
        assert (await jonas.event("message.erased")).get("by", "") == ""
        assert (await api(room.hub, "POST", f"{path}/erase", once)) == {**done, "dup": True}
        with pytest.raises(RuntimeError, match=r"409 .*message\.erased"):
            await api(room.hub, "POST", f"{path}/erase", {})
        story = await api(room.hub, "GET", f"{path}/history")
        assert (story["by"], story["n"], story["erased_at"], story["versions"]) == (maya.user, 2, done["at"], [])
        audit = await api(room.hub, "GET", f"/api/v1/audit?partition={thread_partition(thread)}&limit=1000")
        noted = [entry for entry in audit["entries"] if entry["thread"] == thread and "erased" in entry["kind"]]  # type: ignore[attr-defined]  # a list
        assert [entry["seq"] for entry in noted] == [done["seq"]]


async def test_a_moderators_mask_covers_every_text_that_participants_can_read(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        sent = await maya.say(thread, "Ask for agent Blue.")
        edit = {"type": "message.edit", "thread": thread, "cid": cid(), "target": sent["seq"]}
        await maya.ask({**edit, "body": "Ask for agent Green."})
        path = f"/api/v1/threads/{thread}/messages/{sent['seq']}"
        await api(room.hub, "POST", f"{path}/redact", {"parts": [{"start": 8, "end": 19}], "cid": cid()})
        event = await jonas.event("message.redacted")
        assert event["body"] == "Ask for [removed by a moderator]."
        assert [span["kind"] for span in event["hidden"]] == ["moderated"]
        shown = await history(jonas, thread)
        assert "agent" not in str(shown)
        assert next(each for each in shown if each["seq"] == sent["seq"])["body"] == event["body"]
        again = await maya.ask({**edit, "cid": cid(), "body": "Ask for agent Blue."})
        assert again["code"] == "message.redacted"
        story = await api(room.hub, "GET", f"{path}/history")
        assert [(each["kind"], each["body"]) for each in story["versions"]] == [
            ("sent", "Ask for agent Blue."),
            ("edited", "Ask for agent Green."),
            ("redacted", event["body"]),
        ]
        late = Wire(room, "jonas", device="tablet")
        page = await late.open(
            resume={"epoch": jonas.connected["epoch"], "mark": 0, "threads": {thread: {"epoch": 0, "seq": 0}}}
        )
        assert "agent" not in str(page)
        await late.close()


async def test_an_erasure_wins_over_an_author_who_edits_at_the_same_time(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        for number in range(5):
            sent = await maya.say(thread, f"A plan, number {number}.")
            edit = {"type": "message.edit", "thread": thread, "cid": cid(), "target": sent["seq"], "body": "Better."}
            erase = api(room.hub, "POST", f"/api/v1/threads/{thread}/messages/{sent['seq']}/erase", {})
            edited, _ = await asyncio.gather(maya.ask(edit), erase)
            assert edited.get("code", "message.erased") in ("message.erased", "not_found")
            shown = await history(jonas, thread, after=sent["seq"] - 1)
            assert "number" not in str(shown)
            assert "Better" not in str(shown)


async def test_members_react_and_quote_like_everybody(room: Room) -> None:
    await staff(room, "cleo")
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas, Wire(room, "cleo") as cleo:
        thread = await interview(room, maya, jonas)
        await maya.ask(adding(room, thread, "cleo"))
        assert (await cleo.ask(reacting(thread, 3)))["dup"] is False
        assert (await cleo.say(thread, "I agree.", quote=3))["type"] == "message.send"
