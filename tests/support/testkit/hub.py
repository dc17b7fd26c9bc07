"""A real hub in a process of its own, on a free loopback port, with data in a folder of the test's."""

import http.client
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
import jwt
import psutil

from testkit.valkey import free_port

SECRET = "a secret of at least thirty-two bytes for tests"
API_KEY = "an-api-key-for-tests-of-thirty-two-characters"
_START_S = 20.0
FAST_RATES = {
    f"GREENROOM_RATE_{name}_{what}": value
    for name in (
        *("SENDS", "EDITS", "CHECKS", "READS", "EPHEMERAL", "INVITATIONS", "NEW_THREADS", "REPORTS", "PROPOSALS"),
        *("APPEALS", "POSTS", "TOPICS", "FEEDBACK", "COMMANDS", "CONNECTS", "SEARCHES"),
    )
    for what, value in (("PER_S", "100000"), ("BURST", "100000"))
}


def token(user: str, *, ttl_s: int = 3600, issued_s: float | None = None, secret: str = SECRET) -> str:
    """Mint a token as a marketplace's backend would."""
    now_s = int(time.time() if issued_s is None else issued_s)
    claims = {"sub": user, "iat": now_s, "exp": now_s + ttl_s, "aud": "greenroom"}
    return jwt.encode(claims, secret, algorithm="HS256")


class HubProcess:
    """One hub; start, kill and start again on the same data and port."""

    def __init__(self, folder: Path, *, env: Mapping[str, str] | None = None, dev: bool = False) -> None:
        self.folder = folder
        self.port = free_port()
        self.dev = dev
        self._env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GREENROOM_")},
            "GREENROOM_LISTEN": f"127.0.0.1:{self.port}",
            "GREENROOM_DATA_DIR": str(folder),
            "GREENROOM_DRAIN_S": "0",
            **({} if dev else {"GREENROOM_TOKEN_SECRET": SECRET, "GREENROOM_API_KEYS": API_KEY}),
            **FAST_RATES,
            **(env or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Base of the HTTP addresses, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        """Where WebSockets connect."""
        return f"ws://127.0.0.1:{self.port}/ws"

    @property
    def pid(self) -> int:
        """Process id of the running hub."""
        assert self._process is not None
        return self._process.pid

    @property
    def log_path(self) -> Path:
        """What the hub printed."""
        return self.folder / "hub.log"

    def start(self, *, wait: bool = True) -> None:
        """Start, and wait until messages can be sent."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "greenroom_server.cli.main", "serve", *(["--dev"] if self.dev else [])]
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(command, env=self._env, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        if wait:
            self.until_healthy()

    def until_healthy(self) -> None:
        """Wait for /healthz to answer 200."""
        deadline = time.monotonic() + _START_S
        while not self.is_healthy():
            assert self._process is not None
            if self._process.poll() is not None:
                raise RuntimeError(f"the hub ended: {self.log_path.read_text()[-2000:]}")
            if time.monotonic() > deadline:
                raise TimeoutError(self.log_path.read_text()[-2000:])
            time.sleep(0.02)  # nothing else to wait on: the port is not there yet

    def is_healthy(self) -> bool:
        """Ask /healthz once."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def kill(self) -> None:
        """End it as a crash does."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """End it as an operator does; gives the exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> int:
        process = self._process
        assert process is not None
        if process.poll() is None:
            process.send_signal(how)
        code = process.wait(30)
        self._process = None
        return code

    def valkey_pid(self) -> int:
        """Find the embedded store's process: the hub's child that runs valkey-server."""
        for child in psutil.Process(self.pid).children(recursive=True):
            if "valkey-server" in child.name():
                return int(child.pid)
        raise LookupError("the embedded store is not running")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process is not None:
            self.stop()


async def put(hub: HubProcess, path: str, body: Mapping[str, object]) -> dict[str, object]:
    """Call the server API."""
    return await api(hub, "PUT", path, body)


async def api(hub: HubProcess, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, object]:
    """Call the server API; anything but success is an error."""
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {API_KEY}"}) as session,
        session.request(method, f"{hub.url}{path}", json=body) as response,
    ):
        answer: dict[str, object] = await response.json()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {answer}")
        return answer


class Room:
    """A marketplace of one test's own inside a shared hub: names get a suffix that no other test has."""

    _numbers = itertools.count(1)

    def __init__(self, hub: HubProcess) -> None:
        self.hub = hub
        self._suffix = f"{os.getpid()}_{next(self._numbers)}"

    def id(self, name: str) -> str:
        """Give the id behind a name."""
        return f"{name}_{self._suffix}"

    async def furnish(self) -> None:
        """Tell the hub of client maya with job logo and of freelancer jonas."""
        await self.client("maya", "logo")
        await self.freelancer("jonas")

    async def client(self, name: str, *jobs: str) -> None:
        """Tell the hub of a client and of their jobs."""
        await put(self.hub, f"/api/v1/users/{self.id(name)}", {"name": name.title()})
        for job in jobs:
            body = {"client": self.id(name), "title": "A logo for a bakery", "open": True}
            await put(self.hub, f"/api/v1/jobs/{self.id(job)}", body)

    async def freelancer(self, name: str) -> None:
        """Tell the hub of a freelancer."""
        body = {"name": name.title(), "headline": "Brand designer", "skills": ["logo", "brand"]}
        await put(self.hub, f"/api/v1/freelancers/{self.id(name)}", body)

    async def move(self, thread: str, move: str) -> dict[str, object]:
        """Act as the marketplace on a thread."""
        return await api(self.hub, "POST", f"/api/v1/threads/{thread}/moves", {"move": move})
