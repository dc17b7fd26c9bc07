"""How badge, time away and working hours are written in a freelancer's record: short texts, the same each time."""

from typing import Final

import msgspec

from greenroom_server.domain.badge import Badge
from greenroom_server.domain.response_clock import Interval
from greenroom_server.domain.working_hours import Week

_decode_hours: Final = msgspec.json.Decoder(tuple[Week, ...]).decode


def write_badge(badge: Badge) -> str:
    """Write a badge; one that was never bought as nothing."""
    return "" if badge == Badge() else f"{badge.paid_until_ms} {int(badge.is_on)}"


def read_badge(text: str) -> Badge:
    """Read a badge."""
    if not text:
        return Badge()
    paid_until, is_on = text.split(" ")
    return Badge(int(paid_until), is_on == "1")


def write_away(away: tuple[Interval, ...]) -> str:
    """Write times away."""
    return ",".join(f"{begin_ms}-{end_ms}" for begin_ms, end_ms in away)


def read_away(text: str) -> tuple[Interval, ...]:
    """Read times away."""
    pairs = (part.split("-") for part in text.split(",") if part)
    return tuple(Interval(int(begin_ms), int(end_ms)) for begin_ms, end_ms in pairs)


def write_hours(weeks: tuple[Week, ...]) -> str:
    """Write working hours."""
    return msgspec.json.encode(weeks).decode() if weeks else ""


def read_hours(text: str) -> tuple[Week, ...]:
    """Read working hours."""
    return _decode_hours(text) if text else ()
