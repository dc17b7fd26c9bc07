"""The policy of access grants: whether there are any, where, for which systems, how many and for how long.

Source: protocol/spec/access-grants.md.
"""

from typing import Annotated, Literal

from msgspec import Meta

from greenroom_server.domain.policy_section import Count, Days, Name, Section, require


class AccessGrantsPolicy(Section, frozen=True):
    """When an e-mail address may be shared before a contract, to give somebody access to a system."""

    is_enabled: bool
    states: tuple[Literal["direct", "invited", "accepted", "proposed", "candidacy", "offer"], ...]
    """States of a thread in which one may be asked for, agreed to and used."""
    systems: tuple[Name, ...]
    """What access may be for; at least one."""
    mode: Literal["counterparty_confirms", "moderator"]
    """Who agrees: the other side, or the marketplace's moderators through the server API."""
    days: Days
    """How long a request waits, and how long a grant holds from its agreement on."""
    per_thread: Annotated[int, Meta(ge=1, le=20)]
    """Requests in one thread within `per_thread_days`, however they ended."""
    per_thread_days: Days
    """At least `days`, so that a request that counts no more is over."""
    max_uses: Count
    """Messages in which a shared address may stand."""

    def __post_init__(self) -> None:
        require(bool(self.systems) and len(set(self.systems)) == len(self.systems), "systems must differ")
        require(self.days <= self.per_thread_days, "per_thread_days must be at least days")
