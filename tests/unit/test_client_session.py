"""The client's session, rule by rule; the model in tests/property runs it against a reference server."""

import pytest

from greenroom_protocol import limits, pushes, replies
from greenroom_protocol.client_effects import (
    Answer,
    Reconnect,
    RefreshToken,
    Refused,
    RowChanged,
    Snapshot,
)
from greenroom_protocol.client_session import HOLE_PATIENCE_S, NOT_UNDERSTOOD, REPAIR_RETRY_S, ClientSession
from greenroom_protocol.commands import (
    Delivered,
    InboxChanges,
    Ping,
    ThreadHistory,
    ThreadList,
    ThreadRead,
    TokenRefresh,
    TypingSet,
)
from greenroom_protocol.errors import LocalProtocolError
from testkit.scripted_peer import FAR_MS, NOW_MS, connected
from testkit.session_frames import T, delivered, event, events, history, live, push, refused, row, sent, shown


def test_first_connection_has_no_position_and_gives_a_snapshot() -> None:
    session = ClientSession()
    command = session.connect("token", "device", 0.0, state="background")
    assert (command.resume, command.state, command.v) == (None, "background", 1)
    effects = session.receive(connected(command.id, mark=4, rows=[row(4, 9)]), 0.0)
    assert delivered(effects, Snapshot) == [Snapshot(complete=True)]
    assert delivered(effects, RowChanged) == []
    assert session.inbox.unread == 9
    assert session.user == "ana"


def test_nothing_is_asked_for_before_the_resume_is_answered() -> None:
    session = shown()
    session.disconnected()
    command = session.connect("token", "device", 1.0)
    assert sent(session.receive(push(9, 9), 1.0), InboxChanges) == []
    assert session.tick(2.0) == []
    effects = session.receive(connected(command.id, recovered=True), 2.0)
    assert len(sent(effects, InboxChanges)) == len(sent(effects, ThreadHistory)) == 1


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


def test_refused_reading_of_the_inbox_for_good_leads_to_a_new_connection() -> None:
    session = ClientSession()
    live(session)
    session.receive(push(2, 2), 0.0)
    (request,) = sent(session.tick(1.0), InboxChanges)
    assert session.receive(refused(request, "bad_request", "never"), 1.0) == [Reconnect("bad_request")]


def test_show_all_begins_with_what_comes_after_the_first_connection() -> None:
    session = ClientSession(show_all=True)
    live(session, mark=1, rows=[row(1, 9)])
    assert events(session.receive(push(2, 10), 0.0)) == [10]
    assert events(session.receive(push(3, 2, thread="t1_new", from_seq=0, events=[event(1), event(2)]), 0.0)) == [1, 2]


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


def test_listing_of_the_application_completes_the_rows() -> None:
    session = ClientSession()
    live(session)
    command = session.issue(ThreadList(id=0))
    assert isinstance(command, ThreadList)
    effects = session.receive(replies.ThreadListPage(id=command.id, epoch=5, mark=1, rows=[row(1, 4)], more=False), 0.0)
    assert delivered(effects, RowChanged) == [RowChanged(row(1, 4))]
