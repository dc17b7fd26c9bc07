"""Keeps one session connected: dials, speaks, resumes, until it is closed.

Three tasks while connected (read, write, keep time) and one for the outbox, all owned by task groups; everything that
decides is in `ClientSession` and `Outbox`, which do no I/O.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from websockets.exceptions import ConnectionClosed, InvalidHandshake

from greenroom_client.errors import ClosedError, GreenroomError, UnauthorizedError
from greenroom_client.fallback import FallbackLink
from greenroom_client.ladder import Ladder, Transport
from greenroom_client.links import Kind, Link, LinkClosedError, dial_websocket
from greenroom_client.options import ConnectionOptions
from greenroom_client.streams import State, StateChanged, Streams
from greenroom_client.tokens import Tokens
from greenroom_protocol import codes, limits
from greenroom_protocol.bases import Command
from greenroom_protocol.client_effects import (
    Answer,
    Deliver,
    Effect,
    Reconnect,
    RefreshToken,
    Refused,
    Send,
    WentLive,
)
from greenroom_protocol.client_session import ClientSession
from greenroom_protocol.codec import client_codec
from greenroom_protocol.errors import RemoteProtocolError
from greenroom_protocol.replies import AnyReply, Error

log = logging.getLogger(__name__)

PRIVATE_CODES: Final = 4000
"""Close codes from here on are a hub's own; nothing on the way makes them up."""
REFRESH_RETRY_S: Final = 5.0
"""Pause after a token callback that failed while the old token still lives."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a connection, or the attempt at one, ended."""

    reason: str
    code: int | None = None
    is_final: bool = False


class Listener(Protocol):
    """Who has commands of the application under way; called in the event loop, in order."""

    def answered(self, command_id: int, reply: AnyReply) -> None:
        """A command that was issued has its reply."""

    def went_live(self) -> None:
        """Commands may be issued."""

    def lost(self, command_ids: list[int]) -> None:
        """The connection ended; these have no reply, oldest first."""

    def ticked(self) -> None:
        """Time has passed."""

    def due_s(self) -> float:
        """When `ticked` is wanted, in the event loop's time."""


