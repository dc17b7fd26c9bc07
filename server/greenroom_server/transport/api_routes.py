"""The routes of the server API as data: what each takes, gives and may refuse.

`api.py` binds them to their handlers by `operation`, `openapi.py` describes them.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

from greenroom_protocol.profiles import ProfileView
from greenroom_server.transport import api_bodies as bodies

OPEN: Final = "open"
KEY: Final = "key"
METRICS: Final = "metrics"

_SAVES: Final = ("conflict", "uncertain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation."""

    method: Literal["GET", "PUT", "POST"]
    path: str
    """Ids stand in braces."""
    operation: str
    summary: str
    reply: type[Any] | None = None
    """Struct of the answer; None where it is not one of ours."""
    body: type[Any] | None = None
    query: type[Any] | None = None
    access: str = KEY
    """KEY, OPEN, or METRICS: open in development only."""
    codes: tuple[str, ...] = ()
    """Refusals besides those that every route shares."""
    takes_idempotency_key: bool = False


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
        body=bodies.UserPut, reply=bodies.UserView, codes=("policy.contact_precontract", *_SAVES),
        summary="Create or change a user; suspend, or sign out everywhere.",
    ),
    Route(
        method="PUT", path="/api/v1/freelancers/{freelancer}", operation="put_freelancer",
        body=bodies.FreelancerPut, reply=ProfileView, codes=("policy.contact_precontract", *_SAVES),
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
        body=bodies.JobPut, reply=bodies.JobView, codes=("job.not_owner", "policy.contact_precontract", *_SAVES),
        summary="Create or change a job.",
    ),
    Route(
        method="PUT", path="/api/v1/pairs/{client}/{freelancer}", operation="put_pair",
        body=bodies.PairPut, reply=bodies.PairView, codes=("thread.self", "perm.denied", *_SAVES),
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
        codes=(
            "cid.invalid", "cid.outside_window", "not_found", "wrong_state", "thread.closed", "offer.none",
            "offer.expired", "contract.none", "contract.already_started", "idempotency.conflict", *_SAVES,
        ),
        summary="Make, answer or withdraw an offer; start, pause, resume or end a contract; close for a closed job.",
    ),
    Route(
        method="POST", path="/api/v1/dev/tokens", operation="post_dev_token",
        body=bodies.TokenPost, reply=bodies.TokenView, codes=("not_found",),
        summary="Mint a token; in development only, elsewhere there is no such thing.",
    ),
)  # fmt: skip
