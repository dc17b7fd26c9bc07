"""How things are written in the store: one place for every stored shape.

Payloads of events are JSON, so that an operator can read a stream; rows, verdicts and obligations are MessagePack,
because functions in the store read and merge them.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

import msgspec

from greenroom_protocol.events import AnyEvent
from greenroom_server.domain.access_grant import Grant
from greenroom_server.domain.head import Head, Marks, Participant
from greenroom_server.domain.obligation import Obligation, ObligationKind
from greenroom_server.domain.offer import Offer
from greenroom_server.domain.relationship import Conversion, Origin, Relationship
from greenroom_server.domain.thread_state import ClosedWhy, Role, ThreadState

pack = msgspec.msgpack.Encoder().encode
unpack = msgspec.msgpack.Decoder().decode
encode_event = msgspec.json.Encoder().encode
"""The payload of an event; seq, n and at are left out, the store gives them."""
_decode_event = msgspec.json.Decoder(AnyEvent).decode
_decode_offer = msgspec.json.Decoder(Offer).decode
_decode_grant = msgspec.json.Decoder(Grant).decode


class Row(NamedTuple):
    """An inbox row as a touch left it."""

    mark: int
    from_seq: int
    seq: int
    n: int
    read: int
    state: str
    last_at: int
    muted_until: int = 0
    archived_n: int = -1


class InboxRow(NamedTuple):
    """An inbox row at rest."""

    epoch: int
    seq: int
    n: int
    read: int
    state: str
    last_at: int
    mark: int
    muted_until: int = 0
    archived_n: int = -1


class Owed(NamedTuple):
    """A touch still owed; the stored value of a dirty entry."""

    epoch: int
    seq: int
    n: int
    state: str
    last_at: int
    read: int
    since: int


_decode_inbox_row = msgspec.msgpack.Decoder(InboxRow).decode
_decode_owed = msgspec.msgpack.Decoder(Owed).decode


def read_row(reply: list[Any]) -> Row:
    """Read the reply of a touch."""
    return Row(reply[0], reply[1], reply[2], reply[3], reply[4], reply[5].decode(), *reply[6:])


def read_inbox_row(raw: bytes) -> InboxRow:
    """Read a stored row."""
    return _decode_inbox_row(raw)


def read_owed(raw: bytes) -> Owed:
    """Read a dirty entry."""
    return _decode_owed(raw)


def read_event(payload: bytes | str, seq: int, n: int, at: int) -> AnyEvent:
    """Give a stored event the place that the store gave it."""
    event: AnyEvent = _decode_event(payload)
    event.seq, event.n, event.at = seq, n, at
    return event


def read_entry(entry: list[Any]) -> AnyEvent:
    """Read one entry of a thread's stream: [b"<seq>-0", [b"e", payload, b"n", n, b"at", at]]."""
    fields = entry[1]
    return read_event(fields[1], int(entry[0].partition(b"-")[0]), int(fields[3]), int(fields[5]))


def write_participant(participant: Participant) -> str:
    """Write the value of a head's `user:<id>` field; a member's goes on with what `write_membership` gives."""
    return f"{participant.role} {participant.from_seq} {participant.until_seq}"


def write_membership(rights: Iterable[str]) -> str:
    """Write what stands behind the numbers of a member's place."""
    return f"member {','.join(sorted(rights))}"


def _read_participant(user: str, value: str) -> Participant:
    role, from_seq, until_seq, *membership = value.split()
    rights = frozenset(membership[1].split(",")) if len(membership) > 1 else frozenset()
    return Participant(user, Role(role), int(from_seq), int(until_seq), bool(membership), rights)


def read_pair(raw: bytes | None, rev: bytes | None) -> Relationship:
    """Read a pair's flags; a pair that was never changed has the defaults."""
    if raw is None:
        return Relationship(rev=int(rev or 0))
    flags = unpack(raw)
    return Relationship(
        origin=Origin(flags["origin"]),
        conversion=Conversion(flags["conversion"]),
        first_contract_at_ms=flags["first_contract_at_ms"],
        blocked_by=frozenset(map(Role, flags["blocked_by"])),
        has_exempt_plan=flags.get("exempt_plan", False),
        rev=int(rev or 0),
    )


