"""Charges: what a commit takes from a freelancer's Connects, or gives back."""

from greenroom_server.domain.connects import EntryKind, Period, gives_back
from greenroom_server.domain.connects_policy import ConnectsPolicy
from greenroom_server.domain.head import Head
from greenroom_server.domain.ids import own_log
from greenroom_server.domain.thread_actions import ThreadAction
from greenroom_server.store.append import Charge


def cost(freelancer: str, kind: EntryKind, amount: int, period: Period, policy: ConnectsPolicy) -> Charge | None:
    """Charge what something costs, after the refill of a period if that is due; None when it is free."""
    if not amount:
        return None
    refill = (period.id, period.start_ms, policy.monthly_free)
    return Charge(kind.value, -amount, "", refill, period.next_refill_ms, own_log(freelancer))


def refund(head: Head, policy: ConnectsPolicy, action: ThreadAction, reason: str) -> Charge | None:
    """Give back what the proposal of a thread cost, if the action that ends it does; once for each proposal."""
    if head.paid is None or not gives_back(policy, action, reason):
        return None
    seq, paid = head.paid
    key = f"refund {head.thread}.{seq}"
    return Charge(EntryKind.REFUND.value, paid, key, (), 0, own_log(head.freelancer))
