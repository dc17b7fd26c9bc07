"""All connections of this node: their heartbeats, one socket for a device, the ends that come from outside."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from greenroom_protocol import codes, limits
from greenroom_server.telemetry.counters import Counters

if TYPE_CHECKING:
    from greenroom_server.transport.connection import Connection


class Registry:
    """The connections of this node."""

    def __init__(self, counters: Counters, monotonic_s: Callable[[], float]) -> None:
        self._counters = counters
        self._monotonic_s = monotonic_s
        self._connections: set[Connection] = set()
        self._by_user: dict[str, set[Connection]] = {}
        self._jitter = random.Random()
        self._empty = asyncio.Event()

    def __len__(self) -> int:
        return len(self._connections)

    def jitter_s(self) -> float:
        """Give how much earlier a connection's first heartbeat comes, so that they do not beat together."""
        return self._jitter.random() * limits.PING_INTERVAL_S

    def add(self, connection: "Connection") -> None:
        """A socket was opened."""
        self._connections.add(connection)

    def remove(self, connection: "Connection", code: int) -> None:
        """A socket is closed."""
        self._connections.discard(connection)
        if not self._connections:
            self._empty.set()
        self._counters.disconnects[code] += 1
        mine = self._by_user.get(connection.user)
        if mine is not None:
            mine.discard(connection)
            if not mine:
                del self._by_user[connection.user]

    def claim_device(self, connection: "Connection") -> None:
        """A device connected: an older socket of it here is closed, the newest one wins."""
        mine = self._by_user.setdefault(connection.user, set())
        for other in tuple(mine):
            if other.device == connection.device:
                other.close(codes.REPLACED)
        mine.add(connection)

    def of(self, user: str) -> Iterable["Connection"]:
        """Give a user's connections here."""
        return tuple(self._by_user.get(user, ()))

    def presence_of(self, user: str) -> str:
        """Give the presence a user has through this node."""
        states = {connection.presence for connection in self.of(user)}
        return "active" if "active" in states else "background"

    def device_replaced(self, user: str, device: str, connection_id: str) -> None:
        """The device connected to another node."""
        for connection in self.of(user):
            if connection.device == device and connection.id != connection_id:
                connection.close(codes.REPLACED)

    def end_user(self, user: str, code: int) -> None:
        """Close a user's connections: suspended, signed out everywhere."""
        for connection in self.of(user):
            connection.close(code)

    def tick(self) -> None:
        """Once a second: heartbeats and deadlines."""
        now_s = self._monotonic_s()
        for connection in tuple(self._connections):
            connection.tick(now_s)

    def drain(self, spread_s: float) -> None:
        """Tell every client to reconnect, spread over a time."""
        for connection in tuple(self._connections):
            connection.drain(round(self._jitter.random() * spread_s * 1000))

    async def until_empty(self, seconds: float) -> None:
        """Wait until every connection is gone, or for so long."""
        self._empty.clear()
        if self._connections:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._empty.wait()

    def close_all(self, code: int) -> None:
        """Close every connection."""
        for connection in tuple(self._connections):
            connection.close(code)
