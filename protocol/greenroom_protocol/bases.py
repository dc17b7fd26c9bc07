"""What frames are made of: the bases of commands, replies, events and pushes, and what a filter says.

Source: protocol/spec/frames.md.
"""

from typing import Literal

from msgspec import Struct, field


class Command(Struct, tag_field="type", omit_defaults=True, kw_only=True, gc=False):
    """Base of all commands; unknown fields are ignored."""


class Reply(Struct, tag_field="type", omit_defaults=True, kw_only=True, gc=False):
    """Base of all replies."""

    id: int


class Written(Reply):
    """Base of the replies to a command that wrote one event into a thread."""

    seq: int
    """Position of the event."""
    at: int
    state: str
    """State of the thread afterwards; empty for a repeat."""
    dup: bool
    """True: this cid was answered before; nothing was written now."""


class Event(Struct, tag_field="type", omit_defaults=True, kw_only=True, gc=False):
    """Base of all events."""

    seq: int = 0
    at: int = 0
    """Store time, UTC milliseconds; never below the event before it."""
    by: str = ""
    """User who caused it; empty for the marketplace or a timer."""
    n: int = 0
    cid: str = ""
    """The sender's cid, so that a device finds its own optimistic row."""
    state: str = ""


class Push(Struct, tag_field="type", omit_defaults=True, kw_only=True, gc=False):
    """Base of all pushes."""


class Span(Struct, omit_defaults=True, frozen=True):
    """What a filter found, by code points of the text it was given."""

    start: int
    end: int
    kind: str
    """email, phone, messenger, meeting_link, social, website, payment, off_platform_request, address;
    moderated: a moderator took it out."""
    reason: str


class PaymentView(Struct, omit_defaults=True, kw_only=True):
    """How a pair stands with payment outside the marketplace."""

    fee_required: bool
    """True: it is refused until the conversion fee is paid."""
    conversion: Literal["none", "paid", "exempt"]
    """Whether the fee is settled."""
    origin: Literal["platform", "external"]
    """external: the marketplace knows that the two met elsewhere."""
    days_until_exempt: int | None = None
    """Until age alone makes the pair exempt, from its first contract; null: there was none."""
    pay_url: str = ""
    """Where the fee is paid; empty: ask the marketplace."""


class PolicyView(Struct, omit_defaults=True, kw_only=True):
    """Why a filter acted, in a form that can be shown."""

    action: Literal["allow", "notice", "redact", "bounce", "hold"]
    spans: list[Span] = field(default_factory=list)
    """In the text that was sent."""
    code: str = ""
    message: str = ""
    hint: str = ""
    notice: str = ""
    final: bool = False
    """Resending does not help."""
    version: str = ""
    payment: PaymentView | None = None
    """With a refusal of payment outside: what would make it possible."""
