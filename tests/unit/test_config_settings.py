"""Settings: what the environment may say, and the sentences about what it may not."""

import json
import stat
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import pytest

from greenroom_server.config import ConfigError, Settings
from greenroom_server.config.settings import token_options
from greenroom_server.config.variables import VARIABLES
from greenroom_server.domain.policy import default_policy
from greenroom_server.transport.throttle import DEFAULT_RATES, Rate

SECRET = "token-secret-0123456789-0123456789-abc"
API_KEY = "api-key-0123456789-0123456789-0123456789"
PASSWORD = "store-password"
LEAST = {"GREENROOM_TOKEN_SECRET": SECRET, "GREENROOM_API_KEYS": API_KEY}


def read(**variables: str) -> Settings:
    return Settings.from_env({**LEAST, **{f"GREENROOM_{name}": value for name, value in variables.items()}})


def problems(environ: Mapping[str, str], *, dev: bool = False) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as refused:
        Settings.from_env(environ, dev=dev)
    return refused.value.problems


def problem(**variables: str) -> str:
    (only,) = problems({**LEAST, **{f"GREENROOM_{name}": value for name, value in variables.items()}})
    return only


def test_defaults_are_those_of_the_documentation() -> None:
    documented = {variable.name: variable.default for variable in VARIABLES if variable.default}
    assert Settings.from_env({**LEAST, **documented}) == read()


def test_defaults() -> None:
    settings = read()
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.data_dir == Path.cwd() / ".data"
    assert (settings.valkey_url, settings.valkey_fsync, settings.wait_replicas) == (None, "always", 0)
    assert settings.token.audience == "greenroom"
    assert settings.origins == ()
    assert settings.rates == DEFAULT_RATES
    assert not settings.is_dev


def test_variables_of_others_and_empty_ones_are_not_looked_at() -> None:
    assert Settings.from_env({**LEAST, "HOME": "/", "GREENROOM_ORIGINS": " ", "GREENROOM_X": ""}) == read()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("GREENROOM_LISTN", "GREENROOM_LISTEN"),
        ("GREENROOM_DATADIR", "GREENROOM_DATA_DIR"),
        ("GREENROOM_TOKEN_SECRETS", "GREENROOM_TOKEN_SECRET"),
        ("GREENROOM_API_KEY", "GREENROOM_API_KEYS"),
        ("GREENROOM_RATE_SEND_PER_S", "GREENROOM_RATE_SENDS_PER_S"),
        ("GREENROOM_API_KEY_FILE", "GREENROOM_API_KEYS_FILE"),
    ],
)
def test_misspelt_variable_is_answered_with_the_one_that_was_meant(written: str, meant: str) -> None:
    (said,) = problems({**LEAST, written: "x"})
    assert written in said
    assert f"did you mean {meant}?" in said


def test_variable_that_resembles_none_is_a_problem_too() -> None:
    said = problem(QUANTUM="1")
    assert "GREENROOM_QUANTUM is not a variable" in said
    assert "did you mean" not in said


def test_every_problem_is_said_at_once() -> None:
    said = problems({"GREENROOM_LISTEN": "here", "GREENROOM_DRAIN_S": "long", "GREENROOM_LOG_LEVEL": "loud"})
    assert len(said) == 5
    assert [word in text for word, text in zip(("LISTEN", "Nothing", "API_KEYS", "loud", "long"), said, strict=True)]
    assert all(text.endswith(".") for text in said)


def test_missing_secrets_come_with_the_way_to_make_them() -> None:
    tokens, keys = problems({})
    for said in (tokens, keys):
        assert "openssl rand -hex 32" in said
        assert "--dev" in said


@pytest.mark.parametrize(
    ("value", "host", "port"),
    [
        ("127.0.0.1:0", "127.0.0.1", 0),
        ("[::1]:8081", "::1", 8081),
        ("0.0.0.0:65535", "0.0.0.0", 65535),
        ("localhost:80", "localhost", 80),
    ],
)
def test_listening_addresses(value: str, host: str, port: int) -> None:
    settings = read(LISTEN=value)
    assert (settings.host, settings.port) == (host, port)
    assert settings.shown()["GREENROOM_LISTEN"] == value


@pytest.mark.parametrize(
    "value", ["8080", ":8080", "::1:8080", "127.0.0.1", "host:65536", "[]:1", "a:b", "a:\u0661", "a:-1"]
)
def test_other_listening_addresses_are_refused(value: str) -> None:
    assert "127.0.0.1:8080 or [::1]:8080" in problem(LISTEN=value)


def test_origins_are_taken_as_browsers_send_them() -> None:
    settings = read(ORIGINS="https://WWW.example.com, http://localhost:5173,https://a.example:443,http://[::1]:80,")
    assert settings.origins == ("https://www.example.com", "http://localhost:5173", "https://a.example", "http://[::1]")


