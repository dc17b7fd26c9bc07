"""What makes delivery whole: owed touches, positions that fell behind, leases.

Fan-out is a hint and may be lost anywhere; each of these finds out within seconds.

Source: server/docs/architecture.md, Dirty set and Routing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from greenroom_protocol import limits
from greenroom_protocol.events import AnyEvent
from greenroom_server.delivery.frames import EventBytes, RowChange
from greenroom_server.delivery.hub import Hub
from greenroom_server.domain.ids import PARTITION_COUNT, own_log_owner
from greenroom_server.store.errors import StoreError
from greenroom_server.store.inboxes import Inboxes
from greenroom_server.store.presence import RENEW_S, PresenceStore
from greenroom_server.store.threads import Threads
from greenroom_server.telemetry.counters import Counters
from greenroom_server.telemetry.tasks import Tasks
from greenroom_server.usecases.deliver import Deliver
from greenroom_server.usecases.rebuild import Rebuild
from greenroom_server.usecases.standing import have_been_amended, visible

log = structlog.get_logger()

OWED_EVERY_S: Final = 2.0
OWED_AGE_MS: Final = 2_000
LOCK_MS: Final = 10_000
OWED_LIMIT: Final = 500
POSITIONS_EVERY_S: Final = 25.0


class FeedRepairs:
    """How feeds read what they missed."""

    def __init__(self, threads: Threads, inboxes: Inboxes, tasks: Tasks) -> None:
        self._threads = threads
        self._inboxes = inboxes
        self._tasks = tasks
        self._loop = asyncio.get_running_loop()

    def read_changes(self, user: str, mark: int, done: Callable[[int, list[RowChange]], None]) -> None:
        """Read the rows changed after a mark; an unanswered store leaves the feed for the next check."""

        async def read() -> None:
            changes: list[RowChange] = []
            at, more = mark, True
            try:
                while more:
                    page = await self._inboxes.changes(user, at, limits.PAGE_ITEMS)
                    more = page.more
                    for thread, row in page.rows:
                        changes.append(
                            RowChange(
                                thread,
                                row.epoch,
                                row.mark,
                                0,
                                row.seq,
                                row.n,
                                row.read,
                                row.state,
                                row.last_at,
                                None,
                                row.muted_until,
                                row.archived_n,
                            )
                        )
                    at = page.rows[-1][1].mark if more else page.mark
            except StoreError:
                pass
            done(at, changes)

        self._tasks.spawn(read(), "read changes")

    def read_gap(self, user: str, thread: str, after: int, to: int, done: Callable[[EventBytes | None], None]) -> None:
        """Read the events of a gap; none when they are not all for this user, or no longer stand as they were told."""

        async def read() -> None:
            try:
                events = await self._threads.events(thread, after, to, to - after)
                if not await self._may_have(user, thread, events):
                    events = []
            except StoreError:
                events = []
            done(EventBytes(events) if events else None)

        self._tasks.spawn(read(), "read gap")

    async def _may_have(self, user: str, thread: str, events: list[AnyEvent]) -> bool:
        if own_log_owner(thread) is not None:
            return True
        found = await self._threads.head(thread)
        place = found[0].participants.get(user) if found is not None else None
        if place is None or len(visible(events, place)) < len(events):
            return False
        return not await have_been_amended(self._threads, thread, events)

    def later(self, delay_s: float, what: Callable[[], None]) -> None:
        """Call after a delay."""
        self._loop.call_later(delay_s, what)


class Repair:
    """The periodic work of a node; each loop is one task that the owner runs."""

    def __init__(
        self,
        inboxes: Inboxes,
        presence: PresenceStore,
        hub: Hub,
        deliver: Deliver,
        rebuild: Rebuild,
        counters: Counters,
    ) -> None:
        self._rebuild = rebuild
        self._inboxes = inboxes
        self._presence = presence
        self._hub = hub
        self._deliver = deliver
        self._counters = counters
        self.on_lease_lapsed: Callable[[], Awaitable[None]] = _nobody
        """Called when this node's lease had lapsed: everybody must be registered again."""
        self._is_registered = True

    async def renew_leases(self) -> None:
        """Renew this node's lease everywhere, and notice whether other nodes live."""
        while True:
            try:
                await self.renew_once()
            except StoreError:
                log.warning("lease_not_renewed")
            await asyncio.sleep(RENEW_S)

    async def renew_once(self) -> None:
        """Renew once; after a lapse register everybody again, and look for what was published to nobody meanwhile."""
        now_ms = await self._presence.time_ms()
        kept = await self._presence.renew(now_ms)
        self._deliver.is_alone = await self._presence.other_nodes(now_ms) == 0
        if not kept:
            self._is_registered = False
        if not self._is_registered:
            await self.on_lease_lapsed()
            await self.check_positions_once()
            self._is_registered = True

    async def repair_owed(self) -> None:
        """Do the touches that another node (or a failure) left owed."""
        while True:
            await asyncio.sleep(OWED_EVERY_S)
            try:
                await self.repair_owed_once(OWED_AGE_MS)
                await self._rebuild()
            except StoreError:
                log.warning("repair_postponed")

    async def repair_owed_once(self, min_age_ms: int) -> int:
        """Look at every partition once; gives how many touches were owed."""
        found = await asyncio.gather(
            *(self._inboxes.owed(p, LOCK_MS, min_age_ms, OWED_LIMIT) for p in range(PARTITION_COUNT))
        )
        count = 0
        for debt in (debt for debts in found for debt in debts):
            self._deliver.touch(debt.user, debt.thread, debt.value, None)
            count += 1
        self._counters.repaired += count
        return count

    async def check_positions(self) -> None:
        """Compare what connected users were given with what their inboxes hold."""
        while True:
            await asyncio.sleep(POSITIONS_EVERY_S)
            try:
                await self.check_positions_once()
            except StoreError:
                log.warning("positions_not_checked")

    async def check_positions_once(self) -> int:
        """Check once; gives how many feeds were behind."""
        users = list(self._hub.users())
        behind = 0
        marks = await asyncio.gather(*(self._inboxes.mark(user) for user in users))
        for user, mark in zip(users, marks, strict=True):
            feed = self._hub.feed(user)
            if feed is not None and feed.epoch and mark > feed.mark:
                behind += 1
                feed.catch_up()
        self._counters.feeds_behind += behind
        return behind


async def _nobody() -> None:
    """Nobody is connected yet."""
