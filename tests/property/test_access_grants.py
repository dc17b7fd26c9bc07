"""Access grants under any order of steps: no address without agreement, none too late, none too many, one end."""

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from greenroom_server.domain.access_grant import (
    ENDED,
    Grant,
    GrantAction,
    GrantState,
    Side,
    act,
    ask,
    bygone,
    places_free_at,
    side_of,
)
from greenroom_server.domain.access_policy import AccessGrantsPolicy
from greenroom_server.domain.policy import default_policy
from greenroom_server.domain.thread_state import Role

DAY = 86_400_000
STEPS = [action for action in GrantAction if action is not GrantAction.REQUEST]


class Grants(RuleBasedStateMachine):
    """The grants of one thread, and what anybody may remember of them."""

    def __init__(self) -> None:
        super().__init__()
        self.now_ms = 1_760_000_000_000
        self.grants: dict[int, Grant] = {}
        self.agreed_at: dict[int, int] = {}
        self.shared_at: dict[int, int] = {}
        self.ended: dict[int, GrantState] = {}
        self.asked_at: list[int] = []
        self.policy: AccessGrantsPolicy

    @initialize(mode=st.sampled_from(["counterparty_confirms", "moderator"]), per_thread=st.integers(1, 3))
    def begin(self, mode: str, per_thread: int) -> None:
        rules = default_policy().access_grants
        fields = {name: getattr(rules, name) for name in rules.__struct_fields__}
        self.policy = AccessGrantsPolicy(**{**fields, "mode": mode, "per_thread": per_thread, "max_uses": 2})

    @rule(role=st.sampled_from([Role.CLIENT, Role.FREELANCER]), side=st.sampled_from([Side.HOLDER, Side.COUNTERPARTY]))
    def request(self, role: Role, side: Side) -> None:
        if places_free_at(self.grants, self.policy, self.now_ms):
            return
        for request in bygone(self.grants, self.policy, self.now_ms):
            del self.grants[request]
        made = ask(side, role, "code_host", self.policy, self.now_ms)
        assert isinstance(made, Grant)
        number = len(self.asked_at) + 1
        self.asked_at.append(self.now_ms)
        self.grants[number] = replace(made, request=number)
        if made.state is GrantState.GRANTED:
            assert made.side_of(role) is Side.COUNTERPARTY
            assert self.policy.mode == "counterparty_confirms"
            self.agreed_at[number] = self.now_ms

    @rule(pick=st.integers(0, 50), action=st.sampled_from(STEPS), role=st.sampled_from(Role))
    def step(self, pick: int, action: GrantAction, role: Role) -> None:
        if not self.grants:
            return
        number = sorted(self.grants)[pick % len(self.grants)]
        before = self.grants[number]
        side = side_of(role, before.holder)
        after = act(before, action, side, self.policy, self.now_ms, address="hash" if action == "share" else "")
        if not isinstance(after, Grant):
            return
        assert before.state not in ENDED, "an end is final"
        self.grants[number] = after
        if action is GrantAction.CONFIRM:
            wanted = Side.MODERATOR if self.policy.mode == "moderator" else Side.COUNTERPARTY
            assert side is wanted
            self.agreed_at[number] = self.now_ms
        if action is GrantAction.SHARE:
            assert side is Side.HOLDER
            self.shared_at[number] = self.now_ms
        if after.state in ENDED:
            assert number not in self.ended
            self.ended[number] = after.state

    @rule(days=st.floats(0, 9))
    def wait(self, days: float) -> None:
        self.now_ms += int(days * DAY)

    @invariant()
    def nothing_is_shared_without_agreement_or_too_late(self) -> None:
        for number, at in self.shared_at.items():
            assert number in self.agreed_at
            assert 0 <= at - self.agreed_at[number] < self.policy.days * DAY

    @invariant()
    def nothing_is_covered_that_was_not_shared(self) -> None:
        for number, grant in self.grants.items():
            if grant.covers(self.policy, self.now_ms):
                assert number in self.shared_at
                assert number not in self.ended
                assert self.now_ms - self.agreed_at[number] < self.policy.days * DAY

    @invariant()
    def the_quota_holds_in_every_window(self) -> None:
        asked = self.asked_at
        for first, later in zip(asked, asked[self.policy.per_thread :] if asked else [], strict=False):
            assert later - first >= self.policy.per_thread_days * DAY


TestGrants = Grants.TestCase
TestGrants.settings = settings(max_examples=60, stateful_step_count=40)
