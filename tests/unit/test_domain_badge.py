"""The availability badge: paid time, the switch inside it, the lapse."""

from greenroom_server.domain.badge import Badge, grant, lapse, switch
from greenroom_server.domain.thread_actions import Denied


def test_the_badge_is_switched_inside_paid_time_only() -> None:
    assert switch(Badge(), True, 100) == Denied("badge.unpaid")
    assert switch(Badge(200), True, 199) == Badge(200, True)
    assert switch(Badge(200), True, 200) == Denied("badge.unpaid")
    assert switch(Badge(200, True), False, 300) == Badge(200, False)


def test_a_badge_whose_time_is_over_is_not_seen() -> None:
    assert [Badge(200, True).shows(now_ms) for now_ms in (199, 200)] == [True, False]
    assert not Badge(200).shows(100)


def test_paying_on_keeps_it_on_and_ending_turns_it_off() -> None:
    assert grant(Badge(200, True), 500, 100) == Badge(500, True)
    assert grant(Badge(200, True), 0, 100) == Badge(0, False)
    assert grant(Badge(), 500, 100) == Badge(500, False)


def test_a_lapse_before_its_time_changes_nothing() -> None:
    assert lapse(Badge(200, True), 199) == Badge(200, True)
    assert lapse(Badge(200, True), 200) == Badge(200, False)
