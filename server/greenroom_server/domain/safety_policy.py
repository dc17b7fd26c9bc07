"""The policy of blocks and reports.

Source: protocol/spec/safety.md.
"""

from typing import Annotated

from msgspec import Meta

from greenroom_server.domain.policy_section import Name, Seconds, Section, require


class SafetyPolicy(Section, frozen=True):
    """What can be reported, and what follows."""

    report_categories: tuple[Name, ...]
    """`spam` among them settles an open obligation of the freelancer who reports."""
    spam_report_s: Seconds
    """A report of spam settles an obligation that is no older than this."""
    blocked_users_max: Annotated[int, Meta(ge=1, le=500)]
    """People that one user may block."""

    def __post_init__(self) -> None:
        require(len(set(self.report_categories)) == len(self.report_categories), "report_categories must differ")
        require("spam" in self.report_categories, "report_categories must hold spam")
