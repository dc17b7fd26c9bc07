"""`thread.open` and `invitation.send`: a client's first step towards a freelancer, thread and text in one commit."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from greenroom_protocol import limits
from greenroom_protocol.bases import Reply
from greenroom_protocol.cid import cid_time_ms
from greenroom_protocol.commands import InvitationSend, MessageSend, ThreadOpen
from greenroom_protocol.events import InvitationSent
from greenroom_protocol.replies import Error, Invited, Opened, Sent
from greenroom_server.domain.head import Head
from greenroom_server.domain.ids import is_name, thread_id, thread_partition
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.relationship import Relationship
from greenroom_server.domain.thread_actions import Denied, ThreadAction, decide
from greenroom_server.domain.thread_state import Role, ThreadState
from greenroom_server.screening.context import Surface
from greenroom_server.store.append import Append, Committed, Elsewhere, Outcome, Rare, Stale
from greenroom_server.store.people import Job, People
from greenroom_server.store.threads import Threads
from greenroom_server.usecases.amend_message import run
from greenroom_server.usecases.audit_trail import commit_entry
from greenroom_server.usecases.commits import ATTEMPTS, Author, Bounce, Commits, Done, Draft, pack_policy, result_of
from greenroom_server.usecases.held_openings import HeldOpenings
from greenroom_server.usecases.opening import Opening, event_of, fields_of, head_of
from greenroom_server.usecases.quotas import Quotas
from greenroom_server.usecases.released import Released
from greenroom_server.usecases.results import Refused, RefusedError, denial
from greenroom_server.usecases.screening import Screened, Screening
from greenroom_server.usecases.send_message import SendMessage
from greenroom_server.usecases.thread_timers import invitation_timers

_NO_JOB: Final = Job("", "", "", True, 0)


class OpenThread:
    """Opens threads, by a message or by an invitation."""

    def __init__(
        self,
        commits: Commits,
        threads: Threads,
        people: People,
        send: SendMessage,
        screening: Screening,
        policy: MarketplacePolicy,
        now_ms: Callable[[], int],
        quotas: Quotas,
        openings: HeldOpenings,
    ) -> None:
        self._openings = openings
        self._commits = commits
        self._quotas = quotas
        self._threads = threads
        self._people = people
        self._send = send
        self._screening = screening
        self._policy = policy
        self._now_ms = now_ms

    async def release(self, user: str, command: ThreadOpen | InvitationSend, released: Released) -> None:
        """Carry out what was held, as everything is now.

        Raises:
            RefusedError: it is not possible now, or somebody has decided before.
        """
        opening = replace(await self._opening(user, command), released=released)
        if isinstance(command, InvitationSend):
            await self._invite(command, opening)
            return
        for _ in range(ATTEMPTS):
            thread = await self._people.thread_of(user, opening.freelancer, opening.job.job)
            outcome, done = (thread, None) if thread else await self._create(opening)
            if done is not None:
                return
            thread = outcome.thread if isinstance(outcome, Elsewhere) else outcome
            if thread:
                message = MessageSend(id=0, thread=thread, cid=command.cid, body=command.body)
                await self._send.release(user, message, released)
                return
        raise RefusedError(Refused("conflict"))

    async def open(self, user: str, command: ThreadOpen) -> Opened:
        """Write to a freelancer; the pair's thread for the job is created with the message or found."""
        try:
            return await self._open(user, command)
        except RefusedError:
            hashed = self._commits.hash("thread.open", command.body)
            thread = await self._knows(user, command.freelancer, command.cid, hashed)
            if thread is None:
                raise
            return await self._send_into(user, command, thread)  # a repeat gets its first answer, whatever came since

    async def _open(self, user: str, command: ThreadOpen) -> Opened:
        author = self._author(user, command)
        waiting = await self._openings.known(command.freelancer, author)
        if waiting is not None:
            return self._opened(command, self._openings.thread(command.freelancer, author), waiting)
        opening = await self._opening(user, command)
        job = opening.job
        for _ in range(ATTEMPTS):
            found = await self._people.thread_of(user, command.freelancer, job.job)
            if found is None and not job.job:  # a job may have taken the thread that this cid opened
                found = await self._knows(user, command.freelancer, command.cid, self._hash(opening))
            if found is not None:
                return await self._send_into(user, command, found)
            async with self._quotas.place("new_threads", user, command.cid) as place:
                outcome, done = await self._create(opening)
                place.is_used = done is not None
            if isinstance(outcome, Elsewhere):
                return await self._send_into(user, command, outcome.thread)
            if done is not None:
                return self._opened(command, outcome, done)
        raise RefusedError(Refused("conflict"))

    async def _opening(self, user: str, command: ThreadOpen | InvitationSend) -> Opening:
        """Check what needs other partitions."""
        job = await self._job(user, command.job) if command.job else _NO_JOB
        await self._check_pair(user, command.freelancer)
        if isinstance(command, InvitationSend):
            return Opening(user, job, command, ("invitation", ""))
        if command.origin_ref and not is_name(command.origin_ref):
            raise RefusedError(Refused("bad_request.field", detail="origin_ref"))
        return Opening(user, job, command, (command.origin, command.origin_ref))

    @staticmethod
    def _opened(command: ThreadOpen, thread: str, done: Done) -> Opened:
        return Opened(
            id=command.id, thread=thread, created=not done.held, mid=done.held or f"{thread}.{done.seq}", seq=done.seq,
            n=done.n, at=done.at, state="held" if done.held else "sent", dup=done.dup, policy=done.policy,
        )  # fmt: skip

    async def _knows(self, user: str, freelancer: str, cid: str, hashed: str) -> str | None:
        """Find the thread of a pair in which this cid was answered before."""
        cid_ms = cid_time_ms(cid)
        if cid_ms is None:
            return None
        threads = await self._people.threads_of(user, freelancer)
        answers: list[asyncio.Future[Outcome | None]] = [asyncio.get_running_loop().create_future() for _ in threads]
        for thread, answer in zip(threads, answers, strict=True):
            self._threads.recall(thread, user, cid, cid_ms, hashed, answer.set_result)
        found = await asyncio.gather(*answers)
        return next((thread for thread, known in zip(threads, found, strict=True) if known is not None), None)

    async def invite(self, user: str, command: InvitationSend) -> Invited:
        """Invite a freelancer to one's job; adopts the pair's thread if that has no job yet."""
        try:
            return await self._invite_anew(user, command)
        except RefusedError as error:
            refused, hashed = error.refused, self._commits.hash("invitation.send", command.body)
            thread = await self._knows(user, command.freelancer, command.cid, hashed)
            if thread is None:
                raise
            author = Author(user, cid=command.cid, body_hash=hashed)
            return _invited(command, thread, await run(self._commits, thread, author, lambda _head, _role: refused))

    async def _invite_anew(self, user: str, command: InvitationSend) -> Invited:
        author = self._author(user, command)
        waiting = await self._openings.known(command.freelancer, author)
        if waiting is not None:
            return _invited(command, self._openings.thread(command.freelancer, author), waiting)
        opening = await self._opening(user, command)
        async with self._quotas.place("invitations", user, command.cid) as place:
            invited = await self._invite(command, opening)
            place.is_used = True
        return invited

    async def _invite(self, command: InvitationSend, opening: Opening) -> Invited:
        may_adopt = True
        for _ in range(ATTEMPTS):
            found = await self._people.thread_of(opening.client, opening.freelancer, opening.job.job)
            if found is not None:
                return _invited(command, found, await self._invite_into(opening, found, adopts=False))
            outcome, done = await self._create(opening, may_adopt=may_adopt)
            if done is not None and isinstance(outcome, str):
                return _invited(command, outcome, done)
            if isinstance(outcome, Elsewhere) and outcome.can_adopt:
                done = await self._adopt(opening, outcome.thread)
                if done is not None:
                    return _invited(command, outcome.thread, done)
                may_adopt = False
            elif isinstance(outcome, Elsewhere):
                return _invited(command, outcome.thread, await self._invite_into(opening, outcome.thread, adopts=False))
        raise RefusedError(Refused("conflict"))

    async def _adopt(self, opening: Opening, thread: str) -> Done | None:
        """Invite in the pair's thread without a job; None when that is more than a first contact, or took another."""
        loaded = await self._commits.heads.read(thread)
        if loaded is None or loaded.head.state is not ThreadState.DIRECT or loaded.head.job:
            return None
        try:
            return await self._invite_into(opening, thread, adopts=True)
        except RefusedError as error:
            if error.refused.code != "conflict":
                raise
            return None

    async def _job(self, user: str, job_id: str) -> Job:
        job = await self._people.job(job_id)
        if job is None or job.client != user:
            raise RefusedError(Refused("job.not_owner"))
        if not job.is_open:
            raise RefusedError(Refused("job.closed"))
        return job

    async def _check_pair(self, client: str, freelancer: str) -> Relationship:
        if client == freelancer:
            raise RefusedError(Refused("thread.self"))
        await self._quotas.admit(client)
        profile, account = await asyncio.gather(self._people.profile(freelancer), self._people.account(freelancer))
        if profile is None:
            own = await self._people.profile(client)
            raise RefusedError(Refused("peer.unavailable" if own is None else "perm.client_only"))
        if account is not None and account.is_gone:
            raise RefusedError(Refused("peer.unavailable"))
        pair = await self._people.pair(client, freelancer)
        _refuse_blocked(pair)
        return pair

    async def _create(
        self, opening: Opening, *, may_adopt: bool = False
    ) -> tuple[str, Done] | tuple[Elsewhere, None] | tuple[str, None]:
        """Create the thread; gives (thread, done), where it is instead, or ("", None) to try again."""
        cid_ms = cid_time_ms(opening.cid)
        if cid_ms is None:
            raise RefusedError(Refused("cid.invalid"))
        if len(opening.body.encode()) > limits.BODY_BYTES or opening.body.isspace():
            raise RefusedError(Refused("bad_request.body"))
        pair = await self._people.pair(opening.client, opening.freelancer)
        _refuse_blocked(pair)  # the commit rests on this reading, not on the one before
        released = opening.released
        screened = self._screened(opening, pair)
        if not screened.passes:
            return await self._give_back(opening, screened)
        token = secrets.token_hex(8)
        thread = thread_id(opening.freelancer, token) if released is None else released.release.subject
        head = head_of(opening, thread, pair, self._now_ms(), self._policy)
        event = event_of(opening, screened, self._now_ms(), self._policy)
        ref = self._threads.ref(head)
        append = Append(
            events=[event],
            actor=opening.client,
            cid=opening.cid if released is None else "",
            cid_ms=cid_ms,
            body_hash=self._hash(opening),
            op="i" if opening.is_invitation else "c1",
            extra=pack_policy(screened.policy),
            state=head.state.value,
            rare=Rare(
                timers=invitation_timers(thread, head.expires_at, self._policy) if head.expires_at else (),
                change="thread.opened,invitation.sent" if opening.is_invitation else "thread.opened",
                audit=commit_entry(opening.client, [event], head.state.value, screened.policy)
                if released is None
                else released.audit,
                held=None if released is None else released.release,
            ),
        )
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        partition = thread_partition(thread)
        assert partition is not None
        epoch = self._commits.epochs[partition]
        self._threads.open(
            ref, epoch, pair.rev, fields_of(head), opening.job.job, append, answer.set_result, may_adopt=may_adopt
        )
        outcome = await answer
        if isinstance(outcome, Committed):
            self._commits.heads.keep(head)
            self._commits.deliver.committed(thread, [event], outcome)
            self._commits.counters.messages += not opening.is_invitation
            return thread, Done(
                outcome.first_seq, outcome.first_n, outcome.at, head.state.value, False, screened.policy
            )
        if isinstance(outcome, Elsewhere):
            return outcome, None
        if isinstance(outcome, Stale):
            return "", None
        refused = result_of(outcome)
        assert isinstance(refused, Refused)
        raise RefusedError(refused)

    async def _invite_into(self, opening: Opening, thread: str, *, adopts: bool) -> Done:
        """Invite in a thread that exists."""

        def plan(head: Head, role: Role) -> Draft | Bounce | Refused:
            now_ms = self._now_ms()
            unreachable = head.peer_code(role)
            if unreachable:
                return Refused(unreachable)
            if adopts and head.job not in ("", opening.job.job):
                return Refused("conflict")  # it took another one meanwhile
            decision = decide(head.state, role, ThreadAction.INVITE, head.facts(now_ms))
            if isinstance(decision, Denied):
                return denial(decision)
            released = opening.released
            if released is not None:
                screened = Screened(True, opening.body, released.hidden, None)
            else:
                screened = self._screening(opening.body, Surface.INVITATION, head, opening.client, now_ms)
            if not screened.passes:
                assert screened.policy is not None
                return Bounce(screened.policy, opening.command, screened)
            event = event_of(opening, screened, self._now_ms(), self._policy)
            assert isinstance(event, InvitationSent)
            changes: dict[str, str | int] = {
                "rev": int(head.rev) + 1, "state": decision.to.value, "why": "", "expires_at": event.expires_at,
                "job": opening.job.job, "title": opening.job.title,
            }  # fmt: skip
            rare = Rare(
                set=changes,
                clear=("reminded",),
                timers=invitation_timers(thread, event.expires_at, self._policy),
                index=opening.job.job if adopts else None,
                unindex="" if adopts else None,
            )
            if released is not None:
                rare = replace(rare, held=released.release, audit=released.audit)
            return Draft(
                events=[event], state=decision.to.value, op="i", rare=rare, policy=screened.policy,
                cid_ms=0 if released is None else released.cid_ms,
            )  # fmt: skip

        author = self._author(opening.client, opening.command)
        if opening.released is not None:
            author = Author("", role=Role.CLIENT)
        return await run(self._commits, thread, author, plan)

    def _screened(self, opening: Opening, pair: Relationship) -> Screened:
        if opening.released is not None:
            return Screened(True, opening.body, opening.released.hidden, None)
        surface = Surface.INVITATION if opening.is_invitation else Surface.MESSAGE
        return self._screening.before_thread(opening.body, surface, pair)

    async def _give_back(self, opening: Opening, screened: Screened) -> tuple[str, Done]:
        """Leave the text to the moderators, or bounce it."""
        policy = screened.policy
        assert policy is not None
        author = self._author(opening.client, opening.command)
        held = await self._openings.hold(opening.freelancer, author, Bounce(policy, opening.command, screened))
        if held is not None:
            return held
        self._commits.on_opening_bounced(opening.client, policy)
        raise RefusedError(Refused(policy.code, policy=policy))

    async def _send_into(self, user: str, command: ThreadOpen, thread: str) -> Opened:
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        message = MessageSend(id=command.id, thread=thread, cid=command.cid, body=command.body)
        self._send.start(user, message, answer.set_result, verb="thread.open")
        reply = await answer
        if isinstance(reply, Error):
            raise RefusedError(Refused(reply.code, reply.retry_after_ms, reply.policy))
        assert isinstance(reply, Sent)
        return Opened(
            id=command.id, thread=thread, created=False, mid=reply.mid, seq=reply.seq, n=reply.n, at=reply.at,
            state=reply.state, dup=reply.dup, policy=reply.policy,
        )  # fmt: skip

    def _author(self, user: str, command: ThreadOpen | InvitationSend) -> Author:
        verb = "invitation.send" if isinstance(command, InvitationSend) else "thread.open"
        return Author(user, cid=command.cid, body_hash=self._commits.hash(verb, command.body))

    def _hash(self, opening: Opening) -> str:
        return self._author(opening.client, opening.command).body_hash


def _refuse_blocked(pair: Relationship) -> None:
    code = pair.block_code(Role.CLIENT)
    if code:
        raise RefusedError(Refused(code))


def _invited(command: InvitationSend, thread: str, done: Done) -> Invited:
    return Invited(
        id=command.id, thread=thread, seq=done.seq, at=done.at, state="held" if done.held else "sent", dup=done.dup,
        policy=done.policy, held=done.held,
    )  # fmt: skip
