"""Whose turn it is in a candidacy."""

import pytest

from greenroom_server.domain.candidacy import ACTIVE, awaited
from greenroom_server.domain.thread_state import Role, ThreadState

C, F = Role.CLIENT, Role.FREELANCER


@pytest.mark.parametrize(
    ("state", "last", "expected"),
    [
        (ThreadState.INVITED, None, F),
        (ThreadState.ACCEPTED, F, C),
        (ThreadState.PROPOSED, None, C),
        (ThreadState.CANDIDACY, C, F),
        (ThreadState.CANDIDACY, F, C),
        (ThreadState.CANDIDACY, None, None),
        (ThreadState.OFFER, F, F),
        (ThreadState.DIRECT, C, F),
        (ThreadState.CLOSED, C, None),
        (ThreadState.CONTRACT, C, None),
        (ThreadState.ENDED, F, None),
    ],
)
def test_somebody_is_awaited_until_the_matter_is_settled(
    state: ThreadState, last: Role | None, expected: Role | None
) -> None:
    assert awaited(state, last) is expected


def test_active_candidacies_are_those_before_a_contract_that_an_answer_keeps_open() -> None:
    assert {state.value for state in ACTIVE} == {"accepted", "proposed", "candidacy", "offer"}
