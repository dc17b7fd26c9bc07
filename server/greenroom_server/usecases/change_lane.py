"""One partition's changes on their way to one follower: in order for each thread, each until it is done.

What fails is parked with everything of the same thread behind it, and tried again later; other threads go on. The
position moves over what is done without a hole, so after a crash some changes come again and none is lost.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from greenroom_server.store.change_log import ChangeLog, Pointer
from greenroom_server.store.errors import StoreError
from greenroom_server.telemetry.counters import Counters

LEASE_MS: Final = 6_000
BATCH: Final = 100
WINDOW: Final = 500
"""Entries in hand at most; behind a thread that stays parked, reading on stops there."""
_FIRST_DELAY_S: Final = 0.2
_LONGEST_DELAY_S: Final = 30.0


class Later(Exception):  # noqa: N818 - it is no error, it is an answer
    """A follower could not do its part now; the change is given again, and what follows it in its thread waits."""

    def __init__(self, delay_s: float | None = None) -> None:
        """``delay_s``: when to try again; None: a back-off with full jitter of at most 30 s."""
        super().__init__("later")
        self.delay_s = delay_s


class _Parked:
    """A thread whose oldest change waits."""

    __slots__ = ("attempts", "due_s", "pointers")

    def __init__(self, pointer: Pointer) -> None:
        self.pointers = deque((pointer,))
        self.attempts = 0
        self.due_s = 0.0

    def postpone(self, now_s: float, delay_s: float | None) -> None:
        if delay_s is None:
            most_s = min(_LONGEST_DELAY_S, _FIRST_DELAY_S * 2**self.attempts)
            delay_s = most_s * random.uniform(0.2, 1.0)
        self.attempts = min(self.attempts + 1, 16)
        self.due_s = now_s + delay_s


class Lane:
    """Follows one partition while this node holds it."""

    def __init__(
        self,
        log: ChangeLog,
        follower: str,
        partition: int,
        act: Callable[[Pointer], Awaitable[None]],
        counters: Counters,
    ) -> None:
        """``act`` raises `Later` or nothing."""
        self.partition = partition
        self.wake = asyncio.Event()
        """Set when there may be something new."""
        self.is_running = False
        """A task runs it; else `step` is called by hand."""
        self.handled = 0
        """Changes done."""
        self._log = log
        self._follower = follower
        self._act = act
        self._counters = counters
        self._loop = asyncio.get_running_loop()
        self._turn = asyncio.Lock()
        self._is_held = False
        self._position = ""
        self._read_to = ""
        self._held_at_s = 0.0
        self._done: dict[str, bool] = {}
        """What was read and lies behind the position, in order -> is it done."""
        self._parked: dict[str, _Parked] = {}

    async def run(self) -> None:
        """Go on until there is nothing left, another node took over, or the store fails."""
        try:
            while (delay_s := await self.step()) is not None:
                try:
                    async with asyncio.timeout(delay_s):
                        await self.wake.wait()
                except TimeoutError:
                    continue
        except StoreError:
            self._let_go()

    async def step(self) -> float | None:
        """Store the position, read on and do what is due; gives the seconds to wait, None when it is over.

        Raises:
            StoreError: the partition is read again from the stored position.
        """
        async with self._turn:
            return await self._step()

    async def _step(self) -> float | None:
        self.wake.clear()
        room = min(BATCH, WINDOW - len(self._done))
        pointers = await self._follow(room)
        if pointers is None or not (pointers or self._done):
            self._let_go()
            return None
        for pointer in pointers:
            self._done[pointer.id] = False
            self._read_to = pointer.id
        handled = self.handled
        await self._work(pointers)
        if not self._is_held or self.handled > handled or len(pointers) == BATCH:
            return 0.0
        return max(0.0, min(parked.due_s for parked in self._parked.values()) - self._loop.time())

    async def renew(self) -> None:
        """Keep the lock while a follower takes its time."""
        if self._is_held and self._loop.time() - self._held_at_s > LEASE_MS / 3000 and await self._follow(0) is None:
            self._is_held = False

    async def _follow(self, limit: int) -> list[Pointer] | None:
        while self._done:
            oldest, is_done = next(iter(self._done.items()))
            if not is_done:
                break
            del self._done[oldest]
            self._position = oldest
        taken = await self._log.follow(
            self.partition, self._follower, LEASE_MS, reached=self._position, after=self._read_to, limit=limit,
            keeps=bool(self._done) or limit == 0,
        )  # fmt: skip
        if taken is None:
            return None
        self._is_held, self._held_at_s = True, self._loop.time()
        self._position = self._position or taken.position
        self._counters.changes_dropped += taken.dropped
        return taken.pointers

    async def _work(self, pointers: list[Pointer]) -> None:
        now_s = self._loop.time()
        for key in [key for key, parked in self._parked.items() if parked.due_s <= now_s]:
            await self._work_off(key, self._parked[key])
        for pointer in pointers:
            parked = self._parked.get(pointer.key)
            if parked is not None:
                parked.pointers.append(pointer)
                continue
            parked = self._parked[pointer.key] = _Parked(pointer)
            await self._work_off(pointer.key, parked)

    async def _work_off(self, key: str, parked: _Parked) -> None:
        """Do a thread's changes in order, up to the first that has to wait."""
        while parked.pointers and self._is_held:
            pointer = parked.pointers[0]
            try:
                await self._act(pointer)
            except Later as later:
                parked.postpone(self._loop.time(), later.delay_s)
                return
            parked.pointers.popleft()
            parked.attempts = 0
            self._done[pointer.id] = True
            self.handled += 1
        if not parked.pointers:
            del self._parked[key]

    def _let_go(self) -> None:
        """Start anew from the stored position next time."""
        self._is_held = False
        self._position = self._read_to = ""
        self._done.clear()
        self._parked.clear()
