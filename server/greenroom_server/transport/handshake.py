"""The head of the first HTTP request of a connection, and the WebSocket handshake. No I/O."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from http import HTTPStatus

_KEY_SUFFIX = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_HEADER_COUNT = 128
_KEY_BYTES = 16

_REQUEST_LINE = re.compile(rb"([A-Z]{1,16}) ([!-~\x80-\xff]+) HTTP/1\.([01])")
_HEADER_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*((?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)[ \t]*")
_METHOD_START = re.compile(rb"[A-Z]{1,16}(?: |\Z)")


@dataclass(frozen=True, slots=True)
class Handshake:
    """What admission sees of a WebSocket request whose form is already correct."""

    path: str
    """Path of the request, without its query."""
    host: str
    """Host header, "" when it came with none."""
    origin: str | None
    """The Origin header as sent; None when there was none or more than one."""
    origin_count: int
    """How many Origin headers the request carried; browsers send one."""
    subprotocols: tuple[str, ...]
    """What the peer offers to speak, in its order of preference."""
    has_query: bool
    """The target carried a query; where tokens do not belong."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Answer an HTTP error and close the connection."""

    status: int
    """HTTP status, 400 to 599."""
    reason: str
    """Body of the answer; ASCII, nothing of the request in it."""


@dataclass(frozen=True, slots=True)
class RequestHead:
    """One parsed HTTP/1.x request head; header names in lower case."""

    method: str
    path: str
    has_query: bool
    is_http_1_1: bool
    headers: tuple[tuple[str, str], ...]

    def values(self, name: str) -> list[str]:
        """Every value of one header, in the order they came."""
        return [value for key, value in self.headers if key == name]

    def tokens(self, name: str) -> list[str]:
        """The comma-separated elements of one header, empty ones dropped."""
        return [token for value in self.values(name) for part in value.split(",") if (token := part.strip())]

    def wants_websocket(self, path: str) -> bool:
        """Whether this is a GET of ``path`` that asks for the upgrade."""
        upgrades = self.tokens("upgrade")
        return self.method == "GET" and self.path == path and "websocket" in [token.lower() for token in upgrades]


def may_be_http(start: bytes) -> bool:
    """Whether the first bytes of a connection can still become an HTTP request."""
    return _METHOD_START.match(start) is not None


def parse_head(head: bytes) -> RequestHead | Refused:
    """Parse a request head without the empty line that ends it; strict on every byte.

    Source: RFC 9112 sections 3 and 5.
    """
    request_line, *header_lines = head.split(b"\r\n")
    if len(header_lines) > _HEADER_COUNT:
        return Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "too many headers")
    request = _REQUEST_LINE.fullmatch(request_line)
    if request is None:
        return Refused(HTTPStatus.BAD_REQUEST, "not an HTTP/1.x request")
    headers = []
    for line in header_lines:
        header = _HEADER_LINE.fullmatch(line)
        if header is None:
            return Refused(HTTPStatus.BAD_REQUEST, "malformed header")
        headers.append((header[1].decode("ascii").lower(), header[2].decode("latin-1")))
    path, query_mark, _ = request[2].decode("latin-1").partition("?")
    return RequestHead(request[1].decode("ascii"), path, bool(query_mark), request[3] == b"1", tuple(headers))


def check_upgrade(request: RequestHead) -> tuple[Handshake, str] | Refused:
    """Check the form of a WebSocket request.

    Returns:
        What admission needs and the value for ``Sec-WebSocket-Accept``, or the refusal.

    Source: RFC 6455 section 4.2.1. Firefox sends ``Connection: keep-alive, Upgrade``.
    """
    if not request.is_http_1_1 or "upgrade" not in [token.lower() for token in request.tokens("connection")]:
        return Refused(HTTPStatus.BAD_REQUEST, "not a WebSocket upgrade")
    if request.values("transfer-encoding") or request.values("content-length") not in ([], ["0"]):
        return Refused(HTTPStatus.BAD_REQUEST, "a WebSocket upgrade has no body")
    if len(request.values("host")) != 1:
        return Refused(HTTPStatus.BAD_REQUEST, "one Host header is needed")
    if request.values("sec-websocket-version") != ["13"]:
        return Refused(HTTPStatus.UPGRADE_REQUIRED, "WebSocket version 13 is needed")
    keys = request.values("sec-websocket-key")
    if len(keys) != 1 or not _is_key(keys[0]):
        return Refused(HTTPStatus.BAD_REQUEST, "malformed Sec-WebSocket-Key")
    origins = request.values("origin")
    handshake = Handshake(
        path=request.path,
        host=request.values("host")[0],
        origin=origins[0] if len(origins) == 1 else None,
        origin_count=len(origins),
        subprotocols=tuple(request.tokens("sec-websocket-protocol")),
        has_query=request.has_query,
    )
    digest = hashlib.sha1(keys[0].encode("ascii") + _KEY_SUFFIX, usedforsecurity=False).digest()
    return handshake, base64.b64encode(digest).decode("ascii")


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == _KEY_BYTES
    except (binascii.Error, ValueError):
        return False


def encode_upgrade(accept: str, subprotocol: str) -> bytes:
    """The 101 answer; no extension is ever agreed to, whatever was offered."""
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept}",
    ]
    if subprotocol:
        lines.append(f"Sec-WebSocket-Protocol: {subprotocol}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def encode_refusal(refused: Refused) -> bytes:
    """A whole HTTP answer that ends the connection."""
    status = HTTPStatus(refused.status)
    version = "Sec-WebSocket-Version: 13\r\n" if status is HTTPStatus.UPGRADE_REQUIRED else ""
    return (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n{version}Content-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(refused.reason)}\r\nConnection: close\r\n\r\n{refused.reason}"
    ).encode("ascii")
