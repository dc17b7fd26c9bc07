"""What a commit takes and gives: the events, what changes with them, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from msgspec import Struct

from greenroom_protocol.bases import Event
from greenroom_server.store.errors import StoreError
from greenroom_server.store.records import Row


@dataclass(frozen=True, slots=True)
class Rare:
    """What only some commits change besides the log."""

    set: Mapping[str, str | int] = field(default_factory=dict)
    """Fields of the head; `rev` among them when a decision could depend on the change."""
    amend: tuple[int, bool] | None = None
    """(seq of the message, is it an erasure)."""
    clear: Sequence[str] = ()
    """Fields of the head to remove."""
    timers: Sequence[tuple[int, str]] = ()
    """(deadline UTC ms, member); see usecases/deadlines.py."""
    drop_timers: Sequence[str] = ()
    index: str | None = None
    """Job under which the pair finds this thread from now on."""
    unindex: str | None = None
    pair: bytes | None = None
    """New flags of the relationship, packed; every thread of the two follows at once."""
    change: str | None = None
    """Kinds of the events, comma-separated, when somebody besides the participants follows them."""
    audit: bytes | None = None
    """Packed entry for the audit stream; never text."""

    def packed(self) -> dict[str, object]:
        """Give what the function reads; absent parts are left out."""
        out: dict[str, object] = {"set": [part for pair in self.set.items() for part in pair]}
        for name in ("clear", "amend", "timers", "drop_timers", "index", "unindex", "pair", "change", "audit"):
            value = getattr(self, name)
            if value is not None and value != ():
                out[name] = value
        return out


class Append(Struct, frozen=True, kw_only=True, gc=False):
    """Events that were decided for a thread, and under which circumstances."""

    events: Sequence[Event]
    actor: str
    """Empty for the marketplace and for timers."""
    cid: str = ""
    cid_ms: int = 0
    body_hash: str = ""
    prev_cid: str = ""
    """The sender's message that must be in the log first; only within one day of the cids' time."""
    op: str = "-"
    """What it means for obligations; see lua/_obligations.lua."""
    seen: int = -1
    extra: str = ""
    """Kept with the cid and given back to a repeat."""
    state: str
    """State of the thread afterwards."""
    rare: Rare | None = None


class Committed(NamedTuple):
    """The events are in the log, as durable as the store promises."""

    epoch: int
    first_seq: int
    first_n: int
    at: int
    seq: int
    n: int
    ended: str
    """Kind of the obligation that this settled; empty when it settled none."""
    rows: list[tuple[str, Row]]
    """Touched rows of users in the thread's partition."""
    owed: list[tuple[str, bytes]]
    """(user, dirty value) for participants in other partitions: touch them, then settle."""


class Repeat(NamedTuple):
    """The cid was answered before; nothing was written."""

    kind: str
    """s: sent, b: bounced, h: held."""
    seq: int
    n: int
    at: int
    extra: str


class Stale(NamedTuple):
    """The thread (or its epoch) is not as it was when this was decided; nothing was written."""

    is_epoch: bool


class Elsewhere(NamedTuple):
    """The pair already has a thread; nothing was written."""

    thread: str
    can_adopt: bool
    """It has no job yet and can take this one."""


class CidRefused(NamedTuple):
    """The cid cannot be used; nothing was written."""

    code: str


Outcome = Committed | Repeat | Stale | Elsewhere | CidRefused | StoreError
CONFLICT: Final = CidRefused("idempotency.conflict")
OUTSIDE_WINDOW: Final = CidRefused("cid.outside_window")
GAP: Final = CidRefused("outbox.gap")
