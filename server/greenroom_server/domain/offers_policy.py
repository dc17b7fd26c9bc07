"""The marketplace's rules of the day about offers, and the addresses that its texts lead to."""

from typing import Annotated

from msgspec import Meta

from greenroom_server.domain.policy_section import Seconds, Section

Link = Annotated[str, Meta(max_length=500, pattern='^(https?://[^\\s<>"]+)?$')]
"""An address, or empty."""


class OffersPolicy(Section, frozen=True):
    """Offers of a contract."""

    may_client_send: bool
    """False: only the backend makes and withdraws offers."""
    expiry_s: Seconds
    """Until an offer without a deadline of its own expires."""
    client_start_lead_s: Annotated[int, Meta(ge=0, le=90 * 86_400)]
    """A client's start date is at least so far ahead, because it opens the contract though nobody accepted."""


class LinksPolicy(Section, frozen=True):
    """Pages of the marketplace that clients of the wire show."""

    interview_help: Link
    """What is good to know before an interview; goes with every invitation."""
    conversion_fee: Link
    """Where the fee for paying outside is paid; `{client}` and `{freelancer}` stand for the two."""


def pay_link(links: LinksPolicy, client: str, freelancer: str) -> str:
    """Give the page where this pair's conversion fee is paid; empty when there is none."""
    return links.conversion_fee.replace("{client}", client).replace("{freelancer}", freelancer)
