"""What a device holds of its inbox and threads: pages, holes, snapshots, losses of history."""

from greenroom_protocol import limits, replies
from greenroom_protocol.client_effects import (
    Recovered,
    RowChanged,
    Snapshot,
    ThreadHidden,
    ThreadReset,
)
from greenroom_protocol.client_session import HOLE_PATIENCE_S, ClientSession
from greenroom_protocol.client_thread import AHEAD_EVENTS, ThreadTail
from greenroom_protocol.commands import (
    InboxChanges,
    Resume,
    ThreadHistory,
    ThreadList,
    ThreadPosition,
)
from greenroom_protocol.replies import Row, ThreadEvents
from testkit.session_frames import T, delivered, event, events, history, live, push, refused, row, sent, shown


def test_resume_names_the_position_and_the_shown_threads_that_changed_last() -> None:
    session = ClientSession(show_all=True)
    many = [row(mark, 3, thread=f"t1_{mark:03}") for mark in range(1, limits.SHOWN_THREADS + 11)]
    live(session, mark=60, rows=many)
    session.disconnected()
    resume = session.connect("token", "device", 1.0).resume
    assert resume is not None
    assert (resume.epoch, resume.mark, len(resume.threads)) == (5, 60, limits.SHOWN_THREADS)
    assert resume.threads["t1_060"] == ThreadPosition(epoch=7, seq=3)
    assert "t1_010" not in resume.threads


def test_pages_of_a_resume_are_asked_for_until_the_last() -> None:
    session = ClientSession()
    live(session, mark=1, rows=[row(1, 1)])
    session.disconnected()
    effects = live(session, 1.0, recovered=True, mark=2, more=True, rows=[row(2, 2)])
    (request,) = sent(effects, InboxChanges)
    assert (request.epoch, request.mark) == (5, 2)
    assert delivered(effects, Recovered) == []
    page = replies.InboxChangesPage(id=request.id, recovered=True, epoch=5, mark=3, more=False, rows=[row(3, 3)])
    effects = session.receive(page, 1.0)
    assert delivered(effects, RowChanged) == [RowChanged(row(3, 3))]
    assert delivered(effects, Recovered) == [Recovered()]


def test_snapshot_cut_off_in_the_middle_is_still_told_as_a_snapshot() -> None:
    session = ClientSession(show_all=True)
    live(session, mark=1, more=True, rows=[row(1, 5)])
    session.disconnected()
    effects = live(session, 1.0, recovered=True, mark=2, rows=[row(2, 8, thread="t1_b")])
    assert delivered(effects, Snapshot) == [Snapshot(complete=True)]
    assert sent(effects, ThreadHistory) == []  # it stood there before this session began


def test_lost_position_replaces_the_rows_and_keeps_the_shown_threads() -> None:
    session = shown()
    session.receive(push(1, 1), 0.0)
    session.disconnected()
    effects = live(session, 1.0, recovered=False, epoch=6, mark=1, complete=False, rows=[row(1, 2)])
    assert delivered(effects, Snapshot) == [Snapshot(complete=False)]
    assert (session.inbox.epoch, session.inbox.mark) == (6, 1)
    assert [request.after for request in sent(effects, ThreadHistory)] == [1]


def test_missed_events_that_come_with_the_resume_need_no_reading() -> None:
    session = shown()
    session.disconnected()
    part = ThreadEvents(thread=T, epoch=7, after=0, to=3, events=[event(1), event(3)])
    effects = live(session, 1.0, recovered=True, mark=1, rows=[row(1, 3)], threads=[part])
    assert events(effects) == [1, 3]
    assert sent(effects, ThreadHistory) == []


def test_hole_in_seq_is_read_after_a_short_patience_and_then_everything_comes_in_order() -> None:
    session = shown()
    assert events(session.receive(push(1, 1), 0.0)) == [1]
    effects = session.receive(push(2, 4), 0.0)
    assert events(effects) == sent(effects, ThreadHistory) == []
    (request,) = sent(session.tick(HOLE_PATIENCE_S), ThreadHistory)
    assert request.after == 1
    assert events(session.receive(push(3, 5), 1.0)) == []
    assert events(session.receive(history(request, 4, 2, 3, 4), 1.0)) == [2, 3, 4, 5]


