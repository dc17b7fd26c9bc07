"""Who may do what in which state of a thread, and what follows: one table.

`TABLE` states a result for every (state, action, role); state None means that there is no thread yet.
`decide` reads it and applies the few rules that hang on more than the state: deadlines, who has written,
automation. Refusals are values, never exceptions.

Source: protocol/spec/states.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from greenroom_server.domain.thread_state import PRE_CONTRACT, ClosedWhy, Role, ThreadState


class ThreadAction(StrEnum):
    """What may be asked of a thread."""

    SEND = "send"
    """A message, by a person or by automation."""
    INVITE = "invite"
    ACCEPT = "accept"
    DECLINE = "decline"
    IGNORE = "ignore"
    """Archive an invitation: it stays open and may be answered later."""
    WITHDRAW = "withdraw"
    EXPIRE = "expire"
    REMIND = "remind"
    PROPOSE = "propose"
    DECLINE_PROPOSAL = "decline_proposal"
    """The client ends a candidacy, however it began."""
    WITHDRAW_PROPOSAL = "withdraw_proposal"
    """The freelancer ends a candidacy, however it began."""
    OFFER = "offer"
    ACCEPT_OFFER = "accept_offer"
    DECLINE_OFFER = "decline_offer"
    WITHDRAW_OFFER = "withdraw_offer"
    EXPIRE_OFFER = "expire_offer"
    START_CONTRACT = "start_contract"
    PAUSE_CONTRACT = "pause_contract"
    RESUME_CONTRACT = "resume_contract"
    END_CONTRACT = "end_contract"
    CLOSE_JOB = "close_job"
    REOPEN = "reopen"
    REQUEST_CALL = "request_call"


@dataclass(frozen=True, slots=True)
class Transition:
    """The action is allowed; the thread is in `to` afterwards."""

    to: ThreadState
    """May be the state it was in."""
    why: ClosedWhy | None = None
    """Set exactly when `to` is closed."""
    emits: tuple[str, ...] = ()
    """Kinds of the events that follow the action's own event, in order."""


@dataclass(frozen=True, slots=True)
class Denied:
    """The action is refused; nothing changes."""

    code: str
    """A code of protocol/spec/codes.md."""
    hint: str | None = None
    """What this role can do instead; None: what the code itself says, empty: nothing."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a decision needs to know besides state, role and action."""

    why: ClosedWhy | None = None
    """Why the thread is closed, if it is."""
    client_has_written: bool = False
    """The client has a message in this thread; the text of an invitation is none."""
    is_auto: bool = False
    """The message was written by a program."""
    now_ms: int = 0
    expires_at_ms: int | None = None
    """Deadline of the open invitation or offer; None: it has none."""
    starts_at_ms: int | None = None
    """When the offered contract starts though nobody accepted; None: it does not."""


Outcome = Transition | Denied

_A, _S = ThreadAction, ThreadState
_C, _F, _V, _T = Role.CLIENT, Role.FREELANCER, Role.SERVICE, Role.SYSTEM

_INTERVIEW = Transition(_S.CANDIDACY, emits=("interview.started",))
_GATE_OPENS = Transition(_S.CONTRACT, emits=("policy.changed",))
_JOB_CLOSED = Transition(_S.CLOSED, ClosedWhy.JOB_CLOSED)
_PROPOSAL_DECLINED = Transition(_S.CLOSED, ClosedWhy.PROPOSAL_DECLINED)
_PROPOSAL_WITHDRAWN = Transition(_S.CLOSED, ClosedWhy.PROPOSAL_WITHDRAWN)
_NOT_OPEN = Denied("candidacy.not_open")
_ANSWER_FIRST = Denied("candidacy.not_open", "invitation.accept")
_CLIENT_ONLY_CALL = Denied("call.client_only")


def _to(state: ThreadState, *roles: Role) -> dict[Role, Outcome]:
    return dict.fromkeys(roles, Transition(state))


