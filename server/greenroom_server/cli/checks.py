"""The checks of ``greenroom doctor`` on this machine; those of the store are in `cli/store_checks.py`."""

import platform
import resource
import shutil
import socket
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Literal

import aiohttp

from greenroom_server.auth.keys import JwksError
from greenroom_server.auth.tokens import key_set
from greenroom_server.cli.serve import bind_problem
from greenroom_server.config.reading import is_loopback
from greenroom_server.config.settings import Settings

_DESCRIPTORS: Final = 10_000
_FREE_BYTES: Final = 1 << 30
_HEALTH_TIMEOUT_S: Final = 2.0

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    name: str
    """What was looked at: a word or two, the same in every run."""
    level: Level
    """``fail``: the hub will not run, or will lose data or refuse everybody."""
    text: str
    """What was found; holds no secret."""
    fix: str | None = None
    """What to do; None with ``ok``, and where the text says it."""


Check = Callable[[Settings], Awaitable[list[Finding]]]


async def check_data_dir(settings: Settings) -> list[Finding]:
    """Write a file where the hub would."""
    folder = settings.data_dir
    place = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"greenroom")
    except OSError as error:
        fix = "give the account that runs the hub write access, or set GREENROOM_DATA_DIR"
        return [Finding("data folder", "fail", f"{place} cannot be written to: {error.strerror}", fix)]
    free_bytes = shutil.disk_usage(place).free
    if free_bytes < _FREE_BYTES:
        fix = "free some space: a store on a full disk stops accepting messages"
        return [Finding("data folder", "warn", f"{folder}: {free_bytes >> 20} MiB free", fix)]
    return [Finding("data folder", "ok", f"{folder}, {free_bytes >> 30} GiB free")]


async def check_descriptors(settings: Settings) -> list[Finding]:
    """Every connection takes a file descriptor."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    text = f"{soft} file descriptors, so about {max(0, soft - 64)} connections"
    if soft == resource.RLIM_INFINITY or soft >= _DESCRIPTORS:
        return [Finding("descriptors", "ok", text)]
    fix = f"raise the limit (now {soft} of at most {hard}): `ulimit -n 65536`, or LimitNOFILE=65536 in the unit"
    return [Finding("descriptors", "ok" if settings.is_dev else "warn", text, None if settings.is_dev else fix)]


async def check_origins(settings: Settings) -> list[Finding]:
    """Browsers connect from listed pages only."""
    if not settings.origins:
        if settings.is_dev:
            return [Finding("origins", "ok", "the hub's own page, and programs")]
        fix = "set GREENROOM_ORIGINS to the pages that may connect, such as https://www.example.com"
        return [Finding("origins", "warn", "none: no browser can connect, only programs can", fix)]
    for origin in settings.origins:
        scheme, _, rest = origin.partition("://")
        if scheme == "http" and not is_loopback(rest.partition(":")[0]):
            fix = "serve the page over https and list that origin"
            return [Finding("origins", "warn", f"{origin} is not encrypted: tokens can be read on the way", fix)]
    return [Finding("origins", "ok", ", ".join(settings.origins))]


async def check_token_keys(settings: Settings) -> list[Finding]:
    """Get the public keys as the hub would."""
    findings: list[Finding] = []
    keys = key_set(settings.token)
    if keys is not None:
        source = settings.token.jwks_file or settings.token.jwks_url
        try:
            findings.append(Finding("token keys", "ok", f"{await keys.load()} from {source}"))
        except JwksError as error:
            fix = "make the key set reachable from here, with at least one RS256, ES256 or EdDSA key"
            findings.append(Finding("token keys", "fail", f"the key set cannot be used: {error}", fix))
    if settings.token.secret is not None:
        if settings.is_dev:
            findings.append(Finding("token secret", "ok", "a shared secret (HS256)"))
        else:
            fix = "sign with RS256, ES256 or EdDSA and set GREENROOM_JWKS_URL: then a leak here forges no token"
            findings.append(Finding("token secret", "warn", "a shared secret (HS256), meant for development", fix))
    return findings


async def check_port(settings: Settings) -> list[Finding]:
    """Listen for a moment where the hub would."""
    place = settings.shown()["GREENROOM_LISTEN"]
    health = await hub_health(settings)
    if health is not None:
        is_ready = health == 200
        fix = None if is_ready else "look at its log: it may be starting, draining, or without its store"
        return [Finding("port", "ok" if is_ready else "warn", f"a hub serves {place}; /healthz says {health}", fix)]
    try:
        family, kind, number, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, number) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(1)
    except OSError as error:
        problem = bind_problem(error, settings) or f"{place} cannot be listened on: {error.strerror}."
        return [Finding("port", "fail", f"{place} is not free", problem)]
    return [Finding("port", "ok", f"{place} is free")]


async def hub_health(settings: Settings) -> int | None:
    """Ask a hub that may run there for its readiness; None when no hub answers."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - asked, not bound
    url = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/healthz"
    timeout = aiohttp.ClientTimeout(total=_HEALTH_TIMEOUT_S)
    if settings.port == 0:
        return None
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
            return response.status if response.status in (200, 503) else None
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None


def check_python() -> Finding:
    """Which interpreter this is; an older one cannot run this file."""
    return Finding("python", "ok", f"{platform.python_version()} ({platform.system()} {platform.machine()})")
