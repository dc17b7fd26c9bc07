"""The HTTP door: the marketplace's backend acts through the same use cases as the socket.

Source: server/docs/server-api.md.
"""

import functools
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from aiohttp import web

from greenroom_server.auth.api_keys import ApiKeys
from greenroom_server.transport import api_routes
from greenroom_server.transport.api_bulk import bulk_handler
from greenroom_server.transport.api_call import METRICS, OPEN, ApiHandler, ApiServices, Call, Route
from greenroom_server.transport.api_errors import HEADERS, answer_errors, json_response
from greenroom_server.transport.api_request import api_key_of, check_ids, read_body, read_query
from greenroom_server.transport.api_routes import ROUTES
from greenroom_server.transport.openapi import document
from greenroom_server.usecases.results import Refused, RefusedError


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
        if not is_open and not keys.accept(api_key_of(request)):
            raise RefusedError(Refused("auth.api_key"))
        ids = check_ids(request.match_info)
        query = read_query(request, route.query)
        body = await read_body(request, route.body, route.max_body_bytes)
        result = await handler(services, Call(request, ids, query, body))
        return result if isinstance(result, web.Response) else json_response(result)

    return answer


async def _openapi(_services: ApiServices, _call: Call) -> web.Response:
    return web.Response(body=_document(), content_type="application/json", headers=HEADERS)


@functools.cache
def _document() -> bytes:
    return msgspec.json.encode(document())


HANDLERS: Final[dict[str, ApiHandler]] = {
    **api_routes.HANDLERS,
    "openapi": _openapi,
    "post_bulk": bulk_handler(ROUTES, api_routes.HANDLERS),
}
