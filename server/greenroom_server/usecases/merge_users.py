"""Merging two accounts of one person: the other's threads, standing and response speed go on under one name.

Source: server/docs/server-api.md, Merging accounts.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from greenroom_server.domain.head import Head
from greenroom_server.domain.ids import is_name, own_log_owner, user_partition
from greenroom_server.domain.relationship import united
from greenroom_server.store.audit import Audit
from greenroom_server.store.inboxes import Inboxes
from greenroom_server.store.people import Account, People
from greenroom_server.usecases.audit_trail import entry_of
from greenroom_server.usecases.heads import Heads
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError
from greenroom_server.usecases.team import Team

_PAGE: Final = 200
_ATTEMPTS: Final = 5


class MergeUsers:
    """Merges one account into another; every step may be repeated, so a merge that broke off is sent again."""

    def __init__(self, people: People, inboxes: Inboxes, heads: Heads, team: Team, audit: Audit) -> None:
        self._people = people
        self._inboxes = inboxes
        self._heads = heads
        self._team = team
        self._audit = audit
        self.on_account: Callable[[Account], object] = lambda _account: None
        """Called with each of the two accounts as it is now, so that sockets close."""
        self.on_profile: Callable[[str], Awaitable[object]] = _nobody
        """Called with a freelancer whose profile is to be found otherwise."""

    async def __call__(self, user: str, into: str) -> int:
        """Merge `user` into `into`; gives in how many threads `into` stands in their place.

        Raises:
            RefusedError: nothing was changed: `not_found`, `merge.two_parties`, `merge.done`.
            StoreError: some of it is done; send it again.
        """
        if not (is_name(user) and is_name(into)) or user == into:
            raise RefusedError(Refused("bad_request.field", detail="into"))
        old, new = await asyncio.gather(self._people.account(user), self._people.account(into))
        if old is None or new is None:
            raise RefusedError(NOT_FOUND)
        if new.merged_into or old.merged_into not in ("", into):
            raise RefusedError(Refused("merge.done"))
        heads = await self._heads_of(user)
        if any(_are_opposed(head, user, into) for head in heads):
            raise RefusedError(Refused("merge.two_parties"))
        aliases = tuple(dict.fromkeys((*new.aliases, user, *old.aliases)))
        staff_of = tuple(dict.fromkeys((*new.staff_of, *old.staff_of)))
        old, new = old._replace(name=new.name, merged_into=into), new._replace(aliases=aliases, staff_of=staff_of)
        await asyncio.gather(self._people.save_account(old), self._people.save_account(new))
        self.on_account(old)
        await self._unite_pairs(heads, user, into)
        for head in heads:
            await self._team.take_over(head.thread, user, into)
        for job in await self._people.jobs_of(user, limit=10_000):
            await self._people.save_job(job._replace(client=into))
        await self.on_profile(user)
        self.on_account(new)
        await self._audit.note(user_partition(user), entry_of("user.merged", "", user_id=user, into=into))
        return len(heads)

    async def _heads_of(self, user: str) -> list[Head]:
        """Read all threads of a user, those that they left included."""
        names: list[str] = []
        before: int | None = None
        while True:
            page = await self._inboxes.top(user, before, _PAGE)
            names += [thread for thread, _ in page.rows if own_log_owner(thread) is None]
            if not page.more:
                break
            before = page.rows[-1][1].mark
        loaded = await asyncio.gather(*map(self._heads.read, names))
        return [each.head for each in loaded if each is not None and user in each.head.participants]

    async def _unite_pairs(self, heads: Iterable[Head], user: str, into: str) -> None:
        """Let what holds between somebody and one of the two names hold for the other one, too."""
        pairs = {(head.client, head.freelancer) for head in heads if user in (head.client, head.freelancer)}
        for client, freelancer in pairs:
            renamed = (into, freelancer) if client == user else (client, into)
            await self._people.share_threads((client, freelancer), renamed)
            await self._unite(renamed, (client, freelancer))
            await self._unite((client, freelancer), renamed)

    async def _unite(self, pair: tuple[str, str], other: tuple[str, str]) -> None:
        for _ in range(_ATTEMPTS):
            old = await self._people.pair(*pair)
            new = united(old, await self._people.pair(*other))
            if new is old or await self._people.save_pair(*pair, old.rev, new):
                return
        raise RefusedError(Refused("conflict"))


def _are_opposed(head: Head, user: str, other: str) -> bool:
    """Say whether two people are, or were, on the two sides of a thread."""
    place = head.participants.get(other)
    return place is not None and place.role is not head.participants[user].role


async def _nobody(_freelancer: str) -> None:
    """Nobody searches."""
