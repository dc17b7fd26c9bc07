"""A WebSocket client that will send anything: bytes out, frames in, nothing checked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
"""The answer to ``KEY``. Source: RFC 6455 section 1.3."""
MASK = b"\x37\xfa\x21\x3d"
_PATIENCE_S = 10.0


def request(line: str = "GET /ws", /, **replaced: str | None) -> bytes:
    """A correct upgrade request; ``Some_Header="x"`` replaces or adds one, None removes it."""
    headers: dict[str, str | None] = {
        "Host": "localhost",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
    }
    headers |= {name.replace("_", "-"): value for name, value in replaced.items()}
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join([f"{line} HTTP/1.1", *lines, "", ""]).encode("latin-1")


def frame(first: int, payload: bytes = b"", *, announced: int | None = None, length_bytes: int = 0) -> bytes:
    """A masked frame; its length may lie, and may be written in 2 or 8 bytes where fewer would do."""
    size = len(payload) if announced is None else announced
    length_bytes = length_bytes or (0 if size < 126 else 2 if size < 1 << 16 else 8)
    short = {0: size, 2: 126, 8: 127}[length_bytes]
    header = bytes((first, 0x80 | short)) + (size.to_bytes(length_bytes, "big") if length_bytes else b"")
    pad = (MASK * (len(payload) // 4 + 1))[: len(payload)]
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")
    return header + MASK + masked.to_bytes(len(payload), "big")


def close_frame(code: int, reason: bytes = b"") -> bytes:
    """A masked CLOSE."""
    return frame(0x88, code.to_bytes(2, "big") + reason)


class RawWebSocket:
    """The client's end of one TCP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(data)

    async def head(self) -> str:
        """The next HTTP head, with the empty line that ends it."""
        async with asyncio.timeout(_PATIENCE_S):
            return (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")

    async def frame(self) -> tuple[int, bytes]:
        """First byte and payload of the next frame."""
        async with asyncio.timeout(_PATIENCE_S):
            first, size = await self.reader.readexactly(2)
            if size >= 126:
                size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
            return first, await self.reader.readexactly(size)

    async def rest(self) -> bytes:
        """Everything until the server ends its half."""
        async with asyncio.timeout(_PATIENCE_S):
            return await self.reader.read()

    async def close_code(self) -> int:
        """Read CLOSE and the end of the connection, and nothing else; 1005 for no code."""
        first, payload = await self.frame()
        assert first == 0x88, f"frame {first:#x} instead of CLOSE"
        assert await self.rest() == b""
        return int.from_bytes(payload[:2], "big") if payload else 1005


@asynccontextmanager
async def raw_connection(port: int) -> AsyncIterator[RawWebSocket]:
    """A TCP connection that has said nothing yet."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield RawWebSocket(reader, writer)
    finally:
        writer.transport.abort()


@asynccontextmanager
async def raw_websocket(port: int, **headers: str | None) -> AsyncIterator[RawWebSocket]:
    """An upgraded connection."""
    async with raw_connection(port) as socket:
        socket.send(request("GET /ws", **headers))
        head = await socket.head()
        assert head.startswith("HTTP/1.1 101 "), head
        assert ACCEPT in head
        yield socket
