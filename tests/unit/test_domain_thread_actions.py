"""The thread's table is total, and each rule of who may do what holds in it."""

from pathlib import Path

import pytest

from greenroom_server.domain.thread_actions import TABLE, Denied, Facts, ThreadAction, Transition, decide
from greenroom_server.domain.thread_state import GATE_OPEN, PRE_CONTRACT, ClosedWhy, Role, ThreadState
from greenroom_server.usecases.results import denial, hint_of
from greenroom_server.usecases.thread_policy import VERB_OF
from testkit.thread_table import lines

A, S, R = ThreadAction, ThreadState, Role
REVIEWED = Path(__file__).parents[1] / "data" / "thread_table.txt"
STATES = (None, *ThreadState)
OPEN_TALK = (S.CANDIDACY, S.OFFER, S.CONTRACT, S.PAUSED, S.ENDED)


def allowed(action: ThreadAction, role: Role, facts: Facts | None = None) -> dict[ThreadState | None, ThreadState]:
    """Where each state goes when the role may do the action."""
    results = {state: decide(state, role, action, facts or Facts(client_has_written=True)) for state in STATES}
    return {state: result.to for state, result in results.items() if isinstance(result, Transition)}


def code(state: ThreadState | None, role: Role, action: ThreadAction, facts: Facts | None = None) -> str:
    result = decide(state, role, action, facts or Facts())
    assert isinstance(result, Denied)
    return result.code


def test_every_role_state_and_action_has_a_result() -> None:
    assert set(TABLE) == {(state, action) for state in STATES for action in A}
    for by_role in TABLE.values():
        assert set(by_role) == set(R)
        assert all(isinstance(result, Transition | Denied) for result in by_role.values())


def test_every_cell_is_as_it_was_reviewed() -> None:
    """To change a rule: print the table again (see testkit/thread_table.py) and review every line that moved."""
    assert lines() == REVIEWED.read_text(encoding="utf-8").splitlines()


def test_a_person_is_never_told_to_do_what_their_role_may_not() -> None:
    by_verb = {verb: action for action, verb in VERB_OF.items()}
    for by_role in TABLE.values():
        for role in (R.CLIENT, R.FREELANCER):
            result = by_role[role]
            hint = hint_of(denial(result)) if isinstance(result, Denied) else ""
            if hint in by_verb:
                assert allowed(by_verb[hint], role), (result, role)


def test_every_action_of_a_person_has_a_command_or_is_somebody_elses() -> None:
    others = {action for action in A if not any(allowed(action, role) for role in (R.CLIENT, R.FREELANCER))}
    assert set(VERB_OF) == set(A) - others


def test_refusals_use_these_codes_and_no_others() -> None:
    facts = [
        Facts(why, now_ms=now_ms, expires_at_ms=2, starts_at_ms=starts_at_ms)
        for why in (None, *ClosedWhy)
        for now_ms in (0, 1, 2)
        for starts_at_ms in (None, 1)
    ]
    results = [decide(state, role, action, f) for state in STATES for role in R for action in A for f in facts]
    assert {result.code for result in results if isinstance(result, Denied)} == {
        "call.client_only",
        "call.no_interview",
        "candidacy.not_open",
        "conflict",
        "contract.already_started",
        "contract.none",
        "invitation.already_answered",
        "invitation.duplicate",
        "invitation.expired",
        "invitation.none",
        "invitation.withdrawn",
        "job.closed",
        "not_found",
        "offer.by_marketplace",
        "offer.expired",
        "offer.no_interview",
        "offer.none",
        "offer.open",
        "perm.client_only",
        "perm.denied",
        "perm.freelancer_only",
        "perm.service_only",
        "proposal.duplicate",
        "proposal.invited",
        "proposal.none",
        "thread.closed",
        "thread.not_closed",
        "thread.not_first",
        "wrong_state",
    }


