"""How fast a freelancer answers: the published numbers and the rows that explain them.

`measure` is the definition; `SpeedWindow` keeps what it needs between events. An unanswered obligation counts as
infinitely slow, so that ignoring one never helps.

Source: server/docs/response-speed.md.
"""

from bisect import insort
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from greenroom_server.domain.obligation import (
    ANSWERED,
    EXCLUDED,
    Obligation,
    ObligationKind,
    ObligationOutcome,
    as_judged,
)
from greenroom_server.domain.policy import MarketplacePolicy, ResponseSpeedPolicy
from greenroom_server.domain.response_clock import Clock

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS

PUBLIC_KINDS = frozenset({ObligationKind.INVITATION, ObligationKind.FIRST})
"""What the number on a profile is made of; a follow-up is shown to the freelancer alone."""
INVITATIONS = frozenset({ObligationKind.INVITATION})
FOLLOWUPS = frozenset({ObligationKind.FOLLOWUP})
MIRROR_KINDS = frozenset({ObligationKind.PROPOSAL, ObligationKind.ACCEPT})
"""What a client owes; kept with the client and measured by the same rules."""

Badge = Literal["responsive", "very_responsive"]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What decides about an obligation besides itself."""

    clock: Clock = field(default_factory=Clock)
    others: Mapping[str, ObligationOutcome] = field(default_factory=dict)
    """People on the other side whose obligations never count, and why: banned, synthetic, blocked."""


ORDINARY = Circumstances()
"""No outage, nobody away, everybody in good standing."""


@dataclass(frozen=True, slots=True)
class SpeedReport:
    """The response speed at one moment; nothing unknown is ever 0.

    With a `reason` the numbers are unknown. Without one, a time that is None means *never*: too many are unanswered.
    """

    n: int
    """Obligations that count."""
    n_open: int
    """Open ones that are too young to count."""
    n_clients: int
    """Distinct clients among those that count."""
    window_days: int
    as_of_ms: int
    policy_version: int
    have: int
    """The same as `n`; with `need` it tells how far a newcomer is."""
    need: int
    need_clients: int
    t50_s: float | None = None
    """Median time to a response."""
    t90_s: float | None = None
    rate1: float | None = None
    """Share answered within an hour, 0..1."""
    rate24: float | None = None
    rate72: float | None = None
    """Of those answered or older than 72 h; None also when there is none."""
    label: str | None = None
    """A name of the policy's `labels_s`; moves later than the numbers."""
    badge: Badge | None = None
    reason: Literal["insufficient_data"] | None = "insufficient_data"


@dataclass(frozen=True, slots=True)
class LabelState:
    """What is shown between two daily evaluations, and what the last one found."""

    day: int
    """UTC days since 1970 of the last evaluation."""
    label: str | None = None
    badge: Badge | None = None
    found_label: str | None = None
    found_badge: Badge | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One obligation as the freelancer sees it."""

    obligation: Obligation
    elapsed_s: float | None
    outcome: ObligationOutcome
    is_counted: bool


def measure(
    obligations: Iterable[Obligation],
    now_ms: int,
    policy: MarketplacePolicy,
    state: LabelState | None = None,
    *,
    kinds: frozenset[ObligationKind] = PUBLIC_KINDS,
    when: Circumstances = ORDINARY,
) -> SpeedReport:
    """Measure one person's obligations, given in any order."""
    explained = list(rows(obligations, now_ms, policy, kinds=kinds, when=when))
    return _report(explained, now_ms, policy, state, kinds)


def rows(
    obligations: Iterable[Obligation],
    now_ms: int,
    policy: MarketplacePolicy,
    *,
    kinds: frozenset[ObligationKind] = PUBLIC_KINDS,
    when: Circumstances = ORDINARY,
) -> Iterator[Row]:
    """Explain every obligation, newest first: what became of it and whether it counts."""
    speed, clock = policy.response_speed, when.clock
    of_client: Counter[str] = Counter()
    counted = 0
    for o, outcome in reversed(_standing(obligations, now_ms, speed, when)):
        elapsed_ms = clock.elapsed_ms(o.t0_ms, o.t1_ms) if outcome in ANSWERED and o.t1_ms is not None else None
        is_counted = (
            o.kind in kinds
            and outcome not in EXCLUDED
            and (elapsed_ms is not None or clock.age_ms(o.t0_ms, now_ms) >= speed.mature_s * 1000)
            and _is_within(now_ms - o.t0_ms, counted, speed)
        )
        if is_counted and of_client[o.client] == speed.max_per_client:
            outcome, is_counted = ObligationOutcome.EXCLUDED_QUOTA, False
        of_client[o.client] += is_counted
        counted += is_counted
        yield Row(o, None if elapsed_ms is None else elapsed_ms / 1000, outcome, is_counted)


