"""Moves of a thread that carry no free message: answers to an invitation, reopening, contracts, timers.

Each is one action of the domain's table, one event, and what the table says must follow.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from greenroom_protocol.bases import Event
from greenroom_protocol.events import (
    ContractChanged,
    InterviewStarted,
    InvitationAccepted,
    InvitationDeclined,
    InvitationExpired,
    InvitationWithdrawn,
    OfferChanged,
    PolicyChanged,
    ThreadClosed,
    ThreadReopened,
)
from greenroom_server.domain.head import Head
from greenroom_server.domain.obligation import answers
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.relationship import may_pay_outside
from greenroom_server.domain.thread_actions import Denied, Facts, ThreadAction, Transition, decide
from greenroom_server.domain.thread_state import Role, ThreadState
from greenroom_server.screening.context import Surface
from greenroom_server.store.append import Rare
from greenroom_server.telemetry.counters import Counters
from greenroom_server.usecases.amend_message import run
from greenroom_server.usecases.commits import Author, Bounce, Commits, Done, Draft
from greenroom_server.usecases.deadlines import Deadlines
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError
from greenroom_server.usecases.screening import Screened, Screening

OFFPLATFORM_RISK: Final = "notice.offplatform_risk"
_CLEAN: Final = Screened(True, "", [], None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What is asked of a thread."""

    action: ThreadAction
    user: str = ""
    role: Role | None = None
    """Given when the marketplace or a timer acts."""
    cid: str = ""
    note: str = ""
    surface: Surface = Surface.ACCEPT_NOTE
    reason: str = ""
    auto: bool = False
    drop_timers: tuple[str, ...] = ()
    extra_set: Mapping[str, str | int] = field(default_factory=dict)


class MoveThread:
    """Carries moves out."""

    def __init__(
        self, commits: Commits, screening: Screening, policy: MarketplacePolicy, now_ms: Callable[[], int]
    ) -> None:
        self._commits = commits
        self._screening = screening
        self._policy = policy
        self._now_ms = now_ms

    def keep_deadlines(self, deadlines: Deadlines, counters: Counters) -> None:
        """Let invitations expire."""

        async def expire(_partition: int, member: str) -> None:
            thread = member.partition(" ")[2]
            await self(thread, Move(action=ThreadAction.EXPIRE, role=Role.SYSTEM, drop_timers=(member,)))
            counters.invitations["expired"] += 1

        deadlines.on("expire", expire)

    async def __call__(self, thread: str, move: Move) -> Done:
        """Carry out a move; exactly one of several racing ones wins, the others learn the state they lost to.

        Raises:
            RefusedError: see `Commits.run`.
        """

        def plan(head: Head, role: Role) -> Draft | Bounce | Refused:
            return self._plan(move, head, role)

        body_hash = self._commits.hash(move.action.value, f"{move.reason}\n{move.note}")
        author = Author(move.user, role=move.role, cid=move.cid, body_hash=body_hash)
        return await run(self._commits, thread, author, plan)

    async def check(self, thread: str, move: Move) -> None:
        """Say whether a move that leaves no trace is allowed (ignoring an invitation: it stays open).

        Raises:
            RefusedError: it is not.
        """
        loaded = await self._commits.heads.read(thread)
        role = loaded.head.role_of(move.user) if loaded is not None else None
        if loaded is None or role is None:
            raise RefusedError(NOT_FOUND)
        head = loaded.head
        facts = Facts(why=head.why, now_ms=self._now_ms(), expires_at_ms=head.expires_at or None)
        decision = decide(head.state, role, move.action, facts)
        if isinstance(decision, Denied):
            raise RefusedError(Refused(decision.code))

    def _plan(self, move: Move, head: Head, role: Role) -> Draft | Bounce | Refused:
        now_ms = self._now_ms()
        facts = Facts(why=head.why, is_auto=move.auto, now_ms=now_ms, expires_at_ms=head.expires_at or None)
        decision = decide(head.state, role, move.action, facts)
        if isinstance(decision, Denied):
            return Refused(decision.code)
        screened = _CLEAN
        if move.note:
            screened = self._screening(move.note, move.surface, head, move.user, now_ms)
            if not screened.passes:
                assert screened.policy is not None
                return Bounce(screened.policy)
        events = [_own_event(move, decision, screened)]
        events[0].state = decision.to.value
        events += [self._following(kind, move, head, now_ms) for kind in decision.emits if kind != "contract.started"]
        outcome = answers(move.action, role, is_auto=move.auto)
        return Draft(
            events=events,
            state=decision.to.value,
            op=f"x:{outcome.value}" if outcome is not None else "-",
            rare=self._rare(move, decision, head, now_ms),
            policy=screened.policy,
        )

    def _rare(self, move: Move, decision: Transition, head: Head, now_ms: int) -> Rare:
        changes: dict[str, str | int] = {"rev": int(head.rev) + 1, "state": decision.to.value, **move.extra_set}
        changes["why"] = decision.why.value if decision.why is not None else ""
        if decision.to.is_gate_open and not head.gate_opened_at:
            changes["gate_opened_at"] = now_ms
        drop = move.drop_timers
        if head.state is ThreadState.INVITED and decision.to is not ThreadState.INVITED:
            changes["expires_at"] = 0
            drop = (*drop, f"expire {head.thread}")
        return Rare(set=changes, drop_timers=drop)

    def _following(self, kind: str, move: Move, head: Head, now_ms: int) -> Event:
        if kind == "interview.started":
            return InterviewStarted(by=move.user)
        payment: Literal["allowed", "blocked"] = (
            "allowed" if may_pay_outside(head.relationship, self._policy, now_ms) else "blocked"
        )
        return PolicyChanged(contact="allowed", payment=payment, notice=OFFPLATFORM_RISK)


_OFFERS: Final[dict[ThreadAction, Literal["sent", "declined", "withdrawn", "expired"]]] = {
    ThreadAction.OFFER: "sent",
    ThreadAction.DECLINE_OFFER: "declined",
    ThreadAction.WITHDRAW_OFFER: "withdrawn",
    ThreadAction.EXPIRE_OFFER: "expired",
}
_CONTRACTS: Final[dict[ThreadAction, Literal["started", "paused", "resumed", "ended"]]] = {
    ThreadAction.START_CONTRACT: "started",
    ThreadAction.ACCEPT_OFFER: "started",
    ThreadAction.PAUSE_CONTRACT: "paused",
    ThreadAction.RESUME_CONTRACT: "resumed",
    ThreadAction.END_CONTRACT: "ended",
}


def _own_event(move: Move, decision: Transition, screened: Screened) -> Event:
    """Make the event that an action is."""
    by, cid = move.user, move.cid
    action = move.action
    if action is ThreadAction.ACCEPT:
        return InvitationAccepted(by=by, cid=cid, note=screened.text, hidden=screened.hidden)
    if action is ThreadAction.DECLINE:
        return InvitationDeclined(by=by, cid=cid, reason=move.reason, note=screened.text, hidden=screened.hidden)
    if action is ThreadAction.WITHDRAW:
        return InvitationWithdrawn(by=by, cid=cid)
    if action is ThreadAction.EXPIRE:
        return InvitationExpired()
    if action is ThreadAction.REOPEN:
        return ThreadReopened(by=by, cid=cid)
    if action in _OFFERS:
        return OfferChanged(by=by, cid=cid, change=_OFFERS[action])
    if action in _CONTRACTS:
        return ContractChanged(by=by, cid=cid, change=_CONTRACTS[action])
    return ThreadClosed(by=by, cid=cid, why=decision.why.value if decision.why is not None else "")
