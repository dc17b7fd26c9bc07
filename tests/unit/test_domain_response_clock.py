"""The clock of response speed: holes in time, time away, working hours."""

from datetime import UTC, datetime

import pytest

from greenroom_server.domain.response_clock import Clock, Interval, away_until_ms, go_away, without
from greenroom_server.domain.working_hours import (
    Shift,
    Week,
    are_apart,
    is_zone,
    minutes,
    next_monday_ms,
    publish,
    worked_ms,
)

HOUR, DAY = 3_600_000, 86_400_000
NINE_TO_FIVE = tuple(Shift(day, 540, 1_020) for day in range(5))


def at(text: str) -> int:
    """Give a time in UTC, as milliseconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize(
    ("holes", "left"),
    [
        ([], [(10, 20)]),
        ([(0, 10), (20, 30)], [(10, 20)]),
        ([(0, 12)], [(12, 20)]),
        ([(18, 30)], [(10, 18)]),
        ([(14, 16), (12, 15)], [(10, 12), (16, 20)]),
        ([(0, 30)], []),
        ([(12, 18), (13, 14)], [(10, 12), (18, 20)]),
    ],
)
def test_holes_are_cut_out_of_a_span(holes: list[tuple[int, int]], left: list[tuple[int, int]]) -> None:
    assert without(Interval(10, 20), [Interval(*hole) for hole in holes]) == left


def test_an_answer_before_its_question_took_no_time() -> None:
    assert Clock().elapsed_ms(700, 50) == 0


def test_only_time_away_that_began_before_stops_the_clock() -> None:
    clock = Clock(away=(Interval(100, 200),))
    assert (clock.elapsed_ms(150, 300), clock.elapsed_ms(100, 300), clock.elapsed_ms(50, 300)) == (100, 200, 250)
    assert [clock.began_away(t0) for t0 in (100, 101, 199, 200)] == [False, True, True, False]


def test_an_outage_is_part_of_no_age() -> None:
    clock = Clock(outages=(Interval(100, 200),), away=(Interval(0, 1_000),))
    assert clock.age_ms(50, 250) == 100


def test_going_away_again_moves_the_end_and_keeps_the_begin() -> None:
    once = go_away((), 500, 100, DAY)
    longer = go_away(once, 900, 200, DAY)
    assert (once, longer) == (((100, 500),), ((100, 900),))
    back = go_away(longer, 300, 300, DAY)
    assert (back, away_until_ms(back, 300), away_until_ms(longer, 300)) == (((100, 300),), None, 900)
    assert go_away(back, 700, 400, DAY) == ((100, 300), (400, 700))
    assert go_away(back, 300, 400, DAY) == back


def test_time_away_is_forgotten_when_it_can_no_longer_matter() -> None:
    assert go_away((Interval(100, 200), Interval(300, 400)), 900, 800, 500) == ((300, 400), (800, 900))


def test_working_hours_are_those_of_their_zone_in_summer_and_winter() -> None:
    week = (Week(0, "Europe/Berlin", NINE_TO_FIVE),)
    assert worked_ms(at("2026-01-07T00:00"), at("2026-01-08T00:00"), week) == 8 * HOUR
    assert worked_ms(at("2026-01-07T00:00"), at("2026-01-07T08:30"), week) == HOUR // 2
    assert worked_ms(at("2026-07-08T00:00"), at("2026-07-08T08:30"), week) == HOUR * 3 // 2
    assert worked_ms(at("2026-01-10T00:00"), at("2026-01-12T00:00"), week) == 0


def test_a_change_of_hours_holds_from_its_own_time_on() -> None:
    late = tuple(Shift(day, 1_080, 1_440) for day in range(7))
    weeks = (Week(0, "UTC", NINE_TO_FIVE), Week(at("2026-01-12T00:00"), "UTC", late))
    assert worked_ms(at("2026-01-09T00:00"), at("2026-01-13T00:00"), weeks) == 8 * HOUR + 6 * HOUR


def test_without_hours_in_force_there_is_no_second_line() -> None:
    weeks = (Week(at("2026-01-12T00:00"), "UTC", NINE_TO_FIVE), Week(at("2026-01-19T00:00"), "UTC", ()))
    clock = Clock(outages=(Interval(at("2026-01-14T10:00"), at("2026-01-14T11:00")),), hours=weeks)
    assert clock.elapsed_wh_ms(at("2026-01-09T10:00"), at("2026-01-14T10:00")) is None
    assert clock.elapsed_wh_ms(at("2026-01-20T10:00"), at("2026-01-21T10:00")) is None
    assert clock.elapsed_wh_ms(at("2026-01-14T09:00"), at("2026-01-14T12:00")) == 2 * HOUR
    assert clock.elapsed_wh_ms(at("2026-01-16T16:00"), at("2026-01-20T10:00")) == HOUR


def test_published_hours_begin_next_monday_in_their_zone() -> None:
    assert next_monday_ms(at("2026-01-07T12:00"), "Europe/Berlin") == at("2026-01-11T23:00")
    assert next_monday_ms(at("2026-01-11T23:00"), "Europe/Berlin") == at("2026-01-18T23:00")


def test_publishing_again_before_monday_replaces_what_was_to_come() -> None:
    old, now_ms = Week(at("2026-01-05T00:00"), "UTC", NINE_TO_FIVE), at("2026-01-07T12:00")
    first, second = Week(at("2026-01-12T00:00"), "UTC", NINE_TO_FIVE), Week(at("2026-01-12T00:00"), "UTC", ())
    assert publish((), first, now_ms, DAY) == (first,)
    assert publish((old, first), second, now_ms, DAY) == (old, second)
    assert publish((old, first), Week(at("2026-03-02T00:00"), "UTC", ()), at("2026-02-25T00:00"), DAY)[0] == first


def test_shifts_must_be_apart_and_inside_their_day() -> None:
    assert are_apart(NINE_TO_FIVE)
    assert are_apart((Shift(0, 0, 720), Shift(0, 720, 1_440)))
    assert not are_apart((Shift(0, 0, 721), Shift(0, 720, 1_440)))
    assert not are_apart((Shift(0, 600, 600),))
    assert not are_apart((Shift(0, 600, 1_441),))
    assert minutes(NINE_TO_FIVE) == 40 * 60


@pytest.mark.parametrize(("name", "is_known"), [("Europe/Berlin", True), ("Mars/Base", False), ("../etc", False)])
def test_a_zone_is_one_of_the_database(name: str, is_known: bool) -> None:
    assert is_zone(name) is is_known
