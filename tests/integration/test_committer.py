"""The committer against real servers: positions, uncertainty, replicas, reconnecting."""

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from structlog.testing import capture_logs

from greenroom_server.store.committer import Committer, CommitterOptions
from greenroom_server.store.connect import StoreAddress
from greenroom_server.store.errors import StoreRefused, StoreUnfit, Unavailable, Uncertain
from greenroom_server.store.resp import Done, ReplyStream
from testkit.valkey import RealValkey, eventually, primary_and_replica, real_valkey

SECURE = {"appendonly": "yes", "appendfsync": "always"}
QUICK = CommitterOptions(reply_timeout_s=0.8, wait_timeout_ms=100, backoff_min_s=0.01, start_timeout_s=5.0)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RealValkey]:
    with real_valkey(tmp_path / "v", SECURE) as running:
        yield running


@asynccontextmanager
async def connected(
    address: StoreAddress,
    options: CommitterOptions = QUICK,
    on_connected: Callable[[], Awaitable[None]] | None = None,
) -> AsyncIterator[Committer]:
    committer = Committer(address, options, on_connected=on_connected)
    await committer.start()
    try:
        yield committer
    finally:
        await committer.close()


class Results:
    """Collects what each of several submitted commands was answered, and how often."""

    def __init__(self, count: int) -> None:
        self.of: list[list[Any]] = [[] for _ in range(count)]

    def everyone(self) -> bool:
        return all(self.of)


async def test_commands_of_one_turn_leave_as_one_write(server: RealValkey, monkeypatch: pytest.MonkeyPatch) -> None:
    writes: list[int] = []
    send = ReplyStream.send

    def counted(stream: ReplyStream, data: bytes, waiters: list[Done]) -> None:
        writes.append(len(waiters))
        send(stream, data, waiters)

    async with connected(server.address, replace(QUICK, reply_timeout_s=60)) as committer:
        monkeypatch.setattr(ReplyStream, "send", counted)
        results = Results(100)
        for number in range(100):
            committer.submit(("ECHO", number), results.of[number].append)
        await eventually(results.everyone)
    assert results.of == [[str(number).encode()] for number in range(100)]
    assert writes == [100]


async def test_everything_acked_before_a_kill_is_there_once_after_it(server: RealValkey) -> None:
    answers: dict[int, list[Any]] = {}
    killed = asyncio.Event()

    async def produce(committer: Committer) -> None:
        while not killed.is_set() or committer.pending_count:
            if not killed.is_set():
                for number in range(len(answers), len(answers) + 50):
                    answers[number] = []
                    committer.submit(("RPUSH", "log", number), answers[number].append)
            await asyncio.sleep(0)

    async with connected(server.address) as committer:
        task = asyncio.create_task(produce(committer))
        await eventually(lambda: sum(map(len, answers.values())) > 2000)
        await asyncio.to_thread(server.kill)
        killed.set()
        await task
        await eventually(lambda: all(answers.values()))
    server.start()
    with server.client() as client:
        stored = [int(item) for item in client.lrange("log", 0, -1)]
    assert all(len(given) == 1 for given in answers.values())
    acked = {number for number, (answer,) in answers.items() if isinstance(answer, int)}
    refused = {number for number, (answer,) in answers.items() if isinstance(answer, Unavailable)}
    uncertain = {number for number, (answer,) in answers.items() if isinstance(answer, Uncertain)}
    assert acked | refused | uncertain == answers.keys()
    assert len(acked) > 2000
    assert uncertain, "the kill came in the middle of something"
    assert len(stored) == len(set(stored)), "nothing was sent twice"
    assert acked <= set(stored) <= acked | uncertain


@pytest.mark.parametrize("seed", range(4))
async def test_cancelled_callers_never_shift_the_replies_of_others(server: RealValkey, seed: int) -> None:
    chance = random.Random(seed)
    async with connected(server.address) as committer:
        for _ in range(20):
            tasks = [asyncio.create_task(committer.call("ECHO", number)) for number in range(60)]
            victims = set(chance.sample(range(60), 30))
            for victim in victims:
                if chance.random() < 0.3:
                    await asyncio.sleep(0)
                tasks[victim].cancel()
            answers = await asyncio.gather(*tasks, return_exceptions=True)
            for number, answer in enumerate(answers):
                was_cancelled = number in victims and isinstance(answer, asyncio.CancelledError)
                assert was_cancelled or answer == str(number).encode()
        assert await committer.call("ECHO", "last") == b"last"
        assert committer.pending_count == 0


