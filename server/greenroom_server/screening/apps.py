"""Where a text names a service: plainly, misspelled, in look-alike characters, in pieces, or by a description.

A mention alone is nothing; account names and numbers near it are (`detect_handle`).
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation

from greenroom_server.screening.cues import Cue, Found
from greenroom_server.screening.lexicon import Lexicon
from greenroom_server.screening.normalise import View
from greenroom_server.screening.verdict import Kind

STRONG_NAME, WEAK_NAME, HINT = range(3)
_STAND_INS: Final = tuple(zip("013457@$!|6€", "oieastasilge", strict=True))
_ODD: Final = re.compile(r"[013457@$!|*6€](?:(?<=[a-zа-яіїє].)|(?<!\*)[a-zа-яіїє])")
_JOINTS: Final = " .-*_~|/·+,\"'()[]"
_JOINT: Final = re.compile(rf"[{re.escape(_JOINTS)}]+")
_JOINED: Final = re.compile(r"[.*_~|/·+-](?<=[^\W\d_].)(?=[^\W\d_])")
_LEAST_IN_PIECES: Final = 5


class Mention(NamedTuple):
    """A service named in a view."""

    start: int
    end: int
    kind: Kind
    sort: int
    is_disguised: bool = False


class Apps:
    """Finds mentions of services; built once."""

    def __init__(self, lexicon: Lexicon) -> None:
        """Compile the names of all services."""
        self._known: dict[str, tuple[Kind, int]] = {}
        for app in lexicon.apps:
            for sort, names in ((STRONG_NAME, app.strong), (WEAK_NAME, app.weak), (HINT, app.hints)):
                for name in names:
                    self._known.setdefault(name.rstrip("*"), (app.kind, sort))
        every = [name for app in lexicon.apps for name in (*app.strong, *app.weak, *app.hints)]
        self._names = Cue(every)
        strong = [name.rstrip("*") for app in lexicon.apps for name in app.strong]
        long = [name for name in strong if len(name) >= _LEAST_IN_PIECES and name.isalpha()]
        self._long = long
        self._in_pieces = AhoCorasick(long, implementation=Implementation.ContiguousNFA)

    def find(self, view: View) -> list[Mention]:
        """Give the mentions of a view, left to right."""
        text = view.text
        found = [
            Mention(name.start, name.end, *self._known[name.word], view.mark(name.start, name.end) > 0)
            for name in _longest(self._names.finditer(text))
            if self._known[name.word][1] == STRONG_NAME or not _is_in_code(text, name)
        ]
        if _ODD.search(text):
            taken = {mention.start for mention in found}
            for name in _longest(self._names.finditer(unleet(text))):
                kind, sort = self._known[name.word]
                is_written_so = text[name.start : name.end] == name.word
                if name.start not in taken and len(name.word) > 3 and not is_written_so:
                    found.append(Mention(name.start, name.end, kind, sort, True))
        found += self._found_in_pieces(text, found)
        return sorted(found, key=lambda mention: mention.start)

    def _found_in_pieces(self, text: str, found: list[Mention]) -> list[Mention]:
        """Names with separators inside, that begin and end where words do."""
        if len(_JOINED.findall(text)) < 2:
            return []
        compact = unleet(_JOINT.sub("", text))
        matches = self._in_pieces.find_matches_as_indexes(compact)
        if not matches:
            return []
        places = [index for index, char in enumerate(text) if char not in _JOINTS]
        starts = {mention.start for mention in found}
        pieces = []
        for index, begin, end in matches:
            name, start, last = self._long[index], places[begin], places[end - 1]
            if start in starts or last - start == len(name) - 1:
                continue
            is_whole = not text[start - 1 : start].isalnum() and not text[last + 1 : last + 2].isalnum()
            if is_whole and last - start <= 4 * len(name):
                kind, sort = self._known[name]
                pieces.append(Mention(start, last + 1, kind, sort, True))
        return pieces


def unleet(text: str) -> str:
    """Give a text with the letters that its digits and signs stand for."""
    for sign, letter in _STAND_INS:
        text = text.replace(sign, letter)
    return text


def _is_in_code(text: str, name: Found) -> bool:
    """Whether an ordinary word stands inside an identifier, as in `cur_line` or `element.text`."""
    before, after = text[name.start - 1 : name.start], text[name.end : name.end + 2]
    return before in tuple("_/=<`.") or (after[:1] in tuple("_=>`/(") or (after[:1] == "." and after[1:].isalnum()))


def _longest(found: Iterable[Found]) -> Iterator[Found]:
    """Of names inside each other the longest."""
    last: Found | None = None
    for name in sorted(found, key=lambda each: (each.start, -each.end)):
        if last is None or name.start >= last.end:
            yield name
            last = name
