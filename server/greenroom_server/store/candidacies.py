"""What a list of candidacies is made of: rows of one inbox in some states, and what their heads add."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from greenroom_server.domain.ids import thread_partition
from greenroom_server.domain.thread_state import Role
from greenroom_server.store import keys
from greenroom_server.store.committer import Committer
from greenroom_server.store.library import library
from greenroom_server.store.records import InboxRow, read_inbox_row, unpack

_WRITERS = {"c": Role.CLIENT, "f": Role.FREELANCER}


class StatePage(NamedTuple):
    """Rows of an inbox, newest first."""

    rows: list[tuple[str, InboxRow]]
    before: int | None
    """Mark below which the next page begins; None: this was the last."""


class Glance(NamedTuple):
    """What a list shows of a thread besides its row."""

    client: str
    freelancer: str
    job: str
    title: str
    role: Role
    """Of the user who asks."""
    last_writer: Role | None
    """Side that sent the last message by hand."""


class Candidacies:
    """Candidacies of one store."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer
        self._page = library().function("candidacies")

    async def page(self, user: str, states: Sequence[str], before: int | None, limit: int) -> StatePage:
        """Read rows in some states below a mark: one call in the user's partition."""
        inbox, rows, _ = keys.inbox_keys(user)
        start = "+inf" if before is None else before
        next_mark, *flat = await self._committer.call("FCALL", self._page, 2, inbox, rows, start, limit, *states)
        pairs = iter(flat)
        found = [(thread.decode(), read_inbox_row(raw)) for thread, raw in zip(pairs, pairs, strict=True)]
        return StatePage(found, next_mark or None)

    async def glances(self, user: str, threads: Sequence[str]) -> list[Glance | None]:
        """Read what the heads of some threads add, all at once; None where this user is not in."""
        return await asyncio.gather(*(self._glance(user, thread) for thread in threads))

    async def _glance(self, user: str, thread: str) -> Glance | None:
        partition = thread_partition(thread)
        assert partition is not None, "ids in an inbox are well-formed"
        fields = ("client", "freelancer", "job", "title", "tail", f"user:{user}")
        client, freelancer, job, title, tail, place = await self._committer.call(
            "HMGET", keys.head(partition, thread), *fields
        )
        if client is None or place is None:
            return None
        role = Role(place.decode().partition(" ")[0])
        last_writer = _WRITERS.get(unpack(tail)[6])
        return Glance(
            client.decode(), freelancer.decode(), (job or b"").decode(), (title or b"").decode(), role, last_writer
        )
