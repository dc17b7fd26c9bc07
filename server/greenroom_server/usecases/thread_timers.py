"""The deadlines of a thread: an invitation's reminders and expiry, an offer's expiry, a contract's start.

Members of the store's timers are `remind <thread>#<number>`, `expire <thread>`, `offer <thread>`, `start <thread>`.
They are set and removed in the commit that changes the state they belong to; a late one is judged by the table.
"""

from greenroom_server.domain.invitation import timers
from greenroom_server.domain.offer import Offer
from greenroom_server.domain.policy import MarketplacePolicy


def invitation_timers(thread: str, expires_at: int, policy: MarketplacePolicy) -> list[tuple[int, str]]:
    """Give the deadlines of an invitation that expires then."""
    return [(timer.at_ms, _member(thread, timer.number)) for timer in timers(expires_at, policy)]


def invitation_members(thread: str, policy: MarketplacePolicy) -> list[str]:
    """Name the deadlines of a thread's invitation."""
    return [_member(thread, timer.number) for timer in timers(0, policy)]


def offer_timers(thread: str, offer: Offer) -> list[tuple[int, str]]:
    """Give the deadlines of an offer."""
    expiry, start = offer_members(thread)
    return [(offer.expires_at, expiry), *([(offer.starts_at, start)] if offer.starts_at else ())]


def offer_members(thread: str) -> tuple[str, str]:
    """Name the deadlines of a thread's offer: its expiry and its start."""
    return f"offer {thread}", f"start {thread}"


def _member(thread: str, number: int) -> str:
    return f"remind {thread}#{number}" if number else f"expire {thread}"
