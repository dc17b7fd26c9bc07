"""What every thread's log must hold, whatever was done: the rules of the marketplace, read off the events alone."""

from dataclasses import dataclass, field
from typing import Final

from testkit.wire import Frame, Wire

GATE_OPEN: Final = frozenset({"contract", "paused", "ended"})
BOTH_WRITE: Final = frozenset({"candidacy", "offer", *GATE_OPEN})
GRANT_STATES: Final = frozenset({"candidacy", "offer"})
PROPOSAL_COST: Final = 2


@dataclass(slots=True)
class Reading:
    """A log, read to its end."""

    client: str
    freelancer: str
    contacts: tuple[str, ...]
    """Texts that may be delivered only where contacts are allowed."""
    state: str = ""
    n: int = 0
    spent: int = 0
    """Connects that this thread has cost so far, less what came back."""
    asks: str = ""
    """What waits for its one end: invitation, proposal, candidacy; empty: nothing."""
    is_paid: bool = False
    """A proposal stands that was paid for."""
    has_client_written: bool = False
    has_contract: bool = False
    shared: dict[int, str] = field(default_factory=dict)
    """Access grants that are shared now: request -> address."""

    def read(self, log: list[Frame]) -> None:
        """Read a whole log; whatever must not be is an AssertionError."""
        assert [event["seq"] for event in log] == list(range(1, len(log) + 1))
        for event in log:
            if event.get("n"):
                self.n += 1
                assert event["n"] == self.n, event
            self._contacts_stay_hidden(event)
            self._one_end_each(event)
            self._who_writes_when(event)
            self._grants(event)
            self.state = event.get("state") or self.state

    def _contacts_stay_hidden(self, event: Frame) -> None:
        if self.state in GATE_OPEN or event["type"] == "access.shared":
            return
        said = f"{event.get('body', '')} {event.get('note', '')} {event.get('terms')} {event.get('purpose', '')}"
        granted = self.shared.values() if self.state in GRANT_STATES and event["type"] == "message.sent" else ()
        for contact in self.contacts:
            assert contact not in said or contact in granted, event

    def _who_writes_when(self, event: Frame) -> None:
        kind, by = event["type"], event.get("by", "")
        if kind == "message.sent" and by == self.freelancer:
            assert self.state in BOTH_WRITE or (self.state == "direct" and self.has_client_written), event
        if kind == "message.sent" and by == self.client:
            assert self.state != "closed", event
            self.has_client_written |= not event.get("auto", False)
        if kind == "thread.reopened":
            self.has_client_written = False
        if kind == "interview.started":
            assert by in (self.client, ""), event  # the marketplace may offer for the client
        if kind == "contract.changed" and event["change"] == "started":
            self.has_contract = True
        assert self.has_contract or (event.get("state") or self.state) not in GATE_OPEN, event

    def _one_end_each(self, event: Frame) -> None:
        """An invitation, a proposal and a candidacy each end at most once, and only where there is one."""
        kind, change = event["type"], event.get("change", "")
        if kind == "invitation.sent":
            assert not self.asks, event
            self.asks = "invitation"
        elif kind == "proposal.changed" and change == "submitted":
            assert not self.asks, event
            self.asks, self.is_paid = "proposal", True
            self.spent += PROPOSAL_COST
        elif kind == "invitation.accepted":
            assert self.asks == "invitation", event
            self.asks = "candidacy"
        elif kind in ("invitation.declined", "invitation.withdrawn", "invitation.expired"):
            assert self.asks == "invitation", event
            self.asks = ""
        elif kind == "proposal.changed":
            assert self.asks in ("proposal", "candidacy"), event
            self._closed(is_job_gone=event.get("reason") == "job_cancelled")
        elif kind == "thread.closed":
            self._closed(is_job_gone=True)
        elif kind == "contract.changed" and change == "started":
            self.asks = ""

    def _closed(self, *, is_job_gone: bool) -> None:
        self.asks = ""
        if self.is_paid and is_job_gone:
            self.spent -= PROPOSAL_COST
        self.is_paid = False

    def _grants(self, event: Frame) -> None:
        if event["type"] == "access.shared":
            assert self.state in GRANT_STATES, event
            self.shared[event["request"]] = event["email"]
        elif event["type"] == "access.ended":
            self.shared.pop(event["request"], None)


async def check_pushes(wire: Wire, page: Frame) -> None:
    """Hold what was pushed to a device against its list of threads: it leads to the same rows, in order."""
    if wire.mark < page["mark"]:
        await wire.until(lambda push: push["type"] == "inbox.changed" and push["mark"] >= page["mark"])
    changes = [push for push in wire.pushes if push["type"] == "inbox.changed"]
    marks = [push["mark"] for push in changes]
    assert marks == sorted(set(marks))
    last = {push["thread"]: push for push in changes}
    for row in page["rows"]:
        assert all(last[row["thread"]][name] == row[name] for name in ("mark", "seq", "n", "read", "state")), row


async def check_ledger(wire: Wire, expected: int) -> None:
    """Hold a freelancer's balance of Connects against what was spent, and against its ledger."""
    page = await wire.ask({"type": "connects.get", "limit": 100})
    balance, entries = page["connects"]["balance"], page["entries"]
    assert balance == expected
    assert balance >= 0
    assert balance == sum(entry["amount"] for entry in entries)
    assert [entry["entry"] for entry in entries] == list(range(len(entries), 0, -1))
