"""Quotas: what one client may begin within any 24 hours, and whether they may begin anything at all.

Source: protocol/spec/directory.md, Quotas.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Literal

from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.store.people import People
from greenroom_server.store.places import Places
from greenroom_server.usecases.results import Refused, RefusedError

What = Literal["new_threads", "invitations"]
_UNKNOWN: Final = frozenset({"uncertain"})
"""After these it may have happened: the place stays taken, and a retry of the same cid needs no other."""


@dataclass(slots=True)
class Held:
    """A place that is held while something is tried."""

    is_used: bool = False
    """Set it when the place was needed; else it is given back."""


class Quotas:
    """Counts what clients begin, the same on every node."""

    def __init__(self, store: Places, people: People, policy: MarketplacePolicy) -> None:
        self._store = store
        self._people = people
        self._is_required = policy.clients.require_verified
        self._limits: dict[What, int] = {
            "new_threads": policy.new_threads_per_day,
            "invitations": policy.clients.invitations_per_day,
        }

    async def admit(self, client: str) -> None:
        """Refuse a client whom the marketplace has not verified, where it asks for that."""
        if self._is_required:
            account = await self._people.account(client)
            if account is None or not account.is_verified:
                raise RefusedError(Refused("perm.unverified"))

    @asynccontextmanager
    async def place(self, what: What, user: str, cid: str) -> AsyncIterator[Held]:
        """Hold a place of a quota; a retry of the same cid has the one it took before.

        Raises:
            RefusedError: `rate.<what>`, with the time until a place is free.
        """
        taken = await self._store.take(user, what, cid, self._limits[what])
        if taken.full_for_ms:
            raise RefusedError(Refused(f"rate.{what}", taken.full_for_ms))
        held = Held()
        try:
            yield held
        except RefusedError as refused:
            if taken.is_new and refused.refused.code not in _UNKNOWN:
                await self._store.give_back(user, what, cid)
            raise
        if taken.is_new and not held.is_used:
            await self._store.give_back(user, what, cid)
