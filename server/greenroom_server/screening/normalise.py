"""Views of a text: one spelling for many, with the way back to the original.

A view is a text derived from the original, plus for each of its code points the span of the original it
stands for and a mark that says how it came about. For ASCII the first view is the lower-cased original
and needs no map.
"""

import re
import unicodedata
from array import array
from collections.abc import Iterable
from dataclasses import dataclass

PLAIN, ALTERED, STRONG, WEAK = 0, 1, 2, 3
"""Marks: as written; another character was meant; a symbol in brackets or between odd spaces; a bare word."""

_NON_ASCII = re.compile(r"[^\x00-\x7f]+")
_TOKEN = re.compile(r"\S+")

_SMALL_CAPS = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz", strict=True))
_QUOTES = {"‘": "'", "’": "'", "ʼ": "'", "“": '"', "”": '"', "…": "...", "\u00a0": " "}
_CYRILLIC_TWINS = dict(zip("аеорсухікмтвнѕјԁһԛԝѵ", "aeopcyxikmtbhsjdhqwv", strict=True))
_GREEK_TWINS = dict(zip("αεορυχικντω", "aeopuxikvtw", strict=True))
_LOOKALIKES = _CYRILLIC_TWINS | _GREEK_TWINS


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
    """First view of a text: compatibility forms folded, invisible characters dropped, lower case.

    Cyrillic and Greek letters become their Latin look-alikes only in words that mix them with Latin.
    """
    if text.isascii():
        return View(text.lower())
    pieces: list[str] = []
    starts, ends, marks = array("I"), array("I"), bytearray()
    position = 0
    for run in _NON_ASCII.finditer(text):
        _copy(text, position, run.start(), pieces, starts, ends, marks)
        for index in range(run.start(), run.end()):
            folded, mark = _fold(text[index], bool(pieces) and pieces[-1][-1:].isascii())
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
        position = run.end()
    _copy(text, position, len(text), pieces, starts, ends, marks)
    return View(_resolve_lookalikes("".join(pieces), marks), starts, ends, marks)


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


def _fold(char: str, is_after_ascii: bool) -> tuple[str, int]:
    """Replacement of one non-ASCII character and its mark; an empty one drops the character."""
    if char in _QUOTES:
        return _QUOTES[char], PLAIN
    if char in _SMALL_CAPS:
        return _SMALL_CAPS[char], ALTERED
    category = unicodedata.category(char)
    if category == "Cf":
        return "", ALTERED
    if category in ("Mn", "Me"):
        # Joined emoji and accents typed as two characters are no disguise, but nothing is lost either.
        return ("", ALTERED) if is_after_ascii or "\ufe00" <= char <= "\ufe0f" else (char, PLAIN)
    folded = unicodedata.normalize("NFKC", char).lower()
    if category == "Nd":
        digit = str(unicodedata.digit(char))
        return digit, PLAIN if folded == char else ALTERED
    if folded == char or folded == char.lower():
        return folded, PLAIN
    return folded, ALTERED if folded.isascii() and folded.strip() else PLAIN


def _resolve_lookalikes(text: str, marks: bytearray) -> str:
    """Latinise the look-alikes of words that mix scripts; lengths stay."""
    if not any(char in _LOOKALIKES for char in text):
        return text
    chars = list(text)
    for token in _TOKEN.finditer(text):
        word = token.group()
        if word.isascii() or not any("a" <= char <= "z" for char in word):
            continue
        for index, char in enumerate(word, token.start()):
            if char in _LOOKALIKES:
                chars[index] = _LOOKALIKES[char]
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
