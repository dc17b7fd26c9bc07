"""What opens a thread, after all checks, and the head and the event that it makes."""

from dataclasses import dataclass

from greenroom_protocol.bases import Event
from greenroom_protocol.commands import InvitationSend, ThreadOpen
from greenroom_protocol.events import InvitationSent, MessageSent
from greenroom_server.domain.head import Head, Participant
from greenroom_server.domain.invitation import expires_at_ms
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.relationship import Relationship
from greenroom_server.domain.thread_state import Role, ThreadState
from greenroom_server.store.people import Job
from greenroom_server.store.records import write_participant
from greenroom_server.usecases.released import Released
from greenroom_server.usecases.screening import Screened


@dataclass(frozen=True, slots=True)
class Opening:
    """What is to be opened, after all checks that need other partitions."""

    client: str
    job: Job
    command: ThreadOpen | InvitationSend
    origin: tuple[str, str]
    """How the client found the freelancer, and the id or code that goes with it."""
    released: Released | None = None
    """It was held, and somebody has judged it."""

    @property
    def freelancer(self) -> str:
        """The other side."""
        return self.command.freelancer

    @property
    def cid(self) -> str:
        """Under which it was sent."""
        return self.command.cid

    @property
    def body(self) -> str:
        """Its text."""
        return self.command.body

    @property
    def is_invitation(self) -> bool:
        """Whether it invites; else it is a message."""
        return isinstance(self.command, InvitationSend)

    @property
    def submitted_at(self) -> int:
        """When it was sent if it was held, UTC ms; else 0."""
        return 0 if self.released is None else self.released.release.submitted_at


def head_of(opening: Opening, thread: str, pair: Relationship, now_ms: int, policy: MarketplacePolicy) -> Head:
    """Make the head of the thread."""
    people = ((opening.client, Role.CLIENT), (opening.freelancer, Role.FREELANCER))
    return Head(
        thread=thread,
        rev="1",
        state=ThreadState.INVITED if opening.is_invitation else ThreadState.DIRECT,
        why=None,
        client=opening.client,
        freelancer=opening.freelancer,
        job=opening.job.job,
        title=opening.job.title,
        gate_opened_at=0,
        expires_at=expires_at_ms(now_ms, policy) if opening.is_invitation else 0,
        participants={user: Participant(user, role) for user, role in people},
        relationship=pair,
        bounces={},
        origin=opening.origin[0],
        origin_ref=opening.origin[1],
    )


def event_of(opening: Opening, screened: Screened, now_ms: int, policy: MarketplacePolicy) -> Event:
    """Make the event of its text."""
    by, cid, body, hidden = opening.client, opening.cid, screened.text, screened.hidden
    if not opening.is_invitation:
        return MessageSent(
            by=by, cid=cid, body=body, hidden=hidden, state=ThreadState.DIRECT.value, submitted_at=opening.submitted_at
        )
    return InvitationSent(
        by=by, cid=cid, job=opening.job.job, title=opening.job.title, body=body, hidden=hidden,
        expires_at=expires_at_ms(now_ms, policy), state=ThreadState.INVITED.value,
        help_url=policy.links.interview_help, submitted_at=opening.submitted_at,
    )  # fmt: skip


def fields_of(head: Head) -> dict[str, str | int]:
    """Give the fields of the head of a thread that is to be created."""
    fields: dict[str, str | int] = {
        "state": head.state.value, "client": head.client, "freelancer": head.freelancer, "job": head.job,
        "title": head.title, "expires_at": head.expires_at, "origin": head.origin, "origin_ref": head.origin_ref,
    }  # fmt: skip
    for participant in head.participants.values():
        fields[f"user:{participant.user}"] = write_participant(participant)
    return fields
