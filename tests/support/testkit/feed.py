"""Around a feed: screens that keep what they are shown, and a store that answers when the test says so."""

from collections.abc import Callable
from typing import Any

import msgspec

from greenroom_protocol.events import MessageSent
from greenroom_server.delivery.frames import JSON, EventBytes, RowChange

_decode_json = msgspec.json.Decoder().decode
_decode_msgpack = msgspec.msgpack.Decoder().decode


class Screen:
    """A connection that is always live."""

    def __init__(self, codec: int = JSON) -> None:
        self.codec = codec
        self.frames: list[bytes] = []
        self.changes: list[RowChange] = []

    @property
    def shown(self) -> list[tuple[int, list[int]]]:
        """Give (mark, seqs of the events) of each push, as it was encoded."""
        decode = _decode_json if self.codec == JSON else _decode_msgpack
        decoded: list[dict[str, Any]] = [decode(frame) for frame in self.frames]
        return [(frame["mark"], [event["seq"] for event in frame["events"]]) for frame in decoded]

    @property
    def marks(self) -> list[int]:
        """Give the marks in the order of the pushes."""
        return [change.mark for change in self.changes]

    def push(self, frame: bytes, change: RowChange) -> None:
        self.frames.append(frame)
        self.changes.append(change)

    def push_ephemeral(self, frame: bytes, key: str) -> None:
        raise AssertionError("a feed sends nothing that may be shed")


class Repairs:
    """What a feed asked for; the test answers."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, int, Callable[[int, list[RowChange]], None]]] = []
        self.gaps: list[tuple[str, int, int, Callable[[EventBytes | None], None]]] = []
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def read_changes(self, user: str, mark: int, done: Callable[[int, list[RowChange]], None]) -> None:
        self.changes.append((user, mark, done))

    def read_gap(self, user: str, thread: str, after: int, to: int, done: Callable[[EventBytes | None], None]) -> None:
        self.gaps.append((thread, after, to, done))

    def later(self, delay_s: float, what: Callable[[], None]) -> None:
        self.timers.append((delay_s, what))

    def elapse(self) -> None:
        """Let the time of all timers pass."""
        timers, self.timers = self.timers, []
        for _, what in timers:
            what()


def events(first: int, last: int) -> EventBytes:
    """Give the messages of a thread from one seq to another."""
    return EventBytes(
        [MessageSent(seq=seq, n=seq, at=seq, by="jonas", cid=f"c{seq}", body="Hi.") for seq in range(first, last + 1)]
    )


def change(
    mark: int,
    *,
    seq: int,
    from_seq: int | None = None,
    first: int | None = None,
    thread: str = "t1_a",
    bare: bool = False,
) -> RowChange:
    """Make a change that brings one message, as most do.

    Args:
        mark: of the inbox.
        seq: of the thread.
        from_seq: the one before unless said.
        first: seq of the first event it brings; the only one is `seq` unless said.
        thread: whose row changed.
        bare: without events.
    """
    brought = None if bare else events(first or seq, seq)
    before = seq - 1 if from_seq is None else from_seq
    return RowChange(thread, 7, mark, before, seq, seq, 0, "direct", seq, brought)
