"""What each side may do in a thread now, the notice of risks, and what two people say of their relationship.

Source: protocol/spec/policies.md.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from greenroom_protocol.bases import Command, Event, PaymentView, PolicyView, Reply, Span, Written
from greenroom_protocol.fields import Body, Cid, CommandId, ThreadId


class NoticeAck(Command, tag="notice.ack"):
    """Say that a person has read a notice of `thread.policy`; it is recorded and shown no more."""

    id: CommandId
    thread: ThreadId
    notice: Annotated[str, Meta(min_length=1, max_length=64)]


class RelationshipDeclare(Command, tag="relationship.declare"):
    """Say that the two knew each other before they met here; the marketplace checks it and decides."""

    id: CommandId
    cid: Cid
    thread: ThreadId
    note: Body
    """What the marketplace can check; both sides see it, and it is screened like a message."""


class ThreadPolicy(Struct, kw_only=True):
    """What this user may do here now; widgets render from it."""

    may_write: bool
    why_not: str
    """Error code a message would get now; empty when one may write."""
    contact: Literal["allowed", "blocked"]
    payment: Literal["allowed", "blocked"]
    may_answer_invitation: bool
    may_request_call: bool
    notice: str
    """A text that must be shown until `notice.ack`; empty: none."""
    version: str
    actions: list[str]
    """Commands that this user could give here now with success, as far as the thread decides it."""
    instead: str = ""
    """Where `why_not` is set: the command that does what was wanted, or empty."""
    pay: PaymentView


class NoticeAcked(Reply, tag="notice.ack"):
    """It is recorded."""

    at: int
    """When it was acknowledged first, UTC ms."""


class RelationshipDeclaredReply(Written, tag="relationship.declare"):
    """The marketplace was told; until it has decided everything stays as it is."""

    policy: PolicyView | None = None


class RelationshipDeclared(Event, tag="relationship.declared"):
    """One side says that the two knew each other before; nothing changes until the marketplace decides."""

    note: str
    hidden: list[Span] = field(default_factory=list)


Commands = NoticeAck | RelationshipDeclare
Replies = NoticeAcked | RelationshipDeclaredReply
Events = RelationshipDeclared
