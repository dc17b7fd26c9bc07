"""Routes of the server API for team members and for moderators: members of a thread, erasing, redacting, disputes."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from greenroom_protocol.bases import Span
from greenroom_protocol.fields import Right
from greenroom_server.domain.thread_state import Role as Side
from greenroom_server.transport.api_bodies import Cid, Id, Role
from greenroom_server.transport.api_call import SAVES, ApiHandler, ApiServices, Call, Route, bad_field
from greenroom_server.usecases.commits import Done
from greenroom_server.usecases.team import Joining


class MemberPost(Struct, forbid_unknown_fields=True, kw_only=True):
    """Somebody to bring into a thread."""

    user: Id
    side: Annotated[Role, Meta(description="Whose member they are.")]
    history: Annotated[Literal["all", "from_now"], Meta(description="What they may read.")]
    rights: Annotated[list[Right], Meta(max_length=6, description="What they may do besides reading and writing.")] = []
    cid: Cid | None = None


class ErasePost(Struct, forbid_unknown_fields=True, kw_only=True):
    """A message to erase."""

    cid: Cid | None = None


class Part(Struct, forbid_unknown_fields=True, kw_only=True):
    """Code points of a text as it stands now."""

    start: Annotated[int, Meta(ge=0)]
    end: Annotated[int, Meta(ge=1, description="The code point after the last one.")]


class RedactPost(Struct, forbid_unknown_fields=True, kw_only=True):
    """Parts of a message to take out."""

    parts: Annotated[list[Part], Meta(min_length=1, max_length=100)]
    cid: Cid | None = None


class WrittenView(Struct, kw_only=True):
    """What was written into the thread's log."""

    seq: Annotated[int, Meta(description="Position of the event.")]
    at: Annotated[int, Meta(description="UTC ms.")]
    dup: Annotated[bool, Meta(description="True: this cid was carried out before; nothing was done now.")]


class VersionView(Struct, kw_only=True):
    """A text as it was delivered."""

    seq: int
    at: Annotated[int, Meta(description="UTC ms.")]
    by: Annotated[str, Meta(description="Empty: a moderator.")]
    kind: Literal["sent", "edited", "redacted"]
    body: str
    hidden: Annotated[list[Span], Meta(description="Parts that are placeholders, by code points of the text.")]


class MessageHistoryView(Struct, kw_only=True):
    """Everything that was delivered of one message."""

    by: Annotated[str, Meta(description="Its author.")]
    n: int
    at: Annotated[int, Meta(description="UTC ms.")]
    erased_at: Annotated[int, Meta(description="UTC ms; 0: it stands.")]
    erased_by: Annotated[str, Meta(description="Empty: it stands, or a moderator.")]
    versions: Annotated[list[VersionView], Meta(description="In order; none once it is erased.")]


_CID: Final = ("cid.invalid", "cid.outside_window", "idempotency.conflict")
_MESSAGE: Final = ("not_found", "message.not_editable", "message.erased")
ROUTES: Final = (
    Route(
        method="POST", path="/api/v1/threads/{thread}/members", operation="post_member",
        body=MemberPost, reply=WrittenView, takes_idempotency_key=True,
        codes=(
            "not_found", "team.not_open", "team.other_side", "team.duplicate", "team.not_staff", "team.full",
            "peer.unavailable", *_CID, *SAVES,
        ),
        summary="Bring a team member into a thread.",
    ),
    Route(
        method="DELETE", path="/api/v1/threads/{thread}/members/{user}", operation="delete_member",
        reply=WrittenView, takes_idempotency_key=True, codes=("not_found", "team.not_member", *_CID, *SAVES),
        summary="Take a team member out of a thread.",
    ),
    Route(
        method="POST", path="/api/v1/threads/{thread}/messages/{seq}/erase", operation="post_message_erase",
        body=ErasePost, reply=WrittenView, takes_idempotency_key=True, codes=(*_MESSAGE, *_CID, *SAVES),
        summary="Erase a message as a moderator; its texts leave the store.",
    ),
    Route(
        method="POST", path="/api/v1/threads/{thread}/messages/{seq}/redact", operation="post_message_redact",
        body=RedactPost, reply=WrittenView, takes_idempotency_key=True, codes=(*_MESSAGE, *_CID, *SAVES),
        summary="Take parts of a message out as a moderator; its author can no longer edit it.",
    ),
    Route(
        method="GET", path="/api/v1/threads/{thread}/messages/{seq}/history", operation="get_message_history",
        reply=MessageHistoryView, codes=("not_found", "message.not_editable"),
        summary="Read every text of a message that was delivered, for a dispute.",
    ),
)  # fmt: skip


async def _post_member(services: ApiServices, call: Call) -> WrittenView:
    assert services.team is not None
    body: MemberPost = call.body
    joining = Joining(body.user, body.history == "all", tuple(body.rights))
    return _written(await services.team.add_for(call.ids["thread"], Side(body.side), joining, _cid(call)))


async def _delete_member(services: ApiServices, call: Call) -> WrittenView:
    assert services.team is not None
    return _written(await services.team.remove_for(call.ids["thread"], call.ids["user"], _cid(call)))


async def _post_erase(services: ApiServices, call: Call) -> WrittenView:
    assert services.amend is not None
    return _written(await services.amend.moderate(call.ids["thread"], _seq(call), _cid(call), None))


async def _post_redact(services: ApiServices, call: Call) -> WrittenView:
    assert services.amend is not None
    body: RedactPost = call.body
    parts = [(part.start, part.end) for part in body.parts]
    return _written(await services.amend.moderate(call.ids["thread"], _seq(call), _cid(call), parts))


async def _get_history(services: ApiServices, call: Call) -> MessageHistoryView:
    assert services.amend is not None
    found = await services.amend.history(call.ids["thread"], _seq(call))
    erased = found.erased
    versions = [msgspec.convert(version._asdict(), VersionView) for version in found.versions]
    return MessageHistoryView(
        by=found.by, n=found.n, at=found.at, erased_at=erased.at if erased is not None else 0,
        erased_by=erased.by if erased is not None else "", versions=versions,
    )  # fmt: skip


def _cid(call: Call) -> str:
    """Give the cid of a request, from its body or its header; empty when it has none."""
    header = call.request.headers.get("Idempotency-Key")
    inside = call.body.cid if call.body is not None else None
    if header is not None and inside not in (None, header):
        raise bad_field("Idempotency-Key and cid differ")
    return inside or header or ""


def _seq(call: Call) -> int:
    text = call.ids["seq"]
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 2**53):
        raise bad_field("seq: a message is named by its position in the thread, from 1")
    return int(text)


def _written(done: Done) -> WrittenView:
    return WrittenView(seq=done.seq, at=done.at, dup=done.dup)


HANDLERS: Final[dict[str, ApiHandler]] = {
    "post_member": _post_member,
    "delete_member": _delete_member,
    "post_message_erase": _post_erase,
    "post_message_redact": _post_redact,
    "get_message_history": _get_history,
}
