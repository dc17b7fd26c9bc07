"""The client: one account on one device, connected for as long as it is open."""

import asyncio
import logging
import uuid
from collections.abc import Mapping
from types import TracebackType
from typing import Literal, Self

from websockets.uri import parse_uri

from greenroom_client.courier import Courier
from greenroom_client.engine import Engine
from greenroom_client.errors import ClosedError, GreenroomError
from greenroom_client.items import conversations
from greenroom_client.ladder import Transport
from greenroom_client.links import Kind
from greenroom_client.live import LiveThread
from greenroom_client.options import ConnectionOptions
from greenroom_client.outbox import QueuedMessage
from greenroom_client.outgoing import OutboxStorage, Outgoing
from greenroom_client.streams import EventStream, State, Streams
from greenroom_client.tokens import Tokens, TokenSource
from greenroom_client.verbs import Verbs
from greenroom_protocol.bases import Command
from greenroom_protocol.client_session import ClientSession
from greenroom_protocol.commands import PresenceSet, PresenceWatch, TypingSet
from greenroom_protocol.community import TopicWatch
from greenroom_protocol.replies import AnyReply, Error, Row, Sent

log = logging.getLogger(__name__)

DEFAULT_RETRY_S = 1.0


class Client(Verbs):
    """A connection to Greenroom that looks after itself.

    `async with Client(...)` starts it and returns at once; it connects, reconnects and resumes in the background.
    Everything may be called before it is connected: it is done as soon as it can be.
    """

    def __init__(
        self,
        url: str,
        *,
        token: TokenSource,
        device: str | None = None,
        codec: Literal["json", "msgpack"] = "json",
        transport: Transport = "auto",
        state: Literal["active", "background"] = "active",
        show_all: bool = False,
        storage: OutboxStorage | None = None,
        options: ConnectionOptions | None = None,
    ) -> None:
        """Prepare a client; nothing is sent before `start`.

        Args:
            url: where the hub listens, `ws://` or `wss://`.
            token: a token, or an async callable that gives a fresh one each time; it may raise UnauthorizedError.
            device: stable name of this installation, at most 64 characters; a newer connection of the same device
                replaces the older one. Without one, a name is made for this object.
            codec: encoding of the WebSocket; both carry the same. The fallback carries JSON.
            transport: `auto` takes WebSocket, and HTTP where a network lets none through; or always the one named.
            state: `background` tells others that nobody is looking.
            show_all: give the events of every thread, as a bot wants them, instead of those that are shown.
            storage: keeps unsent messages over restarts; without it they live in memory.
            options: times and paths of the connection.

        Raises:
            websockets.exceptions.InvalidURI: `url` is not the URL of a WebSocket.
        """
        super().__init__()
        parse_uri(url)
        self._session = ClientSession(show_all=show_all)
        self._streams = Streams()
        self._courier = Courier(self._session, self._streams, storage)
        self._options = options or ConnectionOptions()
        self._engine = Engine(
            url,
            device=device or f"py-{uuid.uuid4().hex}",
            codec=codec,
            transport=transport,
            tokens=Tokens(token),
            options=self._options,
            session=self._session,
            streams=self._streams,
            listener=self._courier,
        )
        self._engine.presence = state
        self._courier.line = self._engine
        self._runner: asyncio.Task[None] | None = None

    # -- life -----------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Begin to connect in the background; waits only for the outbox storage.

        Raises:
            RuntimeError: the client was started before; make a new one.
        """
        if self._runner is not None:
            raise RuntimeError("a client is started once")
        self._runner = asyncio.create_task(self._run(), name="greenroom-client")
        await self._courier.loaded.wait()

    async def close(self) -> None:
        """Say goodbye and free everything; what is unanswered ends with ClosedError. May be repeated.

        Raises:
            Exception: what ended the client, if that was a defect of its own or of the outbox storage's `load`.
        """
        self._engine.close("closed by the application")
        runner = self._runner
        if runner is None:
            self._courier.close(ClosedError("closed by the application"))
            return
        runner.cancel()
        await asyncio.wait([runner])
        await self._courier.save()
        if not runner.cancelled():
            runner.result()

    async def _run(self) -> None:
        try:
            await self._courier.load()
            async with asyncio.TaskGroup() as group:
                courier = group.create_task(self._courier.run())
                await self._engine.run()
                courier.cancel()
        finally:
            self._engine.close("internal")
            self._courier.close(self._engine.closed_by or ClosedError("internal"))

    @property
    def state(self) -> State:
        """`idle`, `connecting`, `connected`, `waiting` (for the next attempt) or `closed`."""
        return self._engine.state

    @property
    def transport(self) -> Kind | None:
        """How frames travel now: `websocket`, `stream` or `poll`; None without a connection."""
        return self._engine.transport

    @property
    def user(self) -> str:
        """Who the token names; empty before the first connection."""
        return self._session.user

    # -- what happens ---------------------------------------------------------------------------------------------

    def events(self) -> EventStream:
        """Give an async iterator over what happens from now on; the first one also gives what came before it.

        It ends when the client is closed. Every stream gets everything, for as long as somebody holds it.
        """
        return self._streams.open()

    @property
    def rows(self) -> Mapping[str, Row]:
        """The inbox: one row per thread, as far as it is known here."""
        return self._session.inbox.rows

    @property
    def inbox(self) -> list[Row]:
        """The conversations that are not archived, the one with the latest change first."""
        return conversations(self.rows.values())

    @property
    def unread(self) -> int:
        """Messages not read, over all threads."""
        return self._session.inbox.unread

    def show(self, thread: str, *, after: int | None = None) -> None:
        """Give the events of a thread, in order and each once, from the one after seq `after`.

        Without `after`, those that are not in the inbox yet. To show a thread from the start use `after=0`; after
        `open` or `invite` use the reply's seq.
        """
        self._session.show(thread, after)
        self._engine.look_again()

    def live(self, thread: str) -> LiveThread:
        """Give a thread as it stands, kept current; use it with `async with`."""
        return LiveThread(self, thread, self._streams.follow)

    def is_shown(self, thread: str) -> bool:
        """Whether the events of a thread are given."""
        return self._session.is_shown(thread)

    def hide(self, thread: str) -> None:
        """Give no more events of a thread; its row still moves."""
        self._session.hide(thread)

    # -- messages -------------------------------------------------------------------------------------------------

    async def send(
        self,
        thread: str,
        body: str,
        *,
        seen: int | None = None,
        auto: bool = False,
        no_reply_needed: bool = False,
        quote: int | None = None,
    ) -> Sent:
        """Send a message and wait until it is on disk or with a moderator, however long that takes.

        If the wait is cancelled the message still goes; use `post` to be able to discard it.

        Raises:
            GreenroomError: it was refused for good; `policy` says what a filter found.
            ClosedError: the client was closed first.
        """
        handle = self.post(thread, body, seen=seen, auto=auto, no_reply_needed=no_reply_needed, quote=quote)
        await handle.settled()
        if handle.sent is None:
            raise handle.error or GreenroomError("internal")
        return handle.sent

    def post(
        self,
        thread: str,
        body: str,
        *,
        seen: int | None = None,
        auto: bool = False,
        no_reply_needed: bool = False,
        quote: int | None = None,
    ) -> Outgoing:
        """Put a message into the outbox and return at once.

        Messages of a thread leave in the order in which they were posted, each exactly once.

        Args:
            thread: where to.
            body: at most 10,000 characters and 32 KiB.
            seen: last ordinal that was on screen.
            auto: a program wrote it; it never counts as a response.
            no_reply_needed: it opens no obligation for the other side.
            quote: seq of the message that it answers to.

        Raises:
            GreenroomError: the text cannot be sent.
            ClosedError: the client is closed.
        """
        message = QueuedMessage(
            thread=thread,
            cid=self.new_cid(),
            body=body,
            seen=seen,
            auto=auto,
            no_reply_needed=no_reply_needed,
            quote=quote,
        )
        return self._courier.post(message)

    def discard(self, handle: Outgoing) -> bool:
        """Take a posted message back; says whether it had not left yet."""
        return self._courier.discard(handle)

    @property
    def outgoing(self) -> list[Outgoing]:
        """Messages without an answer, oldest first, those of an earlier run included."""
        return list(self._courier.handles.values())

    # -- commands -------------------------------------------------------------------------------------------------

    async def request(self, command: Command) -> AnyReply:
        """Send any command that has a reply; its `id` is filled in. Sent again as it is after a reconnection.

        A refusal with `later` is waited for, within the options' patience; a bounced text never goes again.

        Raises:
            GreenroomError: the command was refused.
            ClosedError: the client is closed.
        """
        attempt = 1
        while isinstance(reply := await self._courier.call(command), Error):
            wait_s = DEFAULT_RETRY_S if reply.retry_after_ms is None else reply.retry_after_ms / 1000
            is_over = attempt >= self._options.request_attempts or wait_s > self._options.request_patience_s
            refusal = GreenroomError.from_reply(reply)
            if reply.retry == "never" or refusal.is_bounce or is_over:
                raise refusal
            attempt += 1
            await asyncio.sleep(wait_s)
        if isinstance(command, PresenceWatch | TopicWatch):
            self._courier.keep_watch(command)
        return reply

    def new_cid(self) -> str:
        """Make a message id by the server's clock, as far as it is known."""
        return self._courier.new_cid()

    def typing(self, thread: str, is_typing: bool = True) -> None:
        """Tell the others that one is typing; lost when not connected."""
        self._courier.tell(TypingSet(thread=thread, is_typing=is_typing))

    async def set_state(self, state: Literal["active", "background"]) -> None:
        """Say whether a person is looking; kept over reconnections."""
        self._engine.presence = state
        if self._session.is_live:
            await self.request(PresenceSet(id=0, state=state))
