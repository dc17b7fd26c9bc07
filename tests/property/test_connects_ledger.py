"""Connects in a real store: whatever is retried, raced or done while clocks jump, the ledger adds up.

A random walk of refills, entries of the backend, proposals and refunds is compared with the model of
domain/connects.py; two nodes act, and the hub's clock jumps in both directions.
"""

import asyncio
import itertools
import os
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from greenroom_protocol.events import ProposalChanged, ThreadClosed
from greenroom_server.domain import connects as rules
from greenroom_server.domain.connects import Period, Purse
from greenroom_server.domain.ids import own_log, thread_id
from greenroom_server.store import keys
from greenroom_server.store.append import Charge, Committed, Elsewhere, Lacking, Rare
from greenroom_server.store.connect import StoreAddress
from greenroom_server.store.own_logs import OwnLogs
from greenroom_server.store.purses import Entered, Purses, Short
from testkit.store import HERE, StoreNode, Talk, now_ms, person, store_node
from testkit.valkey import real_valkey

DAY_MS = 86_400_000
FREE = 10
_numbers = itertools.count()
_address: list[StoreAddress] = []


@pytest.fixture(scope="module", autouse=True)
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with real_valkey(tmp_path_factory.mktemp("v")) as running:
        _address[:] = [running.address]
        yield


class Ledger(RuleBasedStateMachine):
    """One freelancer's Connects, changed through two nodes."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.connection = store_node(_address[0], "n1", (HERE,))
        self.node: StoreNode = self.run(self.connection.__aenter__())
        nodes = (self.node, self.node.other("n2"))
        self.purses = [Purses(each.committer, OwnLogs(each.committer, each.name)) for each in nodes]
        self.user = person(HERE)
        self.run(self.node.committer.call("HSET", keys.profile(HERE, self.user), "name", "Jonas"))
        self.model = Purse()
        self.known: dict[str, tuple[str, int]] = {}
        self.open: list[tuple[Talk, int, int]] = []
        self.clock_ms, self.day = now_ms(), 1

    def run(self, what: Any) -> Any:
        """Await something of the store's."""
        return self.runner.run(what)

    def teardown(self) -> None:
        """Disconnect."""
        self.run(self.connection.__aexit__(None, None, None))
        self.runner.close()

    @property
    def period(self) -> Period:
        """The period by the hub's clock."""
        return rules.period_of(self.clock_ms, self.day)

    def filled(self) -> Purse:
        """The model with the refill that is due."""
        return rules.refill(self.model, self.period, FREE, now_ms())

    def charge(self, kind: str, amount: int, key: str = "") -> Charge:
        """Make a charge as a hub does."""
        refill = (self.period.id, self.period.start_ms, FREE)
        return Charge(kind, amount, key, refill, self.period.next_refill_ms, own_log(self.user))

    @initialize(days=st.integers(-400, 0))
    def begin(self, days: int) -> None:
        self.clock_ms += days * DAY_MS

    @rule(days=st.sampled_from((-400, -31, -1, 1, 28, 31, 365)), day=st.integers(1, 28))
    def clock_jumps(self, days: int, day: int) -> None:
        self.clock_ms, self.day = self.clock_ms + days * DAY_MS, day

    @rule(node=st.integers(0, 1))
    def read(self, node: int) -> None:
        page = self.run(self.purses[node].page(self.user, self.period, FREE, None, 5))
        self.model = self.filled()
        assert page.balance == self.model.balance

    @rule(node=st.integers(0, 1), name=st.integers(0, 5), amount=st.integers(-15, 15).filter(bool))
    def backend_enters(self, node: int, name: int, amount: int) -> None:
        key = f"api {name}"
        entered = self.run(self.purses[node].enter(self.user, key, "correction", amount, self.period, FREE))
        if key in self.known:
            assert (entered.is_repeat, entered.entry.kind, entered.entry.amount) == (True, *self.known[key])
            return
        after = rules.enter(self.filled(), amount)
        if after is None:
            assert entered == Short(self.filled().balance), "and no refill is written either"
            return
        self.known[key], self.model = ("correction", amount), after
        assert (entered.is_repeat, entered.entry.balance) == (False, after.balance)

    @rule(cost=st.integers(1, 9), retried=st.booleans())
    def proposal_is_submitted(self, cost: int, retried: bool) -> None:
        talk = Talk(self.node, person(HERE), self.user, thread_id(self.user, os.urandom(8).hex()))
        what = talk.message(
            self.user, events=[ProposalChanged(by=self.user, change="submitted", body="x")], op="-",
            rare=Rare(ledger=self.charge("proposal", -cost)),
        )  # fmt: skip
        outcome = self.run(talk.open(what))
        after = rules.enter(self.filled(), -cost)
        if after is None:
            assert isinstance(outcome, Lacking), outcome
            assert outcome == (cost, self.filled().balance, self.period.next_refill_ms)
            assert self.run(self.node.committer.call("EXISTS", keys.head(HERE, talk.thread))) == 0
            return
        assert isinstance(outcome, Committed), outcome
        assert outcome.told is not None
        assert outcome.told.event.balance == after.balance  # type: ignore[attr-defined]  # it is a ConnectsChanged
        self.model = after
        self.open.append((talk, 1, cost))
        if retried:
            assert isinstance(self.run(talk.open(what)), Elsewhere)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), times=st.integers(1, 3))
    def job_closes(self, data: st.DataObject, times: int) -> None:
        talk, seq, cost = data.draw(st.sampled_from(self.open))
        key = f"refund {talk.thread}.{seq}"
        for _ in range(times):
            refund = Rare(ledger=Charge("refund", cost, key, (), 0, own_log(self.user)))
            what = talk.message("", events=[ThreadClosed(why="job_closed")], op="-", rare=refund)
            outcome = self.run(talk.append(msgspec.structs.replace(what, cid="", cid_ms=0)))
            assert isinstance(outcome, Committed), outcome
            assert (outcome.told is None) is (key in self.known)
            if key not in self.known:
                self.known[key] = ("refund", cost)
                after = rules.enter(self.model, cost)
                assert after is not None
                self.model = after

    @rule(amount=st.integers(1, 7), racers=st.integers(2, 6))
    def debits_race(self, amount: int, racers: int) -> None:
        async def race() -> list[Entered | Short | None]:
            return await asyncio.gather(*(
                self.purses[i % 2].enter(self.user, f"race {next(_numbers)}", "correction", -amount, self.period, FREE)
                for i in range(racers)
            ))  # fmt: skip

        won = sum(isinstance(each, Entered) for each in self.run(race()))
        assert won == min(racers, self.filled().balance // amount)
        for _ in range(won):
            after = rules.enter(self.filled(), -amount)
            assert after is not None
            self.model = after

    @invariant()
    def the_ledger_adds_up(self) -> None:
        held = self.run(self.purses[0].held(self.user))
        assert held.purse == self.model
        assert held.purse.free >= 0
        assert held.purse.kept >= 0
        stream = self.run(self.node.committer.call("XLEN", keys.purse_keys(self.user)[1]))
        page = self.run(self.purses[0].page(self.user, Period("", 0, 0), FREE, None, 1000))
        assert len(page.entries) == stream
        assert sum(entry.amount for entry in page.entries) == self.model.balance
        periods = [entry.key for entry in page.entries if entry.key.startswith("period ")]
        assert len(periods) == len(set(periods)), "no period is filled up twice"
        assert periods == sorted(periods, reverse=True), "a period never goes back"


def test_connects_never_go_below_zero_nor_count_anything_twice() -> None:
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        Ledger, settings=settings(max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=checks)
    )
