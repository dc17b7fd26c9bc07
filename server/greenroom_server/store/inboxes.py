"""Inboxes in the store: touch a row, read pages of rows, move read marks; and the touches that are still owed."""

from collections.abc import Callable
from typing import Any, NamedTuple

from greenroom_server.domain.ids import own_log, user_partition
from greenroom_server.store import keys
from greenroom_server.store.committer import Committer
from greenroom_server.store.errors import StoreError
from greenroom_server.store.library import library
from greenroom_server.store.records import InboxRow, Owed, Row, read_inbox_row, read_owed, read_row


class InboxPage(NamedTuple):
    """Some rows of an inbox."""

    epoch: int
    mark: int
    """Of the whole inbox when it was read."""
    is_complete: bool
    more: bool
    rows: list[tuple[str, InboxRow]]


class Debt(NamedTuple):
    """One owed touch, as listed by `owed`."""

    user: str
    thread: str
    value: bytes
    touch: Owed


class Personal(NamedTuple):
    """What a user set for a row, and the row when that changed it."""

    epoch: int
    row: Row | None
    muted_until: int
    archived_n: int


class Inboxes:
    """The inboxes of one store."""

    def __init__(self, committer: Committer, node: str) -> None:
        self._committer = committer
        self._node = node
        name = library().function
        self._touch, self._settle, self._owed = name("touch"), name("settle"), name("owed")
        self._changes, self._top, self._read = name("changes"), name("top"), name("read")
        self._receipt, self._personal = name("receipt"), name("personal")

    def touch(
        self, user: str, thread: str, owed: Owed, events: bytes, done: Callable[[Row | StoreError | None], object]
    ) -> None:
        """Merge a row; `done` gets it as it is now, None when nothing grew, or the store's error (retry is safe).

        Args:
            events: MessagePack list of (seq, n, at, payload) for the user's other nodes; empty when there are none.
        """
        partition = user_partition(user)
        self._committer.submit(
            (
                "FCALL", self._touch, 4, *keys.inbox_keys(user), keys.nodes(partition),
                keys.tag(partition), self._node, user, thread, owed.epoch, owed.seq, owed.n, owed.state, owed.last_at,
                owed.read, events,
            ),
            lambda reply: done(_touched(reply)),
        )  # fmt: skip

    def settle(self, partition: int, done_touches: list[tuple[str, str, bytes]], done: Callable[[Any], object]) -> None:
        """Forget owed touches (user, thread, value) that are done, each only if the value is still the one touched."""
        args: list[bytes | str] = []
        for user, thread, value in done_touches:
            args += (f"{user}/{thread}", value)
        self._committer.submit(("FCALL", self._settle, 1, keys.dirty(partition), *args), done)

    async def owed(self, partition: int, lock_ms: int, min_age_ms: int, limit: int) -> list[Debt]:
        """List touches owed for a while, if this node holds (or can take) the partition's repair lock."""
        names = (keys.dirty(partition), keys.lock(partition, "repair"))
        reply = await self._committer.call("FCALL", self._owed, 2, *names, self._node, lock_ms, min_age_ms, limit)
        found = []
        fields = iter(reply)
        for name, value in zip(fields, fields, strict=True):
            user, _, thread = name.decode().partition("/")
            found.append(Debt(user, thread, value, read_owed(value)))
        return found

    async def changes(self, user: str, mark: int, limit: int) -> InboxPage:
        """Read the rows that changed after a mark, oldest change first."""
        return await self._page(self._changes, user, mark, limit)

    async def top(self, user: str, before: int | None, limit: int) -> InboxPage:
        """Read the most recently changed rows below a mark, newest first, without the user's own log."""
        return await self._page(self._top, user, "+inf" if before is None else before, limit, own_log(user))

    async def read(self, user: str, thread: str, n: int) -> tuple[int, Row | None, int] | None:
        """Move a read mark; gives (epoch, row when it moved, read mark now), None when there is no such row."""
        partition = user_partition(user)
        names = (*keys.inbox_keys(user), keys.nodes(partition))
        args = (keys.tag(partition), self._node, user, thread, n)
        reply = await self._committer.call("FCALL", self._read, 4, *names, *args)
        if reply is None:
            return None
        if reply[1] is None:
            return reply[0], None, reply[2]
        row = read_row(reply[1])
        return reply[0], row, row.read

    async def personal(self, user: str, thread: str, what: str, value: int) -> Personal | None:
        """Set what a user wants of one row; None when there is no such row.

        Args:
            what: `muted` or `archived`.
            value: until when, UTC ms; or the `n` on screen, -1 to bring the thread back.
        """
        partition = user_partition(user)
        names = (*keys.inbox_keys(user), keys.nodes(partition))
        args = (keys.tag(partition), self._node, user, thread, what, value)
        reply = await self._committer.call("FCALL", self._personal, 4, *names, *args)
        if reply is None:
            return None
        epoch, row, muted_until, archived_n = reply
        return Personal(epoch, None if row is None else read_row(row), muted_until, archived_n)

    async def row(self, user: str, thread: str) -> InboxRow | None:
        """Read one row."""
        raw = await self._committer.call("HGET", keys.inbox_keys(user)[1], thread)
        return None if raw is None else read_inbox_row(raw)

    async def receipt(self, partition: int, thread: str, user: str, read: int, delivered: int) -> list[int] | None:
        """Move a participant's marks in the thread's head; gives (read, delivered) when one of them moved."""
        moved: list[int] | None = await self._committer.call(
            "FCALL", self._receipt, 1, keys.head(partition, thread), user, read, delivered
        )
        return moved

    async def mark(self, user: str) -> int:
        """Read an inbox's mark."""
        return int(await self._committer.call("HGET", keys.inbox_keys(user)[1], "#mark") or 0)

    async def _page(self, function: str, user: str, start: int | str, limit: int, *args: str) -> InboxPage:
        inbox, rows, _ = keys.inbox_keys(user)
        names = (inbox, rows, keys.epoch(user_partition(user)))
        epoch, mark, complete, more, *flat = await self._committer.call(
            "FCALL", function, 3, *names, start, limit, *args
        )
        pairs = iter(flat)
        page = [(name.decode(), read_inbox_row(raw)) for name, raw in zip(pairs, pairs, strict=True)]
        return InboxPage(epoch, mark, bool(complete), bool(more), page)


def _touched(reply: Any) -> Row | StoreError | None:
    if type(reply) is list:
        return read_row(reply)
    return reply if isinstance(reply, StoreError) else None
