"""The flags of a pair, which hold for all its threads, and who may move them.

Source: protocol/spec/states.md.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.thread_actions import Denied
from greenroom_server.domain.thread_state import Role, ThreadState

_DAY_MS = 86_400_000


class Origin(StrEnum):
    """Where the two met."""

    PLATFORM = "platform"
    EXTERNAL = "external"
    """Before they came here; shown to the marketplace by evidence."""


class Conversion(StrEnum):
    """Whether the fee for paying outside is settled."""

    NONE = "none"
    PAID = "paid"
    EXEMPT = "exempt"


@dataclass(frozen=True, slots=True)
class Relationship:
    """What is known of a client and a freelancer as a pair."""

    origin: Origin = Origin.PLATFORM
    conversion: Conversion = Conversion.NONE
    first_contract_at_ms: int | None = None
    """Start of the pair's first contract; None: there was none."""
    blocked_by: frozenset[Role] = frozenset()
    """Who blocked the pair: client, freelancer, service; any of them ends all contact."""
    has_exempt_plan: bool = False
    """The client's plan with the marketplace lets the two share contacts before a contract."""
    rev: int = 0
    """Grows by one with every change."""

    @property
    def is_blocked(self) -> bool:
        """Whether the two can no longer reach each other."""
        return bool(self.blocked_by)

    def is_blocked_against(self, role: Role) -> bool:
        """Whether somebody else than this side blocked the pair: one's own block excuses nobody from answering."""
        return bool(self.blocked_by - {role})

    def block_code(self, role: Role) -> str:
        """Give the refusal that one of the two gets; empty while nobody blocked. Who was blocked is not told so."""
        if not self.blocked_by:
            return ""
        return "peer.blocked" if role in self.blocked_by or Role.SERVICE in self.blocked_by else "peer.unavailable"


def set_origin(pair: Relationship, origin: Origin, by: Role, *, is_moderator: bool = False) -> Relationship | Denied:
    """Record where the two met: the service once, a moderator also back to `platform`."""
    if by is not Role.SERVICE:
        return Denied("perm.service_only")
    if pair.origin is Origin.EXTERNAL and origin is not Origin.EXTERNAL and not is_moderator:
        return Denied("perm.denied")
    return pair if origin is pair.origin else replace(pair, origin=origin, rev=pair.rev + 1)


def set_conversion(pair: Relationship, conversion: Conversion, by: Role) -> Relationship | Denied:
    """Record what became of the conversion fee; only the service may."""
    if by is not Role.SERVICE:
        return Denied("perm.service_only")
    return pair if conversion is pair.conversion else replace(pair, conversion=conversion, rev=pair.rev + 1)


def set_exempt_plan(pair: Relationship, is_exempt: bool, by: Role, policy: MarketplacePolicy) -> Relationship | Denied:
    """Record whether the client's plan lets the two share contacts early; only where the policy knows such plans."""
    if by is not Role.SERVICE:
        return Denied("perm.service_only")
    if is_exempt and not policy.may_exempt_plans:
        return Denied("not_available")
    return pair if is_exempt is pair.has_exempt_plan else replace(pair, has_exempt_plan=is_exempt, rev=pair.rev + 1)


def start_contract(pair: Relationship, now_ms: int) -> Relationship:
    """Note the pair's first contract; later ones change nothing."""
    if pair.first_contract_at_ms is not None:
        return pair
    return replace(pair, first_contract_at_ms=now_ms, rev=pair.rev + 1)


def set_blocked(pair: Relationship, is_blocked: bool, by: Role = Role.SERVICE) -> Relationship:
    """Note that somebody blocked the pair, or no longer does; the others' blocks stay."""
    blocked_by = pair.blocked_by | {by} if is_blocked else pair.blocked_by - {by}
    return pair if blocked_by == pair.blocked_by else replace(pair, blocked_by=blocked_by, rev=pair.rev + 1)


def united(pair: Relationship, other: Relationship) -> Relationship:
    """Give what holds for a pair when one of the two turns out to be somebody whom the other already had to do with."""
    starts = [each.first_contract_at_ms for each in (pair, other) if each.first_contract_at_ms is not None]
    both = replace(
        pair,
        origin=other.origin if pair.origin is Origin.PLATFORM else pair.origin,
        conversion=other.conversion if pair.conversion is Conversion.NONE else pair.conversion,
        first_contract_at_ms=min(starts, default=None),
        blocked_by=pair.blocked_by | other.blocked_by,
        has_exempt_plan=pair.has_exempt_plan or other.has_exempt_plan,
    )
    return both if both == pair else replace(both, rev=pair.rev + 1)


def days_until_exempt(pair: Relationship, policy: MarketplacePolicy, now_ms: int) -> int | None:
    """Return the days, rounded up, until age alone exempts the pair; None: the clock has not begun."""
    if pair.first_contract_at_ms is None:
        return None
    left_ms = pair.first_contract_at_ms + policy.min_relationship_days * _DAY_MS - now_ms
    return max(0, -(-left_ms // _DAY_MS))


def may_pay_outside(pair: Relationship, policy: MarketplacePolicy, now_ms: int) -> bool:
    """Say whether talk of payment outside is allowed: external, settled, or old enough."""
    return (
        pair.origin is Origin.EXTERNAL
        or pair.conversion is not Conversion.NONE
        or days_until_exempt(pair, policy, now_ms) == 0
    )


def may_share_contacts(pair: Relationship, state: ThreadState) -> bool:
    """Say whether contact details are allowed in a thread of this pair."""
    return pair.origin is Origin.EXTERNAL or pair.has_exempt_plan or state.is_gate_open
