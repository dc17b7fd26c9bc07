"""The pair's flags, and the timers of an invitation."""

import pytest

from greenroom_server.domain.invitation import Timer, expires_at_ms, timers
from greenroom_server.domain.policy import default_policy
from greenroom_server.domain.relationship import (
    Conversion,
    Origin,
    Relationship,
    days_until_exempt,
    may_pay_outside,
    may_share_contacts,
    set_blocked,
    set_conversion,
    set_origin,
    start_contract,
)
from greenroom_server.domain.thread_actions import Denied, ThreadAction
from greenroom_server.domain.thread_state import Role, ThreadState

POLICY = default_policy()
DAY_MS = 86_400_000
HOUR_MS = 3_600_000


@pytest.mark.parametrize("by", sorted(set(Role) - {Role.SERVICE}))
def test_participants_never_move_the_flags(by: Role) -> None:
    assert set_origin(Relationship(), Origin.EXTERNAL, by) == Denied("perm.service_only")
    assert set_conversion(Relationship(), Conversion.PAID, by) == Denied("perm.service_only")


def test_external_origin_stays_unless_a_moderator_takes_it_back() -> None:
    external = set_origin(Relationship(), Origin.EXTERNAL, Role.SERVICE)
    assert external == Relationship(origin=Origin.EXTERNAL, rev=1)
    assert set_origin(external, Origin.PLATFORM, Role.SERVICE) == Denied("perm.denied")
    back = set_origin(external, Origin.PLATFORM, Role.SERVICE, is_moderator=True)
    assert back == Relationship(origin=Origin.PLATFORM, rev=2)


def test_rev_moves_only_with_a_change() -> None:
    pair = Relationship()
    assert set_origin(pair, Origin.PLATFORM, Role.SERVICE) is pair
    assert set_conversion(pair, Conversion.NONE, Role.SERVICE) is pair
    assert set_blocked(pair, False) is pair
    assert set_conversion(pair, Conversion.PAID, Role.SERVICE) == Relationship(conversion=Conversion.PAID, rev=1)
    assert set_blocked(pair, True) == Relationship(blocked_by=frozenset({Role.SERVICE}), rev=1)


def test_blocks_add_up_and_each_is_lifted_by_its_own_side() -> None:
    one = set_blocked(Relationship(), True, Role.CLIENT)
    both = set_blocked(one, True, Role.FREELANCER)
    assert set_blocked(both, False, Role.CLIENT).blocked_by == {Role.FREELANCER}
    assert set_blocked(one, False, Role.FREELANCER) is one
    assert not set_blocked(one, False, Role.CLIENT).is_blocked


def test_who_was_blocked_is_not_told_so() -> None:
    by_client = set_blocked(Relationship(), True, Role.CLIENT)
    assert (by_client.block_code(Role.CLIENT), by_client.block_code(Role.FREELANCER)) == (
        "peer.blocked",
        "peer.unavailable",
    )
    by_service = set_blocked(Relationship(), True)
    assert {by_service.block_code(role) for role in (Role.CLIENT, Role.FREELANCER)} == {"peer.blocked"}
    assert Relationship().block_code(Role.CLIENT) == ""


def test_first_contract_is_noted_once() -> None:
    pair = start_contract(Relationship(), 5)
    assert pair == Relationship(first_contract_at_ms=5, rev=1)
    assert start_contract(pair, 9) is pair


def test_an_old_pair_may_pay_outside() -> None:
    pair = start_contract(Relationship(), 0)
    exempt_at_ms = POLICY.min_relationship_days * DAY_MS
    assert not may_pay_outside(pair, POLICY, exempt_at_ms - 1)
    assert may_pay_outside(pair, POLICY, exempt_at_ms)
    assert days_until_exempt(pair, POLICY, exempt_at_ms - 1) == 1
    assert days_until_exempt(pair, POLICY, exempt_at_ms - DAY_MS) == 1
    assert days_until_exempt(pair, POLICY, exempt_at_ms + DAY_MS) == 0


def test_a_pair_without_a_contract_is_never_old() -> None:
    assert days_until_exempt(Relationship(), POLICY, 10**15) is None
    assert not may_pay_outside(Relationship(), POLICY, 10**15)


@pytest.mark.parametrize(
    "pair",
    [
        Relationship(origin=Origin.EXTERNAL),
        Relationship(conversion=Conversion.PAID),
        Relationship(conversion=Conversion.EXEMPT),
    ],
)
def test_external_or_settled_pairs_may_pay_outside(pair: Relationship) -> None:
    assert may_pay_outside(pair, POLICY, 0)


@pytest.mark.parametrize("state", ThreadState)
def test_contacts_need_an_open_gate_or_an_external_origin(state: ThreadState) -> None:
    assert may_share_contacts(Relationship(), state) == state.is_gate_open
    assert may_share_contacts(Relationship(origin=Origin.EXTERNAL), state)


def test_invitation_reminds_twice_then_expires() -> None:
    assert timers(expires_at_ms(1_000, POLICY), POLICY) == (
        Timer(ThreadAction.REMIND, 1_000 + 12 * HOUR_MS, 1),
        Timer(ThreadAction.REMIND, 1_000 + 20 * HOUR_MS, 2),
        Timer(ThreadAction.EXPIRE, 1_000 + 7 * DAY_MS),
    )
    assert expires_at_ms(1_000, POLICY) == 1_000 + 7 * DAY_MS
