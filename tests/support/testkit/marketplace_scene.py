"""A small marketplace whose people do what they are told, and what must hold of it after every step.

A client, two freelancers and a stranger with a device each, and the backend. Nothing here chooses: a test does.
"""

from dataclasses import dataclass, field

import pytest

from greenroom_server.domain.thread_actions import Facts, ThreadAction, Transition, decide
from greenroom_server.domain.thread_state import ClosedWhy, Role, ThreadState
from greenroom_server.usecases.thread_policy import VERB_OF
from testkit.hub import HubProcess, Room, api, put
from testkit.interview import act, log_of, view
from testkit.thread_rules import GATE_OPEN, Reading, check_ledger, check_pushes
from testkit.wire import Frame, Wire, cid

FREELANCERS = ("jonas", "lena")
JOBS = ("", "logo")
ANSWERS = (
    *("invitation.accept", "invitation.decline", "invitation.withdraw", "invitation.ignore", "thread.reopen"),
    *("proposal.withdraw", "proposal.decline", "offer.send", "offer.accept", "offer.decline", "offer.withdraw"),
)
ONWARDS = (
    *("offer.accept", "invitation.accept", "proposal.submit", "invitation.send", "message.send", "offer.send"),
    *("thread.reopen", "offer.decline", "invitation.decline", "proposal.decline", "invitation.withdraw"),
    *("offer.withdraw", "proposal.withdraw", "invitation.ignore"),
)
"""What people may do, what leads on first."""
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
TOGETHER = {
    *("message.send", "invitation.send", "invitation.accept", "proposal.submit"),
    *("offer.send", "offer.accept", "thread.reopen"),
}
"""Commands that two people who are blocked do not have."""
MAY_FAIL = ("policy.", "connects.", "rate.", "access.", "job.", "offer.terms")
"""Refusals that are not about where the thread stands."""


@dataclass(slots=True)
class Known:
    """A thread as the machine has seen it."""

    client: str
    freelancer: str
    seq: int = 0
    n: int = 0
    read: dict[str, int] = field(default_factory=dict)
    archived: dict[str, bool] = field(default_factory=dict)


