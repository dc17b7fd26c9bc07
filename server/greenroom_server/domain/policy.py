"""The marketplace's rules of the day as versioned data, checked when read.

The shipped values are in `policy/default.toml`; there are no defaults in code.

Source: protocol/spec/policy.md.
"""

import tomllib
from functools import cache
from importlib import resources
from typing import Annotated

from msgspec import Meta, ValidationError, convert

from greenroom_server.domain.access_policy import AccessGrantsPolicy
from greenroom_server.domain.community_policy import CommunityPolicy
from greenroom_server.domain.connects_policy import ConnectsPolicy
from greenroom_server.domain.moderation_policy import ModerationPolicy
from greenroom_server.domain.offers_policy import LinksPolicy, OffersPolicy
from greenroom_server.domain.people_policy import AvailabilityPolicy, ClientsPolicy
from greenroom_server.domain.policy_section import Count, Days, Name, Quota, Rate, Seconds, Section, ascends, require
from greenroom_server.domain.safety_policy import SafetyPolicy
from greenroom_server.domain.team_policy import TeamPolicy
from greenroom_server.domain.webhook_policy import WebhooksPolicy

_DAY_S = 86_400


class PolicyError(ValueError):
    """A policy is not usable; the text names the entry and what it must be."""


class CallsPolicy(Section, frozen=True):
    """Whether calls exist, and for whom."""

    is_enabled: bool
    may_freelancer_request: bool
    """From the contract on; before it only the client may, always."""


class ResponseSpeedPolicy(Section, frozen=True):
    """The numbers of the response speed; server/docs/response-speed.md explains each."""

    window_days: Days
    extended_days: Days
    """At least `window_days`."""
    extended_count: Count
    min_count: Count
    min_clients: Count
    max_per_client: Count
    closer_chars: Annotated[int, Meta(ge=0, le=1_000)]
    mature_s: Seconds
    withdrawn_free_s: Annotated[int, Meta(ge=0, le=90 * _DAY_S)]
    duplicate_s: Annotated[int, Meta(ge=0, le=90 * _DAY_S)]
    """Of invitations to one thread closer together than this only the first counts."""
    reported_free_s: Annotated[int, Meta(ge=0, le=90 * _DAY_S)]
    """A report of spam later than this changes no number."""
    responsive_rate: Rate
    very_responsive_rate: Rate
    """At least `responsive_rate`."""
    labels_s: tuple[tuple[Name, Seconds], ...]
    """Name and greatest median, strictly ascending."""
    label_beyond: Name
    """For a median above every limit, and for none at all."""

    def __post_init__(self) -> None:
        require(self.window_days <= self.extended_days, "extended_days must be at least window_days")
        require(
            self.responsive_rate <= self.very_responsive_rate,
            "very_responsive_rate must be at least responsive_rate",
        )
        require(ascends(limit for _, limit in self.labels_s), "labels_s must ascend")
        names = {self.label_beyond, *(name for name, _ in self.labels_s)}
        require(len(names) == len(self.labels_s) + 1, "labels must differ")


class MarketplacePolicy(Section, frozen=True):
    """Every number and switch that a marketplace may set."""

    version: Annotated[int, Meta(ge=1)]
    """Raised with every change; verdicts and published numbers carry it."""
    new_threads_per_day: Quota
    """Threads that a client may open."""
    edit_window_s: Annotated[int, Meta(ge=0, le=_DAY_S)]
    """How long an author may edit a message."""
    invitation_expiry_s: Seconds
    """Counted, like the reminders, from the commit of the invitation."""
    invitation_reminders_s: tuple[Seconds, ...]
    """Strictly ascending, all below the expiry; may be empty."""
    min_relationship_days: Annotated[int, Meta(ge=0, le=36_500)]
    """From the pair's first contract until it may pay outside without a fee."""
    may_exempt_plans: bool
    """Pairs may be flagged `exempt_plan`: contact details pass before a contract, payment outside does not."""
    require_terms: bool
    """Only users whose acceptance of the terms of service the backend has told may write."""
    offers: OffersPolicy
    links: LinksPolicy
    connects: ConnectsPolicy
    clients: ClientsPolicy
    availability: AvailabilityPolicy
    access_grants: AccessGrantsPolicy
    safety: SafetyPolicy
    moderation: ModerationPolicy
    webhooks: WebhooksPolicy
    community: CommunityPolicy
    calls: CallsPolicy
    response_speed: ResponseSpeedPolicy
    team: TeamPolicy

    def __post_init__(self) -> None:
        require(
            ascends((*self.invitation_reminders_s, self.invitation_expiry_s)),
            "invitation_reminders_s must ascend and stay below invitation_expiry_s",
        )


def from_toml(text: str) -> MarketplacePolicy:
    """Read a whole policy; every entry must be there, and none else.

    Raises:
        PolicyError: not TOML, an entry is missing, unknown, out of bounds or at odds with another.
    """
    try:
        return convert(tomllib.loads(text), MarketplacePolicy)
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise PolicyError(str(error)) from error


@cache
def default_policy() -> MarketplacePolicy:
    """Return the policy that is shipped; read from the package once."""
    file = resources.files("greenroom_server.domain") / "policy" / "default.toml"
    return from_toml(file.read_text("utf-8"))
