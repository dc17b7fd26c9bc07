"""The server API about people: response speed with its rows, paid badges, declared outages."""

from typing import Annotated, Final

from msgspec import Meta, Struct, field

from greenroom_protocol.profiles import MetricsRow, SpeedView
from greenroom_server.domain.response_clock import Interval
from greenroom_server.transport.api_bodies import Id
from greenroom_server.transport.api_call import SAVES, ApiHandler, ApiServices, Call, Route
from greenroom_server.usecases.people import PeopleDoor
from greenroom_server.usecases.results import NOT_FOUND, RefusedError
from greenroom_server.usecases.speed import speed_view

_Ms = Annotated[int, Meta(ge=0, le=9_007_199_254_740_991, description="UTC ms.")]


class BadgePut(Struct, forbid_unknown_fields=True, kw_only=True):
    """What a freelancer has paid for."""

    paid_until: Annotated[
        int, Meta(ge=0, le=9_007_199_254_740_991, description="First moment that is not paid for, UTC ms; 0 ends it.")
    ]


class BadgeView(Struct, kw_only=True):
    """A freelancer's availability badge."""

    freelancer: str
    paid_until: Annotated[int, Meta(description="UTC ms; 0: never bought.")]
    on: Annotated[bool, Meta(description="Switched on by the freelancer, inside the paid time.")]


class MetricsView(Struct, kw_only=True):
    """A freelancer's response speed and every row behind it."""

    speed: Annotated[SpeedView, Meta(description="Invitations and first messages, as on the profile.")]
    invitations: SpeedView
    followups: Annotated[SpeedView, Meta(description="Never public.")]
    rows: Annotated[list[MetricsRow], Meta(description="Newest first, at most 2,000; flat, as for a table.")]


class OutagePost(Struct, forbid_unknown_fields=True, kw_only=True):
    """A span of time in which the service was down."""

    begin: _Ms = field(name="from")
    end: Annotated[int, Meta(ge=1, description="UTC ms, not in the future.")] = field(name="to")
    withdraw: Annotated[bool, Meta(description="True takes back what was declared with the same times.")] = False


class OutageView(Struct, kw_only=True):
    """A declared outage."""

    begin: _Ms = field(name="from")
    end: _Ms = field(name="to")


class MergePost(Struct, forbid_unknown_fields=True, kw_only=True):
    """Which account goes on."""

    into: Annotated[Id, Meta(description="Takes the other one's place; its person signs in with this one alone.")]


class MergeView(Struct, kw_only=True):
    """What a merge did."""

    user: str
    into: str
    threads: Annotated[int, Meta(description="In which `into` now stands in the other one's place.")]


class OutagesPage(Struct, kw_only=True):
    """What was declared, in order, as far back as any number looks."""

    outages: list[OutageView]


ROUTES: Final = (
    Route(
        method="GET", path="/api/v1/freelancers/{freelancer}/metrics", operation="get_metrics",
        reply=MetricsView, codes=("not_found",),
        summary="Read a freelancer's response speed with all rows behind it.",
    ),
    Route(
        method="PUT", path="/api/v1/freelancers/{freelancer}/badge", operation="put_badge",
        body=BadgePut, reply=BadgeView, codes=("not_found", *SAVES),
        summary="Say until when an availability badge is paid for.",
    ),
    Route(
        method="POST", path="/api/v1/users/{user}/merge", operation="post_merge",
        body=MergePost, reply=MergeView, codes=("not_found", "merge.two_parties", "merge.done", *SAVES),
        summary="Merge a user into another one: two accounts of one person. May be repeated.",
    ),
    Route(
        method="GET", path="/api/v1/outages", operation="get_outages", reply=OutagesPage,
        summary="List the declared outages.",
    ),
    Route(
        method="POST", path="/api/v1/outages", operation="post_outage", body=OutagePost, reply=OutagesPage,
        codes=SAVES,
        summary="Declare an outage that is over: nobody's clock ran in it. May be repeated.",
    ),
)  # fmt: skip


def _door(services: ApiServices) -> PeopleDoor:
    if services.people is None:
        raise RefusedError(NOT_FOUND)
    return services.people


async def _get_metrics(services: ApiServices, call: Call) -> MetricsView:
    found = await _door(services).metrics.of(call.ids["freelancer"])
    return MetricsView(
        speed=speed_view(found.pooled), invitations=speed_view(found.invitations),
        followups=speed_view(found.followups), rows=list(found.rows),
    )  # fmt: skip


async def _put_badge(services: ApiServices, call: Call) -> BadgeView:
    body: BadgePut = call.body
    profile = await _door(services).availability.grant(call.ids["freelancer"], body.paid_until)
    return BadgeView(freelancer=profile.freelancer, paid_until=profile.badge.paid_until_ms, on=profile.badge.is_on)


async def _get_outages(services: ApiServices, _call: Call) -> OutagesPage:
    return _page(await _door(services).outages.all())


async def _post_outage(services: ApiServices, call: Call) -> OutagesPage:
    body: OutagePost = call.body
    outage = Interval(body.begin, body.end)
    return _page(await _door(services).outages.declare(outage, is_withdrawn=body.withdraw))


async def _post_merge(services: ApiServices, call: Call) -> MergeView:
    body: MergePost = call.body
    if services.merge is None:
        raise RefusedError(NOT_FOUND)
    user = call.ids["user"]
    return MergeView(user=user, into=body.into, threads=await services.merge(user, body.into))


def _page(outages: tuple[Interval, ...]) -> OutagesPage:
    return OutagesPage(outages=[OutageView(begin=each.begin_ms, end=each.end_ms) for each in outages])


HANDLERS: Final[dict[str, ApiHandler]] = {
    "get_metrics": _get_metrics,
    "put_badge": _put_badge,
    "post_merge": _post_merge,
    "get_outages": _get_outages,
    "post_outage": _post_outage,
}
