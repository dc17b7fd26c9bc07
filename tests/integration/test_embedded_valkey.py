"""The embedded store: supervision, locks, crashes of either side, damaged files; and what a store promises."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
from redis import Redis

from greenroom_server.store.connect import StoreAddress, ordinary_client
from greenroom_server.store.embedded import EmbeddedOptions, EmbeddedValkey, server_command
from greenroom_server.store.errors import StoreUnfit
from greenroom_server.store.guarantee import StoreFacts, read_facts, refuse_unfit, sentence
from testkit.valkey import eventually, primary_and_replica, real_valkey

HUB = """
import asyncio, sys
from pathlib import Path
from greenroom_server.store.embedded import EmbeddedOptions, EmbeddedValkey

async def main():
    store = EmbeddedValkey(EmbeddedOptions(Path(sys.argv[1])))
    await store.start()
    print(store.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@asynccontextmanager
async def embedded(folder: Path, appendfsync: str = "always") -> AsyncIterator[EmbeddedValkey]:
    store = EmbeddedValkey(EmbeddedOptions(folder, appendfsync))
    await store.start()
    try:
        yield store
    finally:
        await store.stop()


def client_of(store: EmbeddedValkey) -> Redis:
    return Redis(unix_socket_path=store.address.path, protocol=2)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """A hub of its own process: its pid and that of its store."""
    with subprocess.Popen([sys.executable, "-c", HUB, tmp_path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = (line for line in process.stdout if line.strip().isdigit())
        yield process.pid, int(next(lines))
        process.kill()


async def test_data_survive_a_clean_stop_and_nothing_else_listens(tmp_path: Path) -> None:
    async with embedded(tmp_path) as store:
        with client_of(store) as client:
            client.set("a", 1)
        assert store.pid is not None
        assert [c for c in psutil.Process(store.pid).net_connections("inet") if c.status == "LISTEN"] == []
        for path in (store.address.path, tmp_path / "valkey"):
            assert os.stat(path).st_mode & 0o777 == 0o700
        pid = store.pid
    assert not psutil.pid_exists(pid)
    async with embedded(tmp_path) as store:
        with client_of(store) as client:
            assert client.get("a") == b"1"


async def test_a_killed_server_is_restarted_with_its_data(tmp_path: Path) -> None:
    async with embedded(tmp_path) as store:
        for number in range(3):
            with client_of(store) as client:
                assert client.rpush("log", number) == number + 1
            first = store.pid
            assert first is not None
            os.kill(first, signal.SIGKILL)
            await eventually(lambda first=first: store.pid not in (None, first) and _answers(store))  # type: ignore[misc]
        with client_of(store) as client:
            assert client.lrange("log", 0, -1) == [b"0", b"1", b"2"]


async def test_a_second_hub_on_the_same_folder_is_refused_by_name(tmp_path: Path) -> None:
    async with embedded(tmp_path) as store:
        with pytest.raises(StoreUnfit, match=f"pid {os.getpid()}"):
            await EmbeddedValkey(EmbeddedOptions(tmp_path)).start()
        with client_of(store) as client:
            assert client.ping()


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels cannot end a child with its parent")
async def test_a_hub_killed_hard_does_not_leave_its_server_behind(hub: tuple[int, int]) -> None:
    hub_pid, store_pid = hub
    os.kill(hub_pid, signal.SIGKILL)
    await eventually(lambda: not psutil.pid_exists(store_pid) or _is_zombie(store_pid))


async def test_after_a_hub_was_killed_hard_the_next_starts_at_once_on_its_data(
    tmp_path: Path, hub: tuple[int, int]
) -> None:
    hub_pid, store_pid = hub
    with Redis(unix_socket_path=str(tmp_path / "valkey" / "valkey.sock"), protocol=2) as client:
        client.set("a", 1)
    os.kill(hub_pid, signal.SIGKILL)
    await eventually(lambda: _is_zombie(hub_pid))
    async with embedded(tmp_path) as store:
        assert store.pid != store_pid
        with client_of(store) as client:
            assert client.get("a") == b"1"


async def test_a_server_that_outlived_its_hub_is_ended_first(tmp_path: Path) -> None:
    async with embedded(tmp_path) as store:
        pass
    stale = _server_without_hub(tmp_path / "valkey")
    await eventually(lambda: _answers(store))
    async with embedded(tmp_path) as store:
        assert stale.wait() == 0
        assert store.pid != stale.pid
        assert _answers(store)


async def test_a_torn_tail_is_accepted_and_a_damaged_file_is_refused_loudly(tmp_path: Path) -> None:
    async with embedded(tmp_path) as store:
        with client_of(store) as client:
            for number in range(100):
                client.rpush("log", number)
    (log,) = (tmp_path / "valkey" / "appendonlydir").glob("*.incr.aof")
    whole = log.read_bytes()
    log.write_bytes(whole[:-7])
    async with embedded(tmp_path) as store:
        with client_of(store) as client:
            assert client.llen("log") == 99
    damaged = bytearray(log.read_bytes())
    middle = len(damaged) // 2
    damaged[middle : middle + 40] = b"?" * 40
    log.write_bytes(damaged)
    with pytest.raises(StoreUnfit, match=r"Bad file format.*valkey-check-aof"):
        await EmbeddedValkey(EmbeddedOptions(tmp_path)).start()
    log.write_bytes(whole)
    async with embedded(tmp_path) as store:  # the refused start freed the folder
        with client_of(store) as client:
            assert client.llen("log") == 100


async def test_a_path_too_long_for_a_socket_gets_a_private_short_one(tmp_path: Path) -> None:
    folder = tmp_path / ("long " * 25).strip()
    async with embedded(folder) as store:
        socket = Path(store.address.path)
        assert len(os.fsencode(socket)) < 100
        assert socket.parent.stat().st_mode & 0o777 == 0o700
        assert _answers(store)
    assert not socket.parent.exists()


async def test_facts_of_the_embedded_store_promise_an_fsynced_ack(tmp_path: Path) -> None:
    async with embedded(tmp_path) as store:
        facts = await _facts(store.address)
        refuse_unfit(facts)
        assert (facts.product, facts.role, facts.previous_replid) == ("valkey", "master", None)
        assert "fsynced before the ack (appendfsync always)" in sentence(facts, 0)
        with client_of(store) as client:
            client.config_set("appendfsync", "everysec")
        assert "may lose that second" in sentence(await _facts(store.address), 0)


async def test_a_store_that_evicts_is_refused_with_the_way_to_change_it(tmp_path: Path) -> None:
    with real_valkey(tmp_path / "v", {"maxmemory-policy": "allkeys-lru"}) as server:
        facts = await _facts(server.address)
    with pytest.raises(StoreUnfit, match=r"allkeys-lru.*CONFIG SET maxmemory-policy noeviction"):
        refuse_unfit(facts)


async def test_where_config_is_forbidden_the_sentence_says_what_is_unknown(tmp_path: Path) -> None:
    with real_valkey(tmp_path / "v", {"appendonly": "yes", "user": "hub on >s ~* &* +@all -config"}) as server:
        facts = await _facts(StoreAddress(path=server.socket, user="hub", password="s"))
    assert facts.appendfsync is None
    assert facts.maxmemory_policy == "noeviction", "INFO tells it too"
    refuse_unfit(facts)
    assert "does not show its appendfsync" in sentence(facts, 0)


async def test_a_replica_is_refused_and_replicas_are_counted(tmp_path: Path) -> None:
    with primary_and_replica(tmp_path) as (primary, replica):
        facts = await _facts(primary.address)
        assert facts.replicas_count == 1
        assert "received by at least 1 of 1" in sentence(facts, 1)
        assert "no replica is waited for" in sentence(facts, 0)
        assert "answered as uncertain" in sentence(facts, 2)
        of_replica = await _facts(StoreAddress(path=replica.socket))
    assert facts.replid == of_replica.replid
    assert facts.run_id != of_replica.run_id
    with pytest.raises(StoreUnfit, match="replica"):
        refuse_unfit(of_replica)


@pytest.mark.parametrize("version", ["6.2.14", "unknown"])
def test_a_store_too_old_is_refused_by_version(version: str) -> None:
    facts = StoreFacts("redis", version, False, "master", 0, "r", "i", None, "noeviction", True, "always")
    with pytest.raises(StoreUnfit, match=version):
        refuse_unfit(facts)


def _server_without_hub(folder: Path) -> "subprocess.Popen[bytes]":
    """A server as a killed hub leaves it where the kernel does not end it too: alive, and holding its lock."""
    binary_and_config = server_command(folder / "valkey.conf")[-2:]
    with (folder / "server.lock").open("r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return subprocess.Popen(binary_and_config, pass_fds=(lock.fileno(),), stdout=subprocess.DEVNULL)


async def _facts(address: StoreAddress) -> StoreFacts:
    client = ordinary_client(address)
    try:
        return await read_facts(client)
    finally:
        await client.aclose()


def _answers(store: EmbeddedValkey) -> bool:
    try:
        with client_of(store) as client:
            return bool(client.ping())
    except OSError:
        return False


def _is_zombie(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
