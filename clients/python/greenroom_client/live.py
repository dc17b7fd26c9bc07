"""A thread as it stands, kept current: items, head, and one's own texts that are on their way, held or given back."""

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

import msgspec

from greenroom_client.errors import ClosedError, GreenroomError
from greenroom_client.items import Item, Items
from greenroom_client.outgoing import MessageReturned, Outgoing
from greenroom_client.streams import ClientEvent, EventStream
from greenroom_protocol.bases import PolicyView
from greenroom_protocol.client_effects import (
    MessageEvent,
    Recovered,
    RowChanged,
    Snapshot,
    ThreadHidden,
    ThreadReset,
)
from greenroom_protocol.events import AnyEvent, MessageEdited, MessageErased, MessageRedacted, MessageSent
from greenroom_protocol.inbox import OWN_LOG
from greenroom_protocol.moderation import HeldView, MessageRejected
from greenroom_protocol.pushes import ReceiptMoved
from greenroom_protocol.reactions import MessageReacted
from greenroom_protocol.replies import Row, ThreadView

if TYPE_CHECKING:
    from greenroom_client.client import Client

_LEAVES_HEAD: Final = MessageSent | MessageEdited | MessageRedacted | MessageErased | MessageReacted
"""Events after which the head says the same, unless they carry a state."""
_OWN_EVENTS: Final = 50
"""How far back one's own log is searched for what became of a held text."""


@dataclass(frozen=True, slots=True)
class Returned:
    """A text of one's own that nobody else will see: it belongs back to its author, and never goes again by itself."""

    cid: str
    """What `review.appeal` wants."""
    body: str
    code: str
    """Why, as a key of `codes.ERRORS`: for example `policy.contact`, `held.rejected`, `held.expired`."""
    message: str = ""
    """English sentence, where the server gave one."""
    policy: PolicyView | None = None
    """Of a bounce: the spans to mark, and what would help."""

    def __repr__(self) -> str:
        """Name the text without showing it."""
        return f"Returned(cid={self.cid!r}, code={self.code!r})"


