"""One connection: from whole messages to use cases, and from the hub back to the socket, whichever kind it is.

`message.send` is carried out at once, without a task, when nothing slower is under way; other commands run one after
the other in one task. So the commands of a connection take effect in the order in which they were sent.
"""

import asyncio
import secrets
from collections import deque
from typing import Final

import structlog

from greenroom_protocol import codes, limits
from greenroom_protocol.bases import Command, Reply
from greenroom_protocol.codec import Codec, server_codec
from greenroom_protocol.commands import VERBS, Connect, Delivered, MessageSend, TokenRefresh, TypingSet
from greenroom_protocol.errors import RemoteProtocolError
from greenroom_protocol.pushes import Draining, Heartbeat
from greenroom_protocol.replies import Error, TokenRefreshed
from greenroom_protocol.session import Beat, ServerSession, SessionState
from greenroom_server.delivery.frames import ENCODERS, JSON, MSGPACK, RowChange
from greenroom_server.delivery.send_queue import SendQueue
from greenroom_server.transport.dispatch import dispatch
from greenroom_server.transport.registry import Registry
from greenroom_server.transport.services import Services
from greenroom_server.transport.socket import Socket
from greenroom_server.transport.throttle import CLASS_OF
from greenroom_server.usecases.results import Refused, RefusedError, error_reply, refusal_of
from greenroom_server.usecases.sessions import Denied
from greenroom_server.usecases.store_errors import StoreError

log = structlog.get_logger()

QUEUED_COMMANDS: Final = 256
"""Commands of one connection that may wait behind a slow one."""

_CLASSES: Final = {command: CLASS_OF.get(verb, "commands") for verb, command in VERBS.items()}
"""Throttle class of each command."""
_CODECS: Final[dict[str, Codec[Command]]] = {
    name: server_codec(name) for name in (limits.SUBPROTOCOL_JSON, limits.SUBPROTOCOL_MSGPACK)
}