class Scene:
    """The people, the backend, and what is known of them."""

    def __init__(self, hub: HubProcess) -> None:
        self.room = Room(hub)
        self.wires = {name: Wire(self.room, name) for name in ("maya", *FREELANCERS, "eve")}
        self.threads: dict[str, Known] = {}
        self.blocks: set[tuple[str, str]] = set()
        self.closed_jobs: set[str] = set()
        self.bought = dict.fromkeys(FREELANCERS, 0)
        self.done: list[tuple[str, Frame, Frame]] = []
        """Who did what with which answer, for repeats."""

    async def begin(self) -> None:
        """Tell the hub of everybody and connect them."""
        await self.room.client("maya", *JOBS[1:])
        await self.room.client("eve")
        for name in FREELANCERS:
            await self.room.freelancer(name)
        for wire in self.wires.values():
            assert (await wire.open())["type"] == "connect"

    async def end(self) -> None:
        """Let everybody go."""
        for wire in self.wires.values():
            await wire.close()

    def pick(self, number: int) -> str:
        """Give one of the threads there are."""
        return list(self.threads)[number % len(self.threads)]

    def _who(self, thread: str, *, is_client: bool) -> str:
        known = self.threads[thread]
        return known.client if is_client else known.freelancer

    # --- what people do

    async def open(self, to: str, job: str, body: str) -> None:
        """Let the client write to a freelancer; `job` may be empty."""
        command = {"type": "thread.open", "freelancer": self.room.id(to), "cid": cid(), "body": body}
        await self._tell("maya", {**command, **({"job": self.room.id(job)} if job else {})})

    async def invite(self, to: str, job: str, body: str) -> None:
        """Let the client invite a freelancer."""
        command = {"type": "invitation.send", "freelancer": self.room.id(to), "job": self.room.id(job), "body": body}
        await self._tell("maya", {**command, "cid": cid()})

    async def propose(self, by: str, job: str, body: str) -> None:
        """Let a freelancer propose."""
        await self._tell(by, {"type": "proposal.submit", "job": self.room.id(job), "cid": cid(), "body": body})

    async def send(self, thread: str, is_client: bool, body: str, *, saw: bool, auto: bool) -> None:
        """Let one of the two write; `saw` what is there so far."""
        command = act("message.send", thread, body=body, auto=auto)
        await self._in(thread, is_client, {**command, **({"seen": self.threads[thread].n} if saw else {})})

    async def go_on(self, thread: str, steps: list[tuple[bool, int, str, str]]) -> None:
        """Do things that are allowed as the thread stands, so that stories go on and end.

        Args:
            thread: where.
            steps: for each whether the client acts, which of the things that are allowed, a text, a reason.
        """
        for is_client, choice, note, reason in steps:
            known, who = self.threads[thread], self._who(thread, is_client=is_client)
            actions = (await view(self.wires[who], thread))["policy"]["actions"]
            allowed = [verb for verb in ONWARDS if verb in actions]
            verb = allowed[choice % len(allowed)] if allowed else ""
            if verb == "invitation.send":
                await self.invite(known.freelancer, JOBS[1], note)
            elif verb == "proposal.submit":
                await self.propose(known.freelancer, JOBS[1], note)
            elif verb:
                await self.answer(thread, is_client, verb, note, reason)
            await self.check()

    async def answer(self, thread: str, is_client: bool, verb: str, note: str, reason: str) -> None:
        reason = "other" if verb == "invitation.decline" and reason == "job_cancelled" else reason
        fields: dict[str, Frame] = {
            "message.send": {"body": note},
            "invitation.accept": {"note": note},
            "invitation.decline": {"note": note, "reason": reason},
            "proposal.decline": {"note": note, "reason": reason},
            "offer.decline": {"note": note},
            "offer.send": {"terms": {"note": note}},
        }
        await self._in(thread, is_client, act(verb, thread, **fields.get(verb, {})))

    async def step_of_access(self, thread: str, is_client: bool, step: str) -> None:
        """Ask for access (`me` or `peer` is whose address it is), or take a step with the newest request."""
        who = self._who(thread, is_client=is_client)
        grants = (await view(self.wires[who], thread)).get("grants")
        if step in ("me", "peer"):
            purpose = "To see the repository."
            command = act("access.request", thread, holder=step, system="code_host", purpose=purpose)
            await self._in(thread, is_client, command)
        elif grants:
            email = {"email": EMAIL[who]} if step == "share" else {}
            await self._in(thread, is_client, act(f"access.{step}", thread, request=grants[-1]["request"], **email))

    async def block(self, by: str, peer: str, *, on: bool) -> None:
        """Block or unblock."""
        verb = "peer.block" if on else "peer.unblock"
        assert (await self.wires[by].ask({"type": verb, "user": self.room.id(peer)}))["type"] == verb
        (self.blocks.add if on else self.blocks.discard)((by, peer))

    async def keep(self, thread: str, is_client: bool, what: str) -> None:
        known, who = self.threads[thread], self._who(thread, is_client=is_client)
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

    async def move(self, thread: str, move: str) -> None:
        before = await view(self.wires["maya"], thread)
        expected = decide(ThreadState(before["state"]), Role.SERVICE, MOVES[move], _facts(before))
        if isinstance(expected, Transition):
            assert (await self.room.move(thread, move))["state"] == expected.to
        else:
            with pytest.raises(RuntimeError, match="409"):
                await self.room.move(thread, move)

    async def list_job(self, job: str, is_open: bool) -> None:
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

    async def buy(self, by: str, amount: int) -> None:
        """Let a freelancer buy Connects."""
        path = f"/api/v1/freelancers/{self.room.id(by)}/connects"
        await api(self.room.hub, "POST", path, {"kind": "purchase", "amount": amount, "key": cid()})
        self.bought[by] += amount

    # --- what must be refused, or change nothing

    async def intrude(self, thread: str) -> None:
        """Let the stranger try."""
        for command in (
            {"type": "thread.get", "thread": thread},
            {"type": "thread.history", "thread": thread},
            {"type": "thread.read", "thread": thread, "n": 1},
            {"type": "message.react", "thread": thread, "target": 1, "emoji": "👍"},
            act("message.send", thread, body="Hello?"),
            act("invitation.accept", thread),
            act("offer.accept", thread),
        ):
            assert (await self.wires["eve"].ask(command))["code"] == "not_found"

    async def write_cold(self, whom: str) -> None:
        """Let a freelancer write first."""
        command = {"type": "thread.open", "freelancer": self.room.id("maya"), "cid": cid(), "body": "Need a designer?"}
        assert (await self.wires[whom].ask(command))["code"] == "perm.client_only"

    async def repeat(self, number: int) -> None:
        """Send something again that was done before."""
        who, command, first = self.done[number % len(self.done)]
        again = await self.wires[who].ask(command)
        assert (again.get("seq"), again.get("at"), again.get("dup")) == (first["seq"], first["at"], True), again

    # --- how it is done

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

    async def check(self) -> None:
        """Check everything; again when the hub itself did something meanwhile, as hiding a contact in pieces."""
        for _ in range(5):
            try:
                return await self._check_once()
            except AssertionError:
                seqs = [(await view(self.wires[k.client], thread))["seq"] for thread, k in self.threads.items()]
                if seqs == [known.seq for known in self.threads.values()]:
                    raise
        raise AssertionError("it never comes to rest")

    async def _check_once(self) -> None:
        readings = {thread: await self._read(thread, known) for thread, known in self.threads.items()}
        pages = {name: await self.wires[name].ask({"type": "thread.list", "archived": None}) for name in self.wires}
        assert pages["eve"]["rows"] == []
        for thread, known in self.threads.items():
            for who in (known.client, known.freelancer):
                await self._check_head(who, thread, known, readings[thread], pages[who])
        for name in FREELANCERS:
            threads = [thread for thread, known in self.threads.items() if known.freelancer == name]
            spent = sum(readings[thread].spent for thread in threads)
            await check_ledger(self.wires[name], FREE + self.bought[name] - spent)
        for name in ("maya", *FREELANCERS):
            await check_pushes(self.wires[name], pages[name])

    async def _read(self, thread: str, known: Known) -> Reading:
        """Read a thread from both sides, and wait until its news are in both inboxes."""
        logs = [await log_of(self.wires[who], thread) for who in (known.client, known.freelancer)]
        assert logs[0] == logs[1], (logs[0][-1], logs[1][-1])
        reading = Reading(self.room.id(known.client), self.room.id(known.freelancer), CONTACTS)
        reading.read(logs[0])
        if reading.n > known.n:
            known.archived.clear()
        if len(logs[0]) > known.seq:
            known.seq, known.n = len(logs[0]), reading.n
            for who in (known.client, known.freelancer):
                await self.wires[who].until(
                    lambda push: push.get("thread") == thread and push.get("seq", 0) >= known.seq
                )
        return reading

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
        assert set(policy["actions"]) & set(VERB_OF.values()) - {"call.request"} == expected, (head, expected)
        assert policy["may_write"] is ("message.send" in expected)
        row = next(row for row in page["rows"] if row["thread"] == thread)
        assert (row["seq"], row["n"], row["state"]) == (known.seq, known.n, reading.state)
        assert row["n"] - row["read"] == known.n - known.read.get(who, 0), "unread"
        assert (row.get("archived_n", -1) >= row["n"]) is known.archived.get(who, False)


def _facts(head: Frame, reading: Reading | None = None) -> Facts:
    return Facts(
        why=ClosedWhy(head["why"]) if head["why"] else None,
        client_has_written=reading is None or reading.has_client_written or head["state"] != "direct",
    )
