"""Views of a text: one spelling for many, with the way back to the original.

A view is a text derived from the original, plus for each of its code points the span of the original it
stands for and a mark that says how it came about. For texts of ordinary characters the first view is the
lower-cased and folded original and needs no map.
"""

import re
from array import array
from collections.abc import Iterable
from typing import Final, NamedTuple

from greenroom_server.screening.folding import (
    ALTERED,
    LOOKALIKES,
    PLAIN,
    STRONG,
    TO_CYRILLIC,
    WEAK,
    common_folds,
    fold,
    ordinary,
)

__all__ = ["ALTERED", "PLAIN", "STRONG", "WEAK", "View", "normalise", "rewrite"]

_COMMON: Final = common_folds()
_RARE: Final = re.compile(f"[^\0-\x7f{_COMMON.ordinary}]")
"""Characters that have to be looked up one by one."""
_CHANGED: Final = re.compile(f"[{''.join(_COMMON.changed)}]")
_CHANGES: Final = _COMMON.changed
_LEARNED: Final[dict[str, str | None]] = {}
"""What was found out about rare characters."""
_MOST_LEARNED: Final = 4_096
_TWINS: Final = re.compile(f"[{''.join(LOOKALIKES)}]")
_WORD: Final = re.compile(r"[^\W\d_]+")
_GREEK_OR_CYRILLIC: Final = re.compile("[\u0370-\u052f]")
_MIXED: Final = re.compile("[a-z](?:[\u0370-\u052f]|(?<=[\u0370-\u052f].))")


class View(NamedTuple):
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
    rare = _RARE.findall(text)
    if rare:
        rare = _looked_up(rare)
    if None not in map(_LEARNED.get, rare):
        simple = _folded(text.lower(), rare)
        if _GREEK_OR_CYRILLIC.search(simple) is None or _MIXED.search(simple) is None:
            return View(simple)
    return _mapped(text, rare)


def fold_word(word: str) -> str:
    """Give a word of a list in the form that it has in a view."""
    return normalise(word).text


def _looked_up(rare: Iterable[str]) -> list[str]:
    """Give the different ones of rare characters, after what they are was found out."""
    chars = dict.fromkeys(rare)
    if len(_LEARNED) > _MOST_LEARNED:
        _LEARNED.clear()
    for char in chars:
        if char not in _LEARNED:
            _LEARNED[char] = ordinary(char)
    return list(chars)


def _folded(lowered: str, rare: Iterable[str] = ()) -> str:
    """Lower-cased ordinary characters, folded."""
    folded = _CHANGED.sub(_change, lowered)
    for char in rare:
        to = _LEARNED[char]
        if to is not None and to != char.lower():
            folded = folded.replace(char.lower(), to)
    return folded


def _change(match: re.Match[str]) -> str:
    return _CHANGES[match.group()]


def _mapped(text: str, rare: Iterable[str]) -> View:
    """First view of a text some of whose characters are disguises, or give none or several."""
    pieces: list[str] = []
    starts, ends, marks = array("I"), array("I"), bytearray()

    def copy(start: int, end: int) -> None:
        if start < end:
            pieces.append(_folded(text[start:end].replace("Σ", "σ").lower(), rare))
            starts.extend(range(start, end))
            ends.extend(range(start + 1, end + 1))
            marks.extend(bytes(end - start))

    position = 0
    for match in _RARE.finditer(text):
        index, char = match.start(), match.group()
        if _LEARNED[char] is not None:
            continue
        copy(position, index)
        position = index + 1
        folded, mark = fold(char, pieces[-1][-1] if pieces else "", text[position : position + 1])
        if folded:
            pieces.append(folded)
            starts.extend([index] * len(folded))
            ends.extend([position] * len(folded))
            marks.extend([mark] * len(folded))
        elif ends:
            ends[-1] = position
            marks[-1] = max(marks[-1], mark)
    copy(position, len(text))
    return View(_resolve_lookalikes("".join(pieces), marks), starts, ends, marks)


def _resolve_lookalikes(text: str, marks: bytearray) -> str:
    """Give words that mix scripts one script; lengths stay."""
    if _TWINS.search(text) is None:
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
    edits = list(edits)
    if not edits:
        return view
    text, old_starts, old_ends, old_marks = view
    pieces: list[str] = []
    starts, ends, marks = array("I"), array("I"), bytearray()

    def keep(start: int, end: int) -> None:
        pieces.append(text[start:end])
        starts.extend(old_starts[start:end] if old_starts is not None else range(start, end))
        ends.extend(old_ends[start:end] if old_ends is not None else range(start + 1, end + 1))
        marks.extend(old_marks[start:end] if old_marks is not None else bytes(end - start))

    position = 0
    for start, end, replacement, mark in edits:
        if start > position:
            keep(position, start)
        source_start, source_end = view.source_span(start, end)
        if replacement:
            count = len(replacement)
            pieces.append(replacement)
            starts.extend([source_start] * count)
            ends.extend([source_end] * count)
            marks.extend(bytes([max(mark, view.mark(start, end))]) * count)
        elif ends:
            ends[-1], marks[-1] = source_end, max(marks[-1], mark)
        position = end
    keep(position, len(text))
    return View("".join(pieces), starts, ends, marks)