async def test_a_callback_that_raises_does_not_cost_the_others_their_reply(server: RealValkey) -> None:
    reported: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["exception"]))

    def fail(_: object) -> None:
        raise RuntimeError("a bug in a use case")

    async with connected(server.address) as committer:
        results = Results(3)
        committer.submit(("ECHO", 0), results.of[0].append)
        committer.submit(("ECHO", "x"), fail)
        committer.submit(("ECHO", 1), results.of[1].append)
        committer.submit(("ECHO", 2), results.of[2].append)
        await eventually(results.everyone)
    assert results.of == [[b"0"], [b"1"], [b"2"]]
    assert [type(error) for error in reported] == [RuntimeError]


async def test_error_replies_are_values_without_user_data(server: RealValkey) -> None:
    async with connected(server.address) as committer:
        await committer.call("SET", "text", "x")
        with pytest.raises(StoreRefused) as refusal:
            await committer.call("RPUSH", "text", "y")
        assert refusal.value.code == "WRONGTYPE"
        with pytest.raises(StoreRefused) as unknown:
            await committer.call("NOSUCHCOMMAND", "a private message")
        assert "private" not in str(unknown.value)
        with pytest.raises(TypeError):
            await committer.call("SET", "key", None)  # type: ignore[arg-type]
        assert await committer.call("GET", "text") == b"x"


async def test_a_full_window_answers_busy_and_writes_nothing(server: RealValkey) -> None:
    async with connected(server.address, replace(QUICK, window_commands=10, window_bytes=1000)) as committer:
        results = Results(11)
        for number in range(11):
            committer.submit(("RPUSH", "log", number), results.of[number].append)
        assert [answer.code for answer in results.of[10]] == ["store.busy"]
        await eventually(results.everyone)
        with pytest.raises(Unavailable):
            await committer.call("RPUSH", "log", "x" * 1000)
        assert await committer.call("LLEN", "log") == 10


async def test_while_the_store_is_down_submit_answers_at_once_and_later_recovers(server: RealValkey) -> None:
    async with connected(server.address) as committer:
        server.kill()
        await eventually(lambda: not committer.is_ready)
        results = Results(1)
        committer.submit(("SET", "a", 1), results.of[0].append)
        assert [answer.code for answer in results.of[0]] == ["store.down"]
        server.start()
        await eventually(lambda: committer.is_ready)
        assert await committer.call("GET", "a") is None


async def test_a_silent_store_makes_its_commands_uncertain_and_is_left(server: RealValkey) -> None:
    async with connected(server.address) as committer:
        server.pause()
        with pytest.raises(Uncertain):
            await committer.call("SET", "a", 1)
        assert not committer.is_ready
        server.resume()
        await eventually(lambda: committer.is_ready)


async def test_start_waits_until_the_store_has_loaded_its_data(tmp_path: Path) -> None:
    slow = {**SECURE, "loading-process-events-interval-bytes": 1024}
    with real_valkey(tmp_path / "v", slow) as server:
        with server.client() as client:
            client.mset({f"key{number}": "x" * 100 for number in range(100)})
            client.execute_command("BGREWRITEAOF")
            await eventually(lambda: client.info("persistence")["aof_rewrite_in_progress"] == 0)
            await eventually(lambda: client.info("persistence")["aof_rewrites"] > 0)
        server.kill()
        server.options["key-load-delay"] = 5000  # microseconds for each key
        server.start(wait=False)
        with capture_logs() as logs:
            async with connected(server.address) as committer:
                assert await committer.call("DBSIZE") == 100
        assert "store.loading" in {entry.get("reason") for entry in logs}


async def test_on_connected_runs_before_any_command_of_each_connection(server: RealValkey) -> None:
    log: list[Any] = []

    async def prepare() -> None:
        with pytest.raises(Unavailable):
            await committer.call("RPUSH", "log", "too early")
        log.append(await committer.call_on_connect("RPUSH", "log", "prepared"))

    committer = Committer(server.address, QUICK, on_connected=prepare)
    await committer.start()
    assert log == [1]
    server.kill()
    await eventually(lambda: not committer.is_ready)
    server.start()
    await eventually(lambda: committer.is_ready)
    assert log == [1, 2]
    await committer.close()


async def test_start_fails_with_what_on_connected_refused(server: RealValkey) -> None:
    async def refuse() -> None:
        raise StoreUnfit("it evicts")

    with pytest.raises(StoreUnfit, match="it evicts"):
        await Committer(server.address, QUICK, on_connected=refuse).start()


async def test_start_fails_when_nobody_is_there(tmp_path: Path) -> None:
    address = StoreAddress(path=str(tmp_path / "nothing"))
    with pytest.raises(Unavailable):
        await Committer(address, replace(QUICK, start_timeout_s=0.2)).start()


