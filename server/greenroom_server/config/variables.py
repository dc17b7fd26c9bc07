"""Every variable of the environment that the hub reads: the source of the table in server/docs/configuration.md."""

from dataclasses import dataclass
from typing import Final

from greenroom_server.transport.throttle import DEFAULT_RATES

PREFIX: Final = "GREENROOM_"


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable."""

    name: str
    """With its prefix."""
    default: str
    """As it would be written; "" when there is none."""
    meaning: str
    """A sentence or two, in Markdown."""
    is_secret: bool = False
    """Never shown; may also come from a file, ``<name>_FILE``."""


_PLACES: Final = (
    Variable(
        "GREENROOM_LISTEN",
        "127.0.0.1:8080",
        "Address and port of WebSocket and HTTP. IPv6 in brackets: `[::1]:8080`; all interfaces: `0.0.0.0:8080`; "
        "port 0 takes a free one.",
    ),
    Variable(
        "GREENROOM_DATA_DIR",
        ".data",
        "Folder of the embedded store and of the development secrets, relative to the current folder. "
        "One hub at a time.",
    ),
    Variable(
        "GREENROOM_DRAIN_S",
        "20",
        "Seconds over which SIGTERM spreads the reconnects of the connected clients, 0 to 600.",
    ),
)
_STORE: Final = (
    Variable(
        "GREENROOM_VALKEY_URL",
        "",
        "Store: `redis://`, `rediss://`, `valkey://`, `valkeys://` or `unix://` with user and password where needed. "
        "Not set: an embedded Valkey is run in the data folder.",
        is_secret=True,
    ),
    Variable(
        "GREENROOM_VALKEY_FSYNC",
        "always",
        "`appendfsync` of the embedded store: `always`, `everysec` or `no`. With anything but `always` "
        "a crash loses acknowledged messages.",
    ),
    Variable(
        "GREENROOM_WAIT_REPLICAS",
        "0",
        "Replicas that must have received a write before it is acknowledged, 0 to 8.",
    ),
    Variable(
        "GREENROOM_WAIT_TIMEOUT_MS",
        "500",
        "Milliseconds to wait for the replicas, 10 to 4000; then the outcome counts as uncertain.",
    ),
)
_ACCESS: Final = (
    Variable(
        "GREENROOM_TOKEN_SECRET",
        "",
        "Secret of tokens signed with HS256, at least 32 bytes. Made and kept in the data folder "
        "in development mode, when no keys are named either.",
        is_secret=True,
    ),
    Variable(
        "GREENROOM_JWKS_FILE",
        "",
        "File with the public keys of tokens signed with RS256, ES256 or EdDSA (JSON Web Key Set).",
    ),
    Variable(
        "GREENROOM_JWKS_URL",
        "",
        "HTTPS address of such a key set, instead of a file. Read at the start and every 5 minutes; "
        "the keys known last stay in use while it does not answer.",
    ),
    Variable("GREENROOM_TOKEN_AUDIENCE", "greenroom", "What `aud` of a token must be or contain."),
    Variable("GREENROOM_TOKEN_ISSUER", "", "What `iss` of a token must be. Not set: not looked at."),
    Variable(
        "GREENROOM_API_KEYS",
        "",
        "Keys of the server API, separated by commas, each at least 32 characters; two while one is being replaced. "
        "One is made and kept in the data folder in development mode.",
        is_secret=True,
    ),
    Variable(
        "GREENROOM_SEAL_KEY",
        "",
        "Master keys of the originals that are [sealed for moderators](moderation.md#originals), separated by"
        " commas, each at least 32 bytes: the first seals, all open. Needed where the rules have moderators "
        "and keep originals. What was sealed under a key that is not here cannot be opened ([changing "
        "it](operations.md#changing-the-sealing-key)). Made and kept in the data folder in development mode.",
        is_secret=True,
    ),
    Variable(
        "GREENROOM_ORIGINS",
        "",
        "Exact origins of the pages that may connect, separated by commas, such as `https://www.example.com`. Not "
        "set: only programs that send no `Origin`, and in development mode the hub's own page.",
    ),
)
_WEBHOOKS: Final = (
    Variable(
        "GREENROOM_WEBHOOK_URLS",
        "",
        "Addresses that get [webhooks](webhooks.md), separated by commas, at most 4; each gets every event. "
        "`https://`, or `http://` on this machine.",
        is_secret=True,
    ),
    Variable(
        "GREENROOM_WEBHOOK_SECRETS",
        "",
        "Secret that signs them, `whsec_` and the base64 of 24 to 64 bytes; two, separated by a comma, while one is "
        "being replaced.",
        is_secret=True,
    ),
    Variable("GREENROOM_WEBHOOK_TIMEOUT_S", "10", "Seconds that an endpoint has to answer, 0.1 to 60."),
    Variable(
        "GREENROOM_WEBHOOK_ALLOW_HTTP",
        "no",
        "`yes` lets webhooks go to `http://` addresses of other machines, for a private network.",
    ),
)
_POLICIES: Final = (
    Variable(
        "GREENROOM_MARKETPLACE_POLICY", "", "TOML file with the marketplace's rules. Not set: those that are shipped."
    ),
    Variable("GREENROOM_SCREENING_POLICY", "", "TOML file with the contact rules. Not set: those that are shipped."),
)
_LOGS: Final = (
    Variable("GREENROOM_LOG_LEVEL", "info", "`debug`, `info`, `warning` or `error`."),
    Variable(
        "GREENROOM_LOG_FORMAT",
        "json",
        "`json`, one object per line, or `console`, which is the default in development mode.",
    ),
)
_RATES: Final = tuple(
    variable
    for name, rate in DEFAULT_RATES.items()
    for variable in (
        Variable(
            f"GREENROOM_RATE_{name.upper()}_PER_S",
            f"{rate.per_s:g}",
            f"`{name}` that one user may do per second in the long run.",
        ),
        Variable(
            f"GREENROOM_RATE_{name.upper()}_BURST",
            str(rate.burst),
            f"`{name}` that one user may do at once.",
        ),
    )
)

GROUPS: Final = {
    "Where it runs": _PLACES,
    "Store": _STORE,
    "Who may connect": _ACCESS,
    "Webhooks": _WEBHOOKS,
    "Rules": _POLICIES,
    "Logs": _LOGS,
    "Rates": _RATES,
}
"""Title to variables, in the order of the documentation."""

VARIABLES: Final = tuple(variable for group in GROUPS.values() for variable in group)
"""All of them."""
