"""Community topics in the store: append to a log, read it, list and find topics.

Nothing here decides; the caller says what to append and under which conditions it holds.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from greenroom_protocol.cid import cid_time_ms
from greenroom_protocol.community import TopicPosition, TopicView
from greenroom_server.domain.topic import FIRST_POST, SHELVES, Place, topic_partition
from greenroom_server.store import keys
from greenroom_server.store.append import CONFLICT, OUTSIDE_WINDOW, CidRefused, Repeat
from greenroom_server.store.committer import Committer
from greenroom_server.store.library import library
from greenroom_server.store.records import pack
from greenroom_server.store.topic_records import Entry, Stretch, Written, encode_entry, read_stretch, read_topic

_DAY_MS: Final = 86_400_000
LOOKED_AT: Final = 1_000
"""Topics that one page of a list or search looks at on each shelf; the next page goes on from there."""
_CID_REFUSED: Final = {b"conflict": CONFLICT, b"window": OUTSIDE_WINDOW}


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicChange:
    """One entry for a topic's log, what changes with it, and what must hold."""

    entry: Entry
    cid: str = ""
    body_hash: str = ""
    extra: str = ""
    """Kept with the cid and given back to a repeat."""
    makes: Mapping[str, str | int] | None = None
    """Head of a topic that is not there yet."""
    is_new: bool = False
    """The topic must not be there."""
    is_open: bool = False
    """The topic must not be locked."""
    most: int | None = None
    """The topic must hold fewer posts."""
    reply_to: int = 0
    target: int | None = None
    """Seq of the post that is meant; its amendments must still be `was`."""
    was: str = ""
    becomes: str | None = None
    """edit, erase, hide or show the target."""
    tomb: str = ""
    """What is left of an erased target, JSON."""
    set: Mapping[str, int] = field(default_factory=dict)
    """accepted, locked, pinned."""
    lists: Sequence[str] = ()
    """Lists in which the topic moves by its activity; see `keys.topics`."""
    joins: Sequence[str] = ()
    leaves: Sequence[str] = ()
    frame: str = "topic"
    """How other nodes are told: topic (those that have it open), announcement (all)."""
    view: bytes = b""
    """What they are told, JSON; its seq, n and at are given where it arrives."""
    name: str = ""
    """Display name of the post's author, for those who are told."""
    deletes: bool = False
    audit: bytes = b""
    """Entry for the audit stream, see usecases/audit_trail.py; never text."""


class TopicChanged(NamedTuple):
    """The entry is in the log."""

    seq: int
    n: int
    """Posts written so far."""
    at: int
    epoch: int
    accepted: int
    is_locked: bool
    is_pinned: bool


class TopicRefused(NamedTuple):
    """What must hold does not; nothing was written."""

    why: str
    """gone, exists, locked, full, no_reply_to, stale."""


TopicOutcome = TopicChanged | Repeat | CidRefused | TopicRefused


class Walk(NamedTuple):
    """What one shelf had for a page."""

    hits: list[Place]
    to: Place | None
    """The last one looked at; None when the end was reached."""


