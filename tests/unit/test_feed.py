"""A feed lets pushes out in the order of their marks, each once, and asks the store for what is missing."""

import msgspec

from greenroom_server.delivery.feed import GAP_EVENTS, HOLE_WAIT_S, Feed
from greenroom_server.delivery.frames import JSON, MSGPACK
from testkit.feed import Repairs, Screen, change, events


def a_feed(*screens: Screen, mark: int = 0) -> tuple[Feed, Repairs]:
    repairs = Repairs()
    feed = Feed("maya", repairs)
    feed.sinks.extend(screens)
    feed.start(7, mark)
    return feed, repairs


def test_pushes_in_order_go_out_at_once_with_their_events() -> None:
    screen = Screen()
    feed, repairs = a_feed(screen)
    for mark in (1, 2, 3):
        feed.offer(change(mark, seq=mark))
    assert screen.shown == [(1, [1]), (2, [2]), (3, [3])]
    assert (feed.mark, repairs.timers, repairs.changes, repairs.gaps) == (3, [], [], [])


def test_pushes_out_of_order_wait_for_the_one_before() -> None:
    screen = Screen()
    feed, repairs = a_feed(screen)
    feed.offer(change(3, seq=3))
    feed.offer(change(2, seq=2))
    assert screen.shown == []
    feed.offer(change(1, seq=1))
    assert screen.shown == [(1, [1]), (2, [2]), (3, [3])]
    repairs.elapse()
    assert repairs.changes == [], "the hole closed by itself"


def test_a_push_that_was_given_before_is_dropped() -> None:
    screen = Screen()
    feed, repairs = a_feed(screen, mark=5)
    for mark in (5, 6, 6, 3, 6):
        feed.offer(change(mark, seq=mark))
    assert screen.marks == [6]
    assert repairs.timers == []


def test_what_comes_before_the_position_is_known_waits_for_it() -> None:
    screen, repairs = Screen(), Repairs()
    feed = Feed("maya", repairs)
    feed.sinks.append(screen)
    for mark in (4, 6, 5):
        feed.offer(change(mark, seq=mark))
    assert screen.shown == []
    feed.start(7, 4)
    assert screen.marks == [5, 6]
    assert (feed.epoch, feed.mark) == (7, 6)


def test_an_old_hole_in_the_marks_is_read_from_the_store() -> None:
    screen = Screen()
    feed, repairs = a_feed(screen)
    feed.offer(change(1, seq=1))
    feed.offer(change(3, seq=3))
    feed.offer(change(4, seq=4))
    assert repairs.timers[0][0] == HOLE_WAIT_S
    repairs.elapse()
    [(user, after, done)] = repairs.changes
    assert (user, after) == ("maya", 1)
    done(4, [change(2, thread="t1_other", seq=9, bare=True), change(4, seq=4, bare=True)])
    assert screen.shown == [(1, [1]), (2, []), (4, [4])], "mark 3 is covered: its row changed again at 4"
    assert feed.mark == 4


def test_one_read_at_a_time_and_what_arrives_meanwhile_waits() -> None:
    screen = Screen()
    feed, repairs = a_feed(screen)
    feed.offer(change(2, seq=2))
    repairs.elapse()
    feed.catch_up()
    feed.offer(change(3, seq=3))
    assert screen.shown == []
    [(_, _, done)] = repairs.changes
    done(2, [change(1, seq=1, bare=True), change(2, seq=2, bare=True)])
    assert screen.shown == [(1, []), (2, [2]), (3, [3])]


def test_a_store_that_does_not_answer_is_asked_again() -> None:
    screen = Screen()
    feed, repairs = a_feed(screen)
    feed.offer(change(2, seq=2))
    repairs.elapse()
    repairs.changes.pop()[2](0, [])
    assert screen.shown == []
    repairs.elapse()
    repairs.changes.pop()[2](2, [change(1, seq=1, bare=True)])
    assert screen.marks == [1]
    assert feed.mark == 2, "the store said that nothing else changed up to there"


def test_events_missing_between_from_and_seq_are_read_from_the_thread() -> None:
    screen = Screen()
    feed, repairs = a_feed(screen)
    feed.offer(change(1, seq=5, from_seq=2, first=5))
    feed.offer(change(2, seq=6))
    [(thread, after, to, done)] = repairs.gaps
    assert (thread, after, to, screen.shown) == ("t1_a", 2, 5, [])
    done(events(3, 5))
    assert screen.shown == [(1, [3, 4, 5]), (2, [6])]


def test_a_gap_that_cannot_be_read_goes_out_without_events() -> None:
    screen = Screen()
    feed, repairs = a_feed(screen)
    feed.offer(change(1, seq=5, from_seq=2, bare=True))
    repairs.gaps.pop()[3](None)
    assert screen.shown == [(1, [])]


def test_a_large_or_unknown_gap_is_left_to_the_client() -> None:
    screen = Screen()
    feed, repairs = a_feed(screen)
    feed.offer(change(1, seq=GAP_EVENTS + 2, from_seq=1, bare=True))
    feed.offer(change(2, thread="t1_b", seq=3, from_seq=0, bare=True))
    assert screen.shown == [(1, []), (2, [])]
    assert repairs.gaps == []


def test_a_row_that_only_was_read_needs_no_events() -> None:
    screen = Screen()
    feed, repairs = a_feed(screen)
    feed.offer(change(1, seq=4, from_seq=4, bare=True))
    assert screen.shown == [(1, [])]
    assert repairs.gaps == []


def test_a_feed_found_behind_reads_what_changed() -> None:
    screen = Screen()
    feed, repairs = a_feed(screen, mark=3)
    feed.catch_up()
    [(_, after, done)] = repairs.changes
    assert after == 3
    done(5, [change(5, seq=2, bare=True)])
    assert screen.marks == [5]
    feed.offer(change(5, seq=2))
    feed.offer(change(6, seq=3))
    assert screen.marks == [5, 6]


def test_a_connection_that_read_its_position_before_the_feed_began_gets_what_lies_between() -> None:
    early, late = Screen(), Screen()
    feed, repairs = a_feed(early, mark=5)
    feed.sinks.append(late)
    feed.start(7, 3)
    [(_, after, done)] = repairs.changes
    assert after == 3
    feed.offer(change(6, seq=6))
    done(6, [change(4, seq=1, bare=True), change(5, seq=2, bare=True), change(6, seq=6, bare=True)])
    assert late.marks == [6, 4, 5]
    assert feed.mark == 6
    feed.start(7, 6)
    assert len(repairs.changes) == 1, "who knows more than the feed's beginning lacks nothing"


def test_each_codec_is_encoded_once_for_all_its_connections() -> None:
    screens = [Screen(JSON), Screen(MSGPACK), Screen(JSON)]
    feed, _ = a_feed(*screens)
    feed.offer(change(1, seq=1))
    first, packed, second = (screen.frames[0] for screen in screens)
    assert first is second
    assert msgspec.json.decode(first) == msgspec.msgpack.decode(packed)
    assert msgspec.json.decode(first)["from"] == 0
