"""Quiet hours in every zone, over midnight and on the days when clocks change."""

from datetime import UTC, datetime

import pytest

from greenroom_server.domain.quiet_hours import QuietHours, zone_of


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("start", "end", "quiet", "loud"),
    [
        ("22:00", "06:00", ["22:00", "23:59", "00:00", "05:59"], ["06:00", "21:59", "12:00"]),
        ("12:00", "13:30", ["12:00", "13:29"], ["11:59", "13:30", "00:00"]),
        ("08:00", "08:00", ["08:00", "07:59", "20:00"], []),
        ("00:00", "00:01", ["00:00"], ["00:01", "23:59"]),
    ],
)
def test_quiet_hours_begin_with_their_first_minute_and_end_before_the_last(
    start: str, end: str, quiet: list[str], loud: list[str]
) -> None:
    hours = QuietHours(start, end, "UTC")
    assert all(hours.is_now(at(f"2026-03-01T{clock}")) for clock in quiet)
    assert not any(hours.is_now(at(f"2026-03-01T{clock}")) for clock in loud)


def test_quiet_hours_follow_the_clock_of_their_zone_in_summer_and_winter() -> None:
    hours = QuietHours("22:00", "06:00", "Europe/Berlin")
    assert not hours.is_now(at("2026-01-10T20:30"))
    assert hours.is_now(at("2026-07-10T20:30"))


def test_an_offset_needs_no_time_zone_data() -> None:
    assert QuietHours("22:00", "06:00", "+05:30").is_now(at("2026-01-10T16:30"))
    assert not QuietHours("22:00", "06:00", "-03:00").is_now(at("2026-01-10T00:59"))


@pytest.mark.parametrize("name", ["UTC", "+00:00", "-11:00", "Europe/Berlin", "Etc/GMT+3", "America/Argentina/Ushuaia"])
def test_zones_that_are_known(name: str) -> None:
    assert zone_of(name) is not None


@pytest.mark.parametrize(
    "name",
    ["", "Europe", "Europe/Atlantis", "../etc/passwd", "/etc/passwd", "+25:00", "+1:00", "Europe/Berlin ", "a\0b"],
)
def test_what_is_no_zone_is_refused_and_never_opened_as_a_file(name: str) -> None:
    assert zone_of(name) is None


def test_in_a_zone_that_this_machine_does_not_know_it_is_never_quiet() -> None:
    assert not QuietHours("00:00", "00:00", "Mars/Olympus").is_now(at("2026-01-10T00:59"))
