"""Lists of words, found in one pass: whole words in any script, some of them open at the end."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

_SPACELESS: Final = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_ENTRY: Final = re.compile(r"""'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<bare>\S+)""")


class Found(NamedTuple):
    """A word of a list in a text."""

    start: int
    end: int
    word: str
    """As it stands in the list, without the star."""


class Cue:
    """A list of words, compiled; the time of a search grows with the text alone."""

    def __init__(self, words: str | Iterable[str]) -> None:
        """Compile a list; a word with a final * also matches longer ones."""
        edges: dict[str, tuple[bool, bool]] = {}
        for word in entries(words):
            stem = word.rstrip("*?")
            is_spaceless = _SPACELESS.search(stem) is not None
            is_open = word.endswith("*") or is_spaceless or not stem[-1].isalnum()
            old = edges.get(stem, (True, True))
            edges[stem] = (old[0] and not is_spaceless and stem[0].isalnum(), old[1] and not is_open)
        self._words = list(edges)
        self._edges = list(edges.values())
        automaton = AhoCorasick(self._words, matchkind=MatchKind.Standard, implementation=Implementation.ContiguousNFA)
        self._matches = automaton.find_matches_as_indexes

    def finditer(self, text: str, low: int = 0, high: int | None = None) -> Iterator[Found]:
        """Give the words of a part of a text, by their ends; they may overlap."""
        low = max(0, low)
        high = len(text) if high is None else min(high, len(text))
        part = text[low:high] if low or high < len(text) else text
        for index, start, end in self._matches(part, overlapping=True):
            left, right = self._edges[index]
            if left and low + start and text[low + start - 1].isalnum():
                continue
            if right and low + end < len(text) and text[low + end].isalnum():
                continue
            yield Found(low + start, low + end, self._words[index])

    def search(self, text: str, low: int = 0, high: int | None = None) -> Found | None:
        """Give the first word found in a part of a text."""
        part = text if not low and high is None else text[max(0, low) : high]
        return next(self.finditer(text, low, high), None) if self._matches(part) else None


def entries(words: str | Iterable[str]) -> list[str]:
    """Parts of a list written in one line; quotes hold words with spaces together."""
    if not isinstance(words, str):
        return list(words)
    return [match[match.lastgroup or 0] for match in _ENTRY.finditer(words)]


def any_of(words: Iterable[str]) -> str:
    """Write words as one expression, longest first, in which common beginnings are tried once."""
    root: dict[str, Any] = {}
    for word in words:
        node = root
        for char in word:
            node = node.setdefault(char, {})
        node[""] = {}
    return _written(root)


def _written(node: dict[str, Any]) -> str:
    branches = []
    for char, below in node.items():
        if char:
            branches.append(re.escape(char) + (_written(below) if below else ""))
    if not branches:
        return ""
    is_end = "" in node
    if len(branches) == 1 and not is_end:
        return branches[0]
    return "(?:" + "|".join(branches) + ")" + ("?" if is_end else "")
