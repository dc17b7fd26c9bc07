"""A hub inside the test's own process, where its periodic work can be hurried; people reach it over real sockets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from greenroom_server.app.node import Node
from greenroom_server.config import Settings
from greenroom_server.store.connect import StoreAddress
from testkit.hub import HubProcess


class NodeHere(HubProcess):
    """What a test needs of a hub, except a process: `node` is the hub itself."""

    node: Node

    async def start_here(self) -> None:
        """Start, on the same settings as a process would get."""
        ours = {name: value for name, value in self._env.items() if name.startswith("GREENROOM_")}
        self.node = Node(Settings.from_env(ours))
        await self.node.start()


@asynccontextmanager
async def node_here(folder: Path, store: StoreAddress | None = None) -> AsyncIterator[NodeHere]:
    """Run a hub in this process, on a store that is there or on one of its own in the folder."""
    hub = NodeHere(folder, env={} if store is None else {"GREENROOM_VALKEY_URL": f"unix://{store.path}"})
    await hub.start_here()
    try:
        yield hub
    finally:
        await hub.node.stop()
