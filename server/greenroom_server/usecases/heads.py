"""Thread heads as this node knows them.

A commit made on a stale one does no harm, it compares the revision; but typing and marks are shown to whom the head
names. So a head that changed while it was read is read again, never kept.
"""

from collections import OrderedDict
from collections.abc import Callable
from itertools import count
from typing import Final, NamedTuple

from greenroom_server.domain.head import Head
from greenroom_server.store.errors import StoreError
from greenroom_server.store.thread_ref import ThreadRef
from greenroom_server.store.threads import Threads
from greenroom_server.telemetry.tasks import Tasks

CACHED_HEADS: Final = 20_000
READS: Final = 3
"""Times a head is read before one that keeps changing is given as it was, without being kept."""


class Loaded(NamedTuple):
    """A head and what its commits are made of."""

    head: Head
    ref: ThreadRef


class Heads:
    """A bounded cache of heads."""

    def __init__(self, threads: Threads, tasks: Tasks) -> None:
        self._threads = threads
        self.tasks = tasks
        self._cache: OrderedDict[str, Loaded] = OrderedDict()
        self._loading: dict[str, list[Callable[[Loaded | StoreError | None], None]]] = {}
        self._reading: dict[str, set[int]] = {}
        """Reads under way by thread, those that a change has made stale left out."""
        self._numbers = count()

    def cached(self, thread: str) -> Loaded | None:
        """Give a head that was read before; none while `load` is under way, so that who waits for it stays first."""
        return None if thread in self._loading else self._cache.get(thread)

    async def get(self, thread: str) -> Loaded | None:
        """Give a head, reading it if need be; None when there is no such thread."""
        return self._cache.get(thread) or await self.read(thread)

    async def read(self, thread: str) -> Loaded | None:
        """Read a head anew."""
        head: Head | None = None
        for _ in range(READS):
            number, reads = next(self._numbers), self._reading.setdefault(thread, set())
            reads.add(number)
            try:
                found = await self._threads.head(thread)
            finally:
                is_current = number in reads
                reads.discard(number)
                if not reads and self._reading.get(thread) is reads:
                    del self._reading[thread]
            if found is None:
                return None
            head = found[0]
            if is_current:
                return self._keep(head)
        return Loaded(head, self._threads.ref(head)) if head is not None else None

    def load(self, thread: str, done: Callable[[Loaded | StoreError | None], None]) -> None:
        """Read a head in the background; everybody who waits for it is called back in the order of asking."""
        waiting = self._loading.get(thread)
        if waiting is not None:
            waiting.append(done)
            return
        self._loading[thread] = [done]

        async def load() -> None:
            result: Loaded | StoreError | None
            try:
                result = await self.read(thread)
            except StoreError as error:
                result = error
            for waiter in self._loading.pop(thread):
                waiter(result)

        self.tasks.spawn(load(), "load head")

    def keep(self, head: Head) -> None:
        """Keep the head of a thread that was just created here."""
        self._keep(head)

    def drop(self, thread: str) -> None:
        """Forget a head that changed, also one that is being read."""
        self._cache.pop(thread, None)
        reads = self._reading.pop(thread, None)
        if reads is not None:
            reads.clear()

    def _keep(self, head: Head) -> Loaded:
        loaded = Loaded(head, self._threads.ref(head))
        self._cache[head.thread] = loaded
        self._cache.move_to_end(head.thread)
        if len(self._cache) > CACHED_HEADS:
            self._cache.popitem(last=False)
        return loaded
