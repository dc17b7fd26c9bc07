"""Following changes on a real store: at least once, in order for each thread, by one node at a time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from greenroom_protocol.events import InterviewStarted, MessageSent
from greenroom_server.store import change_log, keys
from greenroom_server.store.append import Rare
from greenroom_server.store.change_log import ChangeLog
from greenroom_server.store.errors import Unavailable
from greenroom_server.telemetry.counters import Counters
from greenroom_server.telemetry.tasks import Tasks
from greenroom_server.usecases import follow_changes
from greenroom_server.usecases.change_lane import Later
from greenroom_server.usecases.changes import Changes
from greenroom_server.usecases.follow_changes import EVERY, Change, FollowChanges, Note
from greenroom_server.usecases.heads import Heads
from greenroom_server.usecases.results import Refused, RefusedError
from testkit.store import HERE, THERE, StoreNode, Talk, new_cid, now_ms, store_node
from testkit.valkey import RealValkey, real_valkey


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealValkey]:
    folder: Path = tmp_path_factory.mktemp("v")
    with real_valkey(folder) as running:
        yield running


@pytest.fixture
async def node(server: RealValkey) -> AsyncIterator[StoreNode]:
    async with store_node(server.address, "n1", (HERE, THERE)) as connected:
        for partition in (HERE, THERE):
            await connected.committer.call("DEL", keys.changes(partition), keys.followers(partition))
        yield connected


class Desk:
    """A follower on one node, and what it was told."""

    def __init__(self, node: StoreNode, follower: str = "rules") -> None:
        self.node = node
        self.counters = Counters()
        self.log = ChangeLog(node.committer, node.name, is_one_primary=True)
        self.follow = FollowChanges(
            follower, self.log, node.threads, Heads(node.threads, Tasks()), self.counters, now_ms
        )
        self.told: list[tuple[str, int]] = []
        self.heard = asyncio.Event()
        self.fails: Callable[[Change], Exception | None] = lambda _change: None
        self.follow.on([EVERY], self.take)

    async def take(self, change: Change) -> None:
        error = self.fails(change)
        if error is not None:
            raise error
        self.told.append((change.thread, change.events[0].seq))
        self.heard.set()

    async def running(self) -> "asyncio.Task[None]":
        return asyncio.create_task(self.follow.run())


async def start_interview(talk: Talk) -> int:
    """Write something that followers hear of; gives its seq."""
    said = await talk.say(
        talk.client,
        events=[InterviewStarted(by=talk.client, cid=new_cid())],
        cid="",
        rare=Rare(change="interview.started"),
    )
    return said.first_seq


async def stop(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.wait([task])


async def test_changes_are_told_in_order_with_their_events_and_the_head_as_it_is(node: StoreNode) -> None:
    desk, talk = Desk(node), await node.opened()
    seen: list[Change] = []

    async def take(change: Change) -> None:
        seen.append(change)

    desk.follow.on(["interview.started"], take)
    seqs = [await start_interview(talk), await start_interview(talk)]
    assert await desk.follow.run_once() == 2
    assert desk.told == [(talk.thread, seq) for seq in seqs]
    assert [type(change.events[0]) for change in seen] == [InterviewStarted] * 2
    assert (seen[0].partition, seen[0].kinds, seen[0].head.client) == (HERE, ("interview.started",), talk.client)
    assert await desk.follow.run_once() == 0


async def test_messages_alone_are_no_changes_but_come_with_one(node: StoreNode) -> None:
    desk, talk = Desk(node), await node.opened()
    await talk.say(talk.client)
    assert await desk.follow.run_once() == 0
    cid = new_cid()
    events = [MessageSent(by=talk.client, cid=cid, body="Hello."), InterviewStarted(by=talk.client)]
    await talk.say(talk.client, cid=cid, events=events, rare=Rare(change="interview.started"))
    kinds: list[list[Any]] = []

    async def take(change: Change) -> None:
        kinds.append([type(event) for event in change.events])

    desk.follow.on([EVERY], take)
    await desk.follow.run_once()
    assert kinds == [[MessageSent, InterviewStarted]]


async def test_a_follower_hears_only_of_its_kinds_and_the_rest_is_forgotten(node: StoreNode) -> None:
    talk = await node.opened()
    log = ChangeLog(node.committer, node.name, is_one_primary=True)
    follow = FollowChanges("rules", log, node.threads, Heads(node.threads, Tasks()), Counters(), now_ms)
    told: list[Change] = []

    async def take(change: Change) -> None:
        told.append(change)

    follow.on(["job.closed"], take)
    await start_interview(talk)
    assert await follow.run_once() == 1
    assert told == []
    assert await node.committer.call("XLEN", keys.changes(HERE)) == 0


@pytest.mark.parametrize(
    "error", [Unavailable("store.down"), RefusedError(Refused("conflict")), RefusedError(Refused("uncertain"))]
)
async def test_what_cannot_be_done_now_waits_and_holds_back_only_its_own_thread(
    node: StoreNode, error: Exception
) -> None:
    desk, stuck, free = Desk(node), await node.opened(), await node.opened()
    first, second, other = await start_interview(stuck), await start_interview(stuck), await start_interview(free)
    desk.fails = lambda change: error if change.thread == stuck.thread else None
    await desk.follow.run_once()
    assert desk.told == [(free.thread, other)]
    desk.fails = lambda _change: None
    running = await desk.running()
    async with asyncio.timeout(20):
        while len(desk.told) < 3:
            desk.heard.clear()
            await desk.heard.wait()
    await stop(running)
    assert desk.told[1:] == [(stuck.thread, first), (stuck.thread, second)]


async def test_a_follower_that_breaks_is_passed_over_and_its_error_is_told_without_content(node: StoreNode) -> None:
    desk, talk = Desk(node), await node.opened()
    seqs = [await start_interview(talk), await start_interview(talk)]
    desk.fails = lambda change: ValueError("a secret text") if change.events[0].seq == seqs[0] else None
    with capture_logs() as logs:
        assert await desk.follow.run_once() == 2
    assert desk.told == [(talk.thread, seqs[1])]
    assert desk.counters.changes_failed == 1
    assert [line["code"] for line in logs] == ["ValueError"]
    assert "secret" not in str(logs)


async def test_of_several_followers_only_the_one_that_waited_is_told_again(node: StoreNode) -> None:
    desk, talk = Desk(node), await node.opened()
    tries = []

    async def later(change: Change) -> None:
        tries.append(change.entry)
        if len(tries) == 1:
            raise Later(0)

    desk.follow.on([EVERY], later)
    await start_interview(talk)
    await desk.follow.run_once()
    assert (len(desk.told), len(tries), len(set(tries))) == (1, 2, 1)


async def test_a_node_hears_of_its_own_commits_at_once(node: StoreNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("greenroom_server.usecases.follow_changes.LOOK_EVERY_S", 3600.0)
    desk, talk = Desk(node), await node.opened()
    node.threads.on_change = desk.follow.nudge
    running = await desk.running()
    async with asyncio.timeout(20):
        for _ in range(3):
            desk.heard.clear()
            await start_interview(talk)
            await desk.heard.wait()
    await stop(running)
    assert [thread for thread, _ in desk.told] == [talk.thread] * 3


async def test_two_nodes_share_the_work_and_tell_each_change_in_order(server: RealValkey, node: StoreNode) -> None:
    async with store_node(server.address, "n2", (HERE, THERE)) as other_node:
        desks = [Desk(node), Desk(other_node)]
        talks = [await node.opened(freelancer_in=p, client_in=p) for p in (HERE, THERE) for _ in range(2)]
        for each, one in zip((node, other_node), desks, strict=True):
            each.threads.on_change = one.follow.nudge
        running = [await desk.running() for desk in desks]
        wanted = []
        for turn in range(40):
            talk = talks[turn % 4]
            through = talk if turn % 3 else talk.through(other_node)
            wanted.append((talk.thread, await start_interview(through)))
        async with asyncio.timeout(20):
            while len(desks[0].told) + len(desks[1].told) < len(wanted):
                await asyncio.wait(
                    [asyncio.ensure_future(d.heard.wait()) for d in desks], return_when="FIRST_COMPLETED"
                )
                for desk in desks:
                    desk.heard.clear()
        for task in running:
            await stop(task)
    assert sorted(desks[0].told + desks[1].told) == sorted(wanted), "none lost, and none told twice while both live"
    for desk in desks:
        for talk in talks:
            mine = [seq for thread, seq in desk.told if thread == talk.thread]
            assert mine == sorted(mine)


async def test_a_partition_that_another_node_holds_is_left_alone_until_its_lease_ends(node: StoreNode) -> None:
    desk, talk, lock = Desk(node), await node.opened(), keys.lock(HERE, "follow:rules")
    seq = await start_interview(talk)
    await node.committer.call("SET", lock, "n9", "PX", 60_000)
    assert await desk.follow.run_once() == 0
    await node.committer.call("DEL", lock)
    assert await desk.follow.run_once() == 1
    assert desk.told == [(talk.thread, seq)]


async def test_a_node_that_lost_its_lease_does_not_move_the_position(node: StoreNode) -> None:
    desk, talk, lock = Desk(node), await node.opened(), keys.lock(HERE, "follow:rules")
    first = await start_interview(talk)

    def taken_over(_change: Change) -> None:
        node.committer.submit(("SET", lock, "n9", "PX", 60_000), lambda _reply: None)

    desk.fails = taken_over
    await desk.follow.run_once()
    desk.fails = lambda _change: None
    await node.committer.call("DEL", lock)
    await desk.follow.run_once()
    assert desk.told == [(talk.thread, first)] * 2, "told again rather than lost"


async def test_entries_stay_until_the_slowest_enrolled_follower_has_had_them(node: StoreNode) -> None:
    rules, hooks, talk = Desk(node), Desk(node, "webhook"), await node.opened()
    await hooks.log.enrol("webhook")
    await start_interview(talk)
    await rules.follow.run_once()
    assert await node.committer.call("XLEN", keys.changes(HERE)) == 1
    await hooks.follow.run_once()
    assert (len(hooks.told), await node.committer.call("XLEN", keys.changes(HERE))) == (1, 0)


async def test_a_follower_that_nobody_enrols_any_more_holds_nothing_back(node: StoreNode) -> None:
    rules, talk = Desk(node), await node.opened()
    await rules.log.enrol("gone")
    await node.committer.call("HSET", keys.followers(HERE), "gone#seen", now_ms() - change_log.FORGET_MS - 1)
    await start_interview(talk)
    await rules.follow.run_once()
    assert await node.committer.call("XLEN", keys.changes(HERE)) == 0
    assert b"gone" not in await node.committer.call("HKEYS", keys.followers(HERE))


async def test_too_many_entries_are_dropped_and_counted(node: StoreNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change_log, "MOST_ENTRIES", 2)
    rules, talk = Desk(node), await node.opened()
    await rules.log.enrol("slow")
    seqs = [await start_interview(talk) for _ in range(5)]
    rules.fails = lambda _change: Unavailable("store.down")
    await rules.follow.run_once()
    assert rules.counters.changes_dropped == 3
    slow = Desk(node, "slow")
    await slow.follow.run_once()
    assert slow.told == [(talk.thread, seq) for seq in seqs[3:]]


async def test_notes_are_told_in_order_to_those_who_follow_their_kind(node: StoreNode) -> None:
    desk = Desk(node)
    notes: list[Note] = []

    async def take(note: Note) -> None:
        notes.append(note)

    desk.follow.on_notes(["availability.changed"], take)
    changes = Changes(desk.log)
    for state in ("away", "on"):
        await changes.note("availability.changed", "jonas", state=state, until=17)
    await changes.note("profile.metrics", "jonas", label="within_1h")
    assert await desk.follow.run_once() == 3
    assert [(note.kind, note.subject, note.fields) for note in notes] == [
        ("availability.changed", "jonas", {"state": "away", "until": 17}),
        ("availability.changed", "jonas", {"state": "on", "until": 17}),
    ]
    assert desk.told == []


async def test_an_event_of_a_newer_release_waits_for_a_hub_that_can_read_it_for_a_day(node: StoreNode) -> None:
    desk, talk = Desk(node), await node.opened()
    stream, event = keys.thread(HERE, talk.thread), '{"type":"from.the.future"}'
    await node.committer.call("XADD", stream, "2-0", "e", event, "n", 0, "at", 1)
    pointer = ("t", talk.thread, "s", 2, "e", 2, "k", "from.the.future")
    old = now_ms() - follow_changes.UNREADABLE_MS - 1
    await node.committer.call("XADD", keys.changes(HERE), f"{old}-0", *pointer)
    await desk.follow.run_once()
    assert desk.counters.changes_failed == 1
    await node.committer.call("XADD", keys.changes(HERE), "*", *pointer)
    await desk.follow.run_once()
    assert await node.committer.call("XLEN", keys.changes(HERE)) == 1
    assert (desk.counters.changes_failed, desk.told) == (1, [])


async def test_lag_is_the_age_of_the_oldest_change_that_waits(node: StoreNode) -> None:
    desk, talk = Desk(node), await node.opened()
    await desk.follow.run_once()
    assert desk.follow.lag_ms == 0
    await node.committer.call(
        "XADD", keys.changes(HERE), f"{now_ms() - 90_000}-0", "t", talk.thread, "s", 1, "e", 1, "k", "interview.started"
    )
    desk.fails = lambda _change: Later(3600)
    await desk.follow.run_once()
    await desk.follow.run_once()
    assert 89_000 < desk.follow.lag_ms < 600_000
