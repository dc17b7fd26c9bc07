"""Each function of the store about people, as one node of a cluster runs it: called for its keys and channels alone."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from greenroom_protocol.availability import AwayChanged
from greenroom_server.domain.obligation import Obligation, ObligationKind, ObligationOutcome
from greenroom_server.domain.search_terms import Term
from greenroom_server.store import keys
from greenroom_server.store.alterations import Alteration, Alterations
from greenroom_server.store.errors import Unavailable
from greenroom_server.store.own_logs import OwnLogs
from greenroom_server.store.people import Profile
from greenroom_server.store.places import Place, Places
from testkit.store import StoreNode, now_ms, person


def _somebody(node: StoreNode) -> str:
    """Give somebody new in a partition that this node of the cluster owns."""
    return person(next(iter(node.epochs)))


async def _owing(node: StoreNode) -> tuple[str, Obligation]:
    owed = Obligation("t1_x.1", ObligationKind.FIRST, "t1_x", "maya", now_ms())
    user = _somebody(node)
    await node.obligations.save("freelancer", user, owed)
    return user, owed


async def alter(node: StoreNode) -> None:
    user = _somebody(node)
    await node.people.save_profile(Profile(user, "Jonas", "", (), None, ""))
    alterations = Alterations(node.committer, OwnLogs(node.committer, node.name))
    what = Alteration(
        name="away", old="", new="1-2", notice=AwayChanged(until=2), timers=((now_ms() + 60_000, f"badge {user}"),),
        drop_timers=("badge nobody",), change="availability.changed", told={"away_until": 2},
    )  # fmt: skip
    altered = await alterations.profile(user, what)
    assert altered is not None
    assert altered.noticed is not None
    assert altered.noticed.row.seq == 1
    assert await alterations.profile(user, what) is None, "it is no longer as it was"


async def place(node: StoreNode) -> None:
    places, user = Places(node.committer), _somebody(node)
    assert await places.take(user, "new_threads", "a", 1) == Place(True)
    assert await places.take(user, "new_threads", "a", 1) == Place(False)
    assert (await places.take(user, "new_threads", "b", 1)).full_for_ms > 86_000_000


async def ledger(node: StoreNode) -> None:
    user, owed = await _owing(node)
    assert await node.obligations.of("freelancer", user, 0) == [owed]


async def judge(node: StoreNode) -> None:
    user, owed = await _owing(node)
    assert await node.obligations.judge(user, owed.id, ObligationOutcome.EXCLUDED_SPAM, 5)
    assert not await node.obligations.judge(user, "unknown", ObligationOutcome.EXCLUDED_SPAM, 5)
    [found] = await node.obligations.of("freelancer", user, 0)
    assert (found.outcome, found.judged, found.judged_at_ms) == (owed.outcome, ObligationOutcome.EXCLUDED_SPAM, 5)


async def mirror(node: StoreNode) -> None:
    client = _somebody(node)
    assert await node.obligations.open_mirror(client, "t1_x", 1, 1_000, ObligationKind.ACCEPT, "jonas")
    assert await node.obligations.settle_mirror(client, "t1_x", 2, 2_000, ObligationOutcome.ANSWERED)
    assert not await node.obligations.settle_mirror(client, "t1_x", 3, 3_000, ObligationOutcome.ANSWERED)


async def find(node: StoreNode) -> None:
    for number in range(64):  # buckets lie anywhere; some are here
        term = Term(f"w{number}", f"{number}x", True)
        with suppress(Unavailable):  # store.moved
            await node.committer.call("ZADD", keys.bucket(term.bucket), 0, f"{term.text}y\x1fjonas")
            found = await node.call("find", [keys.bucket(term.bucket)], term.text, "1", "", 10)
            assert found == [f"{term.text}y\x1fjonas".encode()]
            return
    raise AssertionError("no bucket is on this node of the cluster")


async def lapse(node: StoreNode) -> None:
    partition = next(iter(node.epochs))
    timers = keys.timers(partition)
    await node.committer.call("ZADD", timers, 1, "gone", now_ms() + 60_000, "to come")
    for member in ("gone", "to come"):
        await node.timers.drop(partition, member)
    assert await node.committer.call("ZSCORE", timers, "gone") is None
    assert await node.committer.call("ZSCORE", timers, "to come") is not None


EXERCISES: Final[dict[str, Callable[[StoreNode], Awaitable[None]]]] = {
    "alter": alter,
    "place": place,
    "ledger": ledger,
    "judge": judge,
    "mirror": mirror,
    "find": find,
    "lapse": lapse,
}
