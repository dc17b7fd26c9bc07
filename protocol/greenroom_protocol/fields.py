"""Field types that many frames share, with their bounds."""

from typing import Annotated

from msgspec import Meta

from greenroom_protocol import limits

CommandId = Annotated[int, Meta(ge=1, le=limits.MAX_INTEGER)]
"""Chosen by the sender, unique among its unanswered commands; comes back in the reply."""

ThreadId = Annotated[str, Meta(min_length=3, max_length=64)]
UserId = Annotated[str, Meta(min_length=1, max_length=limits.USER_ID_CHARS)]
JobId = Annotated[str, Meta(min_length=1, max_length=limits.USER_ID_CHARS)]
DeviceId = Annotated[str, Meta(min_length=1, max_length=limits.DEVICE_ID_CHARS)]
Cid = Annotated[str, Meta(min_length=36, max_length=36)]
Token = Annotated[str, Meta(min_length=1, max_length=limits.TOKEN_BYTES)]
Body = Annotated[str, Meta(min_length=1, max_length=limits.BODY_CODE_POINTS)]
Note = Annotated[str, Meta(max_length=limits.NOTE_CODE_POINTS)]
SearchText = Annotated[str, Meta(max_length=200)]
Cursor = Annotated[str, Meta(max_length=200)]

Count = Annotated[int, Meta(ge=0, le=limits.MAX_INTEGER)]
Seq = Annotated[int, Meta(ge=1, le=limits.MAX_INTEGER)]
"""Position in one thread's log, from 1, no gaps."""
Ordinal = Annotated[int, Meta(ge=0, le=limits.MAX_INTEGER)]
"""Number of a visible message in its thread; 0 before the first."""
Mark = Annotated[int, Meta(ge=0, le=limits.MAX_INTEGER)]
"""Number of changes of one inbox; 0 before the first."""
PageLimit = Annotated[int, Meta(ge=1, le=limits.PAGE_ITEMS)]
