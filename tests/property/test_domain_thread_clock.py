"""A thread with a clock: whoever acts whenever, in whatever order, the marketplace's rules hold."""

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from greenroom_server.domain.head import Head
from greenroom_server.domain.offer import Offer
from greenroom_server.domain.relationship import Relationship
from greenroom_server.domain.thread_actions import Facts, ThreadAction, Transition, decide
from greenroom_server.domain.thread_state import GATE_OPEN, ClosedWhy, Role, ThreadState

A, S, R = ThreadAction, ThreadState, Role
INVITATION_MS, ENDLESS = 100, 10**9
ANSWERS = {(A.ACCEPT, R.FREELANCER), (A.DECLINE, R.FREELANCER), (A.WITHDRAW, R.CLIENT), (A.EXPIRE, R.SYSTEM)}
OFFER_ENDS = {A.ACCEPT_OFFER, A.DECLINE_OFFER, A.WITHDRAW_OFFER, A.EXPIRE_OFFER}


class ThreadWithClock(RuleBasedStateMachine):
    """One pair's thread; deadlines are judged when somebody acts, timers act whenever they like."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000
        self.state: ThreadState | None = None
        self.why: ClosedWhy | None = None
        self.expires_at = 0
        self.offer: Offer | None = None
        self.invitations = self.offers = 0
        self.answers: Counter[int] = Counter()
        self.offer_ends: Counter[int] = Counter()
        self.client_reached_out = self.has_contract = False

    def facts(self, *, is_auto: bool = False) -> Facts:
        if self.state is None:
            return Facts(is_auto=is_auto, now_ms=self.now)
        head = Head(
            "t1_x", "1", self.state, self.why, "maya", "jonas", "", "", 0, self.expires_at, {}, Relationship(), {},
            offer=self.offer,
        )  # fmt: skip
        return head.facts(self.now, is_auto=is_auto)

    @rule(ms=st.integers(1, 150))
    def wait(self, ms: int) -> None:
        self.now += ms

    @rule(
        pick=st.integers(0, 10_000),
        is_auto=st.booleans(),
        ends_in=st.integers(1, 200),
        starts_in=st.integers(-100, 200),
    )
    def act(self, pick: int, is_auto: bool, ends_in: int, starts_in: int) -> None:
        """Take one of the steps that are admitted now."""
        facts = self.facts(is_auto=is_auto)
        steps = [(action, role, decide(self.state, role, action, facts)) for action in A for role in R]
        admitted = [(action, role, result) for action, role, result in steps if isinstance(result, Transition)]
        action, role, result = admitted[pick % len(admitted)]
        self.check(action, role, facts)
        if action is A.INVITE:
            self.invitations += 1
            self.expires_at = self.now + INVITATION_MS
        if (action, role) in ANSWERS:
            self.answers[self.invitations] += 1
        if action is A.OFFER:
            self.offers += 1
            self.offer = Offer(
                sent_at=self.now, expires_at=self.now + ends_in, starts_at=self.now + starts_in if starts_in > 0 else 0
            )
        elif result.to is not S.OFFER:
            if self.state is S.OFFER:
                self.offer_ends[self.offers] += 1
            self.offer = None
        self.client_reached_out |= role is R.CLIENT and action in (A.SEND, A.REQUEST_CALL, A.OFFER, A.REOPEN)
        self.client_reached_out |= (action, role) == (A.OFFER, R.SERVICE)
        self.has_contract |= result.to is S.CONTRACT
        self.state, self.why = result.to, result.why

    def check(self, action: ThreadAction, role: Role, facts: Facts) -> None:
        """What an admitted action must have had before it."""
        ends, starts = facts.expires_at_ms or ENDLESS, facts.starts_at_ms or ENDLESS
        if action in (A.ACCEPT, A.DECLINE, A.WITHDRAW):
            assert self.state is S.INVITED
            assert self.now < ends
        if action is A.EXPIRE:
            assert self.now >= ends
        if action is A.ACCEPT_OFFER:
            assert self.now < ends or starts <= ends
        if action in OFFER_ENDS - {A.ACCEPT_OFFER}:
            assert self.now < starts or ends < starts, "the contract has started"
        if action is A.START_CONTRACT and role is R.SYSTEM:
            assert starts <= min(self.now, ends)
        if action is A.SEND and role is R.FREELANCER:
            assert self.client_reached_out or self.has_contract, "a cold message"
        if action is A.REQUEST_CALL:
            assert role in (R.CLIENT, R.FREELANCER)
            assert self.has_contract or (
                role is R.CLIENT and self.state in (S.ACCEPTED, S.PROPOSED, S.CANDIDACY, S.OFFER)
            )

    @invariant()
    def no_invitation_or_offer_ends_twice(self) -> None:
        assert not self.answers or max(self.answers.values()) == 1
        assert not self.offer_ends or max(self.offer_ends.values()) == 1

    @invariant()
    def the_gate_is_open_exactly_since_a_contract(self) -> None:
        assert (self.state in GATE_OPEN) == self.has_contract

    @invariant()
    def an_offer_is_there_exactly_in_its_state(self) -> None:
        assert (self.offer is not None) == (self.state is S.OFFER)


TestThreadWithClock = ThreadWithClock.TestCase
TestThreadWithClock.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
