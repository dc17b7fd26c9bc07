"""Reading threads and inboxes: `thread.get`, `thread.list`, `thread.history`, and the resume of a device."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple

import msgspec

from greenroom_protocol import limits
from greenroom_protocol.commands import InboxChanges, Resume, ThreadGet, ThreadHistory, ThreadList
from greenroom_protocol.events import AnyEvent
from greenroom_protocol.inbox import is_archived
from greenroom_protocol.offers import OfferView
from greenroom_protocol.replies import (
    HistoryPage,
    InboxChangesPage,
    Row,
    ThreadEvents,
    ThreadListPage,
    ThreadView,
)
from greenroom_server.domain.head import Head, Marks, Participant
from greenroom_server.domain.ids import own_log_owner, thread_partition
from greenroom_server.domain.offer import Offer
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.thread_state import Role, ThreadState
from greenroom_server.store.inboxes import Inboxes, InboxPage
from greenroom_server.store.people import People
from greenroom_server.store.records import InboxRow
from greenroom_server.store.threads import Threads
from greenroom_server.usecases.access_grants import grant_views
from greenroom_server.usecases.heads import Heads
from greenroom_server.usecases.participants import participant_views
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError
from greenroom_server.usecases.standing import as_it_stands
from greenroom_server.usecases.thread_policy import thread_policy

RESET_EVENTS: Final = 50
"""Newest events given of a thread whose epoch changed."""
_size = msgspec.json.Encoder().encode


class Resumed(NamedTuple):
    """What a device gets in the reply to `connect`."""

    recovered: bool
    page: InboxPage
    mark: int
    more: bool
    threads: list[ThreadEvents]


class ReadThreads:
    """Reads for one user; everything checks that the user is in the thread."""

    def __init__(
        self,
        threads: Threads,
        inboxes: Inboxes,
        heads: Heads,
        people: People,
        policy: MarketplacePolicy,
        now_ms: Callable[[], int],
        epochs: list[int],
    ) -> None:
        self._threads = threads
        self._inboxes = inboxes
        self._heads = heads
        self._people = people
        self._policy = policy
        self._now_ms = now_ms
        self._epochs = epochs

    async def get(self, user: str, command: ThreadGet) -> ThreadView:
        """Read a thread's head, with what this user may do now."""
        found = await self._threads.head(command.thread)
        if found is None or user not in found[0].participants:
            raise RefusedError(NOT_FOUND)
        head, marks = found
        place = head.participants[user]
        accounts = await asyncio.gather(*(self._people.account(who) for who in head.participants))
        named = dict(zip(head.participants, accounts, strict=True))
        if place.until_seq:
            head, marks = _as_left(head, marks, place, await self._inboxes.row(user, command.thread))
        return ThreadView(
            id=command.id, thread=head.thread, epoch=self._epoch(head.thread), seq=marks.seq, n=marks.n,
            state=head.state.value, why=head.why.value if head.why is not None else "", job=head.job,
            title=head.title, role=place.role.value, gate_opened_at=head.gate_opened_at,
            expires_at=head.facts(0).expires_at_ms or 0,
            participants=participant_views(head, marks, named, user, self._now_ms()),
            policy=thread_policy(head, user, self._policy, self._now_ms()),
            offer=_offer_view(head.offer),
            grants=grant_views(head),
        )  # fmt: skip

    async def page(self, user: str, command: ThreadList) -> ThreadListPage:
        """Read a page of the inbox: by default without the threads that the user put away."""
        page = await self._inboxes.top(user, command.before, command.limit)
        rows, more, wanted = rows_of(page), page.more, command.archived
        if wanted is not None:
            rows = [row for row in rows if is_archived(row) is wanted]
            while more and len(rows) < command.limit:
                further = await self._inboxes.top(user, page.rows[-1][1].mark, limits.PAGE_ITEMS)
                page = page._replace(rows=further.rows)
                rows += [row for row in rows_of(further) if is_archived(row) is wanted]
                more = further.more
            rows, more = rows[: command.limit], more or len(rows) > command.limit
        return ThreadListPage(id=command.id, epoch=page.epoch, mark=page.mark, rows=rows, more=more)

    async def changes(self, user: str, command: InboxChanges) -> InboxChangesPage:
        """Read the rows changed after a mark."""
        resumed = await self.resume(user, Resume(epoch=command.epoch, mark=command.mark), limit=command.limit)
        return InboxChangesPage(
            id=command.id, recovered=resumed.recovered, epoch=resumed.page.epoch, mark=resumed.mark,
            more=resumed.more, rows=rows_of(resumed.page),
        )  # fmt: skip

    async def resume(self, user: str, resume: Resume | None, limit: int = limits.PAGE_ITEMS) -> Resumed:
        """Give a device what it missed: rows from its mark, events of the threads it shows; else a snapshot."""
        if resume is not None:
            page = await self._inboxes.changes(user, resume.mark, limit)
            if page.epoch == resume.epoch and page.mark >= resume.mark:
                mark = page.rows[-1][1].mark if page.more else page.mark
                return Resumed(True, page, mark, page.more, await self._missed(user, resume))
        page = await self._inboxes.top(user, None, limit)
        return Resumed(False, page, page.mark, False, [])

    async def _missed(self, user: str, resume: Resume) -> list[ThreadEvents]:
        """Read the missed events of the threads a device shows, until the page is full."""
        found: list[ThreadEvents] = []
        room = limits.PAGE_ITEMS
        size = 0
        for thread, position in resume.threads.items():
            if thread_partition(thread) is None or room <= 0 or size > limits.PAGE_BYTES // 2:
                continue
            row = await self._inboxes.row(user, thread)
            if row is None or (row.epoch, row.seq) == (position.epoch, position.seq):
                continue
            events = await self._thread_events(user, thread, row, position.epoch, position.seq, room)
            if events is not None:
                room -= len(events.events)
                size += len(_size(events))
                found.append(events)
        return found

    async def _thread_events(
        self, user: str, thread: str, row: InboxRow, epoch: int, seq: int, room: int
    ) -> ThreadEvents | None:
        participant = await self._reader(user, thread)
        if participant is None:
            return None
        reset = row.epoch != epoch or seq > row.seq
        if reset:
            events = await self._threads.events_before(thread, None, min(room, RESET_EVENTS))
            after = events[0].seq - 1 if events else 0
        else:
            after = seq
            events = await self._threads.events(thread, seq, None, room)
        kept = _cut(events)
        to = kept[-1].seq if kept else after
        shown = await as_it_stands(self._threads, thread, kept, after, to, participant)
        return ThreadEvents(thread=thread, epoch=row.epoch, reset=reset, after=after, to=to, events=shown)

    async def history(self, user: str, command: ThreadHistory) -> HistoryPage:
        """Read a page of a thread's log as it stands now."""
        participant = await self._reader(user, command.thread)
        if participant is None:
            raise RefusedError(NOT_FOUND)
        if command.before is not None and command.after is not None:
            raise RefusedError(Refused("bad_request.field", detail="before and after exclude each other"))
        if command.after is not None:
            found = await self._threads.events(command.thread, command.after, None, command.limit + 1)
            events = _cut(found[: command.limit])
            after, to = command.after, events[-1].seq if events else command.after
        else:
            found = await self._threads.events_before(command.thread, command.before, command.limit + 1)
            events = _cut(found[-command.limit :], from_end=True)
            after = events[0].seq - 1 if len(found) > len(events) else 0
            to = command.before - 1 if command.before is not None else (events[-1].seq if events else 0)
        more = len(found) > len(events)
        shown = await as_it_stands(self._threads, command.thread, events, after, to, participant)
        return HistoryPage(
            id=command.id, thread=command.thread, epoch=self._epoch(command.thread), after=after, to=to,
            events=shown, more=more,
        )  # fmt: skip

    async def _reader(self, user: str, thread: str) -> Participant | None:
        """Give somebody's place in a thread, present or past; in an own log only its owner has one."""
        owner = own_log_owner(thread)
        if owner is not None:
            return Participant(user, Role.SYSTEM) if owner == user else None
        loaded = await self._heads.get(thread)
        place = None if loaded is None else loaded.head.participants.get(user)
        if place is None or place.is_member:  # they may have come or gone since that head was read
            loaded = await self._heads.read(thread)
            place = None if loaded is None else loaded.head.participants.get(user)
        return place

    def _epoch(self, thread: str) -> int:
        partition = thread_partition(thread)
        return self._epochs[partition] if partition is not None else 0


