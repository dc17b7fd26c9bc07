"""The frame reference: every command with its reply, every event, every push, every object inside them."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from greenroom_protocol.bases import Event
from greenroom_protocol.commands import AnyCommand
from greenroom_protocol.events import KINDS_WITH_ORDINAL, AnyEvent
from greenroom_protocol.generate_samples import event_sample, sample
from greenroom_protocol.generate_source import FRAME_MODULES, aliases, class_source, classes, type_text
from greenroom_protocol.generate_tables import GENERATED
from greenroom_protocol.generate_words import FIELD_WORDS
from greenroom_protocol.pushes import AnyPush
from greenroom_protocol.replies import AnyReply, Error

_HEAD = """# Frames

Every frame of the wire: what it is for, its fields, an example. The rules around them are on the other pages of this
specification; the same types as JSON Schema are in `protocol/schema/`.

**How to read the tables.** A field without a default must be there. A field with a default may be left out, and is left
out by a server when it has that value. `null` is allowed only where the type says so. Times named `at`, `*_at`, `t0`,
`t1`, `as_of` and `now` are UTC milliseconds, `*_s` are seconds, `*_ms` milliseconds. The order of fields does not
matter; put `type` first when you write.

"""

_CONTENTS = (
    "[Commands](#commands) · [Errors](#errors) · [Pushes](#pushes) · [Events](#events) · [Objects](#objects)"
    " · [Types](#types)\n\n"
)
_EVENTS_HEAD = """Facts in a thread's log, in the order of their `seq`. They come in `inbox.changed`, in
`thread.history` and in the `connect` reply. All of them have these fields, besides their own:

"""
_ABOUT = {"token": "session", "typing": "presence", "directory": "profile", "metrics": "profile", "job": "profile"}
_EVENT_FIELDS = "seq", "at", "by", "n", "cid", "state"
_REPLIES = {kind.__struct_config__.tag: kind for kind in AnyReply.__args__}
_FRAMES = {*AnyCommand.__args__, *AnyReply.__args__, *AnyPush.__args__, *AnyEvent.__args__}
_BASES = ("Command", "Event", "Reply", "Push", "Written")


def frames_page() -> str:
    """Write `frames.md`."""
    parts = [GENERATED, _HEAD, _CONTENTS]
    parts += ["## Commands\n\n", _command_index(), *(_command(kind) for kind in _in_source_order(AnyCommand))]
    parts += ["## Errors\n\n", _doc(Error), "\n\n", *_table(Error), _example(sample(Error, full=False))]
    parts += ["## Pushes\n\nFrames that a server sends unasked. They have no `id`.\n\n"]
    parts += [_push(kind) for kind in _in_source_order(AnyPush)]
    parts += ["## Events\n\n", _EVENTS_HEAD, *_table(Event)]
    parts += [_event(kind) for kind in _in_source_order(AnyEvent)]
    parts += ["## Objects\n\nParts of the frames above.\n\n", *(_object(kind) for kind in _objects())]
    parts += ["## Types\n\n| name | type | meaning |\n|---|---|---|\n"]
    parts += [f"| {alias.name} | {type_text(alias.type, _link)} | {alias.doc} |\n" for alias in aliases()]
    return "".join(parts)


def _command_index() -> str:
    groups: dict[str, list[str]] = {}
    for kind in _in_source_order(AnyCommand):
        tag = kind.__struct_config__.tag
        noun = tag.split(".")[0] if "." in tag else "session"
        groups.setdefault(_ABOUT.get(noun, noun), []).append(tag)
    rows = (f"| {group} | {' · '.join(f'[`{t}`](#{_anchor(t)})' for t in tags)} |\n" for group, tags in groups.items())
    return "| about | commands |\n|---|---|\n" + "".join(rows) + "\n"


def _command(kind: type[Any]) -> str:
    tag = kind.__struct_config__.tag
    parts = [f"### `{tag}`\n\n{_doc(kind)}\n\n", *_table(kind), _example(sample(kind, full=True))]
    reply = _REPLIES.get(tag)
    if reply is None:
        return "".join(parts)
    fields = list(_table(reply, skip=("id",)))
    parts.append(f"**Reply** - {_doc(reply)}\n\n")
    return "".join([*parts, *fields, _example(sample(reply, full=False))])


def _push(kind: type[Any]) -> str:
    tag = kind.__struct_config__.tag
    return "".join([f"### `{tag}`\n\n{_doc(kind)}\n\n", *_table(kind), _example(sample(kind, full=True))])


def _event(kind: type[Any]) -> str:
    tag = kind.__struct_config__.tag
    ordinal = " Takes an ordinal `n`." if tag in KINDS_WITH_ORDINAL else ""
    table = list(_table(kind, skip=_EVENT_FIELDS))
    return "".join(
        [f"### Event `{tag}`\n\n{_doc(kind)}{ordinal}\n\n", *table, _example(event_sample(kind, full=False))]
    )


def _object(kind: type[Any]) -> str:
    return "".join([f"### {kind.__name__}\n\n{_doc(kind)}\n\n", *_table(kind)])


def _table(kind: type[Any], skip: Iterable[str] = ()) -> Iterator[str]:
    """Write the table of a struct's fields, if it has any."""
    source = class_source(kind).fields
    fields = [field for field in msgspec.structs.fields(kind) if field.encode_name not in skip]
    if fields:
        yield "| field | type | default | meaning |\n|---|---|---|---|\n"
    for field in sorted(fields, key=lambda field: field.encode_name != "id"):
        type_words = type_text(source[field.name].type, _link)
        yield f"| `{field.encode_name}` | {type_words} | {_default(field)} | {meaning(kind, field)} |\n"
    if fields:
        yield "\n"


