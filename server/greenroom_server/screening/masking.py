"""Replacing identifiers by placeholders, in the coordinates of the original text."""

import unicodedata
from collections.abc import Iterable, Mapping

from greenroom_server.screening.verdict import Finding, Hidden, Kind

_JOINER = "\u200d"


def mask(text: str, findings: Iterable[Finding], placeholders: Mapping[Kind, str]) -> tuple[str, tuple[Hidden, ...]]:
    """Replace the spans of the findings by the placeholder of their kind.

    Overlapping spans become one placeholder, that of the longest. Spans grow to whole graphemes.

    Returns:
        The masked text and where its placeholders stand, left to right.
    """
    pieces: list[str] = []
    hidden: list[Hidden] = []
    position = length = 0
    for start, end, finding in _merged(text, findings):
        placeholder = placeholders[finding.kind]
        pieces += (text[position:start], placeholder)
        length += start - position
        hidden.append(Hidden(length, length + len(placeholder), finding.kind, finding.reason))
        length += len(placeholder)
        position = end
    pieces.append(text[position:])
    return "".join(pieces), tuple(hidden)


def _merged(text: str, findings: Iterable[Finding]) -> list[tuple[int, int, Finding]]:
    """Disjoint spans, rising, each with the longest finding inside it."""
    spans: list[tuple[int, int, Finding]] = []
    for finding in sorted(findings, key=lambda each: (each.start, -each.end)):
        start, end = finding.start, _grapheme_end(text, finding.end)
        if spans and start < spans[-1][1]:
            first, last, longest = spans[-1]
            if finding.end - finding.start > longest.end - longest.start:
                longest = finding
            spans[-1] = (first, max(end, last), longest)
        else:
            spans.append((start, end, finding))
    return spans


def _grapheme_end(text: str, end: int) -> int:
    """Move an end behind the combining and invisible characters that belong to the one before it."""
    while 0 < end < len(text):
        category = unicodedata.category(text[end])
        if category not in ("Mn", "Me", "Cf", "Mc") and text[end - 1] != _JOINER:
            break
        end += 1
    return end
