"""The tail of a thread as the filter's window knows it: short messages as they stand, and nothing with a gap."""

from greenroom_protocol.bases import Event
from greenroom_protocol.events import InterviewStarted, MessageEdited, MessageErased, MessageRedacted, MessageSent
from greenroom_server.usecases.window import EVENTS, Tail


def at(seq: int, event: Event) -> Event:
    event.seq, event.at = seq, 1_000 * seq
    return event


def said(seq: int, body: str, by: str = "jonas") -> Event:
    return at(seq, MessageSent(by=by, body=body))


def shown(tail: Tail) -> list[tuple[int, str]]:
    return [(line.seq, line.text) for line in sorted(tail.lines.values())]


def test_what_was_edited_masked_or_erased_counts_as_it_stands() -> None:
    tail = Tail([said(1, "415"), said(2, "555"), said(3, "0123"), said(4, "What?", by="maya")])
    assert tail.add([at(5, MessageEdited(by="jonas", target=1, body="416"))])
    assert tail.add([at(6, MessageRedacted(target=2, body="[hidden]"))])
    assert tail.add([at(7, MessageErased(by="jonas", target=3))])
    assert shown(tail) == [(1, "416"), (2, "[hidden]"), (4, "What?")]
    assert (tail.lines[1].at, tail.lines[2].by) == (5_000, "jonas")


def test_long_messages_and_other_events_only_take_a_place() -> None:
    tail = Tail([said(1, "a" * 61), at(2, InterviewStarted(by="maya"))])
    assert (shown(tail), tail.seq) == ([], 2)
    tail.add([at(3, MessageEdited(by="jonas", target=1, body="short now"))])
    assert shown(tail) == [(1, "short now")]


def test_a_tail_that_misses_an_event_says_so() -> None:
    tail = Tail([said(1, "415")])
    assert not tail.add([said(3, "0123")])


def test_only_the_end_of_a_thread_is_kept() -> None:
    tail = Tail([said(seq, str(seq)) for seq in range(1, 100)])
    assert [seq for seq, _ in shown(tail)] == list(range(100 - EVENTS, 100))
