"""Deadlines in the store: one sorted set for each partition, polled under a lease."""

from greenroom_server.store import keys
from greenroom_server.store.committer import Committer
from greenroom_server.store.library import library


class Timers:
    """Deadlines of one store. They are set and removed by the commits they belong to."""

    def __init__(self, committer: Committer, node: str) -> None:
        self._committer = committer
        self._node = node
        self._due = library().function("due")

    async def due(self, partition: int, lock_ms: int, limit: int) -> list[str]:
        """List the deadlines that have passed, if this node holds (or can take) the partition's timer lock."""
        names = (keys.timers(partition), keys.lock(partition, "timers"))
        members = await self._committer.call("FCALL", self._due, 2, *names, self._node, lock_ms, limit)
        return [member.decode() for member in members]

    async def drop(self, partition: int, member: str) -> None:
        """Remove a deadline that no longer means anything."""
        await self._committer.call("ZREM", keys.timers(partition), member)
