"""`message.send`, the hot path, and `message.check`."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from greenroom_protocol import limits
from greenroom_protocol.bases import Event, PolicyView, Reply
from greenroom_protocol.cid import cid_time_ms
from greenroom_protocol.commands import MessageCheck, MessageSend
from greenroom_protocol.events import InterviewStarted, MessageSent
from greenroom_protocol.replies import Checked, Sent
from greenroom_server.domain.head import Head
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.thread_actions import Denied, Facts, ThreadAction, decide
from greenroom_server.domain.thread_state import Role, ThreadState
from greenroom_server.screening.context import Surface
from greenroom_server.store.append import Rare
from greenroom_server.usecases.amend_message import run
from greenroom_server.usecases.commits import ANYBODY, Author, Bounce, Commits, Done, Draft
from greenroom_server.usecases.released import Released
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError, denial, error_reply
from greenroom_server.usecases.risk_notice import noticed
from greenroom_server.usecases.screening import Screened, Screening, spent
from greenroom_server.usecases.terms import NO_TERMS, NOT_ACCEPTED, Terms
from greenroom_server.usecases.window import Look, Window

_ALLOWED: Final = PolicyView(action="allow")
_BY_A_PERSON: Final = Facts(client_has_written=True)
"""An open thread begins with something the client wrote; one that was opened again waits for it (`is_silent`)."""
_BY_A_PROGRAM: Final = Facts(client_has_written=True, is_auto=True)
_DAY_MS: Final = 86_400_000


class SendMessage:
    """Sends and checks messages."""

    def __init__(
        self,
        commits: Commits,
        screening: Screening,
        policy: MarketplacePolicy,
        now_ms: Callable[[], int],
        terms: Terms = NO_TERMS,
    ) -> None:
        self._commits = commits
        self._screening = screening
        self._policy = policy
        self._now_ms = now_ms
        self._terms = terms

    def start(
        self, user: str, command: MessageSend, done: Callable[[Reply], object], *, verb: str = "message.send"
    ) -> None:
        """Send a message; `done` is called once with `Sent` or `Error`."""
        body = command.body
        if (len(body) * 4 > limits.BODY_BYTES and len(body.encode()) > limits.BODY_BYTES) or body.isspace():
            done(error_reply(command.id, Refused("bad_request.body")))
            return

        if self._terms.refuses(user):
            done(error_reply(command.id, NOT_ACCEPTED))
            return

        window: Window | None = None

        def plan(head: Head, role: Role) -> Draft | Bounce | Look | Refused:
            nonlocal window
            if window is None and self._screening.wants_window(body, head):
                window = Window(self._commits.tails, command.thread, user)
            return self.plan(user, command, head, role, window=window, body_hash=author.body_hash)

        def answered(result: Done | Refused) -> None:
            if type(result) is Done:
                self._commits.counters.messages += not (result.dup or result.held)
                if result.policy is not None and result.policy.action == "redact" and not result.dup:
                    self._commits.on_masked(command.thread, user, command)
                mid = result.held or f"{command.thread}.{result.seq}"
                done(
                    Sent(
                        id=command.id, mid=mid, seq=result.seq, n=result.n, at=result.at,
                        state="held" if result.held else "sent", dup=result.dup, policy=result.policy,
                    )
                )  # fmt: skip
            else:
                assert isinstance(result, Refused)
                done(error_reply(command.id, result))

        hashed = body if command.quote is None else f"{body}\n>{command.quote}"
        author = Author(user, cid=command.cid, body_hash=self._commits.hash(verb, hashed), right=ANYBODY)
        self._commits.run(command.thread, author, plan, answered)

    def plan(
        self, user: str, command: MessageSend, head: Head, role: Role, *, window: Window | None = None,
        body_hash: str = "", released: Released | None = None,
    ) -> Draft | Bounce | Look | Refused:  # fmt: skip
        """Decide what a message does to a thread as it stands.

        Args:
            user: who wrote it.
            command: the message.
            head: of the thread.
            role: of the user.
            window: what was looked at of the thread's tail, where the text wants that.
            body_hash: of what the cid stands for.
            released: it was held, and somebody has judged it.
        """
        unreachable = head.peer_code(role)
        if unreachable:
            return Refused(unreachable)
        if head.state is ThreadState.CLOSED or head.is_silent:
            facts = head.facts(0, is_auto=command.auto)
        else:
            facts = _BY_A_PROGRAM if command.auto else _BY_A_PERSON
        decision = decide(head.state, role, ThreadAction.SEND, facts)
        if isinstance(decision, Denied):
            return denial(decision)
        if command.quote is not None and command.quote <= head.participants[user].from_seq:
            return Refused("message.quote_target")
        is_let_pass = bool(head.passes) and head.passes.get(body_hash) == user
        if released is not None or is_let_pass:
            screened = Screened(True, command.body, [] if released is None else released.hidden, None)
        elif window is not None and not window.is_known:
            return Look(window)
        else:
            screened = self._screening(command.body, Surface.MESSAGE, head, user, self._now_ms(), window)
        if not screened.passes:
            assert screened.policy is not None
            return Bounce(screened.policy, command, screened)
        told = noticed(screened.policy, head, user)
        changes = told.set | spent(head, screened.grants)
        events: list[Event] = [
            MessageSent(
                by=user, cid=command.cid, body=screened.text, hidden=screened.hidden, auto=command.auto,
                quote=command.quote or 0, submitted_at=0 if released is None else released.release.submitted_at,
            )
        ]  # fmt: skip
        if decision.to is not head.state:
            changes |= {"state": decision.to.value, "rev": int(head.rev) + 1}
            events[0].state = decision.to.value
        clear: tuple[str, ...] = ()
        if head.is_silent and role is Role.CLIENT and not command.auto:
            changes["rev"], clear = int(head.rev) + 1, ("silent",)
        if is_let_pass:
            changes["rev"], clear = int(head.rev) + 1, (*clear, f"pass:{body_hash}")
        rare = Rare(set=changes, clear=clear, quote=command.quote) if changes or command.quote is not None else None
        if released is not None:
            rare = replace(rare or Rare(), held=released.release, audit=released.audit)
        if "interview.started" in decision.emits:
            events.append(InterviewStarted(by=user))
        return Draft(
            events=events,
            state=decision.to.value,
            op=self.obligation_op(command, role),
            seen=-1 if command.seen is None else command.seen,
            # What is released was ordered when it was submitted; its outbox has long gone on.
            prev_cid=_checkable(command) if released is None else "",
            rare=rare,
            policy=told.policy,
            window=window,
            cid_ms=0 if released is None else released.cid_ms,
        )

    async def release(self, user: str, command: MessageSend, released: Released) -> None:
        """Deliver a message that was held.

        Raises:
            RefusedError: the thread takes no such message now, or somebody has decided before.
        """

        def plan(head: Head, _role: Role) -> Draft | Bounce | Look | Refused:
            role = head.role_of(user)
            return NOT_FOUND if role is None else self.plan(user, command, head, role, released=released)

        await run(self._commits, command.thread, Author("", role=Role.SERVICE), plan)
        self._commits.counters.messages += 1

    def obligation_op(self, command: MessageSend, role: Role) -> str:
        """Say what a message means for response speed, in the words of the store's function."""
        if command.auto:
            return "a"
        if role is Role.FREELANCER:
            return "f"
        is_closer = len(command.body) < self._policy.response_speed.closer_chars and "?" not in command.body
        return "c0" if is_closer or command.no_reply_needed else "c1"

    async def check(self, user: str, command: MessageCheck) -> Checked:
        """Say what would happen to a text now; nothing is stored."""
        loaded = await self._commits.heads.get(command.thread)
        if loaded is None or loaded.head.role_of(user) is None:
            raise RefusedError(NOT_FOUND)
        window = None
        if self._screening.wants_window(command.body, loaded.head):
            window = Window(self._commits.tails, command.thread, user)
            await window.read()
        screened = self._screening(command.body, Surface.MESSAGE, loaded.head, user, self._now_ms(), window)
        return Checked(id=command.id, policy=screened.policy or _ALLOWED)


def _checkable(command: MessageSend) -> str:
    """Give `prev_cid` if the store can look it up: within the day of the cid's own time, which one key covers."""
    prev = command.prev_cid
    if prev is None:
        return ""
    prev_ms, cid_ms = cid_time_ms(prev), cid_time_ms(command.cid)
    if prev_ms is None or cid_ms is None or prev_ms // _DAY_MS != cid_ms // _DAY_MS:
        return ""
    return prev
