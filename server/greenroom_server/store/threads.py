"""Threads in the store: read a head, append events, remember what a cid was answered.

Nothing here decides; the caller says what to append and under which revision it was decided.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from greenroom_protocol.events import KINDS_WITH_ORDINAL, AnyEvent
from greenroom_server.domain.head import Head, Marks
from greenroom_server.domain.ids import thread_partition
from greenroom_server.domain.obligation import Obligation
from greenroom_server.store import keys
from greenroom_server.store.amendments import Amended, read_amended
from greenroom_server.store.append import (
    CONFLICT,
    GAP,
    OUTSIDE_WINDOW,
    Append,
    Committed,
    Elsewhere,
    Lacking,
    Outcome,
    Rare,
    Repeat,
    Stale,
    Told,
    Unfit,
)
from greenroom_server.store.committer import Committer
from greenroom_server.store.errors import StoreError, StoreRefused
from greenroom_server.store.library import library
from greenroom_server.store.own_logs import read_noticed
from greenroom_server.store.records import (
    byte_fields,
    encode_event,
    pack,
    read_entry,
    read_event,
    read_head,
    read_marks,
    read_open_followup,
    read_pair,
    read_row,
)
from greenroom_server.store.resp import Argument
from greenroom_server.store.thread_ref import ThreadRef

_DAY_MS: Final = 86_400_000


_NUMBERED: Final = frozenset(kind for kind in AnyEvent.__args__ if kind.__struct_config__.tag in KINDS_WITH_ORDINAL)
"""Events that a person sees as an item."""
_CID_REFUSED: Final = {b"conflict": CONFLICT, b"window": OUTSIDE_WINDOW, b"gap": GAP}


class Threads:
    """The threads of one store."""

    def __init__(self, committer: Committer, node: str, *, is_one_primary: bool = False) -> None:
        """``is_one_primary``: one server holds every partition, so a commit may touch the inboxes of all of them."""
        self._committer = committer
        self._node = node
        self._is_one_primary = is_one_primary
        self.on_change: Callable[[int, str], object] = lambda _partition, _kinds: None
        """Called with partition and kinds when a commit of this node left a pointer for those who follow changes."""
        self._open = library().function("open")
        self._commit = library().function("commit")
        self._refuse = library().function("refuse")
        self._recall = library().function("recall")
        self._acknowledge = library().function("acknowledge")

    def ref(self, head: Head, *joiners: str) -> ThreadRef:
        """Make the constant part of a thread's commits, with those who join by one; good until `rev` changes."""
        users = [*head.present, *joiners]
        return ThreadRef(
            head.thread, head.client, head.freelancer, users, self._node, is_one_primary=self._is_one_primary
        )

    async def head(self, thread: str) -> tuple[Head, Marks] | None:
        """Read a thread's head; None when there is no such thread.

        Raises:
            Unavailable, Uncertain: the store did not answer.
        """
        partition = thread_partition(thread)
        if partition is None:
            return None
        fields = byte_fields(await self._committer.call("HGETALL", keys.head(partition, thread)))
        if not fields:
            return None
        pair_key, freelancer = keys.pair(partition, fields["client"].decode()), fields["freelancer"].decode()
        flags, rev = await self._committer.call("HMGET", pair_key, freelancer, f"{freelancer}#rev")
        return read_head(thread, fields, read_pair(flags, rev)), read_marks(fields)

    def append(self, ref: ThreadRef, head: Head, epoch: int, what: Append, done: Callable[[Outcome], object]) -> None:
        """Append events if the head still holds; `done` is called once, perhaps inside this call."""
        day = what.cid_ms // _DAY_MS
        events = what.events
        numbered = "".join(["1" if type(event) in _NUMBERED else "0" for event in events])
        pair_rev = str(head.relationship.rev)
        dynamic = (
            epoch, head.rev, pair_rev, what.actor, what.cid, what.cid_ms, what.body_hash, what.op, what.seen,
            what.extra, what.state, what.rare and what.rare.packed(), numbered, what.prev_cid,
        )  # fmt: skip
        if what.own_seq >= 0:
            dynamic += (what.own_seq,)  # type: ignore[assignment]

        def answered(reply: Any) -> None:
            done(_outcome(reply, ref, epoch))

        def answered_rare(reply: Any) -> None:
            self._rare_answered(_outcome(reply, ref, epoch), ref, what, done)

        if what.rare is None and len(what.events) == 1:
            packed = pack(dynamic)
            payload = encode_event(what.events[0])
            rest = b"$%d\r\n%b\r\n$%d\r\n%b\r\n" % (len(packed), packed, len(payload), payload)
            self._committer.submit_packed(ref.front(day) + rest, answered)
            return
        rare = what.rare
        names = ref.names(
            day,
            is_rare=rare is not None,
            is_paid=rare is not None and rare.ledger is not None,
            **_held(rare),
        )
        payloads = [encode_event(event) for event in what.events]
        command: tuple[Argument, ...] = (
            "FCALL",
            self._commit,
            len(names),
            *names,
            ref.static,
            pack(dynamic),
            *payloads,
        )
        self._committer.submit(command, answered_rare if what.rare is not None else answered)

    def open(
        self, ref: ThreadRef, epoch: int, pair_rev: int, fields: Mapping[str, str | int], job: str, what: Append,
        done: Callable[[Outcome], object], *, may_adopt: bool = True,
    ) -> None:  # fmt: skip
        """Create a thread with its first events, unless the pair already has one for the job.

        ``may_adopt``: nor when it has one without a job, which could take this one.
        """
        assert what.rare is not None, "opening always sets something rare"
        numbered = "".join(["1" if type(event) in _NUMBERED else "0" for event in what.events])
        flat = [part for pair in fields.items() for part in pair]
        dynamic = (
            epoch, "1", str(pair_rev), what.actor, what.cid, what.cid_ms, what.body_hash, what.op, what.seen,
            what.extra, what.state, what.rare.packed(), numbered, "", flat, job, may_adopt,
        )  # fmt: skip
        is_paid = what.rare.ledger is not None
        names = ref.names(what.cid_ms // _DAY_MS, is_rare=True, is_paid=is_paid, **_held(what.rare))
        payloads = [encode_event(event) for event in what.events]
        command: tuple[Argument, ...] = ("FCALL", self._open, len(names), *names, ref.static, pack(dynamic), *payloads)
        self._committer.submit(command, lambda reply: self._rare_answered(_outcome(reply, ref, epoch), ref, what, done))

    def refuse(
        self, thread: str, actor: str, cid: str, cid_ms: int, body_hash: str, extra: str, audit: bytes,
        done: Callable[[Outcome | int], object],
    ) -> None:  # fmt: skip
        """Remember a bounce under its cid; `done` gets how many bounces this actor has here, or what commit gives."""
        partition = thread_partition(thread)
        assert partition is not None
        names = (
            keys.head(partition, thread),
            keys.cids(partition, thread, cid_ms // _DAY_MS),
            keys.audit(partition),
        )
        stored = f"{body_hash} b 0 0 0 {extra}"
        command = ("FCALL", self._refuse, 3, *names, actor, cid, cid_ms, body_hash, stored, thread, audit)
        self._committer.submit(command, lambda reply: done(_refused(reply)))

    async def acknowledge(self, thread: str, user: str, entry: bytes) -> int:
        """Record once that a user has read a notice, with an audit entry; gives when it was first, UTC ms."""
        partition = thread_partition(thread)
        assert partition is not None
        names = (keys.head(partition, thread), keys.audit(partition))
        field = f"acknowledged:{user}"
        at: int = await self._committer.call("FCALL", self._acknowledge, 2, *names, field, thread, entry)
        return at

    def recall(
        self, thread: str, actor: str, cid: str, cid_ms: int, body_hash: str, done: Callable[[Outcome | None], object]
    ) -> None:
        """Give what a cid was answered before; None when it is new."""
        command = self._cid_command(self._recall, thread, actor, cid, cid_ms, body_hash)
        self._committer.submit(command, lambda reply: done(None if _is(reply, b"none") else _outcome(reply, None, 0)))

    async def events(self, thread: str, after: int, to: int | None, limit: int) -> list[AnyEvent]:
        """Read events in order: those above `after`, up to and with `to`."""
        partition = thread_partition(thread)
        assert partition is not None
        end = "+" if to is None else f"{to}-0"
        stream = keys.thread(partition, thread)
        reply = await self._committer.call("XRANGE", stream, f"{after + 1}-0", end, "COUNT", limit)
        return [read_entry(entry) for entry in reply]

    async def events_before(self, thread: str, before: int | None, limit: int) -> list[AnyEvent]:
        """Read the newest events below `before`, in order."""
        partition = thread_partition(thread)
        assert partition is not None
        end = "+" if before is None else f"{before - 1}-0"
        if before is not None and before <= 1:
            return []
        reply = await self._committer.call("XREVRANGE", keys.thread(partition, thread), end, "-", "COUNT", limit)
        return [read_entry(entry) for entry in reversed(reply)]

    async def amendments(self, thread: str, seqs: Sequence[int]) -> dict[int, Amended]:
        """Give what became of messages; those nothing happened to are left out."""
        if not seqs:
            return {}
        partition = thread_partition(thread)
        assert partition is not None
        fields = [field for seq in seqs for field in (str(seq), f"r{seq}")]
        values = iter(await self._committer.call("HMGET", keys.amends(partition, thread), *fields))
        found = zip(seqs, values, values, strict=True)
        return {seq: read_amended(*both) for seq, *both in found if any(value is not None for value in both)}

    async def open_followups(self, threads: Sequence[str]) -> list[Obligation]:
        """Give the private follow-ups that are open in some threads."""
        found = await asyncio.gather(*(self._open_followup(thread) for thread in threads))
        return [followup for followup in found if followup is not None]

    async def _open_followup(self, thread: str) -> Obligation | None:
        partition = thread_partition(thread)
        assert partition is not None
        tail, client = await self._committer.call("HMGET", keys.head(partition, thread), "tail", "client")
        return None if tail is None else read_open_followup(thread, tail, client.decode())

    def _rare_answered(self, outcome: Outcome, ref: ThreadRef, what: Append, done: Callable[[Outcome], object]) -> None:
        done(outcome)
        if type(outcome) is Committed and what.rare is not None and what.rare.change:
            self.on_change(ref.partition, what.rare.change)

    def _cid_command(
        self, function: str, thread: str, actor: str, cid: str, cid_ms: int, body_hash: str
    ) -> tuple[bytes | str | int, ...]:
        partition = thread_partition(thread)
        assert partition is not None
        names = (keys.head(partition, thread), keys.cids(partition, thread, cid_ms // _DAY_MS))
        return ("FCALL", function, 2, *names, actor, cid, cid_ms, body_hash)


def _held(rare: Rare | None) -> dict[str, str]:
    """Say whose held text a commit delivers, and where it waited."""
    held = None if rare is None else rare.held
    return {} if held is None else {"author": held.user, "waited_in": held.subject}


def _is(reply: Any, what: bytes) -> bool:
    return type(reply) is list and bool(reply) and reply[0] == what


def _outcome(reply: Any, ref: ThreadRef | None, epoch: int) -> Outcome:
    if type(reply) is not list:
        return reply if isinstance(reply, StoreError) else StoreRefused("reply", "unexpected")
    kind = reply[0]
    if kind == b"ok" and ref is not None:
        count = len(ref.locals)
        rows = [(user, read_row(row)) for user, row in zip(ref.locals, reply[7 : 7 + count], strict=True) if row]
        end = 7 + count + len(ref.remotes)
        owed = list(zip(ref.remotes, reply[7 + count : end], strict=True))
        told = _told(ref, reply[end]) if len(reply) > end else None
        return Committed(epoch, reply[1], reply[2], reply[3], reply[4], reply[5], reply[6].decode(), rows, owed, told)
    if kind == b"dup":
        _, how, seq, n, at, extra = reply[1].decode().split(" ", 5)
        return Repeat(how, int(seq), int(n), int(at), extra)
    refused = _CID_REFUSED.get(kind)
    if refused is not None:
        return refused
    if kind in (b"rev", b"epoch"):
        return Stale(kind == b"epoch")
    if kind == b"unfit":
        return Unfit(reply[1].decode())
    if kind == b"short":
        return Lacking(*reply[1:])
    return Elsewhere(reply[1].decode(), kind == b"adopt")


def _told(ref: ThreadRef, reply: list[Any] | None) -> Told | None:
    if not reply:
        return None
    return Told(ref.freelancer, read_event(reply[2], 0, 0, 0), read_noticed(reply[:2]))


def _refused(reply: Any) -> Outcome | int:
    if _is(reply, b"ok"):
        count: int = reply[1]
        return count
    return _outcome(reply, None, 0)
