"""The client's events as async iterators."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal
from weakref import WeakSet

from greenroom_client.outgoing import MessageReturned
from greenroom_protocol.announcements import AnnouncementPosted
from greenroom_protocol.client_effects import SessionEvent
from greenroom_protocol.community import TopicNews, TopicPosition

log = logging.getLogger(__name__)

BACKLOG_EVENTS: Final = 10_000
"""Events kept for a first stream that nobody has asked for yet; the oldest are dropped."""

State = Literal["idle", "connecting", "connected", "waiting", "closed"]


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The client's connection moved from one state to another."""

    before: State
    state: State
    code: int | None = None
    """Close code of the connection that ended, if it had one."""
    reason: str = ""
    """A word for logs and for people who debug, such as `silence` or `server_drain`."""


@dataclass(frozen=True, slots=True)
class TopicPositions:
    """Where the watched topics stand after a reconnection: read those that are above what you have."""

    topics: dict[str, TopicPosition]


ClientEvent = SessionEvent | TopicNews | AnnouncementPosted | StateChanged | TopicPositions | MessageReturned


class EventStream:
    """One reader of the client's events; ends when the client is closed.

    It never holds up the connection: what is not read yet waits in memory.
    """

    def __init__(self, backlog: deque[ClientEvent], wants: Callable[[ClientEvent], bool] | None = None) -> None:
        """Begin with a backlog; keep only what is wanted, or everything."""
        self._events = backlog
        self._wants = wants
        self._news = asyncio.Event()
        self._is_ended = False

    @property
    def is_waiting(self) -> bool:
        """Whether the next event is there already."""
        return bool(self._events)

    def put(self, event: ClientEvent) -> None:
        """Keep an event for the reader."""
        if not self._is_ended and (self._wants is None or self._wants(event)):
            self._events.append(event)
            self._news.set()

    def end(self) -> None:
        """End after what is waiting."""
        self._is_ended = True
        self._news.set()

    def __aiter__(self) -> "EventStream":
        return self

    async def __anext__(self) -> ClientEvent:
        while not self._events:
            if self._is_ended:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._events.popleft()


class Streams:
    """All readers of one client, each until it is dropped; the first one also gets what came before it."""

    def __init__(self) -> None:
        self._backlog: deque[ClientEvent] | None = deque()
        self._streams: WeakSet[EventStream] = WeakSet()
        self._is_ended = False

    def open(self) -> EventStream:
        """Give a new reader."""
        stream = EventStream(deque() if self._backlog is None else self._backlog)
        self._backlog = None
        return self._add(stream)

    def follow(self, wants: Callable[[ClientEvent], bool]) -> EventStream:
        """Give a new reader of some events from now on; what came before stays for the first `open`."""
        return self._add(EventStream(deque(), wants))

    def put(self, event: ClientEvent) -> None:
        """Give an event to every reader."""
        if self._backlog is not None:
            self._keep(self._backlog, event)
        for stream in self._streams:
            stream.put(event)

    def end(self) -> None:
        """The client is closed."""
        self._is_ended = True
        for stream in self._streams:
            stream.end()
        self._streams.clear()

    def _add(self, stream: EventStream) -> EventStream:
        self._streams.add(stream)
        if self._is_ended:
            stream.end()
        return stream

    def _keep(self, backlog: deque[ClientEvent], event: ClientEvent) -> None:
        if len(backlog) == BACKLOG_EVENTS:
            log.warning("events of the client are not read; the oldest are dropped from now on")
        if len(backlog) >= BACKLOG_EVENTS:
            backlog.popleft()
        backlog.append(event)
