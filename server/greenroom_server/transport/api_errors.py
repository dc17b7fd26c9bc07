"""Refusals over HTTP: one shape, one table from codes to statuses, one middleware.

Source: server/docs/server-api.md.
"""

import math
import secrets
from typing import Final

import msgspec
import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from greenroom_server.transport.api_bodies import ErrorBody
from greenroom_server.usecases.results import Refused, RefusedError, error_reply, refusal_of
from greenroom_server.usecases.store_errors import StoreError

log = structlog.get_logger()

STATUSES: Final = {
    "access": 409,
    "away": 400,
    "bad_request": 400,
    "hours": 400,
    "cid": 400,
    "session": 400,
    "settings": 400,
    "version": 400,
    "auth": 401,
    "perm": 403,
    "not_found": 404,
    "not_available": 404,
    "badge": 409,
    "call": 409,
    "candidacy": 409,
    "conflict": 409,
    "connects": 409,
    "contract": 409,
    "held": 409,
    "verdict": 409,
    "idempotency": 409,
    "invitation": 409,
    "job": 409,
    "merge": 409,
    "message": 409,
    "notice": 409,
    "offer": 409,
    "outbox": 409,
    "peer": 409,
    "proposal": 409,
    "report": 409,
    "relationship": 409,
    "reaction": 409,
    "team": 409,
    "thread": 409,
    "topic": 409,
    "post": 409,
    "wrong_state": 409,
    "policy": 422,
    "rate": 429,
    "internal": 500,
    "server": 503,
    "uncertain": 503,
    "unavailable": 503,
}
"""HTTP status by the first word of a code."""

_FRAMEWORK: Final = {404: "not_found", 405: "bad_request.type"}
"""Code by the status that aiohttp itself answers; any other 4xx is a plain `bad_request`."""

HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def status_of(code: str) -> int:
    """Give the HTTP status of an error code; 500 for one that is not in the table."""
    return STATUSES.get(code.partition(".")[0], 500)


def json_response(body: object, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Answer with a struct, or anything else that is JSON."""
    data = msgspec.json.encode(body)
    return web.Response(
        body=data, status=status, content_type="application/json", headers={**HEADERS, **(headers or {})}
    )


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every failure in the one shape; nothing of a traceback, and no body in the log."""
    try:
        return await handler(request)
    except RefusedError as error:
        return _refusal(request, error.refused)
    except StoreError as error:
        refused = refusal_of(error)
        return _failure(request, error) if refused.code == "internal" else _refusal(request, refused)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _framework_refusal(request, error)
    except Exception as error:  # noqa: BLE001 - the HTTP middleware is where a broken promise becomes `internal`
        return _failure(request, error)


def error_body(refused: Refused) -> ErrorBody:
    """Show a refusal."""
    reply = error_reply(0, refused)
    return ErrorBody(
        code=reply.code, message=reply.message, retry=reply.retry, retry_after_ms=reply.retry_after_ms,
        hint=reply.hint, policy=reply.policy, data=reply.data,
    )  # fmt: skip


def _refusal(
    request: web.Request, refused: Refused, status: int | None = None, headers: dict[str, str] | None = None
) -> web.Response:
    body = error_body(refused)
    status = status or status_of(refused.code)
    headers = dict(headers or {})
    if status in (429, 503) and body.retry_after_ms is not None:
        headers["Retry-After"] = str(math.ceil(body.retry_after_ms / 1000))
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    log.info("api_refused", route=_route(request), code=refused.code, status=status)
    return json_response(body, status, headers)


def _framework_refusal(request: web.Request, error: web.HTTPException) -> web.Response:
    if error.status >= 500:
        return _failure(request, error)
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
    detail = "" if error.status in _FRAMEWORK else error.text or ""
    refused = Refused(_FRAMEWORK.get(error.status, "bad_request"), detail=detail)
    return _refusal(request, refused, error.status, headers)


def _failure(request: web.Request, error: Exception) -> web.Response:
    body = error_body(Refused("internal"))
    body.correlation_id = secrets.token_hex(8)
    log.error("api_failed", route=_route(request), correlation_id=body.correlation_id, exc_info=error)
    return json_response(body, status_of(body.code))


def _route(request: web.Request) -> str:
    """Name the route without the ids in it."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown"