def test_thread_that_may_not_be_read_any_more_is_hidden() -> None:
    session = shown()
    session.receive(push(1, 2), 0.0)
    (request,) = sent(session.tick(1.0), ThreadHistory)
    effects = session.receive(refused(request, "not_found", "never"), 1.0)
    assert delivered(effects, ThreadHidden) == [ThreadHidden(T, "not_found")]
    assert events(session.receive(push(2, 3), 1.0)) == []


def test_events_for_somebody_else_are_passed_over() -> None:
    session = shown()
    session.receive(push(1, 1, events=[]), 0.0)
    (request,) = sent(session.tick(1.0), ThreadHistory)
    assert events(session.receive(history(request, 1), 1.0)) == []
    assert events(session.receive(push(2, 2), 1.0)) == [2]


def test_only_events_not_heard_of_yet_come_without_a_start() -> None:
    session = ClientSession()
    live(session, mark=1, rows=[row(1, 9)])
    session.show(T)
    session.show("t1_new")
    assert sent(session.tick(1.0), ThreadHistory) == []
    assert events(session.receive(push(2, 10), 1.0)) == [10]
    assert events(session.receive(push(3, 4, thread="t1_new"), 1.0)) == [4]
    session.hide(T)
    assert events(session.receive(push(4, 11), 1.0)) == []


def test_new_epoch_of_a_thread_is_told_and_gives_only_what_differs() -> None:
    session = shown()
    for seq in (1, 2, 3):
        session.receive(push(seq, seq), 0.0)
    effects = session.receive(push(4, 3, epoch=8, events=[]), 0.0)
    assert delivered(effects, ThreadReset) == [ThreadReset(T)]
    (request,) = sent(session.tick(1.0), ThreadHistory)
    assert request.after == 0
    page = history(request, 3, 1, 2, epoch=8)
    page.events.append(event(3, at=99))
    assert events(session.receive(page, 1.0)) == [3]


def test_events_of_an_old_epoch_are_ignored() -> None:
    session = shown()
    session.receive(push(1, 1, epoch=8), 0.0)
    assert events(session.receive(push(2, 2, epoch=7), 0.0)) == []
    assert events(session.receive(push(3, 2, epoch=8), 0.0)) == [2]


def test_events_that_are_far_ahead_are_read_again_instead_of_kept() -> None:
    tail = ThreadTail(T, epoch=7, seq=0)
    tail.reach(7, AHEAD_EVENTS + 10, start=0)
    assert tail.push(7, [event(seq) for seq in range(2, AHEAD_EVENTS + 11)]) == []
    given = tail.page(7, 0, 1, [event(1)], more=True)
    assert [each.seq for each in given] == list(range(1, AHEAD_EVENTS + 2))
    assert tail.missing_after == AHEAD_EVENTS + 1
    assert tail.page(7, AHEAD_EVENTS + 5, AHEAD_EVENTS + 10, [], more=False) == []


def test_page_asked_for_after_the_place_to_which_one_went_back_is_ignored() -> None:
    tail = ThreadTail(T, epoch=7, seq=9)
    assert tail.reach(8, 4, start=4)
    assert tail.seq == 4
    assert tail.page(8, 9, 12, [event(10)], more=False) == []
    fresh = ThreadTail(T)
    assert fresh.push(0, [event(1)]) == []
    assert fresh.missing_after is None


def test_resume_of_a_thread_without_a_place_names_nothing() -> None:
    session = ClientSession()
    session.show("t1_unheard_of")
    live(session)
    session.disconnected()
    assert session.connect("token", "device", 1.0).resume == Resume(epoch=5, mark=0)


def test_two_losses_of_history_before_the_first_is_read_again_double_nothing() -> None:
    tail = ThreadTail(T, epoch=7, seq=0)
    tail.reach(7, 2, start=0)
    assert len(tail.push(7, [event(1), event(2)])) == 2
    assert tail.reach(8, 2, start=2)
    assert tail.reach(9, 2, start=2)
    assert tail.missing_after == 0
    assert tail.page(9, 0, 2, [event(1), event(2)], more=False) == []


def test_loss_of_history_goes_back_to_the_start_while_everything_since_can_be_recognised() -> None:
    tail = ThreadTail(T, epoch=7, seq=4)
    tail.reach(7, 5, start=4)
    assert tail.page(7, 4, 5, [], more=False) == []  # an event for somebody else
    assert tail.reach(8, 5, start=5)
    assert [each.seq for each in tail.page(8, 4, 5, [event(5)], more=False)] == [5]


