"""Where webhooks go and who signs them, as configured."""

from typing import Final
from urllib.parse import urlsplit

from greenroom_server.config.reading import Reader, duplicates, is_loopback, split_list
from greenroom_server.delivery.webhook_post import WebhookOptions
from greenroom_server.domain.webhook import read_secret

MOST_URLS: Final = 4
MOST_SECRETS: Final = 2
_HOW_TO_MAKE: Final = "make one with `echo whsec_$(openssl rand -base64 32)`"


def read_webhooks(reader: Reader) -> WebhookOptions:
    """Read the variables; without an address there are no webhooks."""
    allows_http = reader.choice("GREENROOM_WEBHOOK_ALLOW_HTTP", "no", ("no", "yes")) == "yes"
    entries = split_list(reader.secret("GREENROOM_WEBHOOK_URLS") or "")
    urls = [
        url
        for entry in entries
        if (url := reader.parsed("GREENROOM_WEBHOOK_URLS", entry, lambda text: parse_url(text, allows_http)))
    ]
    if len(entries) > MOST_URLS or duplicates(entries):
        reader.note(f"GREENROOM_WEBHOOK_URLS takes at most {MOST_URLS} addresses, each once.")
    texts = split_list(reader.secret("GREENROOM_WEBHOOK_SECRETS") or "")
    secrets = [
        secret
        for text in texts
        if (secret := reader.parsed("GREENROOM_WEBHOOK_SECRETS", text, read_secret)) is not None
    ]
    if len(texts) > MOST_SECRETS or duplicates(texts):
        reader.note(f"GREENROOM_WEBHOOK_SECRETS takes at most {MOST_SECRETS} secrets, each once.")
    if entries and not texts:
        reader.note(f"GREENROOM_WEBHOOK_SECRETS is needed to sign webhooks; {_HOW_TO_MAKE}.")
    return WebhookOptions(
        urls=tuple(urls),
        secrets=tuple(secrets),
        allows_http=allows_http,
        timeout_s=reader.number("GREENROOM_WEBHOOK_TIMEOUT_S", 10.0, 0.1, 60.0),
    )


def parse_url(value: str, allows_http: bool) -> str:
    """Give the address of an endpoint: HTTPS, or plain HTTP on this machine or where that is allowed.

    Raises:
        ValueError: it is none; the text never quotes it, for it may hold a token.
    """
    parts = urlsplit(value)
    is_private = parts.scheme == "http" and (allows_http or is_loopback(parts.hostname or ""))
    if not parts.hostname or not (parts.scheme == "https" or is_private):
        raise ValueError(
            "an address must be https:// (http:// only on this machine, or with GREENROOM_WEBHOOK_ALLOW_HTTP=yes)"
        )
    if parts.username or parts.password or parts.fragment:
        raise ValueError("an address must not contain a user, a password or a '#'")
    return value


def shown_webhooks(options: WebhookOptions) -> dict[str, str]:
    """Give the variables with the values in force; of addresses scheme and host alone."""
    labels = [f"{parts.scheme}://{parts.netloc}/***" for parts in map(urlsplit, options.urls)]
    return {
        "GREENROOM_WEBHOOK_URLS": ",".join(labels),
        "GREENROOM_WEBHOOK_SECRETS": ",".join("***" for _ in options.secrets),
        "GREENROOM_WEBHOOK_TIMEOUT_S": f"{options.timeout_s:g}",
        "GREENROOM_WEBHOOK_ALLOW_HTTP": "yes" if options.allows_http else "no",
    }
