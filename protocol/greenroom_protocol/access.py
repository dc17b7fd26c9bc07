"""Access grants: how an e-mail address is shared before a contract, to give somebody access to a system.

Ask, agree, share: three commands, three events. The address travels in a field of its own, never in a text.

Source: protocol/spec/access-grants.md.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from greenroom_protocol import limits
from greenroom_protocol.bases import Command, Event, PolicyView, Span, Written
from greenroom_protocol.fields import Cid, CommandId, Seq, ThreadId

KEEP_HERE = "notice.keep_here"
"""The notice that rides with every shared address: it is for access only, the talk stays here."""


class AccessRequest(Command, tag="access.request"):
    """Ask to share one's e-mail address for access to a system, or to be given the other side's.

    Asking for the other side's address is one's own agreement: the holder may share at once.
    """

    id: CommandId
    cid: Cid
    thread: ThreadId
    holder: Literal["me", "peer"]
    """Whose address it is about."""
    system: Annotated[str, Meta(min_length=1, max_length=32)]
    """What access is for, one of the marketplace's list; see [access-grants.md](access-grants.md)."""
    purpose: Annotated[str, Meta(min_length=1, max_length=limits.NOTE_CODE_POINTS)]
    """Which access, and why, in a few words; screened like a message."""


class AccessConfirm(Command, tag="access.confirm"):
    """Agree that the other side shares its address."""

    id: CommandId
    cid: Cid
    thread: ThreadId
    request: Seq
    """Seq of the `access.requested` event."""


class AccessRefuse(Command, tag="access.refuse"):
    """Say no: to the other side's sharing, or to sharing one's own address."""

    id: CommandId
    cid: Cid
    thread: ThreadId
    request: Seq
    """Seq of the `access.requested` event."""


class AccessShare(Command, tag="access.share"):
    """Share one's address once the other side has agreed; the only place where it may be written before a contract."""

    id: CommandId
    cid: Cid
    thread: ThreadId
    request: Seq
    """Seq of the `access.requested` event."""
    email: Annotated[str, Meta(min_length=3, max_length=254)]
    """One plain address, such as `name@example.com`."""

    def __repr__(self) -> str:
        """All but the address."""
        return f"AccessShare(thread={self.thread!r}, request={self.request})"


class AccessRevoke(Command, tag="access.revoke"):
    """End a request or a grant, from either side; a shared address may not be written any more."""

    id: CommandId
    cid: Cid
    thread: ThreadId
    request: Seq
    """Seq of the `access.requested` event."""


class AccessRequestReply(Written, tag="access.request"):
    """Asked; `seq` names the request from now on."""

    grant: Literal["requested", "granted", ""]
    """`granted`: the holder may share at once; empty for a repeat."""
    policy: PolicyView | None = None


class AccessConfirmReply(Written, tag="access.confirm"):
    """Agreed; the holder may share."""


class AccessRefuseReply(Written, tag="access.refuse"):
    """Refused, for good."""


class AccessShareReply(Written, tag="access.share"):
    """Shared."""

    notice: str


class AccessRevokeReply(Written, tag="access.revoke"):
    """Ended, for good."""


class AccessRequested(Event, tag="access.requested"):
    """One side asked to share an address or to be given the other's."""

    holder: str
    """User id of the one whose address it is about."""
    system: str
    """What access is for."""
    purpose: str
    """Which access, and why; as the filter let it pass."""
    expires_at: int
    """When it ends if nothing happens, UTC ms."""
    agreed: bool = False
    """The asking was the agreement: the holder may share at once."""
    hidden: list[Span] = field(default_factory=list)


class AccessGranted(Event, tag="access.granted"):
    """The other side, or the marketplace, agreed: the holder may share."""

    request: int
    """Seq of the `access.requested` event."""
    expires_at: int
    """When the grant ends, UTC ms."""


class AccessRefused(Event, tag="access.refused"):
    """Who was asked said no."""

    request: int
    """Seq of the `access.requested` event."""


class AccessShared(Event, tag="access.shared"):
    """The address, for a field that can be copied; show the notice beside it."""

    request: int
    """Seq of the `access.requested` event."""
    system: str
    """What access is for."""
    email: str
    """The address as its holder wrote it."""
    expires_at: int
    """Until then it may also stand in messages here, UTC ms."""
    notice: str

    def __repr__(self) -> str:
        """All but the address."""
        return f"AccessShared(seq={self.seq}, request={self.request})"


class AccessEnded(Event, tag="access.ended"):
    """A request or a grant is over."""

    request: int
    """Seq of the `access.requested` event."""
    why: Literal["expired", "revoked"]
    """Its time was over, or one side or the marketplace ended it."""


class GrantView(Struct, kw_only=True):
    """One grant of a thread, as it stands."""

    request: int
    """Seq of the `access.requested` event."""
    state: Literal["requested", "granted", "shared", "refused", "expired", "revoked"]
    holder: str
    """User id of the one whose address it is about."""
    asked_by: str
    """User id of the one who asked."""
    system: str
    """What access is for."""
    expires_at: int
    """UTC ms."""


Commands = AccessRequest | AccessConfirm | AccessRefuse | AccessShare | AccessRevoke
Replies = AccessRequestReply | AccessConfirmReply | AccessRefuseReply | AccessShareReply | AccessRevokeReply
Events = AccessRequested | AccessGranted | AccessRefused | AccessShared | AccessEnded
