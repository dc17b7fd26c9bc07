"""Response speed: measured from the stored obligations, shown on profiles, told when it moved.

The same measure serves both sides: a freelancer's obligations, and the mirror of what a client owes.

Source: server/docs/response-speed.md.
"""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import msgspec

from greenroom_protocol.availability import SpeedChanged
from greenroom_protocol.profiles import SpeedView
from greenroom_protocol.pushes import MetricsChanged
from greenroom_server.delivery.hub import Hub
from greenroom_server.domain.ids import user_partition
from greenroom_server.domain.obligation import Obligation, ObligationOutcome
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.response_clock import Clock
from greenroom_server.domain.response_speed import (
    MIRROR_KINDS,
    PUBLIC_KINDS,
    Circumstances,
    LabelState,
    SpeedReport,
    evaluate_daily,
    measure,
)
from greenroom_server.store.alterations import Alteration, Alterations
from greenroom_server.store.errors import StoreError
from greenroom_server.store.obligations import Obligations, Side
from greenroom_server.store.people import People, Profile
from greenroom_server.store.timers import Timers
from greenroom_server.telemetry.tasks import Tasks
from greenroom_server.usecases.deadlines import Deadlines
from greenroom_server.usecases.notices import Notices
from greenroom_server.usecases.outages import Outages
from greenroom_server.usecases.standings import Standings