_RULES: Mapping[tuple[ThreadState | None, ThreadAction], Mapping[Role, Outcome]] = {
    # No thread yet: a freelancer's only way in is a proposal.
    (None, _A.SEND): {**_to(_S.DIRECT, _C), _F: Denied("perm.client_only", "proposal.submit")},
    (None, _A.INVITE): _to(_S.INVITED, _C),
    (None, _A.PROPOSE): _to(_S.PROPOSED, _F),
    (None, _A.START_CONTRACT): {_V: _GATE_OPENS},
    (_S.DIRECT, _A.SEND): _to(_S.DIRECT, _C, _F),
    (_S.DIRECT, _A.INVITE): _to(_S.INVITED, _C),
    (_S.DIRECT, _A.PROPOSE): _to(_S.PROPOSED, _F),
    (_S.DIRECT, _A.START_CONTRACT): {_V: _GATE_OPENS},
    (_S.DIRECT, _A.CLOSE_JOB): {_V: _JOB_CLOSED},
    (_S.DIRECT, _A.REQUEST_CALL): {_F: _CLIENT_ONLY_CALL},
    # The invitation is answered once: accept, decline, withdraw and expire leave this state for good.
    (_S.INVITED, _A.SEND): {**_to(_S.INVITED, _C), _F: _ANSWER_FIRST},
    (_S.INVITED, _A.ACCEPT): _to(_S.ACCEPTED, _F),
    (_S.INVITED, _A.DECLINE): {_F: Transition(_S.CLOSED, ClosedWhy.DECLINED)},
    (_S.INVITED, _A.IGNORE): _to(_S.INVITED, _F),
    (_S.INVITED, _A.WITHDRAW): {_C: Transition(_S.CLOSED, ClosedWhy.WITHDRAWN)},
    (_S.INVITED, _A.EXPIRE): {_T: Transition(_S.CLOSED, ClosedWhy.EXPIRED)},
    (_S.INVITED, _A.REMIND): _to(_S.INVITED, _T),
    (_S.INVITED, _A.DECLINE_PROPOSAL): {_C: Denied("proposal.none", "invitation.withdraw")},
    (_S.INVITED, _A.WITHDRAW_PROPOSAL): {_F: Denied("proposal.none", "invitation.decline")},
    (_S.INVITED, _A.START_CONTRACT): {_V: _GATE_OPENS},
    (_S.INVITED, _A.CLOSE_JOB): {_V: _JOB_CLOSED},
    (_S.INVITED, _A.REQUEST_CALL): {_F: _CLIENT_ONLY_CALL},
    # The client's message, call or offer after an acceptance or a proposal is what opens the interview.
    (_S.ACCEPTED, _A.SEND): {_C: _INTERVIEW, _F: _NOT_OPEN},
    (_S.ACCEPTED, _A.DECLINE_PROPOSAL): {_C: _PROPOSAL_DECLINED},
    (_S.ACCEPTED, _A.WITHDRAW_PROPOSAL): {_F: _PROPOSAL_WITHDRAWN},
    (_S.ACCEPTED, _A.OFFER): dict.fromkeys((_C, _V), Transition(_S.OFFER, emits=("interview.started",))),
    (_S.ACCEPTED, _A.START_CONTRACT): {_V: _GATE_OPENS},
    (_S.ACCEPTED, _A.CLOSE_JOB): {_V: _JOB_CLOSED},
    (_S.ACCEPTED, _A.REQUEST_CALL): {_C: _INTERVIEW, _F: _CLIENT_ONLY_CALL},
    (_S.PROPOSED, _A.SEND): {_C: _INTERVIEW, _F: _NOT_OPEN},
    (_S.PROPOSED, _A.DECLINE_PROPOSAL): {_C: _PROPOSAL_DECLINED},
    (_S.PROPOSED, _A.WITHDRAW_PROPOSAL): {_F: _PROPOSAL_WITHDRAWN},
    (_S.PROPOSED, _A.OFFER): dict.fromkeys((_C, _V), Transition(_S.OFFER, emits=("interview.started",))),
    (_S.PROPOSED, _A.START_CONTRACT): {_V: _GATE_OPENS},
    (_S.PROPOSED, _A.CLOSE_JOB): {_V: _JOB_CLOSED},
    (_S.PROPOSED, _A.REQUEST_CALL): {_C: _INTERVIEW, _F: _CLIENT_ONLY_CALL},
    (_S.CANDIDACY, _A.SEND): _to(_S.CANDIDACY, _C, _F),
    (_S.CANDIDACY, _A.DECLINE_PROPOSAL): {_C: _PROPOSAL_DECLINED},
    (_S.CANDIDACY, _A.WITHDRAW_PROPOSAL): {_F: _PROPOSAL_WITHDRAWN},
    (_S.CANDIDACY, _A.OFFER): _to(_S.OFFER, _C, _V),
    (_S.CANDIDACY, _A.START_CONTRACT): {_V: _GATE_OPENS},
    (_S.CANDIDACY, _A.CLOSE_JOB): {_V: _JOB_CLOSED},
    (_S.CANDIDACY, _A.REQUEST_CALL): {**_to(_S.CANDIDACY, _C), _F: _CLIENT_ONLY_CALL},
    # A refused offer goes back to the interview; the start date of an offered contract may come first.
    (_S.OFFER, _A.SEND): _to(_S.OFFER, _C, _F),
    (_S.OFFER, _A.ACCEPT_OFFER): dict.fromkeys((_F, _V), _GATE_OPENS),
    (_S.OFFER, _A.DECLINE_OFFER): _to(_S.CANDIDACY, _F, _V),
    (_S.OFFER, _A.WITHDRAW_OFFER): _to(_S.CANDIDACY, _C, _V),
    (_S.OFFER, _A.EXPIRE_OFFER): _to(_S.CANDIDACY, _T),
    (_S.OFFER, _A.START_CONTRACT): dict.fromkeys((_V, _T), _GATE_OPENS),
    (_S.OFFER, _A.CLOSE_JOB): {_V: _JOB_CLOSED},
    (_S.OFFER, _A.REQUEST_CALL): {**_to(_S.OFFER, _C), _F: _CLIENT_ONLY_CALL},
    # A contract outlives its listing: a job that closes leaves these threads alone.
    (_S.CONTRACT, _A.SEND): _to(_S.CONTRACT, _C, _F),
    (_S.CONTRACT, _A.PAUSE_CONTRACT): _to(_S.PAUSED, _V),
    (_S.CONTRACT, _A.END_CONTRACT): _to(_S.ENDED, _V),
    (_S.CONTRACT, _A.REQUEST_CALL): _to(_S.CONTRACT, _C, _F),
    (_S.PAUSED, _A.SEND): _to(_S.PAUSED, _C, _F),
    (_S.PAUSED, _A.RESUME_CONTRACT): _to(_S.CONTRACT, _V),
    (_S.PAUSED, _A.END_CONTRACT): _to(_S.ENDED, _V),
    (_S.PAUSED, _A.REQUEST_CALL): _to(_S.PAUSED, _C, _F),
    (_S.ENDED, _A.SEND): _to(_S.ENDED, _C, _F),
    (_S.ENDED, _A.START_CONTRACT): _to(_S.CONTRACT, _V),
    (_S.ENDED, _A.OFFER): {_C: Denied("offer.by_marketplace")},
    (_S.ENDED, _A.REQUEST_CALL): _to(_S.ENDED, _C, _F),
    # Closed: the client opens it again or invites again; a contract that the marketplace made goes before everything.
    (_S.CLOSED, _A.REOPEN): _to(_S.DIRECT, _C),
    (_S.CLOSED, _A.INVITE): _to(_S.INVITED, _C),
    (_S.CLOSED, _A.START_CONTRACT): {_V: _GATE_OPENS},
}
"""Everything that is allowed, and the refusals that are about role *and* state."""

