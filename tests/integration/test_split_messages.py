"""Contacts split over several messages: the last piece bounces, the pieces before are masked, nothing else waits."""

import asyncio
from typing import Any

from testkit.grants import interview
from testkit.hub import Room
from testkit.wire import Frame, Wire, cid

PIECES = ("415", "555", "0123")


async def texts(wire: Wire, thread: str) -> list[str]:
    """Read the messages as they stand."""
    history = await wire.ask({"type": "thread.history", "thread": thread})
    return [event["body"] for event in history["events"] if event["type"] == "message.sent"]


async def masked(wire: Wire, seq: int) -> Frame:
    """Wait until a message was masked."""
    return await wire.event("message.redacted", target=seq)


async def test_the_last_piece_bounces_and_the_others_are_masked(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        replies = [await jonas.say(thread, piece) for piece in PIECES]
        assert [reply["type"] for reply in replies] == ["message.send", "message.send", "error"], replies
        assert replies[2]["policy"]["action"] == "bounce"
        seen = await masked(maya, replies[1]["seq"])
        assert (seen.get("by", ""), "555" in seen["body"]) == ("", False)
        assert (await masked(jonas, replies[1]["seq"]))["seq"] == seen["seq"]
        assert (await texts(maya, thread))[1:] == ["[phone number hidden until a contract starts]"] * 2
        edit = {"type": "message.edit", "thread": thread, "cid": cid(), "target": replies[1]["seq"], "body": "Hi."}
        assert (await jonas.ask(edit))["code"] == "message.redacted"


async def test_the_lines_of_the_other_side_do_not_hide_a_split_contact(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        await jonas.say(thread, PIECES[0])
        await maya.say(thread, "Sorry?")
        await jonas.say(thread, PIECES[1])
        await maya.say(thread, "I see.")
        assert (await jonas.say(thread, PIECES[2]))["type"] == "error"


async def test_two_devices_that_write_the_pieces_at_once_do_not_get_through(room: Room) -> None:
    phone, laptop = Wire(room, "jonas"), Wire(room, "jonas", device="laptop")
    async with Wire(room, "maya") as maya, phone, laptop:
        for _ in range(5):
            thread = await interview_again(room, maya, phone)
            await phone.say(thread, PIECES[0])
            replies = await asyncio.gather(phone.say(thread, PIECES[1]), laptop.say(thread, PIECES[2]))
            assert sorted(reply["type"] for reply in replies) == ["error", "message.send"], replies


async def interview_again(room: Room, maya: Wire, jonas: Wire) -> str:
    """Begin another interview of the same two, about another job."""
    jobs = getattr(room, "jobs", 0) + 1
    room.jobs = jobs  # type: ignore[attr-defined]
    await room.client("maya", f"job{jobs}")
    return await interview(room, maya, jonas, f"job{jobs}")


async def test_short_messages_in_one_go_keep_their_order(room: Room) -> None:
    words = [f"word number {chr(97 + i)}" for i in range(12)]
    words[3] = "This one is longer than a fragment could be, so that it needs no look at what came before."
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        cids = [cid() for _ in words]
        replies = await asyncio.gather(
            *(
                jonas.say(thread, word, cid=cids[i], **({"prev_cid": cids[i - 1]} if i else {}))
                for i, word in enumerate(words)
            )
        )
        assert [reply["type"] for reply in replies] == ["message.send"] * len(words), replies
        assert [reply["seq"] for reply in replies] == list(range(replies[0]["seq"], replies[0]["seq"] + len(words)))
        assert (await texts(maya, thread))[-len(words) :] == words


async def test_an_edit_may_not_complete_a_contact_either(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        await jonas.say(thread, PIECES[0])
        second = await jonas.say(thread, PIECES[1])
        third = await jonas.say(thread, "Let me think.")
        edit: dict[str, Any] = {"type": "message.edit", "thread": thread, "cid": cid(), "target": third["seq"]}
        assert (await jonas.ask({**edit, "body": PIECES[2]}))["type"] == "error"
        await masked(maya, second["seq"])


async def test_the_check_sees_what_came_before(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        check = {"type": "message.check", "thread": thread, "body": PIECES[2]}
        assert (await jonas.ask(check))["policy"]["action"] == "allow"
        for piece in PIECES[:2]:
            await jonas.say(thread, piece)
        assert (await jonas.ask(check))["policy"]["action"] == "bounce"


async def test_after_the_contract_has_started_pieces_pass(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        await room.move(thread, "start_contract")
        replies = [await jonas.say(thread, piece) for piece in PIECES]
        assert [reply["type"] for reply in replies] == ["message.send"] * 3
