"""What a suspension means for the threads of a user: the others are told that this person cannot be contacted.

The user's own sockets are closed by `app/inbound.py`. Each thread's head is marked and its revision moves, so that a
decision on an older head is made again; marking may be repeated.
"""

import asyncio
from typing import Final

from greenroom_server.domain.ids import user_partition
from greenroom_server.store.audit import Audit
from greenroom_server.store.inboxes import Inboxes
from greenroom_server.store.safety import Safety
from greenroom_server.usecases.audit_trail import entry_of
from greenroom_server.usecases.heads import Heads

_PAGE: Final = 200


class Suspensions:
    """Marks the threads of suspended users."""

    def __init__(self, inboxes: Inboxes, safety: Safety, audit: Audit, heads: Heads) -> None:
        self._inboxes = inboxes
        self._safety = safety
        self._audit = audit
        self._heads = heads

    async def __call__(self, user: str, is_suspended: bool) -> None:
        """Mark all threads of a user, or clear the marks; done when this returns.

        Raises:
            StoreError: some threads are marked, some are not; repeat it.
        """
        kind = "user.suspended" if is_suspended else "user.restored"
        await self._audit.note(user_partition(user), entry_of(kind, "", user_id=user))
        done = 0
        while (mark := await self._mark_above(done, user, is_suspended)) > done:
            done = mark  # rows that moved up meanwhile are above it

    async def _mark_above(self, floor: int, user: str, is_suspended: bool) -> int:
        """Mark the threads whose rows are above a mark of the inbox; gives the inbox's mark when this began."""
        before: int | None = None
        newest = 0
        while True:
            page = await self._inboxes.top(user, before, _PAGE)
            newest = newest or page.mark
            threads = [thread for thread, row in page.rows if row.mark > floor]
            await asyncio.gather(
                *(self._safety.mark_suspended(thread, user, is_suspended=is_suspended) for thread in threads)
            )
            for thread in threads:
                self._heads.drop(thread)
            if not page.more or len(threads) < len(page.rows):
                return newest
            before = page.rows[-1][1].mark
