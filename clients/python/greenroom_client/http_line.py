"""HTTP/1.1 to one server, as much as the fallback needs: POST, bodies that go on, kept connections, proxies.

The base install has no HTTP client; the standard library's blocks a thread for as long as a response goes on.

Source: RFC 9112 (messages), RFC 9110 section 9.3.6 (CONNECT).
"""

import asyncio
import base64
import socket
import ssl
from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

HEAD_BYTES: Final = 64 * 1024
PIECE_BYTES: Final = 64 * 1024
IDLE_COUNT: Final = 2
"""Connections kept for the next request: one for sending, one for receiving."""


class HttpError(OSError):
    """The server, or a proxy, does not speak HTTP as it should."""


class Answer:
    """A response whose body may still be under way."""

    def __init__(self, line: "HttpLine", wire: "_Wire", status: int, headers: Mapping[str, str]) -> None:
        self.status = status
        self.headers = headers
        """Names in lower case; of repeated ones the last."""
        self._line = line
        self._wire = wire
        self._is_chunked = headers.get("transfer-encoding", "").lower().endswith("chunked")
        self._is_kept = headers.get("connection", "").lower() != "close"
        self._left: int | None = 0
        """Bytes that are still to come, of the chunk or of the body; None: until the end of the connection."""
        self._is_over = False
        self._is_inside = False
        if not self._is_chunked:
            length = headers.get("content-length")
            self._left = 0 if status in (204, 304) else None if length is None else _size(length, 10)
            self._end_if_complete()

    async def piece(self) -> bytes:
        """Give the next bytes of the body, empty at its end; cancelling loses nothing.

        Raises:
            OSError: the connection broke before the end.
        """
        if self._is_over:
            return b""
        if self._is_chunked and self._left == 0:
            await self._next_chunk()
            if self._is_over:
                return b""
        data = await self._wire.read(PIECE_BYTES if self._left is None else min(self._left, PIECE_BYTES))
        if self._left is None:
            if not data:
                self._end(is_kept=False)
            return data
        if not data:
            raise ConnectionResetError("the body was cut")
        self._left -= len(data)
        if not self._is_chunked:
            self._end_if_complete()
        return data

    async def rest(self) -> bytes:
        """Read to the end."""
        pieces = []
        while data := await self.piece():
            pieces.append(data)
        return b"".join(pieces)

    def abort(self) -> None:
        """Break the response off."""
        if not self._is_over:
            self._end(is_kept=False)

    async def _next_chunk(self) -> None:
        if self._is_inside:
            await self._wire.line()  # behind the data of the one before
            self._is_inside = False
        size = _size((await self._wire.line()).partition(";")[0].strip(), 16)
        if size:
            self._left, self._is_inside = size, True
            return
        while await self._wire.line():
            pass
        self._end(is_kept=self._is_kept)

    def _end_if_complete(self) -> None:
        if self._left == 0:
            self._end(is_kept=self._is_kept)

    def _end(self, *, is_kept: bool) -> None:
        self._is_over = True
        self._line.release(self._wire, is_kept=is_kept)


