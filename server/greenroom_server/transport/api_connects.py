"""Routes of the server API about Connects: what the backend grants, sells, gives back and sets right."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from greenroom_protocol.connects import ConnectsEntry, ConnectsGet, ConnectsView
from greenroom_server.domain.connects import EntryKind
from greenroom_server.transport.api_call import SAVES, ApiHandler, ApiServices, Call, Route, bad_field
from greenroom_server.usecases.connects import Connects, entry_view
from greenroom_server.usecases.results import NOT_FOUND, RefusedError

_KEY_CHARS: Final = 128


class ConnectsPost(Struct, forbid_unknown_fields=True, kw_only=True):
    """An entry of a freelancer's ledger."""

    kind: Literal["grant", "purchase", "refund", "correction"]
    amount: Annotated[int, Meta(ge=-100_000, le=100_000, description="Positive, but for corrections either; not 0.")]
    key: Annotated[
        str | None,
        Meta(description="1 to 128 characters; the same key again changes nothing. Or the header Idempotency-Key."),
    ] = None


class BillingDayPut(Struct, forbid_unknown_fields=True, kw_only=True):
    """When a freelancer's billing periods begin."""

    billing_day: Annotated[int, Meta(ge=1, le=28, description="Day of the month, UTC.")]


class LedgerQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """Which part of the ledger."""

    cursor: Annotated[str, Meta(max_length=200, description="From the page before.")] | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 20


class EntryView(Struct, kw_only=True):
    """An entry as it stands in the ledger."""

    entry: ConnectsEntry
    dup: Annotated[bool, Meta(description="True: this key was entered before; nothing was done now.")]


class LedgerPage(Struct, kw_only=True):
    """The balance, and entries, newest first."""

    connects: ConnectsView
    entries: list[ConnectsEntry]
    cursor: Annotated[str, Meta(description="For the next page.")] | None


ROUTES: Final = (
    Route(
        method="GET", path="/api/v1/freelancers/{freelancer}/connects", operation="get_connects",
        query=LedgerQuery, reply=LedgerPage, codes=("not_found",),
        summary="Read a freelancer's Connects: the balance and the ledger, in pages.",
    ),
    Route(
        method="POST", path="/api/v1/freelancers/{freelancer}/connects", operation="post_connects",
        body=ConnectsPost, reply=EntryView, takes_idempotency_key=True,
        codes=("not_found", "connects.insufficient", "connects.limit", "idempotency.conflict", *SAVES),
        summary="Grant, sell, give back or set right Connects, once for each key.",
    ),
    Route(
        method="PUT", path="/api/v1/freelancers/{freelancer}/connects", operation="put_connects",
        body=BillingDayPut, reply=ConnectsView, codes=("not_found", *SAVES),
        summary="Set the day on which the free Connects of a freelancer are filled up.",
    ),
)  # fmt: skip


def _connects(services: ApiServices) -> Connects:
    if services.connects is None:
        raise RefusedError(NOT_FOUND)
    return services.connects


async def _get(services: ApiServices, call: Call) -> LedgerPage:
    query: LedgerQuery = call.query
    page = await _connects(services).get(
        call.ids["freelancer"], ConnectsGet(id=1, cursor=query.cursor, limit=query.limit)
    )
    return LedgerPage(connects=page.connects, entries=page.entries, cursor=page.cursor)


async def _post(services: ApiServices, call: Call) -> EntryView:
    body: ConnectsPost = call.body
    header = call.request.headers.get("Idempotency-Key")
    if header is not None and body.key not in (None, header):
        raise bad_field("Idempotency-Key and key differ")
    key = body.key or header or ""
    if not 1 <= len(key) <= _KEY_CHARS or not key.isprintable():
        raise bad_field(f"key: 1 to {_KEY_CHARS} printable characters, here or as Idempotency-Key")
    if not body.amount or (body.amount < 0 and body.kind != "correction"):
        raise bad_field("amount: positive, but for corrections either; not 0")
    entry, is_repeat = await _connects(services).enter(call.ids["freelancer"], key, EntryKind(body.kind), body.amount)
    return EntryView(entry=entry_view(entry), dup=is_repeat)


async def _put(services: ApiServices, call: Call) -> ConnectsView:
    body: BillingDayPut = call.body
    return await _connects(services).set_billing_day(call.ids["freelancer"], body.billing_day)


HANDLERS: Final[dict[str, ApiHandler]] = {"get_connects": _get, "post_connects": _post, "put_connects": _put}
"""By the `operation` of a route."""
