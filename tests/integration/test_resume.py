"""A device that was away gets what it missed, in pages, or is told that its position is unknown."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from greenroom_protocol import limits
from testkit.hub import HubProcess, Room
from testkit.policy import policy_env
from testkit.wire import Frame, Wire, cid


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub that lets one client open as many threads as a long inbox needs."""
    folder = tmp_path_factory.mktemp("hub")
    with HubProcess(folder, env=policy_env(folder, {"new_threads_per_day": "1000"})) as process:
        yield process


def position(device: Wire, **threads: Frame) -> Frame:
    return {"epoch": device.connected["epoch"], "mark": device.mark, "threads": threads}


async def all_rows(device: Wire) -> dict[str, Frame]:
    """Read the whole inbox from the top, page by page."""
    rows: dict[str, Frame] = {}
    before: int | None = None
    while True:
        page = await device.ask({"type": "thread.list", "limit": 300, **({"before": before} if before else {})})
        rows.update((row["thread"], row) for row in page["rows"])
        if not page["more"]:
            return rows
        before = min(row["mark"] for row in page["rows"])


async def opened(room: Room, maya: Wire, freelancer: str) -> str:
    command = {"type": "thread.open", "freelancer": room.id(freelancer), "cid": cid(), "body": "Hello!"}
    reply = await maya.ask(command)
    thread: str = reply["thread"]
    return thread


async def test_five_thousand_events_in_four_hundred_threads_come_as_pages_of_rows(room: Room) -> None:
    names = [f"free{i}" for i in range(400)]
    await asyncio.gather(*(room.freelancer(name) for name in names))
    writer, reader = Wire(room, "maya", device="laptop"), Wire(room, "maya", device="phone")
    async with reader:
        at = position(reader)
    async with writer:
        threads = [
            thread
            for start in range(0, 400, 200)  # at most 256 commands of a connection may wait
            for thread in await asyncio.gather(*(opened(room, writer, name) for name in names[start : start + 200]))
        ]
        sends = [
            writer.say(thread, f"Line {i}.") for thread in threads for i in range(11 if thread == threads[0] else 12)
        ]
        await asyncio.gather(*sends)
        await writer.until(lambda push: push["type"] == "inbox.changed" and push["mark"] >= 5199)
        shown = {threads[0]: {"epoch": 0, "seq": 0}}
        reply = await reader.open(resume={**at, "threads": shown})
        assert (reply["recovered"], reply["more"], len(reply["rows"])) == (True, True, 300)
        assert len(writer.encode(reply)) < limits.SERVER_FRAME_BYTES
        rows = {row["thread"]: row for row in reply["rows"]}
        mark, more = reply["mark"], True
        while more:
            page = await reader.ask({"type": "inbox.changes", "epoch": reply["epoch"], "mark": mark})
            rows.update((row["thread"], row) for row in page["rows"])
            mark, more = page["mark"], page["more"]
        assert len(rows) == 400
        assert sum(row["seq"] for row in rows.values()) == 5_199
        assert rows == await all_rows(reader)
        assert not any(push["type"] == "inbox.changed" for push in reader.pushes)
        await reader.close()


async def test_missed_events_of_shown_threads_come_along(room: Room) -> None:
    phone = Wire(room, "jonas", device="phone")
    async with Wire(room, "maya") as maya:
        async with phone:
            thread = await opened(room, maya, "jonas")
            first = await phone.until(lambda push: push["type"] == "inbox.changed")
            at = position(phone, **{thread: {"epoch": first["epoch"], "seq": 1}})
        for i in range(5):
            await maya.say(thread, f"While you were away {i}.")
        reply = await phone.open(resume=at)
        assert reply["recovered"] is True
        [missed] = reply["threads"]
        assert (missed["after"], missed["to"], [e["seq"] for e in missed["events"]]) == (1, 6, [2, 3, 4, 5, 6])
        await maya.say(thread, "Now you are back.")
        assert (await phone.event("message.sent", body="Now you are back."))["seq"] == 7
        await phone.close()


