"""Routes of the server API for moderators: the queue of held texts and appeals."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from greenroom_server.transport.api_call import SAVES, ApiHandler, ApiServices, Call, Route
from greenroom_server.usecases.judge_held import Item, JudgeHeld
from greenroom_server.usecases.results import NOT_FOUND, RefusedError


class HeldQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """Which texts and appeals."""

    cursor: Annotated[str, Meta(max_length=60, description="From the page before.")] | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    open: Annotated[bool, Meta(description="What waits; false: what was decided.")] = True
    kind: Annotated[Literal["", "message", "appeal"], Meta(description="Only these; empty: both.")] = ""


class HeldDecisionPost(Struct, forbid_unknown_fields=True, kw_only=True):
    """What the moderators decided; final."""

    decision: Annotated[
        Literal["release", "reject", "uphold", "overturn"],
        Meta(description="Of a text release or reject; of an appeal uphold (the filter was right) or overturn."),
    ]
    note: Annotated[
        str, Meta(pattern="^[a-z0-9_]{0,32}$", description="A code for your own records; nobody else is shown it.")
    ] = ""


class FindingView(Struct, kw_only=True):
    """What the filter found, in code points of the original."""

    kind: str
    intent: Annotated[str, Meta(description="share, ask or move; empty in an appeal.")]
    reason: str
    score: Annotated[float, Meta(description="0 to 1; 0 in an appeal.")]
    start: int
    end: int


class HeldItemView(Struct, kw_only=True):
    """One text or appeal."""

    held: str
    kind: Literal["message", "appeal"]
    state: Literal["held", "released", "rejected", "expired", "withdrawn", "open", "upheld", "overturned"]
    thread: str
    by: Annotated[str, Meta(description="Who wrote it.")]
    text: Annotated[str, Meta(description="The original, or what is kept of it; empty when nothing is.")]
    is_original: Annotated[bool, Meta(description="False: parts are replaced by [hidden], or nothing is kept.")]
    words: Annotated[str, Meta(description="Of an appeal: why, in the sender's words; not screened.")]
    findings: list[FindingView]
    action: Annotated[str, Meta(description="What the filter did.")]
    code: str
    version: Annotated[str, Meta(description="Of the screening policy.")]
    policy_state: Annotated[str, Meta(description="State of the thread at that time.")]
    seq: Annotated[int, Meta(description="Of the message in the thread; 0: it is not there.")]
    at: Annotated[int, Meta(description="When it came, UTC ms.")]
    expires_at: Annotated[int, Meta(description="When it is given back without a decision, UTC ms; 0: never.")]
    decided_at: Annotated[int, Meta(description="UTC ms; 0: it waits.")]
    note: Annotated[str, Meta(description="The moderator's code.")]


class HeldItemsPage(Struct, kw_only=True):
    """Texts and appeals, those of one partition after the other, each in the order of time."""

    items: list[HeldItemView]
    cursor: Annotated[str, Meta(description="For the next page.")] | None


ROUTES: Final = (
    Route(
        method="GET", path="/api/v1/held", operation="get_held",
        query=HeldQuery, reply=HeldItemsPage,
        summary="Read what waits for a moderator, with the sealed originals opened.",
    ),
    Route(
        method="POST", path="/api/v1/held/{held}/decision", operation="post_held_decision",
        body=HeldDecisionPost, reply=HeldItemView,
        codes=(
            "not_found", "held.decided", "held.earlier_first", "held.unreadable", "message.quote_target",
            "peer.blocked", "peer.unavailable", "thread.closed", "thread.not_first", "candidacy.not_open",
            "perm.denied", "job.closed", "job.not_owner", "connects.insufficient", "invitation.duplicate",
            "proposal.duplicate", "proposal.invited", "proposal.no_profile", "perm.unverified", "perm.client_only",
            "policy.tos_not_accepted", "wrong_state", *SAVES,
        ),
        summary="Decide about a held text or an appeal; the same decision again changes nothing.",
    ),
)  # fmt: skip


async def _get_held(services: ApiServices, call: Call) -> HeldItemsPage:
    query: HeldQuery = call.query
    page = await _judge(services).page(query.cursor, query.limit, is_open=query.open, kind=query.kind)
    return HeldItemsPage(items=[item_view(item) for item in page.items], cursor=page.cursor)


async def _post_held_decision(services: ApiServices, call: Call) -> HeldItemView:
    body: HeldDecisionPost = call.body
    return item_view(await _judge(services).decide(call.ids["held"], body.decision, body.note))


def _judge(services: ApiServices) -> JudgeHeld:
    if services.moderation is None:
        raise RefusedError(NOT_FOUND)
    return services.moderation.held


def item_view(item: Item) -> HeldItemView:
    """Show a text or an appeal to moderators."""
    what = item.what
    return HeldItemView(
        held=item.name, kind=what.kind, state=what.state, thread=what.thread, by=what.by, text=item.text,  # type: ignore[arg-type]
        is_original=item.is_original, words=what.words,
        findings=[
            FindingView(
                kind=f.kind, intent=f.intent, reason=f.reason, score=round(f.score, 2), start=f.start, end=f.end
            )
            for f in what.findings
        ],
        action=what.action, code=what.code, version=what.version, policy_state=what.policy_state, seq=what.seq,
        at=what.at, expires_at=what.expires_at, decided_at=what.decided_at, note=what.note,
    )  # fmt: skip


HANDLERS: Final[dict[str, ApiHandler]] = {"get_held": _get_held, "post_held_decision": _post_held_decision}
"""By the `operation` of a route."""
