"""The bench: idle memory, then as much as the hub takes, then half of it for latency, then the count of losses.

Source: server/docs/performance.md.
"""

import asyncio
import gc
import os
import tempfile
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final, TypeVar

import uvloop

from greenroom_loadtest.hub_process import HubProcess
from greenroom_loadtest.ledger import Ledger
from greenroom_loadtest.machine import reference_ns
from greenroom_loadtest.report import Capacity, Latencies, Report
from greenroom_loadtest.user import BenchError, Run, VirtualUser
from greenroom_protocol.cid import make_cid
from greenroom_protocol.limits import DELIVERED_INTERVAL_S

_T = TypeVar("_T")
_CONNECTING_AT_ONCE: Final = 50
_STEP_TIMEOUT_S: Final = 60.0
_DRAIN_TIMEOUT_S: Final = 15.0
_QUIET_S: Final = 0.4
_QUIET_TIMEOUT_S: Final = 15.0
_TICK_S: Final = 0.001
_CHECKED_THREADS: Final = 20


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """How much load, how long."""

    pairs: int = 200
    """Clients, each with one freelancer and one thread; 1 to 4,000."""
    seconds: float = 10.0
    """Of each of the two windows that are measured."""
    idle_count: int = 2000
    """Further connections that only connect; 1 to 9,000."""
    warm_up_s: float = 2.0
    """Before each window, with the same load; not measured."""


def run_bench(options: BenchOptions) -> Report:
    """Start a hub, load it, end it.

    Raises:
        HubError: the hub did not start or refused the preparation.
        BenchError: the run broke off; its figures would mean nothing.
    """
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as folder, HubProcess(Path(folder)) as hub:
        hub.put_freelancers([_name(2 * pair + 1) for pair in range(options.pairs)])
        pinning = hub.pin()
        try:
            return uvloop.run(_Bench(hub, options).run(pinning))
        except BenchError as error:
            raise BenchError(f"{error}\n{hub.log_tail()}") from None


def _name(index: int) -> str:
    return f"freelancer{index // 2}" if index % 2 else f"client{index // 2}"


