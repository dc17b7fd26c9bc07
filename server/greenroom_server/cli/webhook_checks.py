"""The check of ``greenroom doctor`` on the webhooks: a signed ping to each endpoint."""

import secrets
import time

import msgspec

from greenroom_server.cli.checks import Finding
from greenroom_server.config.settings import Settings
from greenroom_server.delivery.webhook_post import WebhookPost
from greenroom_server.domain.webhook import Answer, meaning
from greenroom_server.usecases.webhook_bodies import WebhookEvent
from greenroom_server.usecases.webhooks import Endpoint


async def check_webhooks(settings: Settings) -> list[Finding]:
    """Send what a webhook looks like; the endpoint must take it as it would an event."""
    if not settings.webhooks.urls:
        return [Finding("webhooks", "ok", "none: no address is configured")]
    post = WebhookPost(settings.webhooks, _now_ms)
    try:
        return [await _ping(post, Endpoint.of(url)) for url in settings.webhooks.urls]
    finally:
        await post.close()


async def _ping(post: WebhookPost, endpoint: Endpoint) -> Finding:
    ping = WebhookEvent(id=f"evt_ping_{secrets.token_hex(8)}", type="webhook.ping", at=_now_ms())
    status = await post.send(endpoint.url, ping.id, msgspec.json.encode(ping))
    if meaning(status) is Answer.TAKEN:
        return Finding("webhooks", "ok", f"{endpoint.label} took a signed ping")
    if status == 0:
        fix = "make it reachable from here, with a certificate that is trusted; until then events wait for it"
        return Finding("webhooks", "warn", f"{endpoint.label} does not answer", fix)
    fix = "let it verify the signature, and answer 2xx to types it does not know"
    return Finding("webhooks", "warn", f"{endpoint.label} answered {status} to a signed ping", fix)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
