"""The command line: what it prints, its exit codes, and what the doctor finds on real stores."""

import argparse
import asyncio
import errno
import io
import json
import os
import socket
import subprocess
import sys
import types
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest
from aiohttp import web

from greenroom_server.auth.tokens import Claims, TokenOptions, TokenVerifier
from greenroom_server.cli import main as cli
from greenroom_server.cli.checks import Finding
from greenroom_server.cli.doctor import examine
from greenroom_server.cli.output import coloured
from greenroom_server.cli.serve import bind_problem
from greenroom_server.config import Settings
from greenroom_server.config.documentation import markdown
from greenroom_server.store.embedded import EmbeddedOptions, EmbeddedValkey
from testkit.valkey import RealValkey, free_port, real_valkey

SECRET = "token-secret-0123456789-0123456789-abc"
API_KEY = "api-key-0123456789-0123456789-0123456789"
PASSWORD = "store-password"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A configuration that is complete, with nothing of the developer's own."""
    for name in list(os.environ):
        if name.startswith("GREENROOM_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GREENROOM_TOKEN_SECRET", SECRET)
    monkeypatch.setenv("GREENROOM_API_KEYS", API_KEY)
    monkeypatch.setenv("GREENROOM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("GREENROOM_LISTEN", f"127.0.0.1:{free_port()}")
    return monkeypatch


def run_process(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "greenroom_server.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


# --- commands and exit codes


def test_wrong_configuration_ends_serve_with_sentences_and_2(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("GREENROOM_LISTNE", "x")
    environment.setenv("GREENROOM_API_KEYS", "short-secret")
    assert cli.main(["serve"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    lines = shown.err.splitlines()
    assert lines[0] == "greenroom: GREENROOM_LISTNE is not a variable of Greenroom; did you mean GREENROOM_LISTEN?"
    assert len(lines) == 2
    assert "short-secret" not in shown.err


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["token"], ["token", "mint"], ["serve", "--port", "1"]])
def test_wrong_usage_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert "usage: greenroom" in capsys.readouterr().err


def test_minted_token_lets_its_user_in(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["token", "mint", "--user", "ada", "--ttl", "60"]) == 0
    token = capsys.readouterr().out.strip()
    verifier = TokenVerifier(TokenOptions(secret=SECRET))
    issued_at_s = json.loads(_payload(token))["iat"]
    assert verifier.verify(token, issued_at_s) == Claims("ada", issued_at_s, issued_at_s + 60)


def _payload(token: str) -> bytes:
    part = token.split(".")[1]
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_development_mode_mints_with_its_own_secret(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.delenv("GREENROOM_TOKEN_SECRET")
    assert cli.main(["token", "mint", "--user", "ada"]) == 2
    assert "--dev" in capsys.readouterr().err
    assert cli.main(["token", "mint", "--user", "ada", "--dev"]) == 0
    assert capsys.readouterr().out.count(".") == 2


@pytest.mark.parametrize(
    "wrong", [["--user", "a b"], ["--user", "ada", "--ttl", "0"], ["--user", "ada", "--ttl", "86401"]]
)
def test_impossible_tokens_are_2(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["token", "mint", *wrong]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("greenroom: ")


def test_configuration_is_shown_without_secrets(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("GREENROOM_VALKEY_URL", f"redis://:{PASSWORD}@store:6379")
    assert cli.main(["config", "show"]) == 0
    assert cli.main(["config", "show", "--json"]) == 0
    shown = capsys.readouterr().out
    assert "GREENROOM_TOKEN_SECRET=***" in shown
    assert json.loads(shown[shown.index("{") :])["GREENROOM_VALKEY_FSYNC"] == "always"
    assert not any(secret in shown for secret in (SECRET, API_KEY, PASSWORD))


def test_configuration_is_checked(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["config", "check"]) == 0
    environment.setenv("GREENROOM_DRAIN_S", "-1")
    assert cli.main(["config", "check"]) == 2
    assert "GREENROOM_DRAIN_S must be" in capsys.readouterr().err


def test_documentation_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["config", "docs"]) == 0
    assert capsys.readouterr().out == markdown()


@pytest.fixture
def added_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command of another package, and one whose package is not installed whole."""

    def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
        parser = subparsers.add_parser("greet", help="says hello")
        parser.add_argument("--loud", action="store_true")
        parser.set_defaults(run=lambda parsed: 7 if parsed.loud else 0)

    module = types.ModuleType("greenroom_greeting")
    module.add_parser = add_parser  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "greenroom_greeting", module)
    added = [
        EntryPoint("greet", "greenroom_greeting:add_parser", cli.GROUP),
        EntryPoint("absent", "greenroom_absent:add_parser", cli.GROUP),
        EntryPoint("serve", "greenroom_absent:takes_over", cli.GROUP),
    ]
    monkeypatch.setattr(cli, "entry_points", lambda group: added if group == cli.GROUP else entry_points(group=group))


@pytest.mark.usefixtures("added_commands")
def test_other_packages_add_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["greet", "--loud"]) == 7
    with pytest.raises(SystemExit) as ended:
        cli.main(["absent", "--loud"])
    assert ended.value.code == 2
    assert "install greenroom[absent]" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    for words in ("says hello", "not installed", "run the hub", "Exit codes"):
        assert words in shown, "and none replaces one of ours"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colour_is_for_terminals_whose_owner_wants_it(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("NO_COLOR", raising=False)
    environment.setenv("TERM", "xterm")
    assert coloured("fail", "fail", Terminal()) == "\033[31mfail\033[0m"
    assert coloured("fail", "fail", io.StringIO()) == "fail"
    environment.setenv("NO_COLOR", "1")
    assert coloured("fail", "fail", Terminal()) == "fail"


def test_address_that_cannot_be_listened_on_is_explained(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("GREENROOM_LISTEN", "[::1]:80")
    settings = Settings.from_env(os.environ)
    for number, words in ((errno.EADDRINUSE, "already"), (errno.EADDRNOTAVAIL, "address"), (errno.EACCES, "1023")):
        said = bind_problem(OSError(number, ""), settings)
        assert said is not None
        assert words in said
        assert "[::1]:80" in said
    assert bind_problem(OSError(errno.ENOSPC, ""), settings) is None


LOGGING_PROGRAM = """\
import logging, structlog
from greenroom_server.cli.logs import set_up_logging
set_up_logging("info", "{form}")
log = structlog.get_logger()
structlog.contextvars.bind_contextvars(connection="c1")
log.debug("unseen")
log.info("command_refused", code="rate.sends", text="private-1", token="private-2")
logging.getLogger("aiohttp").warning("odd %s", "thing")
text = "private-3"
try:
    raise KeyError("lost")
except KeyError:
    log.exception("task_failed", ip="private-4")
"""


@pytest.mark.parametrize("form", ["json", "console"])
def test_log_has_one_event_per_line_and_nothing_private(form: str) -> None:
    program = LOGGING_PROGRAM.replace("{form}", form)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout == ""
    assert "private" not in ended.stderr
    assert "unseen" not in ended.stderr
    if form == "json":
        first, second, third = (json.loads(line) for line in ended.stderr.splitlines())
        assert (first["event"], first["code"], first["connection"]) == ("command_refused", "rate.sends", "c1")
        assert (second["event"], second["level"], second["logger"]) == ("odd thing", "warning", "aiohttp")
        assert "KeyError: 'lost'" in third["exception"]


# --- doctor


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    named = {finding.name: finding for finding in findings}
    assert len(named) == len(findings)
    for finding in findings:
        assert not any(secret in f"{finding}" for secret in (SECRET, API_KEY, PASSWORD))
        assert finding.level == "ok" or finding.fix or finding.name in ("configuration", "other checks")
    return named


def failed(found: dict[str, Finding]) -> set[str]:
    return {name for name, finding in found.items() if finding.level == "fail"}


def test_doctor_finds_a_fresh_machine_fit() -> None:
    ended = run_process("doctor", "--dev", "--json")
    report = json.loads(ended.stdout)
    assert ended.returncode == 0, ended.stderr
    assert report["ok"] is True
    levels = {check["name"]: check["level"] for check in report["checks"]}
    for name in ("python", "configuration", "data folder", "embedded store", "store", "memory policy", "token secret"):
        assert levels[name] == "ok"
    assert {"write latency", "clock", "origins", "descriptors", "port"} <= levels.keys()
    assert ended.stderr == ""


def test_doctor_says_what_is_wrong_with_the_configuration(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("GREENROOM_API_KEYS")
    ended = run_process("doctor")
    assert ended.returncode == 1
    assert "\033" not in ended.stdout
    assert "fail  configuration  GREENROOM_API_KEYS is needed" in ended.stdout
    assert "not made" in ended.stdout


@asynccontextmanager
async def running_embedded(data_dir: Path) -> AsyncIterator[EmbeddedValkey]:
    embedded = EmbeddedValkey(EmbeddedOptions(data_dir))
    await embedded.start()
    try:
        yield embedded
    finally:
        await embedded.stop()


@asynccontextmanager
async def healthy_hub(port: int, status: int) -> AsyncIterator[None]:
    async def healthz(_request: web.Request) -> web.Response:
        return web.Response(status=status)

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield
    finally:
        await runner.cleanup()


async def test_doctor_leaves_a_running_hub_alone_and_asks_its_store(tmp_path: Path) -> None:
    port = Settings.from_env(os.environ).port
    async with running_embedded(tmp_path / "data") as embedded, healthy_hub(port, 200):
        pid = embedded.pid
        found = by_name(await examine(dev=False))
        assert embedded.pid == pid
    assert failed(found) == set()
    assert "runs it" in found["embedded store"].text
    assert "fsynced before the ack" in found["store"].text
    assert found["port"] == Finding("port", "ok", f"a hub serves 127.0.0.1:{port}; /healthz says 200")


async def test_doctor_tells_a_hub_that_is_not_ready() -> None:
    async with healthy_hub(Settings.from_env(os.environ).port, 503):
        found = by_name(await examine(dev=False))
    assert found["port"].level == "warn"
    assert "503" in found["port"].text


@pytest.fixture
def store(tmp_path: Path, environment: pytest.MonkeyPatch) -> Iterator[RealValkey]:
    """An external store that may lose data, with a password."""
    options = {"requirepass": PASSWORD, "appendonly": "yes", "appendfsync": "everysec"}
    with real_valkey(tmp_path / "v", options) as server:
        environment.setenv("GREENROOM_VALKEY_URL", f"unix://:{PASSWORD}@{server.socket}")
        yield server


async def test_doctor_says_what_an_external_store_may_lose(
    store: RealValkey, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = by_name(await examine(dev=False))
    assert "embedded store" not in found
    assert failed(found) == set()
    assert found["store"].level == "warn"
    assert "appendfsync always" in (found["store"].fix or "")
    assert not (tmp_path / "data" / "valkey").exists()
    environment.setenv("GREENROOM_WAIT_REPLICAS", "1")
    assert by_name(await examine(dev=False))["store"].level == "fail"


async def test_doctor_fails_a_store_that_evicts(store: RealValkey) -> None:
    with store.client() as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
    found = by_name(await examine(dev=False))
    assert failed(found) == {"store"}
    assert "allkeys-lru" in found["store"].text


async def test_doctor_fails_a_store_that_refuses_writes(store: RealValkey) -> None:
    with store.client() as client:
        client.config_set("min-replicas-to-write", 1)
    found = by_name(await examine(dev=False))
    assert failed(found) == {"write latency"}
    assert "NOREPLICAS" in found["write latency"].text


async def test_doctor_fails_a_store_that_is_not_there_or_refuses_us(
    store: RealValkey, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("GREENROOM_VALKEY_URL", f"unix://:wrong@{store.socket}")
    assert failed(by_name(await examine(dev=False))) == {"store"}
    environment.setenv("GREENROOM_VALKEY_URL", f"redis://:{PASSWORD}@127.0.0.1:{free_port()}")
    found = by_name(await examine(dev=False))
    assert failed(found) == {"store"}
    assert "does not answer" in found["store"].text


async def test_doctor_looks_at_port_keys_and_origins(store: RealValkey, environment: pytest.MonkeyPatch) -> None:
    found = by_name(await examine(dev=False))
    assert (found["token secret"].level, found["origins"].level, found["port"].level) == ("warn", "warn", "ok")
    environment.setenv("GREENROOM_JWKS_URL", f"http://127.0.0.1:{free_port()}/jwks.json")
    environment.setenv("GREENROOM_ORIGINS", "https://www.example.com,http://www.example.com")
    with socket.create_server(("127.0.0.1", 0)) as other:
        environment.setenv("GREENROOM_LISTEN", f"127.0.0.1:{other.getsockname()[1]}")
        closing = asyncio.get_running_loop().run_in_executor(None, _hang_up_once, other)
        found = by_name(await examine(dev=False))
        await closing
    assert failed(found) == {"token keys", "port"}
    assert "not encrypted" in found["origins"].text
    assert "another port" in (found["port"].fix or "")


def _hang_up_once(listener: socket.socket) -> None:
    """Be a program that is no hub: the doctor asks it for its health first."""
    listener.accept()[0].close()
