"""The demo page of the development mode: a client and a freelancer side by side, and the marketplace's buttons.

Served only with development tokens switched on: whoever reaches it may act as any of the demo people.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeVar, get_args, get_type_hints

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from greenroom_protocol.codes import ERRORS
from greenroom_protocol.commands import InvitationDecline
from greenroom_server.usecases.demo import CLIENTS, FREELANCERS
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
_T = TypeVar("_T")


class _AskToken(msgspec.Struct):
    user: str


class _AskMove(msgspec.Struct):
    thread: str
    move: Literal["start_contract", "pause_contract", "resume_contract", "end_contract"]
    cid: str


class DemoActions(Protocol):
    """The marketplace's role, as far as the page may play it."""

    async def move_thread(self, thread: str, move: str, cid: str) -> object:
        """Move a thread; raises RefusedError when its state does not allow that."""


def add_demo(app: web.Application, mint: Callable[[str, int], str], marketplace: DemoActions) -> None:
    """Serve the demo page at `/`.

    Args:
        app: gets the routes `/`, `/demo/...`, POST `/demo/token` and POST `/demo/contract`.
        mint: makes a development token for (user, life in seconds).
        marketplace: carries out the moves of a contract.
    """

    async def token(request: web.Request) -> web.Response:
        asked = await _read(request, _AskToken)
        if asked.user not in _USERS:
            return _json({"code": "perm.denied", "message": "Not one of the demo people."}, 403)
        return _json({"token": mint(asked.user, TOKEN_LIFE_S)})

    async def contract(request: web.Request) -> web.Response:
        asked = await _read(request, _AskMove)
        try:
            await marketplace.move_thread(asked.thread, asked.move, asked.cid)
        except RefusedError as error:
            reply = error_reply(0, error.refused)
            return _json({"code": reply.code, "message": reply.message}, 409)
        return _json({})

    async def setup(_request: web.Request) -> web.Response:
        return _json(_setup())

    for path in sorted(_FOLDER.iterdir()):
        if path.suffix in _TYPES:
            app.router.add_get("/" if path.name == "index.html" else f"/demo/{path.name}", _file(path))
    app.router.add_get("/demo/setup", setup)
    app.router.add_post("/demo/token", token)
    app.router.add_post("/demo/contract", contract)


def _file(path: Path) -> Handler:
    """Give the handler of one file of the page, which is read once."""
    body = path.read_bytes()
    headers = {**_HEADERS, "Content-Type": _TYPES[path.suffix]}

    async def serve(_request: web.Request) -> web.Response:
        return web.Response(body=body, headers=headers)

    return serve


def _setup() -> dict[str, Any]:
    """Say who can be played, why an invitation may be declined, and what the error codes mean."""
    return {
        "clients": [{"user": who.user, "name": who.name, "about": who.about} for who in CLIENTS],
        "freelancers": [{"user": who.user, "name": who.name, "about": who.headline} for who in FREELANCERS],
        "decline_reasons": get_args(get_type_hints(InvitationDecline)["reason"]),
        "messages": {code: row.message for code, row in ERRORS.items()},
    }


async def _read(request: web.Request, kind: type[_T]) -> _T:
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
