"""The client's session, rule by rule; the model in tests/property runs it against a reference server."""

from typing import Any

import pytest

from greenroom_protocol import limits, pushes, replies
from greenroom_protocol.client_effects import (
    Answer,
    Deliver,
    Effect,
    MessageEvent,
    Reconnect,
    Recovered,
    RefreshToken,
    Refused,
    RowChanged,
    Send,
    Snapshot,
    ThreadHidden,
    ThreadReset,
)
from greenroom_protocol.client_session import HOLE_PATIENCE_S, NOT_UNDERSTOOD, REPAIR_RETRY_S, ClientSession
from greenroom_protocol.client_thread import AHEAD_EVENTS, ThreadTail
from greenroom_protocol.commands import (
    Delivered,
    InboxChanges,
    Ping,
    Resume,
    ThreadHistory,
    ThreadPosition,
    ThreadRead,
    TokenRefresh,
    TypingSet,
)
from greenroom_protocol.errors import LocalProtocolError
from greenroom_protocol.events import MessageSent
from greenroom_protocol.replies import Row, ThreadEvents
from testkit.scripted_peer import FAR_MS, NOW_MS, connected

T = "t1_a"


def event(seq: int, at: int | None = None) -> MessageSent:
    return MessageSent(seq=seq, at=seq if at is None else at, n=seq, body=f"m{seq}")


def push(mark: int, seq: int, *, thread: str = T, epoch: int = 7, **changes: Any) -> pushes.InboxChanged:
    values: dict[str, Any] = {"from_seq": seq - 1, "n": seq, "read": 0, "state": "direct", "last_at": seq}
    values = values | {"events": [event(seq)]} | changes
    return pushes.InboxChanged(mark=mark, thread=thread, epoch=epoch, seq=seq, **values)


def row(mark: int, seq: int, *, thread: str = T, epoch: int = 7) -> Row:
    return Row(thread=thread, mark=mark, epoch=epoch, seq=seq, n=seq, read=0, state="direct", last_at=seq)


def live(session: ClientSession, now_s: float = 0.0, **changes: Any) -> list[Effect]:
    command = session.connect("token", "device", now_s)
    return session.receive(connected(command.id, **changes), now_s)


def events(effects: list[Effect]) -> list[int]:
    inner = [effect.event for effect in effects if isinstance(effect, Deliver)]
    return [each.event.seq for each in inner if isinstance(each, MessageEvent)]


def delivered(effects: list[Effect], kind: type) -> list[Any]:
    return [each.event for each in effects if isinstance(each, Deliver) and isinstance(each.event, kind)]


def sent(effects: list[Effect], kind: type) -> list[Any]:
    return [each.command for each in effects if isinstance(each, Send) and isinstance(each.command, kind)]


def history(command: Any, to: int, *seqs: int, more: bool = False, epoch: int = 7) -> replies.HistoryPage:
    return replies.HistoryPage(
        id=command.id, thread=command.thread, epoch=epoch, after=command.after, to=to,
        events=[event(seq) for seq in seqs], more=more,
    )  # fmt: skip


def refused(command: Any, code: str = "rate.reads", retry: Any = "later", after_ms: int | None = 500) -> replies.Error:
    return replies.Error(id=command.id, code=code, message="", retry=retry, retry_after_ms=after_ms)


def shown(after: int = 0) -> ClientSession:
    session = ClientSession()
    session.show(T, after)
    (request,) = sent(live(session), ThreadHistory)
    assert session.receive(history(request, after), 0.0) == []
    return session


def test_first_connection_has_no_position_and_gives_a_snapshot() -> None:
    session = ClientSession()
    command = session.connect("token", "device", 0.0, state="background")
    assert (command.resume, command.state, command.v) == (None, "background", 1)
    effects = session.receive(connected(command.id, mark=4, rows=[row(4, 9)]), 0.0)
    assert delivered(effects, Snapshot) == [Snapshot(complete=True)]
    assert delivered(effects, RowChanged) == []
    assert session.inbox.unread == 9
    assert session.user == "ana"


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


def test_nothing_is_asked_for_before_the_resume_is_answered() -> None:
    session = shown()
    session.disconnected()
    command = session.connect("token", "device", 1.0)
    assert sent(session.receive(push(9, 9), 1.0), InboxChanges) == []
    assert session.tick(2.0) == []
    effects = session.receive(connected(command.id, recovered=True), 2.0)
    assert len(sent(effects, InboxChanges)) == len(sent(effects, ThreadHistory)) == 1


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


