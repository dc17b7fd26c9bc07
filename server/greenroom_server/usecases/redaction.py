"""Masking parts of a message that was delivered, as a moderator asks."""

from collections.abc import Sequence
from typing import Final

from greenroom_protocol.bases import Span
from greenroom_server.usecases.results import Refused, RefusedError

PLACEHOLDER: Final = "[removed by a moderator]"
KIND: Final = "moderated"


def cover(text: str, hidden: Sequence[Span], parts: Sequence[tuple[int, int]]) -> tuple[str, list[Span]]:
    """Replace parts of a text by a placeholder each; a part that meets an older placeholder takes all of it.

    Args:
        text: as it stands.
        hidden: placeholders that are in it already.
        parts: (start, end) in code points of `text`; may overlap.

    Raises:
        RefusedError: a part is empty or reaches beyond the text.
    """
    if not all(0 <= start < end <= len(text) for start, end in parts):
        raise RefusedError(Refused("bad_request.field", detail="parts: each has a start below its end, in the text"))
    spans = [(start, end, None) for start, end in parts]
    pieces: list[str] = []
    out: list[Span] = []
    at = length = 0
    for start, end, old in _merged([*spans, *((span.start, span.end, span) for span in hidden)]):
        shown = PLACEHOLDER if old is None else text[start:end]
        pieces += (text[at:start], shown)
        length += start - at
        kind, reason = (KIND, "moderator") if old is None else (old.kind, old.reason)
        out.append(Span(length, length + len(shown), kind, reason))
        length += len(shown)
        at = end
    pieces.append(text[at:])
    return "".join(pieces), out


def _merged(spans: Sequence[tuple[int, int, Span | None]]) -> list[tuple[int, int, Span | None]]:
    """Make spans disjoint and rising; an older placeholder stays itself only while nothing meets it."""
    merged: list[tuple[int, int, Span | None]] = []
    for start, end, old in sorted(spans, key=lambda span: span[:2]):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]), None)
        else:
            merged.append((start, end, old))
    return merged
