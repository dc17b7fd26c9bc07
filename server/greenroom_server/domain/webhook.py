"""Signatures of webhooks, and what an endpoint's answer means.

Source: Standard Webhooks 1.0.0 (signature scheme v1); server/docs/webhooks.md.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct

from greenroom_server.domain.webhook_policy import WebhooksPolicy

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - the public beginning of every secret
SECRET_BYTES: Final = (24, 64)
_NOT_NOW: Final = frozenset({408, 425, 429})


class Answer(StrEnum):
    """What an endpoint's answer means for the event."""

    TAKEN = "taken"
    NOT_NOW = "not_now"
    """No answer, 3xx, 5xx, or a 4xx that asks to come again: the endpoint is not well, the event may be."""
    REFUSED = "refused"
    """Any other 4xx: the endpoint does not want this event."""


class DeadLetter(Struct, frozen=True, kw_only=True):
    """One event for one endpoint."""

    endpoint: str
    """Id of the endpoint."""
    event: str
    """Id of the event; goes with every try as ``webhook-id``."""
    kind: str
    died_at: int
    """UTC ms."""
    tries: int
    """In the run that gave it up; replays add to them."""
    status: int
    """Of the last answer; 0: none."""
    body: str
    """What is sent: JSON without text that a person wrote."""

    @property
    def id(self) -> str:
        """Name of the letter."""
        return f"{self.endpoint}.{self.event}"


def read_secret(text: str) -> bytes:
    """Read a secret as Standard Webhooks writes it: ``whsec_`` and base64.

    Raises:
        ValueError: it is none, or has fewer than 24 or more than 64 bytes; the text never quotes it.
    """
    if not text.startswith(SECRET_PREFIX):
        raise ValueError(f"a secret begins with {SECRET_PREFIX}")
    try:
        secret = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"after {SECRET_PREFIX} a secret is base64") from None
    low, high = SECRET_BYTES
    if not low <= len(secret) <= high:
        raise ValueError(f"a secret has {low} to {high} bytes")
    return secret


def sign(secrets: Sequence[bytes], message_id: str, timestamp_s: int, body: bytes) -> str:
    """Give the header ``webhook-signature``: one signature for each secret, separated by blanks."""
    signed = b"%b.%d.%b" % (message_id.encode(), timestamp_s, body)
    digests = [hmac.new(secret, signed, hashlib.sha256).digest() for secret in secrets]
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def meaning(status: int) -> Answer:
    """Say what a status means; 0: no answer."""
    if 200 <= status < 300:
        return Answer.TAKEN
    return Answer.REFUSED if 400 <= status < 500 and status not in _NOT_NOW else Answer.NOT_NOW


def pause_s(policy: WebhooksPolicy, failures: int, chance: float) -> float:
    """Give the pause after some failures in a row: full jitter over a doubling limit.

    Args:
        failures: at least 1.
        chance: evenly from 0 to 1.
    """
    low, high = policy.retry_min_ms, policy.retry_max_ms
    limit = min(high, low << min(failures, 30))
    return (low + (limit - low) * chance) / 1000
