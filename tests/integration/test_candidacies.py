"""Active Candidacies: both sides see the same standing, in pages, for one call and one batch of reads."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from importlib import resources
from typing import Any

import pytest

from testkit.hub import HubProcess, Room
from testkit.valkey import RealValkey, real_valkey
from testkit.wire import Frame, Wire, cid


async def rows(wire: Wire, **fields: object) -> list[Frame]:
    reply = await wire.ask({"type": "candidacy.list", **fields})
    assert reply["type"] == "candidacy.list", reply
    found: list[Frame] = reply["rows"]
    return found


async def standing(wire: Wire, thread: str) -> tuple[str, str, int]:
    row = next(row for row in await rows(wire) if row["thread"] == thread)
    return row["state"], row["awaiting"], row["n"] - row["read"]


async def propose(room: Room, wire: Wire, job: str = "logo") -> str:
    reply = await wire.ask({"type": "proposal.submit", "job": room.id(job), "cid": cid(), "body": "Here I am."})
    assert reply["type"] == "proposal.submit", reply
    thread: str = reply["thread"]
    return thread


async def test_both_sides_see_whose_turn_it_is(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await propose(room, jonas)
        [row] = await rows(jonas)
        assert {key: row[key] for key in ("job", "title", "peer", "peer_name", "role", "state", "awaiting")} == {
            "job": room.id("logo"), "title": "A logo for a bakery", "peer": maya.user, "peer_name": "Maya",
            "role": "freelancer", "state": "proposed", "awaiting": "them",
        }  # fmt: skip
        await maya.event("proposal.changed")
        [row] = await rows(maya)
        assert (row["peer"], row["peer_name"], row["role"], row["awaiting"]) == (jonas.user, "Jonas", "client", "me")
        assert await standing(maya, thread) == ("proposed", "me", 1)
        sent = await maya.say(thread, "Hello!", seen=1)
        await jonas.event("message.sent")
        assert await standing(jonas, thread) == ("candidacy", "me", 1)
        assert await standing(maya, thread) == ("candidacy", "them", 0)
        await jonas.say(thread, "Hello, too!", seen=sent["n"])
        await maya.event("message.sent", body="Hello, too!")
        assert await standing(maya, thread) == ("candidacy", "me", 1)
        await jonas.ask({"type": "proposal.withdraw", "thread": thread, "cid": cid()})
        await maya.event("proposal.changed", change="withdrawn")
        assert await rows(jonas) == await rows(maya) == []
        [row] = await rows(jonas, states=["closed"])
        assert (row["thread"], row["awaiting"]) == (thread, "nobody")


async def test_invitations_and_contracts_are_listed_when_asked_for(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        invited = await maya.ask(
            {"type": "invitation.send", "job": room.id("logo"), "freelancer": jonas.user, "cid": cid(), "body": "Hi!"}
        )
        await jonas.event("invitation.sent")
        assert await rows(jonas) == []
        [row] = await rows(jonas, states=["invited", "contract"])
        assert (row["thread"], row["awaiting"]) == (invited["thread"], "me")
        await jonas.ask({"type": "invitation.accept", "thread": invited["thread"], "cid": cid()})
        assert await standing(jonas, invited["thread"]) == ("accepted", "them", 1)
        await room.move(invited["thread"], "start_contract")
        await jonas.event("contract.changed")
        [row] = await rows(jonas, states=["invited", "contract"])
        assert (row["state"], row["awaiting"]) == ("contract", "nobody")


async def test_pages_hold_every_candidacy_once_newest_first(room: Room) -> None:
    jobs = [f"job-{number}" for number in range(7)]
    await room.client("maya", *jobs)
    async with Wire(room, "jonas") as jonas:
        threads = [await propose(room, jonas, job) for job in jobs]
        ended = threads.pop(3)
        await jonas.ask({"type": "proposal.withdraw", "thread": ended, "cid": cid()})
        found, cursor = [], None
        while True:
            page = await jonas.ask({"type": "candidacy.list", "limit": 2, **({"cursor": cursor} if cursor else {})})
            assert len(page["rows"]) <= 2
            found += [row["thread"] for row in page["rows"]]
            cursor = page["cursor"]
            if cursor is None:
                break
        assert found == threads[::-1]
        assert (await jonas.ask({"type": "candidacy.list", "cursor": "x"}))["code"] == "bad_request.field"
        assert (await jonas.ask({"type": "candidacy.list", "limit": 51}))["code"] == "bad_request.field"
        assert (await jonas.ask({"type": "candidacy.list", "states": ["nowhere"]}))["code"] == "bad_request.field"


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HubProcess, RealValkey]]:
    """A hub on a store whose commands can be seen; there are Connects for a hundred proposals."""
    folder = tmp_path_factory.mktemp("w")
    shipped = resources.files("greenroom_server.domain") / "policy" / "default.toml"
    (folder / "policy.toml").write_text(shipped.read_text().replace("monthly_free = 60", "monthly_free = 200"))
    with real_valkey(folder / "v") as store:
        environment = {
            "GREENROOM_VALKEY_URL": f"unix://{store.socket}",
            "GREENROOM_MARKETPLACE_POLICY": str(folder / "policy.toml"),
        }
        with HubProcess(folder / "hub", env=environment) as hub:
            yield hub, store


async def test_a_proposal_commits_in_one_function_call(watched: tuple[HubProcess, RealValkey]) -> None:
    room = Room(watched[0])
    await room.furnish()
    async with Wire(room, "jonas") as jonas:
        seen = await commands_of(watched[1], lambda: propose(room, jonas), [jonas.user, room.id("logo")])
    assert seen["FCALL open"] == 1
    others = {"FCALL commit", "FCALL notice", "FCALL account", "FCALL connects"}
    assert not others & seen.keys(), "debit, log, ledger and notice are in that one call"
    assert not {what for what in seen if what.split()[0] in ("HSET", "HINCRBY", "XADD")}


async def test_a_page_of_fifty_costs_one_call_and_one_batch_of_head_reads(
    watched: tuple[HubProcess, RealValkey],
) -> None:
    room, store = Room(watched[0]), watched[1]
    await room.freelancer("jonas")
    jobs = [f"job-{number}" for number in range(50)]
    await asyncio.gather(*(room.client(f"maya-{job}", job) for job in jobs))
    async with Wire(room, "jonas") as jonas:
        threads = await asyncio.gather(*(propose(room, jonas, job) for job in jobs))
        names = [jonas.user, *threads, *(room.id(f"maya-{job}") for job in jobs)]
        quiet = 0
        while quiet < 5:  # followers still work off the proposals
            seen = await commands_of(store, lambda: jonas.ask({"type": "ping"}), names)
            quiet = 0 if seen else quiet + 1
        for expected in ({"HGETALL account": 50}, {}):  # names are remembered
            found: list[Frame] = []
            seen = await commands_of(store, lambda: rows(jonas, limit=50), names, found)
            assert seen == {"FCALL candidacies": 1, "HMGET head": 50, **expected}
            assert len(found) == 50
            assert all(row["peer_name"] and row["awaiting"] == "them" for row in found)


async def commands_of(
    store: RealValkey, act: Callable[[], Awaitable[Any]], names: list[str], answer: list[Frame] | None = None
) -> Counter[str]:
    """Count what a hub asks the store about any of these people and threads while something is done."""
    counts: Counter[str] = Counter()
    with store.client() as client, client.monitor() as monitor:
        given = await act()
        if answer is not None:
            answer += given
        client.echo("the end")
        for seen in monitor.listen():
            name, _, rest = seen["command"].partition(" ")
            if name == "ECHO":
                break
            if seen["client_type"] == "lua" or not any(each in rest for each in names):
                continue
            what = rest.partition("_")[0] if name == "FCALL" else "head" if ":head " in rest else rest.split(":")[1]
            counts[f"{name} {what}"] += 1
    return counts