def test_hole_that_closes_by_itself_is_not_read() -> None:
    session = shown()
    session.receive(push(2, 2), 0.0)
    assert events(session.receive(push(1, 1), 0.05)) == [1, 2]
    effects = session.tick(1.0)
    assert sent(effects, ThreadHistory) == sent(effects, InboxChanges) == []


def test_hole_in_mark_keeps_the_position_until_the_rows_are_read() -> None:
    session = ClientSession()
    live(session)
    session.receive(push(3, 3), 0.0)
    assert session.inbox.mark == 0
    assert session.due_s() == HOLE_PATIENCE_S
    (request,) = sent(session.tick(HOLE_PATIENCE_S), InboxChanges)
    assert request.mark == 0
    page = replies.InboxChangesPage(id=request.id, recovered=True, epoch=5, mark=2, more=False, rows=[])
    assert sent(session.receive(page, 1.0), InboxChanges) == []
    assert session.inbox.mark == 3


def test_reading_that_brings_nothing_is_repeated_only_after_a_pause() -> None:
    session = shown()
    session.receive(push(2, 2), 0.0)
    effects = session.tick(1.0)
    (rows,), (log,) = sent(effects, InboxChanges), sent(effects, ThreadHistory)
    page = replies.InboxChangesPage(id=rows.id, recovered=True, epoch=5, mark=0, more=False, rows=[])
    assert sent(session.receive(page, 1.0), InboxChanges) == []
    assert sent(session.receive(history(log, 0), 1.0), ThreadHistory) == []
    assert sent(session.tick(1.5), ThreadHistory) == []
    effects = session.tick(1.0 + REPAIR_RETRY_S)
    assert len(sent(effects, InboxChanges)) == len(sent(effects, ThreadHistory)) == 1


def test_refused_reading_waits_as_long_as_the_server_says() -> None:
    session = shown()
    session.receive(push(2, 2), 0.0)
    effects = session.tick(1.0)
    for request in (*sent(effects, InboxChanges), *sent(effects, ThreadHistory)):
        session.receive(refused(request), 1.0)
    assert session.due_s() == 1.5
    assert sent(session.tick(1.4), ThreadHistory) == []
    assert len(sent(session.tick(1.5), ThreadHistory)) == 1


def test_thread_that_may_not_be_read_any_more_is_hidden() -> None:
    session = shown()
    session.receive(push(1, 2), 0.0)
    (request,) = sent(session.tick(1.0), ThreadHistory)
    effects = session.receive(refused(request, "not_found", "never"), 1.0)
    assert delivered(effects, ThreadHidden) == [ThreadHidden(T, "not_found")]
    assert events(session.receive(push(2, 3), 1.0)) == []


def test_refused_reading_of_the_inbox_for_good_leads_to_a_new_connection() -> None:
    session = ClientSession()
    live(session)
    session.receive(push(2, 2), 0.0)
    (request,) = sent(session.tick(1.0), InboxChanges)
    assert session.receive(refused(request, "bad_request", "never"), 1.0) == [Reconnect("bad_request")]


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


def test_show_all_begins_with_what_comes_after_the_first_connection() -> None:
    session = ClientSession(show_all=True)
    live(session, mark=1, rows=[row(1, 9)])
    assert events(session.receive(push(2, 10), 0.0)) == [10]
    assert events(session.receive(push(3, 2, thread="t1_new", from_seq=0, events=[event(1), event(2)]), 0.0)) == [1, 2]


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


def test_acknowledgements_are_at_most_every_five_seconds_and_at_once_on_a_heartbeat() -> None:
    session = ClientSession()
    live(session)
    assert sent(session.receive(push(1, 1), 10.0), Delivered) == [Delivered(mark=1)]
    assert sent(session.receive(push(2, 2), 11.0), Delivered) == []
    assert session.due_s() == 10.0 + limits.DELIVERED_INTERVAL_S
    assert sent(session.tick(15.0), Delivered) == [Delivered(mark=2)]
    assert sent(session.tick(25.0), Delivered) == []
    heartbeat = pushes.Heartbeat(now=NOW_MS)
    assert sent(session.receive(heartbeat, 26.0), Delivered) == [Delivered(mark=2)]


