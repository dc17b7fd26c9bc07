"""Deadlines: what the store's timers mean, and who acts when one has passed.

A timer is set and removed by the commit it belongs to. Its member is `<what> <rest>`; `what` names who acts. It stays
due until its action is done, so an action may run twice and must be judged by the state alone.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from greenroom_server.domain.ids import PARTITION_COUNT
from greenroom_server.store.errors import StoreError
from greenroom_server.store.timers import Timers
from greenroom_server.usecases.results import RefusedError

log = structlog.get_logger()

EVERY_S: Final = 1.0
LOCK_MS: Final = 10_000
AT_ONCE: Final = 100
_STAYS_DUE: Final = frozenset({"unavailable", "uncertain", "conflict"})

Action = Callable[[int, str], Awaitable[object]]
"""Acts on a deadline that has passed; gets the partition and the member, which its commit removes."""


class Deadlines:
    """Lets deadlines pass; one task that the owner runs."""

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._actions: dict[str, Action] = {}

    def on(self, what: str, action: Action) -> None:
        """Say who acts on the deadlines of a kind."""
        self._actions[what] = action

    async def run(self) -> None:
        """Look every second."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.run_once()
            except StoreError:
                log.warning("timers_postponed")

    async def run_once(self) -> int:
        """Act on all deadlines that have passed; gives how many there were."""
        due = await asyncio.gather(*(self._timers.due(p, LOCK_MS, AT_ONCE) for p in range(PARTITION_COUNT)))
        members = [(partition, member) for partition, found in enumerate(due) for member in found]
        for partition, member in members:
            action = self._actions.get(member.partition(" ")[0])
            try:
                if action is not None:
                    await action(partition, member)
                    continue
            except RefusedError as refused:
                if refused.refused.code in _STAYS_DUE:
                    continue
            await self._timers.drop(partition, member)
        return len(members)
