"""Availability: the paid badge, time away, working hours; what a freelancer sees of a client.

Source: protocol/spec/directory.md.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from greenroom_protocol import limits
from greenroom_protocol.bases import Command, Event, Reply
from greenroom_protocol.fields import CommandId, UserId
from greenroom_protocol.profiles import HoursView, ShiftView, SpeedView


class AvailabilitySet(Command, tag="availability.set"):
    """Switch one's own availability badge, inside the time it is paid for (freelancer only)."""

    id: CommandId
    is_on: bool


class AwaySet(Command, tag="away.set"):
    """Say that one is away until a time, or back (freelancer only); free of charge."""

    id: CommandId
    until: Annotated[int, Meta(ge=0, le=limits.MAX_INTEGER)] | None
    """UTC milliseconds, in the future; null: back."""


class HoursSet(Command, tag="hours.set"):
    """Publish one's own working hours, in force from next Monday on (freelancer only)."""

    id: CommandId
    zone: Annotated[str, Meta(min_length=1, max_length=64)]
    """IANA time zone, for example `Europe/Berlin`."""
    shifts: Annotated[list[ShiftView], Meta(max_length=42)] = field(default_factory=list)
    """In any order, without overlaps; empty publishes none."""


class ClientGet(Command, tag="client.get"):
    """Read what a freelancer sees of a client: jobs, past contracts, how readily they answer."""

    id: CommandId
    client: UserId


class AvailabilityReply(Reply, tag="availability.set"):
    """The badge as it is now."""

    is_on: bool
    paid_until: int
    unanswered: int
    """Invitations that have waited for more than a day: with the badge on, answer or decline them."""


class AwayReply(Reply, tag="away.set"):
    """Away, or back."""

    until: int | None
    """Null: back."""


class HoursReply(Reply, tag="hours.set"):
    """The hours are published."""

    hours: HoursView


class ClientView(Struct, kw_only=True):
    """A client, as freelancers see them."""

    client: str
    name: str
    open_jobs: int
    """At most 100 are counted."""
    contracts: int
    """Conversations with this client that became contracts."""
    speed: SpeedView
    """How readily they answer proposals and acceptances."""


class ClientPage(Reply, tag="client.get"):
    """One client."""

    client: ClientView


class BadgeChanged(Event, tag="badge.changed"):
    """One's own availability badge was granted, switched or has lapsed."""

    change: Literal["granted", "ended", "on", "off", "lapsed"]
    is_on: bool
    paid_until: int


class BadgeWarned(Event, tag="badge.warned"):
    """The badge is on while invitations wait unanswered: answer or decline them, or switch it off."""

    unanswered: int
    """Invitations that have waited for more than a day."""


class AwayChanged(Event, tag="away.changed"):
    """One is away, or back."""

    until: int | None
    """Null: back."""


class SpeedChanged(Event, tag="speed.changed"):
    """The label or the badge of one's own response speed moved."""

    label: str | None
    badge: str | None


Commands = AvailabilitySet | AwaySet | HoursSet | ClientGet
Replies = AvailabilityReply | AwayReply | HoursReply | ClientPage
Events = BadgeChanged | BadgeWarned | AwayChanged | SpeedChanged