async def test_password_and_database_are_used(tmp_path: Path) -> None:
    with real_valkey(tmp_path / "v", {"requirepass": "sesame"}, tcp=True) as server:
        good = replace(server.address, password="sesame", db=3)
        async with connected(good) as committer:
            assert b" db=3 " in await committer.call("CLIENT", "INFO")
        with pytest.raises(StoreRefused) as refusal:
            await Committer(replace(good, password="wrong"), QUICK).start()
        assert refusal.value.code == "WRONGPASS"


async def test_close_answers_what_was_accepted(server: RealValkey) -> None:
    results = Results(500)
    async with connected(server.address) as committer:
        for number in range(500):
            committer.submit(("RPUSH", "log", number), results.of[number].append)
    assert results.of == [[number + 1] for number in range(500)]


async def test_acks_wait_for_a_replica_and_a_stalled_one_makes_them_uncertain(tmp_path: Path) -> None:
    with primary_and_replica(tmp_path) as (primary, replica):
        async with connected(primary.address, replace(QUICK, wait_replicas=1)) as committer:
            assert await committer.call("RPUSH", "log", 1) == 1
            with replica.client() as client:
                assert client.llen("log") == 1
            replica.pause()
            for attempt in range(3):
                assert committer.is_ready, attempt
                with pytest.raises(Uncertain) as doubt:
                    await committer.call("RPUSH", "log", 2)
                assert doubt.value.code == "store.not_replicated"
            assert not committer.is_ready
            replica.resume()
            await eventually(lambda: committer.is_ready)
            assert await committer.call("LLEN", "log") == 4


async def test_a_batch_in_flight_is_uncertain_and_the_next_one_untouched_when_the_store_dies(
    tmp_path: Path,
) -> None:
    with primary_and_replica(tmp_path) as (primary, _):
        async with connected(primary.address, replace(QUICK, wait_replicas=1)) as committer:
            primary.pause()
            results = Results(2)
            committer.submit(("RPUSH", "log", 1), results.of[0].append)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            committer.submit(("RPUSH", "log", 2), results.of[1].append)
            primary.kill()
            await eventually(results.everyone)
    assert [[type(answer) for answer in given] for given in results.of] == [[Uncertain], [Unavailable]]


async def test_a_primary_that_becomes_a_replica_is_left(server: RealValkey) -> None:
    async with connected(server.address) as committer:
        with server.client() as client:
            client.execute_command("REPLICAOF", "127.0.0.1", 1)
            await eventually(lambda: not committer.is_ready)
            with pytest.raises(Unavailable):
                await committer.call("SET", "a", 1)
            client.execute_command("REPLICAOF", "NO", "ONE")
        await eventually(lambda: committer.is_ready)


@pytest.mark.parametrize("garbage", [b"+nobody asked\r\n", b"\x00\xff not RESP\r\n"])
async def test_bytes_in_doubt_close_the_connection(tmp_path: Path, server: RealValkey, garbage: bytes) -> None:
    inject = asyncio.Event()
    connections = 0

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        upstream_reader, upstream_writer = await asyncio.open_unix_connection(server.socket)
        async with asyncio.TaskGroup() as group:
            group.create_task(_pipe(reader, upstream_writer))
            group.create_task(_pipe(upstream_reader, writer))
            if connections == 1:
                await inject.wait()
                writer.write(garbage)

    address = StoreAddress(path=str(tmp_path / "relay"))
    async with await asyncio.start_unix_server(relay, address.path), connected(address) as committer:
        assert await committer.call("ECHO", 1) == b"1"
        inject.set()
        await eventually(lambda: connections == 2)
        await eventually(lambda: committer.is_ready)
        assert await committer.call("ECHO", 2) == b"2"


async def test_tls_is_spoken_and_a_stranger_is_refused(tmp_path: Path, server: RealValkey) -> None:
    certificate = _certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, tmp_path / "key.pem")

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_unix_connection(server.socket)
        async with asyncio.TaskGroup() as group:
            group.create_task(_pipe(reader, upstream_writer))
            group.create_task(_pipe(upstream_reader, writer))

    async with await asyncio.start_server(relay, "127.0.0.1", 0, ssl=context) as listener:
        port = listener.sockets[0].getsockname()[1]
        address = StoreAddress.parse(f"rediss://localhost:{port}/0?ssl_ca_certs={certificate}")
        async with connected(address) as committer:
            assert await committer.call("ECHO", "x" * 100_000) == b"x" * 100_000
        stranger = replace(address, ca_file=None)
        with pytest.raises(Unavailable):
            await Committer(stranger, replace(QUICK, start_timeout_s=0.2)).start()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
    except OSError:
        pass  # the other side ended first
    finally:
        writer.close()


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, no_encryption = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, no_encryption)
    (folder / "key.pem").write_bytes(private)
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    return folder / "certificate.pem"