class Engine:
    """One client's connection."""

    def __init__(
        self,
        url: str,
        *,
        device: str,
        codec: Literal["json", "msgpack"],
        transport: Transport,
        tokens: Tokens,
        options: ConnectionOptions,
        session: ClientSession,
        streams: Streams,
        listener: Listener,
    ) -> None:
        self.state: State = "idle"
        self.presence: Literal["active", "background"] = "active"
        self.closed_by: ClosedError | None = None
        self._url = url
        self._device = device
        self._codec = codec
        self._ladder = Ladder(transport)
        self._sizer = client_codec(limits.SUBPROTOCOL_JSON)
        self._tokens = tokens
        self._options = options
        self._session = session
        self._streams = streams
        self._listener = listener
        self._link: Link | None = None
        self._is_proven = False
        self._group: asyncio.TaskGroup | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._out: deque[Command] = deque()
        self._write_wanted = asyncio.Event()
        self._tick_wanted = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_s = 0.0
        self._leaving: Ended | None = None
        self._refusal: Error | None = None
        self._bad_frames = 0

    @property
    def transport(self) -> Kind | None:
        """How frames travel now; None without a connection."""
        return None if self._link is None else self._link.kind

    # -- for the client -----------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Stay connected until a final end; then `closed_by` says why."""
        attempt = 0
        loop = asyncio.get_running_loop()
        while True:
            began_s = loop.time()
            ended = await self._attempt()
            log.info("connection ended: %s (code %s)", ended.reason, ended.code)
            if ended.is_final:
                self.close(ended.reason, ended.code)
                return
            self._change("waiting", ended.code, ended.reason)
            if loop.time() - began_s >= self._options.stable_after_s:
                attempt = 0
            await asyncio.sleep(self._options.backoff_s(attempt))
            attempt += 1

    def close(self, reason: str, code: int | None = None) -> None:
        """Note that nothing will be sent any more; the first reason stands."""
        if self.closed_by is None:
            self.closed_by = ClosedError(reason, code)
            self._change("closed", code, reason)
            self._streams.end()

    def issue(self, command: Command) -> int:
        """Send a command of the application on the live connection; gives its id, 0 when it gets no reply."""
        command = self._session.issue(command)
        self._send(command)
        return getattr(command, "id", 0)

    def check(self, command: Command) -> None:
        """Refuse a command that cannot travel.

        Raises:
            GreenroomError: its text is not valid Unicode, or it is larger than a frame may be.
        """
        try:
            size = len(self._sizer.encode(command))  # the larger encoding, and the one of the fallback
        except UnicodeEncodeError:
            raise GreenroomError("bad_request.field", "The text is not valid Unicode.") from None
        if size > limits.CLIENT_FRAME_BYTES:
            raise GreenroomError("bad_request.field", f"The command takes {size} bytes.")

    def look_again(self) -> None:
        """Something outside changed what is due: a thread is shown, a message is posted."""
        self._tick_wanted.set()

    # -- one connection -----------------------------------------------------------------------------------------

    async def _attempt(self) -> Ended:
        self._change("connecting")
        if not self._session.has_token_left(asyncio.get_running_loop().time()) and self._tokens.can_refresh:
            self._tokens.drop()
        try:
            token = await self._tokens.get()
        except UnauthorizedError:
            return Ended("unauthorized", is_final=True)
        if token is None:
            return Ended("no_token")
        clock = asyncio.get_running_loop().time
        kind = self._ladder.next(clock())
        try:
            link = await self._dial(kind)
        except (OSError, TimeoutError, EOFError, InvalidHandshake, ConnectionClosed) as error:
            self._ladder.failed(kind)
            return Ended(type(error).__name__)
        try:
            ended = await self._speak(link, token)
        finally:
            await link.close()
        if self._is_proven or (ended.code or 0) >= PRIVATE_CODES:
            self._ladder.worked(link.kind, clock())
        else:
            self._ladder.failed(kind)
        return ended

    async def _dial(self, kind: Kind) -> Link:
        if kind == "websocket":
            return await dial_websocket(self._url, self._codec, self._options)
        link = FallbackLink(self._url, kind, self._options, may_poll=self._ladder.may_poll)
        await link.open()
        return link

    async def _speak(self, link: Link, token: str) -> Ended:
        """Speak on an open link until it ends."""
        self._link = link
        self._is_proven = False
        self._leaving = self._refusal = None
        self._bad_frames = 0
        self._tick_wanted.clear()
        try:
            now_s = asyncio.get_running_loop().time()
            self._send(self._session.connect(token, self._device, now_s, state=self.presence))
            async with asyncio.TaskGroup() as self._group:
                self._spawn(self._write(link))
                self._spawn(self._keep_time())
                self._arm()
                closed = await self._read(link)
                for task in self._tasks:
                    task.cancel()
            return self._judge(closed)
        finally:
            self._forget_connection()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Start a task that ends with this connection."""
        assert self._group is not None
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read(self, link: Link) -> LinkClosedError:
        clock = asyncio.get_running_loop().time
        while True:
            try:
                data = await link.receive()
            except LinkClosedError as closed:
                return closed
            try:
                frames = link.codec.decode(data)
            except RemoteProtocolError as error:
                log.warning("frame of the server was not understood: %s", error.code)
                self._do(self._session.receive_garbage(error.command_id, clock()))
                self._bad_frames += 1
                if self._bad_frames >= limits.BAD_FRAMES:
                    self._leave(Ended("bad_frames", codes.PROTOCOL_ERROR, is_final=True))
                continue
            for frame in frames:
                self._do(self._session.receive(frame, clock()))

    async def _write(self, link: Link) -> None:
        while True:
            while self._out:
                frames = [link.codec.encode(command) for command in self._out]
                self._out.clear()
                try:
                    await link.send(frames)
                except LinkClosedError:
                    return
            self._write_wanted.clear()
            await self._write_wanted.wait()

    async def _keep_time(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            await self._tick_wanted.wait()
            self._tick_wanted.clear()
            self._do(self._session.tick(clock()))
            self._listener.ticked()
            self._arm()

    # -- effects ------------------------------------------------------------------------------------------------

    def _do(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Deliver(event):
                    self._streams.put(event)
                case Send(command):
                    self._send(command)
                case Answer(command_id, reply):
                    self._listener.answered(command_id, reply)
                case WentLive():
                    self._is_proven = True
                    self._change("connected")
                    self._listener.went_live()
                case Refused(error):
                    self._refusal = error
                    self._is_proven = True
                    self._leave(Ended(error.code))
                case RefreshToken():
                    self._refresh_token()
                case Reconnect(reason, is_dead):
                    self._leave(Ended(reason), is_dead=is_dead)
        self._arm()

    def _send(self, command: Command) -> None:
        self._out.append(command)
        self._write_wanted.set()

    def _leave(self, ended: Ended, *, is_dead: bool = False) -> None:
        """End the present connection from this side; the reader notices."""
        if self._link is None or self._group is None or self._leaving is not None:
            return
        self._leaving = ended
        if is_dead:
            self._link.abort()
        else:
            self._spawn(self._link.close(ended.code or codes.NORMAL))

    def _refresh_token(self) -> None:
        if self._group is not None and self._tokens.can_refresh:
            self._spawn(self._fetch_token())

    async def _fetch_token(self) -> None:
        try:
            token = await self._tokens.fresh()
        except UnauthorizedError:
            self._leave(Ended("unauthorized", codes.NORMAL, is_final=True))
            return
        if not self._session.is_live:
            return
        if token is None:
            self._session.postpone_refresh(asyncio.get_running_loop().time() + REFRESH_RETRY_S)
            self._arm()
        else:
            self._send(self._session.refresh_token(token))

    # -- the end of a connection --------------------------------------------------------------------------------

    def _judge(self, closed: LinkClosedError) -> Ended:
        """Say what the end of a connection means."""
        code = closed.code
        leaving = self._leaving
        if code == codes.TOKEN_EXPIRED or (self._refusal is not None and self._refusal.retry == "after_refresh"):
            self._tokens.drop()
        if self._refusal is not None and (code is None or code == codes.NORMAL):
            return Ended(self._refusal.code, code, is_final=self._refusal.retry == "never")
        if leaving is not None and self._refusal is None:
            return leaving
        row = codes.CLOSES.get(code) if code is not None else None
        reason = row.name if row is not None else "connection_lost"
        return Ended(reason, code, is_final=code is not None and not codes.may_reconnect(code))

    def _forget_connection(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._link = self._group = None
        self._out.clear()
        self._listener.lost(self._session.disconnected())

    def _change(self, state: State, code: int | None = None, reason: str = "") -> None:
        before, self.state = self.state, state
        if before != state:
            self._streams.put(StateChanged(before, state, code, reason))

    def _arm(self) -> None:
        """Wake the time keeper when something is due next."""
        if self._group is None:
            return
        loop = asyncio.get_running_loop()
        due_s = min(self._session.due_s(), self._listener.due_s())
        if self._timer is None or due_s < self._timer_s:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = loop.call_at(due_s, self._time_is_up)
            self._timer_s = due_s

    def _time_is_up(self) -> None:
        self._timer = None
        self._tick_wanted.set()
