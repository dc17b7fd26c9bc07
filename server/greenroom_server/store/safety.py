"""Blocks, reports and suspensions in the store.

A user's blocks lie in their own partition, what they mean for a pair in its flags; reports lie beside their thread.
"""

from typing import Any, Final, NamedTuple

import msgspec

from greenroom_server.domain.ids import PARTITION_COUNT, thread_partition, user_partition
from greenroom_server.store import keys
from greenroom_server.store.append import CONFLICT, OUTSIDE_WINDOW, CidRefused
from greenroom_server.store.committer import Committer
from greenroom_server.store.library import library
from greenroom_server.store.records import pack

REPORTS: Final = 10_000
"""Kept in each partition; the oldest go first."""
_DAY_MS: Final = 86_400_000


class Block(msgspec.Struct, frozen=True, array_like=True):
    """Since when somebody is blocked, and the blocker's own note."""

    at: int
    """UTC ms."""
    reason: str

    def __repr__(self) -> str:
        """All but the note."""
        return f"Block(at={self.at})"


class Report(msgspec.Struct, kw_only=True):
    """One report, as the moderators see it."""

    thread: str
    by: str
    about: str
    """User id of the other side's client or freelancer."""
    category: str
    note: str
    """The reporter's words; for moderators only."""
    target: int = 0
    """Seq of the item; 0: the thread as a whole."""
    at: int = 0
    """Store time, UTC ms."""
    obligation: str = ""
    """Id of the obligation that it settled; empty: none."""
    decision: str = ""
    """upheld, overruled; empty: open."""
    decided_at: int = 0

    def __repr__(self) -> str:
        """All but the words."""
        return f"Report(thread={self.thread!r}, category={self.category!r}, decision={self.decision!r})"


class Reported(NamedTuple):
    """A report was made."""

    report: str
    at: int
    settled: str
    """Kind of the obligation that it settled; empty: none."""
    is_repeat: bool = False


_decode_block = msgspec.msgpack.Decoder(Block).decode
_decode_report = msgspec.msgpack.Decoder(Report).decode


class Safety:
    """Blocks, reports and suspensions of one store."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer
        name = library().function
        self._report, self._judge = name("report"), name("judge_report")
        self._mark = name("mark_head")

    # --- blocks

    async def blocks(self, user: str) -> dict[str, Block]:
        """Read whom a user has blocked."""
        reply = iter(await self._committer.call("HGETALL", keys.blocks(user_partition(user), user)))
        return {name.decode(): _decode_block(raw) for name, raw in zip(reply, reply, strict=True)}

    async def save_block(self, user: str, peer: str, block: Block) -> None:
        """Note a block; an older one of the same peer keeps its time."""
        key = keys.blocks(user_partition(user), user)
        await self._committer.call("HSETNX", key, peer, pack(block))

    async def drop_block(self, user: str, peer: str) -> None:
        """Forget a block."""
        await self._committer.call("HDEL", keys.blocks(user_partition(user), user), peer)

    async def threads_of_pair(self, client: str, freelancer: str) -> list[str]:
        """Name the threads of a pair."""
        key = keys.pairing(user_partition(freelancer), client, freelancer)
        return sorted({thread.decode() for thread in await self._committer.call("HVALS", key)})

    # --- suspensions

    async def mark_suspended(self, thread: str, user: str, *, is_suspended: bool) -> None:
        """Note in a thread that one of its users is suspended, or no longer; every decision follows."""
        value = "1" if is_suspended else ""
        names = (keys.head(_partition(thread), thread),)
        await self._committer.call("FCALL", self._mark, 1, *names, f"suspended:{user}", value)

    async def let_pass(self, thread: str, body_hash: str, user: str) -> None:
        """Let a text of somebody pass once; every decision follows."""
        names = (keys.head(_partition(thread), thread),)
        await self._committer.call("FCALL", self._mark, 1, *names, f"pass:{body_hash}", user)

    # --- reports

    async def report(
        self, freelancer: str, what: Report, cid: str, cid_ms: int, body_hash: str, *, young_ms: int, audit: bytes
    ) -> Reported | CidRefused:
        """Keep a report.

        Args:
            freelancer: of the thread.
            what: the report; the store adds when, and the obligation that it settled.
            cid: of the report.
            cid_ms: time of the cid.
            body_hash: of the report.
            young_ms: an open obligation no older than this is settled; 0: none is.
            audit: entry for the audit stream.
        """
        partition = _partition(what.thread)
        names = (
            keys.head(partition, what.thread),
            keys.cids(partition, what.thread, cid_ms // _DAY_MS),
            keys.reports_by_time(partition),
            keys.reports(partition),
            keys.obligations(partition, freelancer),
            keys.obligations_by_t0(partition, freelancer),
            keys.audit(partition),
        )
        args = (what.by, cid, cid_ms, body_hash, what.thread, f"r{partition}_", pack(what), REPORTS, young_ms, audit)
        reply: Any = await self._committer.call("FCALL", self._report, len(names), *names, *args)
        if reply[0] == b"ok":
            return Reported(reply[1].decode(), reply[2], reply[3].decode())
        if reply[0] == b"dup":
            _, _, _, _, at, report = reply[1].decode().split(" ", 5)
            return Reported(report, int(at), "", is_repeat=True)
        return CONFLICT if reply[0] == b"conflict" else OUTSIDE_WINDOW

    async def reports(self, partition: int, after: int, limit: int) -> list[tuple[str, Report]]:
        """Read reports of a partition in the order of time, from the place `after` (0: the oldest)."""
        ids = await self._committer.call("ZRANGE", keys.reports_by_time(partition), after, after + limit - 1)
        if not ids:
            return []
        raws = await self._committer.call("HMGET", keys.reports(partition), *ids)
        return [(name.decode(), _decode_report(raw)) for name, raw in zip(ids, raws, strict=True) if raw is not None]

    async def find_report(self, report: str) -> Report | None:
        """Read one report."""
        partition = report_partition(report)
        raw = None if partition is None else await self._committer.call("HGET", keys.reports(partition), report)
        return None if raw is None else _decode_report(raw)

    async def judge(
        self, report: str, what: Report, freelancer: str, decision: str, audit: bytes
    ) -> tuple[bool, Report] | None:
        """Decide a report; gives whether this decided it, and how it stands; None when it is gone."""
        partition = _partition(what.thread)
        names = (keys.reports(partition), keys.obligations(partition, freelancer), keys.audit(partition))
        args = (report, decision, audit, what.thread)
        reply = await self._committer.call("FCALL", self._judge, len(names), *names, *args)
        return None if reply[0] == b"none" else (reply[0] == b"ok", _decode_report(reply[1]))


def report_partition(report: str) -> int | None:
    """Give the partition that the id of a report names; None when it is not one."""
    partition, _, number = report.removeprefix("r").partition("_")
    if not (report.startswith("r") and partition.isdecimal() and number.isdecimal()):
        return None
    return int(partition) if int(partition) < PARTITION_COUNT else None


def _partition(thread: str) -> int:
    partition = thread_partition(thread)
    assert partition is not None, "the id was checked when it came in"
    return partition
