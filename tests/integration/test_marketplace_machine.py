"""Everybody does anything, in any order, on a real hub: what may never be is nowhere, and both sides see the same.

A client, two freelancers, a stranger and the marketplace's backend act at random (`testkit.marketplace_scene`). After
each step every thread is read from both sides and held against its rules (`testkit.thread_rules`), the table and the
ledger.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
import uvloop
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

from testkit.hub import HubProcess
from testkit.marketplace_scene import ANSWERS, FREELANCERS, JOBS, MOVES, TEXTS, Scene

plain = st.sampled_from(TEXTS[:1] * 4 + TEXTS[1:])
freelancers = st.sampled_from(FREELANCERS)
jobs = st.sampled_from(JOBS[1:])
sides = st.booleans()
picks = st.integers(0, 10)
reasons = st.sampled_from(("budget", "other", "job_cancelled"))
Step = tuple[bool, int, str, str]
"""By the client, which of the things that are allowed, text, reason."""
choices = st.sampled_from((0, 0, 0, 1, 1, 2, 3, 4, 5))
steps_of_a_story = st.lists(st.tuples(sides, choices, plain, reasons), min_size=3, max_size=8)


class Marketplace(RuleBasedStateMachine):
    """Chooses what happens."""

    def __init__(self, hub: HubProcess) -> None:
        super().__init__()
        self.loop = uvloop.new_event_loop()
        self.scene = Scene(hub)
        self.do(self.scene.begin())

    def do(self, what: Coroutine[Any, Any, Any]) -> None:
        self.loop.run_until_complete(asyncio.wait_for(what, 60))

    def teardown(self) -> None:
        self.do(self.scene.end())
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()

    @initialize()
    def begin_with_two_conversations(self) -> None:
        self.do(self.scene.open("lena", "", TEXTS[0]))
        self.do(self.scene.invite("jonas", "logo", TEXTS[0]))

    @rule(how=st.sampled_from(("open", "invite", "propose")), who=freelancers, job=st.sampled_from(JOBS), body=plain)
    def begin(self, how: str, who: str, job: str, body: str) -> None:
        if how == "open":
            self.do(self.scene.open(who, job, body))
        else:
            self.do((self.scene.invite if how == "invite" else self.scene.propose)(who, job or JOBS[1], body))

    @rule(pick=picks, steps=steps_of_a_story)
    def go_on(self, pick: int, steps: list[Step]) -> None:
        self.do(self.scene.go_on(self.scene.pick(pick), steps))

    @rule(pick=picks, steps=steps_of_a_story)
    def go_further(self, pick: int, steps: list[Step]) -> None:
        self.do(self.scene.go_on(self.scene.pick(pick), steps))

    @rule(pick=picks, is_client=sides, verb=st.sampled_from(ANSWERS), note=plain, reason=reasons)
    def try_anything(self, pick: int, is_client: bool, verb: str, note: str, reason: str) -> None:
        self.do(self.scene.answer(self.scene.pick(pick), is_client, verb, note, reason))

    @rule(pick=picks, is_client=sides, body=plain, saw=sides, auto=st.sampled_from((False, False, True)))
    def send(self, pick: int, is_client: bool, body: str, saw: bool, auto: bool) -> None:
        self.do(self.scene.send(self.scene.pick(pick), is_client, body, saw=saw, auto=auto))

    @rule(
        pick=picks,
        is_client=sides,
        step=st.sampled_from(("me", "peer", "confirm", "share", "share", "refuse", "revoke")),
    )
    def ask_for_access(self, pick: int, is_client: bool, step: str) -> None:
        self.do(self.scene.step_of_access(self.scene.pick(pick), is_client, step))

    @rule(by=st.sampled_from(("maya", *FREELANCERS)), whom=freelancers)
    def block(self, by: str, whom: str) -> None:
        """Block somebody, or, so that people go on talking, lift the one block there is."""
        if self.scene.blocks:
            self.do(self.scene.block(*next(iter(self.scene.blocks)), on=False))
        else:
            self.do(self.scene.block(by, whom if by == "maya" else "maya", on=True))

    @rule(pick=picks, is_client=sides, what=st.sampled_from(("react", "archive", "bring_back", "read")))
    def keep(self, pick: int, is_client: bool, what: str) -> None:
        self.do(self.scene.keep(self.scene.pick(pick), is_client, what))

    @rule(pick=picks, move=st.sampled_from(tuple(MOVES)))
    def move(self, pick: int, move: str) -> None:
        self.do(self.scene.move(self.scene.pick(pick), move))

    @rule(job=jobs, is_open=sides, by=freelancers, amount=st.integers(-9, 9))
    def tell_of_jobs_and_money(self, job: str, is_open: bool, by: str, amount: int) -> None:
        if amount > 0:
            self.do(self.scene.buy(by, amount))
        else:
            self.do(self.scene.list_job(job, is_open))

    @precondition(lambda self: self.scene.done)
    @rule(pick=st.integers(0, 1_000), whom=freelancers, what=st.sampled_from(("intrude", "write cold", "repeat")))
    def do_what_changes_nothing(self, pick: int, whom: str, what: str) -> None:
        if what == "intrude":
            self.do(self.scene.intrude(self.scene.pick(pick)))
        else:
            self.do(self.scene.repeat(pick) if what == "repeat" else self.scene.write_cold(whom))

    @invariant()
    def both_sides_see_the_same_and_the_rules_hold(self) -> None:
        self.do(self.scene.check())


def run(hub: HubProcess, *, examples: int, steps: int) -> None:
    ignored = list(HealthCheck)
    chosen = settings(max_examples=examples, stateful_step_count=steps, suppress_health_check=ignored)
    run_state_machine_as_test(lambda: Marketplace(hub), settings=chosen)  # type: ignore[no-untyped-call]


def test_no_series_of_steps_breaks_a_rule_of_the_marketplace(hub: HubProcess) -> None:
    run(hub, examples=10, steps=20)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_long_series_of_steps_breaks_a_rule_of_the_marketplace(hub: HubProcess) -> None:
    run(hub, examples=80, steps=50)
