"""The policy of moderation: whether somebody looks at what is held, for how long, and what is kept for them.

Source: server/docs/moderation.md.
"""

from typing import Annotated, Literal

from msgspec import Meta

from greenroom_server.domain.policy_section import Section

_DAY_S = 86_400


class ModerationPolicy(Section, frozen=True):
    """Moderators and what they work with."""

    has_moderators: bool
    """False: the filter never holds; what it would hold bounces, or passes with a notice where it is in doubt."""
    hold_expiry_s: Annotated[int, Meta(ge=1, le=5 * _DAY_S)]
    """Without an answer a held text is given back after this."""
    held_max: Annotated[int, Meta(ge=1, le=100)]
    """Texts of one person that may wait in one thread; the next one bounces."""
    originals: Literal["never", "hold_only", "all"]
    """Which originals are sealed for the moderators: none, of what is held, or also of what bounced or was masked."""
    seal_days: Annotated[int, Meta(ge=1, le=90)]
    """Days after which a sealed original cannot be opened any more."""
