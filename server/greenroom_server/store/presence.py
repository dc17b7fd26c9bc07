"""Presence in the store, which is also the routing table: which nodes serve a user, under which lease."""

import asyncio
from typing import Final, NamedTuple

from greenroom_server.domain.ids import PARTITION_COUNT, user_partition
from greenroom_server.store import keys
from greenroom_server.store.committer import Committer
from greenroom_server.store.library import library

LEASE_MS: Final = 15_000
RENEW_S: Final = 5.0


class Attended(NamedTuple):
    """A node serves the user from now on."""

    epoch: int
    """Of the user's partition."""
    now: str
    before: str


class PresenceStore:
    """Where users are connected."""

    def __init__(self, committer: Committer, node: str) -> None:
        self._committer = committer
        self._node = node
        name = library().function
        self._attend, self._leave, self._watch, self._forward = map(name, ("attend", "leave", "watch", "forward"))

    async def attend(self, user: str, state: str, device: str, connection: str) -> Attended:
        """Register this node as serving a user; an older socket of the device elsewhere is told to close."""
        partition = user_partition(user)
        names = (
            keys.inbox_keys(user)[2],
            keys.nodes(partition),
            keys.devices(partition, user),
            keys.watchers(partition, user),
            keys.epoch(partition),
        )
        args = (keys.tag(partition), self._node, user, state, device, connection)
        epoch, now, before = await self._committer.call("FCALL", self._attend, len(names), *names, *args)
        return Attended(int(epoch), now.decode(), before.decode())

    async def leave(self, user: str) -> str:
        """Say that this node no longer serves a user; gives the user's presence afterwards."""
        partition = user_partition(user)
        names = (keys.inbox_keys(user)[2], keys.nodes(partition), keys.watchers(partition, user))
        args = (keys.tag(partition), self._node, user)
        state: bytes = await self._committer.call("FCALL", self._leave, len(names), *names, *args)
        return state.decode()

    async def watch(self, user: str, *, begins: bool) -> str:
        """Begin or end to be told a user's presence; gives it as it is now."""
        partition = user_partition(user)
        names = (keys.inbox_keys(user)[2], keys.nodes(partition), keys.watchers(partition, user))
        args = (self._node, "1" if begins else "0")
        state: bytes = await self._committer.call("FCALL", self._watch, len(names), *names, *args)
        return state.decode()

    async def forward(self, user: str, frame: bytes) -> None:
        """Send an ephemeral frame (JSON) to the other nodes that serve a user; it may be lost."""
        partition = user_partition(user)
        names = (keys.inbox_keys(user)[2], keys.nodes(partition))
        args = (keys.tag(partition), self._node, user, frame)
        await self._committer.call("FCALL", self._forward, len(names), *names, *args)

    async def renew(self, now_ms: int) -> bool:
        """Renew this node's lease in every partition; False when one had lapsed (then register everybody again)."""
        end = now_ms + LEASE_MS
        olds = await asyncio.gather(
            *(self._committer.call("ZSCORE", keys.nodes(p), self._node) for p in range(PARTITION_COUNT))
        )
        await asyncio.gather(
            *(self._committer.call("ZADD", keys.nodes(p), end, self._node) for p in range(PARTITION_COUNT))
        )
        return all(old is not None and float(old) >= now_ms for old in olds)

    async def resign(self) -> None:
        """Give up the lease in every partition, so that nobody publishes to this node any more."""
        await asyncio.gather(*(self._committer.call("ZREM", keys.nodes(p), self._node) for p in range(PARTITION_COUNT)))

    async def other_nodes(self, now_ms: int) -> int:
        """Count the other live nodes, by one partition's leases; forgets the ones long gone."""
        key = keys.nodes(0)
        await self._committer.call("ZREMRANGEBYSCORE", key, "-inf", now_ms - 10 * LEASE_MS)
        live = await self._committer.call("ZRANGEBYSCORE", key, now_ms, "+inf")
        return sum(1 for node in live if node.decode() != self._node)

    async def time_ms(self) -> int:
        """Give the store's clock, UTC ms."""
        seconds, micros = await self._committer.call("TIME")
        return int(seconds) * 1000 + int(micros) // 1000
