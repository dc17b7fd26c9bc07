"""Contracts that the marketplace starts for a pair, in their thread or in one that is made for it."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import replace

from greenroom_protocol.bases import Event
from greenroom_protocol.cid import cid_time_ms
from greenroom_server.domain.head import Head, Participant
from greenroom_server.domain.ids import thread_id, user_partition
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.relationship import Relationship, start_contract
from greenroom_server.domain.thread_actions import Denied, ThreadAction, decide
from greenroom_server.domain.thread_state import Role, ThreadState
from greenroom_server.store.append import Append, Committed, Elsewhere, Outcome, Rare, Stale
from greenroom_server.store.people import People
from greenroom_server.store.records import write_pair
from greenroom_server.store.threads import Threads
from greenroom_server.usecases.audit_trail import commit_entry
from greenroom_server.usecases.commits import ATTEMPTS, Commits, Done, result_of
from greenroom_server.usecases.move import Move
from greenroom_server.usecases.move_events import own_event, policy_changed, told
from greenroom_server.usecases.move_thread import CLEAN, MoveThread
from greenroom_server.usecases.opening import fields_of
from greenroom_server.usecases.results import Refused, RefusedError, denial


class Contracts:
    """Starts contracts between two people, wherever they stand."""

    def __init__(
        self,
        commits: Commits,
        threads: Threads,
        people: People,
        move: MoveThread,
        policy: MarketplacePolicy,
        now_ms: Callable[[], int],
    ) -> None:
        self._commits = commits
        self._threads = threads
        self._people = people
        self._move = move
        self._policy = policy
        self.now_ms = now_ms

    async def start(self, client: str, freelancer: str, job: str, title: str, move: Move) -> tuple[str, Done]:
        """Start a contract in the pair's thread for a job; gives the thread and what was done.

        Args:
            job: empty: the pair's thread without a job.
            title: of a job that the hub was not told of.
            move: the start; its cid makes a retry safe.

        Raises:
            RefusedError: `job.not_owner`, or as for every move.
        """
        known = await self._people.job(job) if job else None
        if known is not None and known.client != client:
            raise RefusedError(Refused("job.not_owner"))
        title, may_adopt = known.title if known is not None else title, True
        for _ in range(ATTEMPTS):
            found = await self._people.thread_of(client, freelancer, job)
            if found is not None:
                return found, await self._move(found, move)
            created, outcome = await self._create(client, freelancer, job, title, move, may_adopt=may_adopt)
            if isinstance(outcome, Done):
                return created, outcome
            if isinstance(outcome, Elsewhere) and outcome.can_adopt:
                done = await self._adopt(outcome.thread, replace(move, adopt=(job, title)))
                if done is not None:
                    return outcome.thread, done
                may_adopt = False
        raise RefusedError(Refused("conflict"))

    async def _adopt(self, thread: str, move: Move) -> Done | None:
        """Start the contract in the pair's thread without a job; None when that cannot take one (any more)."""
        loaded = await self._commits.heads.read(thread)
        if loaded is None or loaded.head.state is not ThreadState.DIRECT or loaded.head.job:
            return None
        try:
            return await self._move(thread, move)
        except RefusedError as error:
            if error.refused.code != "conflict":
                raise
            return None

    async def _create(
        self, client: str, freelancer: str, job: str, title: str, move: Move, *, may_adopt: bool
    ) -> tuple[str, Done | Elsewhere | Stale]:
        """Create the thread with its contract, unless the pair has one; gives (thread, what became of it)."""
        decision = decide(None, Role.SERVICE, ThreadAction.START_CONTRACT)
        if isinstance(decision, Denied):
            raise RefusedError(denial(decision))
        cid_ms = cid_time_ms(move.cid) if move.cid else 0
        if cid_ms is None:
            raise RefusedError(Refused("cid.invalid"))
        now_ms = self.now_ms()
        old = await self._people.pair(client, freelancer)
        pair = start_contract(old, move.starts_at or now_ms)
        thread = thread_id(freelancer, secrets.token_hex(8))
        head = _head(thread, client, freelancer, job, title, old, now_ms)
        changed = policy_changed(decision.to, pair, self._policy, now_ms)
        events: list[Event] = [own_event(move, decision, head, CLEAN, None), changed]
        events[0].state = decision.to.value
        fields = {**fields_of(head), "gate_opened_at": now_ms, "told": told(changed)}
        append = Append(
            events=events,
            actor="",
            cid=move.cid,
            cid_ms=cid_ms,
            body_hash=self._commits.hash(move.action.value, move.hashed()),
            state=decision.to.value,
            rare=Rare(
                pair=write_pair(pair) if pair != old else None,
                change="thread.opened,contract.changed,policy.changed",
                audit=commit_entry("", events, decision.to.value, None),
            ),
        )
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        epoch = self._commits.epochs[user_partition(freelancer)]
        self._threads.open(
            self._threads.ref(head), epoch, old.rev, fields, job, append, answer.set_result, may_adopt=may_adopt
        )
        outcome = await answer
        if isinstance(outcome, Committed):
            self._commits.deliver.committed(thread, events, outcome)
            return thread, Done(outcome.first_seq, outcome.first_n, outcome.at, decision.to.value, False, None)
        if isinstance(outcome, Elsewhere | Stale):
            return thread, outcome
        refused = result_of(outcome)
        assert isinstance(refused, Refused), "nobody has used the cid in a thread that is not there"
        raise RefusedError(refused)


def _head(thread: str, client: str, freelancer: str, job: str, title: str, pair: Relationship, now_ms: int) -> Head:
    people = {client: Participant(client, Role.CLIENT), freelancer: Participant(freelancer, Role.FREELANCER)}
    return Head(
        thread=thread,
        rev="1",
        state=ThreadState.CONTRACT,
        why=None,
        client=client,
        freelancer=freelancer,
        job=job,
        title=title,
        gate_opened_at=now_ms,
        expires_at=0,
        participants=people,
        relationship=pair,
        bounces={},
        origin="marketplace",
    )
