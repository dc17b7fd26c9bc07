"""From a commit to everybody it concerns: touch the inboxes in other partitions, push to the connections here."""

import asyncio
from collections.abc import Sequence
from typing import Final

from greenroom_protocol.bases import Event
from greenroom_server.delivery.frames import EventBytes, RowChange
from greenroom_server.delivery.hub import Hub
from greenroom_server.domain.ids import own_log, thread_partition
from greenroom_server.store.append import Committed
from greenroom_server.store.errors import StoreError
from greenroom_server.store.inboxes import Inboxes
from greenroom_server.store.own_logs import Noticed
from greenroom_server.store.records import Row, encode_event, pack, read_owed
from greenroom_server.telemetry.counters import Counters

SETTLE_DELAY_S: Final = 0.02
"""Removals of owed touches wait this long, so that one call takes many; a touch may be repeated, so nothing depends."""


class Deliver:
    """Turns commits into touches and pushes."""

    def __init__(self, inboxes: Inboxes, hub: Hub, counters: Counters) -> None:
        self._inboxes = inboxes
        self._hub = hub
        self._counters = counters
        self._loop = asyncio.get_running_loop()
        self._settled: dict[int, list[tuple[str, str, bytes]]] = {}
        self._settle_timer = False
        self.is_alone = True
        """No other node lives, so nobody needs the events of a touch."""

    def committed(self, thread: str, events: Sequence[Event], result: Committed) -> None:
        """Deliver events that were just committed; sets their seq, n and at."""
        seq, n = result.first_seq, result.first_n
        for event in events:
            event.seq, event.at = seq, result.at
            seq += 1
        if n:
            events[0].n = n
        shared = EventBytes(events)
        if result.told is not None:
            self._told(*result.told)
        for user, row in result.rows:
            self._hub.changed(user, change_of(thread, result.epoch, row, shared))
        for user, value in result.owed:
            self.touch(user, thread, value, shared)

    def _told(self, user: str, event: Event, noticed: Noticed) -> None:
        event.seq, event.at = noticed.row.seq, noticed.row.last_at
        self._hub.changed(user, change_of(own_log(user), noticed.epoch, noticed.row, EventBytes([event])))

    def touch(self, user: str, thread: str, value: bytes, events: EventBytes | None) -> None:
        """Do an owed touch, push what it changed, and have the entry removed."""
        owed = read_owed(value)

        def touched(row: Row | StoreError | None) -> None:
            if isinstance(row, StoreError):
                self._counters.touches_failed += 1
                return  # it stays in the dirty set and is repaired from there
            if row is not None:
                self._hub.changed(user, change_of(thread, owed.epoch, row, events))
            self._settle(user, thread, value)

        packed = b"" if self.is_alone or events is None else _pack_events(events)
        self._inboxes.touch(user, thread, owed, packed, touched)

    def _settle(self, user: str, thread: str, value: bytes) -> None:
        partition = thread_partition(thread)
        assert partition is not None
        self._settled.setdefault(partition, []).append((user, thread, value))
        if not self._settle_timer:
            self._settle_timer = True
            self._loop.call_later(SETTLE_DELAY_S, self._settle_now)

    def _settle_now(self) -> None:
        self._settle_timer = False
        settled, self._settled = self._settled, {}
        for partition, touches in settled.items():
            self._inboxes.settle(partition, touches, _ignore)


def change_of(thread: str, epoch: int, row: Row, events: EventBytes | None) -> RowChange:
    """Make the change that a touched row is for its user."""
    return RowChange(
        thread, epoch, row.mark, row.from_seq, row.seq, row.n, row.read, row.state, row.last_at, events,
        row.muted_until, row.archived_n,
    )  # fmt: skip


def _pack_events(events: EventBytes) -> bytes:
    return pack([(event.seq, event.n, event.at, encode_event(event).decode()) for event in events.events])


def _ignore(_reply: object) -> None:
    """An entry that stays is touched again by the repair; nothing is lost."""
