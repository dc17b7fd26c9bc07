"""Compare WebSocket server transports: CPU per echo, per handshake, memory per connection.

Each candidate runs in a process of its own and is driven by this one: 1,000 connections echo, then 4,000
more are opened. CPU is read from ``/proc/<pid>/stat``, memory from ``/proc/<pid>/statm``. ``--also
NAME=COMMAND`` adds a candidate that prints its port on the first line and echoes at ``/ws``.

    python -m greenroom_loadtest.transport_choice --rounds 5 --also 'layer=python -m testkit.echo_server'

Source: server/docs/adr/0002-picows.md.
"""

import argparse
import asyncio
import gc
import os
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, fields
from functools import partial
from typing import cast

import uvloop
from aiohttp import WSMsgType as AiohttpMessage
from aiohttp import web
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

_PAYLOAD_BYTES = 200
_MASK = b"\x00\x00\x00\x00"
_FRAME = bytes([0x81, 0x80 | 126]) + _PAYLOAD_BYTES.to_bytes(2, "big") + _MASK + b"x" * _PAYLOAD_BYTES
_ECHO_BYTES = 4 + _PAYLOAD_BYTES
_REQUEST = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
_IDLE_FACTOR = 4
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run of one candidate cost its server process."""

    echo_us: float
    """CPU microseconds per echo of 200 bytes."""
    handshake_us: float
    """CPU microseconds per accepted and upgraded connection."""
    idle_bytes: float
    """Growth of resident memory per open connection that never sent a frame."""


class _PicowsEcho(WSListener):
    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        transport.send(frame.msg_type, frame.get_payload_as_bytes())


class _PicowsWithDuties(WSListener):
    """What the hub needs on top of a frame at the least: UTF-8, one write per turn of the loop."""

    def __init__(self) -> None:
        self._queue: list[bytes] = []
        self._transport: WSTransport
        self._loop = asyncio.get_running_loop()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport

    def on_ws_frame(self, _transport: WSTransport, frame: WSFrame) -> None:
        payload = frame.get_payload_as_bytes()
        if frame.fin and frame.msg_type == WSMsgType.TEXT and not frame.rsv1:
            if not payload.isascii():
                payload.decode()
            self._on_message(payload)

    def _on_message(self, data: bytes) -> None:
        if not self._queue:
            self._loop.call_soon(self._flush)
        self._queue.append(bytes((0x81, 126)) + len(data).to_bytes(2, "big") + data)

    def _flush(self) -> None:
        frames = b"".join(self._queue)
        self._queue.clear()
        self._transport.underlying_transport.write(frames)


async def _serve_picows(listener: Callable[[], WSListener] = _PicowsEcho) -> int:
    def accept(_request: WSUpgradeRequest) -> WSListener:
        return listener()

    server = await ws_create_server(
        accept,
        "127.0.0.1",
        0,
        use_aiofastnet=False,
        read_buffer_init_size=1024,
        max_frame_size=65536,
        backlog=4096,
    )
    await server.start_serving()
    return int(server.sockets[0].getsockname()[1])


async def _aiohttp_echo(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(compress=False, max_msg_size=65536)
    await socket.prepare(request)
    async for message in socket:
        if message.type is AiohttpMessage.TEXT:
            await socket.send_str(message.data)
    return socket


async def _serve_aiohttp() -> int:
    app = web.Application()
    app.router.add_get("/ws", _aiohttp_echo)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=4096).start()
    return int(runner.addresses[0][1])


_SERVERS: dict[str, Callable[[], Coroutine[None, None, int]]] = {
    "picows": _serve_picows,
    "picows+duties": partial(_serve_picows, _PicowsWithDuties),
    "aiohttp": _serve_aiohttp,
}


async def _serve(name: str) -> None:
    print(await _SERVERS[name](), flush=True)
    await asyncio.Event().wait()


class _Client(asyncio.Protocol):
    """One raw connection: upgrade, then echo whenever ``send`` is called."""

    def __init__(self, arrived: Callable[[], None]) -> None:
        self._arrived = arrived
        self._received_bytes = 0
        self._open = False
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's transports do not derive from it
        self.transport.write(_REQUEST)

    def send(self) -> None:
        self._received_bytes = 0
        self.transport.write(_FRAME)

    def data_received(self, data: bytes) -> None:
        self._received_bytes += len(data)
        if not self._open:
            self._open = data.endswith(b"\r\n\r\n")
            if self._open:
                self._arrived()
        elif self._received_bytes == _ECHO_BYTES:
            self._arrived()


class _Crowd:
    """Connections that open, or echo, all in step."""

    def __init__(self, port: int, connection_count: int) -> None:
        self._port = port
        self._connection_count = connection_count
        self._clients: list[_Client] = []
        self._missing = 0
        self._done = asyncio.Event()

    def _arrived(self) -> None:
        self._missing -= 1
        if not self._missing:
            self._done.set()

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._done.clear()
        self._missing = self._connection_count
        for _ in range(self._connection_count):
            _, client = await loop.create_connection(lambda: _Client(self._arrived), "127.0.0.1", self._port)
            self._clients.append(client)
        await self._done.wait()

    async def echo(self) -> None:
        self._done.clear()
        self._missing = len(self._clients)
        for client in self._clients:
            client.send()
        await self._done.wait()

    def abort(self) -> None:
        for client in self._clients:
            client.transport.abort()
        self._clients.clear()


def _cpu_s(pid: int) -> float:
    with open(f"/proc/{pid}/stat", "rb") as stat:
        after_name = stat.read().rpartition(b") ")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / _TICKS_PER_S


def _resident_bytes(pid: int) -> int:
    with open(f"/proc/{pid}/statm", "rb") as statm:
        return int(statm.read().split()[1]) * _PAGE_BYTES


async def _measure(pid: int, port: int, connection_count: int, echo_count: int) -> Figures:
    crowd = _Crowd(port, connection_count)
    await crowd.open()
    await crowd.echo()
    cpu_s = _cpu_s(pid)
    for _ in range(echo_count):
        await crowd.echo()
    echo_us = (_cpu_s(pid) - cpu_s) / (echo_count * connection_count) * 1e6

    # The first connections fill memory that imports left over; what many more of them add is the price of one.
    idle_count = _IDLE_FACTOR * connection_count
    idle = _Crowd(port, idle_count)
    resident_bytes, cpu_s = _resident_bytes(pid), _cpu_s(pid)
    await idle.open()
    idle_bytes = (_resident_bytes(pid) - resident_bytes) / idle_count
    handshake_us = (_cpu_s(pid) - cpu_s) / idle_count * 1e6
    crowd.abort()
    idle.abort()
    return Figures(echo_us, handshake_us, idle_bytes)


def _run(command: list[str], connection_count: int, echo_count: int) -> Figures:
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 - own commands
        assert server.stdout is not None
        try:
            port = int(server.stdout.readline())
            gc.collect()
            return uvloop.run(_measure(server.pid, port, connection_count, echo_count))
        finally:
            server.kill()


def main() -> None:
    """Print the median figures of interleaved runs, one line per candidate."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--serve", choices=sorted(_SERVERS), help=argparse.SUPPRESS)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--echoes", type=int, default=50, help="echoes per connection and round")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved runs of each candidate")
    parser.add_argument("--also", action="append", default=[], metavar="NAME=COMMAND")
    arguments = parser.parse_args()
    if arguments.serve:
        uvloop.run(_serve(arguments.serve))
        return

    commands = {name: [sys.executable, "-m", __spec__.name, "--serve", name] for name in _SERVERS}
    for extra in arguments.also:
        name, _, command = extra.partition("=")
        commands[name] = shlex.split(command)
    runs: dict[str, list[Figures]] = {name: [] for name in commands}
    started = time.monotonic()
    for _ in range(arguments.rounds):
        for name, command in commands.items():
            runs[name].append(_run(command, arguments.connections, arguments.echoes))
    for name, figures in runs.items():
        medians = {
            field.name: statistics.median(getattr(run, field.name) for run in figures) for field in fields(Figures)
        }
        print(f"{name:>14}  " + "  ".join(f"{key} {value:8.1f}" for key, value in medians.items()))
    print(f"{arguments.rounds} rounds, {arguments.connections} connections, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
