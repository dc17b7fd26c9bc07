"""Many operations in one request: in order, each through the handler of its own route, each with its own answer."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Final, Literal, NamedTuple

import msgspec
from aiohttp import web
from msgspec import Meta, Struct, field
from multidict import CIMultiDict
from yarl import URL

from greenroom_server.transport.api_call import KEY, MAX_BODY_BYTES, ApiHandler, ApiServices, Call, Route
from greenroom_server.transport.api_errors import answer_errors, json_response
from greenroom_server.transport.api_request import check_ids, decode_body, read_query
from greenroom_server.usecases.results import NOT_FOUND, RefusedError

MAX_BULK_BYTES: Final = 1024 * 1024
_PATH_ID: Final = re.compile(r"\\{(\w+)\\}")


class BulkOperation(Struct, forbid_unknown_fields=True, kw_only=True):
    """One request, as it would be made on its own."""

    method: Literal["GET", "PUT", "POST", "DELETE"]
    path: Annotated[str, Meta(pattern="^/api/v1/", max_length=1000, description="With its parameters.")]
    body: Annotated[msgspec.Raw, Meta(description="What the route takes.")] = field(default_factory=msgspec.Raw)
    idempotency_key: (
        Annotated[str, Meta(max_length=100, description="As the header of that name, where the route takes one.")]
        | None
    ) = None


class BulkPost(Struct, forbid_unknown_fields=True, kw_only=True):
    """Operations in the order in which they are carried out."""

    operations: Annotated[list[BulkOperation], Meta(min_length=1, max_length=200)]
    stop_on_error: Annotated[bool, Meta(description="True: what follows the first that fails is left undone.")] = False


class BulkResult(Struct, kw_only=True):
    """What one operation was answered."""

    status: Annotated[int, Meta(description="HTTP status, as on its own.")]
    body: Annotated[msgspec.Raw, Meta(description="As on its own: what the route answers, or an error.")]


class BulkView(Struct, kw_only=True):
    """Answers in the order of the operations; fewer than there were only with `stop_on_error`."""

    results: list[BulkResult]
    failed: Annotated[int, Meta(description="How many of them have a status of 400 or more.")]


ROUTES: Final = (
    Route(
        method="POST", path="/api/v1/bulk", operation="post_bulk",
        body=BulkPost, reply=BulkView, max_body_bytes=MAX_BULK_BYTES,
        summary="Up to 200 operations in order; one that fails does not stop the rest.",
    ),
)  # fmt: skip


class _Target(NamedTuple):
    route: Route
    path: re.Pattern[str]
    handler: ApiHandler


def bulk_handler(routes: Iterable[Route], handlers: Mapping[str, ApiHandler]) -> ApiHandler:
    """Make the handler of `post_bulk` for the routes that need a key, itself excepted."""
    targets = [
        _Target(route, _pattern(route.path), handlers[route.operation])
        for route in routes
        if route.access == KEY and route.operation in handlers
    ]

    async def post_bulk(services: ApiServices, call: Call) -> BulkView:
        body: BulkPost = call.body
        results: list[BulkResult] = []
        for operation in body.operations:
            result = await _carry_out(targets, services, call.request, operation)
            results.append(result)
            if body.stop_on_error and result.status >= 400:
                break
        return BulkView(results=results, failed=sum(result.status >= 400 for result in results))

    return post_bulk


async def _carry_out(
    targets: list[_Target], services: ApiServices, request: web.Request, operation: BulkOperation
) -> BulkResult:
    headers = CIMultiDict(request.headers)
    headers.popall("Idempotency-Key", None)
    if operation.idempotency_key is not None:
        headers["Idempotency-Key"] = operation.idempotency_key

    async def answer(own: web.Request) -> web.Response:
        target, ids = _find(targets, operation.method, own.path)
        query = read_query(own, target.route.query)
        body = None if target.route.body is None else _decode(operation.body, target.route.body)
        result = await target.handler(services, Call(own, check_ids(ids), query, body))
        return result if isinstance(result, web.Response) else json_response(result)

    try:
        url = URL(operation.path)
    except ValueError:
        url = URL("/api/v1/")
    response = await answer_errors(request.clone(method=operation.method, rel_url=url, headers=headers), answer)
    assert isinstance(response, web.Response)
    assert isinstance(response.body, bytes)
    return BulkResult(status=response.status, body=msgspec.Raw(response.body))


def _find(targets: list[_Target], method: str, path: str) -> tuple[_Target, dict[str, str]]:
    """Find the route of an operation; the first that fits, as the router does."""
    allowed = []
    for target in targets:
        match = target.path.fullmatch(path)
        if match is not None:
            if target.route.method == method:
                return target, match.groupdict()
            allowed.append(target.route.method)
    if allowed:
        raise web.HTTPMethodNotAllowed(method, allowed)
    raise RefusedError(NOT_FOUND)


def _decode(body: msgspec.Raw, kind: type[Struct]) -> object:
    data = bytes(body)
    if len(data) > MAX_BODY_BYTES:
        text = f"a body has at most {MAX_BODY_BYTES} bytes"
        raise web.HTTPRequestEntityTooLarge(MAX_BODY_BYTES, len(data), text=text)
    return decode_body(data, kind)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(_PATH_ID.sub(r"(?P<\1>[^/]+)", re.escape(path)))
