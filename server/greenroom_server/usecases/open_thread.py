"""`thread.open` and `invitation.send`: a client's first step towards a freelancer, thread and text in one commit."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from greenroom_protocol import limits
from greenroom_protocol.bases import Event, Reply
from greenroom_protocol.cid import cid_time_ms
from greenroom_protocol.commands import InvitationSend, MessageSend, ThreadOpen
from greenroom_protocol.events import InvitationSent, MessageSent
from greenroom_protocol.replies import Error, Invited, Opened, Sent
from greenroom_server.domain.head import Head, Participant
from greenroom_server.domain.ids import thread_id, thread_partition
from greenroom_server.domain.invitation import expires_at_ms
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.relationship import Origin, Relationship
from greenroom_server.domain.thread_actions import Denied, Facts, ThreadAction, decide
from greenroom_server.domain.thread_state import Role, ThreadState
from greenroom_server.screening.context import Surface
from greenroom_server.store.append import Append, Committed, Elsewhere, Outcome, Rare, Stale
from greenroom_server.store.people import Job, People
from greenroom_server.store.records import write_participant
from greenroom_server.store.threads import Threads
from greenroom_server.usecases.amend_message import run
from greenroom_server.usecases.commits import ATTEMPTS, Author, Bounce, Commits, Done, Draft, pack_policy, result_of
from greenroom_server.usecases.results import Refused, RefusedError
from greenroom_server.usecases.screening import Screened, Screening
from greenroom_server.usecases.send_message import SendMessage

_NO_JOB: Final = Job("", "", "", True, 0)


@dataclass(frozen=True, slots=True)
class _Opening:
    """What is to be opened, after all checks that need other partitions."""

    client: str
    freelancer: str
    job: Job
    cid: str
    body: str
    origin: str
    is_invitation: bool


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
    ) -> None:
        self._commits = commits
        self._threads = threads
        self._people = people
        self._send = send
        self._screening = screening
        self._policy = policy
        self._now_ms = now_ms

    async def open(self, user: str, command: ThreadOpen) -> Opened:
        """Write to a freelancer; the pair's thread for the job is created with the message or found."""
        job = await self._job(user, command.job) if command.job else _NO_JOB
        await self._check_pair(user, command.freelancer)
        opening = _Opening(user, command.freelancer, job, command.cid, command.body, command.origin, False)
        for _ in range(ATTEMPTS):
            found = await self._people.thread_of(user, command.freelancer, job.job)
            if found is not None:
                return await self._send_into(user, command, found)
            outcome, done = await self._create(opening)
            if isinstance(outcome, Elsewhere):
                return await self._send_into(user, command, outcome.thread)
            if done is not None:
                thread = outcome
                return Opened(
                    id=command.id, thread=thread, created=True, mid=f"{thread}.{done.seq}", seq=done.seq, n=done.n,
                    at=done.at, state="sent", dup=False, policy=done.policy,
                )  # fmt: skip
        raise RefusedError(Refused("conflict"))

    async def invite(self, user: str, command: InvitationSend) -> Invited:
        """Invite a freelancer to one's job; adopts the pair's thread if that has no job yet."""
        job = await self._job(user, command.job)
        await self._check_pair(user, command.freelancer)
        opening = _Opening(user, command.freelancer, job, command.cid, command.body, "invitation", True)
        for _ in range(ATTEMPTS):
            found = await self._people.thread_of(user, command.freelancer, job.job)
            if found is not None:
                return _invited(command, found, await self._invite_into(opening, found, adopts=False))
            outcome, done = await self._create(opening)
            if isinstance(outcome, Elsewhere):
                adopts = outcome.can_adopt
                return _invited(
                    command, outcome.thread, await self._invite_into(opening, outcome.thread, adopts=adopts)
                )
            if done is not None:
                return _invited(command, outcome, done)
        raise RefusedError(Refused("conflict"))

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
        profile, account = await asyncio.gather(self._people.profile(freelancer), self._people.account(freelancer))
        if profile is None:
            own = await self._people.profile(client)
            raise RefusedError(Refused("peer.unavailable" if own is None else "perm.client_only"))
        if account is not None and account.is_suspended:
            raise RefusedError(Refused("peer.unavailable"))
        pair = await self._people.pair(client, freelancer)
        if pair.is_blocked:
            raise RefusedError(Refused("peer.blocked"))
        return pair

    async def _create(self, opening: _Opening) -> tuple[str, Done] | tuple[Elsewhere, None] | tuple[str, None]:
        """Create the thread; gives (thread, done), where it is instead, or ("", None) to try again."""
        cid_ms = cid_time_ms(opening.cid)
        if cid_ms is None:
            raise RefusedError(Refused("cid.invalid"))
        if len(opening.body.encode()) > limits.BODY_BYTES or opening.body.isspace():
            raise RefusedError(Refused("bad_request.body"))
        pair = await self._people.pair(opening.client, opening.freelancer)
        screened = self._screen(opening, pair)
        thread = thread_id(opening.freelancer, secrets.token_hex(8))
        head = self._head(opening, thread, pair)
        event = self._event(opening, screened)
        ref = self._threads.ref(head)
        append = Append(
            events=[event],
            actor=opening.client,
            cid=opening.cid,
            cid_ms=cid_ms,
            body_hash=self._hash(opening),
            op="i" if opening.is_invitation else "c1",
            extra=pack_policy(screened.policy),
            state=head.state.value,
            rare=Rare(
                timers=[(head.expires_at, f"expire {thread}")] if head.expires_at else (), change="thread.opened"
            ),
        )
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        partition = thread_partition(thread)
        assert partition is not None
        epoch = self._commits.epochs[partition]
        self._threads.open(
            ref, epoch, pair.rev, _fields(head, opening.origin), opening.job.job, append, answer.set_result
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

    async def _invite_into(self, opening: _Opening, thread: str, *, adopts: bool) -> Done:
        """Invite in a thread that exists."""

        def plan(head: Head, role: Role) -> Draft | Bounce | Refused:
            now_ms = self._now_ms()
            decision = decide(head.state, role, ThreadAction.INVITE, Facts(why=head.why, now_ms=now_ms))
            if isinstance(decision, Denied):
                return Refused(decision.code)
            screened = self._screening(opening.body, Surface.INVITATION, head, opening.client, now_ms)
            if not screened.passes:
                assert screened.policy is not None
                return Bounce(screened.policy)
            event = self._event(opening, screened)
            assert isinstance(event, InvitationSent)
            changes: dict[str, str | int] = {
                "rev": int(head.rev) + 1, "state": decision.to.value, "why": "", "expires_at": event.expires_at,
                "job": opening.job.job, "title": opening.job.title,
            }  # fmt: skip
            rare = Rare(
                set=changes,
                timers=[(event.expires_at, f"expire {thread}")],
                index=opening.job.job if adopts else None,
                unindex="" if adopts else None,
            )
            return Draft(events=[event], state=decision.to.value, op="i", rare=rare, policy=screened.policy)

        author = Author(opening.client, cid=opening.cid, body_hash=self._hash(opening))
        return await run(self._commits, thread, author, plan)

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
            state="sent", dup=reply.dup, policy=reply.policy,
        )  # fmt: skip

    def _screen(self, opening: _Opening, pair: Relationship) -> Screened:
        surface = Surface.INVITATION if opening.is_invitation else Surface.MESSAGE
        screened = self._screening.before_thread(opening.body, surface, pair.origin is Origin.EXTERNAL)
        if not screened.passes:
            assert screened.policy is not None
            raise RefusedError(Refused(screened.policy.code, policy=screened.policy))
        return screened

    def _head(self, opening: _Opening, thread: str, pair: Relationship) -> Head:
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
            expires_at=expires_at_ms(self._now_ms(), self._policy) if opening.is_invitation else 0,
            participants={user: Participant(user, role) for user, role in people},
            relationship=pair,
            bounces={},
        )

    def _event(self, opening: _Opening, screened: Screened) -> Event:
        by, cid, body, hidden = opening.client, opening.cid, screened.text, screened.hidden
        if not opening.is_invitation:
            return MessageSent(by=by, cid=cid, body=body, hidden=hidden, state=ThreadState.DIRECT.value)
        return InvitationSent(
            by=by, cid=cid, job=opening.job.job, title=opening.job.title, body=body, hidden=hidden,
            expires_at=expires_at_ms(self._now_ms(), self._policy), state=ThreadState.INVITED.value,
        )  # fmt: skip

    def _hash(self, opening: _Opening) -> str:
        verb = "invitation.send" if opening.is_invitation else "thread.open"
        return self._commits.hash(verb, opening.body)


def _invited(command: InvitationSend, thread: str, done: Done) -> Invited:
    return Invited(
        id=command.id, thread=thread, seq=done.seq, at=done.at, state="sent", dup=done.dup, policy=done.policy
    )  # fmt: skip


def _fields(head: Head, origin: str) -> dict[str, str | int]:
    fields: dict[str, str | int] = {
        "state": head.state.value, "client": head.client, "freelancer": head.freelancer, "job": head.job,
        "title": head.title, "expires_at": head.expires_at, "origin": origin,
    }  # fmt: skip
    for participant in head.participants.values():
        fields[f"user:{participant.user}"] = write_participant(participant)
    return fields
