"""The outbox: messages that were not acked yet, in order per thread. No I/O, no clock.

Theory. A thread is a lane. Its first message is under way or waits for a time; the others wait behind it, so that no
refusal, retry or reconnection can change their order. Across threads messages travel side by side. What has no answer
when a connection ends goes again with the same cid, and the server answers a repetition with its first result.

Source: protocol/spec/ordering.md.
"""

from collections import deque
from collections.abc import Iterator
from enum import Enum
from itertools import islice
from typing import Final

import msgspec

from greenroom_protocol import codes
from greenroom_protocol.replies import Error

MAY_BE_SAVED: Final = frozenset({"uncertain", "internal"})
"""Codes of refusals after which the message may be on disk all the same."""
UNDER_WAY: Final = 32
"""Most messages under way at once, over all threads."""


class QueuedMessage(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A message on its way, in a form that can be stored."""

    thread: str
    cid: str
    body: str
    seen: int | None = None
    auto: bool = False
    no_reply_needed: bool = False
    quote: int | None = None
    """Seq of the message that it answers to."""
    was_sent: bool = False
    """It may have reached the server, so its cid must not change."""

    def __repr__(self) -> str:
        """Name the message without its text."""
        return f"QueuedMessage(thread={self.thread!r}, cid={self.cid!r})"


class Refusal(Enum):
    """What becomes of a refused message."""

    RETRY = "retry"
    """It waits and goes again with the same cid."""
    RESTAMP = "restamp"
    """It was never accepted and its cid is out of date: give it a new one with `restamp`."""
    BOUNCED = "bounced"
    FAILED = "failed"


class _Lane:
    """One thread's messages; there is at least one."""

    __slots__ = ("is_under_way", "messages", "not_before_s", "was_sent_before")

    def __init__(self) -> None:
        self.messages: deque[QueuedMessage] = deque()
        self.is_under_way = False
        self.not_before_s = 0.0
        self.was_sent_before = False


class Outbox:
    """Messages by thread, oldest first."""

    def __init__(self) -> None:
        self._lanes: dict[str, _Lane] = {}
        self._thread_of: dict[str, str] = {}
        self._last_cid: dict[str, str] = {}
        self.looked_s = 0.0
        """When it was last asked what is ready."""
        self.is_dirty = False
        """Whether the messages changed since they were last stored."""

    def __iter__(self) -> Iterator[QueuedMessage]:
        for lane in self._lanes.values():
            yield from lane.messages

    def __len__(self) -> int:
        return len(self._thread_of)

    def add(self, message: QueuedMessage) -> None:
        """Put a message behind the others of its thread."""
        self._lanes.setdefault(message.thread, _Lane()).messages.append(message)
        self._thread_of[message.cid] = message.thread
        self.is_dirty = True

    def take(self, now_s: float) -> list[tuple[QueuedMessage, str | None]]:
        """Give the messages that are to be sent now, each with the cid accepted before it in its thread."""
        self.looked_s = now_s
        room = UNDER_WAY - sum(lane.is_under_way for lane in self._lanes.values())
        ready = (lane for lane in self._lanes.values() if not lane.is_under_way and lane.not_before_s <= now_s)
        taken: list[tuple[QueuedMessage, str | None]] = []
        for lane in islice(ready, max(0, room)):
            message = lane.messages[0]
            lane.is_under_way = True
            lane.was_sent_before = message.was_sent
            if not message.was_sent:
                message.was_sent = self.is_dirty = True
            taken.append((message, self._last_cid.get(message.thread)))
        return taken

    def accepted(self, cid: str) -> None:
        """The message is on disk or with a moderator; the next one of its thread may go."""
        thread = self._thread_of.get(cid)
        if thread is not None:
            self._last_cid[thread] = cid
            self._settle(cid)

    def refused(self, cid: str, error: Error, now_s: float) -> Refusal:
        """Say what becomes of a refused message; if it goes again, the others of its thread wait."""
        thread = self._thread_of.get(cid)
        if thread is None:
            return Refusal.FAILED
        lane = self._lanes[thread]
        lane.is_under_way = False
        if error.policy is not None and error.policy.action == "bounce":
            return self._settle(cid, Refusal.BOUNCED)
        if error.retry == "never":
            return self._refused_for_good(cid, error, lane)
        if error.code not in MAY_BE_SAVED:
            self._was_not_saved(lane)
        if error.retry != "later":  # after a resume or with another token
            lane.not_before_s = float("inf")
            return Refusal.RETRY
        lane.not_before_s = now_s + (error.retry_after_ms or codes.DEFAULT_RETRY_AFTER_MS) / 1000
        if error.code == "outbox.gap":  # one is under way at a time: what is missing there is not ours to send
            self._last_cid.pop(thread, None)
        return Refusal.RETRY

    def restamp(self, cid: str, new_cid: str) -> None:
        """Give the first message of a thread, which the server never took, another cid."""
        thread = self._thread_of.pop(cid)
        self._lanes[thread].messages[0].cid = new_cid
        self._thread_of[new_cid] = thread
        self.is_dirty = True

    def discard(self, cid: str) -> bool:
        """Take a message out unless it is under way; says whether it was there to take."""
        lane = self._lanes.get(self._thread_of.get(cid, ""))
        if lane is None or (lane.is_under_way and lane.messages[0].cid == cid):
            return False
        self._settle(cid)
        return True

    def connection_changed(self) -> None:
        """A connection began or ended: what has no answer goes again, and nothing waits for the last one."""
        for lane in self._lanes.values():
            lane.is_under_way = False
            if lane.not_before_s == float("inf"):
                lane.not_before_s = 0.0

    def due_s(self) -> float:
        """Say when `take` has more to give because of time; infinity when nothing waits for one."""
        times = (lane.not_before_s for lane in self._lanes.values() if lane.not_before_s > self.looked_s)
        return min(times, default=float("inf"))

    def _refused_for_good(self, cid: str, error: Error, lane: _Lane) -> Refusal:
        if error.code == "cid.outside_window" and not lane.was_sent_before:
            self._was_not_saved(lane)
            return Refusal.RESTAMP
        return self._settle(cid, Refusal.BOUNCED if error.code.startswith("policy.") else Refusal.FAILED)

    def _was_not_saved(self, lane: _Lane) -> None:
        """The last attempt is known to have done nothing."""
        lane.messages[0].was_sent = lane.was_sent_before
        self.is_dirty = True

    def _settle(self, cid: str, outcome: Refusal = Refusal.FAILED) -> Refusal:
        """Take a message out; the lane goes with its last message."""
        thread = self._thread_of.pop(cid)
        lane = self._lanes[thread]
        if lane.messages[0].cid == cid:
            lane.messages.popleft()
            lane.is_under_way = False
            lane.not_before_s = 0.0
        else:
            lane.messages = deque(message for message in lane.messages if message.cid != cid)
        if not lane.messages:
            del self._lanes[thread]
        self.is_dirty = True
        return outcome
