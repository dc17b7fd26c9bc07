"""Reading threads and inboxes: `thread.get`, `thread.list`, `thread.history`, and the resume of a device."""

import asyncio
from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec

from greenroom_protocol import limits
from greenroom_protocol.commands import InboxChanges, Resume, ThreadGet, ThreadHistory, ThreadList
from greenroom_protocol.events import AnyEvent, ErasedItem, MessageEdited, MessageRedacted, MessageSent
from greenroom_protocol.replies import (
    HistoryPage,
    InboxChangesPage,
    ParticipantView,
    Row,
    ThreadEvents,
    ThreadListPage,
    ThreadPolicy,
    ThreadView,
)
from greenroom_server.domain.head import Head, Participant
from greenroom_server.domain.ids import thread_partition
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.relationship import may_pay_outside, may_share_contacts
from greenroom_server.domain.thread_actions import Denied, Facts, ThreadAction, Transition, decide
from greenroom_server.domain.thread_state import Role, ThreadState
from greenroom_server.store.inboxes import Inboxes, InboxPage
from greenroom_server.store.people import People
from greenroom_server.store.records import InboxRow
from greenroom_server.store.threads import Threads
from greenroom_server.usecases.heads import Heads
from greenroom_server.usecases.move_thread import OFFPLATFORM_RISK
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError

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
        accounts = await asyncio.gather(*(self._people.account(who) for who in head.participants))
        views = [
            ParticipantView(
                user=p.user, role="client" if p.role is Role.CLIENT else "freelancer", from_seq=p.from_seq,
                until_seq=p.until_seq, name=account.name if account is not None else "",
                read=marks.read.get(p.user, 0), delivered=marks.delivered.get(p.user, 0),
            )
            for p, account in zip(head.participants.values(), accounts, strict=True)
        ]  # fmt: skip
        return ThreadView(
            id=command.id, thread=head.thread, epoch=self._epoch(head.thread), seq=marks.seq, n=marks.n,
            state=head.state.value, why=head.why.value if head.why is not None else "", job=head.job,
            title=head.title, role=head.participants[user].role.value, gate_opened_at=head.gate_opened_at,
            expires_at=head.expires_at, participants=views, policy=self._policy_view(head, user),
        )  # fmt: skip

    async def page(self, user: str, command: ThreadList) -> ThreadListPage:
        """Read a page of the inbox."""
        page = await self._inboxes.top(user, command.before, command.limit)
        return ThreadListPage(id=command.id, epoch=page.epoch, mark=page.mark, rows=rows_of(page), more=page.more)

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
        head = await self._heads.get(thread)
        participant = head.head.participants.get(user) if head is not None else None
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
        shown = await self._as_it_stands(thread, _visible(kept, participant))
        return ThreadEvents(thread=thread, epoch=row.epoch, reset=reset, after=after, to=to, events=shown)

    async def history(self, user: str, command: ThreadHistory) -> HistoryPage:
        """Read a page of a thread's log as it stands now."""
        loaded = await self._heads.get(command.thread)
        participant = loaded.head.participants.get(user) if loaded is not None else None
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
        shown = await self._as_it_stands(command.thread, _visible(events, participant))
        return HistoryPage(
            id=command.id, thread=command.thread, epoch=self._epoch(command.thread), after=after, to=to,
            events=shown, more=more,
        )  # fmt: skip

    async def _as_it_stands(self, thread: str, events: list[AnyEvent]) -> list[AnyEvent]:
        """Apply later edits to the messages of a page; put a tombstone where one was erased."""
        seqs = [event.seq for event in events if isinstance(event, MessageSent)]
        amended = await self._threads.amendments(thread, seqs)
        out = list(events)
        for index, event in enumerate(events):
            changes = amended.get(event.seq, "")
            if not changes or not isinstance(event, MessageSent):
                continue
            if changes.startswith("e"):
                out[index] = ErasedItem(
                    seq=event.seq, at=event.at, by=event.by, n=event.n, cid=event.cid, erased_seq=int(changes[1:])
                )
                continue
            last = int(changes.rpartition(",")[2])
            edits = await self._threads.events(thread, last - 1, last, 1)
            if edits and isinstance(edits[0], MessageEdited | MessageRedacted):
                event.body, event.hidden, event.edited_seq = edits[0].body, edits[0].hidden, last
        return out

    def _policy_view(self, head: Head, user: str) -> ThreadPolicy:
        role = head.role_of(user)
        facts = Facts(
            why=head.why,
            client_has_written=head.state is not ThreadState.CLOSED,
            now_ms=self._now_ms(),
            expires_at_ms=head.expires_at or None,
        )

        def outcome(action: ThreadAction) -> Transition | Denied:
            return Denied("perm.denied") if role is None else decide(head.state, role, action, facts)

        send = outcome(ThreadAction.SEND)
        why_not = send.code if isinstance(send, Denied) else ""
        if head.relationship.is_blocked:
            why_not = "peer.blocked"
        pays = may_pay_outside(head.relationship, self._policy, facts.now_ms)
        gate = may_share_contacts(head.relationship, head.state)
        return ThreadPolicy(
            may_write=not why_not,
            why_not=why_not,
            contact="allowed" if gate else "blocked",
            payment="allowed" if pays else "blocked",
            may_answer_invitation=isinstance(outcome(ThreadAction.ACCEPT), Transition),
            may_request_call=isinstance(outcome(ThreadAction.REQUEST_CALL), Transition),
            notice=OFFPLATFORM_RISK if head.state.is_gate_open else "",
            version=str(self._policy.version),
        )

    def _epoch(self, thread: str) -> int:
        partition = thread_partition(thread)
        return self._epochs[partition] if partition is not None else 0


def rows_of(page: InboxPage) -> list[Row]:
    """Show the rows of a page as the wire does."""
    return [
        Row(
            thread=thread, mark=row.mark, epoch=row.epoch, seq=row.seq, n=row.n, read=row.read, state=row.state,
            last_at=row.last_at,
        )
        for thread, row in page.rows
    ]  # fmt: skip


def _visible(events: list[AnyEvent], participant: Participant) -> list[AnyEvent]:
    until = participant.until_seq
    return [e for e in events if e.seq > participant.from_seq and (not until or e.seq <= until)]


def _cut(events: list[AnyEvent], *, from_end: bool = False) -> list[AnyEvent]:
    """Keep as many events as fit in one page, by their size."""
    size, kept = 0, 0
    for event in reversed(events) if from_end else events:
        size += len(_size(event))
        if size > limits.PAGE_BYTES and kept:
            break
        kept += 1
    return events[len(events) - kept :] if from_end else events[:kept]
