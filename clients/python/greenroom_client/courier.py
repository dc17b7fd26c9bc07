"""Carries the application's commands and messages over however many connections it takes."""

import asyncio
import logging
import os
import time
from collections import deque
from typing import Literal, Protocol

from greenroom_client.errors import ClosedError, GreenroomError
from greenroom_client.outbox import Outbox, QueuedMessage, Refusal
from greenroom_client.outgoing import MessageReturned, OutboxStorage, Outgoing
from greenroom_client.streams import Streams, TopicPositions
from greenroom_client.tokens import ask_application
from greenroom_protocol import limits
from greenroom_protocol.bases import Command
from greenroom_protocol.cid import make_cid
from greenroom_protocol.client_session import ClientSession
from greenroom_protocol.commands import MessageSend, PresenceWatch
from greenroom_protocol.community import TopicsWatched, TopicWatch
from greenroom_protocol.pushes import PresenceChanged
from greenroom_protocol.replies import AnyReply, Error, PresenceSnapshot, Sent

log = logging.getLogger(__name__)

SAVE_RETRY_S = 1.0


class Line(Protocol):
    """What the courier needs of the engine."""

    closed_by: ClosedError | None

    def issue(self, command: Command) -> int:
        """Send a command on the live connection; gives its id."""

    def check(self, command: Command) -> None:
        """Refuse a command that cannot travel."""


class _Call:
    """A command whose reply somebody awaits."""

    __slots__ = ("command", "reply")

    def __init__(self, command: Command) -> None:
        self.command = command
        self.reply: asyncio.Future[AnyReply] = asyncio.get_running_loop().create_future()


