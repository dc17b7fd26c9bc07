"""A held text on its way into a thread, after a moderator has let it through.

Source: server/docs/moderation.md, Held messages.
"""

from dataclasses import dataclass

from greenroom_protocol.bases import Span
from greenroom_server.store.append import Release


@dataclass(frozen=True, slots=True)
class Released:
    """A text that was held, as a moderator delivers it."""

    release: Release
    audit: bytes
    cid_ms: int
    """Time of the text's cid."""
    hidden: list[Span]
    """Placeholders in the text."""
