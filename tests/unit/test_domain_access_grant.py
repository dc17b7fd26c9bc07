"""The table of access grants: every (state, action, side) has a stated result."""

import itertools
from dataclasses import replace

import msgspec
import pytest

from greenroom_protocol.codes import ERRORS
from greenroom_server.domain.access_grant import (
    ENDED,
    LIVE,
    TABLE,
    Grant,
    GrantAction,
    GrantState,
    Side,
    act,
    addresses_in,
    ask,
    bygone,
    decide,
    normalise_address,
    places_free_at,
)
from greenroom_server.domain.policy import default_policy
from greenroom_server.domain.thread_actions import Denied
from greenroom_server.domain.thread_state import Role

NOW = 1_760_000_000_000
DAY = 86_400_000
POLICY = default_policy().access_grants
MODERATED = msgspec.structs.replace(POLICY, mode="moderator")
S, A = GrantState, GrantAction


def grant(state: GrantState = S.REQUESTED, *, by: Role = Role.FREELANCER, request: int = 4, at: int = NOW) -> Grant:
    """Give one whose holder is the freelancer."""
    return Grant(
        request=request, state=state, holder=Role.FREELANCER, requested_by=by, system="code_host", requested_at_ms=at,
        expires_at_ms=at + 7 * DAY,
    )  # fmt: skip


EVERYTHING = list(itertools.product((None, *S), A, Side, (Role.CLIENT, Role.FREELANCER), (POLICY, MODERATED)))


def test_every_cell_has_a_result_and_every_refusal_a_code() -> None:
    for state, action, side, by, policy in EVERYTHING:
        before = None if state is None else grant(state, by=by)
        now_ms = NOW + 8 * DAY if action is A.EXPIRE else NOW
        outcome = decide(before, action, side, policy, now_ms)
        assert isinstance(outcome, GrantState) or outcome.code in ERRORS, (state, action, side)


def test_nobody_gets_more_than_the_table_allows() -> None:
    for state, action, side, by, policy in EVERYTHING:
        before = None if state is None else grant(state, by=by)
        outcome = decide(before, action, side, policy, NOW + 8 * DAY if action is A.EXPIRE else NOW)
        if isinstance(outcome, GrantState) and state is not None:
            assert TABLE[state, action][side] is outcome


def test_what_has_ended_stays_as_it_ended() -> None:
    for state, action, side in itertools.product(ENDED, A, Side):
        assert isinstance(decide(grant(state), action, side, POLICY, NOW), Denied)


@pytest.mark.parametrize(
    ("state", "action", "side", "code"),
    [
        (S.REQUESTED, A.SHARE, Side.HOLDER, "access.not_agreed"),
        (S.REQUESTED, A.SHARE, Side.COUNTERPARTY, "access.not_holder"),
        (S.GRANTED, A.SHARE, Side.COUNTERPARTY, "access.not_holder"),
        (S.SHARED, A.SHARE, Side.HOLDER, "access.already_shared"),
        (S.SHARED, A.SHARE, Side.COUNTERPARTY, "access.not_holder"),
        (S.REQUESTED, A.CONFIRM, Side.HOLDER, "access.not_counterparty"),
        (S.REQUESTED, A.CONFIRM, Side.MODERATOR, "access.not_counterparty"),
        (S.GRANTED, A.CONFIRM, Side.COUNTERPARTY, "access.already_agreed"),
        (S.REQUESTED, A.REFUSE, Side.HOLDER, "access.not_counterparty"),
        (S.SHARED, A.REFUSE, Side.COUNTERPARTY, "access.already_shared"),
        (S.EXPIRED, A.CONFIRM, Side.COUNTERPARTY, "access.expired"),
        (S.REFUSED, A.CONFIRM, Side.COUNTERPARTY, "access.ended"),
        (S.REVOKED, A.SHARE, Side.HOLDER, "access.ended"),
        (S.REQUESTED, A.EXPIRE, Side.CLOCK, "wrong_state"),
    ],
)
def test_refusals_say_why(state: GrantState, action: GrantAction, side: Side, code: str) -> None:
    assert decide(grant(state), action, side, POLICY, NOW) == Denied(code)


def test_asking_for_the_others_address_is_ones_own_agreement() -> None:
    wanted = ask(Side.COUNTERPARTY, Role.CLIENT, "code_host", POLICY, NOW)
    assert isinstance(wanted, Grant)
    assert (wanted.state, wanted.holder, wanted.requested_by) == (S.GRANTED, Role.FREELANCER, Role.CLIENT)
    offered = ask(Side.HOLDER, Role.CLIENT, "code_host", POLICY, NOW)
    assert isinstance(offered, Grant)
    assert (offered.state, offered.holder, offered.requested_by) == (S.REQUESTED, Role.CLIENT, Role.CLIENT)