def test_a_transition_says_why_exactly_when_it_closes() -> None:
    for by_role in TABLE.values():
        for result in by_role.values():
            if isinstance(result, Transition):
                assert (result.to is S.CLOSED) == (result.why is not None)


def test_every_way_to_close_is_used() -> None:
    whys = {r.why for by_role in TABLE.values() for r in by_role.values() if isinstance(r, Transition)}
    assert whys == {None, *ClosedWhy}


def test_gate_states_and_pre_contract_states_are_the_two_halves() -> None:
    assert set(S) == GATE_OPEN | PRE_CONTRACT
    assert not GATE_OPEN & PRE_CONTRACT
    assert {state for state in S if state.is_gate_open} == {S.CONTRACT, S.PAUSED, S.ENDED}


def test_nobody_acts_on_a_thread_that_does_not_exist_but_its_openers() -> None:
    openers = {(action, role) for action in A for role in R if None in allowed(action, role)}
    assert openers == {
        (A.SEND, R.CLIENT),
        (A.INVITE, R.CLIENT),
        (A.PROPOSE, R.FREELANCER),
        (A.START_CONTRACT, R.SERVICE),
    }
    assert code(None, R.FREELANCER, A.ACCEPT) == "not_found"


def test_freelancer_cannot_open_a_thread_by_writing() -> None:
    assert code(None, R.FREELANCER, A.SEND) == "perm.client_only"


def test_freelancer_writes_in_direct_only_after_the_client() -> None:
    assert code(S.DIRECT, R.FREELANCER, A.SEND) == "thread.not_first"
    assert decide(S.DIRECT, R.FREELANCER, A.SEND, Facts(client_has_written=True)) == Transition(S.DIRECT)


@pytest.mark.parametrize("state", [S.INVITED, S.ACCEPTED, S.PROPOSED])
def test_freelancer_waits_for_the_clients_answer(state: ThreadState) -> None:
    assert code(state, R.FREELANCER, A.SEND, Facts(client_has_written=True)) == "candidacy.not_open"


@pytest.mark.parametrize("state", OPEN_TALK)
@pytest.mark.parametrize("role", [R.CLIENT, R.FREELANCER])
def test_both_write_from_candidacy_on(state: ThreadState, role: Role) -> None:
    assert decide(state, role, A.SEND) == Transition(state)


@pytest.mark.parametrize("role", [R.CLIENT, R.FREELANCER])
def test_nobody_writes_in_a_closed_thread(role: Role) -> None:
    assert code(S.CLOSED, role, A.SEND, Facts(client_has_written=True)) == "thread.closed"


@pytest.mark.parametrize("role", [R.SERVICE, R.SYSTEM])
def test_service_and_system_never_write(role: Role) -> None:
    assert allowed(A.SEND, role) == {}
    assert code(S.CANDIDACY, role, A.SEND) == "perm.denied"


@pytest.mark.parametrize("state", [S.ACCEPTED, S.PROPOSED])
@pytest.mark.parametrize("action", [A.SEND, A.REQUEST_CALL])
def test_clients_message_or_call_opens_the_interview(state: ThreadState, action: ThreadAction) -> None:
    assert decide(state, R.CLIENT, action) == Transition(S.CANDIDACY, emits=("interview.started",))


@pytest.mark.parametrize("state", [S.ACCEPTED, S.PROPOSED])
def test_automation_never_opens_the_interview(state: ThreadState) -> None:
    assert decide(state, R.CLIENT, A.SEND, Facts(is_auto=True)) == Transition(state)
    assert decide(None, R.CLIENT, A.SEND, Facts(is_auto=True)) == Transition(S.DIRECT)


def test_clients_message_leaves_an_invitation_open() -> None:
    assert decide(S.INVITED, R.CLIENT, A.SEND) == Transition(S.INVITED)


