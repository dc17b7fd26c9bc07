"""Offers of a contract: their terms, what one side may ask, and what the log says.

Source: protocol/spec/offers.md.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from greenroom_protocol.bases import Command, Event, PolicyView, Span, Written
from greenroom_protocol.fields import Cid, CommandId, Count, Note, ThreadId


class OfferTerms(Struct, omit_defaults=True, kw_only=True):
    """What is offered."""

    note: Note = ""
    amount: Annotated[str, Meta(max_length=20)] = ""
    """Decimal number as text, so that it stays exact: `1250.50`; empty: not said."""
    currency: Annotated[str, Meta(max_length=3)] = ""
    """ISO 4217; goes with `amount`."""
    starts_at: Count = 0
    """When the contract starts though nobody accepted, UTC ms; 0: only an acceptance starts it."""
    expires_at: Count = 0
    """First moment at which it can no longer be accepted, UTC ms; 0 in a command: the marketplace's usual time."""


class OfferSend(Command, tag="offer.send"):
    """Offer a contract in an interview (client only, where the marketplace lets clients do it)."""

    id: CommandId
    cid: Cid
    thread: ThreadId
    terms: OfferTerms


class OfferAccept(Command, tag="offer.accept"):
    """Accept the open offer: the contract starts and contact details may be shared (freelancer only)."""

    id: CommandId
    cid: Cid
    thread: ThreadId


class OfferDecline(Command, tag="offer.decline"):
    """Decline the open offer; the interview goes on (freelancer only)."""

    id: CommandId
    cid: Cid
    thread: ThreadId
    note: Note = ""


class OfferWithdraw(Command, tag="offer.withdraw"):
    """Take the open offer back; the interview goes on (client only)."""

    id: CommandId
    cid: Cid
    thread: ThreadId


class OfferSent(Written, tag="offer.send"):
    """The offer is on disk and waits for the freelancer."""

    policy: PolicyView | None = None


class OfferAcceptedReply(Written, tag="offer.accept"):
    """The contract has started."""


class OfferDeclinedReply(Written, tag="offer.decline"):
    """Declined; the thread is an interview again."""

    policy: PolicyView | None = None


class OfferWithdrawnReply(Written, tag="offer.withdraw"):
    """Withdrawn; the thread is an interview again."""


class OfferChanged(Event, tag="offer.changed"):
    """An offer was made, declined, withdrawn or expired; an acceptance is a contract that started."""

    change: Literal["sent", "declined", "withdrawn", "expired"]
    terms: OfferTerms | None = None
    """With `sent`."""
    note: str = ""
    """With `declined`: what the freelancer says to it."""
    hidden: list[Span] = field(default_factory=list)
    """Parts of the note that are placeholders, by code points of the note."""


class ContractChanged(Event, tag="contract.changed"):
    """The contract started, was paused, resumed or ended."""

    change: Literal["started", "paused", "resumed", "ended"]
    starts_at: int = 0
    """With `started`: the start as the marketplace gave it, UTC ms; 0: the time of this event."""
    terms: OfferTerms | None = None
    """With `started`: what was agreed, if an offer said it."""


class OfferView(OfferTerms, kw_only=True):
    """The open offer of a thread."""

    by: str = ""
    """User who made it; empty for the marketplace."""
    sent_at: int = 0


Commands = OfferSend | OfferAccept | OfferDecline | OfferWithdraw
Replies = OfferSent | OfferAcceptedReply | OfferDeclinedReply | OfferWithdrawnReply
Events = OfferChanged | ContractChanged
