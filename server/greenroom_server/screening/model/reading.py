"""How the learned scorer reads a text: words, what they mean in any language, and which stand near each other.

Theory. A small linear model cannot know every phrase, but it need not: `concepts.toml` says that "wasap", "ватсап" and
"微信" are one thing, an app, and that "hablamos", "let's talk" and "konuşalım" are another, a move. A feature is a
word, a concept, a pair of concepts near each other, or two neighbours of either sort; the model weighs those. Text and
training are read by this one file, so that they cannot differ.

Source: server/docs/filter.md, The learned scorer.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from itertools import accumulate, count
from typing import Final, NamedTuple

_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?|\d+|[^\w\s]|_")
_MARKS: Final = frozenset('@#.,:;/-+*()[]<>_=|~?!$€£%&"')
_LONGEST_DIGITS: Final = 5
_LONGEST_STEM: Final = 14
NEAR: Final = 4
"""Words between which two concepts are a pair."""
MOST_WORDS: Final = 160
"""Words of a text that are read; a longer one is judged by its first and last halves of this."""

WORD, CONCEPT, PAIR, NEXT, SHAPE, RULE = range(1, 7)
"""Blocks of features; each is weighed by one over the root of its size."""
_SHIFT: Final = 20
_BLOCK: Final = 2 * _SHIFT


Blocks = list[tuple[int, set[int]]]
"""Number of a block, and its features."""


class Reading(NamedTuple):
    """One word of a text as features see it."""

    concepts: tuple[int, ...]
    word: int
    """Its symbol; -1 for a word the model does not know."""


class Reader:
    """Turns texts into features; built once, shared."""

    def __init__(self, words: Sequence[str]) -> None:
        """Read the concepts.

        Args:
            words: the words that the model knows; their order gives their symbols.
        """
        numbers = count()
        raw = tomllib.loads((files("greenroom_server.screening.model") / "concepts.toml").read_text("utf-8"))
        self.names: dict[int, str] = {}
        """What a symbol stands for."""
        self._whole: dict[str, tuple[int, ...]] = {}
        self._stems: dict[str, tuple[int, ...]] = {}
        inside: dict[str, tuple[int, ...]] = {}
        for concept, languages in raw.items():
            symbol = next(numbers)
            self.names[symbol] = concept.upper()
            for entry in " ".join(languages.values()).split():
                stem = plain(entry.rstrip("*"))
                table = inside if _is_unspaced(stem) else self._stems if entry.endswith("*") else self._whole
                table[stem] = tuple(dict.fromkeys((*table.get(stem, ()), symbol)))
        self._inside = inside
        self._unspaced = re.compile("|".join(sorted(map(re.escape, inside), key=len, reverse=True)))
        self._digits = self._name_all(numbers, [f"{n} digits" for n in range(1, _LONGEST_DIGITS + 1)])
        self._single = self._name_all(numbers, ["one letter"])[0]
        self._marks = dict(zip(sorted(_MARKS), self._name_all(numbers, sorted(_MARKS)), strict=True))
        self._spoken = next(symbol for symbol, name in self.names.items() if name == "SPOKEN")
        self._words = dict(zip(words, self._name_all(numbers, words), strict=True))
        self._known: dict[str, Reading] = {}

    def _name_all(self, numbers: "count[int]", names: Sequence[str]) -> list[int]:
        found = [next(numbers) for _ in names]
        self.names.update(zip(found, names, strict=True))
        return found

    def words(self, text: str) -> list[str]:
        """Give the words of a plain text, those that the model may come to know among them."""
        words: list[str] = _WORD.findall(text)
        return words if len(words) <= MOST_WORDS else [*words[: MOST_WORDS // 2], *words[-MOST_WORDS // 2 :]]

    def read(self, text: str) -> list[Reading]:
        """Read the words of a plain text."""
        known: dict[str, Reading] = self._known
        out: list[Reading] = []
        for word in self.words(text):
            reading = known.get(word)
            if reading is None:
                if _is_unspaced(word):
                    out += self._read_unspaced(word)
                    continue
                reading = self._look_up(word)
                if len(known) < 50_000:
                    known[word] = reading
            out.append(reading)
        return out

    def _look_up(self, word: str) -> Reading:
        if word[0].isdigit():
            return Reading((self._digits[min(len(word), _LONGEST_DIGITS) - 1],), -1)
        mark = self._marks.get(word)
        if mark is not None:
            return Reading((mark,), -1)
        concepts = list(self._whole.get(word, ()))
        for end in range(2, min(len(word), _LONGEST_STEM) + 1):
            concepts += self._stems.get(word[:end], ())
        if len(word) == 1:
            concepts.append(self._single)
        return Reading(tuple(dict.fromkeys(concepts)), self._words.get(word, -1))

    def _read_unspaced(self, run: str) -> list[Reading]:
        """Read a run without spaces: what is known in it, in order."""
        found = [Reading(self._inside[match.group()], -1) for match in self._unspaced.finditer(run)]
        return found or [Reading((), self._words.get(run, -1))]

    def contributions(self, weights: Mapping[int, float]) -> dict[bytes, float]:
        """Give what each ASCII word adds by itself, with its concepts; for `Scorer.glance`."""
        words = {*self._words, *self._whole, *self._stems}
        found = {word: self._alone(word, weights) for word in words if word.isascii()}
        return {word.encode(): weight for word, weight in found.items() if weight}

    def _alone(self, word: str, weights: Mapping[int, float]) -> float:
        reading = self._look_up(word)
        own = weights.get(WORD << _BLOCK | reading.word, 0.0) if reading.word >= 0 else 0.0
        return own + sum(weights.get(CONCEPT << _BLOCK | concept, 0.0) for concept in reading.concepts)

    def concepts_named(self, names: Iterable[str]) -> frozenset[int]:
        """Give the features of some concepts."""
        wanted = frozenset(names)
        return frozenset(CONCEPT << _BLOCK | symbol for symbol, name in self.names.items() if name in wanted)

    def features(self, text: str, rules: Iterable[int] = ()) -> Blocks:
        """Give the features of a plain text, block by block.

        Args:
            rules: numbers of the rules that found something, from `rule_number`.
        """
        readings = self.read(text)
        flat = [concept for reading in readings for concept in reading.concepts]
        ends = list(accumulate(len(reading.concepts) for reading in readings))
        mixed = [(*r.concepts, r.word) if r.word >= 0 else r.concepts for r in readings]
        pairs: set[int] = set()
        nexts: set[int] = set()
        last = len(readings) - 1
        # This is the inner loop of the scorer: sets and bound methods, so that most of it runs in C.
        for i, reading in enumerate(readings):
            near = flat[ends[i] : ends[min(i + NEAR, last)]] if reading.concepts else ()
            for a in reading.concepts:
                pairs.update(map((a << _SHIFT).__or__, near))
            if i < last and mixed[i + 1]:
                for a in mixed[i]:
                    nexts.update(map((a << _SHIFT).__or__, mixed[i + 1]))
        words = {r.word for r in readings if r.word >= 0}
        concepts = set(flat)
        blocks = (
            (WORD, words),
            (CONCEPT, concepts),
            (PAIR, pairs),
            (NEXT, nexts),
            (SHAPE, self._shape(text, readings)),
            (RULE, set(rules)),
        )
        return [(block, set(map((block << _BLOCK).__or__, found))) for block, found in blocks if found]

    def _shape(self, text: str, readings: Sequence[Reading]) -> set[int]:
        digits = sum(map(str.isdigit, text))
        spoken = sum(self._spoken in r.concepts for r in readings)
        single = sum(self._single in r.concepts for r in readings)
        return {min(digits // 3, 5), 16 + min(spoken, 8), 32 + min(single // 2, 6), 48 + min(len(text) // 40, 6)}

    def say(self, feature: int) -> str:
        """Say in words what a feature is; never more of a text than its words of the model."""
        block, rest = feature >> _BLOCK, feature & ((1 << _BLOCK) - 1)
        if block in (WORD, CONCEPT):
            return self.names[rest]
        if block == SHAPE:
            return f"{('digits', 'spoken numbers', 'single letters', 'length')[rest >> 4]} {rest & 15}"
        if block == RULE:
            return f"rule {rest}"
        a, b = self.names[rest >> _SHIFT], self.names[rest & ((1 << _SHIFT) - 1)]
        return f"{a} {'..' if block == PAIR else '+'} {b}"


def block_of(feature: int) -> int:
    """Give the block of a feature."""
    return feature >> _BLOCK


def plain(text: str) -> str:
    """Give a text in lower case, without accents on Latin letters."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", text).casefold()
    out: list[str] = []
    for char in unicodedata.normalize("NFD", text):
        if not (unicodedata.combining(char) and out and out[-1] < "\u0250"):
            out.append(char)
    return unicodedata.normalize("NFC", "".join(out))


def _is_unspaced(word: str) -> bool:
    return any("\u3400" <= char <= "\u9fff" for char in word)