_WRONG_ROLE: Mapping[ThreadAction, str] = {
    **dict.fromkeys((_A.SEND, _A.REQUEST_CALL, _A.EXPIRE, _A.REMIND, _A.EXPIRE_OFFER), "perm.denied"),
    **dict.fromkeys(
        (_A.INVITE, _A.WITHDRAW, _A.DECLINE_PROPOSAL, _A.OFFER, _A.WITHDRAW_OFFER, _A.REOPEN), "perm.client_only"
    ),
    **dict.fromkeys((_A.ACCEPT, _A.DECLINE, _A.IGNORE, _A.PROPOSE, _A.WITHDRAW_PROPOSAL), "perm.freelancer_only"),
    **dict.fromkeys((_A.ACCEPT_OFFER, _A.DECLINE_OFFER), "perm.freelancer_only"),
    **dict.fromkeys((_A.START_CONTRACT, _A.PAUSE_CONTRACT, _A.RESUME_CONTRACT), "perm.service_only"),
    **dict.fromkeys((_A.END_CONTRACT, _A.CLOSE_JOB), "perm.service_only"),
}
"""Refusal of a role that may never do the action."""

_INSTEAD: Mapping[tuple[ThreadAction, Role], str] = {
    **dict.fromkeys(((_A.ACCEPT, _C), (_A.DECLINE, _C), (_A.IGNORE, _C)), "invitation.withdraw"),
    **dict.fromkeys(((_A.ACCEPT_OFFER, _C), (_A.DECLINE_OFFER, _C)), "offer.withdraw"),
    (_A.PROPOSE, _C): "invitation.send",
    (_A.WITHDRAW_PROPOSAL, _C): "proposal.decline",
    (_A.START_CONTRACT, _C): "offer.send",
    (_A.INVITE, _F): "proposal.submit",
    (_A.WITHDRAW, _F): "invitation.decline",
    (_A.DECLINE_PROPOSAL, _F): "proposal.withdraw",
    (_A.WITHDRAW_OFFER, _F): "offer.decline",
    (_A.START_CONTRACT, _F): "offer.accept",
}
"""What a role that may never do an action can do instead."""

