"""Connects: billing periods, what an entry of the ledger may do, and when a proposal's cost comes back.

A balance has two parts. The free ones are filled up to `monthly_free` once in each billing period, however long the
freelancer was away, so they never pile up; all others are kept until they are spent. Free ones are spent first.

The store's function does the same arithmetic where it is atomic (store/lua/_connects.lua); this is its model.

Source: protocol/spec/proposals.md.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from greenroom_server.domain.connects_policy import MAX_BALANCE, ConnectsPolicy
from greenroom_server.domain.thread_actions import ThreadAction

CANCELLED = "job_cancelled"
"""The reason of a client who ends a candidacy because nothing comes of the job."""


class EntryKind(StrEnum):
    """Why a balance changed."""

    GRANT = "grant"
    """The free ones of a period, or a gift of the marketplace."""
    PURCHASE = "purchase"
    PROPOSAL = "proposal"
    """Spent on submitting one."""
    INVITATION = "invitation"
    """Spent on accepting one."""
    REFUND = "refund"
    CORRECTION = "correction"
    """Set right by the marketplace, in either direction."""


class Period(NamedTuple):
    """A billing period of about a month."""

    id: str
    """The month in which it began, as 2026-10: at most one period begins in a month, whatever becomes of the day."""
    start_ms: int
    next_refill_ms: int
    """Start of the next period, UTC ms."""


def period_of(now_ms: int, billing_day: int) -> Period:
    """Give the period that a moment is in.

    Args:
        now_ms: UTC ms.
        billing_day: 1 to 28, so that every month has it.
    """
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    year, month = (now.year, now.month) if now.day >= billing_day else _month(now.year, now.month - 1)
    start, end = _start(year, month, billing_day), _start(*_month(year, month + 1), billing_day)
    return Period(f"{year:04}-{month:02}", start, end)


def _month(year: int, month: int) -> tuple[int, int]:
    return year + (month - 1) // 12, (month - 1) % 12 + 1


def _start(year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day, tzinfo=UTC).timestamp()) * 1000


@dataclass(frozen=True, slots=True)
class Purse:
    """A freelancer's Connects."""

    free: int = 0
    """Left of this period's."""
    kept: int = 0
    """Bought, given or given back; they stay."""
    period: str = ""
    """Id of the last period that was filled up; it never goes back."""

    @property
    def balance(self) -> int:
        """What can be spent."""
        return self.free + self.kept


def refill(purse: Purse, period: Period, monthly_free: int, store_ms: int) -> Purse:
    """Fill the free ones up if a period began that was not filled up before, by the store's clock, too."""
    if period.id <= purse.period or period.start_ms > store_ms:
        return purse
    return replace(purse, free=max(purse.free, monthly_free), period=period.id)


def enter(purse: Purse, amount: int) -> Purse | None:
    """Add to a purse or spend from it; None when it does not hold enough, or could not hold more."""
    if not 0 <= purse.balance + amount <= MAX_BALANCE:
        return None
    if amount >= 0:
        return replace(purse, kept=purse.kept + amount)
    spent_free = min(purse.free, -amount)
    return replace(purse, free=purse.free - spent_free, kept=purse.kept + amount + spent_free)


def gives_back(policy: ConnectsPolicy, action: ThreadAction, reason: str) -> bool:
    """Say whether an action that ends a candidacy gives back what its proposal cost."""
    if action is ThreadAction.CLOSE_JOB:
        return policy.refund_on_job_closed
    return policy.refund_on_cancel and action is ThreadAction.DECLINE_PROPOSAL and reason == CANCELLED