@pytest.mark.parametrize(
    "value",
    [
        *("*", "null", "example.com", "https://*.example.com", "https://example.com/", "https://example.com/a"),
        *("https://user@example.com", "https://", "https://example.com:", "ws://example.com", "https://a.example?x"),
        *("https://example.com#x", "https://exa mple.com", "https://ex\u00e4mple.com", "https://-a.example"),
    ],
)
def test_inexact_origins_are_refused(value: str) -> None:
    assert "not an exact origin" in problem(ORIGINS=value)


@pytest.mark.parametrize("value", ["-1", "1.5", "1e3", "\u0661", "601", "9" * 40, "0x10", "1_0"])
def test_whole_numbers_are_plain_and_bounded(value: str) -> None:
    assert "a whole number from 0 to 600" in problem(DRAIN_S=value)


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "1e3", "1,5", "100001"])
def test_rates_are_plain_and_positive(value: str) -> None:
    assert "GREENROOM_RATE_SENDS_PER_S must be a number" in problem(RATE_SENDS_PER_S=value)


def test_rates_change_one_by_one() -> None:
    settings = read(RATE_SENDS_PER_S="0.5", RATE_CONNECTS_BURST="7")
    assert settings.rates["sends"] == Rate(0.5, DEFAULT_RATES["sends"].burst)
    assert settings.rates["connects"] == Rate(DEFAULT_RATES["connects"].per_s, 7)
    assert settings.rates["edits"] == DEFAULT_RATES["edits"]