def _as_left(head: Head, marks: Marks, place: Participant, row: InboxRow | None) -> tuple[Head, Marks]:
    """Show a thread to somebody who has left it as their own last row tells of it, and nothing that came later."""
    state, n = (ThreadState(row.state), row.n) if row is not None else (head.state, 0)
    left = replace(
        head, state=state, why=None, gate_opened_at=head.gate_opened_at if state.is_gate_open else 0, expires_at=0,
        offer=None, grants={},
    )  # fmt: skip
    read, delivered = ({user: min(mark, n) for user, mark in each.items()} for each in (marks.read, marks.delivered))
    return left, Marks(place.until_seq, n, marks.at, read, delivered)


def _offer_view(offer: Offer | None) -> OfferView | None:
    if offer is None:
        return None
    return OfferView(
        note=offer.note, amount=offer.amount, currency=offer.currency, starts_at=offer.starts_at,
        expires_at=offer.expires_at, by=offer.by, sent_at=offer.sent_at,
    )  # fmt: skip


def rows_of(page: InboxPage) -> list[Row]:
    """Show the rows of a page as the wire does."""
    return [
        Row(
            thread=thread, mark=row.mark, epoch=row.epoch, seq=row.seq, n=row.n, read=row.read, state=row.state,
            last_at=row.last_at, muted_until=row.muted_until, archived_n=row.archived_n,
        )
        for thread, row in page.rows
    ]  # fmt: skip


def _cut(events: list[AnyEvent], *, from_end: bool = False) -> list[AnyEvent]:
    """Keep as many events as fit in one page, by their size."""
    size, kept = 0, 0
    for event in reversed(events) if from_end else events:
        size += len(_size(event))
        if size > limits.PAGE_BYTES and kept:
            break
        kept += 1
    return events[len(events) - kept :] if from_end else events[:kept]
