"""The HTTP door: the marketplace's backend acts through the same use cases as the socket.

Source: server/docs/server-api.md.
"""

import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec
from aiohttp import web
from aiohttp.client_exceptions import ClientError

from greenroom_protocol.commands import DirectorySearch
from greenroom_protocol.profiles import ProfileView
from greenroom_server.auth.api_keys import ApiKeys
from greenroom_server.domain.head import Head
from greenroom_server.domain.ids import is_name, thread_partition
from greenroom_server.domain.relationship import Relationship, may_share_contacts
from greenroom_server.telemetry.counters import Counters
from greenroom_server.telemetry.metrics import CONTENT_TYPE, Gauges, render
from greenroom_server.transport import api_bodies as bodies
from greenroom_server.transport.api_errors import HEADERS, answer_errors, json_response
from greenroom_server.transport.api_routes import METRICS, OPEN, ROUTES, Route
from greenroom_server.transport.openapi import document
from greenroom_server.usecases.directory import Directory
from greenroom_server.usecases.marketplace import Marketplace, Profile
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError

MAX_BODY_BYTES: Final = 64 * 1024
"""Largest body of a request, after decompression."""
_DETAIL_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class ApiServices:
    """What the routes need."""

    marketplace: Marketplace
    directory: Directory
    is_ready: Callable[[], bool]
    """Messages can be sent."""
    counters: Counters
    gauges: Callable[[], Gauges]
    api_keys: tuple[str, ...]
    """Any of them opens the API; none: nobody gets in."""
    mint: Callable[[str, int], str] | None
    """Makes a token for (user, life in seconds); in development only."""


class Call(NamedTuple):
    """One request, decoded and checked."""

    request: web.Request
    ids: dict[str, str]
    query: Any
    """Struct of the route's `query`; None without."""
    body: Any
    """Struct of the route's `body`; None without."""


ApiHandler = Callable[[ApiServices, Call], Awaitable[msgspec.Struct | web.Response]]


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
            raise _bad_field(f"{field}: an id is 1 to 64 of A-Z a-z 0-9 _ . -")
    return ids


