"""Thread heads as this node knows them. A stale one does no harm: every commit compares the revision it was made on."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

from greenroom_server.domain.head import Head
from greenroom_server.store.errors import StoreError
from greenroom_server.store.thread_ref import ThreadRef
from greenroom_server.store.threads import Threads
from greenroom_server.telemetry.tasks import Tasks

CACHED_HEADS: Final = 20_000


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

    def cached(self, thread: str) -> Loaded | None:
        """Give a head that was read before; none while `load` is under way, so that who waits for it stays first."""
        return None if thread in self._loading else self._cache.get(thread)

    async def get(self, thread: str) -> Loaded | None:
        """Give a head, reading it if need be; None when there is no such thread."""
        return self._cache.get(thread) or await self.read(thread)

    async def read(self, thread: str) -> Loaded | None:
        """Read a head anew."""
        found = await self._threads.head(thread)
        if found is None:
            return None
        return self._keep(found[0])

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
        """Forget a head that changed."""
        self._cache.pop(thread, None)

    def _keep(self, head: Head) -> Loaded:
        loaded = Loaded(head, self._threads.ref(head))
        self._cache[head.thread] = loaded
        self._cache.move_to_end(head.thread)
        if len(self._cache) > CACHED_HEADS:
            self._cache.popitem(last=False)
        return loaded