@pytest.mark.parametrize("state", [S.ACCEPTED, S.PROPOSED])
def test_offer_before_the_interview_opens_it(state: ThreadState) -> None:
    assert decide(state, R.CLIENT, A.OFFER) == Transition(S.OFFER, emits=("interview.started",))


def test_only_the_freelancer_answers_an_invitation() -> None:
    assert allowed(A.ACCEPT, R.FREELANCER) == {S.INVITED: S.ACCEPTED}
    assert allowed(A.DECLINE, R.FREELANCER) == {S.INVITED: S.CLOSED}
    assert allowed(A.IGNORE, R.FREELANCER) == {S.INVITED: S.INVITED}
    for role in set(R) - {R.FREELANCER}:
        for action in (A.ACCEPT, A.DECLINE, A.IGNORE):
            assert {code(state, role, action) for state in STATES} == {"perm.freelancer_only"}


def test_only_the_client_invites_and_withdraws() -> None:
    assert allowed(A.INVITE, R.CLIENT) == {None: S.INVITED, S.DIRECT: S.INVITED, S.CLOSED: S.INVITED}
    assert allowed(A.WITHDRAW, R.CLIENT) == {S.INVITED: S.CLOSED}
    assert code(S.INVITED, R.FREELANCER, A.WITHDRAW) == "perm.client_only"
    assert code(S.PROPOSED, R.CLIENT, A.INVITE) == "invitation.duplicate"


@pytest.mark.parametrize(("role", "action"), [(R.FREELANCER, A.ACCEPT), (R.CLIENT, A.WITHDRAW)])
def test_second_answer_to_an_invitation_says_what_the_first_was(role: Role, action: ThreadAction) -> None:
    assert code(S.ACCEPTED, role, action) == "invitation.already_answered"
    assert code(S.CANDIDACY, role, action) == "invitation.already_answered"
    assert code(S.DIRECT, role, action) == "invitation.none"
    assert code(S.PROPOSED, role, action) == "invitation.none"
    told = {why: code(S.CLOSED, role, action, Facts(why=why)) for why in (None, *ClosedWhy)}
    assert told == {
        None: "thread.closed",
        ClosedWhy.DECLINED: "invitation.already_answered",
        ClosedWhy.EXPIRED: "invitation.expired",
        ClosedWhy.WITHDRAWN: "invitation.withdrawn",
        ClosedWhy.PROPOSAL_DECLINED: "thread.closed",
        ClosedWhy.PROPOSAL_WITHDRAWN: "thread.closed",
        ClosedWhy.JOB_CLOSED: "job.closed",
    }


@pytest.mark.parametrize(
    ("state", "role", "action", "late"),
    [
        (S.INVITED, R.FREELANCER, A.ACCEPT, "invitation.expired"),
        (S.INVITED, R.FREELANCER, A.DECLINE, "invitation.expired"),
        (S.INVITED, R.FREELANCER, A.IGNORE, "invitation.expired"),
        (S.INVITED, R.CLIENT, A.WITHDRAW, "invitation.expired"),
        (S.INVITED, R.SYSTEM, A.REMIND, "wrong_state"),
        (S.OFFER, R.FREELANCER, A.ACCEPT_OFFER, "offer.expired"),
        (S.OFFER, R.FREELANCER, A.DECLINE_OFFER, "offer.expired"),
        (S.OFFER, R.CLIENT, A.WITHDRAW_OFFER, "offer.expired"),
    ],
)
def test_deadline_holds_before_its_timer_has_run(
    state: ThreadState, role: Role, action: ThreadAction, late: str
) -> None:
    assert isinstance(decide(state, role, action, Facts(now_ms=99, expires_at_ms=100)), Transition)
    assert code(state, role, action, Facts(now_ms=100, expires_at_ms=100)) == late


