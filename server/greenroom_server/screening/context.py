"""What screening must know about the thread and the place a text is written in."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Surface(StrEnum):
    """Where the text will be shown."""

    MESSAGE = "message"
    EDIT = "edit"
    INVITATION = "invitation"
    DECLINE_NOTE = "decline_note"
    ACCEPT_NOTE = "accept_note"
    CALL_NOTE = "call_note"
    OFFER_NOTE = "offer_note"
    RELATIONSHIP_NOTE = "relationship_note"
    PROPOSAL = "proposal"
    DISPLAY_NAME = "display_name"
    HEADLINE = "headline"
    JOB_TITLE = "job_title"
    FILE_NAME = "file_name"
    COMMUNITY_POST = "community_post"


@dataclass(frozen=True, slots=True)
class Fragment:
    """An earlier message of the thread, as the window over split contacts reads it."""

    text: str = field(repr=False)
    is_own: bool
    """Whether the sender of the screened text wrote it."""
    seq: int
    at_ms: int
    """When it was written, UTC milliseconds."""


@dataclass(frozen=True, slots=True)
class Context:
    """The standing of the pair and the surface, read from the cached head of the thread."""

    state: str
    """One of direct, invited, accepted, proposed, closed, candidacy, offer, contract, paused, ended."""
    is_external: bool = False
    """Whether the marketplace vouches that the pair met elsewhere."""
    conversion: Literal["none", "paid", "exempt"] = "none"
    surface: Surface = Surface.MESSAGE
    has_moderators: bool = False
    is_repeat: bool = False
    """Whether another ``cid`` of this sender bounced in this thread before."""
    granted_emails: frozenset[str] = field(default=frozenset(), repr=False)
    """Addresses that a live access grant covers; compared case-insensitively, in candidacy and offer only."""
    earlier: tuple[Fragment, ...] = ()
    """Window of earlier messages, oldest first; read for a text that `Screen.is_fragment`."""
    was_asked: bool = False
    """Whether the other party has just asked for a contact; `Screen` also looks for that in `earlier`."""
    regions: tuple[str, ...] = ()
    """ISO 3166 codes of both parties' countries; the present rules do not read them."""
