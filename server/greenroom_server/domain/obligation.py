"""What waits for an answer, a freelancer's or (the mirror) a client's: when it begins, what settles it.

The store decides the same two questions inside its atomic functions; both follow the tables of
server/docs/response-speed.md.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from greenroom_server.domain.thread_actions import ThreadAction
from greenroom_server.domain.thread_state import Role


class ObligationKind(StrEnum):
    """What somebody owes an answer to: the freelancer, or in the last two the client."""

    INVITATION = "invitation"
    FIRST = "first"
    """The client's first message to a freelancer who never wrote in the thread."""
    FOLLOWUP = "followup"
    """A later message of the client; the freelancer's private number only."""
    PROPOSAL = "proposal"
    """A proposal, until the client's first answer."""
    ACCEPT = "accept"
    """An accepted invitation, until the client's first answer."""


class ObligationOutcome(StrEnum):
    """How an obligation stands. Of the excluded ones spam, reported, appeal are stored; `rows` derives the others."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    EXCLUDED_AWAY = "excluded_away"
    """Began while the freelancer was away, and still waits."""
    EXCLUDED_SPAM = "excluded_spam"
    """The client was banned or the message judged spam."""
    EXCLUDED_REPORTED = "excluded_reported"
    """The freelancer reported spam within 24 h; overruled, it becomes declined at that time."""
    EXCLUDED_APPEAL = "excluded_appeal"
    """The moderators left it out because the freelancer asked them to."""
    EXCLUDED_DUPLICATE = "excluded_duplicate"
    EXCLUDED_SYNTHETIC = "excluded_synthetic"
    """A test account or a load test."""
    EXCLUDED_BLOCKED = "excluded_blocked"
    UNANSWERED = "unanswered"
    EXCLUDED_WITHDRAWN = "excluded_withdrawn"
    EXCLUDED_QUOTA = "excluded_quota"
    """More from one client than count."""


ANSWERED = frozenset({ObligationOutcome.ACCEPTED, ObligationOutcome.DECLINED, ObligationOutcome.ANSWERED})
"""Outcomes that are a response."""

EXCLUDED = frozenset(outcome for outcome in ObligationOutcome if outcome.startswith("excluded_"))
"""Outcomes that count neither way."""


@dataclass(frozen=True, slots=True)
class Obligation:
    """One thing that waits, or waited, for a freelancer's answer."""

    id: str
    kind: ObligationKind
    thread: str
    client: str
    """The other side: the client, or in the mirror the freelancer."""
    t0_ms: int
    """When it became visible: commit time, or release time if it was held."""
    t1_ms: int | None = None
    """When it was answered, withdrawn or expired; None while it is open."""
    outcome: ObligationOutcome = ObligationOutcome.OPEN
    judged: ObligationOutcome | None = None
    """What moderation says instead: spam, reported, or declined when a report was overruled."""
    judged_at_ms: int = 0
    """When it was reported."""


def as_judged(o: Obligation) -> Obligation:
    """Give an obligation with what moderation says of it; an answer before an overruled report stands."""
    if o.judged is None:
        return o
    if o.judged in EXCLUDED:
        return replace(o, outcome=o.judged)
    if o.outcome in ANSWERED and o.t1_ms is not None and o.t1_ms <= o.judged_at_ms:
        return o
    return replace(o, outcome=o.judged, t1_ms=max(o.t0_ms, o.judged_at_ms))


@dataclass(frozen=True, slots=True)
class ClientMessage:
    """What matters about a client's message that is about to be visible."""

    has_open_debt: bool
    """An obligation of this thread is open."""
    freelancer_has_written: bool
    """A message by a person; the note of a proposal or of an answer is none."""
    last_writer: Role | None
    """Who wrote the thread's last message by a person."""
    body_chars: int
    has_question: bool
    """The body contains a question mark."""
    needs_no_reply: bool = False
    """The client said so."""
    is_auto: bool = False


def opens(message: ClientMessage, *, closer_chars: int) -> ObligationKind | None:
    """Return the kind of obligation that a client's message begins, if any."""
    if message.is_auto or message.has_open_debt:
        return None
    if not message.freelancer_has_written:
        return ObligationKind.FIRST
    is_closer = message.body_chars < closer_chars and not message.has_question
    if message.last_writer is not Role.FREELANCER or message.needs_no_reply or is_closer:
        return None
    return ObligationKind.FOLLOWUP


class InviteEffect(StrEnum):
    """What an invitation does to the obligations of its thread."""

    OPEN = "open"
    """A new one begins."""
    MERGE = "merge"
    """The open one becomes an invitation and keeps its `t0_ms`."""
    RESTART = "restart"
    """The open one becomes an invitation that begins now."""


def on_invite(open_kind: ObligationKind | None) -> InviteEffect:
    """Say how an invitation joins the thread's open obligation, if there is one."""
    if open_kind is None:
        return InviteEffect.OPEN
    # A follow-up is private: its age must not enter the public number.
    return InviteEffect.RESTART if open_kind is ObligationKind.FOLLOWUP else InviteEffect.MERGE


_SETTLED_BY = {
    (ThreadAction.ACCEPT, Role.FREELANCER): ObligationOutcome.ACCEPTED,
    (ThreadAction.DECLINE, Role.FREELANCER): ObligationOutcome.DECLINED,
    (ThreadAction.WITHDRAW_PROPOSAL, Role.FREELANCER): ObligationOutcome.DECLINED,
    (ThreadAction.SEND, Role.FREELANCER): ObligationOutcome.ANSWERED,
    (ThreadAction.WITHDRAW, Role.CLIENT): ObligationOutcome.WITHDRAWN,
    (ThreadAction.DECLINE_PROPOSAL, Role.CLIENT): ObligationOutcome.WITHDRAWN,
    (ThreadAction.CLOSE_JOB, Role.SERVICE): ObligationOutcome.WITHDRAWN,
    (ThreadAction.EXPIRE, Role.SYSTEM): ObligationOutcome.EXPIRED,
}


def answers(action: ThreadAction, role: Role, *, is_auto: bool = False) -> ObligationOutcome | None:
    """Return how an action settles the thread's open obligation; None: it does not.

    The time of a message is its submission, also when it was held and released; one that was rejected settles nothing.
    """
    return None if is_auto else _SETTLED_BY.get((action, role))
