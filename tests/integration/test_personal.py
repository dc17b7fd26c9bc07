"""Muted and archived threads, quiet hours and private reading, over real sockets."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from testkit.hub import Room, put
from testkit.team import adding, interview, row, staff
from testkit.wire import Frame, Wire, cid

LATER = 4_000_000_000_000


def archiving(thread: str, **fields: Any) -> Frame:
    return {"type": "thread.archive", "thread": thread, **fields}


async def listed(wire: Wire, **fields: Any) -> list[str]:
    page = await wire.ask({"type": "thread.list", **fields})
    return [each["thread"] for each in page["rows"]]


async def talk(room: Room, maya: Wire, *names: str) -> list[str]:
    """Open a thread with each of several freelancers."""
    threads = []
    for name in names:
        await room.freelancer(name)
        opened = await maya.ask({"type": "thread.open", "freelancer": room.id(name), "cid": cid(), "body": "Hello!"})
        threads.append(opened["thread"])
    return threads


async def test_an_archived_thread_leaves_the_list_until_its_next_item(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        assert (await jonas.ask(archiving(thread)))["archived_n"] == 2
        assert await listed(jonas) == []
        assert await listed(jonas, archived=True) == await listed(jonas, archived=None) == [thread]
        assert await listed(maya) == [thread], "of nobody else's concern"
        await maya.ask({"type": "message.edit", "thread": thread, "cid": cid(), "target": 3, "body": "Hello there!"})
        await jonas.event("message.edited")
        assert await listed(jonas) == [], "an edit is no item"
        await maya.say(thread, "One more thing.")
        await jonas.event("message.sent", body="One more thing.")
        assert await listed(jonas) == [thread]
        assert await listed(jonas, archived=True) == []
        await jonas.ask(archiving(thread))
        assert (await jonas.ask(archiving(thread, on=False)))["archived_n"] == -1
        assert await listed(jonas) == [thread]


async def test_an_item_that_was_not_on_screen_keeps_the_thread_in_the_list(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        await jonas.ask(archiving(thread, seen=1))
        assert await listed(jonas) == [thread]
        await jonas.ask(archiving(thread, seen=2))
        assert await listed(jonas) == []


async def test_settings_of_a_row_reach_all_devices_and_every_page(room: Room) -> None:
    phone, laptop = Wire(room, "jonas", device="phone"), Wire(room, "jonas", device="laptop")
    async with Wire(room, "maya") as maya, phone, laptop:
        thread = await interview(room, maya, phone)
        await laptop.until(lambda push: push.get("seq") == 4)
        at = laptop.mark
        assert (await phone.ask({"type": "thread.mute", "thread": thread, "until": LATER}))["muted_until"] == LATER
        push = await laptop.until(lambda push: push.get("muted_until") == LATER)
        assert (push["mark"], push["from"], push["seq"]) == (at + 1, 4, 4)
        await phone.ask(archiving(thread))
        await laptop.until(lambda push: push.get("archived_n") == 2)
        assert [push["mark"] for push in laptop.pushes if push["type"] == "inbox.changed"][-2:] == [at + 1, at + 2]
        await phone.ask(archiving(thread))
        assert laptop.mark == at + 2, "it was so already"
        await maya.say(thread, "Are you there?")
        push = await laptop.until(lambda push: push.get("n") == 3)
        assert (push["muted_until"], push["archived_n"]) == (LATER, 2)
        changes = await phone.ask({"type": "inbox.changes", "epoch": phone.connected["epoch"], "mark": at})
        late = Wire(room, "jonas", device="tablet")
        rows = (await late.open())["rows"]
        for found in (changes["rows"], rows, [await row(phone, thread)]):
            [each] = [each for each in found if each["thread"] == thread]
            assert (each["muted_until"], each["archived_n"], each["n"]) == (LATER, 2, 3)
        await late.close()
        await phone.ask({"type": "thread.mute", "thread": thread, "until": 0})
        assert "muted_until" not in await row(phone, thread)


async def test_pages_of_the_list_are_full_whatever_was_archived(room: Room) -> None:
    async with Wire(room, "maya") as maya:
        threads = await talk(room, maya, *(f"f{number}" for number in range(7)))
        for thread in threads[::2]:
            await maya.ask(archiving(thread))
        rest = threads[1::2][::-1]
        first = await maya.ask({"type": "thread.list", "limit": 2})
        assert ([each["thread"] for each in first["rows"]], first["more"]) == (rest[:2], True)
        second = await maya.ask({"type": "thread.list", "limit": 2, "before": first["rows"][-1]["mark"]})
        assert ([each["thread"] for each in second["rows"]], second["more"]) == (rest[2:], False)
        put_away, before = [], None
        while len(put_away) < 4:
            page = await maya.ask({"type": "thread.list", "limit": 1, "archived": True, "before": before})
            [found] = page["rows"]
            put_away.append(found["thread"])
            before = found["mark"]
        assert put_away == threads[::2][::-1]
        end = await maya.ask({"type": "thread.list", "limit": 1, "archived": True, "before": before})
        assert (end["rows"], end["more"]) == ([], False)
        assert len(await listed(maya, archived=None)) == 7


async def test_nobody_sets_anything_for_a_thread_they_are_not_in(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas, Wire(room, "stranger") as stranger:
        thread = await interview(room, maya, jonas)
        assert (await stranger.ask(archiving(thread)))["code"] == "not_found"
        assert (await stranger.ask({"type": "thread.mute", "thread": thread, "until": 1}))["code"] == "not_found"


async def test_the_others_see_that_it_is_within_ones_quiet_hours(room: Room) -> None:
    now = datetime.now(UTC)
    around = {"from": f"{now - timedelta(hours=2):%H:%M}", "to": f"{now + timedelta(hours=2):%H:%M}", "tz": "UTC"}
    elsewhere = {**around, "from": around["to"], "to": f"{now + timedelta(hours=4):%H:%M}"}
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)

        async def quiet() -> bool:
            view = await maya.ask({"type": "thread.get", "thread": thread})
            return next(bool(each.get("is_quiet")) for each in view["participants"] if each["user"] == jonas.user)

        assert not await quiet()
        saved = await jonas.ask({"type": "settings.set", "quiet_hours": around})
        assert (saved["quiet_hours"], saved["private_read"]) == (around, False)
        assert await quiet()
        await jonas.ask({"type": "settings.set", "quiet_hours": elsewhere})
        assert not await quiet()
        assert (await jonas.ask({"type": "settings.get"}))["quiet_hours"] == elsewhere
        await jonas.ask({"type": "settings.set", "quiet_hours": None})
        assert (await jonas.ask({"type": "settings.get"}))["quiet_hours"] is None
        await put(room.hub, f"/api/v1/users/{jonas.user}", {"name": "Jonas"})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"tz": "Europe/Atlantis"}, "settings.time_zone"),
        ({"tz": "../../etc/passwd"}, "settings.time_zone"),
        ({"from": "24:00"}, "bad_request.field"),
        ({"to": "7:00"}, "bad_request.field"),
    ],
)
async def test_quiet_hours_need_times_and_a_zone_that_is_known(room: Room, change: Frame, code: str) -> None:
    async with Wire(room, "maya") as maya:
        hours = {"from": "22:00", "to": "06:00", "tz": "Europe/Berlin", **change}
        assert (await maya.ask({"type": "settings.set", "quiet_hours": hours}))["code"] == code


async def test_settings_survive_what_the_marketplace_tells_of_the_user(room: Room) -> None:
    hours = {"from": "22:00", "to": "06:00", "tz": "+05:30"}
    async with Wire(room, "maya") as maya:
        await maya.ask({"type": "settings.set", "quiet_hours": hours, "private_read": True})
        await put(room.hub, f"/api/v1/users/{maya.user}", {"name": "Maya L."})
        kept = await maya.ask({"type": "settings.get"})
        assert (kept["quiet_hours"], kept["private_read"]) == (hours, True)
        changed = await maya.ask({"type": "settings.set", "quiet_hours": None})
        assert changed["private_read"] is True, "what is not named stays"


async def test_who_reads_in_private_shows_no_read_mark_and_sees_none(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        await jonas.ask({"type": "settings.set", "quiet_hours": None, "private_read": True})
        sent = await maya.say(thread, "Did you see this?")
        await jonas.event("message.sent", body="Did you see this?")
        await jonas.tell({"type": "delivered", "mark": jonas.mark})
        receipt = await maya.until(lambda push: push["type"] == "receipt.moved" and push["delivered"] == sent["n"])
        assert receipt.get("read", 0) == 0
        told = len([push for push in maya.pushes if push["type"] == "receipt.moved"])
        assert (await jonas.ask({"type": "thread.read", "thread": thread, "n": sent["n"]}))["n"] == sent["n"]
        assert (await row(jonas, thread))["read"] == sent["n"], "one's own mark moves"
        await maya.ask({"type": "ping"})
        assert len([push for push in maya.pushes if push["type"] == "receipt.moved"]) == told, "not even when"
        answered = await jonas.say(thread, "I did.")
        await maya.ask({"type": "thread.read", "thread": thread, "n": answered["n"]})
        receipt = await jonas.until(lambda push: push["type"] == "receipt.moved" and push["delivered"] == answered["n"])
        assert receipt.get("read", 0) == 0
        for wire, other in ((maya, jonas), (jonas, maya)):
            view = await wire.ask({"type": "thread.get", "thread": thread})
            read = {each["user"]: each.get("read", 0) for each in view["participants"]}
            assert (read[other.user], read[wire.user] > 0) == (0, True)


async def test_private_reading_holds_after_reconnecting_and_ends_when_switched_off(room: Room) -> None:
    async with Wire(room, "maya") as maya:
        async with Wire(room, "jonas") as jonas:
            thread = await interview(room, maya, jonas)
            await jonas.ask({"type": "settings.set", "quiet_hours": None, "private_read": True})
        async with Wire(room, "jonas") as jonas:
            sent = await maya.say(thread, "And now?")
            await jonas.ask({"type": "thread.read", "thread": thread, "n": sent["n"]})
            receipt = await maya.until(lambda push: push["type"] == "receipt.moved" and push["delivered"] == sent["n"])
            assert receipt.get("read", 0) == 0
            await jonas.ask({"type": "settings.set", "quiet_hours": None, "private_read": False})
            sent = await maya.say(thread, "And then?")
            await jonas.ask({"type": "thread.read", "thread": thread, "n": sent["n"]})
            await maya.until(lambda push: push["type"] == "receipt.moved" and push.get("read") == sent["n"])


async def test_who_has_left_gets_neither_typing_nor_receipts(room: Room) -> None:
    await staff(room, "cleo")
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas, Wire(room, "cleo") as cleo:
        thread = await interview(room, maya, jonas)
        await maya.ask(adding(room, thread, "cleo"))
        await cleo.ask({"type": "member.leave", "thread": thread, "cid": cid()})
        await jonas.tell({"type": "typing.set", "thread": thread})
        await maya.until(lambda push: push["type"] == "typing.changed")
        sent = await maya.say(thread, "Just us.")
        await jonas.ask({"type": "thread.read", "thread": thread, "n": sent["n"]})
        await maya.until(lambda push: push["type"] == "receipt.moved" and push["user"] == jonas.user)
        await cleo.ask({"type": "thread.read", "thread": thread, "n": 2})
        await cleo.ask({"type": "ping"})
        assert {push["type"] for push in cleo.pushes} == {"inbox.changed"}
        assert not [push for push in maya.pushes if push["type"] == "receipt.moved" and push["user"] == cleo.user]
