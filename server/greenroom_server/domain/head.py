"""The head of a thread: where it stands, as decisions read it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from greenroom_server.domain.access_grant import Grant
from greenroom_server.domain.offer import Offer
from greenroom_server.domain.relationship import Relationship
from greenroom_server.domain.thread_actions import Facts
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
    is_member: bool = False
    """Brought in by their side; its principal is the thread's client or freelancer."""
    rights: frozenset[str] = frozenset()
    """What this member may do besides reading and writing."""


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
    origin: str = ""
    """How the client found the freelancer: search, profile, referral, other, invitation."""
    origin_ref: str = ""
    """Id of the search or code of the referral, for the marketplace."""
    offer: Offer | None = None
    """The open offer."""
    answered_at: int = 0
    """When the last invitation was accepted or declined, UTC ms; 0: none was."""
    reminded: int = 0
    """Reminders of the open invitation that have been sent."""
    paid: tuple[int, int] | None = None
    """(seq of the proposal, Connects that it cost) while it stands."""
    is_silent: bool = False
    """The client opened the thread again and has not written since, so the freelancer waits."""
    told: str = ""
    """What the last `policy.changed` said, `<contact> <payment>`; empty: there was none."""
    acknowledged: Mapping[str, int] = field(default_factory=dict)
    """User -> when they acknowledged the notice of risks, UTC ms."""
    noticed: frozenset[str] = frozenset()
    """Users who were shown that notice when they first shared a contact after the gate."""
    declared: frozenset[str] = frozenset()
    """Users who say that the two knew each other before; the marketplace decides what that means."""

    grants: Mapping[int, Grant] = field(default_factory=dict)
    """By the seq of the event that asked; those that ended long ago are left out."""
    passes: Mapping[str, str] = field(default_factory=dict)
    """Hash of a text that a moderator let pass once -> whose it must be."""
    suspended: frozenset[str] = frozenset()
    """Users of the thread whom the marketplace suspended."""

    def peer_code(self, role: Role) -> str:
        """Give the refusal when the two cannot reach each other now; empty when they can."""
        if not self.relationship.blocked_by and not self.suspended:
            return ""
        others = {place.user for place in self.participants.values() if place.role is not role and not place.is_member}
        return self.relationship.block_code(role) or ("peer.unavailable" if others & self.suspended else "")

    @property
    def present(self) -> list[str]:
        """The users who are in the thread now."""
        return [place.user for place in self.participants.values() if not place.until_seq]

    def may(self, user: str, right: str) -> bool:
        """Say whether a participant may act for their side: a principal always, a member with the right alone."""
        place = self.participants.get(user)
        return place is not None and not place.until_seq and (not place.is_member or right in place.rights)

    def role_of(self, user: str) -> Role | None:
        """Give the role of a present participant; None for anybody else."""
        participant = self.participants.get(user)
        return participant.role if participant is not None and not participant.until_seq else None

    def facts(self, now_ms: int, *, is_auto: bool = False) -> Facts:
        """Give what a decision about this thread needs to know; `direct` begins with the client's words."""
        offer = self.offer if self.state is ThreadState.OFFER else None
        expires_at = offer.expires_at if offer is not None else self.expires_at
        return Facts(
            why=self.why,
            client_has_written=self.state is not ThreadState.CLOSED and not self.is_silent,
            is_auto=is_auto,
            now_ms=now_ms,
            expires_at_ms=expires_at or None,
            starts_at_ms=offer.starts_at or None if offer is not None else None,
        )


@dataclass(frozen=True, slots=True)
class Marks:
    """What moves with every message; read fresh, never cached."""

    seq: int
    n: int
    at: int
    """Time of the last event, UTC ms."""
    read: Mapping[str, int]
    delivered: Mapping[str, int]
