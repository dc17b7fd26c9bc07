"""Each function of the store about held texts, as one node of a cluster runs it."""

from collections.abc import Awaitable, Callable
from typing import Final

from testkit.held import Queue
from testkit.store import StoreNode


async def _queue(node: StoreNode) -> Queue:
    """Give texts of a freelancer in a partition that this node of the cluster owns."""
    partition = next(iter(node.epochs))
    return Queue(node, await node.opened(freelancer_in=partition, client_in=partition), 3)


async def hold(node: StoreNode) -> None:
    queue = await _queue(node)
    assert [await queue.hold(number) for number in (0, 1, 0)] == ["held"] * 3
    assert [await queue.release(number) for number in (1, 0, 0)] == ["held.earlier_first", "released", "held.decided"]
    assert await queue.hold(0) == "sent"


async def unhold(node: StoreNode) -> None:
    queue = await _queue(node)
    await queue.hold(0)
    assert await queue.end(1, "reject") == "none"
    assert [await queue.end(0, step) for step in ("reject", "withdraw")] == ["rejected", "rejected"]
    assert await queue.hold(0) == "refused"


EXERCISES: Final[dict[str, Callable[[StoreNode], Awaitable[None]]]] = {
    exercise.__name__: exercise for exercise in (hold, unhold)
}