class Courier:
    """Awaited commands and the outbox, resent as they are after a reconnection: every one may be repeated."""

    def __init__(self, session: ClientSession, streams: Streams, storage: OutboxStorage | None) -> None:
        self.line: Line
        self._watches: dict[type[Command], Command] = {}
        """What is watched, by the kind of command: asked for again on each connection."""
        self.handles: dict[str, Outgoing] = {}
        """Messages without an answer, by cid, oldest first."""
        self.loaded = asyncio.Event()
        """Set once the messages of an earlier run are known."""
        self._session = session
        self._streams = streams
        self._storage = storage
        self._outbox = Outbox()
        self._calls: dict[int, _Call] = {}
        self._waiting: deque[_Call] = deque()
        self._cid_of: dict[int, str] = {}
        self._watch_ids: set[int] = set()
        self._connection = 0
        self._pump_wanted = asyncio.Event()

    # -- for the client -----------------------------------------------------------------------------------------

    async def call(self, command: Command) -> AnyReply:
        """Send a command, now or when connected, and wait for its reply, which may be an Error.

        Raises:
            ClosedError: the client is closed.
            GreenroomError: the command cannot travel.
        """
        self._refuse_if_closed()
        self.line.check(command)
        call = _Call(command)
        self._waiting.append(call)
        self._issue_waiting()
        return await call.reply

    def keep_watch(self, command: PresenceWatch | TopicWatch) -> None:
        """Repeat this watch on each connection, until another one of its kind."""
        self._watches[type(command)] = command

    def tell(self, command: Command) -> None:
        """Send a command that gets no reply; forgotten when not connected."""
        self._refuse_if_closed()
        self.line.check(command)
        if self._session.is_live:
            self.line.issue(command)

    def new_cid(self) -> str:
        """Make a message id by the server's clock, as far as it is known."""
        server_ms = self._session.server_now_ms(asyncio.get_running_loop().time())
        return make_cid(int(time.time() * 1000) if server_ms is None else server_ms, os.urandom(10))

    def post(self, message: QueuedMessage) -> Outgoing:
        """Put a message into the outbox.

        Raises:
            ClosedError: the client is closed.
            GreenroomError: the text is empty, too long or not valid Unicode.
        """
        self._refuse_if_closed()
        try:
            size = len(message.body.encode())
        except UnicodeEncodeError:
            raise GreenroomError("bad_request.body", "The text is not valid Unicode.") from None
        if not message.body or size > limits.BODY_BYTES or len(message.body) > limits.BODY_CODE_POINTS:
            raise GreenroomError("bad_request.body", f"The text takes {size} bytes.")
        self.line.check(_command(message, None))
        handle = self._take_in(message)
        self._pump_wanted.set()
        return handle

    def discard(self, handle: Outgoing) -> bool:
        """Take a message back that has not left yet."""
        if not self._outbox.discard(handle.cid):
            return False
        if (mine := self.handles.pop(handle.cid, None)) is not None:
            mine.refused("failed", GreenroomError("client.discarded", "The message was taken back."))
        self._pump_wanted.set()
        return True

    # -- its own work -------------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Take in the messages of an earlier run; exceptions of the storage are passed on."""
        try:
            if self._storage is not None:
                for message in await self._storage.load():
                    self._take_in(message)
                self._outbox.is_dirty = False
        finally:
            self.loaded.set()

    async def run(self) -> None:
        """Store what changed, then send what is ready; until cancelled."""
        while True:
            await self._pump_wanted.wait()
            self._pump_wanted.clear()
            connection = self._connection
            ready = self._outbox.take(asyncio.get_running_loop().time()) if self._session.is_live else []
            await self._store()
            if connection != self._connection:
                self._pump_wanted.set()  # they were put back, or a new connection waits for them
                continue
            for message, previous in ready:
                self._transmit(message, previous)

    def close(self, error: ClosedError) -> None:
        """Nothing will be answered any more."""
        for call in (*self._calls.values(), *self._waiting):
            if not call.reply.done():
                call.reply.set_exception(error)
        for handle in self.handles.values():
            handle.abandoned(error)
        self._calls.clear()
        self._waiting.clear()
        self.handles.clear()

    async def save(self) -> bool:
        """Store the outbox if it changed; says whether the storage is up to date."""
        storage = self._storage
        if storage is None or not self._outbox.is_dirty:
            return True
        self._outbox.is_dirty = False
        messages = list(self._outbox)
        is_stored, _ = await ask_application("the outbox storage", lambda: storage.save(messages))
        self._outbox.is_dirty |= not is_stored
        return is_stored

    async def _store(self) -> None:
        """Store the outbox, however often it takes: nothing leaves before."""
        while True:
            if await self.save():
                return
            await asyncio.sleep(SAVE_RETRY_S)

    def _transmit(self, message: QueuedMessage, previous: str | None) -> None:
        self._cid_of[self.line.issue(_command(message, previous))] = message.cid
        self.handles[message.cid].state = "sending"

    # -- what the engine tells ----------------------------------------------------------------------------------

    def went_live(self) -> None:
        """Send what waited for a connection."""
        self._connection += 1
        self._outbox.connection_changed()
        self._watch_ids = {self.line.issue(watch) for watch in self._watches.values()}
        self._issue_waiting()
        self._pump_wanted.set()

    def lost(self, command_ids: list[int]) -> None:
        """Keep what has no answer for the next connection."""
        self._connection += 1
        self._outbox.connection_changed()
        for cid in self._cid_of.values():
            self.handles[cid].state = "queued"
        self._cid_of.clear()
        unanswered = [call for call in map(self._calls.get, command_ids) if call is not None]
        self._waiting.extendleft(reversed(unanswered))
        self._calls.clear()

    def answered(self, command_id: int, reply: AnyReply) -> None:
        """Give a reply to whoever waits for it."""
        if (cid := self._cid_of.pop(command_id, None)) is not None:
            self._message_answered(cid, reply)
        elif (call := self._calls.pop(command_id, None)) is not None:
            if not call.reply.done():
                call.reply.set_result(reply)
        elif command_id in self._watch_ids:
            self._watch_renewed(reply)

    def ticked(self) -> None:
        """Look for messages whose time has come."""
        self._outbox.looked_s = asyncio.get_running_loop().time()
        self._pump_wanted.set()

    def due_s(self) -> float:
        """Say when a refused message may go again, in the event loop's time."""
        return self._outbox.due_s()

    # -- parts --------------------------------------------------------------------------------------------------

    def _message_answered(self, cid: str, reply: AnyReply) -> None:
        self._pump_wanted.set()
        if isinstance(reply, Sent):
            self._outbox.accepted(cid)
            handle = self.handles.pop(cid, None)
            if handle is not None:
                handle.accepted(reply)
            return
        assert isinstance(reply, Error)
        refusal = self._outbox.refused(cid, reply, asyncio.get_running_loop().time())
        if refusal is Refusal.RETRY:
            log.info("message waits: %s", reply.code)
            self.handles[cid].state = "queued"
        elif refusal is Refusal.RESTAMP:
            self._restamp(cid)
        else:
            state: Literal["bounced", "failed"] = "bounced" if refusal is Refusal.BOUNCED else "failed"
            self._finish(cid, state, GreenroomError.from_reply(reply))

    def _watch_renewed(self, reply: AnyReply) -> None:
        """Tell how what is watched stands after a reconnection."""
        if isinstance(reply, PresenceSnapshot):
            for user, state in reply.users.items():
                self._streams.put(PresenceChanged(user=user, state=state))
        elif isinstance(reply, TopicsWatched):
            self._streams.put(TopicPositions(reply.topics))

    def _restamp(self, cid: str) -> None:
        handle = self.handles.pop(cid)
        handle.cid = self.new_cid()
        handle.state = "queued"
        self.handles[handle.cid] = handle
        self._outbox.restamp(cid, handle.cid)

    def _finish(self, cid: str, state: Literal["bounced", "failed"], error: GreenroomError) -> None:
        handle = self.handles.pop(cid, None)
        if handle is not None:
            handle.refused(state, error)
            self._streams.put(MessageReturned(handle))

    def _take_in(self, message: QueuedMessage) -> Outgoing:
        self._outbox.add(message)
        handle = self.handles[message.cid] = Outgoing(message.thread, message.cid, message.body)
        return handle

    def _issue_waiting(self) -> None:
        while self._waiting and self._session.is_live:
            call = self._waiting.popleft()
            if not call.reply.done():  # its caller may have been cancelled
                self._calls[self.line.issue(call.command)] = call

    def _refuse_if_closed(self) -> None:
        closed = self.line.closed_by
        if closed is not None:
            raise ClosedError(closed.reason, closed.close_code)


def _command(message: QueuedMessage, previous: str | None) -> MessageSend:
    return MessageSend(
        id=0,
        thread=message.thread,
        cid=message.cid,
        body=message.body,
        prev_cid=previous,
        seen=message.seen,
        auto=message.auto,
        no_reply_needed=message.no_reply_needed,
        quote=message.quote,
    )
