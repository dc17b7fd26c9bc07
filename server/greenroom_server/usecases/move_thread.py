"""Moves of a thread that carry no free message: answers to an invitation, offers, reopening, contracts, timers.

Each is one action of the domain's table, one event, and what the table says must follow.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from greenroom_protocol.bases import Event
from greenroom_protocol.events import PolicyChanged
from greenroom_server.domain.head import Head
from greenroom_server.domain.obligation import answers
from greenroom_server.domain.offer import Offer, why_impossible
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.relationship import Relationship, start_contract
from greenroom_server.domain.team import RIGHT_OF
from greenroom_server.domain.thread_actions import Denied, ThreadAction, Transition, decide
from greenroom_server.domain.thread_state import Role, ThreadState
from greenroom_server.store.append import Rare
from greenroom_server.store.records import write_offer, write_pair
from greenroom_server.usecases.amend_message import run
from greenroom_server.usecases.charges import refund
from greenroom_server.usecases.commits import Author, Bounce, Commits, Done, Draft
from greenroom_server.usecases.move import Move as Move  # for those who make one
from greenroom_server.usecases.move_events import OFFPLATFORM_RISK as OFFPLATFORM_RISK
from greenroom_server.usecases.move_events import following, own_event, told
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError, denial
from greenroom_server.usecases.screening import Screened, Screening
from greenroom_server.usecases.thread_timers import invitation_members, offer_members, offer_timers

CLEAN: Final = Screened(True, "", [], None)
"""A move without a text."""
_NEEDS_PEACE: Final = frozenset(
    {ThreadAction.ACCEPT, ThreadAction.PROPOSE, ThreadAction.OFFER, ThreadAction.ACCEPT_OFFER, ThreadAction.REOPEN}
)
"""Moves that two people who are blocked cannot make."""


class MoveThread:
    """Carries moves out."""

    def __init__(
        self, commits: Commits, screening: Screening, policy: MarketplacePolicy, now_ms: Callable[[], int]
    ) -> None:
        self._commits = commits
        self._screening = screening
        self._policy = policy
        self._now_ms = now_ms

    async def __call__(self, thread: str, move: Move) -> Done:
        """Carry out a move; exactly one of several racing ones wins, the others learn the state they lost to.

        Raises:
            RefusedError: see `Commits.run`.
        """

        def plan(head: Head, role: Role) -> Draft | Bounce | Refused:
            return self._plan(move, head, role)

        return await run(self._commits, thread, self.author(move), plan)

    def author(self, move: Move) -> Author:
        """Give who acts, and what the cid of a move stands for."""
        if move.released is not None:
            return Author("", role=Role.FREELANCER)  # its cid is answered by the release
        body_hash = self._commits.hash(move.action.value, move.hashed())
        right = RIGHT_OF.get(move.action, "")
        return Author(move.user, role=move.role, cid=move.cid, body_hash=body_hash, right=right)

    async def check(self, thread: str, move: Move) -> None:
        """Say whether a move that leaves no trace is allowed (ignoring an invitation: it stays open).

        Raises:
            RefusedError: it is not.
        """
        loaded = await self._commits.heads.read(thread)
        role = loaded.head.role_of(move.user) if loaded is not None else None
        if loaded is None or role is None:
            raise RefusedError(NOT_FOUND)
        decision = decide(loaded.head.state, role, move.action, loaded.head.facts(self._now_ms()))
        if isinstance(decision, Denied):
            raise RefusedError(_denial(decision, loaded.head))

    def _plan(self, move: Move, head: Head, role: Role) -> Draft | Bounce | Refused:
        now_ms = self._now_ms()
        decision = decide(head.state, role, move.action, head.facts(now_ms, is_auto=move.auto))
        if isinstance(decision, Denied):
            return _denial(decision, head)
        peer_code = head.peer_code(role) if move.action in _NEEDS_PEACE and move.user else ""
        if peer_code:
            return Refused(peer_code)
        if move.adopt is not None and head.job not in ("", move.adopt[0]):
            return Refused("conflict")  # it was adopted for another job meanwhile
        if move.number and move.number <= head.reminded:
            return Refused("wrong_state")
        offer = self._complete(move, role, now_ms)
        if isinstance(offer, Refused):
            return offer
        screened = self._screened(move, offer, head, now_ms)
        if not screened.passes:
            assert screened.policy is not None
            return Bounce(screened.policy, move.command, screened)
        if offer is not None:
            offer = replace(offer, note=screened.text)
        pair = head.relationship
        if decision.to is ThreadState.CONTRACT:
            pair = start_contract(pair, move.starts_at or now_ms)
        events = [own_event(move, decision, head, screened, offer)]
        events[0].state = decision.to.value
        events += [
            following(kind, move.user, decision.to, pair, self._policy, now_ms)
            for kind in decision.emits
            if kind != "contract.started"
        ]
        outcome = answers(move.action, role, is_auto=move.auto)
        return Draft(
            events=events,
            state=decision.to.value,
            op=f"x:{outcome.value}" if outcome is not None else "-",
            rare=self._rare(move, decision, head, events, offer, pair, now_ms),
            policy=screened.policy,
            cid_ms=0 if move.released is None else move.released.cid_ms,
        )

    def _complete(self, move: Move, role: Role, now_ms: int) -> Offer | Refused | None:
        """Give an offer its place in time; None when the move makes none."""
        if move.action is not ThreadAction.OFFER:
            return None
        asked = move.offer or Offer()
        expires_at = asked.expires_at or now_ms + self._policy.offers.expiry_s * 1000
        offer = replace(asked, by=move.user, sent_at=now_ms, expires_at=expires_at)
        why = why_impossible(offer, role, self._policy)
        return Refused("offer.terms", detail=why) if why else offer

    def _screened(self, move: Move, offer: Offer | None, head: Head, now_ms: int) -> Screened:
        if move.released is not None:
            return Screened(True, move.note, move.released.hidden, None)
        text = move.note if offer is None else offer.note
        return self._screening(text, move.surface, head, move.user, now_ms) if text else CLEAN

    def _rare(
        self, move: Move, decision: Transition, head: Head, events: list[Event], offer: Offer | None,
        pair: Relationship, now_ms: int,
    ) -> Rare:  # fmt: skip
        changes: dict[str, str | int] = {"rev": int(head.rev) + 1, "state": decision.to.value, **move.extra_set}
        changes["why"] = decision.why.value if decision.why is not None else ""
        if decision.to.is_gate_open and not head.gate_opened_at:
            changes["gate_opened_at"] = now_ms
        if move.number:
            changes["reminded"] = move.number
        if move.action is ThreadAction.REOPEN:
            changes["silent"] = 1
        if move.action in (ThreadAction.ACCEPT, ThreadAction.DECLINE):
            changes["answered_at"] = now_ms
        changes.update(("told", told(event)) for event in events if isinstance(event, PolicyChanged))
        drop, clear, timers = list(move.drop_timers), [], []
        if head.state is not decision.to and head.state is ThreadState.INVITED:
            changes["expires_at"] = 0
            clear.append("reminded")
            drop += invitation_members(head.thread, self._policy)
        if head.state is not decision.to and head.state is ThreadState.OFFER:
            clear.append("offer")
            drop += offer_members(head.thread)
        if offer is not None:
            changes["offer"] = write_offer(offer)
            timers = offer_timers(head.thread, offer)
        ledger = move.charge
        if head.paid is not None and decision.to is ThreadState.CLOSED:
            clear.append("proposal")
            ledger = refund(head, self._policy.connects, move.action, move.reason)
        index = unindex = None
        if move.adopt is not None and not head.job:
            index, unindex = move.adopt[0], ""
            changes["job"], changes["title"] = move.adopt
        return Rare(
            set=changes,
            clear=clear,
            timers=timers,
            drop_timers=drop,
            index=index,
            unindex=unindex,
            ledger=ledger,
            held=None if move.released is None else move.released.release,
            audit=None if move.released is None else move.released.audit,
            pair=write_pair(pair) if pair != head.relationship else None,
        )


def _denial(denied: Denied, head: Head) -> Refused:
    """Refuse as the table says; who answers an invitation late learns when it was answered."""
    refused = denial(denied)
    if denied.code == "invitation.already_answered" and head.answered_at:
        return replace(refused, data={"at": head.answered_at})
    return refused
