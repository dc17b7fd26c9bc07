"""What one device holds of its inbox and its threads, and what each frame tells the application about them.

Theory. Rows of the inbox are merged in any order. Events are given only for shown threads, in the order of their seq,
each once. After a connection began, the rows that were missed come in pages; when the last one is applied the
application is told so once: `Recovered`, or `Snapshot` when the rows were replaced. One's own log is in no snapshot
and always shown: from its first push on.

Source: protocol/spec/ordering.md.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Literal

from greenroom_protocol import replies
from greenroom_protocol.client_effects import (
    Deliver,
    MessageEvent,
    Recovered,
    RowChanged,
    SessionEvent,
    Snapshot,
    ThreadHidden,
    ThreadReset,
)
from greenroom_protocol.client_inbox import InboxTail
from greenroom_protocol.client_shown import ShownThreads
from greenroom_protocol.client_thread import ThreadTail
from greenroom_protocol.commands import InboxChanges, Resume, ThreadHistory, ThreadList
from greenroom_protocol.events import AnyEvent
from greenroom_protocol.inbox import OWN_LOG
from greenroom_protocol.pushes import InboxChanged
from greenroom_protocol.replies import Row


class Replica:
    """The inbox and the shown threads; every method that takes a frame gives what to deliver, in order."""

    __slots__ = ("_catching_up", "_is_complete", "_is_first", "inbox", "shown")

    def __init__(self, *, show_all: bool) -> None:
        self.inbox = InboxTail()
        self.shown = ShownThreads(show_all=show_all)
        self._catching_up: Literal["", "snapshot", "rows"] = ""
        self._is_complete = True
        self._is_first = True

    @property
    def may_read(self) -> bool:
        """Whether something is missing that was not asked for yet."""
        return self.inbox.may_read or self.shown.may_read

    def next_reads(self) -> Iterator[InboxChanges | ThreadList | ThreadHistory]:
        """Give the commands that ask for what is missing."""
        return chain(self.inbox.next_reads(), self.shown.next_reads())

    def resume(self) -> Resume | None:
        """Give the position to resume from; None before there is one."""
        if not self.inbox.epoch:
            return None
        threads = self.shown.positions(self.inbox.rows)
        return Resume(epoch=self.inbox.epoch, mark=self.inbox.mark, threads=threads)

    def disconnected(self) -> None:
        """Forget the reads that were under way; the positions stand."""
        self.inbox.disconnected()
        self.shown.disconnected()

    def connected(self, reply: replies.Connected) -> list[Deliver]:
        """Apply the first page of what was missed."""
        self._is_complete = reply.complete
        if reply.recovered and not self._catching_up:
            self._catching_up = "rows"
        given = self._page(reply, page_rows=reply.limits.page_items)
        for part in reply.threads:
            tail = self.shown.get(part.thread)
            if tail is not None:
                given += self._reach(tail, part.epoch, part.to, part.after)
                given += _events(tail, tail.page(part.epoch, part.after, part.to, part.events, more=tail.is_unsure))
        for tail in self.shown:
            self.shown.look_at(tail)
        return given

    def pushed(self, push: InboxChanged) -> list[Deliver]:
        """Apply a live change."""
        row = self.inbox.push(push)
        given = [] if row is None else _deliver(RowChanged(row))
        is_own = push.state == OWN_LOG
        tail = self.shown.get(push.thread, start=push.from_seq if self._is_first or is_own else 0, is_own_log=is_own)
        if tail is not None:
            given += self._reach(tail, push.epoch, push.seq, push.from_seq)
            given += _events(tail, tail.push(push.epoch, push.events))
            self.shown.look_at(tail)
        return given

    def changes_page(self, command: InboxChanges, reply: replies.InboxChangesPage) -> tuple[list[Deliver], bool]:
        """Apply a page of changed rows; also says whether it left a hole as it was."""
        self.inbox.was_read(command)
        before = self.inbox.mark
        given = self._page(reply, page_rows=command.limit)
        return given, self.inbox.is_behind and self.inbox.mark == before and reply.recovered

    def list_page(self, command: ThreadList, reply: replies.ThreadListPage) -> list[Deliver]:
        """Apply a page of the listing that completes a snapshot."""
        self.inbox.was_read(command)
        self.inbox.list_below(reply.rows, more=reply.more)
        return self.merge(reply.rows) + self._caught_up()

    def history_page(self, command: ThreadHistory, reply: replies.HistoryPage) -> tuple[list[Deliver], bool]:
        """Apply a page of a thread; also says whether it left a hole as it was."""
        tail = self.shown.was_read(command.thread)
        if tail is None:
            return [], False
        before = tail.seq
        given = self._reach(tail, reply.epoch, reply.to, reply.after)
        given += _events(tail, tail.page(reply.epoch, reply.after, reply.to, reply.events, more=reply.more))
        self.shown.look_at(tail)
        return given, tail.missing_after is not None and command.after == before == tail.seq

    def refused(self, command: InboxChanges | ThreadList | ThreadHistory, code: str, *, later: bool) -> list[Deliver]:
        """A read was refused, for now or for good; a thread that cannot be read is shown no longer."""
        if isinstance(command, ThreadHistory):
            tail = self.shown.was_read(command.thread)
            if tail is None:
                return []
            if later:
                self.shown.look_at(tail)
                return []
            self.shown.hide(command.thread)
            return _deliver(ThreadHidden(command.thread, code))
        self.inbox.was_read(command)
        if later or isinstance(command, InboxChanges):
            return []
        self.inbox.list_below([], more=False)
        return self._caught_up()

    def merge(self, rows: Iterable[Row]) -> list[Deliver]:
        """Merge rows that say nothing about the position."""
        return self._grew(self.inbox.merge(rows))

    def read_up_to(self, thread: str, n: int) -> list[Deliver]:
        """Move one's own read mark."""
        row = self.inbox.read_up_to(thread, n)
        return [] if row is None else _deliver(RowChanged(row))

    def _page(self, reply: replies.Connected | replies.InboxChangesPage, *, page_rows: int) -> list[Deliver]:
        if not reply.recovered:
            self._begin_snapshot(reply.rows, page_rows)
        grown = self.inbox.page(reply.epoch, reply.mark, reply.rows, more=reply.more, is_snapshot=not reply.recovered)
        return self._grew(grown) + self._caught_up()

    def _begin_snapshot(self, rows: list[Row], page_rows: int) -> None:
        """The rows begin anew, with a page from the top; whoever shows everything lists the rest."""
        self._catching_up = "snapshot"
        if not self.shown.show_all:
            self.shown.doubt_all_but({row.thread for row in rows})
        self.inbox.list_below(rows, more=self.shown.show_all and len(rows) >= page_rows)

    def _caught_up(self) -> list[Deliver]:
        """Tell the application once nothing more is to come of what was missed."""
        if not self._catching_up or self.inbox.is_paging:
            return []
        done = Snapshot(self._is_complete) if self._catching_up == "snapshot" else Recovered()
        self._catching_up = ""
        self._is_first = False
        return _deliver(done)

    def _grew(self, rows: Iterable[Row]) -> list[Deliver]:
        given: list[Deliver] = []
        for row in rows:
            if self._catching_up != "snapshot":
                given += _deliver(RowChanged(row))
            is_own = row.state == OWN_LOG  # begins with a push: a row does not say what of it is news
            tail = self.shown.get(row.thread, start=None if is_own else row.seq if self._is_first else 0)
            if tail is not None:
                given += self._reach(tail, row.epoch, row.seq, row.seq)
                self.shown.look_at(tail)
        return given

    def _reach(self, tail: ThreadTail, epoch: int, seq: int, start: int) -> list[Deliver]:
        return _deliver(ThreadReset(tail.thread)) if tail.reach(epoch, seq, start=start) else []


def _deliver(event: SessionEvent) -> list[Deliver]:
    return [Deliver(event)]


def _events(tail: ThreadTail, events: Iterable[AnyEvent]) -> list[Deliver]:
    return [Deliver(MessageEvent(tail.thread, tail.epoch, event)) for event in events]
