"""A filter that fails: nothing is delivered because of it, and somebody is told."""

from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import aiohttp
import pytest

from testkit.grants import interview
from testkit.hub import API_KEY, HubProcess, Room
from testkit.moderation import bodies, decide, moderated, queue
from testkit.wire import Wire, cid

SHIPPED = (resources.files("greenroom_server.screening") / "policy" / "default.toml").read_text("utf-8")
TEXT = "My rate is 45 per hour, or 360 per day, and I could call the work done on 12 May at 9. " * 20


def exhausted(folder: Path) -> dict[str, str]:
    """Give the environment of a hub whose filter gives up on anything longer than a few lines."""
    lines = [
        "steps_base = 2000" if line.startswith("steps_base") else
        "steps_per_code_point = 1" if line.startswith("steps_per_code_point") else line
        for line in SHIPPED.splitlines()
    ]  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "screening.toml"
    path.write_text("\n".join(lines), "utf-8")
    return {"GREENROOM_SCREENING_POLICY": str(path)}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    folder = tmp_path_factory.mktemp("moderated")
    with HubProcess(folder, env={**moderated(folder), **exhausted(folder)}) as process:
        yield process


async def failures(hub: HubProcess) -> float:
    """Read the figure that an operator is to be woken by."""
    headers = {"Authorization": f"Bearer {API_KEY}"}
    async with aiohttp.ClientSession(headers=headers) as session, session.get(f"{hub.url}/metrics") as response:
        lines = (await response.text()).splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("greenroom_filter_failures_total "))


async def test_with_moderators_a_text_that_cannot_be_checked_waits(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        before = await failures(room.hub)
        reply = await jonas.say(thread, TEXT)
        assert (reply["state"], reply["policy"]["code"]) == ("held", "policy.filter_failed")
        edit = {"type": "message.edit", "thread": thread, "cid": cid(), "target": 3, "body": TEXT}
        assert (await maya.ask(edit))["policy"]["action"] == "bounce"
        assert await failures(room.hub) >= before + 2
        assert await bodies(maya, thread) == ["Tell me about your work."]
        [item] = await queue(room, thread)
        assert (item["text"], [found["reason"] for found in item["findings"]]) == (TEXT, ["FILTER_FAILED"])
        await decide(room, reply["mid"], "release")
        assert (await bodies(maya, thread))[-1] == TEXT


async def test_without_moderators_a_text_that_cannot_be_checked_bounces(tmp_path: Path) -> None:
    with HubProcess(tmp_path / "hub", env=exhausted(tmp_path)) as hub:
        room = Room(hub)
        await room.furnish()
        async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
            thread = await interview(room, maya, jonas)
            reply = await jonas.say(thread, TEXT)
            assert (reply["code"], reply["retry"], reply["policy"]["action"]) == (
                "policy.filter_failed", "later", "bounce",
            )  # fmt: skip
            assert await bodies(maya, thread) == ["Tell me about your work."]
            assert await failures(hub) >= 1


async def test_where_no_originals_are_kept_a_text_that_cannot_be_checked_cannot_be_released(tmp_path: Path) -> None:
    env = {**moderated(tmp_path, {"originals": '"never"'}), **exhausted(tmp_path)}
    with HubProcess(tmp_path / "hub", env=env) as hub:
        room = Room(hub)
        await room.furnish()
        async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
            thread = await interview(room, maya, jonas)
            reply = await jonas.say(thread, TEXT)
            assert [item["text"] for item in await queue(room, thread)] == [""]
            with pytest.raises(RuntimeError, match=r"held\.unreadable"):
                await decide(room, reply["mid"], "release")
            assert (await decide(room, reply["mid"], "reject"))["state"] == "rejected"