_DAY_MS: Final = 86_400_000
_SPREAD_MS: Final = 3 * 3_600_000
"""The daily evaluations are spread over the first hours of the day (UTC)."""
TIMER: Final = "speed"


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything one measurement rests on, and what it found."""

    obligations: Sequence[Obligation]
    when: Circumstances
    report: SpeedReport
    now_ms: int


@dataclass(frozen=True, slots=True)
class SpeedStore:
    """What of the store response speed reads and writes."""

    people: People
    obligations: Obligations
    alterations: Alterations
    timers: Timers


class Speed:
    """Measures and tells response speed."""

    def __init__(
        self,
        store: SpeedStore,
        outages: Outages,
        standings: Standings,
        hub: Hub,
        notices: Notices,
        policy: MarketplacePolicy,
        tasks: Tasks,
        now_ms: Callable[[], int],
    ) -> None:
        self._store = store
        self._outages = outages
        self._standings = standings
        self._hub = hub
        self._notices = notices
        self._policy = policy
        self._tasks = tasks
        self._now_ms = now_ms
        self._due: set[str] = set()
        self.on_day: Callable[[Profile, Measured], Awaitable[object]] | None = None
        """Called once a day with a freelancer's profile and what was measured."""
        self.on_note: Callable[[int, str], object] = lambda _partition, _kind: None
        """Called with partition and kind after a pointer for the followers of changes was written."""

    async def freelancer(self, profile: Profile) -> Measured:
        """Measure a freelancer now; the first reading of a day moves the label."""
        now_ms = self._now_ms()
        obligations = await self._obligations("freelancer", profile.freelancer, now_ms)
        when = Circumstances(
            Clock(await self._outages.all(), profile.away, profile.hours),
            await self._standings.of("freelancer", profile.freelancer, (o.client for o in obligations)),
        )
        state = _state(profile.speed_label)
        measured = Measured(obligations, when, measure(obligations, now_ms, self._policy, state, when=when), now_ms)
        evaluated = self._evaluated(state, measured.report, now_ms)
        if evaluated == state:
            return measured
        await self._save_label(profile, state, evaluated, measured)
        return Measured(obligations, when, measure(obligations, now_ms, self._policy, evaluated, when=when), now_ms)

    async def view(self, freelancer: str) -> SpeedView:
        """Measure a freelancer's public response speed now."""
        profile = await self._store.people.profile(freelancer) or nobody(freelancer)
        return speed_view((await self.freelancer(profile)).report)

    async def client(self, client: str) -> Measured:
        """Measure how readily a client answers proposals and acceptances."""
        now_ms = self._now_ms()
        obligations = await self._obligations("client", client, now_ms)
        others = await self._standings.of("client", client, (o.client for o in obligations))
        when = Circumstances(Clock(await self._outages.all()), others)
        label = await self._store.people.speed_label(client)
        state = _state(label)
        report = measure(obligations, now_ms, self._policy, state, kinds=MIRROR_KINDS, when=when)
        evaluated = self._evaluated(state, report, now_ms)
        if evaluated != state:
            what = Alteration(name="speed_label", old=label, new=_write(evaluated))
            await self._store.alterations.account(client, what)
            report = measure(obligations, now_ms, self._policy, evaluated, kinds=MIRROR_KINDS, when=when)
        return Measured(obligations, when, report, now_ms)

    async def exclude(self, freelancer: str, thread: str, outcome: ObligationOutcome, at_ms: int) -> bool:
        """Note what moderation says of the latest public obligation of a thread; may be repeated.

        Args:
            outcome: `excluded_reported` for a report by the freelancer, which changes nothing when it is later than
                a day; `excluded_spam` for a finding; `declined` for a report that was overruled.
            at_ms: when it was reported.

        Returns:
            False when there was nothing to judge.
        """
        speed = self._policy.response_speed
        is_finding = outcome is ObligationOutcome.EXCLUDED_SPAM
        reach_ms = speed.extended_days * _DAY_MS if is_finding else speed.reported_free_s * 1000
        found = await self._store.obligations.of("freelancer", freelancer, at_ms - reach_ms + 1)
        of_thread = (o for o in found if o.thread == thread and o.t0_ms <= at_ms and o.kind in PUBLIC_KINDS)
        latest = next(of_thread, None)
        if latest is None:
            return False
        done = await self._store.obligations.judge(freelancer, latest.id, outcome, at_ms)
        self.answered(freelancer)
        return done

    def answered(self, freelancer: str) -> None:
        """An obligation was settled: tell the freelancer's connections, once for answers close together."""
        if freelancer in self._due or self._hub.feed(freelancer) is None:
            return
        self._due.add(freelancer)
        self._tasks.spawn(self._tell(freelancer), "metrics")

    def keep_deadlines(self, deadlines: Deadlines) -> None:
        """Evaluate once a day whoever has something in the window."""

        async def evaluate(partition: int, member: str) -> None:
            profile = await self._store.people.profile(member.partition(" ")[2])
            if profile is None:
                await self._store.timers.drop(partition, member)
                return
            measured = await self.freelancer(profile)
            if self.on_day is not None:
                await self.on_day(profile, measured)
            if measured.obligations:
                at_ms = _next_day_ms(profile.freelancer, measured.now_ms)
                await self._store.timers.set(partition, member, at_ms)
            else:
                await self._store.timers.drop(partition, member)

        deadlines.on(TIMER, evaluate)

    async def _obligations(self, side: Side, user: str, now_ms: int) -> list[Obligation]:
        since_ms = now_ms - self._policy.response_speed.extended_days * _DAY_MS
        names = await self._store.people.names_of(user)
        found = await asyncio.gather(*(self._store.obligations.of(side, name, since_ms) for name in names))
        return found[0] if len(found) == 1 else sorted(chain(*found), key=lambda o: (o.t0_ms, o.id), reverse=True)

    def _evaluated(self, state: LabelState | None, report: SpeedReport, now_ms: int) -> LabelState | None:
        """Give what the label rests on from now on.

        The evaluation of a day runs with its first reading; while there is no label yet, every reading may find the
        first one. With nothing to count and nothing remembered there is nothing to keep.
        """
        if state is None and not report.n and not report.n_open:
            return None
        if state is not None and state.label is not None:
            return evaluate_daily(state, report, self._policy)
        found = evaluate_daily(None, report, self._policy)
        return found if state is None or found.label is not None or found.day != state.day else state

    async def _save_label(
        self, profile: Profile, old: LabelState | None, new: LabelState | None, measured: Measured
    ) -> None:
        """Keep what the label rests on, if nobody else did meanwhile; when it moved, tell everybody who follows."""
        freelancer, moved = profile.freelancer, _shown(old) != _shown(new)
        label, badge = _shown(new)
        notice = SpeedChanged(label=label, badge=badge) if moved else None
        timer = (_next_day_ms(freelancer, measured.now_ms), f"{TIMER} {freelancer}")
        report = measured.report
        what = Alteration(
            name="speed_label", old=profile.speed_label, new=_write(new), notice=notice, timers=(timer,),
            change="profile.metrics" if moved else "",
            told={"label": label or "", "badge": badge or "", "n": report.n, "n_open": report.n_open,
                  "t50_ms": -1 if report.t50_s is None else round(report.t50_s * 1000)} if moved else {},
        )  # fmt: skip
        altered = await self._store.alterations.profile(freelancer, what)
        if altered is not None and notice is not None and altered.noticed is not None:
            self._notices.told(freelancer, notice, altered.noticed)
            self.on_note(user_partition(freelancer), what.change)

    async def _tell(self, freelancer: str) -> None:
        try:
            view = await self.view(freelancer)
        except StoreError:
            return  # the number is read again with the next answer or profile
        finally:
            self._due.discard(freelancer)
        self._hub.ephemeral(freelancer, MetricsChanged(speed=view), "metrics")


def speed_view(report: SpeedReport) -> SpeedView:
    """Show a report as the wire does."""
    return SpeedView(
        t50_s=report.t50_s, t90_s=report.t90_s, rate24=report.rate24, n=report.n, n_open=report.n_open,
        n_clients=report.n_clients, window_days=report.window_days, as_of=report.as_of_ms,
        policy_version=str(report.policy_version), label=report.label, badge=report.badge, reason=report.reason,
        have=report.have, need=report.need,
    )  # fmt: skip


def nobody(freelancer: str) -> Profile:
    """Stand for a freelancer without a profile: they may owe answers all the same."""
    return Profile(freelancer, "", "", (), None, "")


def _state(raw: str) -> LabelState | None:
    return msgspec.json.decode(raw, type=LabelState) if raw else None


def _write(state: LabelState | None) -> str:
    return "" if state is None else msgspec.json.encode(state).decode()


def _shown(state: LabelState | None) -> tuple[str | None, str | None]:
    return (None, None) if state is None else (state.label, state.badge)


def _next_day_ms(freelancer: str, now_ms: int) -> int:
    return (now_ms // _DAY_MS + 1) * _DAY_MS + zlib.crc32(freelancer.encode()) % _SPREAD_MS
