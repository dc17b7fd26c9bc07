"""When an obligation begins and what settles it."""

from dataclasses import replace
from typing import Any

import pytest

from greenroom_server.domain.obligation import (
    ClientMessage,
    InviteEffect,
    ObligationKind,
    ObligationOutcome,
    answers,
    on_invite,
    opens,
)
from greenroom_server.domain.thread_actions import ThreadAction
from greenroom_server.domain.thread_state import Role

A, K, Out, R = ThreadAction, ObligationKind, ObligationOutcome, Role
FOLLOWUP = ClientMessage(
    has_open_debt=False,
    freelancer_has_written=True,
    last_writer=R.FREELANCER,
    body_chars=40,
    has_question=False,
)


def opened(**changes: Any) -> ObligationKind | None:
    return opens(replace(FOLLOWUP, **changes), closer_chars=40)


def test_clients_first_message_opens_a_first_whatever_it_says() -> None:
    first = {"freelancer_has_written": False, "last_writer": None}
    assert opened(**first) is K.FIRST
    assert opened(**first, body_chars=2, needs_no_reply=True) is K.FIRST


def test_answer_to_the_freelancers_message_opens_a_followup() -> None:
    assert opened() is K.FOLLOWUP


@pytest.mark.parametrize(
    "changes",
    [
        {"has_open_debt": True},
        {"has_open_debt": True, "freelancer_has_written": False},
        {"is_auto": True},
        {"is_auto": True, "freelancer_has_written": False},
        {"last_writer": R.CLIENT},
        {"needs_no_reply": True},
        {"body_chars": 39},
    ],
)
def test_consecutive_closing_and_automatic_messages_open_nothing(changes: dict[str, Any]) -> None:
    assert opened(**changes) is None


def test_short_question_is_no_closer() -> None:
    assert opened(body_chars=3, has_question=True) is K.FOLLOWUP


def test_invitation_joins_the_open_obligation() -> None:
    assert on_invite(None) is InviteEffect.OPEN
    assert on_invite(K.FIRST) is InviteEffect.MERGE
    assert on_invite(K.INVITATION) is InviteEffect.MERGE
    assert on_invite(K.FOLLOWUP) is InviteEffect.RESTART


def test_every_action_that_settles_is_stated_and_no_other_does() -> None:
    settled = {(action, role): answers(action, role) for action in A for role in R}
    assert {key: outcome for key, outcome in settled.items() if outcome} == {
        (A.ACCEPT, R.FREELANCER): Out.ACCEPTED,
        (A.DECLINE, R.FREELANCER): Out.DECLINED,
        (A.WITHDRAW_PROPOSAL, R.FREELANCER): Out.DECLINED,
        (A.SEND, R.FREELANCER): Out.ANSWERED,
        (A.WITHDRAW, R.CLIENT): Out.WITHDRAWN,
        (A.DECLINE_PROPOSAL, R.CLIENT): Out.WITHDRAWN,
        (A.CLOSE_JOB, R.SERVICE): Out.WITHDRAWN,
        (A.EXPIRE, R.SYSTEM): Out.EXPIRED,
    }


def test_automation_never_answers() -> None:
    assert answers(A.SEND, R.FREELANCER, is_auto=True) is None
