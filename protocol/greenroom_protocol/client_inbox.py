"""A device's copy of its inbox: the rows, and the position up to which nothing is missing.

Theory. `mark` moves only when every mark below it was seen. A push that jumps ahead is merged at once (a row only
grows, so the order does not matter) but leaves a hole; the rows after `mark` are then read again, in pages, and each
page moves the position. Epoch and mark are always taken together. A snapshot holds the rows at the top; whoever needs
all of them lists the rest from there downwards.

Source: protocol/spec/ordering.md.
"""

from collections.abc import Iterable, Iterator

import msgspec

from greenroom_protocol import inbox, limits
from greenroom_protocol.commands import InboxChanges, ThreadList
from greenroom_protocol.pushes import InboxChanged
from greenroom_protocol.replies import Row


class InboxTail:
    """Rows by thread, and the position (epoch, mark)."""

    __slots__ = ("_ahead", "_has_more", "_is_listing", "_is_reading", "_list_before", "epoch", "mark", "rows")

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.epoch = 0
        """Epoch of the inbox; 0 until the server named one."""
        self.mark = 0
        self._ahead: set[int] = set()
        self._has_more = False
        self._is_reading = False
        self._list_before: int | None = None
        self._is_listing = False

    @property
    def is_behind(self) -> bool:
        """Whether rows after `mark` must be read."""
        return self._has_more or bool(self._ahead)

    @property
    def is_paging(self) -> bool:
        """Whether further pages follow the last one."""
        return self._has_more or self._list_before is not None

    @property
    def may_read(self) -> bool:
        """Whether rows must be read and may be read now."""
        return (self.is_behind and not self._is_reading) or (self._list_before is not None and not self._is_listing)

    @property
    def unread(self) -> int:
        """Messages that were not read, over all threads."""
        return sum(map(inbox.unread, self.rows.values()))

    def push(self, push: InboxChanged) -> Row | None:
        """Merge a push; gives the row when it grew."""
        if push.mark > self.mark:
            self._ahead.add(push.mark)
            self._close_up()
        return self._merge(inbox.row_of(push))

    def page(self, epoch: int, mark: int, rows: Iterable[Row], *, more: bool, is_snapshot: bool) -> list[Row]:
        """Take a page of rows and the position after it; gives the rows that grew.

        Args:
            epoch: epoch of the inbox.
            mark: position after this page.
            rows: at most `limits.PAGE_ITEMS`.
            more: further pages follow.
            is_snapshot: forget the rows and the position that one had.
        """
        if is_snapshot:
            self.rows.clear()
            self.mark = 0
        if is_snapshot or epoch != self.epoch:
            self.epoch = epoch
            self.mark = mark
        self.mark = max(self.mark, mark)
        self._has_more = more
        self._close_up()
        return self.merge(rows)

    def list_below(self, rows: Iterable[Row], *, more: bool) -> None:
        """List the rows below these from now on, until there are no more."""
        self._list_before = min((row.mark for row in rows), default=None) if more else None

    def next_reads(self) -> Iterator[InboxChanges | ThreadList]:
        """Give the reads that may be made now; each is under way until `was_read`."""
        if self.is_behind and not self._is_reading:
            self._is_reading = True
            yield InboxChanges(id=0, epoch=self.epoch, mark=self.mark)
        if self._list_before is not None and not self._is_listing:
            self._is_listing = True
            yield ThreadList(id=0, before=self._list_before, limit=limits.PAGE_ITEMS, archived=None)

    def was_read(self, command: InboxChanges | ThreadList) -> None:
        """End a read."""
        if isinstance(command, InboxChanges):
            self._is_reading = False
        else:
            self._is_listing = False

    def merge(self, rows: Iterable[Row]) -> list[Row]:
        """Merge rows that say nothing about the position; gives those that grew."""
        return [row for row in map(self._merge, rows) if row is not None]

    def read_up_to(self, thread: str, n: int) -> Row | None:
        """Move one's own read mark of a thread; gives the row when it moved."""
        row = self.rows.get(thread)
        if row is None or n <= row.read:
            return None
        return self._merge(msgspec.structs.replace(row, read=n))

    def disconnected(self) -> None:
        """Forget what only this connection's order told; the position stands."""
        self._ahead.clear()
        self._has_more = self._is_reading = self._is_listing = False

    def _merge(self, new: Row) -> Row | None:
        old = self.rows.get(new.thread)
        merged = inbox.merge(old, new)
        if merged == old:
            return None
        self.rows[new.thread] = merged
        return merged

    def _close_up(self) -> None:
        """Move the mark over the pushes that follow it, and forget those it has passed."""
        while self.mark + 1 in self._ahead:
            self.mark += 1
            self._ahead.discard(self.mark)
        if self._ahead:
            self._ahead = {mark for mark in self._ahead if mark > self.mark}
