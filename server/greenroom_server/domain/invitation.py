"""Invitations to interview: why one is declined and when its timers ring.

Source: protocol/spec/states.md.
"""

from dataclasses import dataclass
from enum import StrEnum

from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.thread_actions import ThreadAction


class DeclineReason(StrEnum):
    """What a freelancer may give as the reason; a note of their own may follow."""

    NOT_INTERESTED = "not_interested"
    NOT_AVAILABLE = "not_available"
    BUDGET = "budget"
    SKILLS = "skills"
    UNCLEAR_JOB = "unclear_job"
    ASKED_OFF_PLATFORM = "asked_off_platform"
    """The client asked to talk or to pay elsewhere."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Timer:
    """Something that the system does to an invitation unless it was answered."""

    action: ThreadAction
    """Remind or expire."""
    at_ms: int
    number: int = 0
    """Of a reminder, from 1."""


def timers(expires_ms: int, policy: MarketplacePolicy) -> tuple[Timer, ...]:
    """Return the timers of an invitation that expires then, in order; the last one expires it."""
    sent_ms = expires_ms - policy.invitation_expiry_s * 1000
    reminders = (
        Timer(ThreadAction.REMIND, sent_ms + after_s * 1000, number)
        for number, after_s in enumerate(policy.invitation_reminders_s, 1)
    )
    return (*reminders, Timer(ThreadAction.EXPIRE, expires_ms))


def expires_at_ms(sent_at_ms: int, policy: MarketplacePolicy) -> int:
    """Return the first moment at which the invitation can no longer be answered."""
    return sent_at_ms + policy.invitation_expiry_s * 1000
