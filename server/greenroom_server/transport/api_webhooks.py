"""Routes of the webhooks: the endpoints and how far behind they are, and the events that nobody took."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from greenroom_server.domain.webhook import DeadLetter
from greenroom_server.transport.api_call import SAVES, ApiHandler, ApiServices, Call, Route
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError
from greenroom_server.usecases.webhooks import Webhooks


class DeadQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """Which dead letters."""

    cursor: Annotated[str, Meta(max_length=64, description="From the page before.")] | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class ReplayPost(Struct, forbid_unknown_fields=True, kw_only=True):
    """How many dead letters to send again, the oldest first."""

    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class EndpointView(Struct, kw_only=True):
    """An address that gets webhooks."""

    endpoint: Annotated[str, Meta(description="Its id.")]
    address: Annotated[str, Meta(description="Scheme, host and port.")]
    lag_ms: Annotated[int, Meta(description="Age of the oldest event it has not taken.")]


class WebhooksView(Struct, kw_only=True):
    """Where webhooks go."""

    endpoints: list[EndpointView]
    dead: Annotated[int, Meta(description="Events that nobody took.")]


class DeadLetterView(Struct, kw_only=True):
    """An event that an endpoint did not take."""

    letter: Annotated[str, Meta(description="Its id here.")]
    endpoint: str
    type: str
    died_at: Annotated[int, Meta(description="UTC ms.")]
    tries: int
    status: Annotated[int, Meta(description="Of the last answer; 0: none.")]
    event: Annotated[msgspec.Raw, Meta(description="The body that is sent.")]


class DeadLettersPage(Struct, kw_only=True):
    """Dead letters, oldest first."""

    dead: list[DeadLetterView]
    cursor: Annotated[str, Meta(description="For the next page.")] | None


class ReplayView(Struct, kw_only=True):
    """What became of dead letters that were sent again."""

    delivered: Annotated[int, Meta(description="Taken, and so forgotten.")]
    failed: Annotated[int, Meta(description="Not taken, and kept; a replay of several stops at the first.")]
    status: Annotated[int, Meta(description="Of the last answer; 0: none.")]
    left: Annotated[int, Meta(description="Dead letters now.")]


class DiscardView(Struct, kw_only=True):
    """A dead letter is gone."""

    letter: str


ROUTES: Final = (
    Route(
        method="GET", path="/api/v1/webhooks", operation="get_webhooks", reply=WebhooksView,
        summary="Where webhooks go, and how far behind each endpoint is.",
    ),
    Route(
        method="GET", path="/api/v1/webhooks/dead", operation="get_dead_webhooks",
        query=DeadQuery, reply=DeadLettersPage,
        summary="Events that an endpoint did not take, oldest first, in pages.",
    ),
    Route(
        method="POST", path="/api/v1/webhooks/dead/replay", operation="replay_webhooks",
        body=ReplayPost, reply=ReplayView, codes=SAVES,
        summary="Send the oldest of them again; stops at the first that is not taken.",
    ),
    Route(
        method="POST", path="/api/v1/webhooks/dead/{letter}/replay", operation="replay_webhook",
        reply=ReplayView, codes=("not_found", "not_available", *SAVES),
        summary="Send one of them again.",
    ),
    Route(
        method="DELETE", path="/api/v1/webhooks/dead/{letter}", operation="discard_webhook",
        reply=DiscardView, codes=("not_found", *SAVES),
        summary="Forget one of them.",
    ),
)  # fmt: skip


def _webhooks(services: ApiServices) -> Webhooks:
    if services.webhooks is None:
        raise RefusedError(NOT_FOUND)
    return services.webhooks


async def _get_webhooks(services: ApiServices, _call: Call) -> WebhooksView:
    webhooks = _webhooks(services)
    endpoints = [
        EndpointView(endpoint=endpoint.id, address=endpoint.label, lag_ms=follow.lag_ms)
        for endpoint, follow in zip(webhooks.endpoints, webhooks.follows, strict=True)
    ]
    return WebhooksView(endpoints=endpoints, dead=await webhooks.dead_count())


async def _get_dead(services: ApiServices, call: Call) -> DeadLettersPage:
    query: DeadQuery = call.query
    letters = await _webhooks(services).dead_page(query.cursor, query.limit)
    cursor = letters[-1].id if len(letters) == query.limit else None
    return DeadLettersPage(dead=[_view(letter) for letter in letters], cursor=cursor)


async def _replay_all(services: ApiServices, call: Call) -> ReplayView:
    webhooks, body = _webhooks(services), call.body
    delivered, status = 0, 0
    for letter in await webhooks.dead_page(None, body.limit):
        outcome = await webhooks.replay(letter)
        if outcome is None:
            continue  # of an endpoint that is configured no longer
        status = outcome.letter.status
        if not outcome.is_delivered:
            return ReplayView(delivered=delivered, failed=1, status=status, left=await webhooks.dead_count())
        delivered += 1
    return ReplayView(delivered=delivered, failed=0, status=status, left=await webhooks.dead_count())


async def _replay(services: ApiServices, call: Call) -> ReplayView:
    webhooks = _webhooks(services)
    letter = await webhooks.dead_letter(call.ids["letter"])
    if letter is None:
        raise RefusedError(NOT_FOUND)
    outcome = await webhooks.replay(letter)
    if outcome is None:
        raise RefusedError(Refused("not_available", detail="its endpoint is not configured any more"))
    return ReplayView(
        delivered=int(outcome.is_delivered), failed=int(not outcome.is_delivered), status=outcome.letter.status,
        left=await webhooks.dead_count(),
    )  # fmt: skip


async def _discard(services: ApiServices, call: Call) -> DiscardView:
    if not await _webhooks(services).discard(call.ids["letter"]):
        raise RefusedError(NOT_FOUND)
    return DiscardView(letter=call.ids["letter"])


def _view(letter: DeadLetter) -> DeadLetterView:
    return DeadLetterView(
        letter=letter.id, endpoint=letter.endpoint, type=letter.kind, died_at=letter.died_at, tries=letter.tries,
        status=letter.status, event=msgspec.Raw(letter.body.encode()),
    )  # fmt: skip


HANDLERS: Final[dict[str, ApiHandler]] = {
    "get_webhooks": _get_webhooks,
    "get_dead_webhooks": _get_dead,
    "replay_webhooks": _replay_all,
    "replay_webhook": _replay,
    "discard_webhook": _discard,
}
"""By the `operation` of a route."""