def _default(field: Any) -> str:
    if field.required:
        return ""
    default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return f"`{json.dumps(default)}`"


def _example(frame: Any) -> str:
    """Show a frame as JSON, on one line if it is short."""
    raw = msgspec.to_builtins(frame)
    first = {key: raw.pop(key) for key in ("type", "id") if key in raw}
    return f"```json\n{_pretty(first | raw)}\n```\n\n"


def _pretty(value: Any, indent: str = "") -> str:
    """Write JSON on one line where it fits, else one entry a line."""
    line = json.dumps(value, ensure_ascii=False)
    if len(indent + line) <= 100 or not isinstance(value, dict | list):
        return line
    inner = indent + "  "
    if isinstance(value, list):
        return "[\n" + ",\n".join(inner + _pretty(item, inner) for item in value) + f"\n{indent}]"
    entries = (f"{inner}{json.dumps(key)}: {_pretty(item, inner)}" for key, item in value.items())
    return "{\n" + ",\n".join(entries) + f"\n{indent}}}"


def _doc(kind: type[Any]) -> str:
    return class_source(kind).doc


def _link(name: str) -> str:
    if name == "AnyEvent":
        return "[event](#events)"
    anchor = "types" if any(alias.name == name for alias in aliases()) else name.lower()
    return f"[{name}](#{anchor})"


def _anchor(tag: str) -> str:
    return tag.replace(".", "").lower()


def _in_source_order(union: Any) -> Iterator[type[Any]]:
    kinds = {kind.__name__: kind for kind in union.__args__}
    for module in FRAME_MODULES:
        yield from (kinds[name] for name in classes(module) if name in kinds)


def _objects() -> Iterator[type[Any]]:
    for module in FRAME_MODULES:
        for name in classes(module):
            kind = getattr(module, name)
            if kind not in _FRAMES and name not in _BASES:
                yield kind


def structs() -> list[type[Any]]:
    """Give every struct of the wire."""
    return [*_FRAMES, *_objects()]


def meaning(kind: type[Any], field: Any) -> str:
    """Say what a field means: its own docstring, its type's, or the table's words."""
    own = class_source(kind).fields[field.name]
    of_type = {alias.name: alias.doc for alias in aliases()}.get(getattr(own.type, "id", ""))
    of_field = FIELD_WORDS.get(f"{kind.__name__}.{field.encode_name}")
    return own.doc or of_field or of_type or FIELD_WORDS.get(field.encode_name, "")
