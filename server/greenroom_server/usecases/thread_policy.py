"""`thread.policy`: what one user may do in a thread now, from the same table that decides it."""

from collections.abc import Iterator, Mapping
from typing import Final

from greenroom_protocol.commands import VERBS
from greenroom_protocol.policies import ThreadPolicy
from greenroom_server.domain.head import Head
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.relationship import Origin, may_pay_outside, may_share_contacts
from greenroom_server.domain.team import OPEN_STATES, RIGHT_OF
from greenroom_server.domain.thread_actions import Denied, ThreadAction, decide
from greenroom_server.domain.thread_state import Role, ThreadState
from greenroom_server.usecases.move_events import OFFPLATFORM_RISK
from greenroom_server.usecases.payment import payment_view
from greenroom_server.usecases.results import Refused, denial, hint_of

_A = ThreadAction
VERB_OF: Final[Mapping[ThreadAction, str]] = {
    _A.SEND: "message.send",
    _A.INVITE: "invitation.send",
    _A.ACCEPT: "invitation.accept",
    _A.DECLINE: "invitation.decline",
    _A.IGNORE: "invitation.ignore",
    _A.WITHDRAW: "invitation.withdraw",
    _A.PROPOSE: "proposal.submit",
    _A.DECLINE_PROPOSAL: "proposal.decline",
    _A.WITHDRAW_PROPOSAL: "proposal.withdraw",
    _A.OFFER: "offer.send",
    _A.ACCEPT_OFFER: "offer.accept",
    _A.DECLINE_OFFER: "offer.decline",
    _A.WITHDRAW_OFFER: "offer.withdraw",
    _A.REOPEN: "thread.reopen",
    _A.REQUEST_CALL: "call.request",
}
"""The command of each action that a person may take; the others are the backend's and the timers'."""

_TOGETHER: Final = frozenset(
    {_A.SEND, _A.INVITE, _A.ACCEPT, _A.PROPOSE, _A.OFFER, _A.ACCEPT_OFFER, _A.REOPEN, _A.REQUEST_CALL}
)
"""Actions that two people who cannot reach each other do not have."""


def pending_notice(head: Head, user: str) -> str:
    """Name the notice that this user must be shown until they acknowledge it; empty for none."""
    return OFFPLATFORM_RISK if head.state.is_gate_open and user not in head.acknowledged else ""


def thread_policy(head: Head, user: str, policy: MarketplacePolicy, now_ms: int) -> ThreadPolicy:
    """Say what this user may do in a thread as it stands."""
    role = head.role_of(user)
    why_not, instead = _why_silent(head, user, role, now_ms)
    actions = [] if role is None else _actions(head, user, role, policy, now_ms)
    return ThreadPolicy(
        may_write=not why_not,
        why_not=why_not,
        instead=instead,
        contact="allowed" if may_share_contacts(head.relationship, head.state) else "blocked",
        payment="allowed" if may_pay_outside(head.relationship, policy, now_ms) else "blocked",
        may_answer_invitation="invitation.accept" in actions,
        may_request_call=role is not None and _may(head, user, role, _A.REQUEST_CALL, policy, now_ms),
        notice=pending_notice(head, user),
        version=str(policy.version),
        actions=actions,
        pay=payment_view(head, policy, now_ms),
    )


def _why_silent(head: Head, user: str, role: Role | None, now_ms: int) -> tuple[str, str]:
    """Give the code that a message would get now, and what can be done instead."""
    if role is None:
        return "perm.denied", ""
    code = head.peer_code(role)
    if code:
        return code, hint_of(Refused(code))
    decision = decide(head.state, role, ThreadAction.SEND, head.facts(now_ms))
    return (decision.code, hint_of(denial(decision))) if isinstance(decision, Denied) else ("", "")


def _actions(head: Head, user: str, role: Role, policy: MarketplacePolicy, now_ms: int) -> list[str]:
    verbs = [verb for action, verb in VERB_OF.items() if _may(head, user, role, action, policy, now_ms)]
    verbs += _besides(head, user, role, policy)
    if pending_notice(head, user):
        verbs.append("notice.ack")
    return [verb for verb in verbs if verb in VERBS]


def _may(head: Head, user: str, role: Role, action: ThreadAction, policy: MarketplacePolicy, now_ms: int) -> bool:
    if isinstance(decide(head.state, role, action, head.facts(now_ms)), Denied):
        return False
    if action is not ThreadAction.SEND and not head.may(user, RIGHT_OF.get(action, "")):
        return False
    if action in _TOGETHER and head.peer_code(role):
        return False
    if action is ThreadAction.OFFER or action is ThreadAction.WITHDRAW_OFFER:
        return policy.offers.may_client_send
    if action is ThreadAction.REQUEST_CALL:
        calls = policy.calls
        return calls.is_enabled and (role is Role.CLIENT or calls.may_freelancer_request)
    return True


def _besides(head: Head, user: str, role: Role, policy: MarketplacePolicy) -> Iterator[str]:
    """Give the commands that hang on the state without changing it."""
    if head.state in OPEN_STATES and head.may(user, "add"):
        yield "member.add"
    grants = policy.access_grants
    if grants.is_enabled and head.state.value in grants.states and head.may(user, "grant") and not head.peer_code(role):
        yield "access.request"
    if not head.may(user, ""):
        yield "member.leave"
        return
    if role is Role.FREELANCER and not head.state.is_gate_open and head.state is not ThreadState.CLOSED:
        yield "call.hint"
    if head.relationship.origin is not Origin.EXTERNAL and user not in head.declared:
        yield "relationship.declare"
