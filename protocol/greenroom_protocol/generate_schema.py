"""JSON Schema 2020-12 of the frames, from the same types that decode them."""

import json
from typing import Any

import msgspec

from greenroom_protocol import limits
from greenroom_protocol.codec import ServerFrame
from greenroom_protocol.commands import AnyCommand
from greenroom_protocol.events import AnyEvent
from greenroom_protocol.generate_source import FRAME_MODULES, class_source

_NOTE = "Generated from the types of greenroom_protocol; edit those."


def commands_schema() -> str:
    """Describe what a client may send."""
    return _schema("commands", "Greenroom frames, client to server", {"AnyFrame": AnyCommand})


def server_frames_schema() -> str:
    """Describe what a server may send. Clients skip kinds and fields that are not in here."""
    unions = {"AnyFrame": ServerFrame, "AnyEvent": AnyEvent}
    return _schema("server_frames", "Greenroom frames, server to client", unions)


def _schema(name: str, title: str, unions: dict[str, Any]) -> str:
    roots, components = msgspec.json.schema_components(unions.values(), ref_template="#/$defs/{name}")
    named = dict(zip(unions, roots, strict=True))
    kinds = {
        kind.__name__: kind for module in FRAME_MODULES for kind in vars(module).values() if isinstance(kind, type)
    }
    for component, definition in components.items():
        _describe(definition, kinds[component])
        for value in definition.get("properties", {}).values():
            _refer(value, named)
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:greenroom:v{limits.PROTOCOL_VERSION}:{name}",
        "title": title,
        "description": f"One frame, or an array of them. {_NOTE}",
        "anyOf": [
            {"$ref": "#/$defs/AnyFrame"},
            {
                "type": "array",
                "items": {"$ref": "#/$defs/AnyFrame"},
                "minItems": 1,
                "maxItems": limits.COMMANDS_PER_FRAME,
            },
        ],
        "$defs": named | components,
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _refer(value: dict[str, Any], named: dict[str, Any]) -> None:
    """Replace an array's inline union by the name it has, so that generated types share it."""
    for name, union in named.items():
        if value.get("items") == union:
            value["items"] = {"$ref": f"#/$defs/{name}"}


def _describe(definition: dict[str, Any], kind: type[msgspec.Struct]) -> None:
    """Add the docstrings of class and fields."""
    source = class_source(kind)
    definition["description"] = source.doc
    for field in msgspec.structs.fields(kind):
        doc = source.fields[field.name].doc
        if doc:
            definition["properties"][field.encode_name]["description"] = doc
