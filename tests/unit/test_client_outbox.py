"""The Python client's outbox: order per thread, and what becomes of a refusal."""

import pytest

from greenroom_client.outbox import UNDER_WAY, Outbox, QueuedMessage, Refusal
from greenroom_protocol.bases import PolicyView
from greenroom_protocol.replies import Error


def message(cid: str, thread: str = "t1") -> QueuedMessage:
    return QueuedMessage(thread=thread, cid=cid, body="text")


def error(code: str, retry: str = "never", **fields: object) -> Error:
    return Error(id=1, code=code, message="", retry=retry, **fields)  # type: ignore[arg-type]


def outbox(*messages: QueuedMessage) -> Outbox:
    box = Outbox()
    for each in messages:
        box.add(each)
    return box


def taken(box: Outbox, now_s: float = 0.0) -> list[tuple[str, str | None]]:
    return [(each.cid, previous) for each, previous in box.take(now_s)]


def test_one_message_per_thread_is_under_way_and_names_the_one_before() -> None:
    box = outbox(message("a"), message("b"), message("x", "t2"))
    assert taken(box) == [("a", None), ("x", None)]
    assert taken(box) == []
    box.accepted("a")
    assert taken(box) == [("b", "a")]
    box.accepted("b")
    box.accepted("x")
    assert len(box) == 0
    assert list(box) == []


def test_later_makes_the_whole_thread_wait_and_keeps_the_cid() -> None:
    box = outbox(message("a"), message("b"))
    box.take(0.0)
    assert box.refused("a", error("rate.sends", "later", retry_after_ms=2_500), 10.0) is Refusal.RETRY
    assert box.due_s() == 12.5
    assert taken(box, 12.4) == []
    assert taken(box, 12.5) == [("a", None)]
    assert box.due_s() == float("inf")


@pytest.mark.parametrize("retry", ["after_resume", "after_refresh"])
def test_refusal_until_a_resume_waits_for_the_next_connection(retry: str) -> None:
    box = outbox(message("a"))
    box.take(0.0)
    assert box.refused("a", error("server.draining", retry), 0.0) is Refusal.RETRY
    assert taken(box, 1e9) == []
    box.connection_changed()
    assert taken(box) == [("a", None)]


def test_what_has_no_answer_goes_again_first_after_a_lost_connection() -> None:
    box = outbox(message("a"), message("b"))
    box.take(0.0)
    box.connection_changed()
    assert taken(box) == [("a", None)]


@pytest.mark.parametrize(
    ("refusal", "outcome"),
    [
        (error("policy.contact_email", policy=PolicyView(action="bounce")), Refusal.BOUNCED),
        (error("policy.filter_failed", "later", policy=PolicyView(action="bounce")), Refusal.BOUNCED),
        (error("policy.contact_email"), Refusal.BOUNCED),
        (error("candidacy.not_open"), Refusal.FAILED),
    ],
)
def test_final_refusal_frees_the_thread_for_the_next_message(refusal: Error, outcome: Refusal) -> None:
    box = outbox(message("a"), message("b"))
    box.take(0.0)
    assert box.refused("a", refusal, 0.0) is outcome
    assert taken(box) == [("b", None)]


def test_old_cid_is_stamped_anew_only_if_no_attempt_may_have_been_saved() -> None:
    box = outbox(message("a"))
    box.take(0.0)
    assert box.refused("a", error("cid.outside_window"), 0.0) is Refusal.RESTAMP
    box.restamp("a", "a2")
    assert taken(box) == [("a2", None)]
    assert box.refused("a2", error("uncertain", "later"), 0.0) is Refusal.RETRY
    assert taken(box, 1.0) == [("a2", None)]
    assert box.refused("a2", error("cid.outside_window"), 1.0) is Refusal.FAILED


def test_unanswered_message_keeps_its_cid_even_when_it_is_too_old() -> None:
    box = outbox(message("a"))
    box.take(0.0)
    box.connection_changed()
    box.take(0.0)
    assert box.refused("a", error("cid.outside_window"), 0.0) is Refusal.FAILED


def test_refusal_that_saved_nothing_leaves_the_cid_free() -> None:
    box = outbox(message("a"))
    box.take(0.0)
    box.refused("a", error("unavailable", "later"), 0.0)
    box.take(1.0)
    assert box.refused("a", error("cid.outside_window"), 1.0) is Refusal.RESTAMP


def test_gap_that_is_not_ours_is_not_asked_to_be_closed() -> None:
    box = outbox(message("a"), message("b"))
    box.take(0.0)
    box.accepted("a")
    assert taken(box) == [("b", "a")]
    box.refused("b", error("outbox.gap", "later"), 0.0)
    assert taken(box, 1.0) == [("b", None)]


def test_message_can_be_taken_back_until_it_leaves() -> None:
    box = outbox(message("a"), message("b"))
    box.take(0.0)
    assert not box.discard("a")
    assert box.discard("b")
    assert not box.discard("b")
    box.accepted("a")
    assert len(box) == 0


def test_messages_under_way_are_bounded_over_all_threads() -> None:
    box = outbox(*(message(f"c{number}", f"t{number}") for number in range(UNDER_WAY + 5)))
    assert len(box.take(0.0)) == UNDER_WAY
    assert box.take(0.0) == []
    box.accepted("c0")
    assert len(box.take(0.0)) == 1
    assert box.due_s() == float("inf")


def test_answers_to_unknown_messages_change_nothing() -> None:
    box = outbox(message("a"))
    box.accepted("zzz")
    assert box.refused("zzz", error("unavailable", "later"), 0.0) is Refusal.FAILED
    assert [each.cid for each in box] == ["a"]


def test_text_is_not_in_the_repr() -> None:
    assert "text" not in repr(message("a"))
