"""Sample frames, made from the types alone, so that a new command has examples and vectors at once.

A value is chosen by the field's name (`owner.field` before `field`) if the table knows it and the type admits it,
else by the type.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import inspect

from greenroom_protocol.bases import Event
from greenroom_protocol.commands import AnyCommand
from greenroom_protocol.events import KINDS_WITH_ORDINAL, MessageSent
from greenroom_protocol.pushes import AnyPush
from greenroom_protocol.replies import AnyReply

CID: Final = "0199c82c-5800-7a3b-9c4d-1e2f3a4b5c6d"
PREV_CID: Final = "0199c82c-4a10-7f00-8000-00000000c0de"
NOW_MS: Final = 1_760_000_000_000

_BY_NAME: Final[dict[str, Any]] = {
    "BadgeChanged.change": "on",
    "ContractChanged.change": "started",
    "NoticeAck.notice": "notice.offplatform_risk",
    "InvitationAcceptedReply.state": "accepted",
    "InvitationDeclined.reason": "schedule",
    "InvitationDeclinedReply.state": "closed",
    "InvitationWithdrawnReply.state": "closed",
    "LimitsView.pong_timeout_s": 10.0,
    "MetricsRow.kind": "invitation",
    "OfferChanged.change": "sent",
    "PolicyView.action": "redact",
    "PolicyView.code": "policy.contact_email",
    "PolicyView.hint": "access.request",
    "PolicyView.message": "E-mail addresses can be shared once a contract starts.",
    "ProposalChanged.change": "submitted",
    "QuietHours.from": "22:00",
    "QuietHours.to": "06:00",
    "Reaction.users": ["u_ines"],
    "Span.reason": "address",
    "SpeedView.n": 12,
    "SpeedView.n_clients": 9,
    "SpeedView.reason": None,
    "ThreadPolicy.actions": ["message.send"],
    "ThreadPolicy.why_not": "",
    "AnnouncementView.title": "New: community topics",
    "FeedbackSubmit.category": "idea",
    "FeedbackSubmit.body": "A dark mode would be kind to the eyes.",
    "TopicCreate.kind": "question",
    "TopicCreate.title": "How do you price a logo?",
    "TopicView.kind": "question",
    "TopicView.title": "How do you price a logo?",
    "TopicList.kind": "question",
    "TopicSearch.text": "price logo",
    "ThreadView.gate_opened_at": 0,
    "ThreadView.why": "",
    "AwaySet.until": NOW_MS + 604_800_000,
    "AwayReply.until": NOW_MS + 604_800_000,
    "AwayChanged.until": NOW_MS + 604_800_000,
    "away_until": NOW_MS + 604_800_000,
    "paid_until": NOW_MS + 2_592_000_000,
    "effective_at": NOW_MS + 345_600_000,
    "zone": "Europe/Berlin",
    "ShiftView.begin": 540,
    "ShiftView.until": 1_020,
    "MetricsRow.id": "t17_k3v9q2.42",
    "ClientView.client": "u_maria",
    "ClientGet.client": "u_maria",
    "available": True,
    "after": 40,
    "amount": "1250.50",
    "archived_n": 17,
    "as_of": NOW_MS,
    "at": NOW_MS,
    "badge": "very_responsive",
    "before": 40,
    "body": "Could you start on Monday?",
    "body_bytes": 32_768,
    "body_code_points": 10_000,
    "by": "u_maria",
    "caps": ["presence"],
    "cid": CID,
    "client_frame_bytes": 65_536,
    "code": "rate.sends",
    "commands_per_frame": 64,
    "contact": "blocked",
    "created": True,
    "created_at": NOW_MS,
    "currency": "EUR",
    "cursor": "c2Vjb25kIHBhZ2U",
    "delivered": 17,
    "device": "phone-7f3a",
    "dup": False,
    "edit_window_s": 900,
    "elapsed_s": 900.0,
    "edited_seq": 43,
    "emoji": "\N{THUMBS UP SIGN}",
    "end": 22,
    "epoch": 1_759_000_000_000,
    "expires_at": NOW_MS + 604_800_000,
    "freelancer": "u_ines",
    "from": 41,
    "from_seq": 1,
    "have": 12,
    "headline": "Accessible interfaces for the web",
    "held": "h17_5f0c9d2e7a41b3c86d10",
    "appeal": "a17_5f0c9d2e7a41b3c86d10",
    "hourly_rate": 85.0,
    "id": 7,
    "job": "j_4711",
    "kind": "email",
    "label": "within_1h",
    "last_at": NOW_MS,
    "limit": 100,
    "mark": 829,
    "message": "You are sending too fast.",
    "may_answer_invitation": False,
    "may_request_call": False,
    "mid": "t17_k3v9q2.42",
    "more": False,
    "muted_until": NOW_MS + 3_600_000,
    "n": 17,
    "name": "Ines",
    "need": 5,
    "note": "Happy to talk about it.",
    "notice": "Contact details can be shared once a contract starts.",
    "now": NOW_MS,
    "outcome": "answered",
    "page_items": 300,
    "payment": "blocked",
    "ping_s": 25.0,
    "policy_version": "2025-10",
    "pong_timeout_s": 10.0,
    "prev_cid": PREV_CID,
    "quote": 40,
    "rate24": 0.92,
    "read": 15,
    "reason": "busy",
    "reconnect_in_ms": 7_400,
    "reconnect_max_s": 20.0,
    "reconnect_min_s": 0.5,
    "retry": "later",
    "retry_after_ms": 1_000,
    "rights": ["accept", "decline"],
    "role": "freelancer",
    "seen": 16,
    "seq": 42,
    "server_frame_bytes": 262_144,
    "session": "s_5f0c",
    "shown_threads": 50,
    "skills": ["typescript", "accessibility"],
    "start": 7,
    "state": ("candidacy", "sent", "active"),
    "submitted_at": NOW_MS - 60_000,
    "t0": NOW_MS - 900_000,
    "t1": NOW_MS,
    "t50_s": 1_800.0,
    "t90_s": 20_000.0,
    "target": 42,
    "text": "typescript",
    "tag": "pricing",
    "tags": "pricing",
    "thread": "t17_k3v9q2",
    "title": "Redesign of a booking page",
    "to": 42,
    "topic": "c48_3f1c9ae27b60d854",
    "topics": "c48_3f1c9ae27b60d854",
    "token": "eyJhbGciOi...",
    "tz": "Europe/Berlin",
    "until": NOW_MS + 3_600_000,
    "user": "u_ines",
    "users": ["u_ines", "u_maria"],
    "v": 1,
    "version": "2025-10",
    "watched_users": 100,
    "why": "job_closed",
    "window_days": 90,
}
_DICT_KEYS: Final = {"threads": "t17_k3v9q2", "users": "u_ines", "names": "u_ines", "topics": "c48_3f1c9ae27b60d854"}


def all_kinds() -> Iterator[tuple[str, type[msgspec.Struct]]]:
    """Give every kind of frame with its direction: "client" or "server"."""
    for direction, union in (("client", AnyCommand), ("server", AnyReply), ("server", AnyPush)):
        for kind in union.__args__:
            yield direction, kind


def sample(kind: type[msgspec.Struct], *, full: bool) -> Any:
    """Make one valid instance.

    Args:
        kind: struct to fill.
        full: set every field to something else than its default; otherwise only the required ones.
    """
    return msgspec.convert(_fill(inspect.type_info(kind), full), kind)


def message_sample() -> MessageSent:
    """Make the message that stands for all events where one is needed."""
    return MessageSent(seq=42, at=NOW_MS, by="u_maria", n=17, cid=CID, body=_BY_NAME["body"])


def event_sample(kind: type[Event], *, full: bool) -> Event:
    """Make one event as it stands in a log: with its place, and its ordinal if its kind has one."""
    values = _fill(inspect.type_info(kind), full)
    if not full:
        values |= {"seq": 42, "at": NOW_MS, "by": "u_maria"}
        if values["type"] in KINDS_WITH_ORDINAL:
            values |= {"n": 17, "cid": CID}
    return msgspec.convert(values, kind)


def _fill(info: Any, full: bool) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if info.tag is not None:
        values[info.tag_field] = info.tag
    for field in info.fields:
        if full or field.required:
            owner = info.cls.__name__
            name = f"{owner}.{field.encode_name}"
            name = name if name in _BY_NAME else field.encode_name
            values[field.encode_name] = _value(name, field.type, full, field.default)
    return values


def _value(name: str, kind: Any, full: bool, default: Any) -> Any:
    known = _BY_NAME.get(name, ())
    for candidate in known if isinstance(known, tuple) else (known,):
        if candidate != default and _admits(kind, candidate):
            return candidate
    match kind:
        case inspect.Metadata():
            return _value(name, kind.type, full, default)
        case inspect.UnionType():
            chosen = next((one for one in kind.types if isinstance(one, inspect.StructType)), None)
            if chosen is not None and chosen.tag is not None:
                return msgspec.to_builtins(message_sample())
            return _value(name, chosen or next(t for t in kind.types if t != inspect.NoneType()), full, default)
        case inspect.StructType():
            return _fill(kind, full)
        case inspect.ListType():
            return [_value(name, kind.item_type, full, None)]
        case inspect.DictType():
            key = _DICT_KEYS.get(name, "k")
            return {key: _value("seq", kind.value_type, full, None)}
        case inspect.LiteralType():
            return next(value for value in sorted(kind.values, key=str) if value != default)
        case inspect.BoolType():
            return default is not True
        case inspect.IntType():
            return max(kind.ge or 0, 1)
        case inspect.FloatType():
            return 0.5
        case inspect.StrType():
            return "text".ljust(kind.min_length or 0, "x")
    raise TypeError(f"no sample for {kind}")


def _admits(kind: Any, value: Any) -> bool:
    """Say whether a value of the table fits the field's type, roughly; `convert` checks the rest."""
    match kind:
        case inspect.Metadata():
            return _admits(kind.type, value)
        case inspect.UnionType():
            return any(_admits(one, value) for one in kind.types)
        case inspect.LiteralType():
            return value in kind.values
        case inspect.ListType():
            return isinstance(value, list) and all(_admits(kind.item_type, one) for one in value)
        case inspect.IntType():
            return type(value) is int and (kind.ge or 0) <= value <= (kind.le or value)
        case inspect.FloatType():
            return type(value) is float
        case inspect.StrType():
            return isinstance(value, str) and len(value) >= (kind.min_length or 0)
        case inspect.BoolType():
            return isinstance(value, bool)
        case inspect.NoneType():
            return value is None
    return False
