"""One user's pushes on this node: in the order of the marks, without a hole, each once.

Pushes may arrive in any order, twice, or not at all (publishing is only a hint). The feed lets them out in mark order.
A hole in the marks, or an event missing between `from` and `seq`, is filled from the store; until then what comes
after waits. All connections of the user share one feed.
"""

from collections.abc import Callable
from typing import Final, Protocol

from greenroom_server.delivery.frames import EventBytes, RowChange, encode_change

HOLE_WAIT_S: Final = 0.05
"""A hole is usually a push that is still under way; only then the store is asked."""
GAP_EVENTS: Final = 100
"""A larger gap of one thread goes out without events; the client reads the thread when it shows it."""


class Sink(Protocol):
    """One live connection."""

    @property
    def codec(self) -> int:
        """JSON or MSGPACK."""

    def push(self, frame: bytes, change: RowChange) -> None:
        """Send a durable frame; the connection keeps it back until its `connect` is answered."""

    def push_ephemeral(self, frame: bytes, key: str) -> None:
        """Send a frame that may be shed; a newer one of the same key may replace it."""


class Repairs(Protocol):
    """How a feed gets what it missed; both call back with results in their own time."""

    def read_changes(self, user: str, mark: int, done: Callable[[int, list[RowChange]], None]) -> None:
        """Read the rows changed after `mark`; `done` gets the mark up to which they are complete."""

    def read_gap(self, user: str, thread: str, after: int, to: int, done: Callable[[EventBytes | None], None]) -> None:
        """Read the events above `after` up to `to`; none when this user may not have them as the log tells them."""

    def later(self, delay_s: float, what: Callable[[], None]) -> None:
        """Call after a delay."""


class Feed:
    """The pushes of one user on this node."""

    __slots__ = ("_began_at", "_busy", "_hole_timer", "_repairs", "_waiting", "epoch", "mark", "sinks", "user")

    def __init__(self, user: str, repairs: Repairs) -> None:
        self.user = user
        self.epoch = 0
        """Epoch of the inbox; 0 until `start`."""
        self.mark = 0
        """Everything up to this mark was given to the sinks, or was there before them."""
        self.sinks: list[Sink] = []
        self._began_at = 0
        self._waiting: dict[int, RowChange] = {}
        self._busy = True  # until the position is known
        self._hole_timer = False
        self._repairs = repairs

    def start(self, epoch: int, mark: int) -> None:
        """Begin at the position that a connection read after registering; only the first call decides.

        A connection that read its position before another one began the feed, and comes here after it, lacks what
        lies between: that is read again. The connections that have it drop it by its mark.
        """
        if not self.epoch:
            self.epoch, self.mark, self._began_at = epoch, mark, mark
            self._waiting = {at: change for at, change in self._waiting.items() if at > mark}
            self._busy = False
            self._advance()
        elif mark < self._began_at:
            self._read_earlier(mark)

    def offer(self, change: RowChange) -> None:
        """Take a change in; it goes out when its turn comes. A known mark is dropped."""
        if change.mark <= self.mark and self.epoch:
            return
        if change.mark == self.mark + 1 and not self._busy and _is_whole(change):
            self._emit(change)
            if self._waiting:
                self._advance()
            return
        self._waiting[change.mark] = change
        self._advance()

    def catch_up(self) -> None:
        """Ask the store for what changed since the last mark (a check found this feed behind)."""
        if not self._busy:
            self._busy = True
            self._repairs.read_changes(self.user, self.mark, self._changes_read)

    def _advance(self) -> None:
        while not self._busy:
            change = self._waiting.pop(self.mark + 1, None)
            if change is None:
                break
            if _is_whole(change):
                self._emit(change)
            elif change.seq - change.from_seq > GAP_EVENTS or not change.from_seq:
                self._emit(change._replace(events=None))
            else:
                self._busy = True
                self._read_gap(change)
        if self._waiting and not self._busy and not self._hole_timer:
            self._hole_timer = True
            self._repairs.later(HOLE_WAIT_S, self._hole_is_old)

    def _read_gap(self, change: RowChange) -> None:
        def read(events: EventBytes | None) -> None:
            self._busy = False
            self._emit(change._replace(events=events))
            self._advance()

        self._repairs.read_gap(self.user, change.thread, change.from_seq, change.seq, read)

    def _hole_is_old(self) -> None:
        self._hole_timer = False
        self._waiting = {mark: change for mark, change in self._waiting.items() if mark > self.mark}
        if self._waiting:
            self.catch_up()

    def _changes_read(self, mark: int, changes: list[RowChange]) -> None:
        self._busy = False
        for change in changes:
            if change.mark > self.mark:
                whole = self._waiting.pop(change.mark, change)
                self._emit(whole if _is_whole(whole) else whole._replace(events=None))
        self.mark = max(self.mark, mark)
        self._waiting = {at: change for at, change in self._waiting.items() if at > self.mark}
        self._advance()

    def _read_earlier(self, mark: int) -> None:
        def read(to: int, changes: list[RowChange]) -> None:
            for change in changes:
                if change.mark <= self._began_at:
                    self._send(change)
            if to < self._began_at:  # the store did not answer
                self._repairs.later(HOLE_WAIT_S, lambda: self._read_earlier(to))

        self._repairs.read_changes(self.user, mark, read)

    def _emit(self, change: RowChange) -> None:
        self.mark = change.mark
        self._send(change)

    def _send(self, change: RowChange) -> None:
        frames: list[bytes | None] = [None, None]
        for sink in self.sinks:
            frame = frames[sink.codec]
            if frame is None:
                frame = frames[sink.codec] = encode_change(change, sink.codec)
            sink.push(frame, change)


def _is_whole(change: RowChange) -> bool:
    """Say whether the events reach from `from` to `seq` (a row that only was read has none to bring)."""
    events = change.events
    if change.seq == change.from_seq:
        return True
    if events is None:
        return False
    return events.first_seq <= change.from_seq + 1 and events.last_seq >= change.seq