def test_secrets_may_come_from_files(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{SECRET}\n")
    (tmp_path / "keys").write_text(f"{API_KEY}\n{API_KEY}-2\n")
    (tmp_path / "url").write_text("redis://:pass@store:6379\n")
    names = {"TOKEN_SECRET": "token", "API_KEYS": "keys", "VALKEY_URL": "url"}
    settings = Settings.from_env({f"GREENROOM_{name}_FILE": str(tmp_path / file) for name, file in names.items()})
    assert settings.token.secret == SECRET
    assert settings.api_keys == (API_KEY, f"{API_KEY}-2")
    assert settings.store_label == "store:6379"


def test_files_of_secrets_that_cannot_be_used_are_problems(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "long").write_text("x" * 70_000)
    for name, words in (("empty", "is empty"), ("binary", "not text"), ("long", "longer"), ("none", "cannot be read")):
        said = problems({"GREENROOM_TOKEN_SECRET_FILE": str(tmp_path / name), "GREENROOM_API_KEYS": API_KEY})
        assert words in said[0]
    assert "both set" in problem(TOKEN_SECRET_FILE=str(tmp_path / "empty"))


def test_weak_secrets_are_refused_and_never_quoted() -> None:
    said = problems({"GREENROOM_TOKEN_SECRET": "hunter2", "GREENROOM_API_KEYS": "hunter3"})
    assert "at least 32 bytes" in said[0]
    assert "at least 32 characters" in said[1]
    assert "hunter" not in "".join(said)
    assert "twice" in problem(API_KEYS=f"{API_KEY},{API_KEY}")
    assert "without blanks" in problem(API_KEYS=f"{API_KEY} {API_KEY}")


@pytest.mark.parametrize(
    "url",
    [
        *(f"http://u:{PASSWORD}@store", f"redis://u:{PASSWORD}@store:port", f"redis://:{PASSWORD}@", "store:6379"),
        *(f"redis://u:{PASSWORD}@st\u2100re", f"redis://u:{PASSWORD}@[::1", f"redis://u:{PASSWORD}@store/x"),
    ],
)
def test_store_addresses_are_checked_without_quoting_the_password(url: str) -> None:
    said = problem(VALKEY_URL=url)
    assert said.startswith("GREENROOM_VALKEY_URL: ")
    assert PASSWORD not in said


def test_no_secret_is_in_a_repr_or_shown() -> None:
    settings = read(VALKEY_URL=f"rediss://hub:{PASSWORD}@store:6380/0")
    for text in (repr(settings), str(settings), json.dumps(settings.shown()), f"{settings.token}"):
        for secret in (SECRET, API_KEY, PASSWORD):
            assert secret not in text
    assert settings.shown()["GREENROOM_VALKEY_URL"].startswith("store:6380")
    assert settings.shown()["GREENROOM_TOKEN_SECRET"] == "***"


def test_every_variable_is_shown() -> None:
    assert list(read().shown()) == [variable.name for variable in VARIABLES]


def test_keys_of_the_issuer_replace_the_secret(tmp_path: Path) -> None:
    environ = {"GREENROOM_API_KEYS": API_KEY, "GREENROOM_JWKS_URL": "https://issuer.example/jwks.json"}
    token = Settings.from_env(environ).token
    assert (token.secret, token.jwks_url) == (None, "https://issuer.example/jwks.json")
    assert Settings.from_env({**environ, "GREENROOM_DATA_DIR": str(tmp_path)}, dev=True).token.secret is None
    (said,) = problems({**environ, "GREENROOM_JWKS_FILE": str(tmp_path / "keys.json")})[1:]
    assert "both set" in said


@pytest.mark.parametrize(
    "url", ["http://issuer.example/", "file:///etc/passwd", "https://", "https://u:p@issuer.example/"]
)
def test_keys_are_fetched_only_where_nobody_can_replace_them(url: str) -> None:
    assert problem(JWKS_URL=url).startswith("GREENROOM_JWKS_URL: ")
    assert read(JWKS_URL="http://127.0.0.1:9/jwks.json").token.jwks_url == "http://127.0.0.1:9/jwks.json"


def test_files_are_checked_before_the_hub_starts(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("version = 1")
    for name in ("MARKETPLACE_POLICY", "SCREENING_POLICY", "JWKS_FILE"):
        assert "which is not usable" in problem(**{name: str(path)})
        assert "cannot be read" in problem(**{name: str(tmp_path / "missing")})
    assert default_policy().version >= 1


def test_development_secrets_are_made_once_and_kept_private(tmp_path: Path) -> None:
    environ = {"GREENROOM_DATA_DIR": str(tmp_path / "data")}
    first, second = (Settings.from_env(environ, dev=True) for _ in range(2))
    path = tmp_path / "data" / "dev-secrets.json"
    assert first == second
    assert first.is_dev
    assert first.log_format == "console"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["dev-secrets.json"]
    assert len(first.token.secret or "") >= 32
    assert json.loads(path.read_text()) == {
        "token_secret": first.token.secret, "api_key": first.api_keys[0], "seal_key": first.seal_keys[0],
    }  # fmt: skip
    assert token_options(environ, dev=True) == first.token


def test_development_mode_keeps_what_is_configured(tmp_path: Path) -> None:
    settings = Settings.from_env({**LEAST, "GREENROOM_DATA_DIR": str(tmp_path)}, dev=True)
    assert settings.token.secret == SECRET
    assert settings.api_keys == (API_KEY,)


def test_a_data_folder_of_an_older_release_seals_with_what_it_has(tmp_path: Path) -> None:
    (tmp_path / "dev-secrets.json").write_text(f'{{"token_secret": "{SECRET}", "api_key": "{API_KEY}"}}')
    assert Settings.from_env({"GREENROOM_DATA_DIR": str(tmp_path)}, dev=True).seal_keys == (SECRET,)


def test_moderators_need_a_key_that_seals_originals(tmp_path: Path) -> None:
    shipped = (resources.files("greenroom_server.domain") / "policy" / "default.toml").read_text("utf-8")
    policy = tmp_path / "policy.toml"
    policy.write_text(shipped.replace("has_moderators = false", "has_moderators = true"))
    environ = {**LEAST, "GREENROOM_MARKETPLACE_POLICY": str(policy)}
    assert [said for said in problems(environ) if "GREENROOM_SEAL_KEY is needed" in said]
    assert "at least 32 bytes" in problems({**environ, "GREENROOM_SEAL_KEY": "short"})[0]
    key = "a master key of at least thirty-two bytes"
    settings = Settings.from_env({**environ, "GREENROOM_SEAL_KEY": key})
    assert settings.seal_keys == (key,)
    assert key not in repr(settings) + str(settings.shown())
    policy.write_text(policy.read_text().replace('originals = "hold_only"', 'originals = "never"'))
    assert Settings.from_env(environ).seal_keys == ()


def test_a_sealing_key_is_changed_by_naming_two() -> None:
    old, new = "the master key that was there before", "the master key that comes after it"
    settings = Settings.from_env({**LEAST, "GREENROOM_SEAL_KEY": f"{new}, {old}"})
    assert settings.seal_keys == (new, old)
    assert new not in repr(settings) + str(settings.shown())
    assert "at least 32 bytes" in problems({**LEAST, "GREENROOM_SEAL_KEY": f"{new},short"})[0]
    assert "at least 32 bytes" in problems({**LEAST, "GREENROOM_SEAL_KEY": " , "})[0]
    assert "names a key twice" in problems({**LEAST, "GREENROOM_SEAL_KEY": f"{new},{new}"})[0]


def test_damaged_development_secrets_are_a_problem(tmp_path: Path) -> None:
    (tmp_path / "dev-secrets.json").write_text('{"token_secret": "x"}')
    said = problems({"GREENROOM_DATA_DIR": str(tmp_path)}, dev=True)
    assert "delete it" in said[0]
    (tmp_path / "file").write_text("")
    said = problems({"GREENROOM_DATA_DIR": str(tmp_path / "file")}, dev=True)
    assert "set GREENROOM_DATA_DIR" in said[0]


def test_tokens_need_no_more_than_their_own_settings() -> None:
    assert token_options({"GREENROOM_TOKEN_SECRET": SECRET}).secret == SECRET
    with pytest.raises(ConfigError, match="Nothing says how tokens are signed"):
        token_options({})
