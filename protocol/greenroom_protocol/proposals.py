"""Proposals and candidacies: a job before one applies, what became of it, and the list of all that is open.

Source: protocol/spec/proposals.md.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from greenroom_protocol.bases import Command, PolicyView, Reply, Written
from greenroom_protocol.fields import Body, Cid, CommandId, Cursor, JobId, Note, StateName, ThreadId


class JobGet(Command, tag="job.get"):
    """Read a job before proposing: its title, its client, what a proposal costs."""

    id: CommandId
    job: JobId


class ProposalSubmit(Command, tag="proposal.submit"):
    """Propose oneself for an open job; spends Connects. The thread is made, or the pair's own one is taken."""

    id: CommandId
    cid: Cid
    job: JobId
    body: Body


class ProposalWithdraw(Command, tag="proposal.withdraw"):
    """End one's own candidacy, however it began (freelancer only); Connects do not come back."""

    id: CommandId
    cid: Cid
    thread: ThreadId


class ProposalDecline(Command, tag="proposal.decline"):
    """End a candidacy, however it began (client only)."""

    id: CommandId
    cid: Cid
    thread: ThreadId
    reason: Literal["not_a_fit", "hired_someone_else", "budget", "job_cancelled", "other"] = "other"
    """With `job_cancelled` the proposal's Connects go back to the freelancer."""
    note: Note = ""


class CandidacyList(Command, tag="candidacy.list"):
    """Page through one's candidacies, the most recently changed first: Active Candidacies, of both sides."""

    id: CommandId
    cursor: Cursor | None = None
    """From the page before; none starts at the top."""
    limit: Annotated[int, Meta(ge=1, le=50)] = 20
    states: Annotated[list[StateName], Meta(min_length=1, max_length=10)] | None = None
    """Only threads in these states; none: accepted, proposed, candidacy, offer."""


class ListedJob(Struct, kw_only=True):
    """A job as a freelancer sees it."""

    job: str
    title: str
    is_open: bool
    client: str
    """User id of its owner."""
    client_name: str
    """As the others see it."""
    cost: int
    """Connects that a proposal spends."""
    thread: str
    """One's own thread for this job, empty when there is none."""


class JobFound(Reply, tag="job.get"):
    """One job."""

    job: ListedJob


class ProposalSubmitted(Written, tag="proposal.submit"):
    """The proposal is on disk and paid for; the client writes next. Or it waits for a moderator: `state` is `held`."""

    thread: str
    n: int
    cost: int
    """Connects that it spent; what waits has not cost anything yet."""
    policy: PolicyView | None = None
    held: str = ""
    """Names it while it waits; its thread may not be there yet."""


class ProposalWithdrawn(Written, tag="proposal.withdraw"):
    """Withdrawn; the thread is closed."""


class ProposalDeclined(Written, tag="proposal.decline"):
    """Declined; the thread is closed."""

    policy: PolicyView | None = None


class CandidacyRow(Struct, kw_only=True):
    """One candidacy, as one of its two sides sees it. Unread = n - read."""

    thread: str
    job: str
    """Empty for a thread without a job."""
    title: str
    peer: str
    """User id of the other side."""
    peer_name: str
    """As of the last minute."""
    state: str
    role: Literal["client", "freelancer"]
    """One's own."""
    awaiting: Literal["me", "them", "nobody"]
    """Who is to act next."""
    n: int
    read: int
    last_at: int


class CandidacyPage(Reply, tag="candidacy.list"):
    """Candidacies."""

    rows: list[CandidacyRow]
    cursor: str | None


Commands = JobGet | ProposalSubmit | ProposalWithdraw | ProposalDecline | CandidacyList
Replies = JobFound | ProposalSubmitted | ProposalWithdrawn | ProposalDeclined | CandidacyPage
