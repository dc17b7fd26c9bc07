"""A TCP proxy that breaks connections on demand: late, cut in the middle of a frame, or silent."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self

CHUNK_BYTES = 16 * 1024


class FaultProxy:
    """Stands between a client and a server on the loopback interface.

    `async with FaultProxy(port) as proxy:` then connect to `proxy.port`.
    """

    def __init__(self, upstream_port: int, upstream_host: str = "127.0.0.1") -> None:
        self.port = 0
        self.delay_s = 0.0
        """How long each piece is kept, in both directions."""
        self.refuses = False
        """Close new connections at once."""
        self.accepted_count = 0
        self._upstream = (upstream_host, upstream_port)
        self._bytes_left: int | None = None
        self._open_gate = asyncio.Event()
        self._open_gate.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._was_cut = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.wait_closed()

    def cut(self) -> None:
        """Break every connection now; what was under way is lost."""
        self._bytes_left = None
        for writer in list(self._writers):
            writer.transport.abort()

    def cut_after(self, byte_count: int) -> None:
        """Break every connection once so many more bytes have passed, in the middle of a frame if it falls so."""
        self._bytes_left = byte_count
        self._was_cut.clear()

    async def was_cut(self) -> None:
        """Wait until `cut_after` has struck."""
        await self._was_cut.wait()

    def blackhole(self) -> None:
        """Let nothing through any more, in either direction, without closing anything."""
        self._open_gate.clear()

    def heal(self) -> None:
        """Let everything through again."""
        self._open_gate.set()
        self.refuses = False
        self.delay_s = 0.0
        self._bytes_left = None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted_count += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self.refuses:
            writer.transport.abort()
            return
        try:
            up_reader, up_writer = await asyncio.open_connection(*self._upstream)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, up_writer}
        self._writers |= both
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader.read, up_writer))
                group.create_task(self._pump(up_reader.read, writer))
        finally:
            self._writers -= both
            for each in both:
                each.transport.abort()

    async def _pump(self, read: Callable[[int], Awaitable[bytes]], writer: asyncio.StreamWriter) -> None:
        """Pass bytes on until one side ends."""
        try:
            while data := await read(CHUNK_BYTES):
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                await self._open_gate.wait()
                left = self._bytes_left
                if left is not None and len(data) > left:
                    writer.write(data[:left])
                    await writer.drain()
                    self.cut()
                    self._was_cut.set()
                    return
                if left is not None:
                    self._bytes_left = left - len(data)
                writer.write(data)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
        except (ConnectionError, OSError, RuntimeError):
            return
