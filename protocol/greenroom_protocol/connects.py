"""Connects, what a proposal costs: the balance, its ledger, and the notice of every change.

Source: protocol/spec/proposals.md.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from greenroom_protocol.bases import Command, Event, Reply
from greenroom_protocol.fields import CommandId, Cursor


class ConnectsGet(Command, tag="connects.get"):
    """Read one's own Connects: the balance, and a page of the ledger (freelancer's own data only)."""

    id: CommandId
    cursor: Cursor | None = None
    """From the page before; none starts at the newest entry."""
    limit: Annotated[int, Meta(ge=1, le=100)] = 20


class ConnectsEntry(Struct, omit_defaults=True, kw_only=True):
    """One entry of the ledger."""

    entry: int
    """Number of the entry, from 1."""
    kind: Literal["grant", "purchase", "proposal", "invitation", "refund", "correction"]
    """`proposal` and `invitation` are what a submission or an acceptance cost."""
    amount: int
    """Negative when Connects were spent."""
    balance: int
    """After this entry."""
    at: int
    thread: str = ""
    """Thread of the proposal or invitation."""


class ConnectsView(Struct, kw_only=True):
    """Connects of a freelancer now."""

    balance: int
    """What can be spent: the free ones of this period and all others."""
    period: str
    """Billing period, by the month in which it began: 2026-10."""
    next_refill_at: int
    """When the free ones are filled up again, UTC ms."""
    monthly_free: int
    """Up to how many they are filled up."""


class ConnectsPage(Reply, tag="connects.get"):
    """The balance, and entries of the ledger, newest first."""

    connects: ConnectsView
    """As of now."""
    entries: list[ConnectsEntry]
    """The newest thousand are kept."""
    cursor: str | None


class ConnectsChanged(Event, tag="connects.changed"):
    """One's own Connects changed; in one's own log. The monthly refill is not told: `next_refill_at` is known."""

    change: Literal["grant", "purchase", "proposal", "invitation", "refund", "correction"]
    amount: int
    """Negative when Connects were spent."""
    balance: int
    """Afterwards; a refill that fell due meanwhile comes with the next spending."""
    thread: str = ""


Commands = ConnectsGet
Replies = ConnectsPage
Events = ConnectsChanged
