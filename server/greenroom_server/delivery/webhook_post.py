"""Posts signed webhooks. Only addresses from the configuration; redirects, proxies and cookies are not used.

Source: server/docs/webhooks.md.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import aiohttp

from greenroom_server.domain.webhook import sign

_AT_ONCE: Final = 32
_ANSWER_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class WebhookOptions:
    """Where webhooks go, as configured."""

    urls: tuple[str, ...] = field(repr=False, default=())
    """Each gets every event; may hold tokens of the receiver's, so none is shown."""
    secrets: tuple[bytes, ...] = field(repr=False, default=())
    """All of them sign; two while one is being replaced."""
    timeout_s: float = 10.0
    """For a whole delivery, from the connection to the status."""
    allows_http: bool = False
    """Addresses of other machines need no TLS."""


class WebhookPost:
    """A client for the endpoints; the owner closes it."""

    def __init__(self, options: WebhookOptions, now_ms: Callable[[], int]) -> None:
        self._options = options
        self._now_ms = now_ms
        self._session: aiohttp.ClientSession | None = None

    async def send(self, url: str, message_id: str, body: bytes) -> int:
        """Send one event; gives the status of the answer, 0 when there was none."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._options.timeout_s),
                cookie_jar=aiohttp.DummyCookieJar(),
                connector=aiohttp.TCPConnector(limit=_AT_ONCE),
            )
        timestamp_s = self._now_ms() // 1000
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Greenroom-Webhooks/1",
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp_s),
            "webhook-signature": sign(self._options.secrets, message_id, timestamp_s, body),
        }
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                await response.content.read(_ANSWER_BYTES)  # so that the connection can be used again
                return response.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0

    async def close(self) -> None:
        """Close what is open."""
        if self._session is not None:
            await self._session.close()
