"""The head of a thread: where it stands, as decisions read it."""

from collections.abc import Mapping
from dataclasses import dataclass

from greenroom_server.domain.relationship import Relationship
from greenroom_server.domain.thread_state import ClosedWhy, Role, ThreadState


@dataclass(frozen=True, slots=True)
class Participant:
    """One person's place in a thread."""

    user: str
    role: Role
    from_seq: int = 0
    """First seq this person may read, minus one."""
    until_seq: int = 0
    """Last seq this person may read; 0 while they are in."""


@dataclass(frozen=True, slots=True)
class Head:
    """A thread's head as it was read; `rev` and the revision of the relationship say whether it still holds."""

    thread: str
    rev: str
    state: ThreadState
    why: ClosedWhy | None
    client: str
    freelancer: str
    job: str
    title: str
    gate_opened_at: int
    """UTC ms; 0 while the gate is closed."""
    expires_at: int
    """Deadline of the open invitation, UTC ms; 0: none."""
    participants: Mapping[str, Participant]
    relationship: Relationship
    bounces: Mapping[str, int]
    """How often a sender's message was bounced here; may lag, it only decides between two refusals."""

    def role_of(self, user: str) -> Role | None:
        """Give the role of a present participant; None for anybody else."""
        participant = self.participants.get(user)
        return participant.role if participant is not None and not participant.until_seq else None


@dataclass(frozen=True, slots=True)
class Marks:
    """What moves with every message; read fresh, never cached."""

    seq: int
    n: int
    at: int
    """Time of the last event, UTC ms."""
    read: Mapping[str, int]
    delivered: Mapping[str, int]
