"""Who may be brought into a thread, and what members may do in the name of their side."""

from typing import Any

import pytest

from greenroom_protocol.fields import Right
from greenroom_server.domain.head import Head, Participant
from greenroom_server.domain.relationship import Relationship
from greenroom_server.domain.team import OPEN_STATES, RIGHT_OF, may_delegate, may_join, place_of
from greenroom_server.domain.team_policy import TeamPolicy
from greenroom_server.domain.thread_actions import Denied
from greenroom_server.domain.thread_state import Role, ThreadState
from greenroom_server.store.records import byte_fields, read_head, write_membership, write_participant

C, F = Role.CLIENT, Role.FREELANCER
POLICY = TeamPolicy(must_be_staff=True, max_participants=5)
PLACES = (
    Participant("maya", C),
    Participant("jonas", F),
    Participant("cleo", C, 0, 0, True, frozenset({"add", "call"})),
    Participant("fritz", F, 0, 0, True),
    Participant("carl", C, 0, 9, True, frozenset({"accept"})),
)


def head(*places: Participant, state: ThreadState = ThreadState.CANDIDACY) -> Head:
    return Head(
        thread="t1_x", rev="1", state=state, why=None, client="maya", freelancer="jonas", job="", title="",
        gate_opened_at=0, expires_at=0, participants={place.user: place for place in places or PLACES},
        relationship=Relationship(), bounces={},
    )  # fmt: skip


def refusal(where: Head, user: str, side: Role = C, **facts: Any) -> str:
    known: dict[str, Any] = {"staff_of": ("maya", "jonas"), "is_suspended": False, "policy": POLICY, **facts}
    denied = may_join(where, user, side, **known)
    return denied.code if denied is not None else ""


@pytest.mark.parametrize("state", ThreadState)
def test_members_join_interviews_and_contracts_only(state: ThreadState) -> None:
    expected = "" if state in OPEN_STATES else "team.not_open"
    assert refusal(head(state=state), "nina") == expected


@pytest.mark.parametrize(
    ("user", "side", "code"),
    [
        ("maya", C, "team.duplicate"),
        ("cleo", C, "team.duplicate"),
        ("jonas", C, "team.other_side"),
        ("fritz", C, "team.other_side"),
        ("carl", F, "team.other_side"),
        ("carl", C, ""),
    ],
)
def test_nobody_is_in_a_thread_twice_or_on_both_sides(user: str, side: Role, code: str) -> None:
    assert refusal(head(), user, side) == code


def test_members_are_staff_of_the_principal_unless_the_policy_asks_for_none() -> None:
    assert refusal(head(), "nina", C, staff_of=("jonas",)) == "team.not_staff"
    assert refusal(head(), "nina", F, staff_of=("jonas",)) == ""
    free = TeamPolicy(must_be_staff=False, max_participants=5)
    assert refusal(head(), "nina", C, staff_of=(), policy=free) == ""


def test_a_suspended_user_does_not_join() -> None:
    assert refusal(head(), "nina", is_suspended=True) == "peer.unavailable"


def test_a_thread_holds_only_so_many_people_and_who_left_does_not_count() -> None:
    assert refusal(head(), "nina") == ""
    full = head(*PLACES, Participant("otto", F, 0, 0, True))
    assert refusal(full, "nina") == "team.full"


def test_a_member_does_what_was_delegated_and_a_principal_everything() -> None:
    where = head()
    assert all(where.may("maya", right) for right in ("accept", "decline", "offer", "grant", "call", "add", ""))
    assert [right for right in ("accept", "call", "add", "") if where.may("cleo", right)] == ["call", "add"]
    assert not where.may("fritz", "call")
    assert not where.may("carl", "accept"), "who has left does nothing"
    assert not where.may("stranger", "accept")


def test_a_member_passes_on_no_right_that_they_lack() -> None:
    assert may_delegate(head(), "cleo", ["call"])
    assert not may_delegate(head(), "cleo", ["call", "accept"])
    assert may_delegate(head(), "maya", ["call", "accept"])


@pytest.mark.parametrize(
    ("user", "side", "is_found"), [("cleo", C, True), ("cleo", F, False), ("maya", C, False), ("carl", C, False)]
)
def test_only_present_members_of_the_side_can_be_taken_out(user: str, side: Role, is_found: bool) -> None:
    assert isinstance(place_of(head(), user, side), Denied) is not is_found


def test_every_right_that_an_action_needs_can_be_given() -> None:
    assert set(RIGHT_OF.values()) <= set(Right.__args__)  # type: ignore[attr-defined]  # a Literal has them


def test_places_are_read_as_they_were_written_and_old_ones_still_are() -> None:
    def stored(value: str) -> Participant:
        raw = [b"state", b"direct", b"rev", b"1", b"client", b"m", b"freelancer", b"f", b"user:u", value.encode()]
        return read_head("t1_x", byte_fields(raw), Relationship()).participants["u"]

    assert stored("client 0 0") == Participant("u", C)
    assert stored(write_participant(Participant("u", F, 3, 9))) == Participant("u", F, 3, 9)
    member = f"{write_participant(Participant('u', F, 3, 0))} {write_membership(['call', 'accept'])}"
    assert stored(member) == Participant("u", F, 3, 0, True, frozenset({"call", "accept"}))
    assert stored(f"client 3 0 {write_membership([])}") == Participant("u", C, 3, 0, True)
