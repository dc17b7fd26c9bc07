"""Running one node as a process."""

import asyncio
import gc
import signal

import structlog

from greenroom_server.app.node import Node
from greenroom_server.config import Settings

log = structlog.get_logger()


async def serve(settings: Settings) -> None:
    """Run a node until SIGTERM or SIGINT.

    Raises:
        StoreUnfit: the store must not be used as it is set up.
        StoreError: the store cannot be reached.
        OSError: the address cannot be listened on.
    """
    node = Node(settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    await node.start()
    # What was built so far lives as long as the process: collections need not look at it again. Messages make no
    # cycles, so the young generation may grow.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    try:
        _announce(settings, node.front.port)
        await stop.wait()
    finally:
        await node.stop()


def _announce(settings: Settings, port: int) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{host}:{port}/"
    log.info("serving", url=url, mode="development" if settings.is_dev else "production")
    if settings.is_dev:
        print(f"\n  Greenroom is ready: {url}\n", flush=True)  # noqa: T201 - the one line a newcomer looks for
