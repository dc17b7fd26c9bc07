"""`job.get` and `proposal.submit`: a freelancer's way to an open job, paid, screened and committed in one call."""

import asyncio
import secrets
from dataclasses import dataclass, replace

from greenroom_protocol.cid import cid_time_ms
from greenroom_protocol.events import ProposalChanged
from greenroom_protocol.proposals import JobFound, JobGet, ListedJob, ProposalSubmit, ProposalSubmitted
from greenroom_server.domain.connects import EntryKind
from greenroom_server.domain.head import Head, Participant
from greenroom_server.domain.ids import thread_id
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.relationship import Relationship
from greenroom_server.domain.thread_actions import ThreadAction
from greenroom_server.domain.thread_state import Role, ThreadState
from greenroom_server.screening.context import Surface
from greenroom_server.store.append import Append, Charge, Committed, Elsewhere, Outcome, Rare, Stale
from greenroom_server.store.people import Job, People
from greenroom_server.store.threads import Threads
from greenroom_server.usecases.amend_message import run
from greenroom_server.usecases.audit_trail import commit_entry
from greenroom_server.usecases.commits import ATTEMPTS, Bounce, Commits, Done, pack_policy, result_of
from greenroom_server.usecases.connects import Connects
from greenroom_server.usecases.held_openings import HeldOpenings
from greenroom_server.usecases.move_thread import Move, MoveThread
from greenroom_server.usecases.opening import fields_of
from greenroom_server.usecases.released import Released
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError
from greenroom_server.usecases.screening import Screened, Screening
from greenroom_server.usecases.terms import NO_TERMS, NOT_ACCEPTED, Terms


@dataclass(frozen=True, slots=True)
class _Proposal:
    """What is proposed, after all checks that need other partitions."""

    job: Job
    move: Move
    cid_ms: int


