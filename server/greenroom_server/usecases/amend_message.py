"""Amending a message: its author edits or erases it, a moderator redacts or erases it. Each is an event about it."""

import asyncio
from collections.abc import Callable, Sequence

from greenroom_protocol.bases import Event, Span
from greenroom_protocol.commands import MessageEdit, MessageErase
from greenroom_protocol.events import MessageEdited, MessageErased, MessageRedacted, MessageSent
from greenroom_protocol.replies import Amended, Erased
from greenroom_server.domain.head import Head
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.thread_actions import Denied, ThreadAction, decide
from greenroom_server.domain.thread_state import Role
from greenroom_server.screening.context import Surface
from greenroom_server.screening.verdict import Retro
from greenroom_server.store.append import Rare
from greenroom_server.store.threads import Threads
from greenroom_server.usecases.audit_trail import entry_of
from greenroom_server.usecases.commits import ANYBODY, Author, Bounce, Commits, Done, Draft, Plan
from greenroom_server.usecases.edit_history import EditHistory, edit_history
from greenroom_server.usecases.redaction import cover
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError, denial
from greenroom_server.usecases.screening import Screening, spent
from greenroom_server.usecases.window import Look, Window


class AmendMessage:
    """Edits, erases and redacts messages."""

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
        target = await self._own(user, command.thread, command.target)
        now_ms = self._now_ms()
        window = Window(self._commits.tails, command.thread, user, command.target)

        def plan(head: Head, role: Role) -> Draft | Bounce | Look | Refused:
            if isinstance(target, Refused):
                return target
            if now_ms - target.at > self._policy.edit_window_s * 1000:
                return Refused("message.edit_window")
            decision = decide(head.state, role, ThreadAction.SEND, head.facts(now_ms))
            if isinstance(decision, Denied):
                return denial(decision)
            unreachable = head.peer_code(role)
            if unreachable:
                return Refused(unreachable)
            looks = self._screening.wants_window(command.body, head)
            if looks and not window.is_known:
                return Look(window)
            screened = self._screening(command.body, Surface.EDIT, head, user, now_ms, window if looks else None)
            if not screened.passes:
                assert screened.policy is not None
                return Bounce(screened.policy, screened=screened)
            event = MessageEdited(
                by=user, cid=command.cid, target=command.target, body=screened.text, hidden=screened.hidden
            )
            rare = Rare(amend=(command.target, False), set=spent(head, screened.grants))
            return Draft(
                events=[event], state=head.state.value, rare=rare, policy=screened.policy,
                window=window if looks else None,
            )  # fmt: skip

        body_hash = self._hash("message.edit", command.target, command.body)
        author = Author(user, cid=command.cid, body_hash=body_hash, right=ANYBODY)
        done = await run(self._commits, command.thread, author, plan)
        return Amended(id=command.id, seq=done.seq, at=done.at, dup=done.dup, policy=done.policy)

    async def erase(self, user: str, command: MessageErase) -> Erased:
        """Erase one's own message at any time; its text and its edits leave the store."""
        target = await self._own(user, command.thread, command.target)
        event = MessageErased(by=user, cid=command.cid, target=command.target)
        author = Author(user, cid=command.cid, body_hash=self._hash("message.erase", command.target, ""), right=ANYBODY)
        done = await self._amend(command.thread, author, target, event, Rare(amend=(command.target, True)))
        return Erased(id=command.id, seq=done.seq, at=done.at, dup=done.dup)

    async def moderate(self, thread: str, seq: int, cid: str, parts: Sequence[tuple[int, int]] | None) -> Done:
        """Mask parts of anybody's message, or erase it, at any time and for good.

        Args:
            seq: of the message.
            cid: the same one again gives the first answer; empty: a repeat is judged by the message alone.
            parts: (start, end) in code points of the text as it stands now; None erases the message.

        Raises:
            RefusedError: see `Commits.run`.
        """
        if await self._commits.heads.get(thread) is None:
            raise RefusedError(NOT_FOUND)
        target = await self._target(thread, seq)
        event: Event
        if parts is None:
            event, rare = MessageErased(cid=cid, target=seq), Rare(amend=(seq, True), audit=_noted("erased", seq))
        else:
            text, hidden = ("", []) if isinstance(target, Refused) else cover(target.body, target.hidden, parts)
            event = MessageRedacted(cid=cid, target=seq, body=text, hidden=hidden)
            rare = Rare(redact=seq, audit=_noted("redacted", seq))
        verb = "erase" if parts is None else f"redact {sorted(parts)}"
        author = Author("", role=Role.SERVICE, cid=cid, body_hash=self._hash(verb, seq, ""))
        return await self._amend(thread, author, target, event, rare)

    async def mask(self, thread: str, parts: Sequence[Retro]) -> None:
        """Mask messages in which a contact began that a later text completed.

        Raises:
            RefusedError: see `Commits.run`; some may be masked.
        """
        for part in parts:
            hidden = [Span(each.start, each.end, each.kind.value, each.reason) for each in part.hidden]
            event = MessageRedacted(target=part.seq, body=part.text, hidden=hidden)
            target = await self._target(thread, part.seq)
            rare = Rare(redact=part.seq, audit=_noted("redacted", part.seq))
            if not isinstance(target, Refused):  # else its author has erased it meanwhile
                await self._amend(thread, Author("", role=Role.SERVICE), target, event, rare)

    async def history(self, thread: str, seq: int) -> EditHistory:
        """Read everything that was delivered of a message, for a dispute.

        Raises:
            RefusedError: there is no such message.
        """
        return await edit_history(self._threads, thread, seq)

    async def _amend(
        self, thread: str, author: Author, target: MessageSent | Refused, event: Event, rare: Rare
    ) -> Done:
        def plan(head: Head, _role: Role) -> Draft | Bounce | Refused:
            if isinstance(target, Refused):
                return target
            return Draft(events=[event], state=head.state.value, rare=rare)

        return await run(self._commits, thread, author, plan)

    async def _own(self, user: str, thread: str, seq: int) -> MessageSent | Refused:
        """Read one's own message as it stands, or say why it cannot be amended."""
        loaded = await self._commits.heads.get(thread)
        if loaded is None or loaded.head.role_of(user) is None:
            loaded = await self._commits.heads.read(thread)
        if loaded is None or loaded.head.role_of(user) is None:
            raise RefusedError(NOT_FOUND)
        target = await self._target(thread, seq)
        return target if isinstance(target, Refused) or target.by == user else Refused("perm.author_only")

    async def _target(self, thread: str, seq: int) -> MessageSent | Refused:
        """Read a message as it stands, or say why it cannot be amended."""
        amended, events = await asyncio.gather(
            self._threads.amendments(thread, [seq]), self._threads.events(thread, seq - 1, seq, 1)
        )
        before = amended.get(seq)
        if before is not None and before.erased is not None:
            return Refused("message.erased")
        if not events:
            return NOT_FOUND
        event = events[0]
        if not isinstance(event, MessageSent):
            return Refused("message.not_editable")
        if before is not None and before.seqs:
            for last in await self._threads.events(thread, before.seqs[-1] - 1, before.seqs[-1], 1):
                if isinstance(last, MessageEdited | MessageRedacted):
                    event.body, event.hidden = last.body, last.hidden
        return event

    def _hash(self, verb: str, target: int, body: str) -> str:
        return self._commits.hash(verb, f"{target}\n{body}")


def _noted(what: str, target: int) -> bytes:
    """Make the entry of the audit stream for what a moderator did."""
    return entry_of(f"message.{what}", "", target=target)


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
