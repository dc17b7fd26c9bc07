"""Badge, time away, working hours and the mirror of clients, over real sockets."""

import time
from typing import Any

import pytest

from testkit.hub import HubProcess, Room, api, put
from testkit.wire import Frame, Wire, cid

DAY_MS = 86_400_000
OFFICE = [{"day": day, "begin": 540, "until": 1_020} for day in range(5)]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def paid(room: Room, until_ms: int) -> dict[str, Any]:
    return await put(room.hub, f"/api/v1/freelancers/{room.id('jonas')}/badge", {"paid_until": until_ms})


async def shown(wire: Wire, room: Room) -> Frame:
    reply = await wire.ask({"type": "profile.get", "freelancer": room.id("jonas")})
    profile: Frame = reply["profile"]
    return profile


async def available(wire: Wire) -> list[str]:
    reply = await wire.ask({"type": "directory.search", "available": True, "limit": 50})
    return [profile["freelancer"] for profile in reply["profiles"]]


async def test_a_badge_is_switched_inside_its_paid_time_and_shown_everywhere(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        refused = await jonas.ask({"type": "availability.set", "is_on": True})
        assert (refused["code"], refused["retry"]) == ("badge.unpaid", "never")
        until = now_ms() + DAY_MS
        granted = await paid(room, until)
        assert granted == {"freelancer": room.id("jonas"), "paid_until": until, "on": False}
        assert (await jonas.event("badge.changed", change="granted"))["paid_until"] == until
        assert not (await shown(maya, room))["available"]
        on = await jonas.ask({"type": "availability.set", "is_on": True})
        assert (on["is_on"], on["paid_until"], on["unanswered"]) == (True, until, 0)
        assert (await shown(maya, room))["available"]
        assert room.id("jonas") in await available(maya)
        await jonas.ask({"type": "availability.set", "is_on": False})
        assert room.id("jonas") not in await available(maya)
        assert (await paid(room, 0))["on"] is False
        assert (await jonas.event("badge.changed", change="ended"))["is_on"] is False


async def test_a_badge_lapses_at_its_time_and_the_freelancer_is_told_once(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        await paid(room, now_ms() + 700)
        assert (await jonas.ask({"type": "availability.set", "is_on": True}))["is_on"]
        lapsed = await jonas.event("badge.changed", change="lapsed")
        assert lapsed["is_on"] is False
        assert not (await shown(maya, room))["available"]
        assert room.id("jonas") not in await available(maya)
        assert (await jonas.ask({"type": "availability.set", "is_on": True}))["code"] == "badge.unpaid"
        kinds = [event["change"] for event in jonas.events() if event["type"] == "badge.changed"]
        assert kinds == ["granted", "on", "lapsed"]


async def test_paying_on_in_time_keeps_the_badge(room: Room) -> None:
    async with Wire(room, "jonas") as jonas:
        await paid(room, now_ms() + 700)
        await jonas.ask({"type": "availability.set", "is_on": True})
        await paid(room, now_ms() + 1_500)
        lapsed = await jonas.event("badge.changed", change="lapsed")
        assert lapsed["at"] >= lapsed["paid_until"]
        kinds = [event["change"] for event in jonas.events() if event["type"] == "badge.changed"]
        assert kinds == ["granted", "on", "granted", "lapsed"]


async def test_away_is_shown_until_it_ends(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas, Wire(room, "jonas", device="tablet") as tablet:
        until = now_ms() + 7 * DAY_MS
        assert (await jonas.ask({"type": "away.set", "until": until}))["until"] == until
        assert (await tablet.event("away.changed"))["until"] == until
        assert (await shown(maya, room))["away_until"] == until
        opened = {"type": "thread.open", "freelancer": room.id("jonas"), "cid": cid(), "body": "Hello there!"}
        await maya.ask(opened)
        rows = (await jonas.ask({"type": "metrics.rows"}))["rows"]
        assert [row["outcome"] for row in rows] == ["excluded_away"]
        assert (await jonas.ask({"type": "away.set", "until": None}))["until"] is None
        assert (await shown(maya, room))["away_until"] is None
        for wrong in (now_ms() - 1, now_ms() + 91 * DAY_MS):
            assert (await jonas.ask({"type": "away.set", "until": wrong}))["code"] == "away.until"


@pytest.mark.parametrize(
    ("zone", "shifts", "code"),
    [
        ("Mars/Base", OFFICE, "hours.invalid"),
        ("UTC", [*OFFICE, {"day": 0, "begin": 600, "until": 660}], "hours.invalid"),
        ("UTC", OFFICE[:2], "hours.too_few"),
    ],
)
async def test_working_hours_are_whole_and_many_enough(room: Room, zone: str, shifts: Any, code: str) -> None:
    async with Wire(room, "jonas") as jonas:
        reply = await jonas.ask({"type": "hours.set", "zone": zone, "shifts": shifts})
        assert (reply["code"], reply["retry"]) == (code, "never")


async def test_working_hours_take_effect_next_monday(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        reply = await jonas.ask({"type": "hours.set", "zone": "Europe/Berlin", "shifts": OFFICE[::-1]})
        assert now_ms() < reply["hours"]["effective_at"] <= now_ms() + 7 * DAY_MS + 2 * 3_600_000
        assert reply["hours"]["shifts"] == OFFICE
        assert (await shown(maya, room))["hours"] is None, "not in force yet"


async def test_only_freelancers_have_badge_away_and_hours(room: Room) -> None:
    async with Wire(room, "maya") as maya:
        for command in (
            {"type": "availability.set", "is_on": True},
            {"type": "away.set", "until": None},
            {"type": "hours.set", "zone": "UTC", "shifts": OFFICE},
        ):
            assert (await maya.ask(command))["code"] == "perm.freelancer_only"


async def test_a_client_is_shown_with_how_readily_they_answer(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        sent = {"type": "invitation.send", "job": room.id("logo"), "freelancer": room.id("jonas")}
        thread = (await maya.ask({**sent, "cid": cid(), "body": "Shall we talk?"}))["thread"]
        assert (await jonas.ask({"type": "invitation.accept", "thread": thread, "cid": cid()}))["state"] == "accepted"
        await until_owed(maya, "open")
        await maya.say(thread, "Great. What would it cost?")
        rows = await until_owed(maya, "answered")
        assert [(row["kind"], row["counted"]) for row in rows] == [("accept", True)]
        await room.move(thread, "start_contract")
        about = {"type": "client.get", "client": room.id("maya")}
        client = (await jonas.ask(about))["client"]
        while client["contracts"] == 0:  # the events are followed after they are answered
            client = (await jonas.ask(about))["client"]
        assert (client["name"], client["open_jobs"], client["contracts"]) == ("Maya", 1, 1)
        assert (client["speed"]["reason"], client["speed"]["have"]) == ("insufficient_data", 1)
        await room.client("eve")
        async with Wire(room, "eve") as eve:
            assert (await eve.ask(about))["code"] == "perm.freelancer_only"
        assert (await jonas.ask({"type": "client.get", "client": "nobody"}))["code"] == "not_found"


async def until_owed(wire: Wire, outcome: str) -> list[Frame]:
    """Read what a client owes until it stands so; the events are followed after they are answered."""
    while True:
        rows: list[Frame] = (await wire.ask({"type": "metrics.rows", "as": "client"}))["rows"]
        if [row["outcome"] for row in rows] == [outcome]:
            return rows


async def test_the_backend_reads_all_rows_and_declares_outages(hub: HubProcess, room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        opened = {"type": "thread.open", "freelancer": room.id("jonas"), "cid": cid(), "body": "Hello there!"}
        thread = (await maya.ask(opened))["thread"]
        await jonas.say(thread, "Hello, here I am.")
        await maya.say(thread, "Could you send me some of your recent work, please?")
        found = await api(hub, "GET", f"/api/v1/freelancers/{room.id('jonas')}/metrics")
        assert [(row["kind"], row["outcome"]) for row in found["rows"]] == [  # type: ignore[index, attr-defined]
            ("followup", "open"),
            ("first", "answered"),
        ]
        assert found["speed"]["have"] == 1  # type: ignore[index]
        assert found["followups"]["n_open"] == 1  # type: ignore[index]
    outage = {"from": now_ms() - 7_200_000, "to": now_ms() - 3_600_000}
    assert outage in (await api(hub, "POST", "/api/v1/outages", outage))["outages"]  # type: ignore[operator]
    assert outage in (await api(hub, "GET", "/api/v1/outages"))["outages"]  # type: ignore[operator]
    assert outage not in (await api(hub, "POST", "/api/v1/outages", {**outage, "withdraw": True}))["outages"]  # type: ignore[operator]
