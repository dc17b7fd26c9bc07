"""Would a kill test notice lost acks? With a lazy fsync it must find some; with `always` there must be none.

The store's fdatasync is delayed by strace. While one is under way with ``appendfsync everysec``, the store keeps what
it appends in its own memory and answers all the same: killed then, it loses messages that were acked.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import redis

from greenroom_server.store.append import Committed
from greenroom_server.store.errors import Unavailable, Uncertain
from testkit.packages import require
from testkit.store import HERE, THERE, Talk, new_cid, store_node
from testkit.valkey import RealValkey, eventually, real_valkey

BATCH = 50
BUFFERED_BYTES = 100_000
"""That much acked and not yet written is lost by a kill."""


class Load:
    """Commits in batches into one thread, and the seq of each that was acked."""

    def __init__(self, talk: Talk) -> None:
        self.acked: dict[str, int] = {}
        self._talk = talk
        self._is_over = False

    async def run(self) -> None:
        """Commit until the store is gone."""
        while not self._is_over:
            await asyncio.gather(*(self._commit() for _ in range(BATCH)))

    async def _commit(self) -> None:
        talk, cid = self._talk, new_cid()
        outcome = await talk.append(talk.message(talk.client, f"This is message {cid}.", cid=cid))
        if isinstance(outcome, Committed):
            self.acked[cid] = outcome.seq
        else:
            assert isinstance(outcome, Unavailable | Uncertain), outcome
            self._is_over = True


async def lost_by_a_kill(
    folder: Path, fsync: str, delay_us: int, is_time: Callable[[Load, redis.Redis], bool]
) -> tuple[int, int]:
    """Kill a store under load when it is time; gives how many acks there were, and how many are lost."""
    strace = [str(require("strace")), "-f", "-qq", "-o", "/dev/null", "--seccomp-bpf", "-e", "trace=fdatasync"]
    wrapper = [*strace, "-e", f"inject=fdatasync:delay_enter={delay_us}"]
    options = {"appendonly": "yes", "appendfsync": fsync}
    with real_valkey(folder, options, wrapper=wrapper) as server, server.client() as looking:
        async with store_node(server.address, "n1", (HERE, THERE)) as node:
            talk = await node.opened()
            load = Load(talk)
            running = asyncio.create_task(load.run())
            await eventually(lambda: is_time(load, looking), within_s=30)
            server.kill()
            await running
    with real_valkey(folder, options) as server:
        return len(load.acked), await lost(server, talk.thread, load)


async def lost(server: RealValkey, thread: str, load: Load) -> int:
    """Count the acks that the restarted store knows nothing of; what it knows must be in its place, once."""
    async with store_node(server.address) as node:
        stored = {event.cid: event.seq for event in await node.threads.events(thread, 0, None, 1_000_000)}
    assert sorted(stored.values()) == list(range(1, len(stored) + 1))
    assert all(stored[cid] == seq for cid, seq in load.acked.items() if cid in stored)
    return len(load.acked.keys() - stored.keys())


def is_much_in_memory(load: Load, looking: redis.Redis) -> bool:
    """Tell from the store's own account that an fsync is under way and appends wait for it."""
    return int(looking.info("persistence")["aof_buffer_length"]) >= BUFFERED_BYTES and len(load.acked) > BATCH


async def test_with_a_lazy_fsync_a_kill_loses_acked_messages_and_is_seen_to(tmp_path: Path) -> None:
    acked, missing = await lost_by_a_kill(tmp_path / "v", "everysec", 700_000, is_much_in_memory)
    assert missing > BATCH, f"of {acked}"


async def test_with_fsync_always_a_kill_loses_no_acked_message(tmp_path: Path) -> None:
    acked, missing = await lost_by_a_kill(tmp_path / "v", "always", 20_000, lambda load, _: len(load.acked) >= 500)
    assert acked >= 500
    assert missing == 0