_NO_INVITATION = dict.fromkeys((_S.DIRECT, _S.PROPOSED), "invitation.none")
_TIMER = {_S.CLOSED: "wrong_state"}
_UNSTARTED = dict.fromkeys(PRE_CONTRACT, "contract.none")
_STARTED = dict.fromkeys((_S.CONTRACT, _S.PAUSED, _S.ENDED), "contract.already_started")
_NO_CANDIDACY = {**_STARTED, **dict.fromkeys((_S.DIRECT, _S.INVITED), "proposal.none"), _S.OFFER: "offer.open"}
_NO_OFFER = {**_STARTED, **dict.fromkeys((_S.DIRECT, _S.INVITED), "offer.no_interview"), _S.OFFER: "offer.open"}
_WRONG_STATE: Mapping[ThreadAction, tuple[Mapping[ThreadState, str], str]] = {
    _A.INVITE: ({}, "invitation.duplicate"),
    **dict.fromkeys((_A.ACCEPT, _A.DECLINE, _A.IGNORE, _A.WITHDRAW), (_NO_INVITATION, "invitation.already_answered")),
    **dict.fromkeys((_A.EXPIRE, _A.REMIND, _A.EXPIRE_OFFER), (_TIMER, "wrong_state")),
    _A.PROPOSE: ({_S.INVITED: "proposal.invited"}, "proposal.duplicate"),
    **dict.fromkeys((_A.DECLINE_PROPOSAL, _A.WITHDRAW_PROPOSAL), (_NO_CANDIDACY, "wrong_state")),
    _A.OFFER: (_NO_OFFER, "wrong_state"),
    **dict.fromkeys((_A.ACCEPT_OFFER, _A.DECLINE_OFFER, _A.WITHDRAW_OFFER), ({}, "offer.none")),
    **dict.fromkeys((_A.START_CONTRACT, _A.CLOSE_JOB), (_STARTED, "wrong_state")),
    **dict.fromkeys((_A.PAUSE_CONTRACT, _A.RESUME_CONTRACT, _A.END_CONTRACT), (_UNSTARTED, "wrong_state")),
    _A.REOPEN: ({}, "thread.not_closed"),
    _A.REQUEST_CALL: ({}, "call.no_interview"),
}
"""Refusal of a right role in a wrong state: by state, then for all others (`thread.closed` in a closed thread)."""

_WAY_OUT: Mapping[tuple[str, Role], str] = {
    ("thread.closed", _F): "",
    ("offer.open", _F): "offer.decline",
    ("offer.none", _C): "offer.send",
    ("invitation.duplicate", _C): "message.send",
    ("invitation.already_answered", _C): "message.send",
    ("invitation.none", _C): "invitation.send",
}
"""What a role can do about a refusal, where the code's own hint would be for the other one."""


