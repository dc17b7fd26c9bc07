"""The clock of response speed: how long somebody really had, less outages and time announced as away.

Intervals are half open: `begin_ms` is inside, `end_ms` is not.

Source: server/docs/response-speed.md, What counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from greenroom_server.domain.working_hours import Week, worked_ms


class Interval(NamedTuple):
    """A span of time, UTC ms."""

    begin_ms: int
    end_ms: int


def without(span: Interval, holes: Iterable[Interval]) -> list[Interval]:
    """Cut holes, in any order and perhaps overlapping, out of a span; nothing is left of an empty one."""
    left, begin_ms = [], span.begin_ms
    for hole in sorted(holes):
        if hole.begin_ms >= span.end_ms:
            break
        if hole.begin_ms > begin_ms:
            left.append(Interval(begin_ms, hole.begin_ms))
        begin_ms = max(begin_ms, hole.end_ms)
    if begin_ms < span.end_ms:
        left.append(Interval(begin_ms, span.end_ms))
    return left


@dataclass(frozen=True, slots=True)
class Clock:
    """What stops the clock of one person."""

    outages: tuple[Interval, ...] = ()
    """In which the service was declared down."""
    away: tuple[Interval, ...] = ()
    """In which the person was away; the last may end in the future."""
    hours: tuple[Week, ...] = ()
    """Published working hours, each in force from its own time on, ascending."""

    def began_away(self, t0_ms: int) -> bool:
        """Say whether something began while the person was already away."""
        return any(begin_ms < t0_ms < end_ms for begin_ms, end_ms in self.away)

    def age_ms(self, t0_ms: int, now_ms: int) -> int:
        """Give how long something has waited while the service was there."""
        return _total(self._counted(t0_ms, now_ms, self.outages))

    def elapsed_ms(self, t0_ms: int, t1_ms: int) -> int:
        """Give the time to a response, at least 0; time away counts as such only if it began before `t0_ms`."""
        return _total(self._counted(t0_ms, t1_ms, self._holes(t0_ms)))

    def elapsed_wh_ms(self, t0_ms: int, t1_ms: int) -> int | None:
        """Give the part of `elapsed_ms` inside the working hours; None when none were in force at `t0_ms`."""
        parts = [worked_ms(*part, self.hours) for part in self._counted(t0_ms, t1_ms, self._holes(t0_ms))]
        if worked_ms(t0_ms, t0_ms, self.hours) is None:
            return None
        return sum(part or 0 for part in parts)

    def _holes(self, t0_ms: int) -> tuple[Interval, ...]:
        return (*self.outages, *(away for away in self.away if away.begin_ms < t0_ms))

    def _counted(self, t0_ms: int, t1_ms: int, holes: tuple[Interval, ...]) -> list[Interval]:
        return without(Interval(t0_ms, t1_ms), holes)


def _total(intervals: list[Interval]) -> int:
    return sum(end_ms - begin_ms for begin_ms, end_ms in intervals)


def go_away(away: tuple[Interval, ...], until_ms: int, now_ms: int, kept_ms: int) -> tuple[Interval, ...]:
    """Be away until a time, or back when that is not in the future; what ended `kept_ms` ago is forgotten.

    While somebody is away the present interval gets another end; its begin stays.
    """
    kept = [interval for interval in away if interval.end_ms > now_ms - kept_ms]
    if kept and kept[-1].end_ms > now_ms:
        kept[-1] = Interval(kept[-1].begin_ms, max(until_ms, now_ms))
    elif until_ms > now_ms:
        kept.append(Interval(now_ms, until_ms))
    return tuple(kept)


def away_until_ms(away: tuple[Interval, ...], now_ms: int) -> int | None:
    """Give until when somebody is away now; None when they are there."""
    return next((end_ms for begin_ms, end_ms in away if begin_ms <= now_ms < end_ms), None)
