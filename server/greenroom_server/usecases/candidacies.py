"""`candidacy.list`: Active Candidacies, for both sides."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final, Literal

from greenroom_protocol.proposals import CandidacyList, CandidacyPage, CandidacyRow
from greenroom_server.domain.candidacy import ACTIVE, awaited
from greenroom_server.domain.thread_state import Role, ThreadState
from greenroom_server.store.candidacies import Candidacies as Store
from greenroom_server.store.candidacies import Glance
from greenroom_server.store.people import People
from greenroom_server.store.records import InboxRow
from greenroom_server.usecases.results import Refused, RefusedError

NAMES_KEPT: Final = 20_000
NAME_LIFE_MS: Final = 60_000
"""A changed name is shown after this long at the latest."""


class Candidacies:
    """Lists candidacies."""

    def __init__(self, store: Store, people: People, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._people = people
        self._now_ms = now_ms
        self._names: OrderedDict[str, tuple[str, int]] = OrderedDict()

    async def page(self, user: str, command: CandidacyList) -> CandidacyPage:
        """Read a page.

        One call in the user's partition, then all heads at once; names that this node did not read lately are one
        more batch.
        """
        states: Sequence[str] = command.states or [state.value for state in ACTIVE]
        page = await self._store.page(user, states, _mark(command.cursor), command.limit)
        glances = await self._store.glances(user, [thread for thread, _ in page.rows])
        there = [(thread, row, glance) for (thread, row), glance in zip(page.rows, glances, strict=True) if glance]
        await self._read_names([_peer(glance) for _, _, glance in there])
        rows = [self._row(thread, row, glance) for thread, row, glance in there]
        return CandidacyPage(id=command.id, rows=rows, cursor=None if page.before is None else str(page.before))

    def _row(self, thread: str, row: InboxRow, glance: Glance) -> CandidacyRow:
        peer = _peer(glance)
        turn = awaited(ThreadState(row.state), glance.last_writer)
        awaiting: Literal["me", "them", "nobody"] = (
            "nobody" if turn is None else "me" if turn is glance.role else "them"
        )
        return CandidacyRow(
            thread=thread, job=glance.job, title=glance.title, peer=peer, peer_name=self._names.get(peer, ("", 0))[0],
            state=row.state, role="client" if glance.role is Role.CLIENT else "freelancer", awaiting=awaiting,
            n=row.n, read=row.read, last_at=row.last_at,
        )  # fmt: skip

    async def _read_names(self, users: Sequence[str]) -> None:
        now_ms = self._now_ms()
        missing = [user for user in dict.fromkeys(users) if self._names.get(user, ("", 0))[1] <= now_ms]
        accounts = await asyncio.gather(*(self._people.account(user) for user in missing))
        for user, account in zip(missing, accounts, strict=True):
            self._names[user] = (account.name if account is not None else "", now_ms + NAME_LIFE_MS)
            self._names.move_to_end(user)
        while len(self._names) > NAMES_KEPT:
            self._names.popitem(last=False)


def _peer(glance: Glance) -> str:
    return glance.freelancer if glance.role is Role.CLIENT else glance.client


def _mark(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not cursor.isdecimal() or len(cursor) > 15:
        raise RefusedError(Refused("bad_request.field", detail="cursor"))
    return int(cursor)