def waiting(explained: Iterable[Row], kind: ObligationKind, longer_than_s: int, now_ms: int) -> int:
    """Count what of a kind is open for longer than a time and not excluded."""
    open_ = (ObligationOutcome.OPEN, ObligationOutcome.UNANSWERED)
    return sum(
        row.outcome in open_ and row.obligation.kind is kind and now_ms - row.obligation.t0_ms > longer_than_s * 1000
        for row in explained
    )


def evaluate_daily(state: LabelState | None, report: SpeedReport, policy: MarketplacePolicy) -> LabelState:
    """Move label and badge to what two evaluations in a row have found.

    A first label, and the loss of enough data, show at once. A second evaluation on the same day changes nothing.
    """
    day = report.as_of_ms // _DAY_MS
    if state is not None and day <= state.day:
        return state
    if report.reason is not None:
        return LabelState(day)
    label, badge = _named(report.t50_s, report.rate24, policy.response_speed)
    if state is None or state.label is None:
        return LabelState(day, label, badge, label, badge)
    return LabelState(
        day,
        label if label == state.found_label else state.label,
        badge if badge == state.found_badge else state.badge,
        label,
        badge,
    )


class SpeedWindow:
    """The obligations of one freelancer that may still count, kept in order of their start.

    A change costs one search, O(log n); a report one pass over the window, and equals `measure` over everything ever
    added.
    """

    def __init__(self, policy: MarketplacePolicy) -> None:
        """Start empty; the policy's extended window decides what is kept."""
        self._policy = policy
        self._known: dict[str, Obligation] = {}
        self._order: list[tuple[int, str]] = []

    def __len__(self) -> int:
        return len(self._order)

    def add(self, obligation: Obligation) -> bool:
        """Take a new obligation; False if its id is known already."""
        if obligation.id in self._known:
            return False
        self._known[obligation.id] = obligation
        insort(self._order, _by_start(obligation))
        return True

    def answer(self, obligation_id: str, t1_ms: int, outcome: ObligationOutcome) -> bool:
        """Settle an obligation that still waits; False if it is unknown or settled."""
        known = self._known.get(obligation_id)
        if known is None or known.t1_ms is not None:
            return False
        self._known[obligation_id] = replace(known, t1_ms=t1_ms, outcome=outcome)
        return True

    def judge(self, obligation_id: str, outcome: ObligationOutcome, at_ms: int) -> bool:
        """Note what moderation says of an obligation, settled or not; False if it is unknown."""
        known = self._known.get(obligation_id)
        if known is not None:
            self._known[obligation_id] = replace(known, judged=outcome, judged_at_ms=at_ms)
        return known is not None

    def sweep(self, now_ms: int) -> int:
        """Forget what can never count again; return how many."""
        oldest_ms = now_ms - self._policy.response_speed.extended_days * _DAY_MS
        gone = 0
        while gone < len(self._order) and self._order[gone][0] < oldest_ms:
            del self._known[self._order[gone][1]]
            gone += 1
        del self._order[:gone]
        return gone

    def rows(
        self, now_ms: int, *, kinds: frozenset[ObligationKind] = PUBLIC_KINDS, when: Circumstances = ORDINARY
    ) -> Iterator[Row]:
        """Explain what is kept, newest first."""
        return rows((self._known[key] for _, key in self._order), now_ms, self._policy, kinds=kinds, when=when)

    def report(
        self,
        now_ms: int,
        state: LabelState | None = None,
        *,
        kinds: frozenset[ObligationKind] = PUBLIC_KINDS,
        when: Circumstances = ORDINARY,
    ) -> SpeedReport:
        """Measure what is kept."""
        return _report(list(self.rows(now_ms, kinds=kinds, when=when)), now_ms, self._policy, state, kinds)