def write_pair(pair: Relationship) -> bytes:
    """Write a pair's flags."""
    return pack(
        {
            "origin": str(pair.origin),
            "conversion": str(pair.conversion),
            "first_contract_at_ms": pair.first_contract_at_ms,
            "blocked_by": sorted(map(str, pair.blocked_by)),
            "exempt_plan": pair.has_exempt_plan,
        }
    )


def read_head(thread: str, raw: dict[str, bytes], pair: Relationship) -> Head:
    """Read a thread's head hash."""
    fields = {name: value.decode() for name, value in raw.items() if name != "tail"}
    participants: dict[str, Participant] = {}
    bounces: dict[str, int] = {}
    acknowledged: dict[str, int] = {}
    grants: dict[int, Grant] = {}
    for name, value in fields.items():
        kind, _, user = name.partition(":")
        if kind == "user":
            participants[user] = _read_participant(user, value)
        elif kind == "bounces":
            bounces[user] = int(value)
        elif kind == "acknowledged":
            acknowledged[user] = int(value)
        elif kind == "grant":
            grants[int(user)] = replace(_decode_grant(value), request=int(user))
    return Head(
        thread=thread,
        rev=fields["rev"],
        state=ThreadState(fields["state"]),
        why=ClosedWhy(fields["why"]) if fields.get("why") else None,
        client=fields["client"],
        freelancer=fields["freelancer"],
        job=fields.get("job", ""),
        title=fields.get("title", ""),
        gate_opened_at=int(fields.get("gate_opened_at") or 0),
        expires_at=int(fields.get("expires_at") or 0),
        participants=participants,
        relationship=pair,
        bounces=bounces,
        origin=fields.get("origin", ""),
        origin_ref=fields.get("origin_ref", ""),
        offer=_decode_offer(fields["offer"]) if fields.get("offer") else None,
        answered_at=int(fields.get("answered_at") or 0),
        reminded=int(fields.get("reminded") or 0),
        paid=_read_paid(fields.get("proposal", "")),
        is_silent=fields.get("silent") == "1",
        told=fields.get("told", ""),
        acknowledged=acknowledged,
        noticed=frozenset(name[8:] for name in fields if name.startswith("noticed:")),
        declared=frozenset(name[9:] for name in fields if name.startswith("declared:")),
        grants=grants,
        passes={name[5:]: value for name, value in fields.items() if name.startswith("pass:")},
        suspended=frozenset(name[10:] for name in fields if name.startswith("suspended:")),
    )


def _read_paid(value: str) -> tuple[int, int] | None:
    seq, _, cost = value.partition(" ")
    return (int(seq), int(cost)) if cost else None


def write_grant(grant: Grant) -> str:
    """Write the value of a head's `grant:<seq>` field."""
    return msgspec.json.encode(grant).decode()


def write_offer(offer: Offer) -> str:
    """Write the value of a head's `offer` field."""
    return msgspec.json.encode(offer).decode()


def read_marks(fields: dict[str, bytes]) -> Marks:
    """Read what moves with every message from a head hash."""
    seq, n, at, *_ = unpack(fields["tail"])
    read = {name[5:]: int(value) for name, value in fields.items() if name.startswith("read:")}
    delivered = {name[10:]: int(value) for name, value in fields.items() if name.startswith("delivered:")}
    return Marks(seq, n, at, read, delivered)


def read_open_followup(thread: str, tail: bytes, client: str) -> Obligation | None:
    """Read the private follow-up that is open in a thread; it is written to its freelancer only when it ends."""
    debt: str = unpack(tail)[4]
    kind, _, rest = debt.partition(" ")
    if kind != ObligationKind.FOLLOWUP.value:
        return None
    seq, _, t0 = rest.partition(" ")
    return Obligation(id=f"{thread}.{seq}", kind=ObligationKind.FOLLOWUP, thread=thread, client=client, t0_ms=int(t0))


def byte_fields(reply: list[bytes]) -> dict[str, bytes]:
    """Turn a flat HGETALL reply into a mapping."""
    names = iter(reply)
    return {name.decode(): value for name, value in zip(names, names, strict=True)}


def text_fields(reply: list[bytes]) -> dict[str, str]:
    """Turn a flat HGETALL reply into a mapping of text."""
    return {name: value.decode() for name, value in byte_fields(reply).items()}
