"""What freelancers see of a client, and how it comes about: the mirror of response speed, followed from the events."""

from typing import Final

from greenroom_protocol.availability import ClientGet, ClientPage, ClientView
from greenroom_protocol.events import AnyEvent, InterviewStarted, InvitationAccepted, ProposalChanged, ThreadClosed
from greenroom_protocol.offers import ContractChanged
from greenroom_server.domain.obligation import ObligationKind, ObligationOutcome
from greenroom_server.store.obligations import Obligations
from greenroom_server.store.people import People
from greenroom_server.usecases.follow_changes import Change, FollowChanges
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError
from greenroom_server.usecases.speed import Speed, speed_view

KINDS: Final = frozenset(
    {"proposal.changed", "invitation.accepted", "interview.started", "thread.closed", "contract.changed"}
)
_CLOSED: Final = {
    "proposal_declined": ObligationOutcome.DECLINED,
    "proposal_withdrawn": ObligationOutcome.WITHDRAWN,
    "job_closed": ObligationOutcome.WITHDRAWN,
}
_PROPOSAL: Final = {"declined": ObligationOutcome.DECLINED, "withdrawn": ObligationOutcome.WITHDRAWN}


class Clients:
    """Reads clients, and keeps what they owe."""

    def __init__(self, people: People, obligations: Obligations, speed: Speed) -> None:
        self._people = people
        self._obligations = obligations
        self._speed = speed

    async def get(self, user: str, command: ClientGet) -> ClientPage:
        """Show a client to a freelancer, or to themselves."""
        client = command.client
        if user != client and await self._people.profile(user) is None:
            raise RefusedError(Refused("perm.freelancer_only"))
        account = await self._people.account(client)
        if account is None:
            raise RefusedError(NOT_FOUND)
        jobs = await self._people.jobs_of(client)
        measured = await self._speed.client(client)
        view = ClientView(
            client=client, name=account.name, open_jobs=sum(job.is_open for job in jobs),
            contracts=await self._obligations.contract_count(client), speed=speed_view(measured.report),
        )  # fmt: skip
        return ClientPage(id=command.id, client=view)

    def keep_up(self, follow: FollowChanges) -> None:
        """Follow the events that begin and settle what a client owes."""
        follow.on(KINDS, self.follow)

    async def follow(self, change: Change) -> None:
        """Take note of a change; told twice, it changes nothing more."""
        head = change.head
        for event in change.events:
            if isinstance(event, ContractChanged) and event.change == "started":
                await self._obligations.note_contract(head.client, change.thread, event.at)
            kind, outcome = _opens(event), _settles(event)
            if kind is not None:
                await self._obligations.open_mirror(
                    head.client, change.thread, event.seq, event.at, kind, head.freelancer
                )
            elif outcome is not None:
                await self._obligations.settle_mirror(head.client, change.thread, event.seq, event.at, outcome)


def _opens(event: AnyEvent) -> ObligationKind | None:
    """Say what a client owes an answer to."""
    if isinstance(event, ProposalChanged) and event.change == "submitted":
        return ObligationKind.PROPOSAL
    return ObligationKind.ACCEPT if isinstance(event, InvitationAccepted) else None


def _settles(event: AnyEvent) -> ObligationOutcome | None:
    """Say how an event settles it. A message, a call or an offer of the client's starts the interview."""
    if isinstance(event, InterviewStarted):
        return ObligationOutcome.ANSWERED
    if isinstance(event, ContractChanged) and event.change == "started":
        return ObligationOutcome.ANSWERED
    if isinstance(event, ThreadClosed):
        return _CLOSED.get(event.why)
    return _PROPOSAL.get(event.change) if isinstance(event, ProposalChanged) else None
