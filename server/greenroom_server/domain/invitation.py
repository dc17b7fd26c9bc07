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


def timers(sent_at_ms: int, policy: MarketplacePolicy) -> tuple[Timer, ...]:
    """Return the timers of an invitation in order; the last one expires it."""
    reminders = (Timer(ThreadAction.REMIND, sent_at_ms + after_s * 1000) for after_s in policy.invitation_reminders_s)
    return (*reminders, Timer(ThreadAction.EXPIRE, expires_at_ms(sent_at_ms, policy)))


def expires_at_ms(sent_at_ms: int, policy: MarketplacePolicy) -> int:
    """Return the first moment at which the invitation can no longer be answered."""
    return sent_at_ms + policy.invitation_expiry_s * 1000
