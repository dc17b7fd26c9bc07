"""The window: what somebody wrote in a thread just before, for contacts that are split over several messages.

Only short texts that could be a piece of a contact look at it. The tail of a thread is read once and then kept up by
this node's own commits. An old one does no harm: the commit says up to which message of the sender it was known, and
when there is a later one nothing is written and everything is judged anew.

Source: server/docs/moderation.md, Split messages.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec

from greenroom_protocol.bases import Event
from greenroom_protocol.events import MessageEdited, MessageErased, MessageRedacted, MessageSent
from greenroom_server.screening.context import Fragment
from greenroom_server.store.errors import StoreError
from greenroom_server.store.threads import Threads
from greenroom_server.telemetry.tasks import Tasks

EVENTS: Final = 20
"""Of a thread's tail; older ones are no part of a split contact."""
CHARS: Final = 60
"""Longer texts are no fragments, and are not kept."""
TURNS: Final = 3
"""Short messages back to which a text may be an answer."""
CACHED_TAILS: Final = 5_000
_ADDRESS: Final = re.compile(r"[^\s@]@[^\s@]+\.[^\s@.]")


class Line(NamedTuple):
    """A short message as it stands."""

    seq: int
    by: str
    text: str
    at: int
    """When this text came, UTC ms."""


class Tail:
    """The end of a thread's log."""

    __slots__ = ("lines", "seq")

    def __init__(self, events: Sequence[Event]) -> None:
        self.seq = 0
        """Of the last event; 0: the log is empty."""
        self.lines: dict[int, Line] = {}
        """By seq, in their order."""
        self.add(events)

    def add(self, events: Sequence[Event]) -> bool:
        """Go on with events that follow; False when some are missing between."""
        for event in events:
            if self.seq and event.seq > self.seq + 1:
                return False
            if isinstance(event, MessageSent):
                self._put(event.seq, event.by, event.body, event.at, is_masked=bool(event.hidden))
            elif isinstance(event, MessageEdited | MessageRedacted):
                old = self.lines.pop(event.target, None)
                by = event.by or (old.by if old is not None else "")
                self._put(event.target, by, event.body, event.at, is_masked=bool(event.hidden))
            elif isinstance(event, MessageErased):
                self.lines.pop(event.target, None)
            self.seq = event.seq
        for seq in [each for each in self.lines if each <= self.seq - EVENTS]:
            del self.lines[seq]
        return True

    def _put(self, seq: int, by: str, text: str, at: int, *, is_masked: bool) -> None:
        """Keep a short text, unless it was masked or holds a whole address: those were judged by themselves."""
        if by and len(text) <= CHARS and not is_masked and not _ADDRESS.search(text):
            self.lines[seq] = Line(seq, by, text, at)


class Tails:
    """A bounded cache of tails."""

    def __init__(self, threads: Threads, tasks: Tasks) -> None:
        self._threads = threads
        self._tasks = tasks
        self._cache: OrderedDict[str, Tail] = OrderedDict()

    def cached(self, thread: str) -> Tail | None:
        """Give a tail that was read before."""
        return self._cache.get(thread)

    def drop(self, thread: str) -> None:
        """Forget a tail."""
        self._cache.pop(thread, None)

    def committed(self, thread: str, events: Sequence[Event]) -> None:
        """Go on with what this node has committed; forget a tail that misses something."""
        tail = self._cache.get(thread)
        if tail is not None and not tail.add(events):
            del self._cache[thread]

    def load(self, thread: str, done: Callable[[StoreError | None], object]) -> None:
        """Read a tail in the background."""

        async def load() -> None:
            try:
                await self.read(thread)
            except StoreError as error:
                done(error)
            else:
                done(None)

        self._tasks.spawn(load(), "load tail")

    async def read(self, thread: str) -> Tail:
        """Read a tail anew.

        Raises:
            StoreError: the store did not answer.
        """
        events = await self._threads.events_before(thread, None, EVENTS)
        tail = Tail(())
        for event in events:  # what was erased is missing in the log
            tail.seq = 0
            tail.add((event,))
        self._cache[thread] = tail
        self._cache.move_to_end(thread)
        if len(self._cache) > CACHED_TAILS:
            self._cache.popitem(last=False)
        return tail


class Window:
    """What one command sees of a thread's tail, once it has asked for it."""

    __slots__ = ("_tail", "_tails", "_target", "_thread", "_user")

    def __init__(self, tails: Tails, thread: str, user: str, target: int = 0) -> None:
        """``target``: the message that is edited; what it said before does not count."""
        self._tails = tails
        self._thread = thread
        self._user = user
        self._target = target
        self._tail: Tail | None = tails.cached(thread)

    @property
    def is_known(self) -> bool:
        """Whether the tail was read."""
        return self._tail is not None

    @property
    def own_seq(self) -> int:
        """Up to which event all of the sender's are in it."""
        return -1 if self._tail is None else self._tail.seq

    def joined(self, text: str) -> tuple[str, str]:
        """Give the sender's fragments and a text as one, with spaces between and without."""
        assert self._tail is not None, "it was asked for"
        lines, own = self._tail.lines, self._user
        pieces = [line.text for seq in sorted(lines) if (line := lines[seq]).by == own and seq != self._target]
        return (" ".join((*pieces, text)), "".join((*pieces, text))) if pieces else ("", "")

    def said(self) -> tuple[str, ...]:
        """Give what others have said last, if it is short."""
        assert self._tail is not None, "it was asked for"
        lines = self._tail.lines
        return tuple(lines[seq].text for seq in sorted(lines)[-TURNS:] if lines[seq].by != self._user)

    def earlier(self) -> tuple[Fragment, ...]:
        """Give the fragments, the oldest first."""
        assert self._tail is not None, "it was asked for"
        own = self._user
        return tuple(
            Fragment(line.text, line.by == own, line.seq, line.at)
            for line in sorted(self._tail.lines.values())
            if line.seq != self._target
        )

    def load(self, done: Callable[[StoreError | None], object]) -> None:
        """Read the tail, then call back."""

        def loaded(error: StoreError | None) -> None:
            self._tail = self._tails.cached(self._thread)
            done(error)

        self._tails.load(self._thread, loaded)

    async def read(self) -> None:
        """Read the tail.

        Raises:
            StoreError: the store did not answer.
        """
        self._tail = await self._tails.read(self._thread)

    def forget(self) -> None:
        """It did not hold: read it again when it is needed."""
        self._tails.drop(self._thread)
        self._tail = None


class Look(msgspec.Struct, frozen=True):
    """A plan's answer: it must see the thread's tail first."""

    window: Window
