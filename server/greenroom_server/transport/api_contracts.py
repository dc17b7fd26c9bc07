"""Routes of the server API about contracts of pairs that may have no thread yet."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from greenroom_protocol.offers import OfferTerms
from greenroom_server.transport.api_bodies import NAME_PATTERN, Cid, State
from greenroom_server.transport.api_call import SAVES, ApiHandler, ApiServices, Call, Route
from greenroom_server.transport.api_core import MOVE_CODES, idempotency_key, offer_of
from greenroom_server.usecases.marketplace import contract_move
from greenroom_server.usecases.results import NOT_FOUND, RefusedError

_ONE_LINE: Final = "^[^\\x00-\\x1f\\x7f]*$"


class ContractPost(Struct, forbid_unknown_fields=True, kw_only=True):
    """A contract between two people that is in force; they may have no thread yet."""

    job: Annotated[str, Meta(pattern=f"{NAME_PATTERN}|^$", description="The job; empty: none.")] = ""
    title: Annotated[
        str, Meta(max_length=200, pattern=_ONE_LINE, description="Of a job that the hub was not told of.")
    ] = ""
    cid: Cid | None = None
    terms: Annotated[OfferTerms | None, Meta(description="What is agreed.")] = None
    starts_at: Annotated[int, Meta(ge=0, description="When it started, UTC ms, not in the future; 0: now.")] = 0


class ContractView(Struct, kw_only=True):
    """A contract that was started."""

    thread: str
    seq: Annotated[int, Meta(description="Position of its event in the thread.")]
    at: Annotated[int, Meta(description="UTC ms.")]
    state: State
    dup: Annotated[bool, Meta(description="True: this cid was carried out before; nothing was done now.")]


ROUTES: Final = (
    Route(
        method="POST", path="/api/v1/pairs/{client}/{freelancer}/contracts", operation="post_contract",
        body=ContractPost, reply=ContractView, takes_idempotency_key=True,
        codes=("thread.self", "job.not_owner", *MOVE_CODES, *SAVES),
        summary="Start a contract between two people; their thread for the job is made if they have none.",
    ),
)  # fmt: skip


async def _post_contract(services: ApiServices, call: Call) -> ContractView:
    if services.contracts is None:
        raise RefusedError(NOT_FOUND)
    body: ContractPost = call.body
    cid = idempotency_key(call, body.cid)
    move = contract_move(cid, offer_of(body.terms), body.starts_at, services.contracts.now_ms())
    thread, done = await services.contracts.start(
        call.ids["client"], call.ids["freelancer"], body.job, body.title, move
    )
    state = done.state or (await services.marketplace.thread(thread)).state.value
    fields = {"thread": thread, "seq": done.seq, "at": done.at, "state": state, "dup": done.dup}
    return msgspec.convert(fields, ContractView)


HANDLERS: Final[dict[str, ApiHandler]] = {"post_contract": _post_contract}
"""By the `operation` of a route."""
