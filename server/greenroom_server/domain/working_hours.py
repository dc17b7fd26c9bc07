"""Published working hours: a week of shifts in a time zone, in force from a Monday on.

They only add a second line to the rows of response speed; the published numbers do not know them.

Source: server/docs/response-speed.md, Working hours.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DAY_MINUTES = 24 * 60


class Shift(NamedTuple):
    """One span of working time."""

    day: int
    """0 is Monday, 6 Sunday."""
    from_min: int
    """Minutes since midnight, 0 to 1439."""
    to_min: int
    """Above `from_min`, at most 1440."""


@dataclass(frozen=True, slots=True)
class Week:
    """The working hours in force from a time on; without shifts none are published."""

    from_ms: int
    zone: str
    """Name of the IANA time zone database."""
    shifts: tuple[Shift, ...]
    """Ascending, without overlaps."""


def is_zone(name: str) -> bool:
    """Say whether a time zone of that name is known here."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def are_apart(shifts: Sequence[Shift]) -> bool:
    """Say whether sorted shifts are spans inside their days that do not overlap."""
    if not all(0 <= s.day <= 6 and 0 <= s.from_min < s.to_min <= _DAY_MINUTES for s in shifts):
        return False
    return all(one.day < other.day or one.to_min <= other.from_min for one, other in pairwise(shifts))


def minutes(shifts: Sequence[Shift]) -> int:
    """Give the length of a week's shifts."""
    return sum(shift.to_min - shift.from_min for shift in shifts)


def next_monday_ms(now_ms: int, zone: str) -> int:
    """Give the beginning of the next week in a time zone, always in the future."""
    today = _local_day(now_ms, zone)
    return _at_ms(today + timedelta(days=7 - today.weekday()), 0, zone)


def publish(weeks: Sequence[Week], new: Week, now_ms: int, kept_ms: int) -> tuple[Week, ...]:
    """Add working hours that begin in the future; what has been out of force for `kept_ms` is forgotten."""
    all_ = [*(week for week in weeks if week.from_ms <= now_ms), new]
    return (*(week for week, later in pairwise(all_) if later.from_ms > now_ms - kept_ms), new)


def worked_ms(begin_ms: int, end_ms: int, weeks: Sequence[Week]) -> int | None:
    """Give how much of a span is working time; None when no hours were in force at its beginning."""
    in_force = [week for week in weeks if week.from_ms <= begin_ms]
    if not in_force or not in_force[-1].shifts:
        return None
    ends_ms = [week.from_ms for week in weeks[1:]]
    total_ms = 0
    for i, week in enumerate(weeks):
        first_ms = max(begin_ms, week.from_ms)
        last_ms = min(end_ms, ends_ms[i]) if i < len(ends_ms) else end_ms
        if first_ms < last_ms:
            spans = _spans(week, first_ms, last_ms)
            total_ms += sum(max(0, min(last_ms, to_ms) - max(first_ms, from_ms)) for from_ms, to_ms in spans)
    return total_ms


def _spans(week: Week, begin_ms: int, end_ms: int) -> Iterator[tuple[int, int]]:
    day, last = _local_day(begin_ms, week.zone), _local_day(end_ms, week.zone)
    while day <= last:
        for shift in week.shifts:
            if shift.day == day.weekday():
                yield _at_ms(day, shift.from_min, week.zone), _at_ms(day, shift.to_min, week.zone)
        day += timedelta(days=1)


def _local_day(at_ms: int, zone: str) -> date:
    return datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(ZoneInfo(zone)).date()


def _at_ms(day: date, minute: int, zone: str) -> int:
    if minute == _DAY_MINUTES:
        day, minute = day + timedelta(days=1), 0
    moment = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=ZoneInfo(zone))
    return int(moment.timestamp()) * 1000
