"""What a commit takes and gives: the events, what changes with them, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from msgspec import Raw, Struct

from greenroom_protocol.bases import Event
from greenroom_server.store.errors import StoreError
from greenroom_server.store.own_logs import Noticed
from greenroom_server.store.records import Row


class Charge(NamedTuple):
    """What a commit takes from the freelancer's Connects, or gives back, in the same call."""

    kind: str
    """A kind of domain/connects.py; a `proposal` notes in the head what was paid, so that it can be given back."""
    amount: int
    """Negative: taken. When the purse lacks it, nothing at all is written."""
    key: str
    """What it is for, entered once only; empty: the event's own id."""
    period: tuple[str, int, int] | tuple[()]
    """(id, start UTC ms, monthly free) of the refill to look for first; none: no refill is looked for."""
    next_refill_at: int
    """For the answer when it is short, UTC ms."""
    log: str
    """Id of the freelancer's own log, where the notice goes."""


class Release(NamedTuple):
    """A held text, or the text of an appeal, that a commit delivers; see lua/_held.lua."""

    id: str
    user: str
    """Who wrote it."""
    cid: str
    submitted_at: int
    """UTC ms; an answer counts from then."""
    body_hash: str
    extra: str
    """For a repeat of the cid."""
    change: str
    """Kind of the change for those who follow; empty: none."""
    subject: str
    """The thread that it waited for."""
    fields: str
    """Of the change, as JSON."""
    note: str
    """The moderator's."""
    most_decided: int


_PARTS: Final = (
    *("clear", "amend", "timers", "drop_timers", "index", "unindex", "pair"),
    *("change", "by_seq", "audit", "ledger", "redact", "quote", "react", "seat", "held"),
)
"""What a `Rare` may have besides `set`."""


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
    by_seq: tuple[str, str, int, str] | None = None
    """(prefix of a head field, its value, deadline UTC ms, prefix of a timer); the event's seq ends both names."""
    audit: bytes | None = None
    """Entry for the audit stream, see usecases/audit_trail.py; never text."""
    ledger: Charge | None = None
    redact: int | None = None
    """Seq of the message that a moderator masks."""
    quote: int | None = None
    """Seq of the item that must be there."""
    react: tuple[int, str, bool] | None = None
    """(seq of the message, emoji, is it put there or taken back), by the actor."""
    seat: tuple[str, str, int, int, str] | None = None
    """Place of a team member: (user, role, from_seq, until_seq, rest); see lua/_team.lua."""

    held: Release | None = None
    """A held text that this commit delivers."""

    @property
    def moves_head(self) -> bool:
        """Whether a head that was read before no longer holds."""
        parts = (self.index, self.unindex, self.pair, self.by_seq, self.ledger, self.seat)
        return bool(self.set or self.clear) or any(part is not None for part in parts)

    def packed(self) -> dict[str, object]:
        """Give what the function reads; absent parts are left out."""
        out: dict[str, object] = {"set": [part for pair in self.set.items() for part in pair]}
        for name in _PARTS:
            value = getattr(self, name)
            if value is not None and value != ():
                out[name] = _as_text(value) if type(value) is bytes else value
        return out


def _as_text(data: bytes) -> Raw:
    """Write bytes as MessagePack text: the store's functions read no binary type, and their strings hold anything."""
    return Raw(b"\xdb" + len(data).to_bytes(4, "big") + data)


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
    own_seq: int = -1
    """Nothing of the actor's may be in the log above this; -1: it does not matter."""


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
    told: "Told | None" = None
    """The notice of what was charged or given back."""


class Told(NamedTuple):
    """A notice that went into a user's own log with a commit."""

    user: str
    event: Event
    noticed: Noticed


class Lacking(NamedTuple):
    """The freelancer's Connects do not pay for it; nothing was written."""

    need: int
    have: int
    next_refill_at: int


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


class Unfit(NamedTuple):
    """What the log holds speaks against it; nothing was written."""

    code: str


class CidRefused(NamedTuple):
    """The cid cannot be used; nothing was written."""

    code: str


Outcome = Committed | Repeat | Stale | Elsewhere | Lacking | Unfit | CidRefused | StoreError
CONFLICT: Final = CidRefused("idempotency.conflict")
OUTSIDE_WINDOW: Final = CidRefused("cid.outside_window")
GAP: Final = CidRefused("outbox.gap")
