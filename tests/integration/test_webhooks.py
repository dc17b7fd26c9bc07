"""Webhooks from a real store to a real receiver: order, retries, dead letters, replay."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from greenroom_protocol.events import InterviewStarted
from greenroom_server.delivery.webhook_post import WebhookOptions
from greenroom_server.domain.policy import default_policy
from greenroom_server.domain.webhook import read_secret
from greenroom_server.domain.webhook_policy import WebhooksPolicy
from greenroom_server.store import keys
from greenroom_server.store.append import Rare
from greenroom_server.store.change_log import ChangeLog
from greenroom_server.store.dead_letters import DeadLetters
from greenroom_server.telemetry.counters import Counters
from greenroom_server.telemetry.tasks import Tasks
from greenroom_server.usecases.changes import Changes
from greenroom_server.usecases.follow_changes import FollowChanges
from greenroom_server.usecases.heads import Heads
from greenroom_server.usecases.webhooks import Webhooks
from testkit.receiver import OLD_SECRET, WEBHOOK_SECRET, Receiver, receiver
from testkit.store import HERE, THERE, StoreNode, Talk, new_cid, now_ms, store_node
from testkit.valkey import RealValkey, eventually, free_port, real_valkey

FAST = msgspec.structs.replace(default_policy().webhooks, retry_min_ms=10, retry_max_ms=40)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealValkey]:
    with real_valkey(tmp_path_factory.mktemp("v")) as running:
        yield running


@pytest.fixture
async def node(server: RealValkey) -> AsyncIterator[StoreNode]:
    with server.client() as client:
        client.flushdb()
    async with store_node(server.address, "n1", (HERE, THERE)) as connected:
        yield connected


@pytest.fixture
async def backend() -> AsyncIterator[Receiver]:
    async with receiver() as listening:
        yield listening


class Desk:
    """The webhooks of one node, running."""

    def __init__(self, node: StoreNode, policy: WebhooksPolicy, urls: tuple[str, ...], timeout_s: float) -> None:
        self.node = node
        self.counters = Counters()
        self.log = ChangeLog(node.committer, node.name, is_one_primary=True)
        self.changes = Changes(self.log)
        options = WebhookOptions(urls, tuple(map(read_secret, (WEBHOOK_SECRET, OLD_SECRET))), timeout_s)
        self.webhooks = Webhooks(options, DeadLetters(node.committer), policy, self.counters, now_ms, self.follow)
        node.threads.on_change = self.changes.on_note = self.nudge

    def follow(self, name: str) -> FollowChanges:
        heads = Heads(self.node.threads, Tasks())
        return FollowChanges(name, self.log, self.node.threads, heads, self.counters, now_ms)

    def nudge(self, partition: int, kinds: str) -> None:
        for follow in self.webhooks.follows:
            follow.nudge(partition, kinds)


@asynccontextmanager
async def desk(node: StoreNode, *backends: Receiver, timeout_s: float = 5.0, **policy: Any) -> AsyncIterator[Desk]:
    made = Desk(node, msgspec.structs.replace(FAST, **policy), tuple(each.url for each in backends), timeout_s)
    running = [asyncio.create_task(follow.run()) for follow in made.webhooks.follows]
    try:
        yield made
    finally:
        for task in running:
            task.cancel()
        await asyncio.wait(running)
        await made.webhooks.close()


async def happen(talk: Talk, count: int = 1) -> list[int]:
    """Write events that are told; gives their seqs."""
    seqs = []
    for _ in range(count):
        event = InterviewStarted(by=talk.client, cid=new_cid())
        seqs.append((await talk.say(talk.client, events=[event], cid="", rare=Rare(change="interview.started"))).seq)
    return seqs


async def test_events_come_signed_in_order_for_each_thread(node: StoreNode, backend: Receiver) -> None:
    talks = [await node.opened(freelancer_in=p, client_in=p) for p in (HERE, THERE, HERE)]
    async with desk(node, backend) as running:
        seqs = await asyncio.gather(*(happen(talk, 20) for talk in talks))
        await backend.until(lambda: len(backend.taken) == 60)
        await eventually(lambda: running.counters.webhooks == {"delivered": 60})
    for talk, mine in zip(talks, seqs, strict=True):
        assert backend.seqs(talk.thread) == mine
    assert {event["signatures"] for event in backend.taken} == {2}, "the receiver finds its own among both"


async def test_an_event_is_sent_again_until_it_is_taken_and_its_thread_waits(
    node: StoreNode, backend: Receiver
) -> None:
    stuck, free = await node.opened(), await node.opened()
    answers = iter([500, 302, 429, 503, 408])
    backend.status = lambda event: next(answers, 204) if event["thread"] == stuck.thread else 204
    async with desk(node, backend) as running:
        wanted = await happen(stuck, 3)
        other = await happen(free)
        await backend.until(lambda: len(backend.taken) == 4)
        await eventually(lambda: running.counters.webhooks == {"delivered": 4, "retried": 5})
    assert backend.seqs(stuck.thread) == wanted
    assert backend.seqs(free.thread) == other
    tries = [event["id"] for event in backend.tries if event["seq"] == wanted[0] and event["thread"] == stuck.thread]
    assert (len(tries), len(set(tries))) == (6, 1)


async def test_an_endpoint_that_is_slow_beyond_its_time_is_asked_again(node: StoreNode, backend: Receiver) -> None:
    talk, is_slow = await node.opened(), True

    async def answer() -> int:
        nonlocal is_slow
        if is_slow:
            is_slow = False
            await asyncio.Event().wait()
        return 204

    backend.status = lambda _event: answer()
    async with desk(node, backend, timeout_s=0.2):
        seqs = await happen(talk, 2)
        await backend.until(lambda: len(backend.taken) == 2)
    assert backend.seqs(talk.thread) == seqs


@pytest.mark.parametrize("status", [400, 410, 422])
async def test_a_refused_event_becomes_a_dead_letter_and_the_next_goes_out(
    node: StoreNode, backend: Receiver, status: int
) -> None:
    talk = await node.opened()
    backend.status = lambda event: status if event["seq"] == 2 else 204
    async with desk(node, backend) as running:
        first, second = await happen(talk, 2)
        assert first == 2
        await backend.until(lambda: bool(backend.taken))
        [letter] = await running.webhooks.dead_page(None, 10)
        assert (letter.kind, letter.status, letter.tries) == ("interview.started", status, 3)
        assert running.counters.webhook_dead == 1
    assert backend.seqs(talk.thread) == [second]
    assert len(backend.tries) == 4


async def test_what_nobody_took_for_too_long_becomes_a_dead_letter_that_can_be_replayed(node: StoreNode) -> None:
    talk, port = await node.opened(), free_port()
    async with desk(node, Receiver(port), give_up_s=1) as running:
        seqs = await happen(talk, 5)
        await eventually(lambda: running.counters.webhooks["dead"] == 5)
        assert await running.webhooks.dead_count() == 5
        letters = await running.webhooks.dead_page(None, 3)
        assert [msgspec.json.decode(each.body)["seq"] for each in letters] == seqs[:3]
        rest = await running.webhooks.dead_page(letters[-1].id, 3)
        assert [msgspec.json.decode(each.body)["seq"] for each in rest] == seqs[3:]
        failed = await running.webhooks.replay(letters[0])
        assert failed is not None
        assert (failed.is_delivered, failed.letter.tries) == (False, letters[0].tries + 1)
        async with receiver(port) as backend:
            outcome = await running.webhooks.replay(letters[0])
            assert outcome is not None
            assert outcome.is_delivered
            assert backend.taken[0]["id"] == letters[0].event
        assert await running.webhooks.discard(letters[1].id)
        assert not await running.webhooks.discard(letters[1].id)
        assert await running.webhooks.dead_letter(letters[0].id) is None
        assert await running.webhooks.dead_count() == 3


async def test_dead_letters_are_bounded_and_the_oldest_go(node: StoreNode, backend: Receiver) -> None:
    talk = await node.opened()
    backend.status = lambda _event: 400
    async with desk(node, backend, refused_tries=1, dead_letters_max=3) as running:
        seqs = await happen(talk, 5)
        await eventually(lambda: running.counters.webhooks["dead"] == 5)
        assert running.counters.webhook_dead_dropped == 2
        letters = await running.webhooks.dead_page(None, 10)
    assert [msgspec.json.decode(each.body)["seq"] for each in letters] == seqs[2:]


async def test_a_dead_endpoint_holds_nobody_else_back_and_catches_up_when_it_is_back(
    node: StoreNode, backend: Receiver
) -> None:
    talks, port = [await node.opened(freelancer_in=p, client_in=p) for p in (HERE, THERE)], free_port()
    async with desk(node, Receiver(port), backend) as running:
        with capture_logs() as logs:
            seqs = await asyncio.gather(*(happen(talk, 10) for talk in talks))
            await backend.until(lambda: len(backend.taken) == 20)
            await eventually(lambda: any(line["event"] == "webhook_endpoint_down" for line in logs))
        assert "hidden" not in str(logs)
        async with receiver(port) as late:
            await late.until(lambda: len(late.taken) == 20)
        for talk, mine in zip(talks, seqs, strict=True):
            assert late.seqs(talk.thread) == mine
        assert running.counters.webhooks["dead"] == 0


async def test_an_endpoint_that_is_down_is_spared_until_its_pause_is_over(
    node: StoreNode, backend: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("greenroom_server.usecases.webhooks._PROBE_S", 3600.0)
    talks = [await node.opened() for _ in range(12)]
    backend.status = lambda _event: 503
    async with desk(node, backend, retry_min_ms=60_000, retry_max_ms=60_000):
        for talk in talks:
            await happen(talk)
        await backend.until(lambda: len(backend.tries) == 4)
        assert await node.committer.call("XLEN", keys.changes(HERE)) == 12
    assert len({event["thread"] for event in backend.tries}) == 4, "three found it down, a fresh one probed it"


async def test_a_thread_whose_event_fails_for_ever_does_not_make_the_endpoint_look_down(
    node: StoreNode, backend: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("greenroom_server.usecases.webhooks._PROBE_S", 0.0)
    poison, others = await node.opened(), [await node.opened() for _ in range(3)]
    backend.status = lambda event: 500 if event["thread"] == poison.thread else 204
    async with desk(node, backend, retry_max_ms=3_600_000):
        await happen(poison)
        await backend.until(lambda: len(backend.tries) >= 3)
        for talk in others:
            seqs = await happen(talk)
            await backend.until(lambda: backend.seqs(talk.thread) == seqs)  # noqa: B023 - awaited at once


async def test_notes_are_told_in_order(node: StoreNode, backend: Receiver) -> None:
    async with desk(node, backend) as running:
        for number in range(5):
            await running.changes.note("profile.metrics", "jonas", number=number)
        await backend.until(lambda: len(backend.taken) == 5)
    assert [(e["type"], e["subject"], e["data"]) for e in backend.taken] == [
        ("profile.metrics", "jonas", {"number": number}) for number in range(5)
    ]


async def test_nothing_is_lost_when_the_store_is_killed_in_between(
    tmp_path_factory: pytest.TempPathFactory, backend: Receiver
) -> None:
    durable = {"appendonly": "yes", "appendfsync": "always"}
    with real_valkey(tmp_path_factory.mktemp("d"), durable) as store:
        async with store_node(store.address, "n1", (HERE, THERE)) as node:
            talk = await node.opened()
            async with desk(node, backend):
                seqs = await happen(talk, 3)
                await backend.until(lambda: len(backend.taken) >= 1)
                store.kill()
                store.start()
                await eventually(lambda: not node.committer.is_ready)
                await eventually(lambda: node.committer.is_ready)
                seqs += await happen(talk, 3)
                await backend.until(lambda: set(backend.seqs(talk.thread)) == set(seqs))
    firsts = list(dict.fromkeys(backend.seqs(talk.thread)))
    assert firsts == seqs, "each came first in its order, whatever came again"
