"""Real Valkey servers for tests: one server with given options, a primary with a replica, a cluster."""

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import redis

from greenroom_server.store.connect import StoreAddress
from greenroom_server.store.embedded import server_command

_START_TIMEOUT_S = 20.0
_CLUSTER_SLOTS = 16_384


class RealValkey:
    """One valkey-server process; its data stay in ``folder`` over kills and restarts."""

    def __init__(
        self,
        folder: Path,
        options: Mapping[str, object] | None = None,
        *,
        tcp: bool = False,
        wrapper: Sequence[str] = (),
    ) -> None:
        """
        Args:
            folder: its data; created. Keep the path short, unless ``tcp``: it holds the unix socket.
            options: configuration by name, such as ``{"appendfsync": "always"}``; a port is always chosen.
            tcp: listen on a free port of 127.0.0.1 as well.
            wrapper: a command to run the server under, such as strace and its options.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.options: dict[str, object] = {"save": "", "appendonly": "no", **(options or {})}
        self.port = free_port() if tcp else 0
        self._wrapper = list(wrapper)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> StoreAddress:
        """The TCP address when there is one, else that of the unix socket."""
        return StoreAddress(host="127.0.0.1", port=self.port) if self.port else StoreAddress(path=self.socket)

    @property
    def socket(self) -> str:
        """Path of the unix socket, which is always there."""
        return str(self.folder / "s")

    @property
    def pid(self) -> int:
        """Of the process that was started: the server, or its wrapper."""
        assert self._process is not None
        return self._process.pid

    def client(self) -> redis.Redis:
        """A blocking redis-py client, for arranging and for looking; the caller closes it."""
        password = str(self.options.get("requirepass", ""))
        return redis.Redis(unix_socket_path=self.socket, password=password or None, protocol=2)

    def start(self, *, wait: bool = True) -> None:
        """Start it; with ``wait``, until it has loaded its data."""
        config = [f"{name} {value}" if value != "" else f'{name} ""' for name, value in self.options.items()]
        config += [f"port {self.port}", "bind 127.0.0.1", f"unixsocket {self.socket}", f"dir {self.folder}"]
        config_path = self.folder / "valkey.conf"
        config_path.write_text("\n".join(config) + "\n")
        command = server_command(config_path)
        if self._wrapper:  # the wrapper is the server's parent then, so without the tie to this process
            command = [*self._wrapper, *command[-2:]]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if wait:
            self._until_it_answers()

    def _until_it_answers(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _START_TIMEOUT_S
        with self.client() as client:
            while True:
                with suppress(redis.ConnectionError, redis.exceptions.BusyLoadingError):
                    client.ping()
                    return
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"no server: {(self.folder / 'log').read_text()[-800:]}")
                time.sleep(0.005)

    def kill(self) -> None:
        """SIGKILL, as a crash; returns when the process is gone."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """SIGKILL unless it ended already: nothing in a test needs a clean end."""
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def pause(self) -> None:
        """SIGSTOP: connections stay open, nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        os.kill(self.pid, signal.SIGCONT)


@contextmanager
def real_valkey(
    folder: Path,
    options: Mapping[str, object] | None = None,
    *,
    tcp: bool = False,
    wrapper: Sequence[str] = (),
) -> Iterator[RealValkey]:
    """A running server; see `RealValkey`."""
    server = RealValkey(folder, options, tcp=tcp, wrapper=wrapper)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def primary_and_replica(folder: Path) -> Iterator[tuple[RealValkey, RealValkey]]:
    """Two servers; returns when the second is in sync with the first."""
    with real_valkey(folder / "p", {"repl-diskless-sync-delay": 0}, tcp=True) as primary:
        options = {"replicaof": f"127.0.0.1 {primary.port}"}
        with real_valkey(folder / "r", options) as replica, primary.client() as client:
            deadline = time.monotonic() + _START_TIMEOUT_S
            client.set("sync", 1)
            client.delete("sync")
            while client.wait(1, 50) < 1:  # it is online before it has loaded, and acknowledges nothing until then
                assert time.monotonic() < deadline, "the replica does not follow"
            yield primary, replica


@contextmanager
def real_cluster(folder: Path, nodes_count: int = 3) -> Iterator[list[RealValkey]]:
    """A cluster of primaries that serves all slots; takes some seconds, so share it among tests."""
    options = {"cluster-enabled": "yes", "cluster-node-timeout": 2000, "cluster-allow-replica-migration": "no"}
    nodes: list[RealValkey] = []
    try:
        for number in range(nodes_count):
            node = RealValkey(folder / f"n{number}", {**options, "cluster-port": free_port()}, tcp=True)
            nodes.append(node)
            node.start()
        _join(nodes)
        yield nodes
    finally:
        for node in nodes:
            node.stop()


def _join(nodes: list[RealValkey]) -> None:
    clients = [node.client() for node in nodes]
    first = nodes[0]
    for number, client in enumerate(clients):
        low = _CLUSTER_SLOTS * number // len(nodes)
        high = _CLUSTER_SLOTS * (number + 1) // len(nodes) - 1
        _ask(client, "CLUSTER", "ADDSLOTSRANGE", low, high)
        _ask(client, "CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        if number:
            bus_port = first.options["cluster-port"]
            _ask(client, "CLUSTER", "MEET", "127.0.0.1", first.port, bus_port)
    deadline = time.monotonic() + _START_TIMEOUT_S
    for client in clients:
        while not _is_complete(client, len(nodes)):
            assert time.monotonic() < deadline, "the cluster did not form"
            time.sleep(0.02)
        client.close()


def _is_complete(client: redis.Redis, nodes_count: int) -> bool:
    info: bytes = _ask(client, "CLUSTER", "INFO")
    owners: list[object] = _ask(client, "CLUSTER", "SLOTS")
    return b"cluster_state:ok" in info and len(owners) == nodes_count


def _ask(client: redis.Redis, *command: object) -> Any:
    return client.execute_command(*command)  # type: ignore[no-untyped-call]


def free_port() -> int:
    """A TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def eventually(condition: Callable[[], bool], *, within_s: float = 10.0) -> None:
    """Wait for something that announces itself to nobody, such as the state of another process."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.005)
