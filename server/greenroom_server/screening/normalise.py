"""Views of a text: one spelling for many, with the way back to the original.

A view is a text derived from the original, plus for each of its code points the span of the original it
stands for and a mark that says how it came about. For ASCII the first view is the lower-cased original
and needs no map.
"""

import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass

from greenroom_server.screening.folding import ALTERED, KNOWN, LOOKALIKES, PLAIN, STRONG, TO_CYRILLIC, WEAK, fold

__all__ = ["ALTERED", "PLAIN", "STRONG", "WEAK", "View", "normalise", "rewrite"]

_NON_ASCII = re.compile(r"[^\x00-\x7f]+")
_ORDINARY: dict[str, str] = {}
"""Characters that always give one character and are no disguise."""
_FOLDING: dict[int, str] = {}
_MIXED = re.compile("[a-z][\u0370-\u052f]|[\u0370-\u052f][a-z]")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class View:
    """A derived text with the map to its source; ``None`` maps mean identity and no marks."""

    text: str
    starts: "array[int] | None" = None
    ends: "array[int] | None" = None
    marks: bytearray | None = None

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """Span of the original that ``[start, end)`` of this view, not empty, stands for."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]

    def mark(self, start: int, end: int) -> int:
        """Strongest mark inside ``[start, end)``."""
        return max(self.marks[start:end], default=PLAIN) if self.marks is not None else PLAIN


def normalise(text: str) -> View:
    """First view of a text: compatibility forms folded, accents and invisible characters dropped, lower case.

    Words that mix scripts become Latin, or Cyrillic if a letter of theirs has no Latin twin.
    """
    if text.isascii():
        return View(text.lower())
    simple = _simple(text)
    if simple is not None:
        return View(simple)
    pieces: list[str] = []
    starts, ends, marks = array("I"), array("I"), bytearray()
    position = 0
    for run in _NON_ASCII.finditer(text):
        _copy(text, position, run.start(), pieces, starts, ends, marks)
        _fold_each(text, run.start(), run.end(), pieces, starts, ends, marks)
        position = run.end()
    _copy(text, position, len(text), pieces, starts, ends, marks)
    return View(_resolve_lookalikes("".join(pieces), marks), starts, ends, marks)


def fold_word(word: str) -> str:
    """Give a word of a list in the form that it has in a view."""
    return normalise(word).text


def _simple(text: str) -> str | None:
    """The first view of a text of ordinary letters only, each of which stays one; None for other texts."""
    for char in set("".join(_NON_ASCII.findall(text))) - _ORDINARY.keys():
        folded, mark = fold(char, "", "")
        lowered = char.lower()
        if mark or len(folded) != 1 or len(lowered) != 1 or char not in KNOWN:
            return None
        _ORDINARY[char] = _FOLDING[ord(char)] = _FOLDING[ord(lowered)] = folded
    simple = text.lower().translate(_FOLDING)
    return None if _MIXED.search(simple) else simple


def _fold_each(
    text: str, start: int, end: int, pieces: list[str], starts: "array[int]", ends: "array[int]", marks: bytearray
) -> None:
    for index in range(start, end):
        folded, mark = fold(text[index], pieces[-1][-1] if pieces else "", text[index + 1 : index + 2])
        if not folded:
            if ends:
                ends[-1] = index + 1
                marks[-1] = max(marks[-1], mark)
            continue
        pieces.append(folded)
        for _ in folded:
            starts.append(index)
            ends.append(index + 1)
            marks.append(mark)


def _copy(
    text: str,
    start: int,
    end: int,
    pieces: list[str],
    starts: "array[int]",
    ends: "array[int]",
    marks: bytearray,
) -> None:
    if start < end:
        pieces.append(text[start:end].lower())
        starts.extend(range(start, end))
        ends.extend(range(start + 1, end + 1))
        marks.extend(bytes(end - start))


def _resolve_lookalikes(text: str, marks: bytearray) -> str:
    """Give words that mix scripts one script; lengths stay."""
    if not any(char in LOOKALIKES for char in text):
        return text
    chars = list(text)
    for match in _WORD.finditer(text):
        word = match.group()
        if word.isascii():
            continue
        latin = [char for char in word if char < "\u0250"]
        if not latin:
            continue
        twins = LOOKALIKES
        if any(char not in LOOKALIKES for char in word if char >= "\u0250"):
            if any(char not in TO_CYRILLIC for char in latin):
                continue
            twins = TO_CYRILLIC
        for index, char in enumerate(word, match.start()):
            if char in twins:
                chars[index] = twins[char]
                marks[index] = max(marks[index], ALTERED)
    return "".join(chars)


def rewrite(view: View, edits: Iterable[tuple[int, int, str, int]]) -> View:
    """A view with parts replaced.

    Args:
        edits: (start, end, replacement, mark) in view positions, rising, not overlapping, spans not empty.
            Every replacement character stands for the whole replaced span.
    """
    pieces: list[str] = []
    starts, ends, marks = array("I"), array("I"), bytearray()

    def keep(start: int, end: int) -> None:
        pieces.append(view.text[start:end])
        starts.extend(view.starts[start:end] if view.starts is not None else range(start, end))
        ends.extend(view.ends[start:end] if view.ends is not None else range(start + 1, end + 1))
        marks.extend(view.marks[start:end] if view.marks is not None else bytes(end - start))

    position = 0
    for start, end, replacement, mark in edits:
        keep(position, start)
        source_start, source_end = view.source_span(start, end)
        if not replacement and ends:
            ends[-1], marks[-1] = source_end, max(marks[-1], mark)
        pieces.append(replacement)
        for _ in replacement:
            starts.append(source_start)
            ends.append(source_end)
            marks.append(max(mark, view.mark(start, end)))
        position = end
    if not position:
        return view
    keep(position, len(view.text))
    return View("".join(pieces), starts, ends, marks)
