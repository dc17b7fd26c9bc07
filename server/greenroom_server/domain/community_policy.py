"""The community's rules of the day.

Source: server/docs/community.md.
"""

from typing import Annotated

from msgspec import Meta

from greenroom_protocol import limits
from greenroom_server.domain.policy_section import Quota, Section

_DAY_S = 86_400


class CommunityPolicy(Section, frozen=True):
    """Whether there is a community, and how much one may write in it."""

    is_enabled: bool
    """False: its commands answer `not_available`."""
    topics_per_day: Quota
    """Per user within any 24 hours, as the next two."""
    posts_per_day: Quota
    feedback_per_day: Quota
    edit_window_s: Annotated[int, Meta(ge=0, le=365 * _DAY_S)]
    """How long an author may edit a post."""
    title_code_points: Annotated[int, Meta(ge=1, le=limits.TITLE_CODE_POINTS)]
    body_code_points: Annotated[int, Meta(ge=1, le=limits.BODY_CODE_POINTS)]
    tags_per_topic: Annotated[int, Meta(ge=0, le=limits.TOPIC_TAGS)]
    posts_per_topic: Annotated[int, Meta(ge=1, le=1_000_000)]
    """A topic with so many takes no more."""
    feedback_kept: Annotated[int, Meta(ge=1, le=1_000_000)]
    """Entries; beyond them the oldest are dropped."""
