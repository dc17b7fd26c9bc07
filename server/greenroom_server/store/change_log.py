"""The pointers to changes in the store, and how far each follower has read them.

A pointer is written by the commit that changes something; it holds no text. A follower reads a partition under a lock
with a lease, and its position moves only while it holds that: two nodes never read on side by side for long.

Source: server/docs/architecture.md, Data.
"""

import asyncio
from typing import Any, Final, NamedTuple

import msgspec

from greenroom_server.domain.ids import PARTITION_COUNT
from greenroom_server.store import keys
from greenroom_server.store.committer import Committer
from greenroom_server.store.library import library

MOST_ENTRIES: Final = 10_000
"""Of a partition; beyond them the oldest are dropped, with an alarm."""
FORGET_MS: Final = 48 * 3_600_000
"""A follower that no node has enrolled for so long no longer holds entries back."""

_encode_fields = msgspec.json.Encoder().encode
_decode_fields = msgspec.json.Decoder(dict[str, str | int]).decode


class Pointer(NamedTuple):
    """One entry."""

    id: str
    """`<store ms>-<n>`, ascending in a partition."""
    thread: str
    """Empty for a note."""
    first: int
    last: int
    """Seqs of its events."""
    kinds: tuple[str, ...]
    subject: str
    """What a note is about: a user, job or thread; empty for events of a thread."""
    fields: dict[str, str | int]
    """Of a note."""

    @property
    def key(self) -> str:
        """What its order is kept for."""
        return self.thread or self.subject

    @property
    def at(self) -> int:
        """When it was written, UTC ms of the store."""
        return int(self.id.partition("-")[0])


class Taken(NamedTuple):
    """A partition is held; some entries of it."""

    position: str
    dropped: int
    """Entries that were lost to some follower because there were too many."""
    pointers: list[Pointer]


class ChangeLog:
    """The changes of one store, as one node follows them."""

    def __init__(self, committer: Committer, node: str, *, is_one_primary: bool = False) -> None:
        """``is_one_primary``: one server holds every partition, so one call may ask about all of them."""
        self._committer = committer
        self._node = node
        self._is_one_primary = is_one_primary
        name = library().function
        self._follow, self._news, self._enrol = name("follow"), name("news"), name("enrol")

    async def enrol(self, follower: str) -> None:
        """Keep changes everywhere until this follower has had them; to be repeated well within `FORGET_MS`."""
        await asyncio.gather(
            *(
                self._committer.call("FCALL", self._enrol, 1, keys.followers(p), follower)
                for p in range(PARTITION_COUNT)
            )
        )

    async def news(self, follower: str) -> dict[int, int]:
        """Give the partitions that hold something new, each with the time of the oldest, UTC ms."""
        if self._is_one_primary:
            return await self._news_of(range(PARTITION_COUNT), follower)
        found = await asyncio.gather(*(self._news_of(range(p, p + 1), follower) for p in range(PARTITION_COUNT)))
        return {partition: at for each in found for partition, at in each.items()}

    async def _news_of(self, partitions: range, follower: str) -> dict[int, int]:
        names = [name for p in partitions for name in (keys.changes(p), keys.followers(p))]
        reply = iter(await self._committer.call("FCALL_RO", self._news, len(names), *names, follower))
        return {partitions[i]: int(entry.partition(b"-")[0]) for i, entry in zip(reply, reply, strict=True)}

    async def follow(
        self, partition: int, follower: str, lease_ms: int, *, reached: str, after: str, limit: int, keeps: bool
    ) -> Taken | None:
        """Take or keep a partition, move the position and read on; None when another node has it.

        Args:
            reached: everything up to this id is done; empty when the partition is not held yet.
            after: read on after this id; empty after the position.
            limit: 0 reads nothing.
            keeps: entries are still in hand; else the partition is given back when there is nothing to read.
        """
        names = (keys.changes(partition), keys.followers(partition), keys.lock(partition, f"follow:{follower}"))
        reply = await self._committer.call(
            "FCALL", self._follow, 3, *names, follower, self._node, lease_ms, reached, after, limit,
            "1" if keeps else "0", MOST_ENTRIES, FORGET_MS,
        )  # fmt: skip
        if reply[0] != b"ok":
            return None
        return Taken(reply[1].decode(), reply[2], [_pointer(entry) for entry in reply[3]])

    async def note(self, partition: int, kind: str, subject: str, fields: dict[str, str | int]) -> None:
        """Write an entry about something that is no event of a thread; never text that a person wrote."""
        await self._committer.call(
            "XADD", keys.changes(partition), "*", "k", kind, "u", subject, "d", _encode_fields(fields)
        )


def _pointer(entry: list[Any]) -> Pointer:
    flat = iter(entry[1])
    found: dict[bytes, bytes] = dict(zip(flat, flat, strict=True))
    return Pointer(
        id=entry[0].decode(),
        thread=found.get(b"t", b"").decode(),
        first=int(found.get(b"s", 0)),
        last=int(found.get(b"e", 0)),
        kinds=tuple(found[b"k"].decode().split(",")),
        subject=found.get(b"u", b"").decode(),
        fields=_decode_fields(found[b"d"]) if b"d" in found else {},
    )
