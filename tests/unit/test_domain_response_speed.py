"""The published numbers, rule by rule, and the worked check of the documentation."""

from dataclasses import replace
from typing import Any

import pytest

from greenroom_server.domain.obligation import Obligation, ObligationKind, ObligationOutcome
from greenroom_server.domain.policy import default_policy
from greenroom_server.domain.response_clock import Clock, Interval
from greenroom_server.domain.response_speed import (
    MIRROR_KINDS,
    ORDINARY,
    Circumstances,
    LabelState,
    SpeedReport,
    SpeedWindow,
    evaluate_daily,
    measure,
    rows,
    waiting,
)

Out = ObligationOutcome
POLICY = default_policy()
MIN, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NOW = 20_000 * DAY


def owed(
    age_ms: int,
    elapsed_ms: int | None = None,
    *,
    client: str = "",
    outcome: ObligationOutcome = Out.ANSWERED,
    kind: ObligationKind = ObligationKind.FIRST,
) -> Obligation:
    """An obligation by its age; without a client's name, of a client of its own."""
    t0_ms = NOW - age_ms
    name = f"{age_ms}-{elapsed_ms}"
    if elapsed_ms is None:
        outcome = Out.OPEN if outcome is Out.ANSWERED else outcome
        return Obligation(name, kind, "t1_a", client or name, t0_ms, None, outcome)
    return Obligation(name, kind, "t1_a", client or name, t0_ms, t0_ms + elapsed_ms, outcome)


def report(*obligations: Obligation, **more: Any) -> SpeedReport:
    return measure(obligations, NOW, POLICY, **more)


FAST = tuple(owed(days * DAY, 20 * MIN) for days in range(1, 6))
SLOW = tuple(owed(days * DAY, 10 * HOUR) for days in range(1, 6))


def test_worked_check() -> None:
    # 20 min, 2 h, 3 h, 30 h and one unanswered for 40 h, from five clients
    five = [owed(3 * DAY, ms) for ms in (20 * MIN, 2 * HOUR, 3 * HOUR, 30 * HOUR)] + [owed(40 * HOUR)]
    result = report(*five)
    assert (result.n, result.n_open, result.n_clients, result.window_days) == (5, 0, 5, 90)
    assert (result.t50_s, result.t90_s) == (3 * 3600, None)
    assert (result.rate1, result.rate24, result.rate72) == (0.2, 0.6, 1.0)
    assert (result.label, result.badge, result.reason) == ("within_4h", None, None)
    assert (result.as_of_ms, result.policy_version) == (NOW, POLICY.version)


def test_unknown_is_never_zero() -> None:
    result = report(*FAST[:4], owed(HOUR))
    unknown = (result.t50_s, result.t90_s, result.rate1, result.rate24, result.rate72, result.label, result.badge)
    assert unknown == (None,) * 7
    assert (result.reason, result.have, result.need, result.need_clients) == ("insufficient_data", 4, 5, 3)
    assert (result.n, result.n_open) == (4, 1)
    assert report().reason == "insufficient_data"


def test_two_clients_are_not_enough() -> None:
    two = [owed(days * DAY, HOUR, client="ab"[days % 2]) for days in range(1, 7)]
    assert (report(*two).n, report(*two).n_clients, report(*two).reason) == (6, 2, "insufficient_data")
    assert report(*two, owed(DAY, HOUR)).reason is None


def test_mostly_unanswered_has_no_median_and_the_last_label() -> None:
    result = report(*FAST[:2], *(owed(days * DAY) for days in range(2, 5)))
    assert (result.t50_s, result.reason, result.label, result.rate24) == (None, None, "over_3d", 0.4)


def test_open_counts_from_24_hours_and_not_before() -> None:
    assert report(*FAST, owed(DAY - 1)).n == 5
    assert report(*FAST, owed(DAY - 1)).n_open == 1
    assert report(*FAST, owed(DAY)).n == 6
    assert report(*FAST, owed(DAY)).n_open == 0


def test_72_hours_judge_only_what_had_them() -> None:
    assert report(*FAST, owed(3 * DAY - 1)).rate72 == 1.0
    assert report(*FAST, owed(3 * DAY)).rate72 == pytest.approx(5 / 6)
    assert report(*(replace(o, t0_ms=NOW - 2 * DAY, t1_ms=None, outcome=Out.OPEN) for o in FAST)).rate72 is None