def test_clock_is_the_servers_and_token_is_refreshed_at_four_fifths_of_its_life() -> None:
    session = ClientSession()
    assert session.server_now_ms(0.0) is None
    assert session.has_token_left(1e9)
    live(session, 100.0, expires_at=NOW_MS + 20_000)
    assert session.server_now_ms(101.5) == NOW_MS + 1_500
    assert session.due_s() == 116.0
    assert session.has_token_left(115.9)
    assert not session.has_token_left(116.0)
    assert session.tick(116.0) == [RefreshToken()]
    session.postpone_refresh(118.0)
    assert session.tick(118.0) == [RefreshToken()]
    command = session.refresh_token("second")
    assert isinstance(command, TokenRefresh)
    session.receive(replies.TokenRefreshed(id=command.id, expires_at=FAR_MS), 119.0)
    assert session.has_token_left(200.0)
    assert session.tick(130.0) == []


def test_silence_ends_the_connection_and_any_frame_breaks_it() -> None:
    session = ClientSession()
    session.connect("token", "device", 0.0)
    assert session.due_s() == limits.CONNECT_TIMEOUT_S
    assert session.tick(limits.CONNECT_TIMEOUT_S) == [Reconnect("silence", is_dead=True)]
    session.disconnected()
    live(session, 20.0)
    session.receive(pushes.TypingChanged(thread=T, user="bob", is_typing=True), 50.0)
    assert session.tick(84.9) == []
    assert session.tick(85.0) == [Reconnect("silence", is_dead=True)]


def test_draining_and_reset_lead_to_a_new_connection() -> None:
    session = ClientSession()
    live(session)
    assert session.receive(pushes.Draining(reconnect_in_ms=3_000), 1.0) == []
    assert session.due_s() == 4.0
    assert session.tick(4.0) == [Reconnect("server_drain")]
    assert session.receive(pushes.InboxReset(epoch=9), 5.0) == [Reconnect("inbox_reset")]


def test_commands_get_ids_and_their_answers_come_back_or_are_lost() -> None:
    session = ClientSession()
    with pytest.raises(LocalProtocolError):
        session.issue(Ping(id=0))
    live(session)
    with pytest.raises(LocalProtocolError):
        session.connect("token", "device", 0.0)
    first, second = session.issue(Ping(id=0)), session.issue(Ping(id=0))
    assert isinstance(first, Ping)
    assert isinstance(second, Ping)
    typing = TypingSet(thread=T)
    assert session.issue(typing) is typing
    pong = replies.Pong(id=first.id, now=NOW_MS)
    assert session.receive(pong, 0.0) == [Answer(first.id, pong)]
    assert session.receive(pong, 0.0) == []
    assert session.disconnected() == [second.id]


def test_answer_of_the_wrong_kind_or_undecodable_becomes_an_error() -> None:
    session = ClientSession()
    live(session)
    for answer in ("wrong", "garbage"):
        command = session.issue(Ping(id=0))
        assert isinstance(command, Ping)
        if answer == "wrong":
            effects = session.receive(replies.ReadMoved(id=command.id, n=1), 0.0)
        else:
            effects = session.receive_garbage(command.id, 0.0)
        (effect,) = effects
        assert isinstance(effect, Answer)
        assert isinstance(effect.reply, replies.Error)
        assert effect.reply.code == NOT_UNDERSTOOD
    assert session.receive_garbage(None, 0.0) == []


def test_refused_connect_and_refresh_are_given_to_the_caller_or_waited_out() -> None:
    session = ClientSession()
    command = session.connect("token", "device", 0.0)
    error = refused(command, "auth.bad_token", "after_refresh")
    assert session.receive(error, 0.0) == [Refused(error)]
    session.disconnected()
    live(session)
    assert session.receive(refused(session.refresh_token("other"), "auth.wrong_user", "never"), 0.0) == []


def test_own_read_mark_moves_with_its_answer() -> None:
    session = ClientSession()
    live(session, mark=1, rows=[row(1, 5)])
    command = session.issue(ThreadRead(id=0, thread=T, n=3))
    assert isinstance(command, ThreadRead)
    effects = session.receive(replies.ReadMoved(id=command.id, n=3), 0.0)
    assert [changed.row.read for changed in delivered(effects, RowChanged)] == [3]
    assert session.inbox.unread == 2
    again = session.issue(ThreadRead(id=0, thread=T, n=3))
    assert isinstance(again, ThreadRead)
    assert delivered(session.receive(replies.ReadMoved(id=again.id, n=3), 0.0), RowChanged) == []


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
