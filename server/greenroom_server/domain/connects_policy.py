"""The policy section of Connects: how many there are, what they buy, when they come back."""

from typing import Annotated

from msgspec import Meta

from greenroom_server.domain.policy_section import Quota, Section, require

MAX_BALANCE = 1_000_000
"""No freelancer's balance may pass this; it only keeps the numbers sane."""


class ConnectsPolicy(Section, frozen=True):
    """Numbers and switches of Connects."""

    monthly_free: Quota
    """Up to how many the free ones are filled up at the start of each billing period."""
    proposal_cost: Quota
    invite_accept_cost: Quota
    max_purchase: Annotated[int, Meta(ge=1, le=100_000)]
    """Most that one grant, purchase, refund or correction of the backend may move."""
    billing_day: Annotated[int, Meta(ge=1, le=28)]
    """Day of the month, UTC, on which a period begins, for freelancers whose own day the backend has not told."""
    refund_on_job_closed: bool
    """A job that closes before a contract gives back what its proposals cost."""
    refund_on_cancel: bool
    """So does a client who ends a candidacy because the job is cancelled."""

    def __post_init__(self) -> None:
        require(self.max_purchase <= MAX_BALANCE, f"max_purchase must be at most {MAX_BALANCE}")