async def test_resuming_twice_from_one_position_gives_the_same(room: Room) -> None:
    phone = Wire(room, "jonas", device="phone")
    async with Wire(room, "maya") as maya:
        async with phone:
            at = position(phone)
        thread = await opened(room, maya, "jonas")
        first = await phone.open(resume=at)
        await phone.drop()
        second = await phone.open(resume=at)
        assert first["rows"] == second["rows"]
        assert [row["thread"] for row in second["rows"]] == [thread]
        await phone.close()


async def test_an_idle_device_can_resume_from_its_first_position(room: Room) -> None:
    phone = Wire(room, "jonas", device="phone")
    async with phone:
        assert phone.connected["epoch"] > 0
        at = position(phone)
    reply = await phone.open(resume=at)
    assert (reply["recovered"], reply["rows"], reply["mark"]) == (True, [], at["mark"])
    await phone.close()


async def test_an_unknown_epoch_or_a_mark_from_the_future_gets_a_snapshot(room: Room) -> None:
    async with Wire(room, "maya") as maya:
        thread = await opened(room, maya, "jonas")
        await maya.event("message.sent")
        good = position(maya)
        for bad in ({**good, "epoch": good["epoch"] + 1}, {**good, "mark": 10_000}):
            phone = Wire(room, "maya", device="tablet")
            reply = await phone.open(resume=bad)
            assert (reply["recovered"], reply["mark"]) == (False, good["mark"])
            assert [row["thread"] for row in reply["rows"]] == [thread]
            await phone.close()


async def test_a_shown_thread_from_another_epoch_is_given_anew(room: Room) -> None:
    async with Wire(room, "maya") as maya:
        thread = await opened(room, maya, "jonas")
        await maya.event("message.sent")
        tablet = Wire(room, "maya", device="tablet")
        reply = await tablet.open(resume=position(maya, **{thread: {"epoch": 7, "seq": 99}}))
        [given] = reply["threads"]
        assert (given["reset"], given["after"], [e["seq"] for e in given["events"]]) == (True, 0, [1])
        await tablet.close()


async def test_somebody_elses_threads_are_not_given(room: Room) -> None:
    await room.client("eve")
    async with Wire(room, "maya") as maya, Wire(room, "eve") as eve:
        thread = await opened(room, maya, "jonas")
        tablet = Wire(room, "eve", device="tablet")
        reply = await tablet.open(
            resume=position(eve, **{thread: {"epoch": 0, "seq": 0}, "t999_x": {"epoch": 0, "seq": 0}})
        )
        assert (reply["recovered"], reply["threads"]) == (True, [])
        await tablet.close()


async def test_snapshot_and_pushes_equal_a_fresh_snapshot(room: Room) -> None:
    names = [f"free{i}" for i in range(5)]
    await asyncio.gather(*(room.freelancer(name) for name in names))
    laptop, phone = Wire(room, "maya", device="laptop"), Wire(room, "maya", device="phone")
    async with laptop, phone:
        inbox: dict[str, Any] = {row["thread"]: row for row in phone.connected["rows"]}
        threads = await asyncio.gather(*(opened(room, laptop, name) for name in names))
        await asyncio.gather(*(laptop.say(thread, f"Line {i}.") for i in range(20) for thread in threads))
        for thread in threads[:3]:
            await laptop.ask({"type": "thread.read", "thread": thread, "n": 12})
        fresh = await all_rows(laptop)
        last = max(row["mark"] for row in fresh.values())
        await phone.until(lambda push: push.get("mark") == last)
        marks = [push["mark"] for push in phone.pushes if push["type"] == "inbox.changed"]
        assert marks == list(range(1, last + 1))
        for push in phone.pushes:
            if push["type"] == "inbox.changed":
                row = {name: push[name] for name in ("thread", "mark", "epoch", "seq", "n", "read", "state", "last_at")}
                inbox[push["thread"]] = row
        assert inbox == fresh
