"""Reads what a request of the fallback says, and answers in a way that pages of allowed origins can read.

Source: protocol/spec/fallback.md.
"""

import asyncio
import re
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from aiohttp import web
from aiohttp.client_exceptions import ClientError

from greenroom_protocol import limits
from greenroom_server.transport.handshake import Handshake, Refused

_KEY: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,14}")
BODY_TIMEOUT_S: Final = 10.0
"""How long a body may take to arrive; then 408."""
_HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "authorization, content-type, greenroom-ack, greenroom-batch",
    "Access-Control-Max-Age": "7200",
}
RETRY_S: Final = "1"
"""`Retry-After` of a batch that was not taken."""

Check = Callable[[Handshake], Refused | None]
"""Looks at where a request comes from."""


class BadRequestError(Exception):
    """A request that is not as the page says."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        """ASCII, nothing of the request in it."""


def handshake_of(request: web.Request) -> Handshake:
    """Show a request to the admission as a handshake with the JSON subprotocol."""
    origins = request.headers.getall("Origin", [])
    return Handshake(
        path=request.path,
        host=request.headers.get("Host", ""),
        origin=origins[0] if len(origins) == 1 else None,
        origin_count=len(origins),
        subprotocols=(limits.SUBPROTOCOL_JSON,),
        has_query="?" in request.raw_path,
    )


def headers_for(request: web.Request) -> dict[str, str]:
    """Give the headers of an answer to a request whose origin is allowed."""
    origin = request.headers.get("Origin")
    if origin is None:
        return {**_HEADERS, "Vary": "Origin"}
    exposed = {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": "Retry-After"}
    return {**_HEADERS, "Vary": "Origin", **exposed}


def answer(request: web.Request, status: int, reason: str = "") -> web.Response:
    """Answer with a status; the reason is for people."""
    headers = headers_for(request)
    if status in (429, 503):
        headers["Retry-After"] = RETRY_S
    return web.Response(status=status, text=reason or None, headers=headers)


def refusal(refused: Refused) -> web.Response:
    """Answer a request that is not looked at any further; pages of its origin cannot read it."""
    return web.Response(status=refused.status, text=refused.reason, headers=_HEADERS)


def preflight(request: web.Request, check: Check) -> web.Response:
    """Answer what a browser asks before it posts from another origin."""
    refused = check(handshake_of(request))
    if refused is not None:
        return refusal(refused)
    return web.Response(status=204, headers={**headers_for(request), **_PREFLIGHT})


def key_of(request: web.Request) -> bytes:
    """Give the digest of the connection's key: the key itself is kept nowhere.

    Raises:
        BadRequestError: there is none, or it is too short to be one.
    """
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or _KEY.fullmatch(key) is None:
        raise BadRequestError(400, "Authorization: Bearer and the key, 43 characters of base64url")
    return sha256(key.encode("ascii")).digest()


def number_of(request: web.Request, header: str) -> int | None:
    """Give the number in a header; None without.

    Raises:
        BadRequestError: it is no number, or given twice.
    """
    values = request.headers.getall(header, [])
    if not values:
        return None
    if len(values) > 1 or _NUMBER.fullmatch(values[0]) is None:
        raise BadRequestError(400, f"{header}: one number")
    return int(values[0])


async def body_of(request: web.Request, max_bytes: int) -> bytes | None:
    """Read the body; None when it is longer than that.

    Raises:
        BadRequestError: it is not plain JSON by its headers, takes too long, or breaks off.
    """
    if request.content_type != "application/json" or "Content-Encoding" in request.headers:
        raise BadRequestError(415, "Content-Type: application/json, without an encoding")
    data = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for chunk in request.content.iter_any():
                data += chunk
                if len(data) > max_bytes:
                    return None
    except TimeoutError:
        raise BadRequestError(408, "the body took too long") from None
    except (web.RequestPayloadError, ClientError, ConnectionError):
        raise BadRequestError(400, "the body cannot be read") from None
    return bytes(data)
