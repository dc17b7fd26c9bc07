"""What waits for a moderator in the store: held texts and appeals, and their sealed originals.

A record lies in the partition of its thread, is named by its thread, sender and cid, and is decided once. Functions in
the store read and write its `state`, `at`, `expires_at`, `decided_at`, `note`, `seq` and `command`.
"""

import hashlib
from typing import Any, Final, NamedTuple

import msgspec

from greenroom_protocol.bases import Span
from greenroom_server.domain.ids import PARTITION_COUNT, thread_partition
from greenroom_server.store import keys
from greenroom_server.store.append import CONFLICT, OUTSIDE_WINDOW, CidRefused, Repeat
from greenroom_server.store.committer import Committer
from greenroom_server.store.library import library
from greenroom_server.store.records import pack
from greenroom_server.store.thread_ref import held_keys

OPEN_MOST: Final = 10_000
"""Waiting in one partition."""
DECIDED_MOST: Final = 10_000
"""Kept in one partition; the oldest go first."""
_LETTERS: Final = {"message": "h", "appeal": "a"}
_DAY_MS: Final = 86_400_000


class Found(msgspec.Struct, frozen=True, array_like=True):
    """What the filter found, in code points of the original."""

    kind: str
    intent: str
    reason: str
    score: float
    start: int
    end: int


class Held(msgspec.Struct, kw_only=True):
    """One text or appeal."""

    kind: str
    """message, appeal."""
    thread: str
    by: str
    cid: str
    cid_ms: int
    hash: str
    """Of what the cid stands for."""
    state: str
    """held; then released, rejected, expired, withdrawn. Of an appeal: open; then upheld, overturned."""
    command: str
    """The command as JSON with its text masked; empty for an appeal, and once it is decided."""
    hidden: list[Span] = []
    """Placeholders in the masked text."""
    is_sealed: bool = False
    """The original was kept."""
    findings: list[Found] = []
    action: str = ""
    """What the filter did."""
    code: str = ""
    version: str = ""
    policy_state: str = ""
    words: str = ""
    """Of an appeal: why, in the sender's words, for moderators only."""
    seq: int = 0
    """Of the message that was delivered: by the release, or masked, of which an appeal is; 0: none."""
    at: int = 0
    """When it was submitted, store time, UTC ms."""
    expires_at: int = 0
    """UTC ms; 0: never."""
    decided_at: int = 0
    note: str = ""
    """Code that the moderator gave."""

    def __repr__(self) -> str:
        """All but what somebody wrote."""
        return f"Held(kind={self.kind!r}, thread={self.thread!r}, state={self.state!r})"

    @property
    def is_open(self) -> bool:
        """Whether it waits for a decision."""
        return self.state in ("held", "open")


class Told(NamedTuple):
    """What goes with a change of what is held: a change for those who follow, and an entry of the audit stream."""

    change: str
    """Kind; empty: none."""
    fields: bytes
    """Of the change, JSON without text."""
    audit: bytes


class Waiting(NamedTuple):
    """Counts of one store."""

    total: int
    oldest_at: int
    """UTC ms; 0: nothing waits."""


_decode = msgspec.msgpack.Decoder(Held).decode


def held_id(kind: str, thread: str, user: str, cid: str) -> str:
    """Name what is held, the same for every try."""
    digest = hashlib.blake2b(f"{kind} {thread} {user} {cid}".encode(), digest_size=10).hexdigest()
    return f"{_LETTERS[kind]}{thread_partition(thread)}_{digest}"


def held_partition(name: str) -> int | None:
    """Give the partition that an id names; None when it is not one."""
    partition, _, digest = name[1:].partition("_")
    if name[:1] not in _LETTERS.values() or not partition.isdecimal() or len(partition) > 3 or not digest.isalnum():
        return None
    return int(partition) if int(partition) < PARTITION_COUNT else None


