"""However pushes are lost, repeated and reordered, a connection is shown rising marks and ends where the inbox is."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from greenroom_server.delivery.feed import Feed
from greenroom_server.delivery.frames import EventBytes, RowChange
from testkit.feed import Repairs, Screen, events

THREADS = ("t1_a", "t1_b", "t1_c")


class Inbox:
    """An inbox in the store, with every change that was ever published."""

    def __init__(self, threads: list[int]) -> None:
        self.seqs = dict.fromkeys(THREADS, 0)
        self.rows: dict[str, RowChange] = {}
        self.published: list[RowChange] = []
        for mark, number in enumerate(threads, 1):
            thread = THREADS[number]
            before = self.seqs[thread]
            seq = self.seqs[thread] = before + 1
            change = RowChange(thread, 7, mark, before, seq, seq, 0, "direct", mark, events(seq, seq))
            self.published.append(change)
            self.rows[thread] = change._replace(from_seq=0, events=None)

    def after(self, mark: int) -> list[RowChange]:
        return sorted((row for row in self.rows.values() if row.mark > mark), key=lambda row: row.mark)


def settle(feed: Feed, repairs: Repairs, store: Inbox, random: Random) -> None:
    """Answer everything the feed asks for, in any order, sometimes with a failure first."""
    while repairs.changes or repairs.gaps or repairs.timers:
        if repairs.changes:
            _, mark, changed = repairs.changes.pop(random.randrange(len(repairs.changes)))
            if random.random() < 0.2:
                changed(mark, [])
            else:
                changed(len(store.published), store.after(mark))
        elif repairs.gaps:
            _, after, to, read = repairs.gaps.pop()
            read(events(after + 1, to))
        else:
            repairs.elapse()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 2), max_size=12), st.integers(0, 12), st.data(), st.randoms(use_true_random=False))
def test_marks_rise_and_nothing_is_missed(threads: list[int], start: int, data: st.DataObject, random: Random) -> None:
    store, repairs, screen = Inbox(threads), Repairs(), Screen()
    start = min(start, len(threads))
    arriving = [change for change in store.published for _ in range(data.draw(st.integers(0, 2)))]
    random.shuffle(arriving)
    bare = [change._replace(events=None) if random.random() < 0.2 else change for change in arriving]
    feed = Feed("maya", repairs)
    feed.sinks.append(screen)
    begins = data.draw(st.integers(0, len(bare)))
    for at, change in enumerate(bare):
        if at == begins:
            feed.start(7, start)
        feed.offer(change)
        if random.random() < 0.3:
            settle(feed, repairs, store, random)
    feed.start(7, start)
    settle(feed, repairs, store, random)
    while feed.mark < len(store.published):  # what a check of positions does
        feed.catch_up()
        settle(feed, repairs, store, random)
    assert screen.marks == sorted(set(screen.marks))
    assert all(mark > start for mark in screen.marks)
    assert shown_rows(screen) == {row.thread: row.seq for row in store.after(start)}
    assert_events_follow_on(screen)


def shown_rows(screen: Screen) -> dict[str, int]:
    return {change.thread: change.seq for change in screen.changes}


def assert_events_follow_on(screen: Screen) -> None:
    """Events that are brought reach from `from` to `seq`; else there are none, and the client reads the thread."""
    for change in screen.changes:
        brought: EventBytes | None = change.events
        if brought is not None:
            assert brought.first_seq <= change.from_seq + 1
            assert brought.last_seq == change.seq


@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 3))
def test_two_connections_that_begin_together_both_get_everything(first: int, second: int, later: int) -> None:
    store, repairs = Inbox([0, 1, 2, 0, 1, 2, *([0] * later)]), Repairs()
    screens = {first: Screen(), second: Screen()}
    feed = Feed("maya", repairs)
    feed.sinks.extend(screens.values())
    feed.start(7, first)
    feed.start(7, second)
    for change in store.published[6:]:
        feed.offer(change)
    feed.catch_up()
    settle(feed, repairs, store, Random(0))
    for mark, screen in screens.items():
        kept = {
            change.thread: change.seq for change in sorted(screen.changes, key=lambda c: c.mark) if change.mark > mark
        }
        assert kept == {row.thread: row.seq for row in store.after(mark)}