class Propose:
    """Takes proposals."""

    def __init__(
        self,
        commits: Commits,
        threads: Threads,
        people: People,
        move: MoveThread,
        screening: Screening,
        connects: Connects,
        policy: MarketplacePolicy,
        openings: HeldOpenings,
        terms: Terms = NO_TERMS,
    ) -> None:
        self._openings = openings
        self._terms = terms
        self._commits = commits
        self._threads = threads
        self._people = people
        self._move = move
        self._screening = screening
        self._connects = connects
        self._policy = policy

    async def job(self, user: str, command: JobGet) -> JobFound:
        """Read a job with what a proposal for it costs."""
        job = await self._people.job(command.job)
        if job is None:
            raise RefusedError(NOT_FOUND)
        account, thread = await asyncio.gather(
            self._people.account(job.client), self._people.thread_of(job.client, user, job.job)
        )
        listed = ListedJob(
            job=job.job, title=job.title, is_open=job.is_open, client=job.client,
            client_name=account.name if account is not None else "", cost=self._policy.connects.proposal_cost,
            thread=thread or "",
        )  # fmt: skip
        return JobFound(id=command.id, job=listed)

    async def submit(self, user: str, command: ProposalSubmit) -> ProposalSubmitted:
        """Propose a freelancer for a job, in the pair's thread for it or in a new one; paid in the same call."""
        cid_ms = cid_time_ms(command.cid)
        if cid_ms is None:
            raise RefusedError(Refused("cid.invalid"))
        job = await self._people.job(command.job)
        if job is None:
            raise RefusedError(NOT_FOUND)
        author = self._move.author(_move(user, command, job, None))
        waiting = await self._openings.known(user, author)
        if waiting is not None:
            return _submitted(command, self._openings.thread(user, author), waiting, 0)
        charge, pair, refused, found = await asyncio.gather(
            self._connects.charge(user, EntryKind.PROPOSAL, self._policy.connects.proposal_cost),
            self._people.pair(job.client, user),
            self._why_not(user, job),
            self._people.thread_of(job.client, user, job.job),
        )
        move = _move(user, command, job, charge)
        blocked = pair.block_code(Role.FREELANCER)
        if blocked:
            refused = refused or Refused(blocked)
        if refused is not None:
            thread, done = await self._refuse(refused, move, found)
        else:
            thread, done = await self._place(_Proposal(job, move, cid_ms), found)
        return _submitted(command, thread, done, 0 if charge is None else -charge.amount)

    async def release(self, user: str, command: ProposalSubmit, released: Released) -> None:
        """Carry out a proposal that was held, as everything is now; it is paid now.

        Raises:
            RefusedError: it is not possible now, or somebody has decided before.
        """
        job = await self._people.job(command.job)
        refused = NOT_FOUND if job is None else await self._why_not(user, job)
        if job is None or refused is not None:
            raise RefusedError(refused or NOT_FOUND)
        charge, found = await asyncio.gather(
            self._connects.charge(user, EntryKind.PROPOSAL, self._policy.connects.proposal_cost),
            self._people.thread_of(job.client, user, job.job),
        )
        move = replace(_move(user, command, job, charge), released=released)
        await self._place(_Proposal(job, move, released.cid_ms), found)

    async def _why_not(self, user: str, job: Job) -> Refused | None:
        """Say what keeps this freelancer from proposing for a job, whatever there is between the two."""
        if job.client == user:
            return Refused("thread.self")
        if self._terms.refuses(user):
            return NOT_ACCEPTED
        profile, client = await asyncio.gather(self._people.profile(user), self._people.account(job.client))
        if profile is None:
            return Refused("proposal.no_profile")
        if client is not None and client.is_suspended:
            return Refused("peer.unavailable")
        return None if job.is_open else Refused("job.closed")

    async def _refuse(self, refused: Refused, move: Move, found: str | None) -> tuple[str, Done]:
        """Refuse, unless this cid was carried out before: it gets its first answer again."""
        if found is None:
            raise RefusedError(refused)
        return found, await run(self._commits, found, self._move.author(move), lambda _head, _role: refused)

    async def _place(self, proposal: _Proposal, found: str | None) -> tuple[str, Done]:
        """Commit a proposal where it belongs; gives the thread."""
        job, may_adopt = proposal.job, True
        for _ in range(ATTEMPTS):
            if found is not None:
                return found, await self._move(found, proposal.move)
            thread, outcome = await self._create(proposal, may_adopt=may_adopt)
            if isinstance(outcome, Done):
                return thread, outcome
            if isinstance(outcome, Elsewhere) and not outcome.can_adopt:
                found = outcome.thread
            elif isinstance(outcome, Elsewhere):
                done = await self._adopt(outcome.thread, proposal)
                if done is not None:
                    return outcome.thread, done
                found = await self._people.thread_of(job.client, proposal.move.user, job.job)
                may_adopt = False
        raise RefusedError(Refused("conflict"))

    async def _adopt(self, thread: str, proposal: _Proposal) -> Done | None:
        """Propose in the pair's thread without a job; None when it cannot take one any more."""
        loaded = await self._commits.heads.read(thread)
        if loaded is None or loaded.head.state is not ThreadState.DIRECT or loaded.head.job:
            return None
        try:
            return await self._move(thread, proposal.move)
        except RefusedError:
            loaded = await self._commits.heads.read(thread)
            if loaded is None or loaded.head.job in ("", proposal.job.job):
                raise
            return None

    async def _create(self, proposal: _Proposal, *, may_adopt: bool) -> tuple[str, Done | Elsewhere | Stale]:
        """Create the thread with the proposal, unless the pair has one; gives (thread, what became of it)."""
        job, move = proposal.job, proposal.move
        pair = await self._people.pair(job.client, move.user)
        blocked = pair.block_code(Role.FREELANCER)
        if blocked:
            raise RefusedError(Refused(blocked))
        released = move.released
        if released is not None:
            screened = Screened(True, move.note, released.hidden, None)
        else:
            screened = self._screening.before_thread(move.note, Surface.PROPOSAL, pair)
        if not screened.passes:
            return await self._give_back(move, screened)
        thread = thread_id(move.user, secrets.token_hex(8)) if released is None else released.release.subject
        head = _head(proposal, thread, pair)
        event = ProposalChanged(
            by=move.user, cid=move.cid, change="submitted", body=screened.text, hidden=screened.hidden,
            state=head.state.value, submitted_at=move.submitted_at,
        )  # fmt: skip
        author = self._move.author(move)
        append = Append(
            events=[event],
            actor=move.user,
            cid=author.cid,
            cid_ms=proposal.cid_ms,
            body_hash=author.body_hash,
            extra=pack_policy(screened.policy),
            state=head.state.value,
            rare=Rare(
                change="thread.opened,proposal.changed",
                ledger=move.charge,
                audit=commit_entry(move.user, [event], head.state.value, screened.policy)
                if released is None
                else released.audit,
                held=None if released is None else released.release,
            ),
        )
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        ref = self._threads.ref(head)
        self._threads.open(
            ref, self._commits.epochs[ref.partition], pair.rev, fields_of(head), job.job, append,
            answer.set_result, may_adopt=may_adopt,
        )  # fmt: skip
        outcome = await answer
        if isinstance(outcome, Committed):
            self._commits.heads.keep(head)
            self._commits.deliver.committed(head.thread, [event], outcome)
            seq, n, at = outcome.first_seq, outcome.first_n, outcome.at
            return head.thread, Done(seq, n, at, head.state.value, False, screened.policy)
        if isinstance(outcome, Elsewhere | Stale):
            return "", outcome
        refused = result_of(outcome)
        assert isinstance(refused, Refused)
        raise RefusedError(refused)

    async def _give_back(self, move: Move, screened: Screened) -> tuple[str, Done]:
        """Leave the text to the moderators, or bounce it."""
        policy = screened.policy
        assert policy is not None
        held = await self._openings.hold(move.user, self._move.author(move), Bounce(policy, move.command, screened))
        if held is not None:
            return held
        self._commits.on_opening_bounced(move.user, policy)
        raise RefusedError(Refused(policy.code, policy=policy))


def _move(user: str, command: ProposalSubmit, job: Job, charge: Charge | None) -> Move:
    return Move(
        action=ThreadAction.PROPOSE, user=user, cid=command.cid, note=command.body, surface=Surface.PROPOSAL,
        adopt=(job.job, job.title), charge=charge, command=command,
    )  # fmt: skip


def _submitted(command: ProposalSubmit, thread: str, done: Done, cost: int) -> ProposalSubmitted:
    return ProposalSubmitted(
        id=command.id, thread=thread, seq=done.seq, n=done.n, at=done.at, state="held" if done.held else done.state,
        dup=done.dup, cost=0 if done.held else cost, policy=done.policy, held=done.held,
    )  # fmt: skip


def _head(proposal: _Proposal, thread: str, pair: Relationship) -> Head:
    job, move = proposal.job, proposal.move
    people = ((job.client, Role.CLIENT), (move.user, Role.FREELANCER))
    return Head(
        thread=thread,
        rev="1",
        state=ThreadState.PROPOSED,
        why=None,
        client=job.client,
        freelancer=move.user,
        job=job.job,
        title=job.title,
        gate_opened_at=0,
        expires_at=0,
        participants={user: Participant(user, role) for user, role in people},
        relationship=pair,
        bounces={},
        origin="proposal",
        paid=None if move.charge is None else (1, -move.charge.amount),
    )
