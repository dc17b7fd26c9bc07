"""Offers of a contract: their terms, and what makes them impossible.

Source: protocol/spec/offers.md.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.thread_state import Role

_AMOUNT: Final = re.compile("[0-9]{1,12}([.][0-9]{1,4})?").fullmatch
_CURRENCY: Final = re.compile("[A-Z]{3}").fullmatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The terms of one offer."""

    by: str = ""
    """User who made it; empty for the marketplace."""
    note: str = field(default="", repr=False)
    """As delivered, masked where a filter hid something."""
    amount: str = ""
    """Decimal number, exact; empty: not said."""
    currency: str = ""
    """ISO 4217; empty only without an amount."""
    starts_at: int = 0
    """The contract starts then though nobody accepted, UTC ms; 0: only an acceptance starts it."""
    expires_at: int = 0
    """First moment at which it can no longer be accepted, UTC ms."""
    sent_at: int = 0
    """UTC ms."""


def why_impossible(offer: Offer, by: Role, policy: MarketplacePolicy) -> str:
    """Name the field of an offer that cannot be as it is, and why; empty for a good one.

    Args:
        offer: complete, with `sent_at` and `expires_at`.
        by: client or service. A client's start date must leave the freelancer time to decline.
    """
    if bool(offer.amount) != bool(offer.currency):
        return "amount and currency belong together"
    if offer.amount and not (_AMOUNT(offer.amount) and _CURRENCY(offer.currency)):
        return "amount is a number such as 1250.50, currency three capital letters"
    if offer.expires_at <= offer.sent_at:
        return "expires_at is in the past"
    lead_ms = policy.offers.client_start_lead_s * 1000 if by is Role.CLIENT else 0
    if offer.starts_at and offer.starts_at < offer.sent_at + lead_ms:
        return f"starts_at is sooner than {lead_ms // 1000} s from now"
    return ""
