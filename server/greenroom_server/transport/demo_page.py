"""The demo page of the development mode: a client and a freelancer side by side, and the marketplace's buttons.

Served only with development tokens switched on: whoever reaches it may act as any of the demo people.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, get_args, get_type_hints

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from greenroom_protocol.commands import InvitationDecline
from greenroom_protocol.proposals import ProposalDecline
from greenroom_protocol.sentences import english
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.transport.api_moderation import item_view
from greenroom_server.usecases.demo import ContractMove, DemoMarketplace, Flag, Sale
from greenroom_server.usecases.demo_people import CLIENTS, FREELANCERS
from greenroom_server.usecases.judge_held import Verdict
from greenroom_server.usecases.results import RefusedError, error_reply

TOKEN_LIFE_S: Final = 900
_FOLDER: Final = Path(__file__).with_name("demo")
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_USERS: Final = frozenset(who.user for who in (*CLIENTS, *FREELANCERS))


class _AskToken(msgspec.Struct):
    user: str


class _Move(msgspec.Struct, tag="contract"):
    thread: str
    move: ContractMove
    cid: str


class _SetFlag(msgspec.Struct, tag="pair"):
    thread: str
    flag: Flag


class _SetJob(msgspec.Struct, tag="job"):
    job: str
    is_open: bool


class _Sell(msgspec.Struct, tag="sale"):
    freelancer: str
    sale: Sale


class _Judge(msgspec.Struct, tag="held"):
    held: str
    decision: Verdict


_Asked = _Move | _SetFlag | _SetJob | _Sell | _Judge


def add_demo(
    app: web.Application, mint: Callable[[str, int], str], marketplace: DemoMarketplace, policy: MarketplacePolicy
) -> None:
    """Serve the demo page at `/`.

    Args:
        app: gets the routes `/`, `/demo/...`, POST `/demo/token` and POST `/demo/marketplace`.
        mint: makes a development token for (user, life in seconds).
        marketplace: does what a marketplace's backend would do.
        policy: whose choices the page offers.
    """

    async def token(request: web.Request) -> web.Response:
        asked = await _read(request, _AskToken)
        if asked.user not in _USERS:
            return _json({"code": "perm.denied", "message": "Not one of the demo people."}, 403)
        return _json({"token": mint(asked.user, TOKEN_LIFE_S)})

    async def backend(request: web.Request) -> web.Response:
        asked: _Asked = await _read(request, _Asked)
        try:
            await _carry_out(marketplace, asked)
        except RefusedError as error:
            reply = error_reply(0, error.refused)
            return _json({"code": reply.code, "message": reply.message}, 409)
        return _json({})

    async def setup(_request: web.Request) -> web.Response:
        return _json(_setup(policy))

    async def held(_request: web.Request) -> web.Response:
        waiting, decided = await marketplace.held()
        return _json(
            {"waiting": [item_view(item) for item in waiting], "decided": [item_view(item) for item in decided]}
        )

    for path in sorted(_FOLDER.iterdir()):
        if path.suffix in _TYPES:
            app.router.add_get("/" if path.name == "index.html" else f"/demo/{path.name}", _file(path))
    app.router.add_get("/demo/setup", setup)
    app.router.add_get("/demo/held", held)
    app.router.add_post("/demo/token", token)
    app.router.add_post("/demo/marketplace", backend)


async def _carry_out(marketplace: DemoMarketplace, asked: _Asked) -> None:
    match asked:
        case _Move():
            await marketplace.move(asked.thread, asked.move, asked.cid)
        case _SetFlag():
            await marketplace.set_flag(asked.thread, asked.flag)
        case _SetJob():
            await marketplace.set_job(asked.job, is_open=asked.is_open)
        case _Sell():
            await marketplace.sell(asked.freelancer, asked.sale, time.time_ns() // 1_000_000)
        case _Judge():
            await marketplace.judge(asked.held, asked.decision)


def _file(path: Path) -> Handler:
    """Give the handler of one file of the page, which is read once."""
    body = path.read_bytes()
    headers = {**_HEADERS, "Content-Type": _TYPES[path.suffix]}

    async def serve(_request: web.Request) -> web.Response:
        return web.Response(body=body, headers=headers)

    return serve


def _setup(policy: MarketplacePolicy) -> dict[str, Any]:
    """Say who can be played, what the choices of some fields are, and what codes and hints mean."""
    return {
        "clients": [{"user": who.user, "name": who.name, "about": who.about} for who in CLIENTS],
        "freelancers": [{"user": who.user, "name": who.name, "about": who.headline} for who in FREELANCERS],
        "jobs": [job.job for who in CLIENTS for job in who.jobs],
        "skills": sorted({skill for who in FREELANCERS for skill in who.skills}),
        "decline_reasons": get_args(get_type_hints(InvitationDecline)["reason"]),
        "proposal_decline_reasons": get_args(get_type_hints(ProposalDecline)["reason"]),
        "access_systems": policy.access_grants.systems,
        "report_categories": policy.safety.report_categories,
        "has_moderators": policy.moderation.has_moderators,
        "messages": english(),
    }


async def _read(request: web.Request, kind: Any) -> Any:
    """Read a JSON object; another content type is refused, so that no foreign page can post here unasked."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType()
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except msgspec.DecodeError:
        raise web.HTTPBadRequest() from None


def _json(body: object, status: int = 200) -> web.Response:
    headers = {**_HEADERS, "Cache-Control": "no-store", "Content-Type": "application/json"}
    return web.Response(body=msgspec.json.encode(body), status=status, headers=headers)
