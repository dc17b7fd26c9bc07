"""Everything that was delivered of one message, for disputes: as sent, and as each edit or redaction left it."""

import asyncio
from typing import NamedTuple

from greenroom_protocol.bases import Span
from greenroom_protocol.events import AnyEvent, MessageEdited, MessageErased, MessageRedacted, MessageSent
from greenroom_server.store.threads import Threads
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError


class Version(NamedTuple):
    """A text as it was delivered, what a filter hid included as placeholders."""

    seq: int
    at: int
    by: str
    """Empty: a moderator."""
    kind: str
    """sent, edited or redacted."""
    body: str
    hidden: list[Span]


class EditHistory(NamedTuple):
    """The life of one message."""

    by: str
    n: int
    at: int
    erased: MessageErased | None
    """After it no text is left anywhere."""
    versions: list[Version]
    """In the order of their seq."""


async def edit_history(threads: Threads, thread: str, seq: int) -> EditHistory:
    """Read the life of a message.

    Raises:
        RefusedError: there is nothing at this place, or it is no message.
    """
    amended, found = await asyncio.gather(threads.amendments(thread, [seq]), threads.events(thread, seq - 1, seq, 1))
    change = amended.get(seq)
    if change is not None and change.erased is not None:
        left = change.erased
        [erasure] = await threads.events(thread, left.erased_seq - 1, left.erased_seq, 1)
        assert isinstance(erasure, MessageErased), "what the tombstone names"
        return EditHistory(left.by, left.n, left.at, erasure, [])
    if not found:
        raise RefusedError(NOT_FOUND)
    message = found[0]
    if not isinstance(message, MessageSent):
        raise RefusedError(Refused("message.not_editable"))
    seqs = change.seqs if change is not None else ()
    pages = await asyncio.gather(*(threads.events(thread, at - 1, at, 1) for at in seqs))
    versions = [version for event in (message, *(page[0] for page in pages if page)) for version in _version(event)]
    return EditHistory(message.by, message.n, message.at, None, versions)


def _version(event: AnyEvent) -> list[Version]:
    if not isinstance(event, MessageSent | MessageEdited | MessageRedacted):
        return []
    kind = str(event.__struct_config__.tag).rpartition(".")[2]
    return [Version(event.seq, event.at, event.by, kind, event.body, event.hidden)]
