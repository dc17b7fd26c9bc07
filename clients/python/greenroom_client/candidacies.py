"""From a job to a contract: jobs, invitations, proposals, offers, and what proposals cost."""

from collections.abc import Sequence
from typing import Literal, get_args

from greenroom_client.asking import Area
from greenroom_protocol import commands, connects, offers, proposals, replies
from greenroom_protocol.fields import StateName
from greenroom_protocol.offers import OfferTerms

InvitationReason = Literal[
    "not_interested", "not_available", "budget", "skills", "unclear_job", "asked_off_platform", "other"
]
"""Why a freelancer declines an invitation."""
ProposalReason = Literal["not_a_fit", "hired_someone_else", "budget", "job_cancelled", "other"]
"""Why a client ends a candidacy; with `job_cancelled` the proposal's Connects go back."""
STATES: tuple[StateName, ...] = get_args(StateName)
"""Every state of a thread, for `Proposals.candidacies`."""


class Jobs(Area):
    """`client.jobs`: what clients want done."""

    __slots__ = ()

    async def list(self) -> replies.JobPage:
        """List one's own jobs, newest first."""
        return await self._ask(commands.JobList(id=0), replies.JobPage)

    async def get(self, job: str) -> proposals.JobFound:
        """Read a job before proposing: its title, its client, what a proposal costs."""
        return await self._ask(proposals.JobGet(id=0, job=job), proposals.JobFound)


class Invitations(Area):
    """`client.invitations`: a client asks a freelancer to discuss a job."""

    __slots__ = ()

    async def send(self, freelancer: str, job: str, body: str) -> replies.Invited:
        """Invite a freelancer to interview for one's job (its owner only); `state` may be `held`."""
        command = commands.InvitationSend(id=0, cid=self._cid(), job=job, freelancer=freelancer, body=body)
        return await self._ask(command, replies.Invited)

    async def accept(self, thread: str, note: str = "", *, auto: bool = False) -> replies.InvitationAcceptedReply:
        """Accept an invitation; `auto` says that a program did, and it does not count as a response."""
        command = commands.InvitationAccept(id=0, cid=self._cid(), thread=thread, note=note, auto=auto)
        return await self._ask(command, replies.InvitationAcceptedReply)

    async def decline(
        self, thread: str, reason: InvitationReason = "other", note: str = "", *, auto: bool = False
    ) -> replies.InvitationDeclinedReply:
        """Decline an invitation; `auto` as for `accept`."""
        command = commands.InvitationDecline(id=0, cid=self._cid(), thread=thread, reason=reason, note=note, auto=auto)
        return await self._ask(command, replies.InvitationDeclinedReply)

    async def ignore(self, thread: str) -> replies.InvitationIgnoredReply:
        """Archive an invitation without answering; it can still be answered."""
        command = commands.InvitationIgnore(id=0, cid=self._cid(), thread=thread)
        return await self._ask(command, replies.InvitationIgnoredReply)

    async def withdraw(self, thread: str) -> replies.InvitationWithdrawnReply:
        """Take an unanswered invitation back (client only)."""
        command = commands.InvitationWithdraw(id=0, cid=self._cid(), thread=thread)
        return await self._ask(command, replies.InvitationWithdrawnReply)


class Proposals(Area):
    """`client.proposals`: a freelancer applies for a job, and the list of all that is open."""

    __slots__ = ()

    async def submit(self, job: str, body: str) -> proposals.ProposalSubmitted:
        """Propose oneself for an open job; spends Connects (`cost`). `state` may be `held`, at no cost yet."""
        command = proposals.ProposalSubmit(id=0, cid=self._cid(), job=job, body=body)
        return await self._ask(command, proposals.ProposalSubmitted)

    async def withdraw(self, thread: str) -> proposals.ProposalWithdrawn:
        """End one's own candidacy, however it began (freelancer only); Connects do not come back."""
        command = proposals.ProposalWithdraw(id=0, cid=self._cid(), thread=thread)
        return await self._ask(command, proposals.ProposalWithdrawn)

    async def decline(
        self, thread: str, reason: ProposalReason = "other", note: str = ""
    ) -> proposals.ProposalDeclined:
        """End a candidacy, however it began (client only)."""
        command = proposals.ProposalDecline(id=0, cid=self._cid(), thread=thread, reason=reason, note=note)
        return await self._ask(command, proposals.ProposalDeclined)

    async def candidacies(
        self, *, states: Sequence[StateName] | None = None, cursor: str | None = None, limit: int = 20
    ) -> proposals.CandidacyPage:
        """Read a page of Active Candidacies, of both sides, the most recently changed first.

        Args:
            states: only threads in these; without, those that are active.
            cursor: from the page before.
            limit: 1 to 50 rows.
        """
        wanted = None if states is None else list(states)
        command = proposals.CandidacyList(id=0, states=wanted, cursor=cursor, limit=limit)
        return await self._ask(command, proposals.CandidacyPage)


class Offers(Area):
    """`client.offers`: the offer of a contract in an interview."""

    __slots__ = ()

    async def send(self, thread: str, terms: OfferTerms) -> offers.OfferSent:
        """Offer a contract (client only, where the marketplace lets clients do it)."""
        return await self._ask(offers.OfferSend(id=0, cid=self._cid(), thread=thread, terms=terms), offers.OfferSent)

    async def accept(self, thread: str) -> offers.OfferAcceptedReply:
        """Accept the open offer: the contract starts (freelancer only)."""
        command = offers.OfferAccept(id=0, cid=self._cid(), thread=thread)
        return await self._ask(command, offers.OfferAcceptedReply)

    async def decline(self, thread: str, note: str = "") -> offers.OfferDeclinedReply:
        """Decline the open offer; the interview goes on (freelancer only)."""
        command = offers.OfferDecline(id=0, cid=self._cid(), thread=thread, note=note)
        return await self._ask(command, offers.OfferDeclinedReply)

    async def withdraw(self, thread: str) -> offers.OfferWithdrawnReply:
        """Take the open offer back; the interview goes on (client only)."""
        command = offers.OfferWithdraw(id=0, cid=self._cid(), thread=thread)
        return await self._ask(command, offers.OfferWithdrawnReply)


class Connects(Area):
    """`client.connects`: what proposals are paid with."""

    __slots__ = ()

    async def get(self, *, cursor: str | None = None, limit: int = 20) -> connects.ConnectsPage:
        """Read one's own balance and a page of the ledger, newest first, 1 to 100 entries."""
        return await self._ask(connects.ConnectsGet(id=0, cursor=cursor, limit=limit), connects.ConnectsPage)