class TopicStore:
    """The topics of one store, as one node uses them."""

    def __init__(self, committer: Committer, node: str) -> None:
        self._committer = committer
        self._node = node
        name = library().function
        self._append, self._read, self._page = name("topic"), name("topic_read"), name("topic_page")
        self._watch, self._recall, self._refuse = name("topic_watch"), name("recall"), name("refuse")

    async def append(self, topic: str, change: TopicChange) -> TopicOutcome:
        """Append one entry.

        Raises:
            Unavailable: nothing was written.
            Uncertain: may have been written; the same cid tells.
        """
        partition = _partition(topic)
        lists = [keys.topics(partition, name) for name in (*change.lists, *change.joins, *change.leaves)]
        cid_ms = _cid_ms(change.cid)
        names = [
            keys.topic(partition, topic), keys.topic_part(partition, topic, "head"),
            keys.topic_cids(partition, topic, cid_ms // _DAY_MS), keys.topic_part(partition, topic, "amends"),
            keys.nodes(partition), keys.topic_part(partition, topic, "open"), keys.epoch(partition),
            keys.audit(partition), *lists,
        ]  # fmt: skip
        what: dict[str, Any] = {
            "topic": topic, "tag": keys.tag(partition), "node": self._node, "actor": change.entry.by,
            "cid": change.cid, "cid_ms": cid_ms, "hash": change.body_hash, "extra": change.extra,
            "frame": change.frame, "view": change.view.decode(), "name": change.name, "lists": len(change.lists),
            "joins": len(change.joins), "is_post": isinstance(change.entry, Written), "is_new": change.is_new,
            "is_open": change.is_open, "reply_to": change.reply_to, "was": change.was, "tomb": change.tomb,
            "set": _flat(change.set), "everywhere": change.frame == "announcement", "deletes": change.deletes,
        }  # fmt: skip
        optional = {"target": change.target, "becomes": change.becomes, "most": change.most}
        what |= {name: value for name, value in optional.items() if value is not None}
        if change.makes is not None:
            what["makes"] = _flat(change.makes)
        args = (pack(what), encode_entry(change.entry), change.audit)
        return _outcome(await self._committer.call("FCALL", self._append, len(names), *names, *args))

    async def recall(self, topic: str, actor: str, cid: str, body_hash: str) -> Repeat | CidRefused | None:
        """Give what a cid was answered before; None when it is new."""
        reply = await self._committer.call(*self._cid_command(self._recall, topic, actor, cid, body_hash))
        if reply[0] == b"none":
            return None
        outcome = _outcome(reply)
        assert isinstance(outcome, Repeat | CidRefused)
        return outcome

    async def refuse(
        self, topic: str, actor: str, cid: str, body_hash: str, extra: str, audit: bytes
    ) -> Repeat | CidRefused | None:
        """Remember a bounce under its cid, and audit it; None when it is new, else what the cid was answered before."""
        stored, audits = f"{body_hash} b 0 0 0 {extra}", (keys.audit(_partition(topic)),)
        command = self._cid_command(self._refuse, topic, actor, cid, body_hash, *audits)
        reply = await self._committer.call(*command, stored, topic, audit)
        if reply[0] == b"ok":
            return None
        outcome = _outcome(reply)
        assert isinstance(outcome, Repeat | CidRefused)
        return outcome

    async def read(self, topic: str, after: int | None, before: int | None, limit: int) -> Stretch | None:
        """Read a stretch of the log; None when there is no such topic.

        Args:
            after: above this seq; None reads back.
            before: below this seq; None from the end.
            limit: positions of the log, 1 to `limits.COMMUNITY_ITEMS`; not all of them are posts.
        """
        partition = _partition(topic)
        names = (
            keys.topic(partition, topic), keys.topic_part(partition, topic, "head"),
            keys.topic_part(partition, topic, "amends"), keys.epoch(partition),
        )  # fmt: skip
        bounds = ("" if after is None else after, "" if before is None else before, limit)
        reply = await self._committer.call("FCALL", self._read, len(names), *names, *bounds)
        return None if reply is None else read_stretch(topic, reply)

    async def first_post(self, topic: str) -> Stretch | None:
        """Read a topic's head and the post that it opens with."""
        return await self.read(topic, FIRST_POST - 1, None, 1)

    async def views(self, topics: Sequence[str]) -> list[TopicView]:
        """Read some topics' heads, in their order, without those that are gone meanwhile."""
        found = await asyncio.gather(*(self._view(topic) for topic in topics))
        return [view for view in found if view is not None]

    async def walk(self, lists: Sequence[str], below: Place | None, limit: int) -> list[Walk]:
        """Walk down from a place on every shelf; give the topics that are in all the lists (of one kind of score)."""
        return await asyncio.gather(*(self.walk_shelf(partition, lists, below, limit) for partition in SHELVES))

    async def watch(self, topic: str, *, begins: bool) -> TopicPosition | None:
        """Begin or end to be told of a topic's news; gives where it stands, None when there is no such topic."""
        partition = _partition(topic)
        names = (
            keys.topic_part(partition, topic, "head"), keys.topic_part(partition, topic, "open"), keys.epoch(partition)
        )  # fmt: skip
        reply = await self._committer.call("FCALL", self._watch, len(names), *names, self._node, "1" if begins else "0")
        return None if reply is None else TopicPosition(epoch=reply[0], seq=reply[1])

    async def count_up_to(self, topic: str, seq: int) -> int:
        """Count the posts that were written up to a seq."""
        stream = keys.topic(_partition(topic), topic)
        reply = await self._committer.call("XREVRANGE", stream, f"{seq}-0", "-", "COUNT", 1)
        return int(reply[0][1][9]) if reply else 0

    async def _view(self, topic: str) -> TopicView | None:
        partition = _partition(topic)
        flat, epoch = await asyncio.gather(
            self._committer.call("HGETALL", keys.topic_part(partition, topic, "head")),
            self._committer.call("HGET", keys.epoch(partition), "epoch"),
        )
        return read_topic(topic, int(epoch or 0), flat) if flat else None

    async def walk_shelf(self, partition: int, lists: Sequence[str], below: Place | None, limit: int) -> Walk:
        """Walk on one shelf."""
        names = [keys.topics(partition, name) for name in lists]
        start = ("", "") if below is None else (below.score, below.topic[-16:])
        is_done, score, last, *flat = await self._committer.call(
            "FCALL", self._page, len(names), *names, *start, limit, LOOKED_AT
        )
        found = iter(flat)
        hits = [Place(int(float(score)), topic.decode()) for topic, score in zip(found, found, strict=True)]
        is_over = is_done == b"1" or not last
        return Walk(hits, None if is_over else Place(int(float(score)), last.decode()))

    def _cid_command(
        self, function: str, topic: str, actor: str, cid: str, body_hash: str, *further: str
    ) -> tuple[bytes | str | int, ...]:
        cid_ms = _cid_ms(cid)
        name = keys.topic_cids(_partition(topic), topic, cid_ms // _DAY_MS)  # a topic has no other head to count in
        return ("FCALL", function, 2 + len(further), name, name, *further, actor, cid, cid_ms, body_hash)


def _partition(topic: str) -> int:
    partition = topic_partition(topic)
    assert partition is not None, "the id was checked when it came in"
    return partition


def _cid_ms(cid: str) -> int:
    return (cid_time_ms(cid) or 0) if cid else 0


def _flat(fields: Mapping[str, str | int]) -> list[str | int]:
    return [part for pair in fields.items() for part in pair]


def _outcome(reply: list[Any]) -> TopicOutcome:
    kind = reply[0]
    if kind == b"ok":
        seq, n, at, epoch, accepted, locked, pinned = reply[1:]
        return TopicChanged(seq, n, at, epoch, accepted, bool(locked), bool(pinned))
    if kind == b"dup":
        _, how, seq, n, at, extra = reply[1].decode().split(" ", 5)
        return Repeat(how, int(seq), int(n), int(at), extra)
    return _CID_REFUSED.get(kind) or TopicRefused(kind.decode())