class _Bench:
    def __init__(self, hub: HubProcess, options: BenchOptions) -> None:
        self._hub = hub
        self._options = options

    async def run(self, pinning: str) -> Report:
        options = self._options
        cid = make_cid(time.time_ns() // 1_000_000, os.urandom(10))
        ledger = Ledger(cid[:24])
        self._load = load = Run(ledger, asyncio.get_running_loop().create_future())
        telling = asyncio.create_task(self._tell_delivered())
        try:
            await self._until(self._open_pairs(), "opening the threads")
            bytes_per_idle = await self._until(self._idle_memory(), "the idle connections")
            gc.collect()
            gc.freeze()
            gc.disable()
            reference_before_ns = reference_ns()
            capacity = await self._closed_loop()
            rate_per_s = max(1.0, capacity.messages_per_s / 2)
            measured = await self._open_loop(rate_per_s)
            references_ns = (reference_before_ns, reference_ns())
            gc.enable()
            checked = await self._until(self._check_logs(), "reading the logs")
        finally:
            telling.cancel()
            load.is_over = True
            for user in load.users:
                user.abort()
        ledger.audit()
        for user in load.users:
            user.audit()
        return Report(
            pairs=options.pairs,
            capacity=capacity,
            open_loop_per_s=rate_per_s,
            ack=Latencies(ledger.latencies_ms(ledger.acked_at, measured)),
            delivery=Latencies(ledger.latencies_ms(ledger.peer_at, measured)),
            lost=ledger.lost,
            duplicated=ledger.duplicated,
            reordered=ledger.reordered,
            bytes_per_idle_connection=bytes_per_idle,
            idle_count=options.idle_count,
            pinning=pinning,
            reference_ns=references_ns,
            checked_threads=checked,
            message_count=len(ledger),
            problems=ledger.problems,
        )

    # Connections

    async def _connect(self, run: Run, names: Sequence[tuple[int, str]]) -> list[VirtualUser]:
        """Connect users, a few at a time."""
        users: list[VirtualUser] = []
        for start in range(0, len(names), _CONNECTING_AT_ONCE):
            wave = names[start : start + _CONNECTING_AT_ONCE]
            users += await asyncio.gather(*(self._connect_one(run, index, name) for index, name in wave))
        return users

    async def _connect_one(self, run: Run, index: int, name: str) -> VirtualUser:
        token = self._hub.mint_token(name)
        loop = asyncio.get_running_loop()
        _, user = await loop.create_connection(lambda: VirtualUser(run, index, token), "127.0.0.1", self._hub.port)
        await user.connected
        return user

    async def _open_pairs(self) -> None:
        """Connect everybody and let each client write first."""
        count = 2 * self._options.pairs
        self._load.users = await self._connect(self._load, [(index, _name(index)) for index in range(count)])
        for client in self._load.users[::2]:
            client.open_thread(_name(client.index + 1))
        await asyncio.gather(*(user.opened for user in self._load.users))

    async def _idle_memory(self) -> float:
        """Give the bytes of hub memory that one more connection costs."""
        count = self._options.idle_count
        idle = Run(Ledger(""), self._load.failure)
        await self._until_quiet()
        before = self._hub.hub_bytes()
        users = await self._connect(idle, [(-1, f"idle{number}") for number in range(count)])
        await self._until_quiet()
        grown = self._hub.hub_bytes() - before
        idle.is_over = True
        for user in users:
            user.abort()
        await self._until_quiet()
        return grown / count

    async def _until_quiet(self) -> None:
        """Wait until the hub has nothing left to do."""
        deadline = time.monotonic() + _QUIET_TIMEOUT_S
        while time.monotonic() < deadline:
            before = self._hub.cpu().hub_s
            await asyncio.sleep(_QUIET_S)
            if self._hub.cpu().hub_s - before <= 0.05 * _QUIET_S:
                return

    async def _tell_delivered(self) -> None:
        """Do as clients must: acknowledge what arrived every five seconds, spread over the time."""
        slices = 100
        turn = 0
        while True:
            await asyncio.sleep(DELIVERED_INTERVAL_S / slices)
            for user in self._load.users[turn % slices :: slices]:
                user.tell_delivered(only_if_moved=True)
            turn += 1

    # Load

    async def _closed_loop(self) -> Capacity:
        """Keep one message of every user on its way; measure what gets through."""
        load, ledger = self._load, self._load.ledger
        load.is_closed_loop = True
        for user in load.users:
            user.send(time.monotonic())
        await self._pass(self._options.warm_up_s)
        started, count, cpu = time.monotonic(), ledger.acked_count, self._hub.cpu()
        await self._pass(self._options.seconds)
        capacity = Capacity(ledger.acked_count - count, time.monotonic() - started, self._hub.cpu().since(cpu))
        load.is_closed_loop = False
        await self._drain()
        return capacity

    async def _open_loop(self, rate_per_s: float) -> range:
        """Send on a fixed schedule, however late answers come; gives the numbers of the measured messages."""
        ledger = self._load.ledger
        users = list(self._load.users)
        Random(len(users)).shuffle(users)
        warm_up, count = (int(rate_per_s * s) for s in (self._options.warm_up_s, self._options.seconds))
        first = len(ledger.sender)
        interval_s = 1 / rate_per_s
        begin = time.monotonic()
        sent = 0
        while sent < warm_up + count:
            is_due = min(int((time.monotonic() - begin) * rate_per_s) + 1, warm_up + count)
            for turn in range(sent, is_due):
                users[turn % len(users)].send(begin + turn * interval_s)
            sent = is_due
            await self._pass(_TICK_S)
        await self._drain()
        return range(first + warm_up, first + sent)

    async def _drain(self) -> None:
        """Wait until everything was answered and delivered; what is missing after 15 s is counted as lost."""
        deadline = time.monotonic() + _DRAIN_TIMEOUT_S
        while not self._load.ledger.is_settled and time.monotonic() < deadline:
            await self._pass(0.01)

    async def _check_logs(self) -> int:
        """Compare what the store has of some threads with what was sent; gives how many."""
        ledger = self._load.ledger
        clients = self._load.users[::2]
        chosen = clients[:: max(1, len(clients) // _CHECKED_THREADS)][:_CHECKED_THREADS]
        for client in chosen:
            logged = await client.history()
            ledger.audit_thread(client.index, ((event.seq, event.cid, event.body) for event in logged if event.body))
        return len(chosen)

    # Failure

    async def _pass(self, seconds: float) -> None:
        """Let time pass, unless the run breaks off."""
        if self._load.failure.done():
            self._load.failure.result()
        await asyncio.sleep(seconds)

    async def _until(self, work: Awaitable[_T], what: str) -> _T:
        """Wait for a step, unless the run breaks off or it takes too long."""
        task = asyncio.ensure_future(work)
        waiting: list[asyncio.Future[Any]] = [task, self._load.failure]
        await asyncio.wait(waiting, timeout=_STEP_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        task.cancel()
        if self._load.failure.done():
            self._load.failure.result()
        raise BenchError(f"{what} took more than {_STEP_TIMEOUT_S:.0f} s")
