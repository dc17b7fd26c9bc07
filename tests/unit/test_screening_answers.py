"""Answers to the other side's ask: what is given is meant as a contact, and nobody is accused of giving it."""

import pytest

from greenroom_protocol.codes import ERRORS
from greenroom_server.screening.context import Context, Fragment
from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.screening.screen import Screen
from greenroom_server.screening.verdict import Action, Verdict

ASK = "What is your WhatsApp number?"


@pytest.fixture(scope="module")
def screen() -> Screen:
    return Screen(ScreeningPolicy.default(), scorer=None)


def said(*lines: str, is_own: bool = False) -> tuple[Fragment, ...]:
    return tuple(Fragment(line, is_own, seq, 1_000 * seq) for seq, line in enumerate(lines, 1))


def judge(screen: Screen, text: str, earlier: tuple[Fragment, ...] = (), state: str = "candidacy") -> Verdict:
    return screen(text, Context(state, earlier=earlier))


@pytest.mark.parametrize("text", ["+49 151 23456789", "jane@example-mail.com", "jane at gmail dot com"])
def test_the_sentence_says_that_it_was_asked_for(screen: Screen, text: str) -> None:
    alone, answer = judge(screen, text), judge(screen, text, said(ASK))
    assert answer.code == "policy.contact_answered"
    assert (answer.action, answer.text, answer.hint) == (alone.action, alone.text, alone.hint)
    assert ERRORS["policy.contact_answered"].message.startswith("You were asked for this")


def test_an_ask_makes_a_bare_name_and_a_short_number_more_of_a_contact(screen: Screen) -> None:
    assert judge(screen, "@lenak").action is Action.ALLOW
    assert judge(screen, "@lenak", said(ASK)).code == "policy.contact_answered"
    alone, answer = judge(screen, "555 0199"), judge(screen, "555 0199", said(ASK))
    assert (alone.action, answer.action) == (Action.ALLOW, Action.NOTICE)


@pytest.mark.parametrize("text", ["I'd rather not", "3 days", "Sure, on Monday 12.30", "ok", "about 40 pages, v2.1"])
def test_other_answers_pass(screen: Screen, text: str) -> None:
    assert judge(screen, text, said(ASK)).action is Action.ALLOW


@pytest.mark.parametrize(
    "earlier",
    [
        said(ASK, is_own=True),
        said("How many pages are there?"),
        said(ASK, "No, wait.", "That is not allowed.", "When can you start?"),
    ],
    ids=["own", "another question", "too long ago"],
)
def test_only_an_ask_of_the_other_side_just_before_counts(screen: Screen, earlier: tuple[Fragment, ...]) -> None:
    assert judge(screen, "+49 151 23456789", earlier).code in ("policy.contact_phone", "policy.contact_handle")


def test_who_asks_back_is_told_not_to_ask(screen: Screen) -> None:
    assert judge(screen, "and what is your WhatsApp?", said(ASK)).code == "policy.contact_request"


def test_payment_and_what_passes_after_the_gate_are_as_ever(screen: Screen) -> None:
    paid = judge(screen, "pay me at paypal.me/janedoe", said(ASK))
    assert paid.code == "policy.payment_offplatform"
    assert judge(screen, "+49 151 23456789", said(ASK), "contract").action is Action.ALLOW
