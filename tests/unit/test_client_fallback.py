"""Which transport the client takes when, and how it reads events. Source: protocol/spec/fallback.md."""

import pytest

from greenroom_client.fallback import EventReader
from greenroom_client.ladder import REMEMBERED_S, Ladder


def test_websocket_is_first_and_http_comes_after_two_failures_in_a_row() -> None:
    ladder = Ladder("auto")
    taken = []
    for now_s in range(7):
        taken.append(ladder.next(now_s))
        ladder.failed(taken[-1])
    assert taken == ["websocket", "websocket", "stream", "websocket", "websocket", "stream", "websocket"]


def test_an_answer_by_websocket_forgets_the_failure_before() -> None:
    ladder = Ladder("auto")
    ladder.failed("websocket")
    ladder.worked("websocket", 5.0)
    ladder.failed("websocket")
    assert ladder.next(6.0) == "websocket"


def test_what_worked_is_remembered_for_a_while_and_then_websocket_gets_its_chance() -> None:
    ladder = Ladder("auto")
    ladder.failed("websocket")
    ladder.failed("websocket")
    ladder.worked("poll", 100.0)
    assert ladder.next(101.0) == "poll"
    ladder.worked("poll", 100.0 + REMEMBERED_S - 1)  # does not begin anew
    assert ladder.next(100.0 + REMEMBERED_S - 1) == "poll"
    assert ladder.next(100.0 + REMEMBERED_S) == "websocket"


def test_a_remembered_way_that_fails_is_forgotten() -> None:
    ladder = Ladder("auto")
    ladder.worked("stream", 0.0)
    ladder.failed("stream")
    assert ladder.next(1.0) == "websocket"


@pytest.mark.parametrize("transport", ["websocket", "stream", "poll"])
def test_a_chosen_transport_is_never_left(transport: str) -> None:
    ladder = Ladder(transport)  # type: ignore[arg-type]  # one of the literals
    for _ in range(5):
        ladder.failed(ladder.next(0.0))
    assert ladder.next(0.0) == transport
    assert not ladder.may_poll


def test_events_are_whole_however_they_are_cut_and_each_comes_once() -> None:
    text = (
        b": open\n\nid: 1\ndata: {}\n\n:\n\nid: 2\ndata: [1]\n\nid: 2\ndata: [1]\n\nid: 3\nevent: close\ndata: 4000\n\n"
    )
    wanted = [(b"{}", False), (b"[1]", False), (b"4000", True)]
    for size in range(1, len(text) + 1):
        reader = EventReader()
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        assert [event for piece in pieces for event in reader.feed(piece)] == wanted
        assert (reader.last, reader.is_broken) == (3, False)


def test_a_cut_response_is_begun_again() -> None:
    reader = EventReader()
    assert list(reader.feed(b"id: 1\ndata: a\n\nid: 2\nda")) == [(b"a", False)]
    reader.cut()
    assert list(reader.feed(b"id: 1\ndata: a\n\nid: 2\ndata: b\n\n")) == [(b"b", False)]


@pytest.mark.parametrize(
    "bad", [b"id: 2\ndata: a\n\n", b"id: x\ndata: a\n\n", b"data: a\n\n", b"id: 1\n\n", b"id: -1\ndata: a\n\n"]
)
def test_what_is_no_next_event_breaks_the_response(bad: bytes) -> None:
    reader = EventReader()
    assert not list(reader.feed(bad))
    assert reader.is_broken
