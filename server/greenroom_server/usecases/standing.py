"""A page of a thread as it stands now: edits and redactions applied, tombstones for what was erased, reactions."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from greenroom_protocol import limits
from greenroom_protocol.events import AnyEvent, ErasedItem, MessageEdited, MessageRedacted, MessageSent
from greenroom_server.domain.head import Participant
from greenroom_server.store.amendments import Amended
from greenroom_server.store.threads import Threads

_MOST_ABSENT: Final = limits.PAGE_ITEMS
"""Absent events of one page that are looked at for tombstones."""


def visible(events: Iterable[AnyEvent], place: Participant) -> list[AnyEvent]:
    """Keep what somebody in this place may read."""
    until = place.until_seq
    return [event for event in events if event.seq > place.from_seq and (not until or event.seq <= until)]


async def as_it_stands(
    threads: Threads, thread: str, events: Sequence[AnyEvent], after: int, to: int, place: Participant
) -> list[AnyEvent]:
    """Show what somebody may read of a page, and no text that no longer stands.

    Args:
        events: everything the log holds between `after` and `to`; changed in place.
        place: of the reader.
    """
    shown = visible(events, place)
    absent = _absent(events, max(after, place.from_seq), min(to, place.until_seq or to))
    seqs = {event.seq for event in shown if isinstance(event, MessageSent)}
    seqs |= {event.target for event in shown if isinstance(event, MessageEdited | MessageRedacted)}
    amended = await threads.amendments(thread, sorted(seqs | absent))
    texts = await _texts(threads, thread, amended.values())
    for event in shown:
        if isinstance(event, MessageSent):
            change = amended.get(event.seq, Amended())
            event.reactions = change.shown_reactions()
        elif isinstance(event, MessageEdited | MessageRedacted):
            change = amended.get(event.target, Amended())
        else:
            continue
        text = texts.get(change.seqs[-1]) if change.seqs else None
        if text is not None:
            event.body, event.hidden = text.body, text.hidden
            if isinstance(event, MessageSent):
                event.edited_seq = text.seq
    tombs = [_tomb(seq, amended[seq]) for seq in absent if seq in amended]
    return sorted([*shown, *(tomb for tomb in tombs if tomb is not None)], key=lambda event: event.seq)


async def have_been_amended(threads: Threads, thread: str, events: Iterable[AnyEvent]) -> bool:
    """Say whether the log still tells these messages otherwise than they stand."""
    seqs = [event.seq for event in events if isinstance(event, MessageSent)]
    seqs += [event.target for event in events if isinstance(event, MessageEdited)]
    return any(change.seqs for change in (await threads.amendments(thread, seqs)).values())


def _absent(events: Sequence[AnyEvent], after: int, to: int) -> set[int]:
    there = {event.seq for event in events}
    first = max(after + 1, to + 1 - limits.PAGE_ITEMS - _MOST_ABSENT)
    return set([seq for seq in range(first, to + 1) if seq not in there][:_MOST_ABSENT])


async def _texts(
    threads: Threads, thread: str, changes: Iterable[Amended]
) -> Mapping[int, MessageEdited | MessageRedacted]:
    """Read the last edit or redaction of each message."""
    last = [change.seqs[-1] for change in changes if change.seqs]
    found = await asyncio.gather(*(threads.events(thread, seq - 1, seq, 1) for seq in last))
    edits = [edit for page in found for edit in page if isinstance(edit, MessageEdited | MessageRedacted)]
    return {edit.seq: edit for edit in edits}


def _tomb(seq: int, change: Amended) -> ErasedItem | None:
    left = change.erased
    if left is None or not left.n:
        return None
    return ErasedItem(seq=seq, at=left.at, by=left.by, n=left.n, cid=left.cid, erased_seq=left.erased_seq)
