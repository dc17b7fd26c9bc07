"""Rebuilding inboxes after a partition lost its history: touch again from the heads of all threads.

A thread's head knows its participants, so every row can be made again, wherever the thread lives. Until a partition is
done, its inboxes say `complete: false`.

Source: server/docs/architecture.md, Epoch.
"""

import asyncio
from typing import Final

import structlog

from greenroom_server.domain.ids import PARTITION_COUNT, thread_partition, user_partition
from greenroom_server.store.epochs import Rebuilding
from greenroom_server.store.records import Owed, pack
from greenroom_server.store.threads import Threads
from greenroom_server.usecases.deliver import Deliver

log = structlog.get_logger()

LOCK_MS: Final = 60_000


class Rebuild:
    """Finds partitions that must be rebuilt and rebuilds them."""

    def __init__(self, threads: Threads, rebuilding: Rebuilding, deliver: Deliver, epochs: list[int]) -> None:
        self._threads = threads
        self._rebuilding = rebuilding
        self._deliver = deliver
        self._epochs = epochs

    async def __call__(self) -> int:
        """Rebuild what this node can take the lock of; gives how many rows were touched again."""
        taken = await asyncio.gather(*(self._rebuilding.take(p, LOCK_MS) for p in range(PARTITION_COUNT)))
        partitions = {partition for partition, is_taken in enumerate(taken) if is_taken}
        if not partitions:
            return 0
        count = 0
        async for thread in self._rebuilding.threads():
            count += await self._touch(thread, partitions)
        for partition in partitions:
            await self._rebuilding.done(partition)
        log.warning("inboxes_rebuilt", partition_count=len(partitions), row_count=count)
        return count

    async def _touch(self, thread: str, partitions: set[int]) -> int:
        found = await self._threads.head(thread)
        partition = thread_partition(thread)
        if found is None or partition is None:
            return 0
        head, marks = found
        users = [u for u, p in head.participants.items() if not p.until_seq and user_partition(u) in partitions]
        for user in users:
            read = marks.read.get(user, 0)
            owed = Owed(self._epochs[partition], marks.seq, marks.n, head.state.value, marks.at, read, 0)
            self._deliver.touch(user, thread, pack(owed), None)
        return len(users)
