"""The HTTP door: the marketplace's backend acts through the same use cases as the socket.

Source: server/docs/server-api.md.
"""

import functools
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from aiohttp import web
from aiohttp.client_exceptions import ClientError

from greenroom_server.auth.api_keys import ApiKeys
from greenroom_server.domain.ids import is_name, thread_partition
from greenroom_server.transport import api_routes
from greenroom_server.transport.api_call import METRICS, OPEN, ApiHandler, ApiServices, Call, Route, bad_field
from greenroom_server.transport.api_errors import HEADERS, answer_errors, json_response
from greenroom_server.transport.api_routes import ROUTES
from greenroom_server.transport.openapi import document
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError

MAX_BODY_BYTES: Final = 64 * 1024
"""Largest body of a request, after decompression."""


def add_api(app: web.Application, services: ApiServices) -> None:
    """Add the routes, and the middleware that answers every error of the application in one shape."""
    app.middlewares.append(answer_errors)
    keys = ApiKeys(key for key in services.api_keys if key)
    for route in ROUTES:
        endpoint = _endpoint(services, route, keys)
        if route.method == "GET":
            app.router.add_get(route.path, endpoint)  # which is HEAD, too
        else:
            app.router.add_route(route.method, route.path, endpoint)


def _endpoint(services: ApiServices, route: Route, keys: ApiKeys) -> Callable[[web.Request], Awaitable[web.Response]]:
    handler = HANDLERS[route.operation]
    is_open = route.access == OPEN or (route.access == METRICS and services.mint is not None)

    async def answer(request: web.Request) -> web.Response:
        if not is_open and not keys.accept(_key_of(request)):
            raise RefusedError(Refused("auth.api_key"))
        ids = _read_ids(request)
        query = _read_query(request, route.query) if route.query is not None else None
        body = await _read_body(request, route.body) if route.body is not None else None
        result = await handler(services, Call(request, ids, query, body))
        return result if isinstance(result, web.Response) else json_response(result)

    return answer


def _key_of(request: web.Request) -> str:
    """Give the API key that was sent; empty when there is none."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _read_ids(request: web.Request) -> dict[str, str]:
    ids = dict(request.match_info)
    for field, value in ids.items():
        if field == "thread":
            if thread_partition(value) is None:
                raise RefusedError(NOT_FOUND)
        elif not is_name(value):
            raise bad_field(f"{field}: an id is 1 to 64 of A-Z a-z 0-9 _ . -")
    return ids


def _read_query(request: web.Request, kind: type[Any]) -> Any:
    if len(set(request.query)) != len(request.query):
        raise bad_field("a parameter is given twice")
    try:
        return msgspec.convert(dict(request.query), kind, strict=False)
    except msgspec.ValidationError as error:
        raise bad_field(str(error)) from None


async def _read_body(request: web.Request, kind: type[Any]) -> Any:
    data = bytearray()
    try:
        async for chunk in request.content.iter_any():
            data += chunk
            if len(data) > MAX_BODY_BYTES:
                raise web.HTTPRequestEntityTooLarge(
                    MAX_BODY_BYTES, len(data), text=f"a body has at most {MAX_BODY_BYTES} bytes"
                )
    except (web.RequestPayloadError, ClientError):
        raise RefusedError(Refused("bad_request", detail="the body cannot be read")) from None
    try:
        return msgspec.json.decode(bytes(data), type=kind)
    except msgspec.ValidationError as error:
        raise bad_field(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise RefusedError(Refused("bad_request.json")) from None


async def _openapi(_services: ApiServices, _call: Call) -> web.Response:
    return web.Response(body=_document(), content_type="application/json", headers=HEADERS)


@functools.cache
def _document() -> bytes:
    return msgspec.json.encode(document())


HANDLERS: Final[dict[str, ApiHandler]] = {**api_routes.HANDLERS, "openapi": _openapi}