@pytest.mark.parametrize("outcome", [outcome for outcome in Out if outcome.startswith("excluded_")])
def test_excluded_counts_neither_way(outcome: ObligationOutcome) -> None:
    left_out = owed(5 * DAY, outcome=outcome)
    assert report(*FAST, left_out) == report(*FAST)
    (row, *_) = rows([left_out], NOW, POLICY)
    assert (row.outcome, row.is_counted) == (outcome, False)


@pytest.mark.parametrize("outcome", [Out.ACCEPTED, Out.DECLINED])
def test_decline_is_as_good_as_acceptance(outcome: ObligationOutcome) -> None:
    assert report(*FAST, owed(DAY, HOUR, outcome=outcome)).rate24 == 1.0


def test_withdrawn_hurts_only_after_24_hours() -> None:
    early = owed(5 * DAY, DAY - 1, outcome=Out.WITHDRAWN)
    late = owed(5 * DAY, DAY, outcome=Out.WITHDRAWN)
    assert report(*FAST, early) == report(*FAST)
    assert report(*FAST, late).rate24 == pytest.approx(5 / 6)
    assert [row.outcome for row in rows([early, late], NOW, POLICY)] == [Out.WITHDRAWN, Out.EXCLUDED_WITHDRAWN]


def test_expired_stays_unanswered() -> None:
    assert report(*FAST, owed(9 * DAY, 7 * DAY, outcome=Out.EXPIRED)).rate24 == pytest.approx(5 / 6)


def test_newest_three_of_a_client_count() -> None:
    old = owed(8 * DAY, client="x")
    new = [owed(days * DAY, HOUR, client="x") for days in (2, 3, 4)]
    assert report(*FAST, *new, old) == report(*FAST, *new)
    assert [row.outcome for row in rows([*new, old], NOW, POLICY)][-1] is Out.EXCLUDED_QUOTA


def test_followups_stay_private() -> None:
    private = [owed(days * DAY, 2 * DAY, kind=ObligationKind.FOLLOWUP) for days in range(3, 9)]
    assert report(*FAST, *private, owed(HOUR, kind=ObligationKind.FOLLOWUP)) == report(*FAST)
    assert report(*FAST, *private, kinds=frozenset({ObligationKind.FOLLOWUP})).t50_s == 2 * 86_400


def test_window_ends_after_90_days_when_it_holds_enough() -> None:
    ten = [owed(days * DAY, HOUR) for days in range(1, 11)]
    edge = owed(90 * DAY, HOUR)
    result = report(*ten, edge, owed(90 * DAY + 1))
    assert (result.n, result.window_days) == (11, 90)


def test_thin_window_looks_back_for_the_last_ten() -> None:
    older = [owed(days * DAY, 10 * HOUR) for days in range(100, 120)]
    result = report(*FAST, *older, owed(180 * DAY + 1))
    assert (result.n, result.window_days) == (10, 180)
    assert report(*FAST, owed(180 * DAY + 1)).window_days == 90


@pytest.mark.parametrize(
    ("answered", "badge"), [(7, None), (8, "responsive"), (9, "very_responsive"), (10, "very_responsive")]
)
def test_badge_follows_the_share_of_a_day(answered: int, badge: str | None) -> None:
    ten = [owed(days * DAY, HOUR if days <= answered else None) for days in range(1, 11)]
    assert report(*ten).badge == badge


@pytest.mark.parametrize(
    ("elapsed_ms", "label"),
    [
        (HOUR, "within_1h"),
        (HOUR + 1, "within_4h"),
        (4 * HOUR, "within_4h"),
        (12 * HOUR, "within_12h"),
        (DAY, "within_24h"),
        (3 * DAY, "within_3d"),
        (3 * DAY + 1, "over_3d"),
    ],
)
def test_label_names_the_median(elapsed_ms: int, label: str) -> None:
    assert report(*(owed(days * DAY, elapsed_ms) for days in range(5, 10))).label == label


def test_rows_explain_every_obligation_newest_first() -> None:
    listed = list(rows([owed(2 * DAY), owed(HOUR), owed(3 * DAY, 30 * MIN)], NOW, POLICY))
    assert [(row.elapsed_s, row.outcome, row.is_counted) for row in listed] == [
        (None, Out.OPEN, False),
        (None, Out.UNANSWERED, True),
        (1800.0, Out.ANSWERED, True),
    ]


