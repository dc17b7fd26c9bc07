"""The states of a thread, why one is closed, and who may act on it.

Source: protocol/spec/states.md.
"""

from enum import StrEnum


class ThreadState(StrEnum):
    """Where two people stand in one thread."""

    DIRECT = "direct"
    """The client wrote first, from search or from a profile."""
    INVITED = "invited"
    """The client's invitation to interview waits for the freelancer."""
    ACCEPTED = "accepted"
    """The freelancer accepted; the client has not written since."""
    PROPOSED = "proposed"
    """The freelancer's proposal waits for the client."""
    CLOSED = "closed"
    """Ended before any contract; `ClosedWhy` says how."""
    CANDIDACY = "candidacy"
    """The interview: the client answered a proposal or an acceptance."""
    OFFER = "offer"
    """The client's offer waits for the freelancer."""
    CONTRACT = "contract"
    """The contract runs; the gate is open."""
    PAUSED = "paused"
    """The marketplace paused the contract; the gate stays open."""
    ENDED = "ended"
    """The contract is over; the gate stays open in this thread."""

    @property
    def is_gate_open(self) -> bool:
        """Whether contact details may be shared in this state."""
        return self in GATE_OPEN


class ClosedWhy(StrEnum):
    """What closed a thread."""

    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    PROPOSAL_DECLINED = "proposal_declined"
    PROPOSAL_WITHDRAWN = "proposal_withdrawn"
    JOB_CLOSED = "job_closed"


class Role(StrEnum):
    """The part somebody plays in one thread; never a property of an account."""

    CLIENT = "client"
    FREELANCER = "freelancer"
    SERVICE = "service"
    """The marketplace's backend, through the server API."""
    SYSTEM = "system"
    """Greenroom's own timers."""


GATE_OPEN = frozenset({ThreadState.CONTRACT, ThreadState.PAUSED, ThreadState.ENDED})
"""States in which contact details may be shared."""

PRE_CONTRACT = frozenset(ThreadState) - GATE_OPEN
"""States in which the gate is shut, `closed` included."""