@pytest.mark.parametrize(
    ("state", "action", "to"), [(S.INVITED, A.EXPIRE, S.CLOSED), (S.OFFER, A.EXPIRE_OFFER, S.CANDIDACY)]
)
def test_timer_of_an_older_deadline_does_nothing(state: ThreadState, action: ThreadAction, to: ThreadState) -> None:
    assert code(state, R.SYSTEM, action, Facts(now_ms=99, expires_at_ms=100)) == "conflict", "it comes again"
    due = decide(state, R.SYSTEM, action, Facts(now_ms=100, expires_at_ms=100))
    assert isinstance(due, Transition)
    assert due.to is to
    assert code(S.CLOSED, R.SYSTEM, action) == "wrong_state"
    assert code(state, R.CLIENT, action) == "perm.denied"


def test_one_live_proposal_and_never_beside_an_invitation() -> None:
    assert allowed(A.PROPOSE, R.FREELANCER) == {None: S.PROPOSED, S.DIRECT: S.PROPOSED}
    assert code(S.INVITED, R.FREELANCER, A.PROPOSE) == "proposal.invited"
    assert code(S.PROPOSED, R.FREELANCER, A.PROPOSE) == "proposal.duplicate"
    assert code(S.CLOSED, R.FREELANCER, A.PROPOSE) == "thread.closed"


@pytest.mark.parametrize(
    ("role", "action", "why"),
    [
        (R.CLIENT, A.DECLINE_PROPOSAL, ClosedWhy.PROPOSAL_DECLINED),
        (R.FREELANCER, A.WITHDRAW_PROPOSAL, ClosedWhy.PROPOSAL_WITHDRAWN),
    ],
)
def test_each_side_may_end_a_candidacy(role: Role, action: ThreadAction, why: ClosedWhy) -> None:
    assert set(allowed(action, role)) == {S.ACCEPTED, S.PROPOSED, S.CANDIDACY}
    assert decide(S.CANDIDACY, role, action) == Transition(S.CLOSED, why)
    assert code(S.DIRECT, role, action) == code(S.INVITED, role, action) == "proposal.none"
    assert code(S.OFFER, role, action) == "offer.open"
    assert code(S.CONTRACT, role, action) == "contract.already_started"


def test_a_refused_offer_goes_back_to_the_interview() -> None:
    assert allowed(A.DECLINE_OFFER, R.FREELANCER) == {S.OFFER: S.CANDIDACY}
    assert allowed(A.WITHDRAW_OFFER, R.CLIENT) == {S.OFFER: S.CANDIDACY}
    assert code(S.CANDIDACY, R.FREELANCER, A.ACCEPT_OFFER) == "offer.none"
    assert code(S.OFFER, R.CLIENT, A.OFFER) == "offer.open"


def test_an_offer_needs_an_interview_to_be() -> None:
    assert set(allowed(A.OFFER, R.CLIENT)) == {S.ACCEPTED, S.PROPOSED, S.CANDIDACY}
    assert code(S.DIRECT, R.CLIENT, A.OFFER) == code(S.INVITED, R.CLIENT, A.OFFER) == "offer.no_interview"
    assert code(S.ENDED, R.SERVICE, A.OFFER) == "contract.already_started"
    assert code(S.ENDED, R.CLIENT, A.OFFER) == "offer.by_marketplace"


STARTS_FIRST = {"starts_at_ms": 50, "expires_at_ms": 100}
ENDS_FIRST = {"starts_at_ms": 150, "expires_at_ms": 100}


def test_the_start_date_of_an_offer_that_nobody_accepted_opens_the_gate() -> None:
    start = (S.OFFER, R.SYSTEM, A.START_CONTRACT)
    assert code(*start, Facts(now_ms=49, **STARTS_FIRST)) == "conflict", "it comes again"
    assert decide(*start, Facts(now_ms=50, **STARTS_FIRST)) == Transition(S.CONTRACT, emits=("policy.changed",))
    assert code(*start, Facts(now_ms=50)) == "wrong_state", "this offer has no start date"
    assert code(*start, Facts(now_ms=150, **ENDS_FIRST)) == "wrong_state", "it had expired before"