class Connection:
    """One connection of one device."""

    __slots__ = (
        "_codec",
        "_commands",
        "_early",
        "_is_text",
        "_live_mark",
        "_pushed",
        "_queue",
        "_registry",
        "_room",
        "_running",
        "_services",
        "_socket",
        "codec",
        "device",
        "id",
        "issued_at_s",
        "presence",
        "session",
        "user",
        "watched",
    )  # fmt: skip

    def __init__(self, services: Services, registry: Registry, subprotocol: str) -> None:
        self.id = secrets.token_hex(8)
        self.user = ""
        """Empty until `connect` was accepted."""
        self.device = ""
        self.presence = ""
        self.issued_at_s = 0
        """When the token was issued, UTC s."""
        self.watched: tuple[str, ...] = ()
        self.session = ServerSession(services.monotonic_s(), first_beat_early_s=registry.jitter_s())
        self._services = services
        self._registry = registry
        self._codec = _CODECS[subprotocol]
        self._is_text = self._codec.is_text
        self.codec = JSON if self._is_text else MSGPACK
        self._commands: deque[Command] = deque()
        self._running = False
        self._room: asyncio.Event | None = None
        """Set when a peer that does not read has room again; None while it reads."""
        self._early: list[tuple[bytes, RowChange]] | None = []
        self._live_mark = 0
        self._pushed: dict[str, tuple[int, int]] = {}
        """Newest push of each thread, (mark, n), until the device says that it arrived."""
        self._socket: Socket
        self._queue: SendQueue

    # --- from the socket

    def on_open(self, socket: Socket) -> None:
        self._socket = socket
        self._queue = SendQueue(self._send, lambda: socket.buffered_bytes, self._too_slow)
        self._registry.add(self)

    def on_message(self, data: bytes, is_text: bool) -> None:
        self.session.heard(self._services.monotonic_s())
        if is_text is not self._is_text:
            self.close(codes.UNSUPPORTED_DATA)
            return
        try:
            commands = self._codec.decode(data)
        except RemoteProtocolError as error:
            self._bad_frame(error)
            return
        for command in commands:
            self._take(command)

    def on_blocked(self) -> None:
        """A peer that does not read is not read from either, and what it asked for before waits."""
        self._room = asyncio.Event()
        self._socket.pause_reading()

    def on_writable(self) -> None:
        self.session.heard(self._services.monotonic_s())  # it took what was waiting: slow, but alive
        self._queue.writable()
        self._has_room()
        self._socket.resume_reading()

    def on_close(self, code: int) -> None:
        self.session.close(code)
        self._has_room()
        self._commands.clear()
        self._registry.remove(self, code)
        services = self._services
        if self.watched:
            services.live.unwatch(self, self.watched)
        services.community.left(self)
        if self.user:
            services.tasks.spawn(self._leave(), "leave")

    def _is_over(self) -> bool:
        return self.session.state is SessionState.CLOSED

    # --- from the hub

    def push(self, frame: bytes, change: RowChange) -> None:
        if self._early is not None:
            self._early.append((frame, change))
            return
        if change.mark > self._live_mark:
            self._services.counters.pushes += 1
            self._pushed[change.thread] = (change.mark, change.n)
            self._queue.durable(frame)

    def push_ephemeral(self, frame: bytes, key: str) -> None:
        if self._early is None:
            self._queue.ephemeral(frame, key)

    # --- for the registry

    def tick(self, now_s: float) -> None:
        """Do what is due: a heartbeat, or the end."""
        beat = self.session.tick(now_s)
        if beat is Beat.HEARTBEAT:
            self._queue.durable(ENCODERS[self.codec](Heartbeat(now=self._services.now_ms())))
        elif beat is Beat.CLOSE:
            self._socket.close(self.session.close_code)

    def drain(self, reconnect_in_ms: int) -> None:
        """Tell the client to go elsewhere soon."""
        self._queue.durable(ENCODERS[self.codec](Draining(reconnect_in_ms=reconnect_in_ms)))

    def close(self, code: int) -> None:
        """End the connection."""
        if not self._is_over():
            self.session.close(code)
            self._socket.close(code)

    # --- commands

    def _take(self, command: Command) -> None:
        session = self.session
        refusal = session.admit(command)
        if refusal is not None:
            if session.state is not SessionState.CLOSED:
                self._refuse(command, Refused(refusal.code))
                if refusal.close is not None:
                    self.close(refusal.close)
            return
        if session.state is SessionState.LIVE:
            name = _CLASSES[type(command)]
            wait_ms = self._services.throttle.take(self.user, name, self._services.monotonic_s())
            if wait_ms:
                self._throttled(command, name, wait_ms)
                return
        if self._running:
            self._wait(command)
        elif not self._start(command):
            self._running = True
            self._commands.append(command)
            self._services.tasks.spawn(self._run(), "command")

    def _start(self, command: Command) -> bool:
        """Carry a command out that needs no task; False when it does."""
        try:
            if type(command) is MessageSend:
                self._services.send.start(self.user, command, self._sent)
            elif type(command) is Delivered:
                self._delivered(command.mark)
            elif type(command) is TypingSet:
                self._services.live.typing(self.user, command)
            else:
                return False
        except Exception:  # noqa: BLE001 - the connection is where a bug becomes `internal`
            self._failed(command)
        return True

    def _throttled(self, command: Command, name: str, wait_ms: int) -> None:
        """Refuse what comes too often; what gets no reply is dropped (a later one covers it)."""
        command_id = getattr(command, "id", 0)
        if command_id:
            self._refuse(command, Refused(f"rate.{name}", wait_ms))

    def _wait(self, command: Command) -> None:
        if len(self._commands) < QUEUED_COMMANDS:
            self._commands.append(command)
            return
        command_id = getattr(command, "id", 0)
        if command_id:
            self._refuse(command, Refused("session.busy"))

    async def _run(self) -> None:
        """Carry out the commands that wait, as long as the peer is there and takes its replies."""
        try:
            while self._commands and not self._is_over():
                if self._room is not None:
                    await self._room.wait()
                    continue
                command = self._commands.popleft()
                if not self._start(command):
                    await self._carry_out(command)
        finally:
            self._running = False

    async def _carry_out(self, command: Command) -> None:
        try:
            if type(command) is Connect:
                await self._connect(command)
            else:
                self.reply(await dispatch(self._services, self, command))
        except RefusedError as error:
            self._refuse(command, error.refused)
        except StoreError as error:
            self._refuse(command, refusal_of(error))
        except Exception:  # noqa: BLE001 - as above
            self._failed(command)

    def _failed(self, command: Command) -> None:
        """Answer a bug of ours; called while its exception is handled."""
        log.exception("command_failed", verb=command.__struct_config__.tag, connection=self.id)
        command_id = getattr(command, "id", 0)
        if command_id:
            self._refuse(command, Refused("internal"))
        if type(command) is Connect:
            self.close(codes.INTERNAL_ERROR)

    def _has_room(self) -> None:
        room, self._room = self._room, None
        if room is not None:
            room.set()

    def reply(self, reply: Reply, verb: str = "") -> None:
        """Send a reply; `verb` names the command of an error."""
        if type(reply) is Error:
            self._services.counters.commands[verb, reply.code] += 1
        else:
            self._services.counters.commands[reply.__struct_config__.tag, "ok"] += 1  # type: ignore[index]  # tags are text
        if not self._is_over():
            self._queue.durable(ENCODERS[self.codec](reply))

    def _sent(self, reply: Reply) -> None:
        self.reply(reply, "message.send")

    def _refuse(self, command: Command, refused: Refused) -> None:
        verb: str = command.__struct_config__.tag  # type: ignore[assignment]  # tags are text
        self.reply(error_reply(getattr(command, "id", 0), refused), verb)

    # --- the session

    async def _connect(self, command: Connect) -> None:
        services = self._services
        unfit = services.sessions.check(command)
        if unfit is not None:
            self._deny(command.id, unfit)
            return
        try:
            claims = await services.sessions.authenticate(command.token)
            if self._is_over():
                return  # the peer went away meanwhile: what is registered now, nobody would take back
            if isinstance(claims, Denied):
                self._deny(command.id, claims)
                return
            wait_ms = services.throttle.take(claims.user, "connects", services.monotonic_s())
            if wait_ms:
                self._deny(command.id, Denied(Refused("rate.connects", wait_ms), codes.SERVER_DRAIN))
                return
            self.user, self.device, self.presence = claims.user, command.device, command.state
            self.issued_at_s = claims.issued_at_s
            self._registry.claim_device(self)
            presence = self._registry.presence_of(self.user)
            opened = await services.sessions.open(claims, command, self.id, self, presence)
        except StoreError as error:
            self._deny(command.id, Denied(refusal_of(error), codes.SERVER_DRAIN))
            return
        if self._is_over():
            return  # the peer went away while its inbox was read; on_close has done the rest
        if isinstance(opened, Denied):
            self._deny(command.id, opened)
            return
        left_s = claims.expires_at_s - services.now_ms() / 1000
        self.session.connected(services.monotonic_s() + left_s)
        services.counters.connects["ok"] += 1
        self.reply(opened.reply)
        self._go_live(opened.inbox_mark)

    def _go_live(self, mark: int) -> None:
        early, self._early, self._live_mark = self._early or [], None, mark
        for frame, change in early:
            self.push(frame, change)

    def _deny(self, command_id: int, denied: Denied) -> None:
        self._services.counters.connects[denied.refused.code] += 1
        self.reply(error_reply(command_id, denied.refused))
        self.close(denied.close)

    async def refresh(self, command: TokenRefresh) -> Reply:
        """Replace the token; a bad one leaves the session as it was, until its own token expires."""
        claims = await self._services.sessions.authenticate(command.token, same_as=self.user)
        if isinstance(claims, Denied):
            raise RefusedError(claims.refused)
        if self._is_over():
            raise RefusedError(Refused("server.draining"))  # it closed while the account was read
        left_s = claims.expires_at_s - self._services.now_ms() / 1000
        self.session.refreshed(self._services.monotonic_s() + left_s)
        self.issued_at_s = claims.issued_at_s
        return TokenRefreshed(id=command.id, expires_at=claims.expires_at_s * 1000)

    async def set_presence(self, state: str) -> None:
        """Change whether a person is looking at this device."""
        self.presence = state
        await self._services.sessions.state(self.user, self._registry.presence_of(self.user))

    def _delivered(self, mark: int) -> None:
        """Say how much of each thread has arrived.

        Of a thread whose newest push came after `mark`, as much is certain as that push's n less the changes since:
        a change brings at most one item.
        """
        pushed, horizons = self._pushed, {}
        for thread, (at, n) in tuple(pushed.items()):
            if at <= mark:
                horizons[thread] = n
                del pushed[thread]
            elif n > at - mark:
                horizons[thread] = n - (at - mark)
        if horizons:
            self._services.live.delivered(self.user, horizons)

    async def _leave(self) -> None:
        try:
            await self._services.sessions.close(self.user, self, self._registry.presence_of(self.user))
        except StoreError:
            log.warning("leave_not_noted", connection=self.id)  # the lease, or the next connect, mends it

    def _bad_frame(self, error: RemoteProtocolError) -> None:
        """Answer a frame that is not a command; without a readable id the connection cannot go on."""
        close = error.close_code
        if close != codes.INVALID_DATA:
            self.reply(error_reply(error.command_id or 0, Refused(error.code, detail=error.detail)))
        if close is None:
            close = self.session.bad_frame()
        if close is not None:
            self.close(close)

    def _send(self, frame: bytes) -> None:
        self._socket.send(frame, self._is_text)

    def _too_slow(self) -> None:
        if not self._is_over():
            self._services.counters.slow += 1
            self.close(codes.SLOW)
