"""Pure merges of inbox rows: how any client (and the tests) apply rows and pushes, in any order, any number of times.

A row only grows: `(epoch, seq)` by maximum, `n` and `read` by maximum inside one epoch; `state` and `last_at` come
from the larger `(epoch, seq)`, what its user set for it (muted, archived) from the larger `mark`. So merging
commutes, associates and is idempotent.

Source: protocol/spec/ordering.md.
"""

from collections.abc import Iterable
from typing import Final

from greenroom_protocol.pushes import InboxChanged
from greenroom_protocol.replies import Row

OWN_LOG: Final = "self"
"""State of the row of one's own log, which is no conversation."""


def merge(old: Row | None, new: Row) -> Row:
    """Merge two rows of one thread."""
    if old is None:
        return new
    if new.epoch != old.epoch:
        return new if new.epoch > old.epoch else old
    # Two rows with one seq agree on the rest; the tie-break only keeps the law for rows that break this promise.
    ahead = max(old, new, key=lambda row: (row.seq, row.last_at, row.state))
    later = max(old, new, key=lambda row: (row.mark, row.muted_until, row.archived_n))
    return Row(
        thread=old.thread,
        mark=max(old.mark, new.mark),
        epoch=old.epoch,
        seq=ahead.seq,
        n=max(old.n, new.n),
        read=max(old.read, new.read),
        state=ahead.state,
        last_at=ahead.last_at,
        muted_until=later.muted_until,
        archived_n=later.archived_n,
    )


def row_of(push: InboxChanged) -> Row:
    """Give the row that a push carries."""
    return Row(
        thread=push.thread,
        mark=push.mark,
        epoch=push.epoch,
        seq=push.seq,
        n=push.n,
        read=push.read,
        state=push.state,
        last_at=push.last_at,
        muted_until=push.muted_until,
        archived_n=push.archived_n,
    )


def apply(rows: dict[str, Row], changes: Iterable[Row]) -> None:
    """Merge rows into an inbox, in place."""
    for row in changes:
        rows[row.thread] = merge(rows.get(row.thread), row)


def unread(row: Row) -> int:
    """Count what a user has not read."""
    return max(0, row.n - row.read)


def is_archived(row: Row) -> bool:
    """Say whether the user put this thread away and no item has come since."""
    return row.archived_n >= row.n
