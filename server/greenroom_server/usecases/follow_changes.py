"""Following changes: what happened in any thread, told at least once and in order to those who act on it.

A follower is known by a name, under which the store keeps how far it is. Each partition is read by one node at a
time. A follower that cannot act now (the store is away, a conflict) is asked again, and its thread waits for it; one
that breaks is logged, counted and passed over, so that a single bad entry stops nobody.

Source: server/docs/architecture.md, Data.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, NamedTuple

import msgspec
import structlog

from greenroom_protocol.events import AnyEvent
from greenroom_server.domain.head import Head
from greenroom_server.store.change_log import ChangeLog, Pointer
from greenroom_server.store.errors import StoreError
from greenroom_server.store.threads import Threads
from greenroom_server.telemetry.counters import Counters
from greenroom_server.usecases.change_lane import LEASE_MS, Lane, Later
from greenroom_server.usecases.heads import Heads
from greenroom_server.usecases.results import RefusedError

log = structlog.get_logger()

EVERY: Final = "*"
"""As a kind: all of them."""
LOOK_EVERY_S: Final = 1.0
"""For what other nodes wrote; a node hears of its own commits at once."""
ENROL_EVERY_S: Final = 3_600.0
AT_ONCE: Final = 16
"""Changes of one follower that are being acted on, over all partitions."""
UNREADABLE_MS: Final = 24 * 3_600_000
"""How long an event that this release cannot read waits for a hub of a newer one."""
_LATER: Final = frozenset({"unavailable", "uncertain", "conflict"})


class Change(NamedTuple):
    """Something happened in a thread."""

    partition: int
    entry: str
    """Id of the entry, `<store ms>-<n>`; the same whenever the change is told again."""
    thread: str
    kinds: tuple[str, ...]
    """What happened, besides messages: kinds of events, and `thread.opened`."""
    events: list[AnyEvent]
    """All events of the commit, messages included; what was erased since is missing."""
    head: Head
    """As it is now, which may be later than the change."""


class Note(NamedTuple):
    """Something happened that is no event of a thread."""

    partition: int
    entry: str
    kind: str
    subject: str
    """The user, job or thread it is about."""
    fields: dict[str, str | int]


class FollowChanges:
    """Tells changes to those who follow them; `run` is one task that the owner runs."""

    def __init__(
        self, name: str, changes: ChangeLog, threads: Threads, heads: Heads, counters: Counters,
        now_ms: Callable[[], int],
    ) -> None:  # fmt: skip
        """``name``: under which positions are kept; no two followers of a node have the same."""
        self.name = name
        self.lag_ms = 0
        """Age of the oldest change anywhere that this follower has not had, as of the last look."""
        self.gate: Callable[[int, str], None] = lambda _partition, _entry: None
        """Called before a change is read; raising `Later` spares that."""
        self._log = changes
        self._threads = threads
        self._heads = heads
        self._counters = counters
        self._now_ms = now_ms
        self._followers: list[tuple[frozenset[str], Callable[[Change], Awaitable[object]]]] = []
        self._note_followers: list[tuple[frozenset[str], Callable[[Note], Awaitable[object]]]] = []
        self._kinds: set[str] = set()
        self._lanes: dict[int, Lane] = {}
        self._progress: dict[tuple[int, str], int] = {}
        """Followers that have had an entry which waits for a later one of them."""
        self._nudged: set[int] = set()
        self._wake = asyncio.Event()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._enrolled_at_s = -ENROL_EVERY_S

    def on(self, kinds: Iterable[str], follow: Callable[[Change], Awaitable[object]]) -> None:
        """Say who acts on some kinds of events; it may be told twice and must judge by the state alone.

        Raising `Later`, a `StoreError`, or a `RefusedError` of ``unavailable``, ``uncertain`` or ``conflict`` asks to
        be told again; any other exception gives the change up.
        """
        self._followers.append((frozenset(kinds), follow))
        self._kinds.update(self._followers[-1][0])

    def on_notes(self, kinds: Iterable[str], follow: Callable[[Note], Awaitable[object]]) -> None:
        """The same for what is no event of a thread; see usecases/changes.py."""
        self._note_followers.append((frozenset(kinds), follow))
        self._kinds.update(self._note_followers[-1][0])

    def nudge(self, partition: int, kinds: str) -> None:
        """A change was just written here: look at once, if anybody follows it."""
        if EVERY in self._kinds or not self._kinds.isdisjoint(kinds.split(",")):
            self._nudged.add(partition)
            self._wake.set()

    async def run(self) -> None:
        """Follow for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._renew())
            while True:
                for partition in await self._look():
                    self._start(group, partition)
                await self._wait(group)

    async def run_once(self) -> int:
        """Do everything that is due now, in all partitions; gives how many changes were done.

        Raises:
            StoreError: some may have been done.
        """
        await self._enrol()
        partitions = {*await self._news(), *self._lanes}
        lanes = [self._lanes.setdefault(p, self._lane(p)) for p in partitions]
        before = sum(lane.handled for lane in lanes)
        await asyncio.gather(*(self._drain(lane) for lane in lanes))
        return sum(lane.handled for lane in lanes) - before

    async def _drain(self, lane: Lane) -> None:
        while (delay_s := await lane.step()) == 0:
            pass
        if delay_s is None and not lane.is_running:
            self._lanes.pop(lane.partition, None)

    async def _look(self) -> Iterable[int]:
        try:
            await self._enrol()
            return await self._news()
        except StoreError:
            log.warning("changes_postponed", follower=self.name)
            return ()

    async def _enrol(self) -> None:
        now_s = asyncio.get_running_loop().time()
        if now_s - self._enrolled_at_s >= ENROL_EVERY_S:
            await self._log.enrol(self.name)
            self._enrolled_at_s = now_s

    async def _news(self) -> Iterable[int]:
        found = await self._log.news(self.name)
        self.lag_ms = max(0, self._now_ms() - min(found.values())) if found else 0
        return found

    async def _wait(self, group: asyncio.TaskGroup) -> None:
        """Wait for the next look; meanwhile start where a nudge says so."""
        try:
            async with asyncio.timeout(LOOK_EVERY_S):
                while True:
                    await self._wake.wait()
                    self._wake.clear()
                    nudged, self._nudged = self._nudged, set()
                    for partition in nudged:
                        self._start(group, partition)
        except TimeoutError:
            return

    def _start(self, group: asyncio.TaskGroup, partition: int) -> None:
        lane = self._lanes.setdefault(partition, self._lane(partition))
        lane.wake.set()
        if lane.is_running:
            return
        lane.is_running = True

        async def run() -> None:
            try:
                await lane.run()
            finally:
                del self._lanes[partition]
                self._progress = {at: count for at, count in self._progress.items() if at[0] != partition}
                if lane.wake.is_set():  # nudged after its last look
                    self._nudged.add(partition)
                    self._wake.set()

        group.create_task(run())

    def _lane(self, partition: int) -> Lane:
        return Lane(self._log, self.name, partition, lambda pointer: self._act(partition, pointer), self._counters)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(LEASE_MS / 3000)
            for lane in list(self._lanes.values()):
                try:
                    await lane.renew()
                except StoreError:
                    continue  # the lane finds out by itself

    async def _act(self, partition: int, pointer: Pointer) -> None:
        async with self._slots:
            try:
                await self._tell(partition, pointer)
            except Later:
                raise
            except StoreError:
                raise Later from None
            except RefusedError as refused:
                if refused.refused.code in _LATER:
                    raise Later from None
                self._give_up(pointer, refused)
            except Exception as error:  # noqa: BLE001 - one bad entry must not stop those behind it
                self._give_up(pointer, error)
        self._progress.pop((partition, pointer.id), None)

    async def _tell(self, partition: int, pointer: Pointer) -> None:
        followers = self._note_followers if not pointer.thread else self._followers
        concerned = [follow for kinds, follow in followers if EVERY in kinds or not kinds.isdisjoint(pointer.kinds)]
        if not concerned:
            return
        self.gate(partition, pointer.id)
        told = await self._resolve(partition, pointer)
        at = (partition, pointer.id)
        for follow in concerned[self._progress.get(at, 0) :]:
            await follow(told)  # type: ignore[arg-type]  # both lists hold what their entries are told as
            self._progress[at] = self._progress.get(at, 0) + 1

    async def _resolve(self, partition: int, pointer: Pointer) -> Change | Note:
        if not pointer.thread:
            return Note(partition, pointer.id, pointer.kinds[0], pointer.subject, pointer.fields)
        count = pointer.last - pointer.first + 1
        try:
            events = await self._threads.events(pointer.thread, pointer.first - 1, pointer.last, count)
        except msgspec.ValidationError:
            if self._now_ms() - pointer.at > UNREADABLE_MS:
                raise
            raise Later from None
        loaded = await self._heads.read(pointer.thread)
        if loaded is None:
            raise LookupError("a change names a thread that is not there")
        return Change(partition, pointer.id, pointer.thread, pointer.kinds, events, loaded.head)

    def _give_up(self, pointer: Pointer, error: Exception) -> None:
        """Say where it broke, and nothing of what was told."""
        self._counters.changes_failed += 1
        where = traceback.extract_tb(error.__traceback__)[-1]
        code = error.refused.code if isinstance(error, RefusedError) else type(error).__name__
        place = f"{where.filename.rpartition('/')[2]}:{where.lineno}"
        log.error("change_given_up", follower=self.name, kinds=pointer.kinds, code=code, place=place)
