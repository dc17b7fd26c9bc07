"""``greenroom bench-store``: what each function of the store costs, alone, in the store's own CPU time.

An embedded store of its own with ``appendfsync always`` in a folder that is thrown away; calls leave in batches of 64
through the committer, as under load.

Source: server/docs/performance.md.
"""

import argparse
import asyncio
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import uvloop

from greenroom_protocol.cid import make_cid
from greenroom_protocol.events import MessageSent
from greenroom_server.cli.bench_connects import ConnectsCalls, paid
from greenroom_server.cli.logs import set_up_logging
from greenroom_server.cli.output import EXIT_DONE, EXIT_FAILED, complain
from greenroom_server.domain.head import Head, Participant
from greenroom_server.domain.ids import PARTITION_COUNT, thread_id
from greenroom_server.domain.relationship import Relationship
from greenroom_server.domain.thread_state import Role, ThreadState
from greenroom_server.store import epochs
from greenroom_server.store.append import Append, Committed, Rare, Repeat
from greenroom_server.store.committer import Committer
from greenroom_server.store.connect import ordinary_client
from greenroom_server.store.embedded import EmbeddedOptions, EmbeddedValkey
from greenroom_server.store.errors import StoreError, StoreUnfit
from greenroom_server.store.guarantee import read_facts
from greenroom_server.store.inboxes import Inboxes
from greenroom_server.store.people import People
from greenroom_server.store.presence import PresenceStore
from greenroom_server.store.records import Owed, read_owed, write_participant
from greenroom_server.store.thread_ref import ThreadRef
from greenroom_server.store.threads import Threads
from greenroom_server.store.timers import Timers

BATCH_CALLS: Final = 64
_TALKS: Final = 512
_NODE: Final = "bench"
_HASH: Final = "0123456789abcdef"
_BODY: Final = (
    "That sounds good to me. Let us begin with the landing page and look at the dashboard after that. "
    "Filed under amber canyon river."
)
_BUSY: Final = "busy"
"""A user with an inbox of 300 rows."""

Call = Callable[[int], Awaitable[object]]
"""One call of a function, by its number from 0; the calls of a batch meet 64 different threads."""


@dataclass(frozen=True, slots=True)
class _Step:
    """A function to measure."""

    call: Call
    before: Call | None = None
    """Not measured: makes what a call finds."""
    after: Call | None = None
    """Not measured: tidies up what a call left."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``bench-store``."""
    parser = subparsers.add_parser(
        "bench-store",
        help="time each function of the store alone",
        description="Start an embedded store of its own and time each of its functions, in the store's CPU time.",
    )
    parser.add_argument(
        "--rounds", type=_rounds, default=50, help=f"batches of {BATCH_CALLS} calls of each function (default 50)"
    )
    parser.set_defaults(run=_run)


def _rounds(text: str) -> int:
    rounds = int(text)
    if not 1 <= rounds <= 10_000:
        raise argparse.ArgumentTypeError("must be from 1 to 10000")
    return rounds


def _run(arguments: argparse.Namespace) -> int:
    set_up_logging("warning", "console")
    try:
        costs = uvloop.run(measure(arguments.rounds))
    except (StoreUnfit, StoreError, OSError) as error:
        complain(f"The store could not be measured: {error}.")
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_FAILED
    print(f"{'store function':<36} us of store CPU per call; batches of {BATCH_CALLS}, appendfsync always")
    for name, cost_us in costs.items():
        print(f"{name:<36} {cost_us:6.1f}")
    return EXIT_DONE


async def measure(rounds: int) -> dict[str, float]:
    """Measure every function; gives microseconds of store CPU per call, by what was called.

    Raises:
        StoreUnfit: the embedded store did not start.
        StoreError: a call failed.
        OSError: this system does not tell the CPU time of another process.
    """
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as folder:
        async with _store(Path(folder)) as (embedded, calls):
            await calls.prepare()
            return {name: await _cost_us(embedded, step, rounds) for name, step in calls.steps().items()}


async def _cost_us(embedded: EmbeddedValkey, step: _Step, rounds: int) -> float:
    used_s = 0.0
    for turn in range(-1, rounds):  # the first batch warms up
        numbers = range(turn * BATCH_CALLS, (turn + 1) * BATCH_CALLS)
        if step.before is not None:
            await asyncio.gather(*map(step.before, numbers))
        started_s = _cpu_s(embedded)
        await asyncio.gather(*map(step.call, numbers))
        if turn >= 0:
            used_s += _cpu_s(embedded) - started_s
        if step.after is not None:
            await asyncio.gather(*map(step.after, numbers))
    return used_s / (rounds * BATCH_CALLS) * 1e6


def _cpu_s(embedded: EmbeddedValkey) -> float:
    """Give the CPU time of the store's threads, from the kernel's account in nanoseconds."""
    tasks = Path(f"/proc/{embedded.pid}/task").iterdir()
    return sum(int((task / "schedstat").read_bytes().split()[0]) for task in tasks) / 1e9