def _read_query(request: web.Request, kind: type[Any]) -> Any:
    if len(set(request.query)) != len(request.query):
        raise _bad_field("a parameter is given twice")
    try:
        return msgspec.convert(dict(request.query), kind, strict=False)
    except msgspec.ValidationError as error:
        raise _bad_field(str(error)) from None


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
        raise _bad_field(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise RefusedError(Refused("bad_request.json")) from None


def _bad_field(detail: str) -> RefusedError:
    return RefusedError(Refused("bad_request.field", detail=detail[:_DETAIL_CHARS]))


async def _health(services: ApiServices, _call: Call) -> web.Response:
    if services.is_ready():
        return json_response(bodies.HealthView(status="ok"))
    return json_response(bodies.HealthView(status="unavailable", reason="messages cannot be saved now"), 503)


async def _metrics(services: ApiServices, _call: Call) -> web.Response:
    headers = {**HEADERS, "Content-Type": CONTENT_TYPE}
    return web.Response(body=render(services.counters, services.gauges()), headers=headers)


async def _openapi(_services: ApiServices, _call: Call) -> web.Response:
    return web.Response(body=_document(), content_type="application/json", headers=HEADERS)


@functools.cache
def _document() -> bytes:
    return msgspec.json.encode(document())


async def _put_user(services: ApiServices, call: Call) -> bodies.UserView:
    body: bodies.UserPut = call.body
    revoked_before = services.marketplace.revocation_s() if body.revoke_sessions else None
    saved = await services.marketplace.save_user(
        call.ids["user"], body.name, is_suspended=body.suspended, revoked_before=revoked_before
    )
    return bodies.UserView(
        user=saved.user, name=saved.name, suspended=saved.is_suspended, revoked_before=saved.revoked_before
    )


async def _put_freelancer(services: ApiServices, call: Call) -> ProfileView:
    body: bodies.FreelancerPut = call.body
    freelancer = call.ids["freelancer"]
    profile = Profile(freelancer, body.name, body.headline, tuple(body.skills), body.hourly_rate, body.currency)
    await services.marketplace.save_profile(profile)
    return await services.directory.view(freelancer)


async def _get_freelancer(services: ApiServices, call: Call) -> ProfileView:
    return await services.directory.view(call.ids["freelancer"])


async def _search_freelancers(services: ApiServices, call: Call) -> bodies.FreelancersPage:
    query: bodies.SearchQuery = call.query
    page = await services.directory.search(
        DirectorySearch(id=1, text=query.text, cursor=query.cursor, limit=query.limit)
    )
    return bodies.FreelancersPage(freelancers=page.profiles, cursor=page.cursor)


async def _put_job(services: ApiServices, call: Call) -> bodies.JobView:
    body: bodies.JobPut = call.body
    saved = await services.marketplace.save_job(call.ids["job"], body.client, body.title, is_open=body.open)
    return bodies.JobView(job=saved.job, client=saved.client, title=saved.title, open=saved.is_open)


async def _put_pair(services: ApiServices, call: Call) -> bodies.PairView:
    body: bodies.PairPut = call.body
    pair = await services.marketplace.save_pair(
        call.ids["client"], call.ids["freelancer"],
        origin=body.origin, conversion=body.conversion, is_blocked=body.blocked,
    )  # fmt: skip
    return _pair_view(call, pair)


async def _get_pair(services: ApiServices, call: Call) -> bodies.PairView:
    return _pair_view(call, await services.marketplace.pair(call.ids["client"], call.ids["freelancer"]))


async def _get_pair_threads(services: ApiServices, call: Call) -> bodies.ThreadsPage:
    query: bodies.ThreadsQuery = call.query
    heads = await services.marketplace.threads(call.ids["client"], call.ids["freelancer"], query.job)
    return bodies.ThreadsPage(threads=[_thread_view(head) for head in heads])


async def _get_thread(services: ApiServices, call: Call) -> bodies.ThreadView:
    return _thread_view(await services.marketplace.thread(call.ids["thread"]))


async def _post_move(services: ApiServices, call: Call) -> bodies.MoveView:
    body: bodies.MovePost = call.body
    header = call.request.headers.get("Idempotency-Key")
    if header is not None and body.cid not in (None, header):
        raise _bad_field("Idempotency-Key and cid differ")
    done = await services.marketplace.move_thread(call.ids["thread"], body.move, body.cid or header or "")
    return msgspec.convert(done, bodies.MoveView, from_attributes=True)


async def _post_dev_token(services: ApiServices, call: Call) -> bodies.TokenView:
    if services.mint is None:
        raise RefusedError(NOT_FOUND)
    body: bodies.TokenPost = call.body
    if not is_name(body.user):
        raise _bad_field("user")
    return bodies.TokenView(token=services.mint(body.user, body.ttl_s), ttl_s=body.ttl_s)


def _pair_view(call: Call, pair: Relationship) -> bodies.PairView:
    return bodies.PairView(
        client=call.ids["client"], freelancer=call.ids["freelancer"], origin=pair.origin.value,
        conversion=pair.conversion.value, blocked=pair.is_blocked, first_contract_at=pair.first_contract_at_ms,
    )  # fmt: skip


def _thread_view(head: Head) -> bodies.ThreadView:
    people = [
        bodies.ParticipantView(user=each.user, role="client" if each.role == "client" else "freelancer")
        for each in head.participants.values()
        if not each.until_seq
    ]
    return bodies.ThreadView(
        thread=head.thread, state=head.state.value, why=head.why.value if head.why is not None else "",
        client=head.client, freelancer=head.freelancer, job=head.job, title=head.title,
        contact="allowed" if may_share_contacts(head.relationship, head.state) else "blocked",
        gate_opened_at=head.gate_opened_at, expires_at=head.expires_at, participants=people,
    )  # fmt: skip


HANDLERS: Final[dict[str, ApiHandler]] = {
    "health": _health,
    "metrics": _metrics,
    "openapi": _openapi,
    "put_user": _put_user,
    "put_freelancer": _put_freelancer,
    "get_freelancer": _get_freelancer,
    "search_freelancers": _search_freelancers,
    "put_job": _put_job,
    "put_pair": _put_pair,
    "get_pair": _get_pair,
    "get_pair_threads": _get_pair_threads,
    "get_thread": _get_thread,
    "post_move": _post_move,
    "post_dev_token": _post_dev_token,
}
"""By the `operation` of a route."""
