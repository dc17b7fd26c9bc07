"""Where the store is, and how to reach it."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

from greenroom_server.store.errors import StoreError, Unavailable, Uncertain
from greenroom_server.store.resp import ReplyStream

_SCHEMES = {
    "redis": "tcp",
    "valkey": "tcp",
    "rediss": "tls",
    "valkeys": "tls",
    "unix": "unix",
}
_DEFAULT_PORT = 6379
_QUERY_NAMES = {"tcp": {"db"}, "tls": {"db", "ssl_ca_certs"}, "unix": {"db"}}


@dataclass(frozen=True, slots=True, repr=False)
class StoreAddress:
    """Address and credentials of one Valkey or Redis server; its repr shows no password."""

    host: str = ""
    """Name or IP address; empty for a unix socket."""
    port: int = _DEFAULT_PORT
    """TCP port; unused with a unix socket."""
    path: str = ""
    """Path of the unix socket; empty for TCP."""
    user: str | None = None
    """ACL user; None is the default user."""
    password: str | None = None
    """None: no authentication."""
    db: int = 0
    """Database number; a cluster has only 0."""
    is_tls: bool = False
    """TLS with a verified certificate and host name."""
    ca_file: str | None = None
    """PEM file of the authorities to trust; None trusts those of the system."""

    @classmethod
    def parse(cls, url: str) -> "StoreAddress":
        """Read an address such as ``rediss://user:secret@host:6380/0`` or ``unix:///run/valkey.sock?db=1``.

        Schemes: ``redis``, ``valkey`` (TCP), ``rediss``, ``valkeys`` (TLS, optional ``?ssl_ca_certs=FILE``)
        and ``unix``. User and password are percent-decoded.

        Raises:
            ValueError: says what is wrong with the address, without quoting its password.
        """
        parts = urlsplit(url)
        kind = _SCHEMES.get(parts.scheme)
        if kind is None:
            known = ", ".join(f"{name}://" for name in _SCHEMES)
            raise ValueError(f"the store address must begin with one of {known}")
        if parts.fragment:
            raise ValueError("the store address must not contain '#'; write it as %23 in a password")
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        for name in sorted(query.keys() - _QUERY_NAMES[kind]):
            raise ValueError(f"unknown option {name!r} in the {parts.scheme}:// store address")
        user, password = _credentials(parts)
        path = unquote(parts.path)
        if kind == "unix":
            if parts.hostname or not path.strip("/"):
                raise ValueError("a unix:// store address needs the path of the socket: unix:///run/valkey.sock")
            return cls(path=path, user=user, password=password, db=_db(query.get("db", "0")))
        if not parts.hostname:
            raise ValueError(f"the {parts.scheme}:// store address names no host")
        return cls(
            host=parts.hostname,
            port=_port(parts),
            user=user,
            password=password,
            db=_db(query.get("db", path.strip("/") or "0")),
            is_tls=kind == "tls",
            ca_file=query.get("ssl_ca_certs"),
        )

    @property
    def label(self) -> str:
        """The place alone, for logs: ``host:port`` or the path of the socket."""
        if self.path:
            return self.path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __repr__(self) -> str:
        tls = ", tls" if self.is_tls else ""
        secret = ", password=***" if self.password is not None else ""
        return f"StoreAddress({self.label}, db={self.db}{tls}{secret})"


def _credentials(parts: SplitResult) -> tuple[str | None, str | None]:
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    if user and password is None:
        raise ValueError("the store address names a user but no password; for a password alone write ':secret@'")
    return user, password


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("the port of the store address must be a number from 1 to 65535")
    return port or _DEFAULT_PORT


def _db(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError("the database of the store address must be a number, such as the 0 in redis://host:6379/0")
    return int(text)


def ordinary_client(
    address: StoreAddress,
    *,
    timeout_s: float = 5.0,
    connect_timeout_s: float = 2.0,
    max_connections: int = 64,
) -> Redis:
    """A pooled redis-py client for everything off the hot path; replies are bytes.

    It never sends a command twice: redis-py 8 repeats each failed command up to ten times by default, reads
    and writes alike, which duplicates what is not idempotent. RESP2 is asked for, so that replies have the
    same shape with every server. Close it with ``aclose()``.

    Raises (from its commands):
        redis.exceptions.ConnectionError, TimeoutError: the command may have been executed.
    """
    common: dict[str, Any] = {
        "db": address.db,
        "username": address.user,
        "password": address.password,
        "retry": Retry(NoBackoff(), 0),
        "retry_on_error": [],
        "socket_timeout": timeout_s,
        "socket_connect_timeout": connect_timeout_s,
        "max_connections": max_connections,
        "decode_responses": False,
        "protocol": 2,
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
    }
    if address.path:
        return Redis(unix_socket_path=address.path, **common)
    if address.is_tls:
        return Redis(host=address.host, port=address.port, ssl=True, ssl_ca_certs=address.ca_file, **common)
    return Redis(host=address.host, port=address.port, **common)


async def open_stream(address: StoreAddress, on_writable: Callable[[], None]) -> ReplyStream:
    """Open one raw connection, authenticate, choose the database and make sure that it reaches a primary.

    Raises:
        OSError: nobody answers there, or (``ssl.SSLError``) the certificate does not fit.
        Unavailable: it is loading (``store.loading``), a replica (``store.not_primary``) or hung up.
        StoreRefused: wrong credentials or database.
    """
    loop = asyncio.get_running_loop()
    factory = partial(ReplyStream, on_writable)
    if address.path:
        _, stream = await loop.create_unix_connection(factory, address.path)
    else:
        context = ssl.create_default_context(cafile=address.ca_file) if address.is_tls else None
        _, stream = await loop.create_connection(factory, address.host, address.port, ssl=context)
    is_greeted = False
    try:
        await _greet(stream, address)
        is_greeted = True
    finally:
        if not is_greeted:
            stream.abort("refused")
    return stream


async def _greet(stream: ReplyStream, address: StoreAddress) -> None:
    hello: list[str | int] = ["HELLO", 2]
    if address.password is not None:
        hello += ["AUTH", address.user or "default", address.password]
    greeting: list[list[str | int]] = [[*hello, "SETNAME", "greenroom-committer"], ["SELECT", address.db], ["PING"]]
    for command in greeting:  # PING is the one that a store refuses while it is loading
        if not stream.is_open:
            raise Unavailable("store.down")
        reply = await stream.ask(*command)
        if isinstance(reply, Uncertain):  # nothing in a greeting writes
            raise Unavailable("store.down")
        if isinstance(reply, StoreError):
            raise reply
    if stream.is_open and is_replica(await stream.ask("ROLE")):
        raise Unavailable("store.not_primary")


def is_replica(role_reply: object) -> bool:
    """Read a reply to ``ROLE``; a server that forbids the command is taken for a primary."""
    return isinstance(role_reply, list) and bool(role_reply) and role_reply[0] != b"master"
