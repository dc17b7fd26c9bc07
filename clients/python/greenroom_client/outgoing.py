"""A message on its way, as the application sees it, and where unsent messages are kept."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from greenroom_client.errors import ClosedError, GreenroomError
from greenroom_client.outbox import QueuedMessage
from greenroom_protocol.replies import Sent

OutgoingState = Literal["queued", "sending", "sent", "held", "bounced", "failed"]


class Outgoing:
    """Handle of one posted message.

    `queued` until it is given to a connection, `sending` until it is answered; then `sent` (on disk), `held` (with a
    moderator), `bounced` (a filter refused the text; never retried) or `failed` (refused for another reason).
    """

    __slots__ = ("_done", "body", "cid", "error", "sent", "state", "thread")

    def __init__(self, thread: str, cid: str, body: str) -> None:
        self.thread = thread
        self.body = body
        """The text as it was posted, to be given back to its author when it bounced, failed or was rejected."""
        self.cid = cid
        """The message's id; changes only if the server never took it and the id became too old."""
        self.state: OutgoingState = "queued"
        self.sent: Sent | None = None
        """The server's answer once it is `sent` or `held`."""
        self.error: GreenroomError | None = None
        """Why it bounced or failed; a ClosedError when the client was closed before there was an answer."""
        self._done = asyncio.Event()

    def __repr__(self) -> str:
        return f"Outgoing(thread={self.thread!r}, cid={self.cid!r}, state={self.state!r})"

    async def settled(self) -> "Outgoing":
        """Wait until the message is sent, held, bounced or failed; gives the handle itself.

        Raises:
            ClosedError: the client was closed first; with an outbox storage the message goes with the next start.
        """
        await self._done.wait()
        if isinstance(self.error, ClosedError):
            raise self.error
        return self

    def accepted(self, sent: Sent) -> None:
        """Note the server's answer."""
        self.state = sent.state
        self.sent = sent
        self._done.set()

    def refused(self, state: Literal["bounced", "failed"], error: GreenroomError) -> None:
        """Note a final refusal."""
        self.state = state
        self.error = error
        self._done.set()

    def abandoned(self, error: ClosedError) -> None:
        """Note that the client was closed before there was an answer."""
        self.error = error
        self._done.set()


@dataclass(frozen=True, slots=True)
class MessageReturned:
    """A posted message bounced or failed, one of an earlier run included. It is not sent again."""

    message: Outgoing
    """`body` is the text, `error` why; a bounce's `error.policy` has the spans to mark."""


class OutboxStorage(Protocol):
    """Keeps unsent messages over a restart of the program; give one to `Client(storage=...)`."""

    async def load(self) -> Sequence[QueuedMessage]:
        """Give the messages of the last `save`, in the same order; called once, at the start."""

    async def save(self, messages: Sequence[QueuedMessage]) -> None:
        """Replace what is kept; a message leaves only after this returned. Raise to have it tried again."""