def _report(
    explained: list[Row],
    now_ms: int,
    policy: MarketplacePolicy,
    state: LabelState | None,
    kinds: frozenset[ObligationKind],
) -> SpeedReport:
    speed = policy.response_speed
    counted = [row for row in explained if row.is_counted]
    n, n_clients = len(counted), len({row.obligation.client for row in counted})
    is_extended = any(now_ms - row.obligation.t0_ms > speed.window_days * _DAY_MS for row in counted)
    unknown = SpeedReport(
        n=n,
        n_open=sum(row.outcome is ObligationOutcome.OPEN and row.obligation.kind in kinds for row in explained),
        n_clients=n_clients,
        window_days=speed.extended_days if is_extended else speed.window_days,
        as_of_ms=now_ms,
        policy_version=policy.version,
        have=n,
        need=speed.min_count,
        need_clients=speed.min_clients,
    )
    if n < speed.min_count or n_clients < speed.min_clients:
        return unknown
    times = sorted(round(row.elapsed_s * 1000) for row in counted if row.elapsed_s is not None)
    judged72 = sum(row.elapsed_s is not None or now_ms - row.obligation.t0_ms >= 3 * _DAY_MS for row in counted)
    t50_s, rate24 = _quantile_s(times, n, 50), _rate(times, n, _DAY_MS)
    label, badge = _named(t50_s, rate24, speed)
    if state is not None and state.label is not None:
        label, badge = state.label, state.badge
    return replace(
        unknown,
        t50_s=t50_s,
        t90_s=_quantile_s(times, n, 90),
        rate1=_rate(times, n, _HOUR_MS),
        rate24=rate24,
        rate72=_rate(times, judged72, 3 * _DAY_MS),
        label=label,
        badge=badge,
        reason=None,
    )


def _by_start(o: Obligation) -> tuple[int, str]:
    return o.t0_ms, o.id


def _standing(
    obligations: Iterable[Obligation], now_ms: int, speed: ResponseSpeedPolicy, when: Circumstances
) -> list[tuple[Obligation, ObligationOutcome]]:
    """Say what became of each, oldest first.

    Of several invitations in one thread within a day the first counts. What is too old to count plays no part.
    """
    oldest_ms = now_ms - speed.extended_days * _DAY_MS
    invited_ms: dict[str, int] = {}
    found = []
    for given in sorted(obligations, key=_by_start):
        o = as_judged(given)
        outcome = _stands(o, now_ms, speed, when)
        if o.kind is ObligationKind.INVITATION and outcome not in EXCLUDED and o.t0_ms >= oldest_ms:
            if o.t0_ms - invited_ms.get(o.thread, -speed.duplicate_s * 1000) < speed.duplicate_s * 1000:
                outcome = ObligationOutcome.EXCLUDED_DUPLICATE
            else:
                invited_ms[o.thread] = o.t0_ms
        found.append((o, outcome))
    return found


def _stands(o: Obligation, now_ms: int, speed: ResponseSpeedPolicy, when: Circumstances) -> ObligationOutcome:
    if o.outcome in EXCLUDED:
        return o.outcome
    if o.client in when.others:
        return when.others[o.client]
    if o.outcome in ANSWERED:
        return o.outcome
    lasted_ms = (o.t1_ms or o.t0_ms) - o.t0_ms
    if o.outcome is ObligationOutcome.WITHDRAWN and lasted_ms < speed.withdrawn_free_s * 1000:
        return ObligationOutcome.EXCLUDED_WITHDRAWN
    if when.clock.began_away(o.t0_ms):
        return ObligationOutcome.EXCLUDED_AWAY
    is_due = when.clock.age_ms(o.t0_ms, now_ms) >= speed.mature_s * 1000
    return ObligationOutcome.UNANSWERED if is_due and o.outcome is ObligationOutcome.OPEN else o.outcome


def _is_within(age_ms: int, counted: int, speed: ResponseSpeedPolicy) -> bool:
    """Inside the window, or one of the few that fill up a thin window from before it."""
    days = speed.extended_days if counted < speed.extended_count else speed.window_days
    return age_ms <= days * _DAY_MS


def _quantile_s(times: list[int], n: int, percent: int) -> float | None:
    """Return the smallest time that holds for `percent` of n; the missing n - len(times) are infinite."""
    rank = -(-percent * n // 100)
    return times[rank - 1] / 1000 if rank <= len(times) else None


def _rate(times: list[int], n: int, limit_ms: int) -> float | None:
    return sum(time <= limit_ms for time in times) / n if n else None


def _named(t50_s: float | None, rate24: float | None, speed: ResponseSpeedPolicy) -> tuple[str, Badge | None]:
    """Name a median and a rate as the policy does, without memory."""
    label = next(
        (name for name, limit_s in speed.labels_s if t50_s is not None and t50_s <= limit_s), speed.label_beyond
    )
    if rate24 is None or rate24 < speed.responsive_rate:
        return label, None
    return label, "very_responsive" if rate24 >= speed.very_responsive_rate else "responsive"
