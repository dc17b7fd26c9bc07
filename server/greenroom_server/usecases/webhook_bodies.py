"""What webhooks say of a change: ids, codes, numbers and times; never a text that a person wrote, nor an address.

Whether a field may go out is decided by its type; a plain string goes out only if it is named here. A new event is
therefore silent about its strings until somebody has looked at them.

Source: server/docs/webhooks.md.
"""

import types
import typing
from functools import cache
from typing import Any, Final, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct

from greenroom_protocol.bases import Event
from greenroom_server.usecases.follow_changes import Change, Note

_SILENT: Final = ("message.", "item.")
"""Beginnings of the kinds that no webhook tells: messages belong to those who write them."""
_BASE: Final = frozenset(Event.__struct_fields__)
_NUMBERS: Final = (int, float, bool, type(None))
SAFE_STRINGS: Final = frozenset(
    {
        ("access.requested", "holder"),
        ("access.requested", "system"),
        ("access.shared", "system"),
        ("connects.changed", "thread"),
        ("invitation.declined", "reason"),
        ("invitation.sent", "job"),
        ("member.added", "user"),
        ("member.removed", "user"),
        ("offer_terms", "amount"),
        ("offer_terms", "currency"),
        ("proposal.changed", "reason"),
        ("thread.closed", "why"),
    }
)
"""(kind of event, or name of a part; field): ids and codes that have no type of their own."""


class WebhookEvent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of one webhook."""

    id: str
    """The same in every try."""
    type: str
    at: int
    """UTC ms."""
    thread: str = ""
    seq: int = 0
    """Position in the thread; ascending for one thread."""
    state: str = ""
    """Of the thread: the one this event moved it to, else the one it is in now."""
    client: str = ""
    freelancer: str = ""
    job: str = ""
    by: str = ""
    """User who caused it; absent for the marketplace and for timers."""
    subject: str = ""
    """What it is about, where that is no thread."""
    data: dict[str, Any] = {}


class Letter(NamedTuple):
    """An event as it is posted."""

    id: str
    kind: str
    body: bytes


_encode = msgspec.json.Encoder().encode


def letters_of(change: Change) -> list[Letter]:
    """Give the webhooks of a change, in the order of its events."""
    head, found = change.head, []
    first = change.events[0].seq if change.events else 0
    at = int(change.entry.partition("-")[0])

    def add(kind: str, seq: int, event: Event | None) -> None:
        body = WebhookEvent(
            id=f"evt_{change.partition}_{change.entry}_{'open' if event is None else seq}",
            type=kind,
            at=event.at if event is not None else at,
            thread=change.thread,
            seq=seq,
            state=(event.state if event is not None else "") or head.state.value,
            client=head.client,
            freelancer=head.freelancer,
            job=head.job,
            by=event.by if event is not None else "",
            data={} if event is None else told_of(event, kind),
        )
        found.append(Letter(body.id, kind, _encode(body)))

    if "thread.opened" in change.kinds:
        add("thread.opened", first, None)
    for event in change.events:
        kind = str(event.__struct_config__.tag)
        if not kind.startswith(_SILENT):
            add(kind, event.seq, event)
    return found


def letter_of(note: Note) -> Letter:
    """Give the webhook of a note; its writer has promised that there is no text in it."""
    body = WebhookEvent(
        id=f"evt_{note.partition}_{note.entry}",
        type=note.kind,
        at=int(note.entry.partition("-")[0]),
        subject=note.subject,
        data=dict(note.fields),
    )
    return Letter(body.id, note.kind, _encode(body))


def told_of(part: Struct, name: str) -> dict[str, Any]:
    """Give the fields of an event, or of a part of one, that may go out."""
    told: dict[str, Any] = {}
    for field, is_part in _fields(type(part), name):
        value = getattr(part, field)
        if is_part:
            value = None if value is None else told_of(value, _part_name(type(value)))
        told[field] = value
    return told


@cache
def _fields(kind: type[Struct], name: str) -> tuple[tuple[str, bool], ...]:
    """List the fields that may go out, and whether each is a part with fields of its own."""
    found = []
    for field in msgspec.structs.fields(kind):
        if field.name in _BASE and issubclass(kind, Event):
            continue
        members = _members(field.type)
        if any(isinstance(member, type) and issubclass(member, Struct) for member in members):
            found.append((field.name, True))
        elif all(_is_code(member) for member in members) or (name, field.name) in SAFE_STRINGS:
            found.append((field.name, False))
    return tuple(found)


def _members(kind: Any) -> list[Any]:
    """Give what a type allows: itself, or the members of a union, without their bounds."""
    if typing.get_origin(kind) is typing.Annotated or any(
        isinstance(m, Meta) for m in getattr(kind, "__metadata__", ())
    ):
        return _members(typing.get_args(kind)[0])
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return [member for each in typing.get_args(kind) for member in _members(each)]
    return [kind]


def _is_code(kind: Any) -> bool:
    return kind in _NUMBERS or typing.get_origin(kind) is Literal


def _part_name(kind: type[Struct]) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in kind.__name__).lstrip("_")
