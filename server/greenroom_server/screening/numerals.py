"""Numbers in words: what a word of a text is worth, and runs of words read as digits.

A run is a sequence of number words and digits with nothing but separators and a few filling words between. A comma ends
a group, within a group words are composed ("four hundred fifteen", "soixante-dix-huit", "два тройки").
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

UNIT, TEEN, TEN, HUNDREDS, HUNDRED, THOUSAND, REPEAT, MANY, LITERAL, FILLER, AFTER = range(11)

_UNSPACED: Final = "〇零一幺壹二两贰三叁四肆五伍六陆七柒八捌九玖十拾공영일이삼사오육륙칠팔구"
_TOKEN: Final = re.compile(rf"[{_UNSPACED}]|\d+|[^\W\d_{_UNSPACED}]+(?:'[^\W\d_]+)?")
_LOOSE: Final = frozenset(
    {"to", "too", "for", "fore", "on", "oh", "o", "so", "as", "um", "uma", "un", "en", "ein", "es", "do", "once"}
)
"""Numbers that end or begin a run only where they touch it."""
_MAX_GAP: Final = 6
_MAX_FILLERS: Final = 3
_LONGEST: Final = 20
_LONGEST_WORD: Final = 80
_MOST_KEPT: Final = 20_000


class Word(NamedTuple):
    """What one word is worth."""

    sort: int
    value: int
    is_weak: bool


class Token(NamedTuple):
    """A word of a text that may belong to a number."""

    start: int
    end: int
    words: tuple[Word, ...]
    """More than one for words written together."""
    text: str


class Run(NamedTuple):
    """A number found in a text: digits with spaces between its groups."""

    start: int
    end: int
    digits: str


_LITERALS: Final = (Word(LITERAL, 0, False),)


class Numerals:
    """The number words of all languages."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        """Build the table from ``words/numbers.toml``, already folded."""
        self._weak = frozenset(raw["weak"].split())
        self.beginnings: list[str] = raw["beginnings"].split()
        self.words: dict[str, Word] = {}
        for language in raw.values():
            if isinstance(language, dict):
                self._add_language(language)
        for filler in raw["fillers"].split():
            self.words.setdefault(filler, Word(FILLER, 0, True))
        self._values: dict[str, tuple[Word, ...]] = {word: (each,) for word, each in self.words.items()}
        """Also words that were seen before; up to a bound."""

    def _add(self, spellings: str, sort: int, value: int) -> None:
        for word in spellings.split():
            is_weak = word in self._weak or (len(word) < 2 and word in _UNSPACED[22:])
            self.words.setdefault(word, Word(sort, value, is_weak))

    def _add_language(self, raw: Mapping[str, Any]) -> None:
        units, tens = raw["units"], raw.get("tens", [])
        for value, spellings in enumerate(units):
            self._add(spellings, UNIT, value)
        for value, spellings in enumerate(raw.get("teens", []), 10):
            self._add(spellings, TEN if spellings == "on" or spellings[0] == "十" else TEEN, value)
        for value, spellings in enumerate(tens, 2):
            self._add(spellings, TEN, value * 10)
            if "prefixed" in raw:
                self._add(" ".join(raw["prefixed"] + each for each in spellings.split()), AFTER, value * 10)
        for value, spellings in raw.get("others", {}).items():
            self._add(spellings, TEEN, int(value))
        for value, spellings in enumerate(raw.get("hundreds", []), 1):
            self._add(spellings, HUNDREDS, value * 100)
        self._add(raw.get("hundred", ""), HUNDRED, 100)
        self._add(raw.get("thousand", ""), THOUSAND, 1000)
        for word, times in raw.get("repeats", {}).items():
            self._add(word, REPEAT, times)
        for value, spellings in enumerate(raw.get("many", [])):
            self._add(spellings, MANY, value)
        if "inverted" in raw:
            self._add_inverted(raw["inverted"], units, tens, raw["hundred"])

    def _add_inverted(self, joint: str, units: list[str], tens: list[str], hundred: str) -> None:
        for unit in range(1, 10):
            for stem in units[unit].split():
                self._add(stem + hundred, HUNDREDS, unit * 100)
                for ten, spellings in enumerate(tens, 2):
                    self._add(" ".join(stem + joint + each for each in spellings.split()), TEEN, ten * 10 + unit)

    def strong_words(self) -> Iterator[str]:
        """Give the words that hardly mean anything but a number."""
        return (word for word, each in self.words.items() if not each.is_weak)

    def weak_words(self) -> Iterator[str]:
        """Give the words that are ordinary ones as well."""
        return (word for word, each in self.words.items() if each.is_weak and each.sort != FILLER)

    def runs(self, text: str) -> Iterator[Run]:
        """Give the runs of a text that hold number words, left to right."""
        run: list[Token] = []
        fillers = end = 0
        values = self._values
        for match in _TOKEN.finditer(text):
            word = match.group()
            words = values.get(word)
            if words is None:
                words = _LITERALS if word[0].isdigit() else self._looked_up(word)
            if not run and (not words or words[0].sort == FILLER):
                fillers = fillers + 1 if words else 0
                continue
            start = match.start()
            if run and (not words or start - end > _MAX_GAP or "\n" in text[end:start]):
                if (found := _finished(text, run)) is not None:
                    yield found
                run, fillers = [], 0
                if not words:
                    continue
            is_filler = words[0].sort == FILLER
            fillers = fillers + 1 if is_filler else 0
            if fillers > _MAX_FILLERS:
                if (found := _finished(text, run)) is not None:
                    yield found
                run, fillers = [], 0
            elif run or not is_filler:
                end = match.end()
                run.append(Token(start, end, words, word))
        if (found := _finished(text, run)) is not None:
            yield found

    def _looked_up(self, word: str) -> tuple[Word, ...]:
        """What a word is worth that is no entry of the lists; nothing for most."""
        parts = (self._parts(word) or ()) if 5 < len(word) < _LONGEST_WORD else ()
        if len(self._values) < _MOST_KEPT and len(word) < _LONGEST_WORD:
            self._values[word] = parts
        return parts

    def _parts(self, word: str) -> tuple[Word, ...] | None:
        """Read words written together; None unless all of it is numbers."""
        found: list[Word] = []
        at = 0
        while at < len(word):
            for end in range(min(len(word), at + _LONGEST), at + 1, -1):
                known = self.words.get(word[at:end])
                if known is not None and known.sort != FILLER and (not known.is_weak or end - at > 2):
                    found.append(known)
                    at = end
                    break
            else:
                return None
        return tuple(found) if any(not each.is_weak for each in found) else None


def _finished(text: str, run: list[Token]) -> Run | None:
    """The number of a run, if it has one: weak words at its ends do not belong to it."""
    if len(run) == 1 and run[0].words is _LITERALS:
        return None
    low, high = 0, len(run)
    while low < high and _is_loose(text, run[high - 1], run[high - 2].end if high - low > 1 else -1, before=True):
        high -= 1
    while low < high and _is_loose(text, run[low], run[low + 1].start if high - low > 1 else -1, before=False):
        low += 1
    if low == high:
        return None
    run = run[low:high]
    words = [word for token in run for word in token.words]
    strong = sum(not word.is_weak and word.sort != LITERAL for word in words)
    weak = sum(word.is_weak and word.sort != FILLER for word in words)
    fillers = sum(token.words[0].sort == FILLER and len(token.text) > 3 for token in run)
    if (strong + weak < 1 and fillers < 2) or (
        not strong and weak < 7 and not any(word.sort == LITERAL for word in words)
    ):
        return None
    digits = " ".join(_groups(text, run))
    return Run(run[0].start, run[-1].end, digits) if digits else None


def _is_loose(text: str, token: Token, neighbour: int, *, before: bool) -> bool:
    """Whether a token at the end of a run is no number there."""
    word = token.words[0]
    if word.sort in (FILLER, REPEAT if before else FILLER):
        return True
    if not word.is_weak or len(token.words) > 1:
        return False
    gap = abs((token.start if before else token.end) - neighbour)
    if gap == 0 or (not before and gap == 1 and word.sort == UNIT and not word.value):
        return False
    return token.text in _LOOSE or word.sort == HUNDRED


def _groups(text: str, run: list[Token]) -> Iterator[str]:
    composer = _Composer()
    end = run[0].start
    for token in run:
        gap = text[end : token.start]
        is_break = gap.strip(" -'*_~") != "" or (token.words[0].sort == FILLER and len(token.text) > 3)
        if is_break and (group := composer.taken()):
            yield group
        end = token.end
        for word in token.words:
            composer.add(word, token.text)
    if group := composer.taken():
        yield group


class _Composer:
    """Puts the words of one group together."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._value = -1
        self._place = 0
        """The power of ten that the last word filled; smaller words may be added to it."""
        self._times = 1

    def taken(self) -> str:
        """Give the digits so far and begin anew."""
        self._flush()
        digits, self._out = "".join(self._out), []
        return digits

    def _flush(self) -> None:
        if self._value >= 0:
            self._out.append(str(self._value) * self._times)
            self._times = 1
        self._value, self._place = -1, 0

    def _begin(self, value: int, place: int) -> None:
        self._flush()
        self._value, self._place = value, place

    def add(self, word: Word, text: str) -> None:
        """Read one more word."""
        sort, value = word.sort, word.value
        if sort == FILLER:
            return
        if sort == LITERAL:
            self._flush()
            self._out.append(text * (self._times if len(text) == 1 else 1))
            self._times = 1
        elif sort == REPEAT:
            self._flush()
            self._times = value
        elif sort == MANY:
            count = self._value if 2 <= self._value <= 6 else 1
            self._value = -1
            self._out.append(str(value) * count)
            self._place = 0
        elif sort in (HUNDRED, THOUSAND):
            self._value = self._value * value if 0 < self._value < value else value
            self._place = value
        elif sort == AFTER and 0 < self._value < 10 and self._place == 1:
            self._value, self._place = self._value + value, 1
        elif sort == TEN and value == 20 and self._value == 4 and text.startswith("vingt"):
            self._value, self._place = 80, 10
        else:
            self._add_small(sort, value)

    def _add_small(self, sort: int, value: int) -> None:
        size = 1 if sort == UNIT else 10 if sort in (TEN, TEEN, AFTER) else 100
        is_french = self._value % 100 in (60, 80) and self._place == 10 and 10 <= value < 20
        if self._value > 0 and value and (self._place > size or (self._place == 10 and sort == UNIT) or is_french):
            self._value += value
            self._place = 10 if sort == TEN or (is_french and value == 10) else 1 if sort != HUNDREDS else 100
        else:
            self._begin(value, 0 if not value else size if sort != TEEN else 1)
            if not value:
                self._flush()
