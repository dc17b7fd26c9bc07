"""Routes of the server API for moderators: reports, access grants, the audit stream."""

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from greenroom_server.transport.api_bodies import Cid
from greenroom_server.transport.api_call import SAVES, ApiHandler, ApiServices, Call, Route
from greenroom_server.transport.api_core import idempotency_key
from greenroom_server.usecases.audit_trail import write_cursor
from greenroom_server.usecases.moderation import Moderation
from greenroom_server.usecases.results import NOT_FOUND, RefusedError

Cursor = Annotated[str, Meta(max_length=60, description="From the page before.")]


class ReportsQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """Which reports."""

    cursor: Cursor | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    open: Annotated[bool, Meta(description="Only those that wait for a decision.")] = True


class ReportDecisionPost(Struct, forbid_unknown_fields=True, kw_only=True):
    """What the moderators found; final."""

    decision: Annotated[
        Literal["upheld", "overruled"],
        Meta(description="overruled: an answer that the report stood for counts as declined when it was made."),
    ]


class ReportView(Struct, kw_only=True):
    """One report, with the reporter's words."""

    report: str
    thread: str
    by: Annotated[str, Meta(description="Who reported.")]
    about: Annotated[str, Meta(description="The client or the freelancer on the other side.")]
    category: str
    note: Annotated[str, Meta(description="In the reporter's words; not screened.")]
    target: Annotated[int, Meta(description="Seq of the item; 0: the thread as a whole.")]
    at: Annotated[int, Meta(description="UTC ms.")]
    decision: Literal["", "upheld", "overruled"]
    decided_at: Annotated[int, Meta(description="UTC ms; 0: it is open.")]


class ReportsPage(Struct, kw_only=True):
    """Reports, those of one partition after the other, each in the order of time."""

    reports: list[ReportView]
    cursor: Annotated[str, Meta(description="For the next page.")] | None


class GrantDecisionPost(Struct, forbid_unknown_fields=True, kw_only=True):
    """What the marketplace says of a request for access, or of a grant."""

    decision: Annotated[
        Literal["confirm", "refuse", "revoke"],
        Meta(description="confirm: only where the policy lets moderators agree. refuse: before. revoke: at any time."),
    ]
    cid: Cid | None = None


class GrantDecisionView(Struct, kw_only=True):
    """What the decision did."""

    seq: Annotated[int, Meta(description="Position of its event in the thread.")]
    at: Annotated[int, Meta(description="UTC ms.")]
    dup: Annotated[bool, Meta(description="True: this cid was carried out before; nothing was done now.")]


class ThreadGrantView(Struct, kw_only=True):
    """One access grant."""

    request: Annotated[int, Meta(description="Seq of the request; names the grant within its thread.")]
    state: Literal["requested", "granted", "shared", "refused", "expired", "revoked"]
    holder: Annotated[str, Meta(description="Whose address it is.")]
    asked_by: str
    system: str
    purpose: Annotated[str, Meta(description="In the asker's words, as the filter let them pass.")]
    expires_at: Annotated[int, Meta(description="UTC ms.")]


class ThreadGrantsPage(Struct, kw_only=True):
    """The grants of a thread, the oldest first; those that ended long ago are left out."""

    grants: list[ThreadGrantView]


class AuditQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """Which entries."""

    cursor: Cursor | None = None
    partition: Annotated[int, Meta(ge=0, le=127, description="Only this one; its cursor is good for later.")] | None = (
        None
    )
    limit: Annotated[int, Meta(ge=1, le=1_000)] = 200


class AuditEntryView(Struct, kw_only=True):
    """One entry of the audit stream; never text."""

    id: Annotated[str, Meta(description="Unique; also the cursor of what comes after it.")]
    at: Annotated[int, Meta(description="UTC ms.")]
    thread: Annotated[str, Meta(description="Empty when it is not about one.")]
    seq: Annotated[int, Meta(description="Of its first event in the thread; 0: it has none.")]
    kind: Annotated[str, Meta(description="Kinds of the events, comma-separated, or what happened.")]
    user: Annotated[str, Meta(description="Who did it; empty for the marketplace and for timers.")]
    facts: Annotated[
        dict[str, str | int],
        Meta(description="state, and of a verdict action, code and version; further facts by kind."),
    ]


class AuditEntriesPage(Struct, kw_only=True):
    """Entries, those of one partition after the other, each in the order of time."""

    entries: list[AuditEntryView]
    cursor: Annotated[str, Meta(description="For the next page.")] | None


