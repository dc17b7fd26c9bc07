"""Profiles, jobs and response speed: parts of several frames.

Source: protocol/spec/response-speed.md.
"""

from msgspec import Struct


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


class ProfileView(Struct, kw_only=True):
    """A freelancer's public profile."""

    freelancer: str
    name: str
    headline: str
    skills: list[str]
    hourly_rate: float | None
    currency: str
    speed: SpeedView


class JobView(Struct, kw_only=True):
    """A job of one's own."""

    job: str
    title: str
    is_open: bool


class MetricsRow(Struct, kw_only=True):
    """One obligation: what was owed, when it was answered, how it counts."""

    thread: str
    kind: str
    t0: int
    t1: int | None
    elapsed_s: float | None
    outcome: str
