"""Deadlines in the store: one sorted set for each partition, polled under a lease."""

from greenroom_server.store import keys
from greenroom_server.store.committer import Committer
from greenroom_server.store.library import library


class Timers:
    """Deadlines of one store. Most are set and removed by the commits they belong to."""

    def __init__(self, committer: Committer, node: str) -> None:
        self._committer = committer
        self._node = node
        self._due, self._lapse = library().function("due"), library().function("lapse")

    async def due(self, partition: int, lock_ms: int, limit: int) -> list[str]:
        """List the deadlines that have passed, if this node holds (or can take) the partition's timer lock."""
        names = (keys.timers(partition), keys.lock(partition, "timers"))
        members = await self._committer.call("FCALL", self._due, 2, *names, self._node, lock_ms, limit)
        return [member.decode() for member in members]

    async def drop(self, partition: int, member: str) -> None:
        """Remove a deadline that has passed and means nothing any more; one that was set anew meanwhile stays."""
        await self._committer.call("FCALL", self._lapse, 1, keys.timers(partition), member)

    async def set(self, partition: int, member: str, at_ms: int) -> None:
        """Set or move a deadline that belongs to no commit."""
        await self._committer.call("ZADD", keys.timers(partition), at_ms, member)
