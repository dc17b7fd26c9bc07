"""The kept window equals a recompute from the text of the rules, whatever happens in what order."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from math import ceil, inf

from hypothesis import given, settings
from hypothesis import strategies as st

from greenroom_server.domain.obligation import ANSWERED, EXCLUDED, Obligation, ObligationKind, ObligationOutcome
from greenroom_server.domain.policy import default_policy
from greenroom_server.domain.response_clock import Clock, Interval
from greenroom_server.domain.response_speed import (
    ORDINARY,
    PUBLIC_KINDS,
    Circumstances,
    SpeedReport,
    SpeedWindow,
    measure,
    rows,
)

Out = ObligationOutcome
POLICY = default_policy()
HOUR, DAY = 3_600_000, 86_400_000
START = 20_000 * DAY

STORED = [outcome for outcome in Out if outcome not in {Out.UNANSWERED, Out.EXCLUDED_WITHDRAWN, Out.EXCLUDED_QUOTA}]
JUDGED = [Out.EXCLUDED_SPAM, Out.EXCLUDED_REPORTED, Out.DECLINED]
STANDINGS = [Out.EXCLUDED_SPAM, Out.EXCLUDED_SYNTHETIC, Out.EXCLUDED_BLOCKED]
SETTLED = sorted(ANSWERED | {Out.WITHDRAWN, Out.EXPIRED})
MOMENTS = st.one_of(
    st.integers(-200 * 24, 0).map(lambda hours: START + hours * HOUR),
    st.integers(-5 * DAY, 0).map(lambda ms: START + ms),
)
SPANS = st.one_of(st.sampled_from([0, HOUR, DAY - 1, DAY, 3 * DAY]), st.integers(0, 5 * DAY))


@st.composite
def obligations(draw: st.DrawFn) -> list[Obligation]:
    made = []
    for number in range(draw(st.integers(0, 25))):
        t0_ms, outcome = draw(MOMENTS), draw(st.sampled_from(STORED))
        t1_ms = t0_ms + draw(SPANS) if outcome in SETTLED else None
        kind = draw(st.sampled_from(ObligationKind))
        client, thread = (
            draw(st.sampled_from("abcdef")),
            draw(st.sampled_from(["t1_a", "t1_b", "t1_c", f"t1_{number}"])),
        )
        judged = draw(st.sampled_from([None, None, None, *JUDGED]))
        judged_at_ms = t0_ms + draw(SPANS) if judged is not None else 0
        made.append(Obligation(str(number), kind, thread, client, t0_ms, t1_ms, outcome, judged, judged_at_ms))
    return made


INTERVALS = st.tuples(MOMENTS, SPANS).map(lambda drawn: Interval(drawn[0], drawn[0] + drawn[1]))


@st.composite
def circumstances(draw: st.DrawFn) -> Circumstances:
    """Give outages that may overlap, times away that do not, and clients without standing."""
    edges = sorted(draw(st.lists(MOMENTS, max_size=6, unique=True)))
    away = tuple(Interval(begin, end) for begin, end in zip(edges[::2], edges[1::2], strict=False))
    outages = tuple(sorted(draw(st.lists(INTERVALS, max_size=3))))
    others = draw(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(STANDINGS), max_size=2))
    return Circumstances(Clock(outages, away), others)


def uncovered_ms(begin_ms: int, end_ms: int, holes: list[Interval]) -> int:
    """Add up, between all neighbouring edges, what no hole covers."""
    edges = sorted({begin_ms, end_ms, *(edge for hole in holes for edge in hole if begin_ms < edge < end_ms)})
    return sum(
        high - low
        for low, high in pairwise(edges)
        if begin_ms < end_ms and not any(hole.begin_ms <= low and high <= hole.end_ms for hole in holes)
    )


def settled(o: Obligation) -> Obligation:
    """What moderation says goes first; a report that was overruled is a decline, unless an answer came before it."""
    if o.judged in {Out.EXCLUDED_SPAM, Out.EXCLUDED_REPORTED}:
        return replace(o, outcome=o.judged)
    was_answered = o.outcome in ANSWERED and o.t1_ms is not None and o.t1_ms <= o.judged_at_ms
    return o if o.judged is None or was_answered else replace(o, outcome=Out.DECLINED, t1_ms=o.judged_at_ms)


def by_the_text(given_: list[Obligation], now_ms: int, when: Circumstances = ORDINARY) -> tuple[object, ...]:
    """The definitions, one after the other, with sets and infinities and no regard for cost."""
    speed, clock = POLICY.response_speed, when.clock

    def elapsed(o: Obligation) -> float:
        if o.outcome not in ANSWERED or o.t1_ms is None:
            return inf
        began_before = [away for away in clock.away if away.begin_ms < o.t0_ms]
        return uncovered_ms(o.t0_ms, o.t1_ms, [*clock.outages, *began_before])

    def age(o: Obligation) -> int:
        return uncovered_ms(o.t0_ms, now_ms, list(clock.outages))

    def is_away(o: Obligation) -> bool:
        return any(away.begin_ms < o.t0_ms < away.end_ms for away in clock.away) and o.outcome not in ANSWERED

    public = [o for o in map(settled, given_) if o.kind in PUBLIC_KINDS]
    public = [o for o in public if o.outcome not in EXCLUDED and o.client not in when.others]
    eligible = [
        o for o in public if not (o.outcome is Out.WITHDRAWN and o.t1_ms is not None and o.t1_ms - o.t0_ms < DAY)
    ]
    eligible = [o for o in eligible if not is_away(o)]
    for o in sorted(eligible, key=lambda o: (o.t0_ms, o.id)):
        recent_ones = [
            other
            for other in eligible
            if other.kind is o.kind is ObligationKind.INVITATION
            and other.thread == o.thread
            and (other.t0_ms, other.id) < (o.t0_ms, o.id)
            and o.t0_ms - other.t0_ms < DAY
            and now_ms - other.t0_ms <= 180 * DAY
        ]
        if recent_ones:
            eligible.remove(o)
    mature = [o for o in eligible if o.outcome in ANSWERED or age(o) >= DAY]
    mature.sort(key=lambda o: (o.t0_ms, o.id), reverse=True)
    allowed = [
        o
        for place, o in enumerate(mature)
        if sum(other.client == o.client for other in mature[:place]) < speed.max_per_client
    ]
    recent = [o for o in allowed if now_ms - o.t0_ms <= 90 * DAY]
    last = [o for o in allowed if now_ms - o.t0_ms <= 180 * DAY][: speed.extended_count]
    counted = recent if len(recent) >= speed.extended_count else last
    n, clients = len(counted), {o.client for o in counted}
    n_open = sum(o.outcome is Out.OPEN and age(o) < DAY for o in eligible)
    if n < speed.min_count or len(clients) < speed.min_clients:
        return n, n_open, len(clients), None, None, None, None
    times = sorted(map(elapsed, counted))
    t50, t90 = (
        min(t for t in times if sum(other <= t for other in times) >= ceil(share * n))
        for share in (Fraction(1, 2), Fraction(9, 10))
    )
    rate24 = sum(t <= DAY for t in times) / n
    judged = [o for o in counted if o.outcome in ANSWERED or now_ms - o.t0_ms >= 3 * DAY]
    rate72 = sum(t <= 3 * DAY for t in times) / len(judged) if judged else None
    return n, n_open, len(clients), *(None if t == inf else t / 1000 for t in (t50, t90)), rate24, rate72


def shown(report: SpeedReport) -> tuple[object, ...]:
    numbers = report.t50_s, report.t90_s, report.rate24, report.rate72
    return report.n, report.n_open, report.n_clients, *numbers


@settings(max_examples=50)
@given(obligations(), circumstances())
def test_measure_is_what_the_text_says(given_: list[Obligation], when: Circumstances) -> None:
    assert shown(measure(given_, START, POLICY)) == by_the_text(given_, START)
    assert shown(measure(given_, START, POLICY, when=when)) == by_the_text(given_, START, when)


@settings(max_examples=50)
@given(obligations(), circumstances(), st.data())
def test_kept_window_equals_full_recompute(given_: list[Obligation], when: Circumstances, data: st.DataObject) -> None:
    window, everything, now_ms = SpeedWindow(POLICY), {}, START
    for o in given_:
        window.add(o)
        everything[o.id] = o
        now_ms += data.draw(SPANS)
        target = everything[data.draw(st.sampled_from(sorted(everything)))]
        step = data.draw(st.sampled_from(["answer", "judge", "sweep", "nothing"]))
        outcome = data.draw(st.sampled_from(SETTLED))
        if step == "sweep":
            window.sweep(now_ms)
        elif step == "answer" and window.answer(target.id, now_ms, outcome):
            everything[target.id] = replace(target, t1_ms=now_ms, outcome=outcome)
        elif step == "judge":
            judged = data.draw(st.sampled_from(JUDGED))
            if window.judge(target.id, judged, now_ms):
                everything[target.id] = replace(target, judged=judged, judged_at_ms=now_ms)
    assert window.report(now_ms, when=when) == measure(everything.values(), now_ms, POLICY, when=when)
    later_ms = now_ms + data.draw(st.integers(0, 100)) * DAY
    window.sweep(later_ms)
    assert window.report(later_ms, when=when) == measure(everything.values(), later_ms, POLICY, when=when)
    assert shown(window.report(later_ms, when=when)) == by_the_text(list(everything.values()), later_ms, when)


@settings(max_examples=40)
@given(obligations(), circumstances())
def test_rows_explain_the_numbers(given_: list[Obligation], when: Circumstances) -> None:
    listed = list(rows(given_, START, POLICY, when=when))
    assert sorted(row.obligation.id for row in listed) == sorted(o.id for o in given_)
    counted = [row for row in listed if row.is_counted]
    report = measure(given_, START, POLICY, when=when)
    assert len(counted) == report.n
    assert all(row.outcome not in EXCLUDED for row in counted)
    if report.rate24 is not None:
        in_a_day = sum(row.elapsed_s is not None and row.elapsed_s <= 86_400 for row in counted)
        assert report.rate24 == in_a_day / report.n


def or_never(time_s: float | None) -> float:
    return inf if time_s is None else time_s


@settings(max_examples=40)
@given(obligations(), SPANS)
def test_an_answer_never_makes_the_numbers_worse(given_: list[Obligation], elapsed_ms: int) -> None:
    """What already counts as unanswered can only gain by an answer, however late."""
    waiting = [row.obligation for row in rows(given_, START, POLICY) if row.is_counted]
    waiting = [o for o in waiting if o.outcome is Out.OPEN]
    before = measure(given_, START, POLICY)
    if not waiting or before.reason is not None:
        return
    late = replace(waiting[0], t1_ms=waiting[0].t0_ms + elapsed_ms, outcome=Out.ANSWERED)
    after = measure([late if o is waiting[0] else o for o in given_], START, POLICY)
    assert after.rate24 is not None
    assert before.rate24 is not None
    assert after.rate24 >= before.rate24
    assert or_never(after.t50_s) <= or_never(before.t50_s)
    assert or_never(after.t90_s) <= or_never(before.t90_s)
