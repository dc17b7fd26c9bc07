"""Connects as pure rules: billing periods, the two parts of a purse, and what comes back."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom_server.domain.connects import Period, Purse, enter, gives_back, period_of, refill
from greenroom_server.domain.connects_policy import MAX_BALANCE, ConnectsPolicy
from greenroom_server.domain.policy import default_policy
from greenroom_server.domain.thread_actions import ThreadAction

POLICY: ConnectsPolicy = default_policy().connects


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("now", "day", "id_", "start", "end"),
    [
        ("2026-10-05T00:00:00", 5, "2026-10", "2026-10-05", "2026-11-05"),
        ("2026-10-04T23:59:59.999", 5, "2026-09", "2026-09-05", "2026-10-05"),
        ("2026-01-01T00:00:00", 28, "2025-12", "2025-12-28", "2026-01-28"),
        ("2026-12-31T23:59:59", 1, "2026-12", "2026-12-01", "2027-01-01"),
        ("2024-02-29T12:00:00", 28, "2024-02", "2024-02-28", "2024-03-28"),
        # A night in which clocks on the wall change is as long as any other: days are of UTC.
        ("2026-03-29T01:30:00", 29 - 1, "2026-03", "2026-03-28", "2026-04-28"),
    ],
)
def test_a_period_begins_on_the_billing_day(now: str, day: int, id_: str, start: str, end: str) -> None:
    assert period_of(ms(now), day) == Period(id_, ms(start), ms(end))


@given(st.integers(0, ms("2100-01-01")), st.integers(1, 28))
def test_periods_follow_each_other_without_a_gap(now_ms: int, day: int) -> None:
    period = period_of(now_ms, day)
    assert period.start_ms <= now_ms < period.next_refill_ms
    after = period_of(period.next_refill_ms, day)
    assert after.start_ms == period.next_refill_ms
    assert after.id > period.id


@given(st.integers(0, ms("2100-01-01")), st.integers(1, 28), st.integers(1, 28))
def test_another_billing_day_begins_no_second_period_in_a_month(now_ms: int, day: int, other: int) -> None:
    first = period_of(now_ms, day)
    assert period_of(now_ms, other).id <= first.id or day > other
    assert refill(Purse(0, 0, first.id), period_of(first.start_ms, other), 60, now_ms).balance == 0


def test_the_free_ones_are_filled_up_once_and_never_pile_up() -> None:
    october, november = period_of(ms("2026-10-02"), 1), period_of(ms("2026-11-02"), 1)
    purse = refill(Purse(), october, 60, ms("2026-10-02"))
    assert purse == Purse(60, 0, "2026-10")
    assert refill(purse, october, 60, ms("2026-10-03")) == purse
    spent = enter(purse, -45)
    assert spent == Purse(15, 0, "2026-10")
    assert refill(spent, november, 60, ms("2026-11-02")) == Purse(60, 0, "2026-11")
    assert refill(Purse(60, 7, "2026-11"), october, 60, ms("2026-11-02")).period == "2026-11", "never back"


def test_a_hub_whose_clock_runs_ahead_fills_nothing_up() -> None:
    december = period_of(ms("2026-12-02"), 1)
    assert refill(Purse(), december, 60, ms("2026-10-02")) == Purse()


def test_a_lower_quota_takes_nothing_away() -> None:
    assert refill(Purse(50, 0, "2026-09"), period_of(ms("2026-10-02"), 1), 10, ms("2026-10-02")).free == 50


def test_free_ones_are_spent_first_and_nothing_is_spent_that_is_not_there() -> None:
    assert enter(Purse(3, 10), -5) == Purse(0, 8)
    assert enter(Purse(3, 10), -13) == Purse(0, 0)
    assert enter(Purse(3, 10), -14) is None
    assert enter(Purse(3, 10), 5) == Purse(3, 15)
    assert enter(Purse(0, MAX_BALANCE), 1) is None


@pytest.mark.parametrize(
    ("action", "reason", "expected"),
    [
        (ThreadAction.CLOSE_JOB, "", True),
        (ThreadAction.DECLINE_PROPOSAL, "job_cancelled", True),
        (ThreadAction.DECLINE_PROPOSAL, "not_a_fit", False),
        (ThreadAction.DECLINE_PROPOSAL, "", False),
        (ThreadAction.WITHDRAW_PROPOSAL, "job_cancelled", False),
        (ThreadAction.EXPIRE, "", False),
    ],
)
def test_connects_come_back_when_the_job_goes_not_when_a_candidacy_ends(
    action: ThreadAction, reason: str, expected: bool
) -> None:
    assert gives_back(POLICY, action, reason) is expected
