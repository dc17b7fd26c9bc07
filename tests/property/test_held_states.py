"""What may become of held texts, against a model: any order of holding, deciding, taking back, expiring and repeating."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greenroom_protocol.cid import cid_time_ms
from greenroom_protocol.events import MessageSent
from greenroom_server.store import keys
from greenroom_server.store.append import Append, Committed, Rare, Release, Repeat, Unfit
from greenroom_server.store.held import Held, HeldStore, Told, held_id
from testkit.store import StoreNode, Talk, new_cid, store_node
from testkit.valkey import RealValkey, real_valkey

EXAMPLES = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
MOST = 3
NOTHING = Told("message.changed", b"{}", b"")
STATES = {"reject": "rejected", "withdraw": "withdrawn", "expire": "expired"}
STEPS = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from(["hold", "hold", "release", "reject", "withdraw", "expire"])), max_size=16
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealValkey]:
    with real_valkey(tmp_path_factory.mktemp("v")) as server:
        yield server


class Queue:
    """The held texts of one freelancer in one thread, in the store."""

    def __init__(self, node: StoreNode, talk: Talk) -> None:
        self.talk = talk
        self.held = HeldStore(node.committer)
        self.cids = [new_cid() for _ in range(5)]
        self.names = [held_id("message", talk.thread, talk.freelancer, each) for each in self.cids]

    def record(self, number: int) -> Held:
        return Held(
            kind="message", thread=self.talk.thread, by=self.talk.freelancer, cid=self.cids[number],
            cid_ms=cid_time_ms(self.cids[number]) or 0, hash="x", state="held", command="{}",
        )  # fmt: skip

    async def hold(self, number: int) -> str:
        """Give what holding says: held, full, or what the cid was answered."""
        kept = await self.held.hold(
            self.names[number], self.record(number), b"sealed", f"{self.names[number]} {{}}", NOTHING,
            expires_ms=60_000, most=MOST, seal_days=1,
        )  # fmt: skip
        if isinstance(kept, Repeat):
            return {"h": "held", "b": "refused", "s": "sent"}[kept.kind]
        return "full" if kept is None else "held"

    async def end(self, number: int, step: str) -> str:
        """Give how the text stands after something else than a release."""
        by = self.talk.freelancer if step == "withdraw" else ""
        ended = await self.held.unhold(
            self.names[number], self.record(number), STATES[step], NOTHING, by=by, answer="{}"
        )
        return "none" if ended is None else ended[1].state

    async def release(self, number: int) -> str:
        """Give released, or the code that speaks against it."""
        held = Release(
            self.names[number], self.talk.freelancer, self.cids[number], 5, "x", "", "", "", "", "", 100
        )
        event = MessageSent(by=self.talk.freelancer, cid=self.cids[number], body="Hello.")
        cid_ms = cid_time_ms(self.cids[number]) or 0
        what = Append(events=[event], actor="", cid_ms=cid_ms, op="f", state="direct", rare=Rare(held=held))
        outcome = await self.talk.append(what)
        if isinstance(outcome, Unfit):
            return outcome.code
        assert isinstance(outcome, Committed), outcome
        return "released"


def expected(model: dict[int, str], waiting: list[int], number: int, step: str) -> str:
    """Carry a step out in the model; gives what the store must say."""
    state = model.get(number, "none")
    if step == "hold":
        if state == "none" and len(waiting) < MOST:
            model[number] = "held"
            waiting.append(number)
            return "held"
        return {"none": "full", "held": "held", "released": "sent"}.get(state, "refused")
    if state == "none":
        return "held.decided" if step == "release" else "none"
    if step == "release":
        if state != "held":
            return "held.decided"
        if waiting[0] != number:
            return "held.earlier_first"
    if state == "held":
        model[number] = STATES.get(step, "released")
        waiting.remove(number)
    return model[number]


@EXAMPLES
@given(STEPS)
def test_each_text_ends_once_and_the_log_holds_what_was_released(store: RealValkey, steps: list[tuple[int, str]]) -> None:
    asyncio.run(walk(store, steps))


async def walk(store: RealValkey, steps: list[tuple[int, str]]) -> None:
    async with store_node(store.address, partitions=(17, 71)) as node:
        queue = Queue(node, await node.opened())
        model: dict[int, str] = {}
        waiting: list[int] = []
        for number, step in steps:
            wanted = expected(model, waiting, number, step)
            if step == "hold":
                said = await queue.hold(number)
            elif step == "release":
                said = await queue.release(number)
            else:
                said = await queue.end(number, step)
            assert said == wanted, (number, step)
            listed = [name for name, _ in await queue.held.of(queue.talk.thread, queue.talk.freelancer)]
            assert listed == [queue.names[each] for each in waiting]
        events = await queue.talk.node.threads.events(queue.talk.thread, 1, None, 100)
        sent = [event.cid for event in events if isinstance(event, MessageSent)]
        assert sorted(sent) == sorted(queue.cids[number] for number, state in model.items() if state == "released")
        for number, state in model.items():
            record = await queue.held.find(queue.names[number])
            assert record is not None and record.state == state
            original = await queue.held.original(queue.talk.thread, queue.names[number], record.cid_ms)
            assert (original is None) == (state in ("released", "withdrawn"))
        timers = await node.committer.call("ZRANGE", keys.timers(queue.talk.partition), 0, -1)
        mine = {timer for timer in timers if timer.decode()[5:] in queue.names}
        assert mine == {f"held {queue.names[number]}".encode() for number in waiting}


