"""Candidacies: which threads are listed, and who is to act next in one.

Source: protocol/spec/proposals.md.
"""

from typing import Final

from greenroom_server.domain.thread_state import Role, ThreadState

ACTIVE: Final = (ThreadState.ACCEPTED, ThreadState.PROPOSED, ThreadState.CANDIDACY, ThreadState.OFFER)
"""States that Active Candidacies show unless other ones are asked for."""

_AWAITED: Final = {
    ThreadState.INVITED: Role.FREELANCER,
    ThreadState.ACCEPTED: Role.CLIENT,
    ThreadState.PROPOSED: Role.CLIENT,
    ThreadState.OFFER: Role.FREELANCER,
}
_IN_TURN: Final = frozenset({ThreadState.DIRECT, ThreadState.CANDIDACY})


def awaited(state: ThreadState, last_writer: Role | None) -> Role | None:
    """Say whose turn it is; None: nobody's.

    Args:
        state: of the thread.
        last_writer: side that sent the last message by hand; None: neither has.
    """
    if state in _IN_TURN and last_writer is not None:
        return Role.CLIENT if last_writer is Role.FREELANCER else Role.FREELANCER
    return _AWAITED.get(state)
