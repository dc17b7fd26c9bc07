"""Policy about people before they meet: what a client may begin in a day, badges, time away, working hours."""

from typing import Annotated

from msgspec import Meta

from greenroom_server.domain.policy_section import Quota, Seconds, Section


class ClientsPolicy(Section, frozen=True):
    """What clients may begin."""

    invitations_per_day: Quota
    """Invitations that a client may send within any 24 hours."""
    require_verified: bool
    """Only clients whom the marketplace has verified open threads and invite."""


class AvailabilityPolicy(Section, frozen=True):
    """Badge, away and working hours."""

    warn_after_s: Seconds
    """An invitation that waits longer than this contradicts a badge that is on."""
    away_max_days: Annotated[int, Meta(ge=1, le=365)]
    """Longest time away that can be announced at once."""
    week_min_hours: Annotated[int, Meta(ge=1, le=168)]
    """Fewest working hours that can be published for a week."""
