"""The client's HTTP: bodies of every kind, hostile servers, kept connections, proxies and TLS.

Source: RFC 9112; RFC 9110 section 9.3.6.
"""

import asyncio
import contextlib
import datetime
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from greenroom_client.http_line import HEAD_BYTES, HttpLine

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\n"


@asynccontextmanager
async def serving(talk: Talk, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    talks: set[asyncio.Task[None]] = set()

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            await talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async with await asyncio.start_server(guarded, "127.0.0.1", 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1]
        if talks:
            await asyncio.wait(talks)  # nothing of a test outlives its loop


def line(port: int, *, proxy: str | None = None, scheme: str = "http") -> HttpLine:
    return HttpLine(f"{scheme}://127.0.0.1:{port}", proxy=proxy, connect_timeout_s=5.0)


def saying(*pieces: bytes) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)

    return talk


@pytest.mark.parametrize(
    ("pieces", "body"),
    [
        ([OK, b"Content-Length: 5\r\n\r\nhe", b"llo"], b"hello"),
        ([OK, b"content-length:0\r\n\r\n"], b""),
        ([b"HTTP/1.1 204 No Content\r\n\r\n"], b""),
        ([OK, b"\r\nuntil", b" the end"], b"until the end"),
        (
            [OK, b"Transfer-Encoding: chunked\r\n\r\n3", b"\r\nabc\r", b"\n2;x=y\r\nde\r\n0\r\nTrailer: x\r\n\r\n"],
            b"abcde",
        ),
        ([b"HTTP/1.1 100 Continue\r\n\r\n", OK, b"Content-Length: 1\r\n\r\nx"], b"x"),
        ([b"HTTP/1.0 200 OK\r\n\r\nold"], b"old"),
    ],
)
async def test_bodies_of_every_kind_are_read_to_their_end(pieces: list[bytes], body: bytes) -> None:
    async with serving(saying(*pieces)) as port:
        http = line(port)
        assert await (await http.post("/x", {})).rest() == body
        http.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        OK + b"Content-Length: x\r\n\r\n",
        OK + b"Content-Length: -1\r\n\r\n",
        OK + b"Content-Length: 9\r\n\r\nshort",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
        OK + b"A: " + b"x" * HEAD_BYTES * 3 + b"\r\n\r\n",
        OK + b"A: xxxxxxxx\r\n" * (HEAD_BYTES // 8) + b"\r\n",
    ],
)
async def test_a_server_that_breaks_http_is_an_error_of_the_network(sent: bytes) -> None:
    async with serving(saying(sent)) as port:
        http = line(port)
        with pytest.raises(OSError):
            await (await http.post("/x", {})).rest()
        http.close()


async def test_a_connection_is_kept_and_one_that_was_closed_meanwhile_is_replaced() -> None:
    accepted = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal accepted
        accepted += 1
        for _ in range(2):
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"POST /x HTTP/1.1\r\nHost: 127.0.0.1:")
            writer.write(OK + b"Content-Length: 2\r\n\r\nok")

    async with serving(talk) as port:
        http = line(port)
        for number in range(5):
            assert await (await http.post("/x", {"A": "b"}, b"")).rest() == b"ok"
            assert accepted == number // 2 + 1
        http.close()
        with pytest.raises(OSError):
            await http.post("/x", {})


async def test_a_piece_that_was_not_waited_for_is_not_lost() -> None:
    goes_on = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3")
        await goes_on.wait()
        writer.write(b"\r\ncde\r\n0\r\n\r\n")

    async with serving(talk) as port:
        http = line(port)
        answer = await http.post("/x", {})
        assert await answer.piece() == b"ab"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await answer.piece()
        goes_on.set()
        assert await answer.rest() == b"cde"
        http.close()


async def test_a_proxy_gets_the_whole_address_and_its_login() -> None:
    heads: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(OK + b"Content-Length: 0\r\n\r\n")

    async with serving(proxy) as port:
        http = HttpLine("http://hub.invalid:8080", proxy=f"http://me:p%40ss@127.0.0.1:{port}", connect_timeout_s=5.0)
        assert (await http.post("/ws/send", {})).status == 200
        http.close()
    assert heads[0].startswith(b"POST http://hub.invalid:8080/ws/send HTTP/1.1\r\nHost: hub.invalid:8080\r\n")
    assert b"Proxy-Authorization: Basic bWU6cEBzcw==\r\n" in heads[0]


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Make a certificate for 127.0.0.1; gives its file, for those who trust it, and a server's context."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hub.invalid")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "cert.pem").write_bytes(pem)
    (folder / "both.pem").write_bytes(secret + pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return folder / "cert.pem", context


def test_tls_goes_through_a_proxy_and_the_certificate_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(tls_through_a_proxy(tmp_path, monkeypatch))  # the standard loop: closing uvloop waits for TLS servers


async def tls_through_a_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trusted, context = certificate(tmp_path)
    async with serving(saying(OK + b"Content-Length: 6\r\n\r\nsecret"), context) as hub_port:

        async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"CONNECT hub.invalid:443 HTTP/1.1\r\n")
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", hub_port)
            writer.write(OK + b"\r\n")

            async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
                while data := await source.read(1000):
                    sink.write(data)

            pumps = [asyncio.create_task(pump(reader, up_writer)), asyncio.create_task(pump(up_reader, writer))]
            _, left = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for each in left:
                each.cancel()
            await asyncio.wait(pumps)
            up_writer.close()
            await up_writer.wait_closed()

        async with serving(proxy) as port:
            http = HttpLine("https://hub.invalid", proxy=f"http://127.0.0.1:{port}", connect_timeout_s=5.0)
            with pytest.raises(ssl.SSLCertVerificationError):
                await http.post("/x", {})
            monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
            assert await (await http.post("/x", {})).rest() == b"secret"
            http.close()


async def test_a_proxy_that_refuses_is_an_error_of_the_network() -> None:
    async with serving(saying(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")) as port:
        http = line(1, proxy=f"http://127.0.0.1:{port}", scheme="https")
        with pytest.raises(OSError, match="407"):
            await http.connect()
