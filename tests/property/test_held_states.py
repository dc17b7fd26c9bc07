"""What may become of held texts, against a model: holding, deciding, taking back and expiring in any order."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greenroom_protocol.events import MessageSent
from greenroom_server.store import keys
from testkit.held import MOST, STATES, Queue
from testkit.store import store_node
from testkit.valkey import RealValkey, real_valkey

EXAMPLES = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
STEPS = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from(["hold", "hold", "release", "reject", "withdraw", "expire"])),
    max_size=16,
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealValkey]:
    with real_valkey(tmp_path_factory.mktemp("v")) as server:
        yield server


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
def test_each_text_ends_once_and_the_log_holds_what_was_released(
    store: RealValkey, steps: list[tuple[int, str]]
) -> None:
    asyncio.run(walk(store, steps))


async def walk(store: RealValkey, steps: list[tuple[int, str]]) -> None:
    async with store_node(store.address, partitions=(17, 71)) as node:
        queue = Queue(node, await node.opened(), 5)
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
            assert record is not None
            assert record.state == state
            original = await queue.held.original(queue.talk.thread, queue.names[number], record.cid_ms)
            assert (original is None) == (state in ("released", "withdrawn"))
        timers = await node.committer.call("ZRANGE", keys.timers(queue.talk.partition), 0, -1)
        mine = {timer for timer in timers if timer.decode()[5:] in queue.names}
        assert mine == {f"held {queue.names[number]}".encode() for number in waiting}
