"""The threads that a device shows, and which of them must be read to fill a hole.

Source: protocol/spec/ordering.md.
"""

from collections.abc import Container, Iterator, Mapping
from typing import Final

from greenroom_protocol import limits
from greenroom_protocol.client_thread import ThreadTail
from greenroom_protocol.commands import ThreadHistory, ThreadPosition
from greenroom_protocol.replies import Row

READS_AT_ONCE: Final = 4


class ShownThreads:
    """Tails by thread; a thread with a hole is `wanting` until it is being read."""

    __slots__ = ("_reading", "_tails", "_wanting", "show_all")

    def __init__(self, *, show_all: bool) -> None:
        self.show_all = show_all
        self._tails: dict[str, ThreadTail] = {}
        self._wanting: dict[str, None] = {}
        self._reading: set[str] = set()

    def __iter__(self) -> Iterator[ThreadTail]:
        return iter(self._tails.values())

    @property
    def may_read(self) -> bool:
        """Whether a thread must be read and may be read now."""
        return bool(self._wanting) and len(self._reading) < READS_AT_ONCE

    def show(self, thread: str, row: Row | None, after: int | None) -> None:
        """Begin to follow a thread after `after`, or from where its row stands."""
        tail = self._tails[thread] = ThreadTail(thread, seq=after)
        if row is not None:
            tail.reach(row.epoch, row.seq, start=row.seq)
        else:
            tail.is_unsure = after is not None
        self.look_at(tail)

    def hide(self, thread: str) -> bool:
        """Follow a thread no longer; says whether it was shown."""
        self._wanting.pop(thread, None)
        return self._tails.pop(thread, None) is not None

    def get(self, thread: str, *, start: int | None = None, is_own_log: bool = False) -> ThreadTail | None:
        """Give the tail of a shown thread; with `show_all`, or for one's own log, a new one begins at `start`."""
        tail = self._tails.get(thread)
        if tail is None and (self.show_all or is_own_log) and start is not None:
            tail = self._tails[thread] = ThreadTail(thread, seq=start)
        return tail

    def look_at(self, tail: ThreadTail) -> None:
        """Note whether a thread must be read."""
        if tail.missing_after is None:
            self._wanting.pop(tail.thread, None)
        elif tail.thread not in self._reading:
            self._wanting[tail.thread] = None

    def next_reads(self) -> Iterator[ThreadHistory]:
        """Give the reads that may be made now; each is under way until `was_read`."""
        while self.may_read:
            thread = next(iter(self._wanting))
            del self._wanting[thread]
            self._reading.add(thread)
            yield ThreadHistory(id=0, thread=thread, after=self._tails[thread].missing_after, limit=limits.PAGE_ITEMS)

    def was_read(self, thread: str) -> ThreadTail | None:
        """End the read of a thread; gives its tail if it is still shown."""
        self._reading.discard(thread)
        return self._tails.get(thread)

    def disconnected(self) -> None:
        """Forget the reads that were under way."""
        self._reading.clear()
        self._wanting.clear()

    def positions(self, rows: Mapping[str, Row]) -> dict[str, ThreadPosition]:
        """Give the places of the threads to name in a resume: those that changed last."""
        known = [tail for tail in self._tails.values() if tail.epoch]
        known.sort(key=lambda tail: rows[tail.thread].mark if tail.thread in rows else 0, reverse=True)
        return {
            tail.thread: ThreadPosition(epoch=tail.epoch, seq=tail.seq or 0) for tail in known[: limits.SHOWN_THREADS]
        }

    def doubt_all_but(self, threads: Container[str]) -> None:
        """The rows were replaced by those of these threads: any other must be read to know how far it reaches."""
        for tail in self._tails.values():
            tail.is_unsure |= tail.seq is not None and tail.thread not in threads
