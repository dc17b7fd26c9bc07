"""Every message of a run by its number: when it was due, acked and delivered; and what went wrong.

A message's number is the `id` of its command and the last twelve digits of its `cid`, so that an ack and a delivery
are one look-up in an array. Times are seconds of `time.monotonic`.
"""

from array import array
from collections import Counter
from collections.abc import Iterable
from typing import Final

from greenroom_loadtest import texts

FIRST_NUMBER: Final = 2
"""The `id` 1 is the one of `connect`."""


class Ledger:
    """The truth that acks, deliveries and history are compared with.

    Users come in pairs: 2k is a client and 2k + 1 its freelancer.
    """

    def __init__(self, cid_front: str) -> None:
        """Begin a run; `cid_front` is the 24 characters that all its cids begin with."""
        self.cid_front = cid_front
        unused = [0] * FIRST_NUMBER
        self.sender = array("i", unused)
        self.due_at = array("d", unused)
        """When it should have been sent; in a closed loop, when it was."""
        self.acked_at = array("d", unused)
        """0 until the reply came."""
        self.own_at = array("d", unused)
        """When the sender's own device got the event; 0 before."""
        self.peer_at = array("d", unused)
        """When the other side got it; 0 before."""
        self.seq = array("q", unused)
        """As told first, by the reply or by a delivery; 0 before."""
        self.acked_count = 0
        self.delivered_count = 0
        """Twice the messages, when all have arrived."""
        self.lost = 0
        self.duplicated = 0
        self.reordered = 0
        self.problems: Counter[str] = Counter()
        """Refusals by code, and whatever else should not happen."""

    def __len__(self) -> int:
        """Give the number of messages sent."""
        return len(self.sender) - FIRST_NUMBER

    @property
    def is_settled(self) -> bool:
        """Every message was answered and reached both sides."""
        count = len(self)
        return self.acked_count == count and self.delivered_count == 2 * count

    def add(self, sender: int, due_at: float) -> int:
        """Write a message down before it is sent; gives its number."""
        number = len(self.sender)
        self.sender.append(sender)
        self.due_at.append(due_at)
        self.acked_at.append(0.0)
        self.own_at.append(0.0)
        self.peer_at.append(0.0)
        self.seq.append(0)
        return number

    def acked(self, user: int, number: int, seq: int, *, is_dup: bool, now: float) -> None:
        """Take a reply in."""
        if not FIRST_NUMBER <= number < len(self.sender) or self.sender[number] != user:
            self.problems["reply to a message never sent"] += 1
        elif self.acked_at[number] or is_dup:
            self.duplicated += 1
        else:
            self.acked_at[number] = now
            self.acked_count += 1
            self._place(number, seq)

    def delivered(self, user: int, cid: str, seq: int, now: float) -> bool:
        """Take an event in that a user got; False when they had it already."""
        number = self.number_of(cid)
        sender = self.sender[number]
        if sender == user:
            times = self.own_at
        elif sender == user ^ 1 and number:
            times = self.peer_at
        else:
            self.problems["delivery of a message that is not for this user"] += 1
            return True
        if times[number]:
            self.duplicated += 1
            return False
        times[number] = now
        self.delivered_count += 1
        self._place(number, seq)
        return True

    def number_of(self, cid: str) -> int:
        """Give a message's number; 0 when the cid is not of this run."""
        if not cid.startswith(self.cid_front):
            return 0
        number = int(cid[24:], 16)
        return number if FIRST_NUMBER <= number < len(self.sender) else 0

    def _place(self, number: int, seq: int) -> None:
        known = self.seq[number]
        if not known:
            self.seq[number] = seq
        elif known != seq:
            self.reordered += 1

    def audit(self) -> None:
        """Count what never arrived, and what a thread has in another order than it was sent in."""
        self.lost += len(self) - self.acked_count + 2 * len(self) - self.delivered_count
        last_seq: dict[int, int] = {}
        for number in range(FIRST_NUMBER, len(self.sender)):
            seq, sender = self.seq[number], self.sender[number]
            if seq:
                self.reordered += seq <= last_seq.get(sender, 0)
                last_seq[sender] = seq

    def audit_thread(self, client: int, logged: Iterable[tuple[int, str, str]]) -> None:
        """Compare a thread's whole log with what its two users sent.

        Args:
            client: the user who opened it.
            logged: (seq, cid, body) of its messages, as history gives them.
        """
        expected = {
            number: self.seq[number]
            for number in range(FIRST_NUMBER, len(self.sender))
            if self.sender[number] | 1 == client | 1 and self.acked_at[number]
        }
        seen: set[int] = set()
        last_seq = 0
        for seq, cid, body in logged:
            number = self.number_of(cid)
            self.reordered += seq <= last_seq or expected.get(number, seq) != seq
            self.duplicated += number in seen
            if body != texts.body(number):
                self.problems["text in history is not the one sent"] += 1
            seen.add(number)
            last_seq = seq
        self.lost += len(expected.keys() - seen)

    def latencies_ms(self, times: "array[float]", numbers: range) -> Iterable[float]:
        """Give the times from when messages were due, in milliseconds; those that never came are left out."""
        return ((times[number] - self.due_at[number]) * 1000 for number in numbers if times[number])
