"""The settings of a hub: typed, checked, read once.

Source: server/docs/configuration.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from greenroom_server.auth.keys import PublicKeys, parse_jwks
from greenroom_server.auth.tokens import SECRET_BYTES, TokenOptions
from greenroom_server.config.development import DevelopmentSecrets, development_secrets
from greenroom_server.config.reading import (
    Reader,
    duplicates,
    parse_jwks_url,
    parse_listen,
    parse_origin,
    split_list,
)
from greenroom_server.config.webhooks import read_webhooks, shown_webhooks
from greenroom_server.delivery.webhook_post import WebhookOptions
from greenroom_server.domain import policy as marketplace_policy
from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.store.connect import StoreAddress
from greenroom_server.transport.throttle import DEFAULT_RATES, Rate

API_KEY_CHARS: Final = 32
"""Shortest API key."""

_HOW_TO_MAKE: Final = "make one with `openssl rand -hex 32`, or use --dev to try things out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a hub is told. Secrets are in no repr; `shown` is for people."""

    host: str
    """Name or address to listen on; IPv6 without brackets."""
    port: int
    """0 takes a free one."""
    data_dir: Path
    """Absolute; created when something is first written there."""
    valkey_url: str | None = field(repr=False)
    """Checked form of a store address; None runs the embedded store."""
    valkey_fsync: str
    """``always``, ``everysec`` or ``no``, of the embedded store."""
    wait_replicas: int
    """Replicas that an ack waits for."""
    wait_timeout_ms: int
    """How long it waits for them."""
    token: TokenOptions
    """Whose tokens are accepted."""
    api_keys: tuple[str, ...] = field(repr=False)
    """At least one."""
    origins: tuple[str, ...]
    """Exact, as browsers send them; empty allows only requests without one, and the hub's own page with ``is_dev``."""
    seal_keys: tuple[str, ...] = field(repr=False)
    """Master key of the sealed originals; empty where the rules keep none."""
    webhooks: WebhookOptions
    """Where webhooks go; without an address there are none."""
    marketplace_policy: Path | None
    """TOML that was checked; None is the shipped policy."""
    screening_policy: Path | None
    """TOML that was checked; None is the shipped policy."""
    log_level: str
    """``debug``, ``info``, ``warning`` or ``error``."""
    log_format: str
    """``json`` or ``console``."""
    drain_s: int
    """Over which reconnects are spread when the hub ends."""
    rates: Mapping[str, Rate]
    """By class; all classes of `transport.throttle.DEFAULT_RATES`."""
    is_dev: bool
    """Development mode: secrets are made, the demo page and its tokens are served."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str], *, dev: bool = False) -> Self:
        """Read and check everything.

        Args:
            environ: only names that begin with ``GREENROOM_`` are looked at; empty values count as not set.
            dev: make the secrets that are missing, once, in the data folder.

        Raises:
            ConfigError: has a sentence for each problem; nothing but development secrets was written.
        """
        reader = Reader(environ)
        reader.refuse_unknown()
        host, port = _listen(reader)
        data_dir = reader.path("GREENROOM_DATA_DIR", Path(".data"))
        made = development_secrets(reader, data_dir) if dev else None
        settings = cls(
            host=host,
            port=port,
            data_dir=data_dir,
            valkey_url=_store(reader),
            valkey_fsync=reader.choice("GREENROOM_VALKEY_FSYNC", "always", ("always", "everysec", "no")),
            wait_replicas=reader.whole("GREENROOM_WAIT_REPLICAS", 0, 0, 8),
            wait_timeout_ms=reader.whole("GREENROOM_WAIT_TIMEOUT_MS", 500, 10, 4000),
            token=_token(reader, made),
            api_keys=_api_keys(reader, made),
            origins=_origins(reader),
            webhooks=read_webhooks(reader),
            marketplace_policy=reader.file("GREENROOM_MARKETPLACE_POLICY", marketplace_policy.from_toml),
            screening_policy=reader.file("GREENROOM_SCREENING_POLICY", ScreeningPolicy.from_toml),
            seal_keys=_seal_keys(reader, made),
            log_level=reader.choice("GREENROOM_LOG_LEVEL", "info", ("debug", "info", "warning", "error")),
            log_format=reader.choice("GREENROOM_LOG_FORMAT", "console" if dev else "json", ("json", "console")),
            drain_s=reader.whole("GREENROOM_DRAIN_S", 20, 0, 600),
            rates=_rates(reader),
            is_dev=dev,
        )
        reader.finish()
        return settings

    @property
    def store_label(self) -> str:
        """Where the store is, without credentials."""
        return "embedded" if self.valkey_url is None else StoreAddress.parse(self.valkey_url).label

    def shown(self) -> dict[str, str]:
        """Give the variables with the values in force, secrets redacted; "" where nothing is set."""
        token, host = self.token, f"[{self.host}]" if ":" in self.host else self.host
        shown = {
            "GREENROOM_LISTEN": f"{host}:{self.port}",
            "GREENROOM_DATA_DIR": str(self.data_dir),
            "GREENROOM_DRAIN_S": str(self.drain_s),
            "GREENROOM_VALKEY_URL": "" if self.valkey_url is None else f"{self.store_label} (credentials not shown)",
            "GREENROOM_VALKEY_FSYNC": self.valkey_fsync,
            "GREENROOM_WAIT_REPLICAS": str(self.wait_replicas),
            "GREENROOM_WAIT_TIMEOUT_MS": str(self.wait_timeout_ms),
            "GREENROOM_TOKEN_SECRET": "" if token.secret is None else "***",
            "GREENROOM_JWKS_FILE": str(token.jwks_file or ""),
            "GREENROOM_JWKS_URL": token.jwks_url or "",
            "GREENROOM_TOKEN_AUDIENCE": token.audience,
            "GREENROOM_TOKEN_ISSUER": token.issuer or "",
            "GREENROOM_API_KEYS": ",".join("***" for _ in self.api_keys),
            "GREENROOM_SEAL_KEY": "***" if self.seal_keys else "",
            "GREENROOM_ORIGINS": ",".join(self.origins),
            **shown_webhooks(self.webhooks),
            "GREENROOM_MARKETPLACE_POLICY": str(self.marketplace_policy or ""),
            "GREENROOM_SCREENING_POLICY": str(self.screening_policy or ""),
            "GREENROOM_LOG_LEVEL": self.log_level,
            "GREENROOM_LOG_FORMAT": self.log_format,
        }
        for name, rate in self.rates.items():
            shown[f"GREENROOM_RATE_{name.upper()}_PER_S"] = f"{rate.per_s:g}"
            shown[f"GREENROOM_RATE_{name.upper()}_BURST"] = str(rate.burst)
        return shown


def token_options(environ: Mapping[str, str], *, dev: bool = False) -> TokenOptions:
    """Read the part of the settings that tokens need, for tools that need nothing else.

    Raises:
        ConfigError: as `Settings.from_env`.
    """
    reader = Reader(environ)
    made = development_secrets(reader, reader.path("GREENROOM_DATA_DIR", Path(".data"))) if dev else None
    options = _token(reader, made)
    reader.finish()
    return options


def _listen(reader: Reader) -> tuple[str, int]:
    value = reader.text("GREENROOM_LISTEN") or "127.0.0.1:8080"
    return reader.parsed("GREENROOM_LISTEN", value, parse_listen) or ("127.0.0.1", 8080)


def _store(reader: Reader) -> str | None:
    url = reader.secret("GREENROOM_VALKEY_URL")
    if url is not None:
        reader.parsed("GREENROOM_VALKEY_URL", url, _store_address)
    return url


def _store_address(url: str) -> StoreAddress:
    if not url.isascii():  # the parser's complaint would quote the password
        raise ValueError("characters beyond ASCII must be percent-encoded")
    return StoreAddress.parse(url)


def _key_file(text: str) -> PublicKeys:
    return parse_jwks(text.encode())


def _token(reader: Reader, made: DevelopmentSecrets | None) -> TokenOptions:
    secret = reader.secret("GREENROOM_TOKEN_SECRET")
    file, url = reader.file("GREENROOM_JWKS_FILE", _key_file), reader.text("GREENROOM_JWKS_URL")
    if secret is not None and len(secret.encode()) < SECRET_BYTES:
        reader.note(f"GREENROOM_TOKEN_SECRET must have at least {SECRET_BYTES} bytes; {_HOW_TO_MAKE}.")
        secret = None
    elif secret is None and file is None and url is None:
        if made is None:
            reader.note(
                "Nothing says how tokens are signed: set GREENROOM_JWKS_URL or GREENROOM_JWKS_FILE to the public keys "
                f"of the token issuer, or GREENROOM_TOKEN_SECRET to a shared secret; {_HOW_TO_MAKE}."
            )
        else:
            secret = made.token_secret
    if file is not None and url is not None:
        reader.note("GREENROOM_JWKS_FILE and GREENROOM_JWKS_URL are both set; keep one of them.")
        file = None
    return TokenOptions(
        secret=secret,
        jwks_file=file,
        jwks_url=None if url is None else reader.parsed("GREENROOM_JWKS_URL", url, parse_jwks_url),
        audience=reader.text("GREENROOM_TOKEN_AUDIENCE") or "greenroom",
        issuer=reader.text("GREENROOM_TOKEN_ISSUER"),
    )


def _api_keys(reader: Reader, made: DevelopmentSecrets | None) -> tuple[str, ...]:
    text = reader.secret("GREENROOM_API_KEYS")
    keys = split_list(text) if text is not None else [made.api_key] if made is not None else []
    if not keys:
        reader.note(f"GREENROOM_API_KEYS is needed by the marketplace's backend; {_HOW_TO_MAKE}.")
    if any(len(key) < API_KEY_CHARS or not key.isascii() or not key.isprintable() or " " in key for key in keys):
        reader.note(
            f"Each of GREENROOM_API_KEYS must have at least {API_KEY_CHARS} characters of printable ASCII without "
            f"blanks; {_HOW_TO_MAKE}."
        )
    if duplicates(keys):
        reader.note("GREENROOM_API_KEYS names a key twice.")
    return tuple(keys)


def _seal_keys(reader: Reader, made: DevelopmentSecrets | None) -> tuple[str, ...]:
    """Read the master keys; one is needed where somebody moderates and originals are kept for them."""
    text = reader.secret("GREENROOM_SEAL_KEY")
    if text is None:
        return (made.seal_key or made.token_secret,) if made is not None else _no_seal_key(reader)
    found = split_list(text)
    if not found or any(len(key.encode()) < SECRET_BYTES for key in found):
        reader.note(f"Each of GREENROOM_SEAL_KEY must have at least {SECRET_BYTES} bytes; {_HOW_TO_MAKE}.")
    if duplicates(found):
        reader.note("GREENROOM_SEAL_KEY names a key twice.")
    return tuple(found)


def _no_seal_key(reader: Reader) -> tuple[str, ...]:
    path = reader.text("GREENROOM_MARKETPLACE_POLICY")
    try:
        rules = marketplace_policy.from_toml(Path(path).expanduser().read_text("utf-8")).moderation if path else None
    except (OSError, ValueError):
        return ()  # said already
    if rules is not None and rules.has_moderators and rules.originals != "never":
        reader.note(
            "GREENROOM_SEAL_KEY is needed: the marketplace's policy has moderators, and originals sealed for them; "
            f"{_HOW_TO_MAKE}."
        )
    return ()


def _origins(reader: Reader) -> tuple[str, ...]:
    entries = split_list(reader.text("GREENROOM_ORIGINS") or "")
    origins = [reader.parsed("GREENROOM_ORIGINS", entry, parse_origin) for entry in entries]
    return tuple(origin for origin in origins if origin is not None)


def _rates(reader: Reader) -> dict[str, Rate]:
    return {
        name: Rate(
            reader.number(f"GREENROOM_RATE_{name.upper()}_PER_S", default.per_s, 0.001, 100_000),
            reader.whole(f"GREENROOM_RATE_{name.upper()}_BURST", default.burst, 1, 100_000),
        )
        for name, default in DEFAULT_RATES.items()
    }
