"""How a topic's log is written in the store, and what a reading of it gives."""

from typing import Any, NamedTuple

import msgspec
from msgspec import Struct, field

from greenroom_protocol.bases import Span
from greenroom_protocol.community import PostView, TopicView
from greenroom_server.store.records import byte_fields

ERASED = "e"
HIDDEN = "h"


class Written(Struct, tag="post", omit_defaults=True, kw_only=True):
    """An entry: a post, as delivered."""

    by: str
    cid: str = ""
    body: str
    title: str = ""
    """Of an announcement."""
    hidden: list[Span] = field(default_factory=list)
    reply_to: int = 0


class Rewritten(Struct, tag="edit", omit_defaults=True, kw_only=True):
    """An entry: a new text for an earlier post."""

    by: str
    cid: str = ""
    body: str
    hidden: list[Span] = field(default_factory=list)


class Acted(Struct, tag="act", omit_defaults=True, kw_only=True):
    """An entry: what else was done to a post or to the topic."""

    by: str
    cid: str = ""
    what: str
    """erase, hide, show, accept, lock, unlock, pin, unpin, delete."""


Entry = Written | Rewritten | Acted

encode_entry = msgspec.json.Encoder().encode
_decode_written = msgspec.json.Decoder(Written).decode
_decode_rewritten = msgspec.json.Decoder(Rewritten).decode
_decode_view = msgspec.json.Decoder(PostView).decode


class Item(NamedTuple):
    """A post as it was read, with what was done to it."""

    seq: int
    at: int
    n: int
    payload: bytes
    """Empty when it was erased."""
    amends: str
    edit: bytes
    """Payload of its last edit; empty without one."""
    edited_at: int

    @property
    def size_bytes(self) -> int:
        """About what it takes in a page."""
        return len(self.payload) + len(self.edit) + len(self.amends) + 100

    def written(self) -> Written | None:
        """Give the post as it was first written; None when it was erased."""
        return _decode_written(self.payload) if self.payload else None

    def view(self, *, shows_hidden: bool = False) -> PostView:
        """Show the post as it stands now."""
        written = self.written()
        if written is None:
            return _decode_view(self.amends.removeprefix(ERASED))
        view = PostView(seq=self.seq, n=self.n, at=self.at, by=written.by, cid=written.cid, reply_to=written.reply_to)
        text: Written | Rewritten = _decode_rewritten(self.edit) if self.edit else written
        view.edited_at = self.edited_at
        if self.amends.startswith(HIDDEN):
            view.gone = "hidden"
        if not view.gone or shows_hidden:
            view.body, view.hidden = text.body, text.hidden
        return view


class Stretch(NamedTuple):
    """A stretch of a topic's log: complete above `after` up to `to`."""

    topic: TopicView
    after: int
    to: int
    items: list[Item]
    changed: list[Item]
    """At or below `after`; changed by this stretch."""


def read_item(raw: list[Any]) -> Item:
    """Read an item of `topic_read`."""
    return Item(raw[0], raw[1], raw[2], raw[3], raw[4].decode(), raw[5], raw[6])


def read_topic(topic: str, epoch: int, flat: list[bytes]) -> TopicView:
    """Read a topic's head hash."""
    head = {name: value.decode() for name, value in byte_fields(flat).items()}
    return TopicView(
        topic=topic, epoch=epoch, kind=head["kind"], title=head["title"],  # type: ignore[arg-type]  # written by us
        tags=head["tags"].split() if head["tags"] else [], by=head["by"], created_at=int(head["created_at"]),
        seq=int(head["seq"]), posts=int(head["n"]), last_at=int(head["last_at"]), accepted=int(head["accepted"]),
        is_locked=head["locked"] == "1", is_pinned=head["pinned"] == "1",
    )  # fmt: skip


def read_stretch(topic: str, reply: list[Any]) -> Stretch:
    """Read the reply of `topic_read`."""
    epoch, after, to, head, items, changed = reply
    found = sorted(map(read_item, changed))
    return Stretch(read_topic(topic, epoch, head), after, to, [read_item(item) for item in items], found)
