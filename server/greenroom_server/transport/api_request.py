"""Reads what a request of the server API says: ids, parameters, body; each checked by the route's types."""

from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.client_exceptions import ClientError

from greenroom_server.domain.ids import is_name, thread_partition
from greenroom_server.transport.api_call import bad_field
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError


def api_key_of(request: web.Request) -> str:
    """Give the API key that was sent; empty when there is none."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def check_ids(found: Mapping[str, str]) -> dict[str, str]:
    """Check the ids of a path."""
    for field, value in found.items():
        if field == "thread":
            if thread_partition(value) is None:
                raise RefusedError(NOT_FOUND)
        elif not is_name(value):
            raise bad_field(f"{field}: an id is 1 to 64 of A-Z a-z 0-9 _ . -")
    return dict(found)


def read_query(request: web.Request, kind: type[Any] | None) -> Any:
    """Read the parameters; None for a route that takes none."""
    if kind is None:
        return None
    if len(set(request.query)) != len(request.query):
        raise bad_field("a parameter is given twice")
    try:
        return msgspec.convert(dict(request.query), kind, strict=False)
    except msgspec.ValidationError as error:
        raise bad_field(str(error)) from None


async def read_body(request: web.Request, kind: type[Any] | None, max_bytes: int) -> Any:
    """Read the body, at most so many bytes after decompression; None for a route that takes none."""
    if kind is None:
        return None
    data = bytearray()
    try:
        async for chunk in request.content.iter_any():
            data += chunk
            if len(data) > max_bytes:
                raise web.HTTPRequestEntityTooLarge(max_bytes, len(data), text=f"a body has at most {max_bytes} bytes")
    except (web.RequestPayloadError, ClientError, ConnectionError):
        raise RefusedError(Refused("bad_request", detail="the body cannot be read")) from None
    return decode_body(bytes(data), kind)


def decode_body(data: bytes, kind: type[Any]) -> Any:
    """Decode a body that was read."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise bad_field(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise RefusedError(Refused("bad_request.json")) from None
