"""What a client may begin in a day, counted exactly by two hubs on one store."""

import asyncio
from collections.abc import Iterator
from importlib import resources
from typing import Any, NamedTuple

import pytest

from testkit.hub import HubProcess, Room, put
from testkit.valkey import real_valkey
from testkit.wire import Frame, Wire, cid

THREADS, INVITATIONS = 5, 3
_POLICY = (resources.files("greenroom_server.domain") / "policy" / "default.toml").read_text("utf-8")


class Hubs(NamedTuple):
    """Two hubs with small quotas, of which the second asks for verified clients."""

    here: HubProcess
    there: HubProcess


def policy(**changes: str) -> str:
    text = _POLICY
    for name, value in changes.items():
        [line] = [line for line in text.splitlines() if line.startswith(f"{name} = ")]
        text = text.replace(line, f"{name} = {value}")
    return text


@pytest.fixture(scope="module")
def hubs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hubs]:
    folder = tmp_path_factory.mktemp("hubs")
    small = {"new_threads_per_day": str(THREADS), "invitations_per_day": str(INVITATIONS)}
    (folder / "small.toml").write_text(policy(**small))
    (folder / "strict.toml").write_text(policy(**small, require_verified="true"))
    with real_valkey(tmp_path_factory.mktemp("v")) as store:
        url = f"unix://{store.socket}"

        def a_hub(name: str, rules: str) -> HubProcess:
            env = {"GREENROOM_VALKEY_URL": url, "GREENROOM_MARKETPLACE_POLICY": str(folder / rules)}
            return HubProcess(folder / name, env=env)

        with a_hub("a", "small.toml") as here, a_hub("b", "strict.toml") as there:
            yield Hubs(here, there)


@pytest.fixture
async def room(hubs: Hubs) -> Room:
    """Client maya, whom the marketplace has verified, and ten freelancers."""
    room = Room(hubs.here)
    await room.client("maya", *(f"job{n}" for n in range(10)))
    await put(room.hub, f"/api/v1/users/{room.id('maya')}", {"name": "Maya", "verified": True})
    await asyncio.gather(*(room.freelancer(f"f{n}") for n in range(10)))
    return room


def opening(room: Room, number: int, **fields: Any) -> Frame:
    body = {"type": "thread.open", "freelancer": room.id(f"f{number}"), "cid": cid(), "body": "Hello there!"}
    return {**body, **fields}


def invitation(room: Room, number: int, **fields: Any) -> Frame:
    what = {"type": "invitation.send", "job": room.id(f"job{number}"), "freelancer": room.id(f"f{number}")}
    return {**what, "cid": cid(), "body": "Shall we talk?", **fields}


async def test_the_quota_is_exact_however_many_hubs_count(hubs: Hubs, room: Room) -> None:
    maya = room.id("maya")
    async with Wire(room, "maya") as here, Wire(hubs.there, maya, device="laptop") as there:
        replies = await asyncio.gather(*((here, there)[n % 2].ask(opening(room, n)) for n in range(10)))
        refused = [reply for reply in replies if reply["type"] == "error"]
        assert len(refused) == 10 - THREADS
        assert {(reply["code"], reply["retry"]) for reply in refused} == {("rate.new_threads", "later")}
        assert all(86_000_000 < reply["retry_after_ms"] <= 86_400_000 for reply in refused)


async def test_a_retry_and_a_thread_that_was_there_take_no_place(room: Room) -> None:
    async with Wire(room, "maya") as maya:
        first = opening(room, 0)
        replies = [await maya.ask(first) for _ in range(2 * THREADS)]
        assert {reply["thread"] for reply in replies} == {replies[0]["thread"]}
        again = [await maya.ask(opening(room, 0)) for _ in range(2 * THREADS)]
        assert {reply["created"] for reply in again} == {False}
        opened = [await maya.ask(opening(room, n)) for n in range(1, THREADS + 1)]
        assert [reply.get("code") for reply in opened] == [None] * (THREADS - 1) + ["rate.new_threads"]
        assert (await maya.ask(first))["dup"] is True
        assert (await maya.ask(opening(room, 0)))["type"] == "thread.open"


async def test_an_opening_that_failed_gives_its_place_back(room: Room) -> None:
    bounced = {"body": "Write to me on WhatsApp: +49 170 1234567, what is your number?"}
    async with Wire(room, "maya") as maya:
        for number in range(2 * THREADS):
            refused = await maya.ask(opening(room, number, **bounced))
            assert refused["code"].startswith("policy."), refused
        opened = [await maya.ask(opening(room, n)) for n in range(THREADS)]
        assert {reply["type"] for reply in opened} == {"thread.open"}


async def test_racing_openings_of_one_thread_take_one_place(hubs: Hubs, room: Room) -> None:
    maya = room.id("maya")
    async with Wire(room, "maya") as here, Wire(hubs.there, maya, device="laptop") as there:
        replies = await asyncio.gather(*((here, there)[n % 2].ask(opening(room, 0)) for n in range(THREADS)))
        assert sum(reply["created"] for reply in replies) == 1
        rest = [await here.ask(opening(room, n)) for n in range(1, THREADS + 1)]
        assert [reply.get("code") for reply in rest] == [None] * (THREADS - 1) + ["rate.new_threads"]


async def test_invitations_have_a_quota_of_their_own(room: Room) -> None:
    async with Wire(room, "maya") as maya:
        sent = [invitation(room, n) for n in range(INVITATIONS)]
        assert {(await maya.ask(each))["type"] for each in sent} == {"invitation.send"}
        assert (await maya.ask(sent[0]))["dup"] is True
        duplicate = await maya.ask(invitation(room, 0))
        refused = await maya.ask(invitation(room, 5))
        assert (duplicate["code"], refused["code"]) == ("rate.invitations", "rate.invitations")
        assert refused["retry_after_ms"] > 86_000_000
        assert (await maya.ask(opening(room, 5)))["type"] == "thread.open"


async def test_an_invitation_that_was_refused_gives_its_place_back(room: Room) -> None:
    async with Wire(room, "maya") as maya:
        assert (await maya.ask(invitation(room, 0)))["type"] == "invitation.send"
        refused = [await maya.ask(invitation(room, 0)) for _ in range(2 * INVITATIONS)]
        assert {reply["code"] for reply in refused} == {"invitation.duplicate"}
        assert (await maya.ask(invitation(room, 1)))["type"] == "invitation.send"


async def test_an_unverified_client_begins_nothing_where_that_is_asked_for(hubs: Hubs, room: Room) -> None:
    await room.client("eve", "eves_job")
    async with Wire(hubs.there, room.id("eve")) as eve:
        assert (await eve.ask(opening(room, 0)))["code"] == "perm.unverified"
        invited = await eve.ask(invitation(room, 0, job=room.id("eves_job")))
        assert (invited["code"], invited["retry"]) == ("perm.unverified", "never")
        await put(hubs.there, f"/api/v1/users/{room.id('eve')}", {"name": "Eve", "verified": True})
        assert (await eve.ask(opening(room, 0)))["type"] == "thread.open"