def test_page_with_more_is_read_on_even_when_the_row_lags_behind() -> None:
    session = shown()
    session.receive(push(1, 2, from_seq=1), 0.0)
    (request,) = sent(session.tick(1.0), ThreadHistory)
    effects = session.receive(history(request, 3, 1, 2, 3, more=True), 1.0)
    assert [again.after for again in sent(effects, ThreadHistory)] == [3]


def test_part_of_a_thread_that_comes_with_a_resume_is_read_on_while_its_row_is_unknown() -> None:
    session = shown()
    session.receive(push(1, 1), 0.0)
    session.disconnected()
    (request,) = sent(live(session, 1.0, recovered=False, epoch=6, mark=1), ThreadHistory)
    assert request.after == 1
    session.disconnected()
    part = ThreadEvents(thread=T, epoch=7, after=1, to=2, events=[event(2)])
    effects = live(session, 2.0, recovered=True, epoch=6, mark=1, threads=[part])
    assert events(effects) == [2]
    assert [again.after for again in sent(effects, ThreadHistory)] == [2]


def test_whoever_shows_everything_lists_the_rows_below_a_full_snapshot() -> None:
    session = ClientSession(show_all=True)
    size = limits.PAGE_ITEMS
    top = [row(mark, 1, thread=f"t1_{mark:04}") for mark in range(size + 2, 2, -1)]
    effects = live(session, mark=size + 2, rows=top)
    assert delivered(effects, Snapshot) == []
    (request,) = sent(effects, ThreadList)
    assert request.before == 3
    assert sent(session.receive(refused(request), 0.0), ThreadList) == []
    (request,) = sent(session.tick(0.5), ThreadList)
    page = replies.ThreadListPage(id=request.id, epoch=5, mark=size + 2, rows=[row(2, 1, thread="t1_0002")], more=True)
    (request,) = sent(session.receive(page, 0.5), ThreadList)
    effects = session.receive(refused(request, "bad_request", "never"), 0.5)
    assert delivered(effects, Snapshot) == [Snapshot(complete=True)]
    assert len(session.inbox.rows) == size + 1


def test_what_is_hidden_or_was_never_shown_gives_nothing() -> None:
    session = shown()
    session.receive(push(1, 2), 0.0)
    (first,) = sent(session.tick(1.0), ThreadHistory)
    session.hide(T)
    assert events(session.receive(history(first, 2, 1, 2), 1.0)) == []
    session.show(T, after=0)
    (second,) = sent(session.tick(1.0), ThreadHistory)
    session.hide(T)
    assert session.receive(refused(second), 1.0) == []
    session.disconnected()
    part = ThreadEvents(thread=T, epoch=7, after=0, to=1, events=[event(1)])
    assert events(live(session, 2.0, recovered=True, mark=1, threads=[part])) == []


def test_push_that_comes_twice_changes_nothing() -> None:
    session = shown()
    session.receive(push(1, 1), 0.0)
    assert session.receive(push(1, 1), 0.0) == []


def test_ones_own_log_is_shown_unasked_from_its_first_push_on() -> None:
    for show_all in (False, True):
        session = ClientSession(show_all=show_all)
        live(session, mark=1, rows=[row(1, 1)])
        effects = session.receive(push(2, 40, thread="t1_self_a", state="self", n=0), 1.0)
        assert (events(effects), sent(effects, ThreadHistory)) == ([40], []), "what came before is no news"
        session.receive(push(3, 42, thread="t1_self_a", state="self", n=0, from_seq=41), 1.0)
        (request,) = sent(session.tick(1.0 + HOLE_PATIENCE_S), ThreadHistory)
        assert (request.thread, request.after) == ("t1_self_a", 40)
        session.disconnected()
        resume = session.connect("token", "device", 2.0).resume
        assert resume is not None
        assert resume.threads["t1_self_a"] == ThreadPosition(epoch=7, seq=40)


def test_row_of_ones_own_log_alone_is_not_read() -> None:
    for show_all in (False, True):
        session = ClientSession(show_all=show_all)
        live(session, mark=1, rows=[row(1, 1)])
        session.disconnected()
        own = Row(thread="t1_self_a", mark=2, epoch=7, seq=40, n=0, read=0, state="self", last_at=40)
        effects = live(session, 1.0, recovered=True, mark=2, rows=[own])
        assert (delivered(effects, RowChanged), sent(effects, ThreadHistory)) == ([RowChanged(own)], [])