def test_where_moderators_agree_nobody_else_does() -> None:
    asked = ask(Side.COUNTERPARTY, Role.CLIENT, "code_host", MODERATED, NOW)
    assert isinstance(asked, Grant)
    assert asked.state is S.REQUESTED
    assert decide(asked, A.CONFIRM, Side.COUNTERPARTY, MODERATED, NOW) == Denied("perm.service_only")
    assert decide(asked, A.CONFIRM, Side.MODERATOR, MODERATED, NOW) is S.GRANTED
    assert decide(asked, A.REFUSE, Side.HOLDER, MODERATED, NOW) is S.REFUSED


def test_who_was_asked_for_an_address_may_refuse_though_all_is_agreed() -> None:
    assert decide(grant(S.GRANTED, by=Role.CLIENT), A.REFUSE, Side.HOLDER, POLICY, NOW) is S.REFUSED
    assert decide(grant(S.GRANTED), A.REFUSE, Side.HOLDER, POLICY, NOW) == Denied("access.not_counterparty")


@pytest.mark.parametrize("state", sorted(LIVE))
@pytest.mark.parametrize("side", [Side.HOLDER, Side.COUNTERPARTY, Side.MODERATOR])
def test_either_side_ends_it_at_any_time(state: GrantState, side: Side) -> None:
    assert decide(grant(state), A.REVOKE, side, POLICY, NOW) is S.REVOKED


def test_at_the_deadline_only_the_clock_acts() -> None:
    late = NOW + 7 * DAY
    for state in LIVE:
        assert decide(grant(state), A.EXPIRE, Side.CLOCK, POLICY, late) is S.EXPIRED
        for action in (A.CONFIRM, A.REFUSE, A.SHARE, A.REVOKE):
            assert decide(grant(state), action, Side.COUNTERPARTY, POLICY, late) == Denied("access.expired")


def test_an_agreement_starts_the_life_of_the_grant() -> None:
    agreed = act(grant(), A.CONFIRM, Side.COUNTERPARTY, POLICY, NOW + 5 * DAY)
    assert isinstance(agreed, Grant)
    assert agreed.expires_at_ms == NOW + 12 * DAY
    shared = act(agreed, A.SHARE, Side.HOLDER, POLICY, NOW + 6 * DAY, address="hash")
    assert isinstance(shared, Grant)
    assert (shared.expires_at_ms, shared.address) == (NOW + 12 * DAY, "hash")


def test_an_address_is_covered_while_it_is_shared_and_not_used_up() -> None:
    shared = replace(grant(S.SHARED), address="hash")
    assert shared.covers(POLICY, NOW)
    assert not shared.covers(POLICY, NOW + 7 * DAY)
    assert not replace(shared, uses=POLICY.max_uses).covers(POLICY, NOW)
    assert not any(grant(state).covers(POLICY, NOW) for state in S if state is not S.SHARED)


def test_a_thread_has_three_requests_and_a_place_comes_back() -> None:
    grants = {n: grant(S.REFUSED, request=n, at=NOW + n * DAY) for n in range(3)}
    assert places_free_at(grants, POLICY, NOW + 3 * DAY) == NOW + POLICY.per_thread_days * DAY
    assert places_free_at(grants, POLICY, NOW + POLICY.per_thread_days * DAY) == 0
    assert places_free_at({0: grants[0]}, POLICY, NOW + 3 * DAY) == 0
    assert bygone(grants, POLICY, NOW + (POLICY.per_thread_days + 1) * DAY) == [0, 1]
    assert bygone({1: grant(S.SHARED)}, POLICY, NOW + 900 * DAY) == []


@pytest.mark.parametrize(
    "text",
    ["", "jonas", "jonas@", "@a.de", "jonas@a", "jo nas@a.de", "jonas@a.de ", "j@a.de, k@b.de", "Jonas <j@a.de>",
     "jönas@a.de", "jonas@@a.de", "jonas..x@a.de", ".j@a.de", "j@-a.de", "mailto:j@a.de", "j@a.de\n",
     "x" * 65 + "@a.de",
     "j@" + "a" * 64 + ".de", "j@" + "a." * 130 + "de"],
)  # fmt: skip
def test_only_one_plain_address_is_an_address(text: str) -> None:
    assert normalise_address(text) is None


def test_addresses_are_compared_in_lower_case() -> None:
    assert normalise_address("Jonas.B+git@Studio-Jonas.DE") == "jonas.b+git@studio-jonas.de"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Please add Jonas@studio.de, thanks.", ["jonas@studio.de"]),
        ("jonas@studio.de. Or eve@x.org?", ["jonas@studio.de", "eve@x.org"]),
        ("(jonas@studio.de)", ["jonas@studio.de"]),
        ("jonas@studio.de.evil.com", ["jonas@studio.de.evil.com"]),
        ("not-jonas@studio.de", ["not-jonas@studio.de"]),
        ("jonas@studio.de@x.org", []),
        ("jonas at studio dot de", []),
        ("y" * 70 + "jonas@studio.de", []),
    ],
)
def test_addresses_of_a_text_are_whole(text: str, found: list[str]) -> None:
    assert list(addresses_in(text)) == found
