"""The rules of the day for team members."""

from typing import Annotated

from msgspec import Meta

from greenroom_server.domain.policy_section import Section


class TeamPolicy(Section, frozen=True):
    """Whom a side may bring into its threads."""

    must_be_staff: bool
    """Only those whom the marketplace named as the staff of the side's principal."""
    max_participants: Annotated[int, Meta(ge=2, le=20)]
    """People in one thread, the two principals among them."""
