"""A freelancer's availability: the paid badge, time away, published working hours.

Each change is one step of the store: the record, the notice to the freelancer, the pointer for followers of changes.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from greenroom_protocol.availability import (
    AvailabilityReply,
    AvailabilitySet,
    AwayChanged,
    AwayReply,
    AwaySet,
    BadgeChanged,
    BadgeWarned,
    HoursReply,
    HoursSet,
)
from greenroom_protocol.profiles import HoursView, ShiftView
from greenroom_server.domain.badge import Badge, grant, lapse, switch
from greenroom_server.domain.ids import user_partition
from greenroom_server.domain.obligation import ObligationKind
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.response_clock import away_until_ms, go_away
from greenroom_server.domain.response_speed import rows, waiting
from greenroom_server.domain.thread_actions import Denied
from greenroom_server.domain.working_hours import Shift, Week, are_apart, is_zone, minutes, next_monday_ms, publish
from greenroom_server.store.alterations import Alteration, Alterations
from greenroom_server.store.people import People, Profile
from greenroom_server.store.profile_fields import write_away, write_badge, write_hours
from greenroom_server.store.timers import Timers
from greenroom_server.usecases.deadlines import Deadlines
from greenroom_server.usecases.notices import Notices
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError
from greenroom_server.usecases.search import Search
from greenroom_server.usecases.speed import Measured, Speed

_ATTEMPTS: Final = 3
_DAY_MS: Final = 86_400_000
_TIMER: Final = "badge"
_CONFLICT: Final = RefusedError(Refused("conflict"))
CHANGED: Final = "availability.changed"
"""Kind of the change that those who follow are told: the badge or the time away moved."""


class Availability:
    """Switches badges, takes note of time away and of working hours."""

    def __init__(
        self, people: People, alterations: Alterations, timers: Timers, search: Search, speed: Speed, notices: Notices,
        policy: MarketplacePolicy, now_ms: Callable[[], int],
    ) -> None:  # fmt: skip
        self._people = people
        self._alterations = alterations
        self._timers = timers
        self._search = search
        self._speed = speed
        self._notices = notices
        self._policy = policy
        self._now_ms = now_ms
        self.on_note: Callable[[int, str], object] = lambda _partition, _kind: None
        """Called with partition and kind after a pointer for the followers of changes was written."""

    async def grant(self, freelancer: str, paid_until_ms: int) -> Profile:
        """Set until when a badge is paid for, as the marketplace decides; a time that is over ends it."""
        for _ in range(_ATTEMPTS):
            profile, now_ms = await self._profile(freelancer, NOT_FOUND), self._now_ms()
            new = grant(profile.badge, paid_until_ms, now_ms)
            is_paid = now_ms < paid_until_ms
            if new == profile.badge or await self._save(profile, new, "granted" if is_paid else "ended"):
                return profile._replace(badge=new)
        raise _CONFLICT

    async def switch(self, user: str, command: AvailabilitySet) -> AvailabilityReply:
        """Turn one's own badge on or off."""
        for _ in range(_ATTEMPTS):
            profile, now_ms = await self._own(user), self._now_ms()
            new = switch(profile.badge, command.is_on, now_ms)
            if isinstance(new, Denied):
                raise RefusedError(Refused(new.code))
            if new == profile.badge or await self._save(profile, new, "on" if new.is_on else "off"):
                unanswered = self._unanswered(await self._speed.freelancer(profile))
                return AvailabilityReply(
                    id=command.id, is_on=new.is_on, paid_until=new.paid_until_ms, unanswered=unanswered
                )
        raise _CONFLICT

    async def away(self, user: str, command: AwaySet) -> AwayReply:
        """Be away until a time, or back."""
        for _ in range(_ATTEMPTS):
            profile, now_ms = await self._own(user), self._now_ms()
            longest_ms = self._policy.availability.away_max_days * _DAY_MS
            if command.until is not None and not now_ms < command.until <= now_ms + longest_ms:
                raise RefusedError(Refused("away.until"))
            kept_ms = (self._policy.response_speed.extended_days + 1) * _DAY_MS
            new = go_away(profile.away, command.until or now_ms, now_ms, kept_ms)
            until = away_until_ms(new, now_ms)
            what = Alteration(
                name="away", old=write_away(profile.away), new=write_away(new), notice=AwayChanged(until=until),
                change=CHANGED, told=_told(profile.badge, until, now_ms),
            )  # fmt: skip
            if await self._alter(user, what):
                return AwayReply(id=command.id, until=until)
        raise _CONFLICT

    async def publish_hours(self, user: str, command: HoursSet) -> HoursReply:
        """Publish one's own working hours, in force from next Monday on."""
        shifts = tuple(sorted(Shift(each.day, each.begin, each.until) for each in command.shifts))
        if not is_zone(command.zone) or not are_apart(shifts):
            raise RefusedError(Refused("hours.invalid"))
        if shifts and minutes(shifts) < self._policy.availability.week_min_hours * 60:
            raise RefusedError(Refused("hours.too_few"))
        for _ in range(_ATTEMPTS):
            profile, now_ms = await self._own(user), self._now_ms()
            week = Week(next_monday_ms(now_ms, command.zone), command.zone, shifts)
            kept_ms = (self._policy.response_speed.extended_days + 1) * _DAY_MS
            new = publish(profile.hours, week, now_ms, kept_ms)
            what = Alteration(name="hours", old=write_hours(profile.hours), new=write_hours(new))
            if await self._alter(user, what):
                return HoursReply(id=command.id, hours=hours_view(week))
        raise _CONFLICT

    def keep_deadlines(self, deadlines: Deadlines) -> None:
        """Let badges lapse, and warn once a day whose badge contradicts what they do."""
        deadlines.on(_TIMER, self._lapse)
        self._speed.on_day = self._warn

    async def _lapse(self, partition: int, member: str) -> None:
        profile, now_ms = await self._people.profile(member.partition(" ")[2]), self._now_ms()
        if profile is not None and now_ms < profile.badge.paid_until_ms:
            await self._timers.set(partition, member, profile.badge.paid_until_ms)
        elif profile is None or not profile.badge.is_on:
            await self._timers.drop(partition, member)
        else:  # when somebody else was first, it stays due and is looked at again
            await self._save(profile, lapse(profile.badge, now_ms), "lapsed")

    async def _warn(self, profile: Profile, measured: Measured) -> None:
        unanswered = self._unanswered(measured)
        if unanswered and profile.badge.shows(measured.now_ms):
            await self._notices.tell(profile.freelancer, BadgeWarned(unanswered=unanswered))

    def _unanswered(self, measured: Measured) -> int:
        explained = rows(measured.obligations, measured.now_ms, self._policy, when=measured.when)
        return waiting(explained, ObligationKind.INVITATION, self._policy.availability.warn_after_s, measured.now_ms)

    async def _save(self, profile: Profile, new: Badge, change: str) -> bool:
        """Write a badge with its timer, its notice and its pointer; False when it was no longer as it was read."""
        member, now_ms = f"{_TIMER} {profile.freelancer}", self._now_ms()
        is_running = now_ms < new.paid_until_ms
        what = Alteration(
            name="badge", old=write_badge(profile.badge), new=write_badge(new),
            notice=BadgeChanged(change=change, is_on=new.is_on, paid_until=new.paid_until_ms),  # type: ignore[arg-type]
            timers=((new.paid_until_ms, member),) if is_running else (),
            drop_timers=() if is_running else (member,),
            change=CHANGED, told=_told(new, away_until_ms(profile.away, now_ms), now_ms),
        )  # fmt: skip
        if not await self._alter(profile.freelancer, what):
            return False
        if new.is_on != profile.badge.is_on:
            await self._search.index(profile._replace(badge=new))
        return True

    async def _alter(self, user: str, what: Alteration) -> bool:
        altered = await self._alterations.profile(user, what)
        if altered is None:
            await asyncio.sleep(0)
            return False
        if what.notice is not None and altered.noticed is not None:
            self._notices.told(user, what.notice, altered.noticed)
        if what.change:
            self.on_note(user_partition(user), what.change)
        return True

    async def _own(self, user: str) -> Profile:
        return await self._profile(user, Refused("perm.freelancer_only"))

    async def _profile(self, freelancer: str, otherwise: Refused) -> Profile:
        profile = await self._people.profile(freelancer)
        if profile is None:
            raise RefusedError(otherwise)
        return profile


def hours_view(week: Week) -> HoursView:
    """Show working hours as the wire does."""
    shifts = [ShiftView(day=shift.day, begin=shift.from_min, until=shift.to_min) for shift in week.shifts]
    return HoursView(zone=week.zone, shifts=shifts, effective_at=week.from_ms)


def _told(badge: Badge, away_until: int | None, now_ms: int) -> dict[str, str | int]:
    return {"is_available": int(badge.shows(now_ms)), "paid_until": badge.paid_until_ms, "away_until": away_until or 0}
