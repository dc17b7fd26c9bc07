"""Frames on their way out: encoded once per codec, however many connections get them."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from greenroom_protocol.bases import Event, Push

JSON: Final = 0
MSGPACK: Final = 1
ENCODERS: Final = (msgspec.json.Encoder().encode, msgspec.msgpack.Encoder().encode)


class Shared:
    """A frame that is the same for everybody who gets it."""

    __slots__ = ("_bytes", "_frame")

    def __init__(self, frame: Push) -> None:
        self._frame = frame
        self._bytes: list[bytes | None] = [None, None]

    def encoded(self, codec: int) -> bytes:
        """Give the bytes for a codec."""
        data = self._bytes[codec]
        if data is None:
            data = self._bytes[codec] = ENCODERS[codec](self._frame)
        return data


class EventBytes:
    """Events that several users get inside frames of their own; each event is encoded once per codec."""

    __slots__ = ("_raw", "events", "first_seq", "last_seq")

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events
        self.first_seq = events[0].seq if events else 0
        self.last_seq = events[-1].seq if events else 0
        self._raw: list[Any] = [None, None]

    def encoded(self, codec: int) -> bytes:
        """Give the events as one encoded array."""
        raw = self._raw[codec]
        if raw is None:
            raw = self._raw[codec] = ENCODERS[codec](self.events)
        return raw  # type: ignore[no-any-return]  # encoders give bytes


class RowChange(NamedTuple):
    """A touched inbox row, on its way to one user."""

    thread: str
    epoch: int
    mark: int
    from_seq: int
    seq: int
    n: int
    read: int
    state: str
    last_at: int
    events: EventBytes | None
    muted_until: int = 0
    archived_n: int = -1


class _Change(msgspec.Struct, tag_field="type", tag="inbox.changed", omit_defaults=True):
    """What `InboxChanged` is on the wire, with its events already encoded."""

    mark: int
    thread: str
    epoch: int
    from_seq: int = msgspec.field(name="from")
    seq: int
    n: int
    read: int
    state: str
    last_at: int
    events: msgspec.Raw
    muted_until: int = 0
    archived_n: int = -1


_NO_EVENTS: Final = (msgspec.Raw(b"[]"), msgspec.Raw(b"\x90"))


def encode_change(change: RowChange, codec: int) -> bytes:
    """Encode one user's frame around events that are encoded once."""
    events = change.events
    raw = _NO_EVENTS[codec] if events is None else msgspec.Raw(events.encoded(codec))
    return ENCODERS[codec](
        _Change(
            change.mark, change.thread, change.epoch, change.from_seq, change.seq,
            change.n, change.read, change.state, change.last_at, raw, change.muted_until, change.archived_n,
        )
    )  # fmt: skip
