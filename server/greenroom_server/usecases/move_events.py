"""The events of moves: what the log of a thread says about an action, and what follows from it."""

from typing import Final, Literal

from greenroom_protocol.bases import Event
from greenroom_protocol.events import (
    InterviewStarted,
    InvitationAccepted,
    InvitationDeclined,
    InvitationExpired,
    InvitationReminded,
    InvitationWithdrawn,
    PolicyChanged,
    ProposalChanged,
    ThreadClosed,
    ThreadReopened,
)
from greenroom_protocol.offers import ContractChanged, OfferChanged, OfferTerms
from greenroom_server.domain.head import Head
from greenroom_server.domain.offer import Offer
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.relationship import Relationship, may_pay_outside, may_share_contacts
from greenroom_server.domain.thread_actions import ThreadAction, Transition
from greenroom_server.domain.thread_state import ThreadState
from greenroom_server.usecases.move import Move
from greenroom_server.usecases.screening import Screened

OFFPLATFORM_RISK: Final = "notice.offplatform_risk"

_PROPOSALS: Final[dict[ThreadAction, Literal["submitted", "withdrawn", "declined"]]] = {
    ThreadAction.PROPOSE: "submitted",
    ThreadAction.WITHDRAW_PROPOSAL: "withdrawn",
    ThreadAction.DECLINE_PROPOSAL: "declined",
}
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


def own_event(move: Move, decision: Transition, head: Head, screened: Screened, offer: Offer | None) -> Event:
    """Make the event that an action is.

    Args:
        move: what was asked.
        decision: what the table says about it.
        head: the thread as it was before.
        screened: the move's text.
        offer: complete, as it will stand in the head; with an offer only.
    """
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
    if action is ThreadAction.REMIND:
        return InvitationReminded(number=move.number, expires_at=head.expires_at)
    if action is ThreadAction.REOPEN:
        return ThreadReopened(by=by, cid=cid)
    if action in _PROPOSALS:
        return ProposalChanged(
            by=by, cid=cid, change=_PROPOSALS[action], body=screened.text, hidden=screened.hidden, reason=move.reason,
            submitted_at=move.submitted_at,
        )  # fmt: skip
    if action in _OFFERS:
        change = OfferChanged(by=by, cid=cid, change=_OFFERS[action], hidden=screened.hidden)
        if offer is not None:
            change.terms = terms_of(offer)
        else:
            change.note = screened.text
        return change
    if action in _CONTRACTS:
        return _contract(move, head)
    return ThreadClosed(by=by, cid=cid, why=decision.why.value if decision.why is not None else "")


def _contract(move: Move, head: Head) -> ContractChanged:
    change = ContractChanged(by=move.user, cid=move.cid, change=_CONTRACTS[move.action])
    if change.change == "started":
        agreed = move.offer or head.offer
        change.terms = terms_of(agreed) if agreed is not None else None
        change.starts_at = move.starts_at or (agreed.starts_at if agreed is not None else 0)
    return change


def terms_of(offer: Offer) -> OfferTerms:
    """Show the terms of an offer."""
    return OfferTerms(
        note=offer.note, amount=offer.amount, currency=offer.currency, starts_at=offer.starts_at,
        expires_at=offer.expires_at,
    )  # fmt: skip


def following(
    kind: str, user: str, state: ThreadState, pair: Relationship, policy: MarketplacePolicy, now_ms: int
) -> Event:
    """Make an event that the table says must follow: the interview's start, or what may be shared from now on."""
    if kind == "interview.started":
        return InterviewStarted(by=user)
    return policy_changed(state, pair, policy, now_ms)


def policy_changed(state: ThreadState, pair: Relationship, policy: MarketplacePolicy, now_ms: int) -> PolicyChanged:
    """Say what may be shared in a thread in this state."""
    return PolicyChanged(
        contact="allowed" if may_share_contacts(pair, state) else "blocked",
        payment="allowed" if may_pay_outside(pair, policy, now_ms) else "blocked",
        notice=OFFPLATFORM_RISK if state.is_gate_open else "",
    )


def told(event: PolicyChanged) -> str:
    """Give what the head remembers of a `policy.changed`."""
    return f"{event.contact} {event.payment}"
