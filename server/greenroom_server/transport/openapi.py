"""The OpenAPI 3.1 document of the server API, made from the routes and the structs that decode their bodies.

Source: OpenAPI Specification 3.1.1.
"""

import re
from importlib.metadata import version
from typing import Any, Final

import msgspec

from greenroom_protocol.codes import ERRORS
from greenroom_server.transport.api_bodies import NAME_PATTERN, THREAD_PATTERN, ErrorBody
from greenroom_server.transport.api_call import METRICS, OPEN, Route
from greenroom_server.transport.api_errors import status_of
from greenroom_server.transport.api_routes import ROUTES

_REFERENCE: Final = "#/components/schemas/{name}"
_PATH_ID: Final = re.compile(r"\{(\w+)\}")
_MEDIA: Final = {"metrics": ("text/plain", {"type": "string"}), "openapi": ("application/json", {"type": "object"})}
"""Answers that are none of our structs."""
_TAGS: Final = {
    "users": "people",
    "freelancers": "people",
    "jobs": "jobs",
    "pairs": "pairs",
    "threads": "threads",
    "announcements": "community",
    "topics": "community",
    "feedback": "community",
    "reports": "moderation",
    "audit": "moderation",
    "webhooks": "webhooks",
}

Json = dict[str, Any]


def document() -> Json:
    """Describe every route; the result is plain JSON data."""
    kinds = [kind for route in ROUTES for kind in (route.reply, route.body) if kind is not None]
    _, schemas = msgspec.json.schema_components([*kinds, ErrorBody], ref_template=_REFERENCE)
    paths: dict[str, Json] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Greenroom server API",
            "version": version("greenroom"),
            "description": "For the marketplace's backend. Times are UTC milliseconds unless a name says otherwise.",
        },
        "servers": [{"url": "/"}],
        "security": [{"api_key": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {"api_key": {"type": "http", "scheme": "bearer", "description": "An API key."}},
        },
    }


def _operation(route: Route) -> Json:
    operation: Json = {
        "operationId": route.operation,
        "summary": route.summary,
        "tags": [_TAGS.get(route.path.removeprefix("/api/v1/").partition("/")[0], "server")],
        "parameters": _parameters(route),
        "responses": _responses(route),
    }
    if route.access == OPEN:
        operation["security"] = []
    elif route.access == METRICS:
        operation["security"] = [{}, {"api_key": []}]
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _content(route.body)}
    return operation


def _parameters(route: Route) -> list[Json]:
    found: list[Json] = []
    for name in _PATH_ID.findall(route.path):
        pattern = THREAD_PATTERN if name == "thread" else NAME_PATTERN
        found.append({"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": pattern}})
    if route.query is not None:
        schema = msgspec.json.schema(route.query)
        for name, value in schema["$defs"][route.query.__name__]["properties"].items():
            found.append({"name": name, "in": "query", "schema": value})
    if route.takes_idempotency_key:
        text = "A UUIDv7 in lower case, the same as `cid` in the body; a repeat gives the first answer."
        found.append({"name": "Idempotency-Key", "in": "header", "description": text, "schema": {"type": "string"}})
    return found


def _responses(route: Route) -> Json:
    if route.reply is not None:
        content = _content(route.reply)
    else:
        media, schema = _MEDIA[route.operation]
        content = {media: {"schema": schema}}
    responses: Json = {"200": {"description": "Done.", "content": content}}
    if route.operation == "health":
        responses["503"] = {"description": "Messages cannot be sent now.", "content": content}
    by_status: dict[int, list[str]] = {}
    for code in refusals(route):
        by_status.setdefault(status_of(code), []).append(code)
    for status, codes in sorted(by_status.items()):
        text = "\n".join(f"* `{code}`: {ERRORS[code].message}" for code in codes)
        responses[str(status)] = {"description": text, "content": _content(ErrorBody)}
    return responses


def refusals(route: Route) -> list[str]:
    """List the codes a route may refuse with."""
    codes: list[str] = []
    if _PATH_ID.search(route.path) or route.query is not None or route.body is not None:
        codes.append("bad_request.field")
    if route.body is not None:
        codes += ["bad_request", "bad_request.json"]
    if route.access != OPEN:
        codes.append("auth.api_key")
    if route.access not in (OPEN, METRICS):
        codes += ["unavailable", "internal"]
    return list(dict.fromkeys([*codes, *route.codes]))


def _content(kind: type[Any]) -> Json:
    return {"application/json": {"schema": {"$ref": _REFERENCE.format(name=kind.__name__)}}}
