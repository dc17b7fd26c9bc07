"""Epochs: the identity of each partition's history, raised when history may have been lost.

Source: server/docs/architecture.md, Epoch.
"""

import asyncio
from collections.abc import AsyncIterator

import structlog

from greenroom_server.domain.ids import PARTITION_COUNT
from greenroom_server.store import keys
from greenroom_server.store.committer import Committer
from greenroom_server.store.errors import StoreUnfit
from greenroom_server.store.guarantee import StoreFacts
from greenroom_server.store.library import library

log = structlog.get_logger()

DATA_VERSION = 1


async def check_data(committer: Committer, fresh_key: str) -> str:
    """Check or write what the store says of its own shape; gives the key of body hashes.

    Args:
        fresh_key: taken when the store is new.

    Raises:
        StoreUnfit: the data was written with another version or number of partitions; nothing was written.
    """
    call = committer.call_on_connect
    await asyncio.gather(
        call("HSETNX", keys.META, "version", DATA_VERSION),
        call("HSETNX", keys.META, "partitions", PARTITION_COUNT),
        call("HSETNX", keys.META, "hash_key", fresh_key),
    )
    version, partitions, hash_key = await call("HMGET", keys.META, "version", "partitions", "hash_key")
    if int(version) != DATA_VERSION:
        raise StoreUnfit(f"the stored data has version {int(version)}, this release reads {DATA_VERSION}")
    if int(partitions) != PARTITION_COUNT:
        raise StoreUnfit(f"the store has {int(partitions)} partitions, this release is built for {PARTITION_COUNT}")
    return str(hash_key.decode())


async def load_library(committer: Committer) -> None:
    """Load this release's function library beside any older one."""
    name = library().name
    listed = await committer.call_on_connect("FUNCTION", "LIST", "LIBRARYNAME", name)
    if not listed:
        await committer.call_on_connect("FUNCTION", "LOAD", "REPLACE", library().code)
        log.info("store_library_loaded", library=name)


async def last_beat(committer: Committer) -> int:
    """Read the store's beat: a count that only grows, unless the store went back in time."""
    return int(await committer.call_on_connect("HGET", keys.META, "beat") or 0)


async def beat(committer: Committer) -> int:
    """Count one beat; gives it."""
    count: int = await committer.call_on_connect("HINCRBY", keys.META, "beat", 1)
    return count


async def confirm(committer: Committer, facts: StoreFacts, *, went_back: bool = False) -> list[int]:
    """Confirm every partition's epoch for this primary, raising those whose history may be lost; gives all epochs.

    A restart in place keeps its epochs when every acknowledged write was fsynced, nothing failed over, and no older
    state was restored (``went_back``).
    """
    keeps = "1" if facts.keeps_history and not went_back else "0"
    name = library().function("epoch")
    replies = await asyncio.gather(
        *(
            committer.call_on_connect("FCALL", name, 1, keys.epoch(p), facts.run_id, keeps)
            for p in range(PARTITION_COUNT)
        )
    )
    raised = sum(reply[1] for reply in replies)
    if raised:
        log.warning("epochs_raised", partition_count=raised, fsync=facts.appendfsync, went_back=went_back)
    return [reply[0] for reply in replies]


class Rebuilding:
    """Partitions whose inboxes must be made again."""

    def __init__(self, committer: Committer, node: str) -> None:
        self._committer = committer
        self._node = node

    async def take(self, partition: int, lock_ms: int) -> bool:
        """Say whether a partition must be rebuilt and this node may do it."""
        if await self._committer.call("HGET", keys.epoch(partition), "rebuilding") is None:
            return False
        lock = keys.lock(partition, "rebuild")
        taken = await self._committer.call("SET", lock, self._node, "NX", "PX", lock_ms)
        return taken is not None

    async def done(self, partition: int) -> None:
        """Say that every row of a partition was touched again."""
        await self._committer.call("HDEL", keys.epoch(partition), "rebuilding")
        await self._committer.call("DEL", keys.lock(partition, "rebuild"))

    async def threads(self) -> AsyncIterator[str]:
        """Go through all threads of the store."""
        cursor = b"0"
        while True:
            cursor, names = await self._committer.call("SCAN", cursor, "MATCH", "*:thread:*:head", "COUNT", 500)
            for name in names:
                yield name.decode().rpartition(":")[0].rpartition(":")[2]
            if cursor == b"0":
                return