class HeldStore:
    """What is held in one store."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer
        self._hold, self._unhold = library().function("hold"), library().function("unhold")

    async def hold(
        self, name: str, what: Held, sealed: bytes, extra: str, told: Told, *, expires_ms: int, most: int,
        seal_days: int,
    ) -> int | Held | Repeat | CidRefused | None:  # fmt: skip
        """Keep a text or an appeal.

        Args:
            name: from `held_id`.
            what: the store adds when.
            sealed: its original; empty: none is kept.
            extra: for a repeat of a text's cid.
            told: what others hear of it.
            expires_ms: after this it is due; 0: never.
            most: texts of this sender that may wait in this thread.
            seal_days: after which the original is gone.

        Returns:
            When it was submitted; what was kept under this name before; what the cid was answered, or why it cannot
            be used; None when too much waits already.
        """
        day = what.cid_ms // _DAY_MS
        partition, names = _partition(what.thread), self._names(what)
        names += [keys.head(partition, what.thread), keys.cids(partition, what.thread, day)]
        body_hash = what.hash if what.kind == "message" else ""
        reply: Any = await self._committer.call(
            "FCALL", self._hold, len(names), *names, name, pack(what), sealed, what.by, what.cid, what.cid_ms,
            body_hash, extra, what.thread, expires_ms, most, OPEN_MOST, told.change, told.fields, told.audit,
            (day + 10 + seal_days) * 86_400,
        )  # fmt: skip
        kind = reply[0]
        if kind == b"ok":
            at: int = reply[1]
            return at
        if kind == b"known":
            return _decode(reply[1])
        if kind == b"dup":
            _, how, seq, n, when, rest = reply[1].decode().split(" ", 5)
            return Repeat(how, int(seq), int(n), int(when), rest)
        if kind == b"full":
            return None
        return CONFLICT if kind == b"conflict" else OUTSIDE_WINDOW

    async def unhold(
        self, name: str, what: Held, state: str, told: Told, *, by: str = "", answer: str = "", note: str = ""
    ) -> tuple[bool, Held] | None:
        """End a wait without delivering anything.

        Args:
            name: of what.
            what: as it was read.
            state: that it gets.
            told: what others hear of it.
            by: it must be theirs; empty: anybody's.
            answer: what its cid is answered from now on; empty: as before.
            note: the moderator's.

        Returns:
            Whether this ended it, and how it stands; None when it is gone or somebody else's.
        """
        names = self._names(what)
        names.append(keys.cids(_partition(what.thread), what.thread, what.cid_ms // _DAY_MS))
        reply: Any = await self._committer.call(
            "FCALL", self._unhold, len(names), *names, name, state, by, answer, note, told.change, told.fields,
            told.audit, DECIDED_MOST,
        )  # fmt: skip
        return None if reply[0] == b"none" else (reply[0] == b"ok", _decode(reply[1]))

    async def find(self, name: str) -> Held | None:
        """Read one."""
        partition = held_partition(name)
        raw = None if partition is None else await self._committer.call("HGET", keys.held(partition), name)
        return None if raw is None else _decode(raw)

    async def of(self, thread: str, user: str) -> list[tuple[str, Held]]:
        """Read what of somebody waits in a thread, the oldest first."""
        partition = _partition(thread)
        return await self._read(partition, keys.held_of(partition, thread, user), 0, -1)

    async def page(self, partition: int, queue: str, after: int, limit: int) -> list[tuple[str, Held]]:
        """Read a queue (open, decided) of a partition in the order of time, from the place `after`."""
        return await self._read(partition, keys.held_queue(partition, queue), after, after + limit - 1)

    async def _read(self, partition: int, queue: str, first: int, last: int) -> list[tuple[str, Held]]:
        names = await self._committer.call("ZRANGE", queue, first, last)
        if not names:
            return []
        raws = await self._committer.call("HMGET", keys.held(partition), *names)
        return [(name.decode(), _decode(raw)) for name, raw in zip(names, raws, strict=True) if raw is not None]

    async def waiting(self, partition: int) -> Waiting:
        """Count what waits in a partition."""
        queue = keys.held_queue(partition, "open")
        oldest = await self._committer.call("ZRANGE", queue, 0, 0, "WITHSCORES")
        if not oldest:
            return Waiting(0, 0)
        pair = oldest[0] if isinstance(oldest[0], list) else oldest
        return Waiting(await self._committer.call("ZCARD", queue), int(float(pair[1])))

    # --- originals

    async def original(self, thread: str, name: str, cid_ms: int) -> bytes | None:
        """Read a sealed original."""
        key = keys.sealed(_partition(thread), cid_ms // _DAY_MS)
        found: bytes | None = await self._committer.call("HGET", key, name)
        return found

    async def keep_original(self, thread: str, name: str, cid_ms: int, sealed: bytes, seal_days: int) -> None:
        """Keep the sealed original of a text that bounced or was masked."""
        day = cid_ms // _DAY_MS
        key = keys.sealed(_partition(thread), day)
        await self._committer.call("HSET", key, name, sealed)
        await self._committer.call("EXPIREAT", key, (day + 10 + seal_days) * 86_400)

    # --- verdicts

    async def answered(self, thread: str, user: str, cid: str, cid_ms: int) -> tuple[str, Repeat] | None:
        """Give what a cid was answered, with the hash of what it stands for; None when it is unknown."""
        key = keys.cids(_partition(thread), thread, cid_ms // _DAY_MS)
        raw = await self._committer.call("HGET", key, f"{user} {cid}")
        if raw is None:
            return None
        body_hash, how, seq, n, at, extra = raw.decode().split(" ", 5)
        return body_hash, Repeat(how, int(seq), int(n), int(at), extra)

    def _names(self, what: Held) -> list[str]:
        partition = _partition(what.thread)
        names = held_keys(what.thread, what.by, what.cid_ms // _DAY_MS)
        return [*names, keys.timers(partition), keys.changes(partition), keys.audit(partition)]


def _partition(thread: str) -> int:
    partition = thread_partition(thread)
    assert partition is not None, "the id was checked when it came in"
    return partition
