"""``greenroom bench-store``: what each function of the store costs, alone, in the store's own CPU time.

An embedded store of its own with ``appendfsync always`` in a folder that is thrown away; calls leave in batches of 64
through the committer, as under load. Source: server/docs/performance.md.
"""

import argparse
import asyncio
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import uvloop

from greenroom_protocol.cid import make_cid
from greenroom_protocol.events import MessageSent
from greenroom_server.cli.output import EXIT_DONE, EXIT_FAILED, complain
from greenroom_server.domain.head import Head, Participant
from greenroom_server.domain.ids import PARTITION_COUNT, thread_id, thread_partition, user_partition
from greenroom_server.domain.relationship import Relationship
from greenroom_server.domain.thread_state import Role, ThreadState
from greenroom_server.store import epochs
from greenroom_server.store.committer import Committer
from greenroom_server.store.connect import StoreAddress, ordinary_client
from greenroom_server.store.embedded import EmbeddedOptions, EmbeddedValkey
from greenroom_server.store.errors import StoreUnfit
from greenroom_server.store.guarantee import StoreFacts, read_facts
from greenroom_server.store.inboxes import Inboxes
from greenroom_server.store.people import People
from greenroom_server.store.presence import PresenceStore
from greenroom_server.store.records import read_owed, write_participant
from greenroom_server.store.threads import Append, Committed, Outcome, Rare, Repeat, ThreadRef, Threads
from greenroom_server.store.timers import Timers

BATCH_CALLS: Final = 64
_THREADS: Final = 512
_BODY: Final = "That sounds good to me. Let us begin with the landing page and look at the dashboard after that. Thanks!"
_NODE: Final = "bench"

Call = Callable[[int], Awaitable[object]]
"""One call of a function, by its number."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``bench-store``."""
    parser = subparsers.add_parser("bench-store", help="time each function of the store alone")
    parser.add_argument("--rounds", type=int, default=100, choices=range(1, 10_001), metavar="N",
                        help=f"batches of {BATCH_CALLS} calls of each function (default 100)")  # fmt: skip
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    try:
        costs = uvloop.run(measure(arguments.rounds))
    except (StoreUnfit, OSError) as error:
        complain(f"The store cannot be measured: {error}.")
        return EXIT_FAILED
    print(f"{'store function':<34} us of store CPU per call, batches of {BATCH_CALLS}, appendfsync always")
    for name, cost_us in costs.items():
        print(f"{name:<34} {cost_us:8.1f}")
    return EXIT_DONE


async def measure(rounds: int) -> dict[str, float]:
    """Measure every function; gives microseconds of store CPU per call, by what was called.

    Raises:
        StoreUnfit: the embedded store did not start.
        OSError: this system does not tell the CPU time of another process.
    """
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as folder:
        async with _store(Path(folder)) as (embedded, bench):
            await bench.open_threads()
            costs: dict[str, float] = {}
            for name, call in bench.calls().items():
                assert embedded.pid is not None, "the store is up, or the calls would have failed"
                await asyncio.gather(*map(call, range(-BATCH_CALLS, 0)))
                before_s = _cpu_s(embedded.pid)
                for turn in range(rounds):
                    await asyncio.gather(*map(call, range(turn * BATCH_CALLS, (turn + 1) * BATCH_CALLS)))
                costs[name] = (_cpu_s(embedded.pid) - before_s) / (rounds * BATCH_CALLS) * 1e6
            return costs


@asynccontextmanager
async def _store(folder: Path) -> "AsyncIterator[tuple[EmbeddedValkey, _StoreBench]]":
    embedded = EmbeddedValkey(EmbeddedOptions(folder))
    await embedded.start()
    try:
        committer = Committer(embedded.address, on_connected=lambda: epochs.load_library(committer))
        await committer.start()
        try:
            facts = await _facts(embedded.address)
            yield embedded, _StoreBench(committer, facts, await epochs.confirm(committer, facts))
        finally:
            await committer.close()
    finally:
        await embedded.stop()


async def _facts(address: StoreAddress) -> StoreFacts:
    client = ordinary_client(address)
    try:
        return await read_facts(client)
    finally:
        await client.aclose()


def _cpu_s(pid: int) -> float:
    """Give the CPU time of all threads of a process, from the kernel's account in nanoseconds."""
    tasks = Path(f"/proc/{pid}/task")
    return sum(int((task / "schedstat").read_bytes().split()[0]) for task in tasks.iterdir()) / 1e9


@dataclass(slots=True)
class _Talk:
    """One pair and its thread."""

    client: str
    freelancer: str
    head: Head
    ref: ThreadRef
    last_cid: str = ""
    owed: list[tuple[str, str, bytes]] = field(default_factory=list)


class _StoreBench:
    """Calls of each function as the hub makes them, spread over many threads."""

    def __init__(self, committer: Committer, facts: StoreFacts, epoch_of: list[int]) -> None:
        self._committer = committer
        self._facts = facts
        self._epochs = epoch_of
        self._threads = Threads(committer, _NODE)
        self._inboxes = Inboxes(committer, _NODE)
        self._presence = PresenceStore(committer, _NODE)
        self._people = People(committer)
        self._timers = Timers(committer, _NODE)
        self._talks = [self._talk(number) for number in range(_THREADS)]
        self._loop = asyncio.get_running_loop()

    def calls(self) -> dict[str, Call]:
        """Give what is measured, in an order in which each finds what it needs."""
        inboxes, presence, timers = self._inboxes, self._presence, self._timers
        return {
            "attend (connect)": lambda i: presence.attend(self._at(i).client, "active", "phone", str(i)),
            "commit (a message)": self._commit,
            "commit, repeated cid": self._repeat,
            "touch (the other inbox)": self._touch,
            "commit + touch + settle, whole": self._whole,
            "settle (one entry)": self._settle,
            "open (a new thread)": self._open,
            "refuse (a bounce)": lambda i: self._answer(self._threads.refuse, i),
            "recall (a cid that is new)": lambda i: self._answer(self._threads.recall, i),
            "read (own read mark)": lambda i: inboxes.read(self._at(i).client, self._at(i).ref.thread, 2 + i // _THREADS),
            "receipt (marks of the head)": self._receipt,
            "changes (300 rows)": lambda _i: inboxes.changes("busy", 0, 300),
            "changes (nothing new)": lambda i: inboxes.changes(self._at(i).client, 10**9, 300),
            "top (50 rows)": lambda _i: inboxes.top("busy", None, 50),
            "watch": lambda i: presence.watch(self._at(i).freelancer, begins=i % 2 == 0),
            "forward (nobody elsewhere)": lambda i: presence.forward(self._at(i).client, b"{}"),
            "owed (nothing owed)": lambda i: inboxes.owed(i % PARTITION_COUNT, 10_000, 2_000, 100),
            "due (no deadline)": lambda i: timers.due(i % PARTITION_COUNT, 10_000, 100),
            "pair (flags)": lambda i: self._people_pair(i),
            "leave": lambda i: presence.leave(self._at(i).client),
        }  # fmt: skip

    async def open_threads(self) -> None:
        """Create the threads, and one inbox with many rows."""
        await asyncio.gather(*(self._create(talk) for talk in self._talks))
        owed = read_owed(self._talks[0].owed[0][2])
        rows = [self._loop.create_future() for _ in range(300)]
        for number, row in enumerate(rows):
            self._inboxes.touch("busy", f"t1_{number:016x}", owed, b"", row.set_result)
        await asyncio.gather(*rows)
