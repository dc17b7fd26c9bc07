"""Events: facts in a thread's log, past tense, in the order of their seq.

`seq` and `at` are given by the store. `n` counts the events a person sees as an item (message, invitation); others
have none. `state` is there when the event moved the thread to that state.

Source: protocol/spec/frames.md (generated from this file).
"""

from typing import Literal

from msgspec import field

from greenroom_protocol import access, availability, connects, moderation, offers, policies, reactions, team
from greenroom_protocol.bases import Event, Span
from greenroom_protocol.reactions import Reaction


class MessageSent(Event, tag="message.sent"):
    """A message, as delivered (masked where a filter hid something)."""

    body: str
    hidden: list[Span] = field(default_factory=list)
    """Parts of `body` that are placeholders, by code points of `body`."""
    auto: bool = False
    edited_seq: int = 0
    """In history pages: the edit whose text this is."""
    submitted_at: int = 0
    """When it was sent, if it was held for review first."""
    quote: int = 0
    """Seq of the message it answers to; show what stands there now. 0: none."""
    reactions: list[Reaction] = field(default_factory=list)
    """In history pages: the reactions now."""


class MessageEdited(Event, tag="message.edited"):
    """The author replaced the text of message `target`."""

    target: int
    body: str
    hidden: list[Span] = field(default_factory=list)


class MessageRedacted(Event, tag="message.redacted"):
    """A moderator or a later finding masked a part of message `target`."""

    target: int
    body: str
    hidden: list[Span] = field(default_factory=list)


class MessageErased(Event, tag="message.erased"):
    """Message `target` was erased; its text is gone from the store."""

    target: int


class ErasedItem(Event, tag="item.erased"):
    """In history pages: the place of an erased message; keeps its seq and n."""

    erased_seq: int = 0


class ThreadClosed(Event, tag="thread.closed"):
    """The thread was closed from outside the conversation."""

    why: str


class ThreadReopened(Event, tag="thread.reopened"):
    """The client opened a closed thread again."""


class InvitationSent(Event, tag="invitation.sent"):
    """The client asks the freelancer to discuss their job."""

    job: str
    title: str
    body: str
    expires_at: int
    hidden: list[Span] = field(default_factory=list)
    help_url: str = ""
    """What is good to know before an interview; empty: the marketplace has no such page."""
    submitted_at: int = 0
    """Set when a held invitation was released: when its sender sent it."""


class InvitationReminded(Event, tag="invitation.reminded"):
    """The invitation still waits for an answer."""

    number: int
    """Of the reminder, from 1."""
    expires_at: int


class InvitationAccepted(Event, tag="invitation.accepted"):
    """The freelancer accepted; the client writes next."""

    note: str = ""
    hidden: list[Span] = field(default_factory=list)


class InvitationDeclined(Event, tag="invitation.declined"):
    """The freelancer declined; the thread is closed."""

    reason: str
    note: str = ""
    hidden: list[Span] = field(default_factory=list)


class InvitationWithdrawn(Event, tag="invitation.withdrawn"):
    """The client took the invitation back."""


class InvitationExpired(Event, tag="invitation.expired"):
    """Nobody answered in time."""


class InterviewStarted(Event, tag="interview.started"):
    """The client answered: from now on both may write."""


class PolicyChanged(Event, tag="policy.changed"):
    """What may be shared here changed; `notice` must be shown."""

    contact: Literal["allowed", "blocked"]
    payment: Literal["allowed", "blocked"]
    notice: str = ""


class ProposalChanged(Event, tag="proposal.changed"):
    """A proposal was submitted, withdrawn or declined."""

    change: Literal["submitted", "withdrawn", "declined"]
    body: str = ""
    """The proposal's text, or the client's note."""
    reason: str = ""
    """Why it was declined."""
    hidden: list[Span] = field(default_factory=list)
    submitted_at: int = 0
    """Set when a held proposal was released: when its sender sent it."""


AnyEvent = (
    MessageSent
    | MessageEdited
    | MessageRedacted
    | MessageErased
    | ErasedItem
    | ThreadClosed
    | ThreadReopened
    | InvitationSent
    | InvitationReminded
    | InvitationAccepted
    | InvitationDeclined
    | InvitationWithdrawn
    | InvitationExpired
    | InterviewStarted
    | PolicyChanged
    | ProposalChanged
    | access.Events
    | availability.Events
    | connects.Events
    | offers.Events
    | moderation.Events
    | policies.Events
    | team.Events
    | reactions.Events
)

KINDS_WITH_ORDINAL = frozenset(
    {"message.sent", "invitation.sent", "proposal.changed", "access.requested", "access.shared"}
)
"""Kinds that take an `n`: what a person sees as one item of the conversation."""
