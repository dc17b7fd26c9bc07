"""How a pair stands with payment outside the marketplace, as the wire shows it."""

from greenroom_protocol.bases import PaymentView
from greenroom_server.domain.head import Head
from greenroom_server.domain.offers_policy import pay_link
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.relationship import days_until_exempt, may_pay_outside


def payment_view(head: Head, policy: MarketplacePolicy, now_ms: int) -> PaymentView:
    """Show whether the pair of a thread may pay outside, and what would make it so."""
    pair = head.relationship
    fee_required = not may_pay_outside(pair, policy, now_ms)
    return PaymentView(
        fee_required=fee_required,
        conversion=pair.conversion.value,
        origin=pair.origin.value,
        days_until_exempt=days_until_exempt(pair, policy, now_ms),
        pay_url=pay_link(policy.links, head.client, head.freelancer) if fee_required else "",
    )