def _refused(state: ThreadState | None, action: ThreadAction, role: Role) -> Denied:
    if not any(isinstance(_RULES.get((s, action), {}).get(role), Transition) for s in (None, *ThreadState)):
        return Denied(_WRONG_ROLE[action], _INSTEAD.get((action, role)))
    if state is None:
        return Denied("not_found")
    by_state, otherwise = _WRONG_STATE.get(action, ({}, "wrong_state"))
    if state is ThreadState.CLOSED:
        otherwise = "thread.closed"
    code = by_state.get(state, otherwise)
    return Denied(code, "" if role in (_V, _T) else _WAY_OUT.get((code, role)))


TABLE: Mapping[tuple[ThreadState | None, ThreadAction], Mapping[Role, Outcome]] = {
    (state, action): {role: _RULES.get((state, action), {}).get(role) or _refused(state, action, role) for role in Role}
    for state in (None, *ThreadState)
    for action in ThreadAction
}
"""The result of every (state, action) for every role; state None: no thread yet."""

_AFTER_DEADLINE: Mapping[ThreadAction, str] = {
    **dict.fromkeys((_A.ACCEPT, _A.DECLINE, _A.IGNORE, _A.WITHDRAW), "invitation.expired"),
    **dict.fromkeys((_A.ACCEPT_OFFER, _A.DECLINE_OFFER, _A.WITHDRAW_OFFER), "offer.expired"),
    _A.REMIND: "wrong_state",
}
_ABOUT_AN_OFFER = (_A.ACCEPT_OFFER, _A.DECLINE_OFFER, _A.WITHDRAW_OFFER, _A.EXPIRE_OFFER)
_TOO_EARLY = Denied("conflict")
"""The deadline was moved, or this clock is behind the store's: the timer, if it is still set, comes again."""

_CLOSED_INVITATION: Mapping[ClosedWhy | None, str] = {
    ClosedWhy.DECLINED: "invitation.already_answered",
    ClosedWhy.EXPIRED: "invitation.expired",
    ClosedWhy.WITHDRAWN: "invitation.withdrawn",
    ClosedWhy.JOB_CLOSED: "job.closed",
}

_ANY = Facts()


def decide(state: ThreadState | None, role: Role, action: ThreadAction, facts: Facts = _ANY) -> Transition | Denied:
    """Say what an action does, or why it is refused.

    Args:
        state: of the thread; None when the action would create it.
        role: of the one who acts, in this thread.
        action: what is asked.
        facts: defaults mean: no deadline, nobody has written, a person acts.

    Source: protocol/spec/states.md.
    """
    outcome = TABLE[state, action][role]
    if isinstance(outcome, Denied):
        return _say_how_it_closed(outcome, action, role, facts)
    if action is not ThreadAction.SEND:
        return _check_time(action, role, facts) or outcome
    if state is not None:
        if state is ThreadState.DIRECT and role is Role.FREELANCER and not facts.client_has_written:
            return Denied("thread.not_first")
        if facts.is_auto:
            return Transition(state)
    return outcome


def _check_time(action: ThreadAction, role: Role, facts: Facts) -> Denied | None:
    """Refuse what comes before or after its time; of a start date and a deadline the sooner one holds."""
    now, ends, starts = facts.now_ms, facts.expires_at_ms, facts.starts_at_ms
    if starts is not None and ends is not None and ends < starts:
        starts = None
    if action is ThreadAction.START_CONTRACT and role is Role.SYSTEM:
        if starts is None:
            return Denied("wrong_state")
        return _TOO_EARLY if now < starts else None
    if starts is not None and now >= starts and action in _ABOUT_AN_OFFER:
        return None if action is ThreadAction.ACCEPT_OFFER else Denied("contract.already_started")
    if ends is None:
        return None
    if action in (ThreadAction.EXPIRE, ThreadAction.EXPIRE_OFFER):
        return _TOO_EARLY if now < ends else None
    code = _AFTER_DEADLINE.get(action) if now >= ends else None
    return None if code is None else Denied(code)


def _say_how_it_closed(refusal: Denied, action: ThreadAction, role: Role, facts: Facts) -> Denied:
    """Tell one who comes late to a closed invitation what became of it."""
    if refusal.code != "thread.closed" or _AFTER_DEADLINE.get(action) != "invitation.expired":
        return refusal
    code = _CLOSED_INVITATION.get(facts.why)
    if code is None:
        return refusal
    return Denied(code, "invitation.send" if role is Role.CLIENT and code != "job.closed" else None)