def test_label_moves_after_two_evaluations_that_agree() -> None:
    fast, slow = report(*FAST), report(*SLOW)
    state = evaluate_daily(None, fast, POLICY)
    assert (state.label, state.badge) == ("within_1h", "very_responsive")
    state = evaluate_daily(state, replace(slow, as_of_ms=NOW + DAY), POLICY)
    assert state.label == "within_1h"
    again = evaluate_daily(state, replace(slow, as_of_ms=NOW + DAY + HOUR), POLICY)
    assert again is state
    state = evaluate_daily(state, replace(fast, as_of_ms=NOW + 2 * DAY), POLICY)
    state = evaluate_daily(state, replace(slow, as_of_ms=NOW + 3 * DAY), POLICY)
    assert state.label == "within_1h"
    state = evaluate_daily(state, replace(slow, as_of_ms=NOW + 4 * DAY), POLICY)
    assert state.label == "within_12h"


def test_badge_moves_after_two_evaluations_too() -> None:
    late = report(*(owed(days * DAY, 2 * DAY) for days in range(5, 10)))
    state = evaluate_daily(None, report(*FAST), POLICY)
    for days, badge in ((1, "very_responsive"), (2, None)):
        state = evaluate_daily(state, replace(late, as_of_ms=NOW + days * DAY), POLICY)
        assert state.badge == badge


def test_numbers_move_at_once_while_the_label_waits() -> None:
    state = evaluate_daily(None, report(*FAST), POLICY)
    result = report(*SLOW, state=state)
    assert (result.t50_s, result.label, result.badge) == (36_000, "within_1h", "very_responsive")


