"""The first routes of the server API: health, people, jobs, pairs, threads."""

from typing import Final

import msgspec
from aiohttp import web

from greenroom_protocol.commands import DirectorySearch
from greenroom_protocol.offers import OfferTerms
from greenroom_protocol.profiles import ProfileView
from greenroom_server.domain.head import Head
from greenroom_server.domain.ids import is_name
from greenroom_server.domain.offer import Offer
from greenroom_server.domain.relationship import Relationship, may_share_contacts
from greenroom_server.telemetry.metrics import CONTENT_TYPE, render
from greenroom_server.transport import api_bodies as bodies
from greenroom_server.transport.api_call import METRICS, OPEN, SAVES, ApiHandler, ApiServices, Call, Route, bad_field
from greenroom_server.transport.api_errors import HEADERS, json_response
from greenroom_server.usecases.marketplace import Profile
from greenroom_server.usecases.move_events import terms_of
from greenroom_server.usecases.results import NOT_FOUND, RefusedError

MOVE_CODES: Final = (
    "cid.invalid", "cid.outside_window", "not_found", "wrong_state", "thread.closed", "contract.already_started",
    "offer.terms", "policy.contact_precontract", "idempotency.conflict",
)  # fmt: skip
"""Refusals of what starts a contract."""

ROUTES: Final = (
    Route(
        method="GET", path="/healthz", operation="health", access=OPEN, reply=bodies.HealthView,
        summary="200 once messages can be sent, else 503 with the same fields.",
    ),
    Route(
        method="GET", path="/metrics", operation="metrics", access=METRICS,
        summary="Figures for Prometheus; in development without a key.",
    ),
    Route(
        method="GET", path="/api/v1/openapi.json", operation="openapi", access=OPEN,
        summary="This document.",
    ),
    Route(
        method="PUT", path="/api/v1/users/{user}", operation="put_user",
        body=bodies.UserPut, reply=bodies.UserView, codes=("policy.contact_precontract", *SAVES),
        summary="Create or change a user; suspend, or sign out everywhere.",
    ),
    Route(
        method="PUT", path="/api/v1/freelancers/{freelancer}", operation="put_freelancer",
        body=bodies.FreelancerPut, reply=ProfileView, codes=("policy.contact_precontract", *SAVES),
        summary="Create or replace a freelancer's profile.",
    ),
    Route(
        method="GET", path="/api/v1/freelancers/{freelancer}", operation="get_freelancer",
        reply=ProfileView, codes=("not_found",),
        summary="Read a profile with its response speed.",
    ),
    Route(
        method="GET", path="/api/v1/freelancers", operation="search_freelancers",
        query=bodies.SearchQuery, reply=bodies.FreelancersPage,
        summary="Search freelancers, by id, in pages.",
    ),
    Route(
        method="PUT", path="/api/v1/jobs/{job}", operation="put_job",
        body=bodies.JobPut, reply=bodies.JobView, codes=("job.not_owner", "policy.contact_precontract", *SAVES),
        summary="Create or change a job.",
    ),
    Route(
        method="PUT", path="/api/v1/pairs/{client}/{freelancer}", operation="put_pair",
        body=bodies.PairPut, reply=bodies.PairView, codes=("thread.self", "perm.denied", "not_available", *SAVES),
        summary="Change what holds for all threads of a client and a freelancer.",
    ),
    Route(
        method="GET", path="/api/v1/pairs/{client}/{freelancer}", operation="get_pair",
        reply=bodies.PairView, codes=("thread.self",),
        summary="Read what holds for all threads of a client and a freelancer.",
    ),
    Route(
        method="GET", path="/api/v1/pairs/{client}/{freelancer}/threads", operation="get_pair_threads",
        query=bodies.ThreadsQuery, reply=bodies.ThreadsPage, codes=("thread.self",),
        summary="Find the thread of a pair for a job; none or one.",
    ),
    Route(
        method="GET", path="/api/v1/threads/{thread}", operation="get_thread",
        reply=bodies.ThreadView, codes=("not_found",),
        summary="Read where a thread stands, without its text.",
    ),
    Route(
        method="POST", path="/api/v1/threads/{thread}/moves", operation="post_move",
        body=bodies.MovePost, reply=bodies.MoveView, takes_idempotency_key=True,
        codes=(*MOVE_CODES, "offer.none", "offer.open", "offer.no_interview", "offer.expired", "contract.none", *SAVES),
        summary="Make, answer or withdraw an offer; start, pause, resume or end a contract; close for a closed job.",
    ),
    Route(
        method="POST", path="/api/v1/dev/tokens", operation="post_dev_token",
        body=bodies.TokenPost, reply=bodies.TokenView, codes=("not_found",),
        summary="Mint a token; in development only, elsewhere there is no such thing.",
    ),
)  # fmt: skip