@asynccontextmanager
async def _store(folder: Path) -> "AsyncIterator[tuple[EmbeddedValkey, _Calls]]":
    embedded = EmbeddedValkey(EmbeddedOptions(folder))
    await embedded.start()
    try:
        committer = Committer(embedded.address, on_connected=lambda: epochs.load_library(committer))
        await committer.start()
        try:
            client = ordinary_client(embedded.address)
            facts = await read_facts(client)
            await client.aclose()
            yield embedded, _Calls(committer, await epochs.confirm(committer, facts))
        finally:
            await committer.close()
    finally:
        await embedded.stop()


@dataclass(slots=True)
class _Talk:
    """One pair and its thread."""

    head: Head
    ref: ThreadRef
    last: Append | None = None
    """The message sent last."""
    owed: tuple[tuple[str, bytes], ...] = ()
    """Users in other partitions and their dirty values, from the last message."""


class _Calls:
    """Each function as the hub calls it, spread over many threads."""

    def __init__(self, committer: Committer, epoch_of: list[int]) -> None:
        """``epoch_of`` gives the epoch of each partition."""
        self._committer = committer
        self._epochs = epoch_of
        self._loop = asyncio.get_running_loop()
        self._threads = Threads(committer, _NODE)
        self._inboxes = Inboxes(committer, _NODE)
        self._presence = PresenceStore(committer, _NODE)
        self._people = People(committer)
        self._timers = Timers(committer, _NODE)
        self._connects = ConnectsCalls(committer, _NODE, _BUSY)
        self._new: dict[int, _Talk] = {}
        self._talks = [self._talk(f"client{number}", f"freelancer{number}") for number in range(_TALKS)]

    def steps(self) -> dict[str, _Step]:
        """Give what is measured, in an order in which each finds what it needs."""
        at, inboxes, presence, people = self._at, self._inboxes, self._presence, self._people
        return {
            "bare XADD, for comparison": _Step(lambda _: self._committer.call("XADD", "bare", "*", "e", _BODY)),
            "attend: a user connects": _Step(lambda i: presence.attend(at(i).head.client, "active", "phone", str(i))),
            "open: a thread and its message": _Step(self._open_new, after=self._settle_new),
            "open: a proposal that is paid for": _Step(self._propose, after=self._settle_new),
            "commit: a message": _Step(self._commit, after=self._settle),
            "commit: a message of a program": _Step(self._commit_auto, after=self._settle),
            "commit: a cid that was answered": _Step(self._repeat),
            "touch: the inbox elsewhere": _Step(self._touch, before=self._commit, after=self._settle),
            "settle: one entry": _Step(self._settle, before=self._commit),
            "commit, touch and settle": _Step(self._whole),
            "recall: a new cid": _Step(lambda i: self._answer(self._threads.recall, i)),
            "refuse: a bounce": _Step(lambda i: self._answer(self._threads.refuse, i, "", b"")),
            "read: one's own read mark": _Step(self._read),
            "receipt: marks in the head": _Step(self._receipt),
            "personal: a thread is muted": _Step(
                lambda i: inboxes.personal(at(i).head.client, at(i).head.thread, "muted", i)
            ),
            "changes: nothing new": _Step(lambda i: inboxes.changes(at(i).head.client, 10**9, 300)),
            "changes: 300 rows": _Step(lambda _: inboxes.changes(_BUSY, 0, 300)),
            "top: 50 rows": _Step(lambda _: inboxes.top(_BUSY, None, 50)),
            **{name: _Step(call) for name, call in self._connects.calls().items()},
            "watch: a user's presence": _Step(lambda i: presence.watch(at(i).head.freelancer, begins=i % 2 == 0)),
            "forward: to no other node": _Step(lambda i: presence.forward(at(i).head.client, b"{}")),
            "owed: nothing": _Step(lambda i: inboxes.owed(i % PARTITION_COUNT, 10_000, 2_000, 100)),
            "due: nothing": _Step(lambda i: self._timers.due(i % PARTITION_COUNT, 10_000, 100)),
            "lapse: nothing": _Step(lambda i: self._timers.drop(i % PARTITION_COUNT, f"none {i}")),
            "pair: flags": _Step(
                lambda i: people.save_pair(at(i).head.client, at(i).head.freelancer, i // _TALKS, Relationship())
            ),
            "leave: a user is gone": _Step(lambda i: presence.leave(at(i).head.client)),
        }

    async def prepare(self) -> None:
        """Create the threads, and an inbox with many rows."""
        await self._connects.prepare()
        await asyncio.gather(*map(self._open, self._talks))
        await asyncio.gather(*map(self._touch, range(_TALKS)))
        await asyncio.gather(*map(self._settle, range(_TALKS)))
        owed = Owed(self._epochs[1], 9, 9, "direct", 1, 0, 0)
        for number in range(300):
            await self._asked(self._inboxes.touch, _BUSY, f"t1_{number:016x}", owed, b"")

    def _at(self, number: int) -> _Talk:
        return self._talks[number % _TALKS]

    async def _asked(self, start: Callable[..., None], *args: Any) -> Any:
        """Call a function that gives its result to a callback, its last argument; gives the result."""
        result = self._loop.create_future()
        start(*args, result.set_result)
        answer = await result
        if isinstance(answer, StoreError):
            raise answer
        return answer

    def _talk(self, client: str, freelancer: str) -> _Talk:
        people = ((client, Role.CLIENT), (freelancer, Role.FREELANCER))
        head = Head(
            thread=thread_id(freelancer, secrets.token_hex(8)),
            rev="1",
            state=ThreadState.DIRECT,
            why=None,
            client=client,
            freelancer=freelancer,
            job="",
            title="",
            gate_opened_at=0,
            expires_at=0,
            participants={user: Participant(user, role) for user, role in people},
            relationship=Relationship(),
            bounces={},
        )
        return _Talk(head, self._threads.ref(head))

    def _message(self, talk: _Talk, actor: str, op: str, *, rare: Rare | None = None) -> Append:
        now_ms = time.time_ns() // 1_000_000
        cid = make_cid(now_ms, secrets.token_bytes(10))
        event = MessageSent(by=actor, cid=cid, body=_BODY)
        talk.last = Append(
            events=[event], actor=actor, cid=cid, cid_ms=now_ms, body_hash=_HASH, op=op, state="direct", rare=rare
        )
        return talk.last

    # Threads

    async def _open_new(self, number: int) -> None:
        talk = self._new[number] = self._talk(f"other{number + BATCH_CALLS}", self._at(number).head.freelancer)
        await self._open(talk)

    async def _propose(self, number: int) -> None:
        talk = self._new[number] = self._talk(f"owner{number + BATCH_CALLS}", self._at(number).head.freelancer)
        await self._open(talk, paid(talk.head.freelancer))

    async def _settle_new(self, number: int) -> None:
        await self._settle_talk(self._new.pop(number))

    async def _open(self, talk: _Talk, rare: Rare | None = None) -> None:
        head = talk.head
        fields: dict[str, str | int] = {"state": "direct", "client": head.client, "freelancer": head.freelancer}
        for participant in head.participants.values():
            fields[f"user:{participant.user}"] = write_participant(participant)
        message = self._message(talk, head.client, "c1", rare=rare or Rare())
        epoch = self._epochs[talk.ref.partition]
        self._keep(talk, await self._asked(self._threads.open, talk.ref, epoch, 0, fields, "", message))

    async def _commit(self, number: int) -> None:
        """Send a message, the client's and the freelancer's in turn."""
        talk = self._at(number)
        is_client = number // _TALKS % 2 == 1
        actor, op = (talk.head.client, "c1") if is_client else (talk.head.freelancer, "f")
        await self._append(talk, self._message(talk, actor, op))

    async def _commit_auto(self, number: int) -> None:
        """Send a message that means nothing for response speed."""
        talk = self._at(number)
        await self._append(talk, self._message(talk, talk.head.freelancer, "a"))

    async def _append(self, talk: _Talk, message: Append) -> None:
        epoch = self._epochs[talk.ref.partition]
        self._keep(talk, await self._asked(self._threads.append, talk.ref, talk.head, epoch, message))

    def _keep(self, talk: _Talk, outcome: object) -> None:
        assert isinstance(outcome, Committed), f"nothing else writes here, got {outcome!r}"
        talk.owed = tuple(outcome.owed)

    async def _repeat(self, number: int) -> None:
        """Send the last message of a thread again."""
        talk = self._at(number)
        assert talk.last is not None, "every thread was opened with one"
        epoch = self._epochs[talk.ref.partition]
        outcome = await self._asked(self._threads.append, talk.ref, talk.head, epoch, talk.last)
        assert isinstance(outcome, Repeat), f"it was sent before, got {outcome!r}"

    async def _touch(self, number: int) -> None:
        talk = self._at(number)
        for user, value in talk.owed:
            await self._asked(self._inboxes.touch, user, talk.head.thread, read_owed(value), b"")

    async def _settle(self, number: int) -> None:
        await self._settle_talk(self._at(number))

    async def _settle_talk(self, talk: _Talk) -> None:
        done = [(user, talk.head.thread, value) for user, value in talk.owed]
        talk.owed = ()
        if done:
            await self._asked(self._inboxes.settle, talk.ref.partition, done)

    async def _whole(self, number: int) -> None:
        await self._commit(number)
        await self._touch(number)
        await self._settle(number)

    async def _answer(self, start: Callable[..., None], number: int, *extra: str | bytes) -> None:
        """Ask about a cid that is new."""
        head, now_ms = self._at(number).head, time.time_ns() // 1_000_000
        cid = make_cid(now_ms, secrets.token_bytes(10))
        await self._asked(start, head.thread, head.client, cid, now_ms, _HASH, *extra)

    # Marks

    async def _read(self, number: int) -> None:
        head = self._at(number).head
        await self._inboxes.read(head.client, head.thread, 2 + number // _TALKS)

    async def _receipt(self, number: int) -> None:
        talk, n = self._at(number), 2 + number // _TALKS
        await self._inboxes.receipt(talk.ref.partition, talk.head.thread, talk.head.client, n, n)