def test_of_a_start_date_and_a_deadline_the_sooner_one_holds() -> None:
    for role, action in ((R.FREELANCER, A.DECLINE_OFFER), (R.CLIENT, A.WITHDRAW_OFFER), (R.SYSTEM, A.EXPIRE_OFFER)):
        assert code(S.OFFER, role, action, Facts(now_ms=100, **STARTS_FIRST)) == "contract.already_started"
    assert code(S.OFFER, R.FREELANCER, A.ACCEPT_OFFER, Facts(now_ms=100, **ENDS_FIRST)) == "offer.expired"
    late = decide(S.OFFER, R.FREELANCER, A.ACCEPT_OFFER, Facts(now_ms=200, **STARTS_FIRST))
    assert isinstance(late, Transition), "it has started, whether they accept or not"
    assert isinstance(decide(S.OFFER, R.SYSTEM, A.EXPIRE_OFFER, Facts(now_ms=100, **ENDS_FIRST)), Transition)


def test_acceptance_of_an_offer_opens_the_gate() -> None:
    taken = decide(S.OFFER, R.FREELANCER, A.ACCEPT_OFFER)
    assert taken == Transition(S.CONTRACT, emits=("policy.changed",))


def test_service_starts_a_contract_anywhere_but_in_a_running_one() -> None:
    refused = set(STATES) - set(allowed(A.START_CONTRACT, R.SERVICE))
    assert refused == {S.CONTRACT, S.PAUSED}
    assert allowed(A.START_CONTRACT, R.SYSTEM, Facts(starts_at_ms=0)) == {S.OFFER: S.CONTRACT}
    assert code(S.CANDIDACY, R.CLIENT, A.START_CONTRACT) == "perm.service_only"
    assert code(S.PAUSED, R.SERVICE, A.START_CONTRACT) == "contract.already_started"


def test_only_the_service_moves_a_contract() -> None:
    assert allowed(A.PAUSE_CONTRACT, R.SERVICE) == {S.CONTRACT: S.PAUSED}
    assert allowed(A.RESUME_CONTRACT, R.SERVICE) == {S.PAUSED: S.CONTRACT}
    assert allowed(A.END_CONTRACT, R.SERVICE) == {S.CONTRACT: S.ENDED, S.PAUSED: S.ENDED}
    assert code(S.ENDED, R.SERVICE, A.PAUSE_CONTRACT) == "wrong_state"
    assert code(S.OFFER, R.SERVICE, A.PAUSE_CONTRACT) == "contract.none"


def test_closing_a_job_closes_every_thread_without_a_contract() -> None:
    closed = allowed(A.CLOSE_JOB, R.SERVICE)
    assert set(closed) == PRE_CONTRACT - {S.CLOSED}
    assert set(closed.values()) == {S.CLOSED}
    assert code(S.CONTRACT, R.SERVICE, A.CLOSE_JOB) == "contract.already_started"


def test_only_the_client_reopens() -> None:
    assert allowed(A.REOPEN, R.CLIENT) == {S.CLOSED: S.DIRECT}
    assert code(S.CLOSED, R.FREELANCER, A.REOPEN) == "perm.client_only"
    assert code(S.DIRECT, R.CLIENT, A.REOPEN) == "thread.not_closed"


def test_freelancer_asks_for_a_call_only_from_the_contract_on() -> None:
    assert set(allowed(A.REQUEST_CALL, R.FREELANCER)) == GATE_OPEN
    for state in PRE_CONTRACT - {S.CLOSED}:
        assert code(state, R.FREELANCER, A.REQUEST_CALL) == "call.client_only"
    assert set(allowed(A.REQUEST_CALL, R.CLIENT)) == {S.ACCEPTED, S.PROPOSED, *OPEN_TALK}
    assert code(S.INVITED, R.CLIENT, A.REQUEST_CALL) == "call.no_interview"