ROUTES: Final = (
    Route(
        method="GET", path="/api/v1/reports", operation="get_reports",
        query=ReportsQuery, reply=ReportsPage,
        summary="Read what users reported.",
    ),
    Route(
        method="POST", path="/api/v1/reports/{report}/decision", operation="post_report_decision",
        body=ReportDecisionPost, reply=ReportView, codes=("not_found", "report.decided", *SAVES),
        summary="Decide a report; the same decision again changes nothing.",
    ),
    Route(
        method="GET", path="/api/v1/threads/{thread}/grants", operation="get_thread_grants",
        reply=ThreadGrantsPage, codes=("not_found",),
        summary="Read the access grants of a thread; never an address.",
    ),
    Route(
        method="POST", path="/api/v1/threads/{thread}/grants/{request}/decision", operation="post_grant_decision",
        body=GrantDecisionPost, reply=GrantDecisionView, takes_idempotency_key=True,
        codes=(
            "cid.invalid", "cid.outside_window", "not_found", "not_available", "access.none", "access.not_counterparty",
            "access.not_open", "access.not_needed", "access.already_agreed", "access.already_shared",
            "access.expired", "access.ended", "idempotency.conflict", *SAVES,
        ),
        summary="Agree to, refuse or end an access grant for the marketplace.",
    ),
    Route(
        method="GET", path="/api/v1/audit", operation="get_audit",
        query=AuditQuery, reply=AuditEntriesPage,
        summary="Read the audit stream: changes of state and verdicts, without text.",
    ),
)  # fmt: skip


async def _get_reports(services: ApiServices, call: Call) -> ReportsPage:
    query: ReportsQuery = call.query
    page = await _moderation(services).reports.page(query.cursor, query.limit, is_open=query.open)
    return ReportsPage(reports=[_report_view(name, report) for name, report in page.reports], cursor=page.cursor)


async def _post_report_decision(services: ApiServices, call: Call) -> ReportView:
    body: ReportDecisionPost = call.body
    report = call.ids["report"]
    return _report_view(report, await _moderation(services).reports.decide(report, body.decision))


async def _get_thread_grants(services: ApiServices, call: Call) -> ThreadGrantsPage:
    found = await _moderation(services).grants(call.ids["thread"])
    return ThreadGrantsPage(
        grants=[
            ThreadGrantView(
                request=view.request, state=view.state, holder=view.holder, asked_by=view.asked_by,
                system=view.system, purpose=purpose, expires_at=view.expires_at,
            )
            for view, purpose in found
        ]
    )  # fmt: skip


async def _post_grant_decision(services: ApiServices, call: Call) -> GrantDecisionView:
    body: GrantDecisionPost = call.body
    request = call.ids["request"]
    if not request.isdecimal():
        raise RefusedError(NOT_FOUND)
    cid = idempotency_key(call, body.cid)
    done = await _moderation(services).access.moderate(call.ids["thread"], int(request), body.decision, cid)
    return GrantDecisionView(seq=done.seq, at=done.at, dup=done.dup)


async def _get_audit(services: ApiServices, call: Call) -> AuditEntriesPage:
    query: AuditQuery = call.query
    page = await _moderation(services).trail.page(query.cursor, query.partition, query.limit)
    entries = [
        AuditEntryView(
            id=write_cursor(entry.partition, entry.id), at=entry.at_ms, thread=entry.thread, seq=entry.seq,
            kind=str(entry.facts.pop("kind", "")),
            user=str(entry.facts.pop("user", "")), facts=entry.facts,
        )
        for entry in page.entries
    ]  # fmt: skip
    return AuditEntriesPage(entries=entries, cursor=page.cursor)


def _moderation(services: ApiServices) -> Moderation:
    if services.moderation is None:
        raise RefusedError(NOT_FOUND)
    return services.moderation


def _report_view(name: str, report: Any) -> ReportView:
    return ReportView(
        report=name, thread=report.thread, by=report.by, about=report.about, category=report.category,
        note=report.note, target=report.target, at=report.at, decision=report.decision, decided_at=report.decided_at,
    )  # fmt: skip


HANDLERS: Final[dict[str, ApiHandler]] = {
    "get_reports": _get_reports,
    "post_report_decision": _post_report_decision,
    "get_thread_grants": _get_thread_grants,
    "post_grant_decision": _post_grant_decision,
    "get_audit": _get_audit,
}
"""By the `operation` of a route."""