class LiveThread:
    """One thread, from its newest page on.

    Use it with `async with`, then iterate: each step waits until something changed, applies all that is there, reads
    again what that made stale, and gives the thread itself. Iteration ends when the client is closed.

        async with client.live(thread) as talk:
            show(talk)
            async for _ in talk:
                show(talk)

    A step raises GreenroomError when a read was refused; one may go on iterating unless the code says that the
    thread is no longer readable.
    """

    def __init__(self, client: "Client", thread: str, follow: Callable[[Callable[[ClientEvent], bool]], EventStream]):
        self.thread = thread
        self.head: ThreadView
        """State, participants with their marks, policy, grants and offer."""
        self.held: list[HeldView] = []
        """One's own messages that wait for a moderator."""
        self.returned: list[Returned] = []
        """One's own texts that did not pass since this began; take them out when they were dealt with."""
        self.has_older = False
        self._client = client
        self._follow = follow
        self._items = Items()
        self._epoch = self._seq = self._oldest = 0
        self._own_log = ""
        self._is_log_stale = self._is_head_stale = self._is_held_stale = True
        self._has_shown = False
        self._stream: EventStream

    async def __aenter__(self) -> Self:
        self._stream = self._follow(self._concerns)
        self._own_log = next((row.thread for row in self._client.rows.values() if row.state == OWN_LOG), "")
        await self._mend()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.end()
        if self._has_shown:
            self._client.hide(self.thread)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Self:
        self._apply(await anext(self._stream))
        while self._stream.is_waiting:
            self._apply(await anext(self._stream))
        try:
            await self._mend()
        except ClosedError:
            raise StopAsyncIteration from None
        return self

    @property
    def items(self) -> list[Item]:
        """The loaded part of the log, oldest first, with edits, erasures, redactions and reactions applied."""
        return self._items.in_order()

    @property
    def row(self) -> Row | None:
        """The thread's row of the inbox: state, `n`, `read`, muted, archived."""
        return self._client.rows.get(self.thread)

    @property
    def outgoing(self) -> list[Outgoing]:
        """One's own messages of this device without an answer, oldest first: the rows below the items."""
        return [
            message
            for message in self._client.outgoing
            if message.thread == self.thread and message.cid not in self._items.cids
        ]

    async def older(self, limit: int = 50) -> bool:
        """Load a page of older items; says whether there are more."""
        if self.has_older:
            page = await self._client.history(self.thread, before=self._oldest, limit=limit)
            if page.epoch == self._epoch:
                self._items.page(page.events, self._seq)
                self._oldest, self.has_older = page.after + 1, page.more
        return self.has_older

    def post(self, body: str, *, quote: int | None = None, auto: bool = False) -> Outgoing:
        """Post a message into this thread; it says what was on screen. Raises what `Client.post` raises."""
        row = self.row
        return self._client.post(self.thread, body, seen=row.n if row is not None else None, quote=quote, auto=auto)

    async def read(self) -> None:
        """Say that everything loaded was read."""
        n = max((item.event.n for item in self.items), default=0)
        row = self.row
        if row is None or n > row.read:
            await self._client.read(self.thread, n)

    # -- what happened --------------------------------------------------------------------------------------------

    def _concerns(self, event: ClientEvent) -> bool:
        match event:
            case RowChanged(row):
                return row.thread == self.thread or row.state == OWN_LOG
            case MessageReturned(message):
                return message.thread == self.thread
            case Recovered() | Snapshot():
                return True
            case MessageEvent() | ThreadReset() | ThreadHidden() | ReceiptMoved():
                return event.thread == self.thread
        return False

    def _apply(self, event: ClientEvent) -> None:
        match event:
            case MessageEvent(_, epoch, what):
                self._next(epoch, what)
            case ThreadReset():
                self._is_log_stale = True
            case ThreadHidden(_, code):
                self._stream.end()
                raise GreenroomError(code, "The thread may not be read any more.")
            case MessageReturned(message):
                error = message.error or GreenroomError("internal")
                self.returned.append(Returned(message.cid, message.body, error.code, error.message, error.policy))
            case ReceiptMoved():
                self._moved(event)
            case RowChanged(row) if row.state == OWN_LOG:
                self._own_log = row.thread
                self._is_held_stale = True
            case RowChanged(row):
                self._moved(ReceiptMoved(thread=row.thread, user=self._client.user, read=row.read))
            case Recovered() | Snapshot():
                self._is_head_stale = self._is_held_stale = True

    def _next(self, epoch: int, event: AnyEvent) -> None:
        if epoch > self._epoch:
            self._is_log_stale = True
        if epoch != self._epoch or event.seq <= self._seq:
            return
        self._seq = event.seq
        self._items.apply(event)
        self.held = [each for each in self.held if each.cid not in self._items.cids]
        self._is_head_stale |= bool(event.state) or not isinstance(event, _LEAVES_HEAD)

    def _moved(self, receipt: ReceiptMoved) -> None:
        for index, person in enumerate(self.head.participants):
            if person.user == receipt.user:
                self.head.participants[index] = msgspec.structs.replace(
                    person,
                    read=max(person.read, receipt.read),
                    delivered=max(person.delivered, receipt.delivered),
                )

    # -- what has to be read --------------------------------------------------------------------------------------

    async def _mend(self) -> None:
        """Read what is stale. What fails stays stale, and is read again at the next step."""
        if self._is_log_stale:
            await self._load()
        if self._is_head_stale:
            self._is_head_stale = False
            try:
                self.head = await self._client.thread(self.thread)
            except BaseException:
                self._is_head_stale = True
                raise
        if self._is_held_stale:
            await self._review()

    async def _load(self) -> None:
        """Begin anew with the newest page."""
        page = await self._client.history(self.thread)
        self._items.clear()
        self._items.page(page.events, page.to)
        self._epoch, self._seq = page.epoch, page.to
        self._oldest, self.has_older = page.after + 1, page.more
        self._is_log_stale = False
        if not self._client.is_shown(self.thread):
            self._client.show(self.thread, after=page.to)
            self._has_shown = True

    async def _review(self) -> None:
        """See what waits, and what became of texts that wait no longer.

        A text that is neither waiting, nor in the thread, nor rejected was just decided: it stays among the held ones
        until the thread's event or the notice in one's own log is here.
        """
        waiting = (await self._client.review.held(self.thread)).held
        names = {each.held for each in waiting}
        gone = [each for each in self.held if each.held not in names and each.cid not in self._items.cids]
        rejected = await self._rejected() if gone else {}
        for each in gone:
            if (code := rejected.get(each.held)) is not None:
                self.returned.append(Returned(each.cid, each.body, code))
            else:
                waiting.append(each)
        self.held = waiting
        self._is_held_stale = False

    async def _rejected(self) -> dict[str, str]:
        """Give what was not delivered lately, with why."""
        if not self._own_log:
            return {}
        page = await self._client.history(self._own_log, limit=_OWN_EVENTS)
        return {event.held: event.code for event in page.events if isinstance(event, MessageRejected)}
