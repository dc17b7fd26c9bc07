"""The audit streams: one for each partition, capped by the store's functions; entries hold no text.

Fields of an entry in the stream: `t` thread, `s` seq of its event, `a` MessagePack of the rest.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from greenroom_server.store import keys
from greenroom_server.store.committer import Committer
from greenroom_server.store.records import pack, unpack

ENTRIES: Final = 20_000
"""Kept in each partition, about; as in lua/_rare.lua."""


class AuditEntry(NamedTuple):
    """One entry."""

    partition: int
    id: str
    """Place in its partition's stream: `<UTC ms>-<number>`."""
    thread: str
    """Empty when it is not about one."""
    seq: int
    """Of its first event in the thread; 0: it has none."""
    facts: dict[str, str | int]

    @property
    def at_ms(self) -> int:
        """Store time, UTC ms."""
        return int(self.id.partition("-")[0])


def pack_entry(facts: Mapping[str, str | int]) -> bytes:
    """Write the facts of an entry."""
    return pack(dict(facts))


class Audit:
    """Reads audit streams, and notes what no commit carries."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer

    async def note(self, partition: int, facts: bytes, thread: str = "") -> None:
        """Append an entry that belongs to no commit."""
        await self._committer.call(
            "XADD", keys.audit(partition), "MAXLEN", "~", ENTRIES, "*", "t", thread, "s", 0, "a", facts
        )

    async def read(self, partition: int, after: str, limit: int) -> list[AuditEntry]:
        """Read the entries of a partition after an id, in order."""
        reply = await self._committer.call("XRANGE", keys.audit(partition), f"({after}", "+", "COUNT", limit)
        return [_entry(partition, item) for item in reply]


def _entry(partition: int, item: list[Any]) -> AuditEntry:
    values = item[1]
    fields = dict(zip(values[::2], values[1::2], strict=True))
    facts: Any = unpack(fields[b"a"]) if fields.get(b"a") else {}
    facts = facts if isinstance(facts, dict) else {"kind": str(facts)}
    thread = fields.get(b"t", b"").decode() or str(facts.pop("thread", ""))
    return AuditEntry(partition, item[0].decode(), thread, int(fields.get(b"s", 0)), facts)
