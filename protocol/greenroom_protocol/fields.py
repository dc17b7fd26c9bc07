"""Field types that many frames share, with their bounds."""

from typing import Annotated, Literal

from msgspec import Meta

from greenroom_protocol import limits

CommandId = Annotated[int, Meta(ge=1, le=limits.MAX_INTEGER)]
"""Chosen by the sender, unique among its unanswered commands; comes back in the reply."""

ThreadId = Annotated[str, Meta(min_length=3, max_length=80)]
UserId = Annotated[str, Meta(min_length=1, max_length=limits.USER_ID_CHARS)]
JobId = Annotated[str, Meta(min_length=1, max_length=limits.USER_ID_CHARS)]
StateName = Literal[
    "direct", "invited", "accepted", "proposed", "closed", "candidacy", "offer", "contract", "paused", "ended"
]
"""State of a thread."""
HeldId = Annotated[str, Meta(min_length=4, max_length=40)]
DeviceId = Annotated[str, Meta(min_length=1, max_length=limits.DEVICE_ID_CHARS)]
Cid = Annotated[str, Meta(min_length=36, max_length=36)]
Token = Annotated[str, Meta(min_length=1, max_length=limits.TOKEN_BYTES)]
Body = Annotated[str, Meta(min_length=1, max_length=limits.BODY_CODE_POINTS)]
Note = Annotated[str, Meta(max_length=limits.NOTE_CODE_POINTS)]
SearchText = Annotated[str, Meta(max_length=200)]
Cursor = Annotated[str, Meta(max_length=200)]
TopicId = Annotated[str, Meta(min_length=3, max_length=64)]
TopicKind = Literal["discussion", "question", "announcement"]
Title = Annotated[str, Meta(min_length=1, max_length=limits.TITLE_CODE_POINTS)]
Tag = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]*$", max_length=limits.TAG_CHARS)]
"""A lower-case word of letters, digits and hyphens."""

Right = Literal["accept", "decline", "offer", "grant", "call", "add"]
"""What a team member may be allowed to do in the name of their side: answer invitations and offers with yes or no, make
offers, ask for and give access, ask for calls, bring in members."""
Clock = Annotated[str, Meta(min_length=5, max_length=5, pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""Time of day, `HH:MM`."""

Count = Annotated[int, Meta(ge=0, le=limits.MAX_INTEGER)]
Seq = Annotated[int, Meta(ge=1, le=limits.MAX_INTEGER)]
"""Position in one thread's log, from 1, no gaps."""
Ordinal = Annotated[int, Meta(ge=0, le=limits.MAX_INTEGER)]
"""Number of a visible message in its thread; 0 before the first."""
Mark = Annotated[int, Meta(ge=0, le=limits.MAX_INTEGER)]
"""Number of changes of one inbox; 0 before the first."""
PageLimit = Annotated[int, Meta(ge=1, le=limits.PAGE_ITEMS)]
CommunityLimit = Annotated[int, Meta(ge=1, le=limits.COMMUNITY_ITEMS)]
