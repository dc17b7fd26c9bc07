"""What makes an offer possible, what a thread's head knows of its deadlines, and where the fee is paid."""

from dataclasses import replace

import pytest

from greenroom_server.domain.head import Head
from greenroom_server.domain.offer import Offer, why_impossible
from greenroom_server.domain.offers_policy import LinksPolicy, pay_link
from greenroom_server.domain.policy import default_policy
from greenroom_server.domain.relationship import Relationship
from greenroom_server.domain.thread_state import ClosedWhy, Role, ThreadState

POLICY = default_policy()
DAY_MS = 86_400_000
OFFER = Offer(amount="900", currency="EUR", sent_at=DAY_MS, expires_at=8 * DAY_MS, note="secret words")
HEAD = Head("t1_x", "1", ThreadState.OFFER, None, "maya", "jonas", "j", "T", 0, 0, {}, Relationship(), {}, offer=OFFER)


def test_a_plain_offer_is_possible() -> None:
    assert why_impossible(OFFER, Role.CLIENT, POLICY) == ""
    assert why_impossible(replace(OFFER, amount="", currency=""), Role.CLIENT, POLICY) == ""


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"currency": ""}, "amount and currency"),
        ({"amount": ""}, "amount and currency"),
        ({"amount": "-5"}, "amount is a number"),
        ({"amount": "1,50"}, "amount is a number"),
        ({"amount": "1.23456"}, "amount is a number"),
        ({"currency": "eur"}, "three capital letters"),
        ({"currency": "€"}, "three capital letters"),
        ({"expires_at": DAY_MS}, "expires_at"),
        ({"starts_at": 2 * DAY_MS - 1}, "starts_at"),
        ({"starts_at": 5}, "starts_at"),
    ],
)
def test_an_impossible_offer_names_its_field(changes: dict[str, str | int], told: str) -> None:
    assert told in why_impossible(replace(OFFER, **changes), Role.CLIENT, POLICY)  # type: ignore[arg-type]


def test_a_clients_start_date_leaves_time_to_decline_and_the_marketplaces_need_not() -> None:
    soon = replace(OFFER, starts_at=DAY_MS + 1)
    assert "starts_at" in why_impossible(soon, Role.CLIENT, POLICY)
    assert why_impossible(soon, Role.SERVICE, POLICY) == ""
    assert why_impossible(replace(OFFER, starts_at=2 * DAY_MS), Role.CLIENT, POLICY) == ""


def test_an_offers_note_is_not_in_its_repr() -> None:
    assert "secret" not in repr(OFFER)
    assert "secret" not in repr(HEAD)


def test_the_deadline_of_a_thread_is_that_of_what_is_open() -> None:
    assert HEAD.facts(5).expires_at_ms == OFFER.expires_at
    assert HEAD.facts(5).starts_at_ms is None
    assert replace(HEAD, offer=replace(OFFER, starts_at=9)).facts(5).starts_at_ms == 9
    invited = replace(HEAD, state=ThreadState.INVITED, offer=None, expires_at=7)
    assert (invited.facts(5).expires_at_ms, invited.facts(5).starts_at_ms) == (7, None)
    assert replace(invited, expires_at=0).facts(5).expires_at_ms is None
    left_over = replace(HEAD, state=ThreadState.CANDIDACY)
    assert left_over.facts(5).expires_at_ms is None, "an offer counts only while it is open"


def test_in_an_open_thread_the_client_has_had_a_word() -> None:
    assert HEAD.facts(5).client_has_written
    closed = replace(HEAD, state=ThreadState.CLOSED, why=ClosedWhy.EXPIRED).facts(5)
    assert (closed.client_has_written, closed.why) == (False, ClosedWhy.EXPIRED)
    assert HEAD.facts(5, is_auto=True).is_auto


def test_the_pay_link_names_the_pair() -> None:
    links = LinksPolicy(interview_help="", conversion_fee="https://m.example/fee?c={client}&f={freelancer}")
    assert pay_link(links, "maya", "jonas") == "https://m.example/fee?c=maya&f=jonas"
    assert pay_link(LinksPolicy(interview_help="", conversion_fee=""), "maya", "jonas") == ""