class HttpLine:
    """Requests to one server."""

    def __init__(self, url: str, *, proxy: str | Literal[True] | None, connect_timeout_s: float) -> None:
        """Prepare; nothing is connected.

        Args:
            url: scheme http or https, host and port.
            proxy: URL of an HTTP proxy; True takes the system's, None uses none.
            connect_timeout_s: for TCP, the proxy and TLS together.
        """
        self._target = urlsplit(url)
        self._proxy = _proxy_for(self._target, proxy)
        self._connect_timeout_s = connect_timeout_s
        self._idle: list[_Wire] = []
        self._all: set[_Wire] = set()
        self._is_closed = False

    async def connect(self) -> None:
        """Make a first connection and keep it.

        Raises:
            OSError, TimeoutError: nobody is there, or the proxy refuses.
        """
        self._idle.append(await self._dial())

    async def post(self, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Post, perhaps twice if a kept connection turns out to be closed; gives the answer once its head is there.

        Raises:
            OSError, TimeoutError: no answer; the server may have had the request.
        """
        request = self._head(path, headers, len(body)) + body
        while self._idle:
            wire = self._idle.pop()
            try:
                return await self._exchange(wire, request)
            except OSError:
                if self._is_closed:
                    raise
        return await self._exchange(await self._dial(), request)

    def close(self) -> None:
        """Break every connection."""
        self._is_closed = True
        for wire in tuple(self._all):
            self.release(wire, is_kept=False)

    def release(self, wire: "_Wire", *, is_kept: bool) -> None:
        """Take a connection back."""
        if is_kept and not self._is_closed and len(self._idle) < IDLE_COUNT:
            self._idle.append(wire)
            return
        self._all.discard(wire)
        wire.abort()

    async def _exchange(self, wire: "_Wire", request: bytes) -> Answer:
        try:
            wire.writer.write(request)
            await wire.writer.drain()
            while True:
                status, headers = await wire.head()
                if status >= 200:
                    return Answer(self, wire, status, headers)
        except BaseException:
            self.release(wire, is_kept=False)
            raise

    async def _dial(self) -> "_Wire":
        if self._is_closed:
            raise ConnectionAbortedError("closed")
        async with asyncio.timeout(self._connect_timeout_s):
            wire = await _open(self._target, self._proxy)
        self._all.add(wire)
        if self._is_closed:
            self.release(wire, is_kept=False)
            raise ConnectionAbortedError("closed")
        return wire

    def _head(self, path: str, headers: Mapping[str, str], length: int) -> bytes:
        target, lines = path, [f"Host: {self._target.netloc.rpartition('@')[2]}", f"Content-Length: {length}"]
        if self._proxy is not None and self._target.scheme == "http":
            target = f"http://{self._target.netloc}{path}"
            lines += _proxy_login(self._proxy)
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join([f"POST {target} HTTP/1.1", *lines]) + "\r\n\r\n").encode("latin-1")


class _Wire:
    """One TCP or TLS connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def read(self, most: int) -> bytes:
        return await self._reader.read(most)

    async def line(self) -> str:
        """Read a line, without its end."""
        try:
            return (await self._reader.readuntil(b"\n")).rstrip(b"\r\n").decode("latin-1")
        except asyncio.LimitOverrunError:
            raise HttpError("a line is too long") from None
        except asyncio.IncompleteReadError:
            raise ConnectionResetError("the connection ended") from None

    async def head(self) -> tuple[int, dict[str, str]]:
        """Read a response's status and headers."""
        version, _, rest = (await self.line()).partition(" ")
        if not version.startswith("HTTP/1."):
            raise HttpError("not an HTTP/1 response")
        status = _size(rest[:3], 10)
        headers = {} if version != "HTTP/1.0" else {"connection": "close"}
        read_bytes = 0
        while field := await self.line():
            read_bytes += len(field)
            if read_bytes > HEAD_BYTES:
                raise HttpError("the head is too long")
            name, _, value = field.partition(":")
            headers[name.strip().lower()] = value.strip()
        return status, headers

    def abort(self) -> None:
        self.writer.transport.abort()


async def _open(target: SplitResult, proxy: SplitResult | None) -> _Wire:
    """Connect to the server, or to the proxy on the way to it."""
    if target.scheme == "http":
        first = proxy or target
        return _Wire(*await asyncio.open_connection(first.hostname, _port(first), limit=HEAD_BYTES))
    context = ssl.create_default_context()
    if proxy is None:
        return _Wire(*await asyncio.open_connection(target.hostname, _port(target), ssl=context, limit=HEAD_BYTES))
    tunnel = await _tunnel(target, proxy)
    try:
        opened = await asyncio.open_connection(
            sock=tunnel, ssl=context, server_hostname=target.hostname, limit=HEAD_BYTES
        )
    except BaseException:
        tunnel.close()
        raise
    return _Wire(*opened)


async def _tunnel(target: SplitResult, proxy: SplitResult) -> socket.socket:
    """Ask a proxy for a connection to the server; TLS begins inside."""
    loop = asyncio.get_running_loop()
    assert proxy.hostname is not None
    found = await loop.getaddrinfo(proxy.hostname, _port(proxy), type=socket.SOCK_STREAM)
    family, kind, protocol, _, address = found[0]
    tunnel = socket.socket(family, kind, protocol)
    try:
        tunnel.setblocking(False)
        await loop.sock_connect(tunnel, address)
        host = f"{target.hostname}:{_port(target)}"
        lines = [f"CONNECT {host} HTTP/1.1", f"Host: {host}", *_proxy_login(proxy)]
        await loop.sock_sendall(tunnel, ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        head = b""
        while b"\r\n\r\n" not in head:  # the server says nothing before we do: what comes is the proxy's
            data = await loop.sock_recv(tunnel, HEAD_BYTES)
            if not data or len(head) > HEAD_BYTES:
                raise HttpError("the proxy does not answer as one")
            head += data
        version, _, rest = head.partition(b" ")
        if not version.startswith(b"HTTP/1.") or rest[:3] != b"200":
            raise HttpError(f"the proxy refuses: {rest[:3].decode('latin-1')}")
    except BaseException:
        tunnel.close()
        raise
    return tunnel


def _proxy_for(target: SplitResult, proxy: str | Literal[True] | None) -> SplitResult | None:
    found: str | None
    if proxy is True:
        known = {} if proxy_bypass(target.netloc) else getproxies()
        found = known.get(target.scheme) or known.get("all")
    else:
        found = proxy
    parsed = urlsplit(found) if found else None
    return parsed if parsed is not None and parsed.scheme == "http" else None


def _proxy_login(proxy: SplitResult) -> list[str]:
    if proxy.username is None:
        return []
    login = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}".encode()
    return [f"Proxy-Authorization: Basic {base64.b64encode(login).decode()}"]


def _port(url: SplitResult) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _size(text: str, base: int) -> int:
    try:
        size = int(text, base)
    except ValueError:
        raise HttpError("a number was expected") from None
    if size < 0:
        raise HttpError("a number was expected")
    return size