async def _health(services: ApiServices, _call: Call) -> web.Response:
    if services.is_ready():
        return json_response(bodies.HealthView(status="ok"))
    return json_response(bodies.HealthView(status="unavailable", reason="messages cannot be saved now"), 503)


async def _metrics(services: ApiServices, _call: Call) -> web.Response:
    headers = {**HEADERS, "Content-Type": CONTENT_TYPE}
    return web.Response(body=render(services.counters, services.gauges()), headers=headers)


async def _put_user(services: ApiServices, call: Call) -> bodies.UserView:
    body: bodies.UserPut = call.body
    revoked_before = services.marketplace.revocation_s() if body.revoke_sessions else None
    saved = await services.marketplace.save_user(
        call.ids["user"], body.name, is_suspended=body.suspended, revoked_before=revoked_before,
        terms_accepted_at=body.terms_accepted_at, is_verified=body.verified, is_synthetic=body.synthetic,
        staff_of=body.staff_of,
    )  # fmt: skip
    return bodies.UserView(
        user=saved.user, name=saved.name, suspended=saved.is_suspended, revoked_before=saved.revoked_before,
        staff_of=list(saved.staff_of),
    )  # fmt: skip


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
        DirectorySearch(
            id=1,
            text=query.text,
            skills=[query.skill] if query.skill else [],
            available=query.available,
            cursor=query.cursor,
            limit=query.limit,
        )
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
        origin=body.origin, conversion=body.conversion, is_blocked=body.blocked, has_exempt_plan=body.exempt_plan,
        is_moderator=body.moderator,
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
    done = await services.marketplace.move_thread(
        call.ids["thread"], body.move, idempotency_key(call, body.cid), offer_of(body.terms), body.starts_at
    )
    return msgspec.convert(done, bodies.MoveView, from_attributes=True)


def idempotency_key(call: Call, cid: str | None) -> str:
    """Give the cid of a request, from its body or its header; empty: it has none."""
    header = call.request.headers.get("Idempotency-Key")
    if header is not None and cid not in (None, header):
        raise bad_field("Idempotency-Key and cid differ")
    return cid or header or ""


def offer_of(terms: OfferTerms | None) -> Offer | None:
    """Read the terms of an offer."""
    if terms is None:
        return None
    return Offer(
        note=terms.note, amount=terms.amount, currency=terms.currency, starts_at=terms.starts_at,
        expires_at=terms.expires_at,
    )  # fmt: skip


async def _post_dev_token(services: ApiServices, call: Call) -> bodies.TokenView:
    if services.mint is None:
        raise RefusedError(NOT_FOUND)
    body: bodies.TokenPost = call.body
    if not is_name(body.user):
        raise bad_field("user")
    return bodies.TokenView(token=services.mint(body.user, body.ttl_s), ttl_s=body.ttl_s)


def _pair_view(call: Call, pair: Relationship) -> bodies.PairView:
    return bodies.PairView(
        client=call.ids["client"], freelancer=call.ids["freelancer"], origin=pair.origin.value,
        conversion=pair.conversion.value, blocked=pair.is_blocked, exempt_plan=pair.has_exempt_plan,
        first_contract_at=pair.first_contract_at_ms,
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
        gate_opened_at=head.gate_opened_at, expires_at=head.facts(0).expires_at_ms or 0, participants=people,
        origin=head.origin, origin_ref=head.origin_ref, offer=terms_of(head.offer) if head.offer is not None else None,
    )  # fmt: skip


HANDLERS: Final[dict[str, ApiHandler]] = {
    "health": _health,
    "metrics": _metrics,
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
