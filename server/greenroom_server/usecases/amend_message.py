"""`message.edit` and `message.erase`: events about a message, by its author."""

import asyncio
from collections.abc import Callable
from typing import Final

from greenroom_protocol.commands import MessageEdit, MessageErase
from greenroom_protocol.events import MessageEdited, MessageErased, MessageSent
from greenroom_protocol.replies import Amended, Erased
from greenroom_server.domain.head import Head
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.thread_actions import Denied, Facts, ThreadAction, decide
from greenroom_server.domain.thread_state import Role
from greenroom_server.screening.context import Surface
from greenroom_server.store.append import Rare
from greenroom_server.store.threads import Threads
from greenroom_server.usecases.commits import Author, Bounce, Commits, Done, Draft, Plan
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError
from greenroom_server.usecases.screening import Screening

_ERASED: Final = "e"


class AmendMessage:
    """Edits and erases messages."""

    def __init__(
        self,
        commits: Commits,
        threads: Threads,
        screening: Screening,
        policy: MarketplacePolicy,
        now_ms: Callable[[], int],
    ) -> None:
        self._commits = commits
        self._threads = threads
        self._screening = screening
        self._policy = policy
        self._now_ms = now_ms

    async def edit(self, user: str, command: MessageEdit) -> Amended:
        """Replace the text of one's own message; screened as a new one under the thread's present state."""
        target = await self._target(user, command.thread, command.target)
        now_ms = self._now_ms()

        def plan(head: Head, role: Role) -> Draft | Bounce | Refused:
            if isinstance(target, Refused):
                return target
            if now_ms - target.at > self._policy.edit_window_s * 1000:
                return Refused("message.edit_window")
            decision = decide(head.state, role, ThreadAction.SEND, Facts(why=head.why, client_has_written=True))
            if isinstance(decision, Denied):
                return Refused(decision.code)
            screened = self._screening(command.body, Surface.EDIT, head, user, now_ms)
            if not screened.passes:
                assert screened.policy is not None
                return Bounce(screened.policy)
            event = MessageEdited(
                by=user, cid=command.cid, target=command.target, body=screened.text, hidden=screened.hidden
            )
            rare = Rare(amend=(command.target, False))
            return Draft(events=[event], state=head.state.value, rare=rare, policy=screened.policy)

        author = Author(user, cid=command.cid, body_hash=self._hash("message.edit", command.target, command.body))
        done = await run(self._commits, command.thread, author, plan)
        return Amended(id=command.id, seq=done.seq, at=done.at, dup=done.dup, policy=done.policy)

    async def erase(self, user: str, command: MessageErase) -> Erased:
        """Erase one's own message at any time; its text and its edits leave the store."""
        target = await self._target(user, command.thread, command.target)

        def plan(head: Head, _role: Role) -> Draft | Bounce | Refused:
            if isinstance(target, Refused):
                return target
            event = MessageErased(by=user, cid=command.cid, target=command.target)
            return Draft(events=[event], state=head.state.value, rare=Rare(amend=(command.target, True)))

        author = Author(user, cid=command.cid, body_hash=self._hash("message.erase", command.target, ""))
        done = await run(self._commits, command.thread, author, plan)
        return Erased(id=command.id, seq=done.seq, at=done.at, dup=done.dup)

    async def _target(self, user: str, thread: str, seq: int) -> MessageSent | Refused:
        """Read the message that is to be amended, or say why it cannot be."""
        loaded = await self._commits.heads.get(thread)
        if loaded is None or loaded.head.role_of(user) is None:
            raise RefusedError(NOT_FOUND)
        amended, events = await asyncio.gather(
            self._threads.amendments(thread, [seq]), self._threads.events(thread, seq - 1, seq, 1)
        )
        if amended.get(seq, "").startswith(_ERASED):
            return Refused("message.erased")
        if not events:
            return NOT_FOUND
        event = events[0]
        if not isinstance(event, MessageSent):
            return Refused("message.not_editable")
        return event if event.by == user else Refused("perm.author_only")

    def _hash(self, verb: str, target: int, body: str) -> str:
        return self._commits.hash(verb, f"{target}\n{body}")


async def run(commits: Commits, thread: str, author: Author, plan: Plan) -> Done:
    """Carry out a plan for a caller that awaits it.

    Raises:
        RefusedError: see `Commits.run`.
    """
    answer: asyncio.Future[Done | Refused] = asyncio.get_running_loop().create_future()

    def answered(result: Done | Refused) -> None:
        if not answer.done():
            answer.set_result(result)

    commits.run(thread, author, plan, answered)
    result = await answer
    if isinstance(result, Refused):
        raise RefusedError(result)
    return result
