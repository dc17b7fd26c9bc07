"""No walk through the thread's table reaches what the marketplace forbids."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from greenroom_server.domain.thread_actions import Denied, Facts, ThreadAction, Transition, decide
from greenroom_server.domain.thread_state import ClosedWhy, Role, ThreadState

A, S, R = ThreadAction, ThreadState, Role
CONTRACT_BY = {(A.ACCEPT_OFFER, R.FREELANCER), (A.ACCEPT_OFFER, R.SERVICE)} | {
    (A.START_CONTRACT, R.SERVICE),
    (A.START_CONTRACT, R.SYSTEM),
}
CLIENT_REACHED_OUT = {(action, R.CLIENT) for action in (A.SEND, A.REQUEST_CALL, A.OFFER)} | {(A.OFFER, R.SERVICE)}


@dataclass(frozen=True)
class Walk:
    """A thread with what has happened to it."""

    state: ThreadState | None = None
    why: ClosedWhy | None = None
    client_has_written: bool = False
    has_client_reached_out: bool = False
    has_contract: bool = False


def steps(walk: Walk) -> list[tuple[ThreadAction, Role, bool, Transition | Denied]]:
    """Every step out of a walk."""
    return [
        (action, role, is_auto, decide(walk.state, role, action, facts))
        for action in A
        for role in R
        for is_auto in (False, True)
        for starts_at_ms in (None, 0)
        for facts in [Facts(walk.why, walk.client_has_written, is_auto, starts_at_ms=starts_at_ms)]
    ]


def after(walk: Walk, action: ThreadAction, role: Role, result: Transition) -> Walk:
    has_reached_out = (action, role) in CLIENT_REACHED_OUT
    return Walk(
        result.to,
        result.why,
        walk.client_has_written or (action, role) == (A.SEND, R.CLIENT),
        walk.has_client_reached_out or has_reached_out,
        walk.has_contract or (action, role) in CONTRACT_BY,
    )


def every_walk() -> set[Walk]:
    seen, todo = {Walk()}, [Walk()]
    while todo:
        walk = todo.pop()
        for action, role, _, result in steps(walk):
            if isinstance(result, Transition):
                found = after(walk, action, role, result)
                if found not in seen:
                    seen.add(found)
                    todo.append(found)
    return seen


WALKS = every_walk()


def test_every_state_and_every_way_to_close_is_reached() -> None:
    assert {walk.state for walk in WALKS} == {None, *S}
    assert {walk.why for walk in WALKS if walk.state is S.CLOSED} == set(ClosedWhy)


def test_no_state_is_a_dead_end() -> None:
    for walk in WALKS:
        leads_to = {result.to for *_, result in steps(walk) if isinstance(result, Transition)}
        assert leads_to - {walk.state}


def test_gate_is_open_only_after_a_contract_began() -> None:
    assert all(walk.has_contract for walk in WALKS if walk.state is not None and walk.state.is_gate_open)


def test_opening_the_gate_is_always_announced_once() -> None:
    for walk in WALKS:
        was_open = walk.state is not None and walk.state.is_gate_open
        for *_, result in steps(walk):
            if isinstance(result, Transition):
                opens = result.to.is_gate_open and not was_open
                assert result.emits.count("policy.changed") == opens


def test_no_gate_ever_shuts_again() -> None:
    for walk in WALKS:
        if walk.state is not None and walk.state.is_gate_open:
            assert all(r.to.is_gate_open for *_, r in steps(walk) if isinstance(r, Transition))


def test_freelancer_never_writes_before_the_client_reached_out_or_a_contract_began() -> None:
    for walk in WALKS:
        for action, role, _, result in steps(walk):
            if action is A.SEND and role is R.FREELANCER and isinstance(result, Transition):
                assert walk.has_client_reached_out or walk.has_contract


def test_only_the_client_begins_an_interview() -> None:
    for walk in WALKS:
        for action, role, is_auto, result in steps(walk):
            if isinstance(result, Transition) and "interview.started" in result.emits:
                assert (action, role) in CLIENT_REACHED_OUT
                assert not (action is A.SEND and is_auto)
                assert walk.state in {S.ACCEPTED, S.PROPOSED}


def test_freelancer_never_asks_for_a_call_before_the_contract() -> None:
    for walk in WALKS:
        for action, role, _, result in steps(walk):
            if action is A.REQUEST_CALL and role is R.FREELANCER and isinstance(result, Transition):
                assert walk.has_contract


ANSWERS = [(A.ACCEPT, R.FREELANCER), (A.DECLINE, R.FREELANCER), (A.WITHDRAW, R.CLIENT), (A.EXPIRE, R.SYSTEM)]
OTHERS = [(A.SEND, R.CLIENT), (A.SEND, R.FREELANCER), (A.IGNORE, R.FREELANCER), (A.REMIND, R.SYSTEM)]


@given(st.lists(st.sampled_from([*ANSWERS, *OTHERS])), st.permutations(ANSWERS))
def test_an_invitation_has_exactly_one_terminal_answer(
    attempts: list[tuple[ThreadAction, Role]], at_last: list[tuple[ThreadAction, Role]]
) -> None:
    walk, answers = Walk(S.INVITED), []
    for action, role in [*attempts, *at_last]:
        result = decide(walk.state, role, action, Facts(walk.why, walk.client_has_written))
        if isinstance(result, Transition):
            answers += [action] * ((action, role) in ANSWERS)
            walk = after(walk, action, role, result)
    assert len(answers) == 1
