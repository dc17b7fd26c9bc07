"""Everybody does anything, in any order, on a real hub: what may never be is nowhere, and both sides see the same.

A client, two freelancers, a stranger and the marketplace's backend act at random. After each step every thread is
read from both sides and held against its rules (`testkit.thread_rules`), the table and the ledger.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvloop
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from greenroom_server.domain.thread_actions import Facts, ThreadAction, Transition, decide
from greenroom_server.domain.thread_state import ClosedWhy, Role, ThreadState
from greenroom_server.usecases.thread_policy import VERB_OF
from testkit.hub import HubProcess, Room, api, put
from testkit.interview import act, log_of, view
from testkit.thread_rules import GATE_OPEN, Reading
from testkit.wire import Frame, Wire, cid

FREELANCERS = ("jonas", "lena")
JOBS = ("", "logo", "shop")
EMAIL = {name: f"{name}@studio-{name}.de" for name in ("maya", *FREELANCERS)}
PHONE = "+49 151 23456789"
CONTACTS = (*EMAIL.values(), PHONE)
TEXTS = ("Hello there, how are you?", *(f"Write to {each}, please." for each in CONTACTS), "Can you pay me by PayPal?")
FREE = 60
MOVES = {
    "offer": ThreadAction.OFFER, "accept_offer": ThreadAction.ACCEPT_OFFER, "decline_offer": ThreadAction.DECLINE_OFFER,
    "start_contract": ThreadAction.START_CONTRACT, "pause_contract": ThreadAction.PAUSE_CONTRACT,
    "resume_contract": ThreadAction.RESUME_CONTRACT, "end_contract": ThreadAction.END_CONTRACT,
}  # fmt: skip
TOGETHER = {"message.send", "invitation.send", "invitation.accept", "proposal.submit", "offer.send", "offer.accept"} | {
    "thread.reopen"
}
"""Commands that two people who are blocked do not have."""
MAY_FAIL = ("policy.", "connects.", "rate.", "access.", "job.", "offer.terms")
"""Refusals that are not about where the thread stands."""

texts = st.sampled_from(TEXTS)
plain = st.sampled_from(TEXTS[:1] * 3 + TEXTS[1:])
freelancers = st.sampled_from(FREELANCERS)
sides = st.booleans()
picks = st.integers(0, 10)


@dataclass(slots=True)
class Known:
    """A thread as the machine has seen it."""

    client: str
    freelancer: str
    seq: int = 0
    n: int = 0
    read: dict[str, int] = field(default_factory=dict)
    archived: dict[str, bool] = field(default_factory=dict)


class Marketplace(RuleBasedStateMachine):
    """The people, the backend, and what must hold."""

    def __init__(self, hub: HubProcess) -> None:
        super().__init__()
        self.loop = uvloop.new_event_loop()
        self.room = Room(hub)
        self.wires = {name: Wire(self.room, name) for name in ("maya", *FREELANCERS, "eve")}
        self.threads: dict[str, Known] = {}
        self.blocks: set[tuple[str, str]] = set()
        self.closed_jobs: set[str] = set()
        self.bought = dict.fromkeys(FREELANCERS, 0)
        self.done: list[tuple[str, Frame, Frame]] = []
        self.do(self._begin())

    def do(self, what: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(asyncio.wait_for(what, 60))

    async def _begin(self) -> None:
        await self.room.client("maya", "logo", "shop")
        await self.room.client("eve")
        for name in FREELANCERS:
            await self.room.freelancer(name)
        for wire in self.wires.values():
            assert (await wire.open())["type"] == "connect"

    def teardown(self) -> None:
        self.do(self._end())
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()

    async def _end(self) -> None:
        for wire in self.wires.values():
            await wire.close()

    # --- what people do

    @rule(to=freelancers, job=st.sampled_from(JOBS), body=plain)
    def open(self, to: str, job: str, body: str) -> None:
        command = {"type": "thread.open", "freelancer": self.room.id(to), "cid": cid(), "body": body}
        self.do(self._tell("maya", {**command, **({"job": self.room.id(job)} if job else {})}))

    @rule(to=freelancers, job=st.sampled_from(JOBS[1:]), body=plain)
    def invite(self, to: str, job: str, body: str) -> None:
        command = {"type": "invitation.send", "freelancer": self.room.id(to), "job": self.room.id(job), "body": body}
        self.do(self._tell("maya", {**command, "cid": cid()}))

    @rule(by=freelancers, job=st.sampled_from(JOBS[1:]), body=plain)
    def propose(self, by: str, job: str, body: str) -> None:
        command = {"type": "proposal.submit", "job": self.room.id(job), "cid": cid(), "body": body}
        self.do(self._tell(by, command))

    @precondition(lambda self: self.threads)
    @rule(pick=picks, is_client=sides, body=plain, saw=sides, auto=st.sampled_from((False, False, True)))
    def send(self, pick: int, is_client: bool, body: str, saw: bool, auto: bool) -> None:
        thread, known = self._pick(pick)
        seen = {"seen": known.n} if saw else {}
        self.do(self._in(thread, is_client, act("message.send", thread, body=body, auto=auto, **seen)))

    @precondition(lambda self: self.threads)
    @rule(
        pick=picks,
        is_client=sides,
        verb=st.sampled_from(
            (
                *("invitation.accept", "invitation.decline", "invitation.withdraw", "invitation.ignore"),
                *("proposal.withdraw", "proposal.decline", "offer.accept", "offer.decline", "offer.withdraw"),
                *("thread.reopen", "offer.send"),
            )
        ),
        note=plain,
        reason=st.sampled_from(("budget", "other", "job_cancelled")),
    )
    def answer(self, pick: int, is_client: bool, verb: str, note: str, reason: str) -> None:
        thread, _ = self._pick(pick)
        reason = "other" if verb == "invitation.decline" and reason == "job_cancelled" else reason
        fields: Frame = {
            "invitation.accept": {"note": note},
            "invitation.decline": {"note": note, "reason": reason},
            "proposal.decline": {"note": note, "reason": reason},
            "offer.decline": {"note": note},
            "offer.send": {"terms": {"note": note}},
        }.get(verb, {})
        self.do(self._in(thread, is_client, act(verb, thread, **fields)))

    @precondition(lambda self: self.threads)
    @rule(pick=picks, is_client=sides, holder=st.sampled_from(("me", "peer")))
    def ask_for_access(self, pick: int, is_client: bool, holder: str) -> None:
        thread, _ = self._pick(pick)
        command = act("access.request", thread, holder=holder, system="code_host", purpose="To see the repository.")
        self.do(self._in(thread, is_client, command))

    @precondition(lambda self: self.threads)
    @rule(pick=picks, is_client=sides, step=st.sampled_from(("confirm", "share", "share", "refuse", "revoke")))
    def step_of_access(self, pick: int, is_client: bool, step: str) -> None:
        self.do(self._step_of_access(*self._pick(pick), is_client, step))

    async def _step_of_access(self, thread: str, known: Known, is_client: bool, step: str) -> None:
        who = known.client if is_client else known.freelancer
        grants = (await view(self.wires[who], thread)).get("grants")
        if grants:
            email = {"email": EMAIL[who]} if step == "share" else {}
            await self._in(thread, is_client, act(f"access.{step}", thread, request=grants[-1]["request"], **email))

    @rule(by=st.sampled_from(("maya", *FREELANCERS)), whom=freelancers, on=sides)
    def block(self, by: str, whom: str, on: bool) -> None:
        peer = whom if by == "maya" else "maya"
        if on and len(self.blocks) > 1:
            on = False  # or nobody would talk any more
        verb = "peer.block" if on else "peer.unblock"
        reply = self.do(self.wires[by].ask({"type": verb, "user": self.room.id(peer)}))
        assert reply["type"] == verb, reply
        (self.blocks.add if on else self.blocks.discard)((by, peer))

    @precondition(lambda self: self.threads)
    @rule(pick=picks, is_client=sides, what=st.sampled_from(("react", "archive", "bring_back", "read")))
    def keep(self, pick: int, is_client: bool, what: str) -> None:
        self.do(self._keep(*self._pick(pick), is_client, what))

    async def _keep(self, thread: str, known: Known, is_client: bool, what: str) -> None:
        who = known.client if is_client else known.freelancer
        if what == "react":
            await self._in(thread, is_client, {"type": "message.react", "thread": thread, "target": 1, "emoji": "👍"})
        elif what == "read":
            reply = await self.wires[who].ask({"type": "thread.read", "thread": thread, "n": known.n})
            assert reply["n"] == known.n
            known.read[who] = known.n
        else:
            command = {"type": "thread.archive", "thread": thread, "on": what == "archive"}
            assert (await self.wires[who].ask(command))["type"] == "thread.archive"
            known.archived[who] = what == "archive"

    # --- what the backend does

    @precondition(lambda self: self.threads)
    @rule(pick=picks, move=st.sampled_from(tuple(MOVES)))
    def move(self, pick: int, move: str) -> None:
        self.do(self._move(self._pick(pick)[0], move))

    async def _move(self, thread: str, move: str) -> None:
        before = await view(self.wires["maya"], thread)
        expected = decide(ThreadState(before["state"]), Role.SERVICE, MOVES[move], _facts(before))
        try:
            reply = await self.room.move(thread, move)
        except RuntimeError as refused:
            assert not isinstance(expected, Transition), (move, before["state"], refused)
        else:
            assert isinstance(expected, Transition)
            assert reply["state"] == expected.to

    @rule(job=st.sampled_from(JOBS[1:]), is_open=sides)
    def list_job(self, job: str, is_open: bool) -> None:
        self.do(self._list_job(job, is_open))

    async def _list_job(self, job: str, is_open: bool) -> None:
        maya, open_threads = self.wires["maya"], []
        for thread in self.threads:
            head = await view(maya, thread)
            if head["job"] == self.room.id(job) and head["state"] not in GATE_OPEN | {"closed"}:
                open_threads.append((thread, head["seq"]))
        body = {"client": self.room.id("maya"), "title": "A logo", "open": is_open}
        await put(self.room.hub, f"/api/v1/jobs/{self.room.id(job)}", body)
        (self.closed_jobs.discard if is_open else self.closed_jobs.add)(job)
        for thread, seq in () if is_open else open_threads:
            await maya.until(lambda push, t=thread, s=seq: push.get("thread") == t and push.get("seq", 0) > s)

    @rule(by=freelancers, amount=st.integers(1, 9))
    def buy(self, by: str, amount: int) -> None:
        path = f"/api/v1/freelancers/{self.room.id(by)}/connects"
        self.do(api(self.room.hub, "POST", path, {"kind": "purchase", "amount": amount, "key": cid()}))
        self.bought[by] += amount

    # --- what must be refused, or change nothing

    @precondition(lambda self: self.threads)
    @rule(pick=picks)
    def intrude(self, pick: int) -> None:
        thread, _ = self._pick(pick)
        for command in (
            {"type": "thread.get", "thread": thread},
            {"type": "thread.history", "thread": thread},
            {"type": "thread.read", "thread": thread, "n": 1},
            {"type": "message.react", "thread": thread, "target": 1, "emoji": "👍"},
            act("message.send", thread, body="Hello?"),
            act("invitation.accept", thread),
            act("offer.accept", thread),
        ):
            assert self.do(self.wires["eve"].ask(command))["code"] == "not_found"

    @rule(whom=freelancers)
    def write_cold(self, whom: str) -> None:
        command = {"type": "thread.open", "freelancer": self.room.id("maya"), "cid": cid(), "body": "Need a designer?"}
        assert self.do(self.wires[whom].ask(command))["code"] == "perm.client_only"

    @precondition(lambda self: self.done)
    @rule(pick=st.integers(0, 1_000))
    def repeat(self, pick: int) -> None:
        who, command, first = self.done[pick % len(self.done)]
        again = self.do(self.wires[who].ask(command))
        assert (again.get("seq"), again.get("at"), again.get("dup")) == (first["seq"], first["at"], True), again

    # --- how it is done

    def _pick(self, pick: int) -> tuple[str, Known]:
        thread = sorted(self.threads)[pick % len(self.threads)]
        return thread, self.threads[thread]

    def _are_apart(self, known: Known) -> bool:
        return any({known.client, known.freelancer} == set(pair) for pair in self.blocks)

    async def _in(self, thread: str, is_client: bool, command: Frame) -> None:
        """Let one of the two do something, and hold the answer against what `policy.actions` promised."""
        known = self.threads[thread]
        who = known.client if is_client else known.freelancer
        before = await view(self.wires[who], thread)
        reply = await self.wires[who].ask(command)
        verb, is_listed = command["type"], command["type"] in before["policy"]["actions"]
        if reply["type"] == "error":
            assert not is_listed or reply["code"].startswith(MAY_FAIL), (verb, before["state"], reply)
            return
        may = is_listed or verb in ("access.confirm", "access.share", "access.refuse", "access.revoke")
        assert may or (verb == "message.react" and before["policy"]["may_write"]), (verb, before["state"])
        assert not (self._are_apart(known) and verb in TOGETHER), (verb, reply)
        await self._took(who, thread, command, reply)

    async def _tell(self, who: str, command: Frame) -> None:
        """Let somebody begin something, perhaps in a thread of its own."""
        reply = await self.wires[who].ask(command)
        if reply["type"] == "error":
            return
        thread = reply["thread"]
        freelancer = who if who != "maya" else next(f for f in FREELANCERS if self.room.id(f) == command["freelancer"])
        known = self.threads.setdefault(thread, Known("maya", freelancer))
        assert not self._are_apart(known), reply
        assert command.get("job", "").rpartition("_")[0] not in {self.room.id(j) for j in self.closed_jobs}
        await self._took(who, thread, command, reply)

    async def _took(self, who: str, thread: str, command: Frame, reply: Frame) -> None:
        """Remember what was done, and what its author has read by it."""
        if "cid" in command and "seq" in reply:
            self.done.append((who, command, reply))
        if command["type"] == "invitation.ignore":
            self.threads[thread].archived[who] = True
        known, log = self.threads[thread], await log_of(self.wires[who], thread)
        own = next((event for event in log if event["seq"] == reply.get("seq")), None)
        if own is None or command.get("auto"):
            return
        read = max(known.read.get(who, 0), min(command.get("seen", -1), known.n))
        known.read[who] = own["n"] if own.get("n") and read == own["n"] - 1 else read

    # --- what must hold

    @invariant()
    def both_sides_see_the_same_and_the_rules_hold(self) -> None:
        self.do(self._check())

    async def _check(self) -> None:
        spent = dict.fromkeys(FREELANCERS, 0)
        lists = {name: await self.wires[name].ask({"type": "thread.list", "archived": None}) for name in self.wires}
        assert lists["eve"]["rows"] == []
        for thread, known in self.threads.items():
            logs = [await log_of(self.wires[who], thread) for who in (known.client, known.freelancer)]
            assert logs[0] == logs[1]
            ids = self.room.id(known.client), self.room.id(known.freelancer)
            reading = Reading(*ids, CONTACTS)
            reading.read(logs[0])
            spent[known.freelancer] += reading.spent
            if reading.n > known.n:
                known.archived.clear()
            known.seq, known.n = len(logs[0]), reading.n
            for who in (known.client, known.freelancer):
                await self._check_head(who, thread, known, reading, lists[who])
        for name in FREELANCERS:
            await self._check_ledger(name, spent[name])
        for name in ("maya", *FREELANCERS):
            await self._check_pushes(name, lists[name])

    async def _check_head(self, who: str, thread: str, known: Known, reading: Reading, page: Frame) -> None:
        head = await view(self.wires[who], thread)
        policy = head["policy"]
        assert (head["seq"], head["n"], head["state"]) == (known.seq, known.n, reading.state)
        is_open = reading.state in GATE_OPEN
        assert (head["gate_opened_at"] > 0, policy["contact"]) == (is_open, "allowed" if is_open else "blocked")
        role = Role.CLIENT if who == known.client else Role.FREELANCER
        expected = {
            verb
            for action, verb in VERB_OF.items()
            if action is not ThreadAction.REQUEST_CALL
            and isinstance(decide(ThreadState(head["state"]), role, action, _facts(head, reading)), Transition)
            and not (self._are_apart(known) and verb in TOGETHER)
        }
        assert set(policy["actions"]) & set(VERB_OF.values()) - {"call.request"} == expected, head["state"]
        assert policy["may_write"] is ("message.send" in expected)
        row = next(row for row in page["rows"] if row["thread"] == thread)
        assert (row["seq"], row["n"], row["state"]) == (known.seq, known.n, reading.state)
        assert row["n"] - row["read"] == known.n - known.read.get(who, 0), "unread"
        assert (row.get("archived_n", -1) >= row["n"]) is known.archived.get(who, False)

    async def _check_ledger(self, name: str, spent: int) -> None:
        page = await self.wires[name].ask({"type": "connects.get", "limit": 100})
        balance, entries = page["connects"]["balance"], page["entries"]
        assert balance == FREE + self.bought[name] - spent
        assert balance >= 0
        assert balance == sum(entry["amount"] for entry in entries)
        assert [e["entry"] for e in entries] == list(range(len(entries), 0, -1))

    async def _check_pushes(self, name: str, page: Frame) -> None:
        """What was pushed leads to the same inbox, without a hole."""
        wire = self.wires[name]
        if wire.mark < page["mark"]:
            await wire.until(lambda push: push["type"] == "inbox.changed" and push["mark"] >= page["mark"])
        marks = [push["mark"] for push in wire.pushes if push["type"] == "inbox.changed"]
        assert marks == sorted(set(marks))
        last = {push["thread"]: push for push in wire.pushes if push["type"] == "inbox.changed"}
        for row in page["rows"]:
            pushed = last[row["thread"]]
            assert all(pushed[name] == row[name] for name in ("mark", "seq", "n", "read", "state")), (pushed, row)


def _facts(head: Frame, reading: Reading | None = None) -> Facts:
    return Facts(
        why=ClosedWhy(head["why"]) if head["why"] else None,
        client_has_written=reading is None or reading.has_client_written or head["state"] != "direct",
    )


def _run(hub: HubProcess, *, examples: int, steps: int) -> None:
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    run_state_machine_as_test(lambda: Marketplace(hub), settings=chosen)  # type: ignore[no-untyped-call]


def test_no_series_of_steps_breaks_a_rule_of_the_marketplace(hub: HubProcess) -> None:
    _run(hub, examples=6, steps=25)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_long_series_of_steps_breaks_a_rule_of_the_marketplace(hub: HubProcess) -> None:
    _run(hub, examples=150, steps=60)
