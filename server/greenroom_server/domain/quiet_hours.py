"""Quiet hours: the hours of a day, in a time zone, in which somebody would rather not be disturbed.

Names of zones need the machine's time zone data (the package tzdata where the system has none); `UTC` and offsets such
as `+05:30` need nothing.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])").fullmatch
_OFFSET: Final = re.compile(r"([+-])(0[0-9]|1[0-4]):([0-5][0-9])").fullmatch
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}").fullmatch


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From when to when, `HH:MM` each; `to` is the minute after the last. The same twice means all day."""

    start: str
    end: str
    tz: str

    def is_now(self, now_ms: int) -> bool:
        """Say whether a time (UTC ms) lies in them; never, where the machine does not know the zone."""
        zone = zone_of(self.tz)
        if zone is None:
            return False
        local = datetime.fromtimestamp(now_ms / 1000, zone)
        minute, start, end = local.hour * 60 + local.minute, _minute(self.start), _minute(self.end)
        return start <= minute < end if start < end else minute >= start or minute < end


@lru_cache(maxsize=1024)
def zone_of(name: str) -> tzinfo | None:
    """Give a time zone by its IANA name or its offset; None when it is not known here."""
    if name == "UTC":
        return UTC
    offset = _OFFSET(name)
    if offset is not None:
        minutes = int(offset[2]) * 60 + int(offset[3])
        return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    if _NAME(name) is None:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None  # no such zone, a folder of them, or no data on this machine


def _minute(clock: str) -> int:
    match = _CLOCK(clock)
    assert match is not None, "checked when it came in"
    return int(match[1]) * 60 + int(match[2])
