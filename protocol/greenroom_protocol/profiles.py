"""Profiles, jobs and response speed: parts of several frames.

Source: protocol/spec/response-speed.md.
"""

from typing import Annotated

from msgspec import Meta, Struct


class SpeedView(Struct, kw_only=True):
    """Response speed; null for unknown, never 0. See protocol/spec/response-speed.md."""

    t50_s: float | None
    t90_s: float | None
    rate24: float | None
    n: int
    n_open: int
    n_clients: int
    window_days: int
    as_of: int
    policy_version: str
    label: str | None
    badge: str | None
    reason: str | None
    have: int
    need: int


class ShiftView(Struct, kw_only=True, frozen=True):
    """One span of working time in a week."""

    day: Annotated[int, Meta(ge=0, le=6)]
    """0 is Monday, 6 Sunday."""
    begin: Annotated[int, Meta(ge=0, le=1_439)]
    """Minutes since midnight."""
    until: Annotated[int, Meta(ge=1, le=1_440)]
    """Minutes since midnight; above `begin`."""


class HoursView(Struct, kw_only=True):
    """Working hours as published."""

    zone: str
    """IANA time zone."""
    shifts: list[ShiftView]
    """From Monday on; empty: none are published."""
    effective_at: int
    """In force from this time on, UTC milliseconds."""


class ProfileView(Struct, kw_only=True):
    """A freelancer's public profile."""

    freelancer: str
    name: str
    headline: str
    skills: list[str]
    hourly_rate: float | None
    currency: str
    available: bool
    """The availability badge is on: highlight it."""
    away_until: int | None
    """Away until then, UTC milliseconds; null: here."""
    speed: SpeedView
    """Of invitations and first messages together."""
    invitation_speed: SpeedView | None = None
    """Of invitations alone, once there are enough."""
    hours: HoursView | None = None
    """Working hours in force now; null: none are published."""


class JobView(Struct, kw_only=True):
    """A job of one's own."""

    job: str
    title: str
    is_open: bool


class MetricsRow(Struct, kw_only=True):
    """One obligation: what was owed, when it was answered, how it counts."""

    id: str
    """Names the row in an appeal."""
    thread: str
    kind: str
    t0: int
    t1: int | None
    elapsed_s: float | None
    elapsed_wh_s: float | None = None
    """The part of it inside the published working hours; null without."""
    outcome: str
    counted: bool = False
    """It is one of the `n` behind the figures."""
