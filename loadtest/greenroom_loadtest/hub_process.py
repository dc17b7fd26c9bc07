"""The hub under test: a process of its own with its embedded store, on loopback, in a folder that is thrown away."""

import http.client
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from hmac import digest
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import psutil

_START_TIMEOUT_S: Final = 20.0
_STOP_TIMEOUT_S: Final = 15.0
_TOKEN_LIFE_S: Final = 3600
_RATE_CLASSES: Final = (
    "sends", "edits", "checks", "reads", "ephemeral", "invitations", "new_threads", "proposals", "commands", "connects",
)  # fmt: skip


class HubError(Exception):
    """The hub did not start, or did not take what the bench needs."""


@dataclass(frozen=True, slots=True)
class CpuTimes:
    """CPU used so far, in seconds."""

    hub_s: float
    store_s: float
    generator_s: float
    machine_s: float
    """By everything on all cores, and what the hypervisor took."""

    def since(self, before: "CpuTimes") -> "CpuTimes":
        """Give what was used from then to now."""
        return CpuTimes(
            self.hub_s - before.hub_s,
            self.store_s - before.store_s,
            self.generator_s - before.generator_s,
            self.machine_s - before.machine_s,
        )

    @property
    def others_s(self) -> float:
        """By what has no part in the bench."""
        return max(0.0, self.machine_s - self.hub_s - self.store_s - self.generator_s)


class HubProcess:
    """Starts a hub on entering and ends it, and its store, on leaving; both by their own process ids."""

    def __init__(self, folder: Path) -> None:
        """``folder`` gets the hub's data and its log."""
        self._folder = folder
        self._secret = secrets.token_urlsafe(48)
        self._api_key = secrets.token_urlsafe(32)
        self.port = _free_port()
        self._process: subprocess.Popen[bytes]
        self.hub: psutil.Process
        self.store: psutil.Process
        self._generator = psutil.Process()

    def __enter__(self) -> Self:
        """Start the hub.

        Raises:
            HubError: it did not become ready in 20 s; nothing runs afterwards.
        """
        with self._log_path.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [_greenroom(), "serve"],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C is the bench's, which ends the hub itself
            )
        try:
            self.hub = psutil.Process(self._process.pid)
            self._until_healthy()
            self.store = self._find_store()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        """End the hub; its store ends with it."""
        self._stop()

    def cpu(self) -> CpuTimes:
        """Give the CPU that hub, store, this process and the whole machine have used, user and system."""
        used = [sum(process.cpu_times()[:2]) for process in (self.hub, self.store, self._generator)]
        machine = psutil.cpu_times()
        idle_s = machine.idle + getattr(machine, "iowait", 0.0)
        return CpuTimes(used[0], used[1], used[2], sum(machine) - idle_s)

    def hub_bytes(self) -> int:
        """Give the resident memory of the hub."""
        return int(self.hub.memory_info().rss)

    def pin(self) -> str:
        """Give hub and generator a core each, where there are two; the store runs wherever the kernel likes."""
        if not hasattr(self.hub, "cpu_affinity"):
            return "not pinned: this system has no affinity"
        cores = self._generator.cpu_affinity()
        if len(cores) < 2:
            return "not pinned: one core"
        self.hub.cpu_affinity([cores[0]])
        self._generator.cpu_affinity([cores[-1]])
        return f"hub on core {cores[0]}, generator on core {cores[-1]}, store on any of {len(cores)}"

    def mint_token(self, user: str) -> str:
        """Make a token that names a user, as the marketplace would."""
        now_s = int(time.time())
        claims = {"sub": user, "iat": now_s, "exp": now_s + _TOKEN_LIFE_S, "aud": "greenroom"}
        parts = [{"alg": "HS256", "typ": "JWT"}, claims]
        signed = b".".join(_base64url(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
        signature = digest(self._secret.encode(), signed, sha256)
        return (signed + b"." + _base64url(signature)).decode()

    def put_freelancers(self, users: list[str]) -> None:
        """Tell the hub about freelancers, through the server API.

        Raises:
            HubError: it refused one.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Authorization": f"Bearer {self._api_key}", "Content-Type": "application/json"}
        try:
            for user in users:
                profile = json.dumps({"name": "Load Freelancer", "headline": "Writes messages", "skills": ["load"]})
                connection.request("PUT", f"/api/v1/freelancers/{user}", profile, headers)
                answer = connection.getresponse()
                text = answer.read()
                if answer.status >= 300:
                    raise HubError(f"the server API answered {answer.status}: {text[:200].decode(errors='replace')}")
        finally:
            connection.close()

    @property
    def _log_path(self) -> Path:
        return self._folder / "hub.log"

    def _environment(self) -> dict[str, str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GREENROOM_")}
        environment |= {
            "GREENROOM_LISTEN": f"127.0.0.1:{self.port}",
            "GREENROOM_DATA_DIR": str(self._folder / "data"),
            "GREENROOM_TOKEN_SECRET": self._secret,
            "GREENROOM_API_KEYS": self._api_key,
            "GREENROOM_DRAIN_S": "0",
        }
        for name in _RATE_CLASSES:
            environment[f"GREENROOM_RATE_{name.upper()}_PER_S"] = "100000"
            environment[f"GREENROOM_RATE_{name.upper()}_BURST"] = "100000"
        return environment

    def _until_healthy(self) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not self._is_healthy():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise HubError(f"the hub did not start:\n{self.log_tail()}")
            time.sleep(0.05)

    def _is_healthy(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _find_store(self) -> psutil.Process:
        for child in self.hub.children(recursive=True):
            if "valkey-server" in child.name():
                return child
        raise HubError("the hub has no embedded store among its processes")

    def log_tail(self) -> str:
        """Give the last lines the hub wrote; it logs no message text."""
        return self._log_path.read_text(errors="replace")[-2000:]

    def _stop(self) -> None:
        store = getattr(self, "store", None)
        self._process.terminate()
        try:
            self._process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if store is not None and store.is_running():  # psutil compares the start time: never another process
            store.terminate()
            store.wait(_STOP_TIMEOUT_S)


def _greenroom() -> str:
    """Give the `greenroom` of this environment."""
    beside = Path(sys.executable).with_name("greenroom")
    found = str(beside) if beside.exists() else shutil.which("greenroom")
    if found is None:
        raise HubError("there is no `greenroom` command; install the [server] extra")
    return found


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _base64url(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")
