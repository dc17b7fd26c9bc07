"""One thread's log as a device applies it: in the order of seq, each event once, no hole jumped over.

Theory. `seq` is the last event that was applied, `known_seq` the highest that was heard of, from a row, a push or a
page. Events that came too early wait in a small buffer. Whenever `seq < known_seq` after a push, the log must be read
after `seq` (`missing_after`); a page says that it is complete up to `to`, and that also settles the numbers that never
come (an erased event, an event for somebody else).

A log that begins a new epoch has lost its end. Then the events of the old epoch that were applied last are read again:
those that still stand there are recognised and not given twice, the others are new.

Source: protocol/spec/ordering.md.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final

from greenroom_protocol.events import AnyEvent

AHEAD_EVENTS: Final = 300
"""Most events that wait for an earlier one; more are dropped and read again."""
RECENT_EVENTS: Final = 64
"""Events per thread that are recognised after a loss of history."""


class ThreadTail:
    """The end of one thread's log, as far as this device has applied it."""

    __slots__ = ("_ahead", "_applied_before", "_recent", "_start", "epoch", "is_unsure", "known_seq", "seq", "thread")

    def __init__(self, thread: str, *, epoch: int = 0, seq: int | None = None) -> None:
        """Begin to follow a thread.

        Args:
            thread: the thread's id.
            epoch: epoch of its log; 0 when not known yet.
            seq: events above this one are wanted; None takes those after the next one heard of.
        """
        self.thread = thread
        self.epoch = epoch
        self.seq = seq
        self._start = seq
        self.known_seq = 0
        self.is_unsure = False
        """It is not known how far the log reaches: read on, even if nothing is known to be missing."""
        self._ahead: dict[int, AnyEvent] = {}
        self._recent: deque[tuple[int, int]] = deque(maxlen=RECENT_EVENTS)
        self._applied_before: frozenset[tuple[int, int]] = frozenset()

    @property
    def missing_after(self) -> int | None:
        """The seq after which the log must be read; None when nothing is missing."""
        return self.seq if self.is_unsure or (self.seq or 0) < self.known_seq else None

    def reach(self, epoch: int, seq: int, *, start: int) -> bool:
        """Note that the log reaches `seq`; a tail without a place begins at `start`.

        Returns:
            Whether the log began a new epoch, so that what was shown of it may be wrong.
        """
        if epoch < self.epoch:
            return False
        is_restart = 0 < self.epoch < epoch
        if is_restart:
            self._rewind(seq)
        self.epoch = epoch
        if self.seq is None:
            self.seq = self._start = start
        self.known_seq = max(self.known_seq, seq)
        return is_restart

    def push(self, epoch: int, events: Iterable[AnyEvent]) -> list[AnyEvent]:
        """Take events in any order; gives those whose turn has come. Call `reach` first."""
        if epoch != self.epoch or self.seq is None:
            return []
        for event in events:
            if event.seq > self.seq and len(self._ahead) < AHEAD_EVENTS:
                self._ahead[event.seq] = event
        return self._due([])

    def page(self, epoch: int, after: int, to: int, events: Iterable[AnyEvent], *, more: bool) -> list[AnyEvent]:
        """Take a page that is complete between `after` and `to`; gives what is new. Call `reach` first."""
        if epoch != self.epoch or self.seq is None or after > self.seq:
            return []
        self.is_unsure = more
        given: list[AnyEvent] = []
        for event in sorted(events, key=lambda event: event.seq):
            if event.seq > self.seq:
                self._apply(event, given)
        self.seq = max(self.seq, to)
        self._ahead = {seq: event for seq, event in self._ahead.items() if seq > self.seq}
        return self._due(given)

    def _due(self, given: list[AnyEvent]) -> list[AnyEvent]:
        """Apply the waiting events that follow without a hole."""
        assert self.seq is not None
        while event := self._ahead.pop(self.seq + 1, None):
            self._apply(event, given)
        self.known_seq = max(self.known_seq, self.seq)
        return given

    def _apply(self, event: AnyEvent, given: list[AnyEvent]) -> None:
        self.seq = event.seq
        identity = (event.seq, event.at)
        self._recent.append(identity)
        if identity not in self._applied_before:
            given.append(event)

    def _rewind(self, head: int) -> None:
        """Go back as far as every event can be recognised, and not beyond the log's new end."""
        back = self._recent[0][0] - 1 if len(self._recent) == RECENT_EVENTS else self._start
        self.seq = self._start = head if back is None else min(back, head)
        self.known_seq = 0
        self._applied_before |= frozenset(self._recent)
        self._recent.clear()
        self._ahead.clear()