def test_lost_sample_takes_the_label_at_once_and_a_new_one_shows_at_once() -> None:
    state = evaluate_daily(None, report(*FAST), POLICY)
    assert report(*FAST[:3], state=state).label is None
    state = evaluate_daily(state, replace(report(*FAST[:3]), as_of_ms=NOW + DAY), POLICY)
    assert state == LabelState(NOW // DAY + 1)
    assert report(*SLOW, state=state).label == "within_12h"
    state = evaluate_daily(state, replace(report(*SLOW), as_of_ms=NOW + 2 * DAY), POLICY)
    assert state.label == "within_12h"


def test_first_settlement_wins() -> None:
    window = SpeedWindow(POLICY)
    o = owed(2 * DAY)
    assert window.add(o)
    assert not window.add(o)
    assert window.answer(o.id, NOW, Out.ACCEPTED)
    assert not window.answer(o.id, NOW + 1, Out.WITHDRAWN)
    assert not window.answer("unknown", NOW, Out.ANSWERED)
    assert [row.outcome for row in window.rows(NOW)] == [Out.ACCEPTED]


def test_answer_while_away_counts() -> None:
    window = SpeedWindow(POLICY)
    o = owed(2 * DAY, outcome=Out.EXCLUDED_AWAY)
    window.add(o)
    assert window.report(NOW).n == 0
    window.answer(o.id, NOW, Out.ANSWERED)
    assert window.report(NOW).n == 1


def test_a_finding_of_spam_reaches_what_was_answered() -> None:
    window = SpeedWindow(POLICY)
    o = owed(2 * DAY, HOUR)
    window.add(o)
    assert window.judge(o.id, Out.EXCLUDED_SPAM, NOW)
    assert not window.judge("unknown", Out.EXCLUDED_SPAM, NOW)
    assert window.report(NOW).n == 0


def test_sweep_forgets_only_what_can_never_count() -> None:
    window = SpeedWindow(POLICY)
    for o in (owed(181 * DAY), owed(180 * DAY + 1), owed(180 * DAY), owed(DAY)):
        window.add(o)
    assert window.sweep(NOW) == 2
    assert len(window) == 2
    assert window.sweep(NOW) == 0
    assert not window.answer(owed(181 * DAY).id, NOW, Out.ANSWERED)


def outcomes(*obligations: Obligation, when: Circumstances = ORDINARY) -> list[tuple[str, bool]]:
    """Say, oldest first, what became of obligations and whether they count."""
    explained = rows(obligations, NOW, POLICY, when=when)
    return [(row.outcome.value, row.is_counted) for row in explained][::-1]


def test_an_overruled_report_is_a_decline_at_the_time_of_the_report() -> None:
    open_ = owed(3 * DAY)
    reported = replace(open_, judged=Out.EXCLUDED_REPORTED, judged_at_ms=open_.t0_ms + HOUR)
    assert outcomes(reported) == [("excluded_reported", False)]
    overruled = replace(reported, judged=Out.DECLINED)
    [row] = rows([overruled], NOW, POLICY)
    assert (row.outcome, row.elapsed_s, row.is_counted) == (Out.DECLINED, 3600, True)


def test_an_answer_before_an_overruled_report_stands() -> None:
    answered = owed(3 * DAY, HOUR)
    [row] = rows([replace(answered, judged=Out.DECLINED, judged_at_ms=answered.t0_ms + 2 * HOUR)], NOW, POLICY)
    assert (row.outcome, row.elapsed_s) == (Out.ANSWERED, 3600)


def test_of_two_invitations_to_a_thread_within_a_day_the_first_counts() -> None:
    kind = ObligationKind.INVITATION
    first, again = owed(60 * HOUR, HOUR, kind=kind, client="a"), owed(40 * HOUR, HOUR, kind=kind, client="a")
    later = owed(30 * HOUR, HOUR, kind=kind, client="a")
    assert outcomes(first, again, later) == [("answered", True), ("excluded_duplicate", False), ("answered", True)]
    elsewhere = replace(again, thread="t1_b")
    assert outcomes(first, elsewhere) == [("answered", True)] * 2
    withdrawn = owed(60 * HOUR, HOUR, kind=kind, client="a", outcome=Out.WITHDRAWN)
    assert outcomes(withdrawn, again) == [("excluded_withdrawn", False), ("answered", True)]


def test_what_began_away_is_left_out_unless_it_was_answered() -> None:
    away = Interval(NOW - 5 * DAY, NOW - 2 * DAY)
    when = Circumstances(Clock(away=(away,)))
    assert outcomes(owed(3 * DAY), when=when) == [("excluded_away", False)]
    assert outcomes(owed(6 * DAY), when=when) == [("unanswered", True)]
    [row] = rows([owed(3 * DAY, DAY + HOUR)], NOW, POLICY, when=when)
    assert (row.outcome, row.elapsed_s) == (Out.ANSWERED, 3600)


def test_going_away_after_it_began_stops_no_clock() -> None:
    when = Circumstances(Clock(away=(Interval(NOW - 3 * DAY + 1, NOW - DAY),)))
    [row] = rows([owed(3 * DAY, 2 * DAY)], NOW, POLICY, when=when)
    assert row.elapsed_s == 2 * 86_400


def test_declared_outages_are_nobodys_time() -> None:
    when = Circumstances(Clock(outages=(Interval(NOW - 25 * HOUR, NOW - 20 * HOUR),)))
    assert outcomes(owed(26 * HOUR), when=when) == [("open", False)]
    assert outcomes(owed(30 * HOUR), when=when) == [("unanswered", True)]
    [row] = rows([owed(26 * HOUR, 10 * HOUR)], NOW, POLICY, when=when)
    assert row.elapsed_s == 5 * 3600


@pytest.mark.parametrize("why", [Out.EXCLUDED_SPAM, Out.EXCLUDED_SYNTHETIC, Out.EXCLUDED_BLOCKED])
def test_nothing_of_a_client_without_standing_counts(why: ObligationOutcome) -> None:
    when = Circumstances(others={"a": why})
    assert outcomes(owed(3 * DAY, HOUR, client="a"), owed(2 * DAY, HOUR, client="b"), when=when) == [
        (why.value, False),
        ("answered", True),
    ]


def test_invitations_wait_until_they_are_answered_or_left_out() -> None:
    kind = ObligationKind.INVITATION
    explained = list(rows([owed(30 * HOUR, kind=kind), owed(HOUR, kind=kind), owed(40 * HOUR)], NOW, POLICY))
    assert waiting(explained, kind, 86_400, NOW) == 1
    assert waiting(explained, kind, 60, NOW) == 2


def test_the_mirror_counts_proposals_and_acceptances_by_the_same_rules() -> None:
    kinds = (ObligationKind.PROPOSAL, ObligationKind.ACCEPT)
    owing = [owed(days * DAY, HOUR, kind=kinds[days % 2]) for days in range(1, 6)]
    assert report(*owing).reason == "insufficient_data"
    assert report(*owing, kinds=MIRROR_KINDS).t50_s == 3600
